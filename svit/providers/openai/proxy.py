"""The http proxy that the environment names for an endpoint, checked before anything is sent through it. Pure."""

import base64
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from svit.errors import SvitError
from svit.providers.openai.endpoint_address import authority_fault, is_in_network, is_loopback, shown


class Proxy(NamedTuple):
    """A proxy's address, with its user and password, and the environment variable that names it."""

    url: str
    variable: str

    def __str__(self) -> str:
        """Return how people are told of it: without user and password."""
        return f"the proxy {shown(self.url)} ({self.variable})"

    def __repr__(self) -> str:
        """Return the same: no traceback tells the password."""
        return f"Proxy({shown(self.url)!r}, {self.variable!r})"

    def secrets(self) -> Iterator[str]:
        """Yield what must not be told: the password, as it is written, as it is meant and as it is sent."""
        user, _, password = urlsplit(self.url).netloc.rpartition("@")[0].partition(":")
        yield from (password, unquote(password))
        yield base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode() if password else ""


def proxy_for(url: str, environ: Mapping[str, str]) -> Proxy | None:
    """Return the proxy on the way to this address: HTTPS_PROXY, HTTP_PROXY or ALL_PROXY, also in small letters.

    None where there is none, where NO_PROXY names the host, a domain of it or a network that it is in (10.0.0.0/8), and
    for an address of this machine where the proxy is on another one, which would take the address for its own.
    Raises SvitError for a proxy that cannot be used.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    found = _named(parts.scheme, environ)
    spared = environ.get("no_proxy", environ.get("NO_PROXY"))
    if not found or _is_spared(host, parts.port, spared or ""):
        return None
    proxy = found if "://" in found.url else Proxy(f"http://{found.url}", found.variable)
    if is_loopback(url) and not is_loopback(proxy.url):
        return None
    told = str(proxy).removeprefix("the ").partition(" (")[0]
    if not proxy.url.lower().startswith(("http://", "https://")):
        raise SvitError(
            f"The {told} of {proxy.variable} cannot be used: svit knows http proxies only. "
            f"Set no_proxy={host}, or name another."
        )
    if fault := _fault(proxy.url):
        raise SvitError(f"The {told} of {proxy.variable} cannot be used: it {fault}. Set no_proxy={host}, or mend it.")
    return proxy


def _named(scheme: str, environ: Mapping[str, str]) -> Proxy | None:
    """Return what the environment says, small letters first, as curl and Python do. An empty variable names none."""
    for name in (f"{scheme}_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            if variable in environ:
                if value := environ[variable].strip():
                    return Proxy(value, variable)
                break
    return None


def _is_spared(host: str, port: int | None, spared: str) -> bool:
    for each in spared.lower().split(","):
        name = each.strip()
        if name == "*" or is_in_network(host, name):
            return True
        bare, _, only = name.strip("[]").rpartition(":") if name.count(":") == 1 else (name.strip("[]"), "", "")
        domain = bare.removeprefix("*").removeprefix(".")
        if domain and only in ("", str(port)) and f".{host}".endswith(f".{domain}"):
            return True
    return False


def _fault(url: str) -> str:
    if any(not each.isprintable() or each.isspace() for each in url):
        return "has white space or something else inside that nobody sees"
    return authority_fault(url)
