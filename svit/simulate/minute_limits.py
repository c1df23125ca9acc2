"""Limits a minute as OpenAI enforces them: two allowances that fill steadily, true headers, and 429 beyond.

The arithmetic has no clock: `now` is in seconds, and only differences count.
"""

import math
from dataclasses import dataclass
from typing import Literal

_MINUTE = 60.0


class Allowance:
    """So much a minute, of which at most the share of one span can be saved up."""

    def __init__(self, per_minute: int, span: float, now: float) -> None:
        """Begin full."""
        self.per_minute = per_minute
        self.rate = per_minute / _MINUTE
        self.most = max(1.0, self.rate * span)
        self.balance = self.most
        self._at = now

    def refill(self, now: float) -> None:
        """Add what has grown since the last time."""
        self.balance = min(self.most, self.balance + (now - self._at) * self.rate)
        self._at = now

    def wait(self, amount: float) -> float:
        """Return the seconds until the amount is there, or until nothing is missing if it is more than can be saved."""
        lacking = min(amount, self.most) - self.balance
        return lacking / self.rate if lacking > 1e-9 else 0.0

    def headers(self, kind: bytes) -> bytes:
        """Return the header lines: the limit a minute, what is left now, and how long until nothing is missing."""
        return b"x-ratelimit-limit-%b: %d\r\nx-ratelimit-remaining-%b: %d\r\nx-ratelimit-reset-%b: %b\r\n" % (
            kind,
            self.per_minute,
            kind,
            max(0, int(self.balance)),
            kind,
            spoken(self.wait(self.most)).encode(),
        )


@dataclass(frozen=True)
class LimitExceeded:
    """A request that is not admitted: which limit it met, and the seconds to wait; None when waiting won't help."""

    kind: Literal["requests", "tokens"]
    limit: int
    used: int
    requested: int
    wait: float | None


class Limits:
    """Both allowances. Either may be missing."""

    def __init__(self, rpm: int | None, tpm: int | None, span: float, now: float) -> None:
        """Begin full; `span` is the number of seconds over which the limits are enforced."""
        self._requests = Allowance(rpm, span, now) if rpm else None
        self._tokens = Allowance(tpm, span, now) if tpm else None

    def admit(self, tokens: int, now: float) -> LimitExceeded | None:
        """Take a request of so many tokens, or say what is in its way. One that is refused counts as a request too."""
        requests_wait = tokens_wait = 0.0
        if self._requests:
            self._requests.refill(now)
            requests_wait = self._requests.wait(1)
            self._requests.balance = max(0.0, self._requests.balance - 1)
        if self._tokens:
            self._tokens.refill(now)
            tokens_wait = self._tokens.wait(tokens)
        if self._requests and requests_wait:
            return _excess("requests", self._requests, 1)
        if self._tokens and (tokens_wait or tokens > self._tokens.per_minute):
            return _excess("tokens", self._tokens, tokens)
        if self._tokens:
            self._tokens.balance -= tokens
        return None

    def headers(self) -> bytes:
        """Return the header lines of both, as of the last request."""
        requests = self._requests.headers(b"requests") if self._requests else b""
        return requests + self._tokens.headers(b"tokens") if self._tokens else requests


def _excess(kind: Literal["requests", "tokens"], allowance: Allowance, amount: int) -> LimitExceeded:
    hopeless = amount > allowance.per_minute
    used = max(0, math.ceil(allowance.most - allowance.balance))
    return LimitExceeded(kind, allowance.per_minute, used, amount, None if hopeless else allowance.wait(amount))


def spoken(seconds: float) -> str:
    """Return the time as OpenAI writes it: `12ms`, `2.5s`, `6m0s`."""
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    minutes, rest = divmod(math.ceil(seconds * 1000) / 1000, 60)
    spoken_rest = f"{rest:.3f}".rstrip("0").rstrip(".") + "s"
    return f"{int(minutes)}m{spoken_rest}" if minutes else spoken_rest


def retry_headers(wait: float) -> bytes:
    """Return the header lines that tell how long to wait, never less than the truth."""
    return b"retry-after-ms: %d\r\nretry-after: %d\r\n" % (max(1, math.ceil(wait * 1000)), max(1, math.ceil(wait)))
