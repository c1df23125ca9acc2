"""Where an endpoint sends a request instead of answering it: the same host is followed, another one is named. Pure."""

from yarl import URL

STATUSES = (301, 302, 303, 307, 308)
FOR_GOOD = (301, 308)
MOST = 3
"""Redirects of one request that are followed."""
_PATH = "/chat/completions"


def target(url: URL, location: str | None) -> URL | None:
    """Return where a Location header points to, without user and password; None where it names nothing usable."""
    try:
        found = url.join(URL(location, encoded=True)) if location else None
        if found is None or found.scheme not in ("http", "https") or not found.host:
            return None
        return found.with_user(None).with_fragment(None)
    except ValueError:
        return None


def is_same_host(url: URL, other: URL) -> bool:
    """Whether the key may go to the other address too: host and port are the same, or http became https on it."""
    if url.host != other.host or (url.scheme, other.scheme) == ("https", "http"):
        return False
    return url.port == other.port or (url.scheme, url.port, other.scheme, other.port) == ("http", 80, "https", 443)


def sent_elsewhere(url: URL, status: int, location: str | None) -> str:
    """Return the sentence about a redirect that was not followed."""
    found = target(url, location)
    if found is None:
        return f"The endpoint sends elsewhere (HTTP {status}) without saying where to. Is base_url right?"
    if is_same_host(url, found):
        return f"The endpoint sends from one address to the next without end (HTTP {status}, to {_shown(found)})."
    base = _shown(found.with_path(found.path.rstrip("/").removesuffix(_PATH) or "/"))
    return f"The endpoint sends elsewhere (HTTP {status}): base_url should perhaps be {base}"


def _shown(url: URL) -> str:
    """Return an address without what may hold a secret."""
    return str(url.with_query(None).with_fragment(None).with_user(None)).rstrip("/")[:300]
