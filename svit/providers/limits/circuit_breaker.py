"""When a server is down, or says that it is overloaded, again and again: ask seldom, and in the end no more."""

import math
from dataclasses import dataclass

FAILURES = 10
AFTER = 10.0
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 120.0
GIVE_UP = 900.0


@dataclass(frozen=True, slots=True)
class Outage:
    """Failures with no success in between: how many, from when to when (seconds), and the last one's words."""

    failures: int
    since: float
    until: float
    words: str

    def __str__(self) -> str:
        seconds = self.until - self.since
        lasted = f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"
        return f"{self.failures} requests in a row failed within {lasted}; the last one: {self.words}"


class CircuitBreaker:
    """Open after `failures` in a row over at least `after` seconds: then one request leaves after each growing pause.

    Failures that may have been paid for open it at once: there the seconds would cost money.

    Tell it only of failures that mean "down" or "overloaded"; any other answer is a success, for somebody answered.
    """

    def __init__(
        self,
        failures: int = FAILURES,
        after: float = AFTER,
        *,
        first_pause: float = FIRST_PAUSE,
        longest_pause: float = LONGEST_PAUSE,
        give_up: float = GIVE_UP,
    ) -> None:
        """Begin closed. Pauses, and how long to be open before giving up, are seconds."""
        self._failures, self._after = failures, after
        self._first_pause, self._longest_pause, self._give_up = first_pause, longest_pause, give_up
        self.outage: Outage | None = None
        self._opened_at = math.inf
        self._next_at = -math.inf
        self._pause = first_pause

    @property
    def is_open(self) -> bool:
        """Whether only probes may leave."""
        return self._opened_at < math.inf

    def allows(self, now: float) -> bool:
        """Whether a request may leave now. While open, each yes is one probe, and the next pause is twice as long."""
        if not self.is_open:
            return True
        if now < self._next_at or self.gives_up(now):
            return False
        self._pause = min(2 * self._pause, self._longest_pause)
        self._next_at = now + self._pause
        return True

    def next_at(self, now: float) -> float:
        """Return when `allows` says yes: now while closed, the next probe while open, infinity after giving up."""
        if not self.is_open:
            return now
        return math.inf if self.gives_up(now) else max(now, self._next_at)

    def gives_up(self, now: float) -> bool:
        """Whether it was open for so long that the run should end. Let the last probe answer first."""
        return now - self._opened_at >= self._give_up

    def lasts(self) -> float:
        """Return for how many seconds nothing but failures came so far."""
        return self.outage.until - self.outage.since if self.outage else 0.0

    def succeeded(self) -> None:
        """Close: the server answered."""
        self.outage = None
        self._opened_at, self._next_at, self._pause = math.inf, -math.inf, self._first_pause

    def failed(self, now: float, words: str, *, paid: bool = False) -> None:
        """Count a failure; the words are shown to a person. `paid` says that it may have cost money."""
        before = self.outage
        self.outage = Outage(before.failures + 1 if before else 1, before.since if before else now, now, words)
        lasted = paid or now - self.outage.since >= self._after
        if not self.is_open and self.outage.failures >= self._failures and lasted:
            self._opened_at, self._next_at = now, now + self._pause
