"""The address of an endpoint: read and checked, and shown or kept without what may be secret in it. Pure."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from urllib.parse import quote, unquote_plus, urlsplit

from svit.errors import SvitError

_SCHEMES = ("http", "https")
_KEPT = "api-version"
"""The parameter of a query that is no secret: Azure's addresses need it."""
_NO_NAME = "a value without a name"
_LONGEST_SHOWN = 200
_QUOTES = "'\"`\u2018\u2019\u201c\u201d"
_STARTS_WITH_A_HOST = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:[/\\]*+)?(?:\[[0-9a-f:.%]*\]?|[^\s/?#@:\[\]\\]*+)(?::[0-9]+)?(?=[/?#\\]|$)", re.IGNORECASE
)
"""Without it, what stands before an `@` may be a user and a password."""
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):[/\\]{2}(.*)", re.IGNORECASE | re.DOTALL)
_HALF_A_SCHEME = re.compile(r"(https?)(?::/?|//)(?![0-9]+(?:/|$)|/)(.+)", re.IGNORECASE)
"""http:/host, http:host and http//host; http:8000 may be a host of that name."""
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_BARE_VARIABLE = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")
_NEAR = (".localhost", ".local", ".lan", ".internal", ".home.arpa")
_HIDDEN_KEY = re.compile(r"(?:sk|pk|gsk|hf|xai|nvapi)[-_].+|[^.:/\[]{25,}", re.IGNORECASE)


def whole_address(text: str) -> str:
    """Return the address without white space around it. Raises SvitError saying what is wrong, and no secret of it."""
    address = text.strip().strip("\ufeff").strip()
    if fault := _fault(address):
        raise SvitError(f"base_url {fault}")
    return address


def is_loopback(url: str) -> bool:
    """Whether the address is one of this machine."""
    return _is_loopback(urlsplit(url).hostname or "")


def shown(url: str) -> str:
    """Return the address as people may see it: on one line, without user, password, query and fragment."""
    return _bare(url)[:_LONGEST_SHOWN]


def kept(url: str) -> tuple[str, list[str]]:
    """Return the address as a file may keep it, and the names of the query's parameters that it goes without.

    A value that names an environment variable is no secret.
    """
    query = _without_user(url.strip()).partition("#")[0].partition("?")[2]
    staying, left_out = [], []
    for piece, name, value in _parameters(query):
        if name == _KEPT or _VARIABLE.fullmatch(value):
            staying.append(piece)
        else:
            left_out.append(name)
    return _bare(url) + ("?" if staying else "") + "&".join(staying), left_out


def expanded(url: str, environ: Mapping[str, str]) -> str:
    """Return the address with the query's ${NAME} filled in. Raises SvitError naming the variable that is not set."""
    base, mark, query = url.partition("?")
    pieces = []
    for piece, name, value in _parameters(query):
        if found := _VARIABLE.fullmatch(value):
            variable = found[1]
            filled = environ.get(variable, "").strip()
            if not filled:
                raise SvitError(
                    f"base_url: the query's '{name}' is to come from the environment variable {variable}, which is "
                    f"not set."
                )
            pieces.append(f"{piece.partition('=')[0]}={quote(filled, safe='')}")
        else:
            pieces.append(piece)
    return base + mark + "&".join(pieces)


def query_secrets(url: str) -> Iterator[str]:
    """Yield what may be secret in the query: the values that are not kept, as written and as meant."""
    for piece, name, value in _parameters(url.partition("#")[0].partition("?")[2]):
        if name != _KEPT:
            written = piece.rpartition("=")[2]
            yield from {written, value, quote(value, safe="")}


def authority_fault(url: str) -> str:
    """Return what is wrong with the host or the port of an address with a scheme, "" when nothing is."""
    authority = re.split(r"[/?#\\]", url.partition("://")[2], maxsplit=1)[0].rpartition("@")[2]
    if "[" in authority or "]" in authority:
        host, bracket, port = authority.partition("]")
        fault = _ip6_fault(host) if bracket and host.startswith("[") else "has brackets that do not match"
    else:
        host, _, port = authority.partition(":")
        fault = _host_fault(host)
        if authority.count(":") > 1:
            return "has several colons in its host: an IPv6 address stands in brackets, as in http://[::1]:8000/v1"
        port = f":{port}" if ":" in authority else ""
    return fault or _port_fault(port)


def is_in_network(host: str, network: str) -> bool:
    """Whether the host is an IP address within this network, such as 10.0.0.0/8."""
    address = _ip(host)
    try:
        return address is not None and "/" in network and address in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _fault(address: str) -> str:
    """Return the words after 'base_url' that say what is wrong with it, "" when nothing is."""
    if not address:
        return "is empty: give the address of the endpoint, such as http://localhost:8000/v1."
    if fault := _fault_of_characters(address) or _fault_of_scheme(address) or _fault_of_query(address):
        return fault
    if fault := authority_fault(address):
        return f"'{shown(address)}' {fault}."
    return ""


def _fault_of_characters(address: str) -> str:
    name = f"'{shown(address)}'"
    if "@" in address and not _STARTS_WITH_A_HOST.match(address):
        return (
            f"{name} has a user or a password before its host, which is not shown here. Leave it out: a key comes from "
            f"the environment variable that 'key_env' names, or from the file 'key_file'."
        )
    if address[0] in _QUOTES or address[-1] in _QUOTES:
        return f"{name} has quotation marks that belong to it. Leave them out."
    if found := re.search(r"\s", address):
        what = "a line end" if found[0] in "\r\n" else "white space"
        return f"{name} has {what} inside. Leave it out."
    if not address.isprintable():
        unseen = next(each for each in address if not each.isprintable())
        return f"{name} has a character inside that nobody sees (U+{ord(unseen):04X}). Leave it out."
    if "\\" in address:
        return f"{name} has backslashes{_suggested(address.replace(chr(92), '/')) or ', where / belongs.'}"
    if "#" in address:
        return f"{name} has a part after '#', which is never sent. Leave it out."
    return ""


