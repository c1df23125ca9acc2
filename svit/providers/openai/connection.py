"""What lies between svit and an endpoint: a proxy, trusted certificates, and secrets that nobody is to be told."""

import os
import ssl
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Self

import aiohttp

from svit.providers.openai.certificates import distrusted, trusted
from svit.providers.openai.endpoint_address import query_secrets, shown, whole_address
from svit.providers.openai.proxy import Proxy, proxy_for
from svit.providers.openai.redaction import Redaction, shortened
from svit.providers.verdicts import RetryLater, StopRun

WANTS_A_USER = 407
"""The status with which a proxy asks who it is that asks."""


class ConnectionSettings(NamedTuple):
    """How an endpoint is reached, by what the environment says. `tls` is True where none is spoken."""

    address: str
    proxy: Proxy | None
    tls: ssl.SSLContext | bool
    redaction: Redaction

    @classmethod
    def to(cls, url: str, sent: Iterable[str], environ: Mapping[str, str]) -> Self:
        """Return the connection to this address, for requests that are sent with these secrets in their headers.

        Raises SvitError for what can be seen to be wrong with it from here.
        """
        address = whole_address(url)
        proxy = proxy_for(address, environ)
        encrypted = any(each.lower().startswith("https:") for each in (address, proxy.url if proxy else ""))
        secrets = (*sent, *query_secrets(address), *(proxy.secrets() if proxy else ()))
        return cls(address, proxy, trusted(environ) if encrypted else True, Redaction.of(secrets))

    def hindrance(self, causes: Sequence[BaseException]) -> str:
        """Return the sentence about the proxy or the certificate that lets no request through; "" for other reasons."""
        for cause in causes:
            if isinstance(cause, aiohttp.ClientHttpProxyError):
                return self._refused(cause.status, cause.message)
            if isinstance(cause, ssl.SSLCertVerificationError):
                return distrusted(cause, shown(self.address))
            if isinstance(cause, aiohttp.ClientProxyConnectionError):
                return f"{self._proxy} cannot be reached: {self._why(causes)}."
        return ""

    def failed(self, causes: Sequence[BaseException]) -> RetryLater | StopRun:
        """Return what it means that no connection came about, from the error and what led to it."""
        if words := self.hindrance(causes):
            return StopRun(words) if any(map(_is_lasting, causes)) else RetryLater("unreachable", words)
        if any(isinstance(cause, ssl.SSLError) and cause.reason == "WRONG_VERSION_NUMBER" for cause in causes):
            return RetryLater("unreachable", f"{shown(self.address)} speaks no TLS there: is it http, not https?")
        return RetryLater("unreachable", f"{shown(self.address)} cannot be reached: {self._why(causes)}")

    def _refused(self, status: int, reason: str) -> str:
        """Return the sentence about a proxy that gave this answer in the endpoint's stead."""
        said = f"HTTP {status} {shortened(self.redaction.words(reason))}".rstrip()
        if status == WANTS_A_USER:
            where = self.proxy.variable if self.proxy else "HTTPS_PROXY"
            return (
                f"{self._proxy} wants a user and a password, or others ({said}). Give them in {where}, as in "
                f"http://USER:PASSWORD@HOST:PORT."
            )
        return f"{self._proxy} lets nothing through to {shown(self.address)} ({said})."

    def _why(self, causes: Sequence[BaseException]) -> str:
        """Return what the system says, without the numbers that each event loop adds in its own way, or the library."""
        for cause in reversed(causes):
            if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) and (cause.errno or 0) > 0:
                return os.strerror(cause.errno or 0)
        words = next((said for cause in reversed(causes) if (said := str(cause))), type(causes[-1]).__name__)
        return shortened(self.redaction.words(words))

    @property
    def _proxy(self) -> str:
        return str(self.proxy or "the proxy").replace("the proxy", "The proxy", 1)


def _is_lasting(cause: BaseException) -> bool:
    """Whether it will be the same the next time."""
    if isinstance(cause, aiohttp.ClientHttpProxyError):
        return 400 <= cause.status < 500
    return isinstance(cause, ssl.SSLCertVerificationError)
