"""What lies between svit and an endpoint: a proxy, trusted certificates, and secrets that nobody is to be told."""

import ssl
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self
from urllib.parse import quote

import aiohttp

from svit.providers.certificates import distrusted, trusted
from svit.providers.endpoint_address import query_secrets, shown, whole_address
from svit.providers.proxy import Proxy, proxy_for
from svit.providers.rule import Again, Stop
from svit.redaction import Redaction, shortened

_WANTS_A_USER = 407


class Connection(NamedTuple):
    """How an endpoint is reached, by what the environment says. `tls` is True where none is spoken."""

    address: str
    proxy: Proxy | None
    tls: ssl.SSLContext | bool
    redaction: Redaction

    @classmethod
    def to(cls, url: str, key: str, environ: Mapping[str, str]) -> Self:
        """Return the connection to this address. Raises SvitError for what can be seen to be wrong with it."""
        address = whole_address(url)
        proxy = proxy_for(address, environ)
        encrypted = any(each.lower().startswith("https:") for each in (address, proxy.url if proxy else ""))
        secrets = (key, quote(key, safe=""), *query_secrets(address), *(proxy.secrets() if proxy else ()))
        return cls(address, proxy, trusted(environ) if encrypted else True, Redaction.of(secrets))

    def refused(self, status: int, reason: str) -> Again | Stop:
        """Return what it means that the proxy, and not the endpoint, gave this answer."""
        said = f"HTTP {status} {shortened(self.redaction.words(reason))}".rstrip()
        if status == _WANTS_A_USER:
            where = self.proxy.variable if self.proxy else "HTTPS_PROXY"
            return Stop(
                f"{self._proxy} wants another user and password ({said}). Give them in {where}, as in "
                f"http://USER:PASSWORD@HOST:PORT."
            )
        if 400 <= status < 500:
            return Stop(f"{self._proxy} lets nothing through to {shown(self.address)} ({said}).")
        return Again("unreachable", f"{self._proxy} does not reach {shown(self.address)} ({said})")

    def failed(self, causes: Sequence[BaseException]) -> Again | Stop:
        """Return what it means that no connection came about, from the error and what led to it."""
        why = shortened(self.redaction.words(str(causes[-1])))
        for cause in causes:
            if isinstance(cause, aiohttp.ClientHttpProxyError):
                return self.refused(cause.status, cause.message)
            if isinstance(cause, ssl.SSLCertVerificationError):
                return Stop(distrusted(cause, shown(self.address)))
            if isinstance(cause, aiohttp.ClientProxyConnectionError):
                return Again("unreachable", f"{self._proxy} cannot be reached: {why}")
            if isinstance(cause, ssl.SSLError) and cause.reason == "WRONG_VERSION_NUMBER":
                return Again("unreachable", f"{shown(self.address)} speaks no TLS there: is it http, not https?")
        return Again("unreachable", f"{shown(self.address)} cannot be reached: {why}")

    @property
    def _proxy(self) -> str:
        return str(self.proxy or "the proxy").replace("the proxy", "The proxy", 1)