def _fault_of_scheme(address: str) -> str:
    whole = _SCHEME.fullmatch(address)
    if whole and whole[1].lower() in _SCHEMES:
        again = _SCHEME.fullmatch(whole[2])
        twice = again is not None and again[1].lower() in _SCHEMES
        return f"'{shown(address)}' has two schemes{_suggested(whole[2]) or '.'}" if twice else ""
    name = f"'{shown(address)}'"
    if whole:
        close = get_close_matches(whole[1].lower(), _SCHEMES, n=1, cutoff=0.7)
        meant = _suggested(f"{close[0]}://{whole[2]}") if close else ""
        return f"{name} begins with '{whole[1]}://', and svit speaks http:// and https:// only{meant or '.'}"
    if half := _HALF_A_SCHEME.fullmatch(address):
        meant = _suggested(f"{half[1].lower()}://{half[2]}")
    elif _HIDDEN_KEY.fullmatch(address):
        return (
            f"is no address, and looks like a key ({len(address)} characters, not shown here). A key comes from the "
            f"environment variable that 'key_env' names, or from the file 'key_file'."
        )
    else:
        rest = address.removeprefix("//")
        meant = _suggested(f"{'http' if _is_near(rest) else 'https'}://{rest}")
    return (
        f"{name} is no whole address{meant or ': it begins with http:// or https://, as in http://localhost:8000/v1.'}"
    )


def _fault_of_query(address: str) -> str:
    base, _, query = address.partition("?")
    name = f"'{shown(address)}'"
    if "${" in base:
        return f"{name}: svit fills in ${{NAME}} only where it is the whole value of a parameter of the query."
    names = set()
    for _, parameter, value in _parameters(query):
        names.add(parameter if value else "")
        if _BARE_VARIABLE.fullmatch(value) or ("${" in value and not _VARIABLE.fullmatch(value)):
            return (
                f"{name}: the value of '{parameter}' in the query is not what it should be: the name of an environment "
                f"variable is written ${{NAME}}, and is the whole value."
            )
    if "/deployments/" in base and _KEPT not in names:
        return (
            f"{name}: Azure needs '?api-version=...' after a deployment. Copy the whole target URI, or use "
            f"https://NAME.openai.azure.com/openai/v1/, which needs none."
        )
    return ""


def _suggested(address: str) -> str:
    """Return the end of a sentence that asks whether this address was meant, "" when it is none either."""
    return "" if _fault(address) else f": did you mean {shown(address)}?"


def _host_fault(host: str) -> str:
    if not host:
        return "has no host"
    if not host.isascii():
        return "" if _has_ascii_form(host) else "has a host that cannot be one"
    labels = host.removesuffix(".").split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return "has a host that cannot be one"
    if all(label.isdigit() for label in labels) and _ip(host) is None:
        return "has a host that is no IP address"
    return ""


def _has_ascii_form(host: str) -> bool:
    """Whether the name, in letters beyond ASCII, can be looked up: httpx2 sends it in its ASCII form."""
    import httpx2

    try:
        return bool(httpx2.URL(f"http://{host}/").raw_host)
    except httpx2.InvalidURL:
        return False


def _ip6_fault(host: str) -> str:
    text, zone, _ = host.removeprefix("[").partition("%")
    if zone:
        return "names a network interface after '%', which svit cannot use. Give the machine's name, or another address"
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return "has something in brackets that is no IPv6 address"
    return ""


def _port_fault(port: str) -> str:
    """Return what is wrong with the end of an authority, such as ':8000', or ''."""
    if not port:
        return ""
    number = port.removeprefix(":")
    if port[0] != ":" or not re.fullmatch("[0-9]+", number):
        return "has a port that is no number" if number else "has no port after its colon"
    return (
        ""
        if len(number) <= 5 and 1 <= int(number) <= 65535
        else f"has the port {number[:20]}: ports go from 1 to 65535"
    )


def _is_near(rest: str) -> bool:
    """Whether what stands after a scheme begins with a host of this machine or its own network: they speak http."""
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    host = authority[1:].partition("]")[0] if authority.startswith("[") else authority.partition(":")[0]
    address = _ip(host)
    if address is not None:
        return address.is_private or address.is_link_local
    return "." not in host or host.lower().endswith(_NEAR)


def _is_loopback(host: str) -> bool:
    address = _ip(host)
    if address is not None:
        return address.is_loopback or address.is_unspecified
    return host.lower().removesuffix(".") == "localhost" or host.lower().removesuffix(".").endswith(".localhost")


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _parameters(query: str) -> Iterator[tuple[str, str, str]]:
    """Yield each parameter of a query: as it is written, its name and its value."""
    for piece in query.split("&"):
        if piece:
            name, equals, value = piece.partition("=")
            yield piece, unquote_plus(name) if equals else _NO_NAME, unquote_plus(value if equals else name)


def _bare(url: str) -> str:
    bare = re.split(r"[?#]", _without_user(url.strip()), maxsplit=1)[0]
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in bare)


def _without_user(url: str) -> str:
    """Return the address without user and password, wherever they may end."""
    if "@" not in url or _STARTS_WITH_A_HOST.match(url.strip()):
        return url
    found = re.match(r"\s*[a-z][a-z0-9+.-]*:[/\\]+", url, re.IGNORECASE)
    return (found[0] if found else "") + url.rpartition("@")[2]
