"""What a reply's headers say about limits. All are optional, and many servers send nonsense: that is nothing."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import mktime_tz, parsedate_tz

_UNITS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_NUMBER = r"[0-9]{1,40}(?:\.[0-9]{0,15})?|\.[0-9]{1,15}"
_PLAIN = re.compile(_NUMBER)
_PART = re.compile(rf"({_NUMBER})(ms|us|µs|ns|d|h|m|s)")
_SPAN = re.compile(rf"(?:(?:{_NUMBER})(?:ms|us|µs|ns|d|h|m|s))+")


@dataclass(frozen=True, slots=True)
class LimitReading:
    """What one reply said: counts of requests and tokens, and seconds. None where it said nothing usable."""

    request_limit: int | None = None
    token_limit: int | None = None
    requests_left: int | None = None
    tokens_left: int | None = None
    wait: float | None = None


def reading(headers: Mapping[str, str], wall: float | None = None) -> LimitReading:
    """Read the headers, names in lower case; `wall` is Unix time in seconds, for dates where the reply has none."""
    request_limit, requests_left, requests_reset = _allowance(headers, "requests")
    token_limit, tokens_left, tokens_reset = _allowance(headers, "tokens")
    waits = [retry_after(headers, wall)]
    if waits == [None]:
        waits = [requests_reset if requests_left == 0 else None, tokens_reset if tokens_left == 0 else None]
    wait = max((wait for wait in waits if wait is not None), default=None)
    return LimitReading(request_limit, token_limit, requests_left, tokens_left, wait)


def _allowance(headers: Mapping[str, str], kind: str) -> tuple[int | None, int | None, float | None]:
    """Return a kind's limit, what is left of it and the seconds until it is whole again."""
    limit = count(headers.get(f"x-ratelimit-limit-{kind}"))
    left = count(headers.get(f"x-ratelimit-remaining-{kind}"))
    if not limit:  # 0 and -1 stand for "no limit" at some servers; nothing left is only believed beside a limit
        return None, left or None, None
    return limit, left, seconds(headers.get(f"x-ratelimit-reset-{kind}"))


def count(text: str | None) -> int | None:
    """Read a whole number from 0 up, else None."""
    digits = (text or "").strip()
    return int(digits) if re.fullmatch("[0-9]{1,15}", digits) else None


def seconds(text: str | None) -> float | None:
    """Read `6m0s`, `12ms`, `2m59.56s`, `1h2m` or plain seconds as seconds from 0 up, else None."""
    words = (text or "").strip().lower()
    if _PLAIN.fullmatch(words):
        return float(words)
    if _SPAN.fullmatch(words):
        return math.fsum(float(number) * _UNITS[unit] for number, unit in _PART.findall(words))
    return None


def retry_after(headers: Mapping[str, str], wall: float | None = None) -> float | None:
    """Read `retry-after-ms`, else `retry-after` (seconds or an HTTP date), as seconds from now, else None."""
    words = (headers.get("retry-after-ms") or "").strip()
    if _PLAIN.fullmatch(words):
        return float(words) / 1000
    said = headers.get("retry-after")
    wait = seconds(said)
    if wait is not None or not said:
        return wait
    then, sent = _date(said), _date(headers.get("date"))
    start = sent if sent is not None else wall  # the server's own clock, where it tells it: ours may be wrong
    return max(0.0, then - start) if then is not None and start is not None else None


def _date(text: str | None) -> float | None:
    """Read an HTTP date as Unix time, else None."""
    try:
        parts = parsedate_tz(text) if text else None
        return float(mktime_tz(parts)) if parts else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
