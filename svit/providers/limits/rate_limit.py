"""Requests and tokens a minute: first come, first served; reserved by estimate, settled by what was used.

Each of the two allowances is kept twice. A pace (a token bucket of a small burst, refilled a little below the limit)
spreads requests evenly, so that what the network bunches up still fits a server that counts over a second. A window
(what left within the last span) is never over the limit, so that a late caller may catch up without harm.
"""

import math
from collections import deque
from dataclasses import dataclass

from svit.providers.limits.limit_headers import LimitReading

MINUTE = 60.0
SHARE = 0.985
"""Of the limit that the pace refills. At 1 a server's bucket never recovers from what jitter took."""
SPAN = 1.0
"""Seconds. Servers are known to enforce spans of 1 to 10 s, and what holds for 1 s holds for every whole multiple."""
BURST = 0.25
"""Seconds' worth of the limit that may leave at once: what a busy event loop or a slow disk holds up."""
GRAIN = 70
"""The window is made to hold this many requests: then part of a request, left over in it, is less than 1 - SHARE."""
TRIM = 0.98
"""Of the pace that is kept at a 429, at most once a second: the way to meet a server that counts more harshly."""
SLOWEST = 1 / 16
RAMP = 0.0005
"""Of the limit that comes back each second: from a half in 17 minutes. OpenAI asks for 15 before going faster."""


@dataclass(slots=True, eq=False)
class Ticket:
    """A request's place in the queue, and what is booked for it. `oversized`: more tokens than a minute's limit."""

    tokens: int
    oversized: bool = False
    state: str = "waiting"
    left_at: float = math.nan
    requests_before: int = 0
    tokens_before: int = 0


class RateMeter:
    """One allowance. In any window of `span` seconds, what left less what came back is at most `allowance`.

    Only two things go past that: a request larger than the allowance, which leaves alone, and an `owe`, which is not
    asked; what follows waits for both. The span is the one asked for, or as long as `GRAIN` of the largest requests
    take, up to a minute; when it grows, that holds for what leaves from then on. `booked` is all that ever left, less
    what came back.
    """

    def __init__(self, limit: int | None, span: float, burst: float) -> None:
        """Begin full: `limit` a minute, `span` and `burst` in seconds."""
        self.limit: int | None = None
        self.span = self._least_span = span
        self.allowance = 0
        self.booked = 0
        self._configured = limit
        self._largest = 1
        self._factor = 1.0
        self._pace = 0.0  # a second
        self._burst = burst  # seconds
        self._at = 0.0
        self._empty_at = -burst  # when the bucket was, or will be, empty: its state and its clock in one number
        self._window: deque[list[float]] = deque()  # [when, how much], oldest first
        self._within = 0
        self._set_limit(limit, 0.0)

    def ready_at(self, cost: int, now: float) -> float:
        """Return when this cost may leave, or when to ask again: now or before means that it may leave now."""
        if self.limit is None:
            return -math.inf
        self._refill(cost, now)
        paced = self._empty_at + min(cost / self._pace, self._burst)
        if self._window and self._within + cost > self.allowance:
            return max(paced, self._window[0][0] + self.span)
        return paced

    def owe(self, cost: int, now: float) -> None:
        """Book a cost."""
        self.booked += cost
        if self.limit is None or not cost:
            return
        self._empty_at += cost / self._pace
        self._window.append([now, cost])
        self._within += cost

    def give_back(self, cost: int, now: float, *, awaited: bool) -> None:
        """Take a booking back, newest first. What nobody waits for is not kept beyond the burst."""
        self.booked -= cost
        if self.limit is None:
            return
        self._refill(0, now)
        kept = max(self._burst, self.span if awaited else 0.0, now - self._empty_at)
        self._empty_at = max(self._empty_at - cost / self._pace, now - kept)
        while cost and self._window:
            taken = min(cost, int(self._window[-1][1]))
            self._window[-1][1] -= taken
            self._within -= taken
            cost -= taken
            if not self._window[-1][1]:
                self._window.pop()

    def rest(self, now: float) -> None:
        """Fill up after a time when nobody could leave: for one request, or as far as pace and window agree."""
        if self.limit is not None:
            self._refill(0, now)
            kept = max(min(self._largest / self._pace, self._burst), (1 - SHARE) * self.span)
            self._empty_at = max(self._empty_at, self._at - kept)

    def expect(self, largest: int) -> None:
        """Learn how large a request can be, so that the window holds `GRAIN` of them."""
        if largest > self._largest:
            self._largest = largest
            self._set_span()

    def observe(self, limit: int | None, left: int | None, age: float, since: int, now: float) -> None:
        """Lower the limit and the balance to what a server said `age` seconds ago; `since` is what left after that."""
        if limit is not None:
            self._set_limit(min(limit, self._configured or limit), now)
        if left is None or self.limit is None:
            return
        self._refill(0, now)
        at_most = max(0.0, left + age * self.limit / MINUTE - since)
        self._empty_at = max(self._empty_at, now - at_most / self._pace)

    def slow(self, factor: float, now: float) -> None:
        """Go at a fraction of the limit."""
        self._factor = factor
        self._set_pace(now)

    def _refill(self, cost: int, now: float) -> None:
        """Fill the bucket up to the burst, or to the cost that waits for the other allowance or the window."""
        while self._window and self._window[0][0] + self.span <= now:
            self._within -= int(self._window.popleft()[1])
        held = max(self._burst, cost / self._pace, self._at - self._empty_at)
        self._at = max(self._at, now)
        self._empty_at = max(self._empty_at, self._at - held)

    def _set_limit(self, limit: int | None, now: float) -> None:
        if limit == self.limit:
            return
        if limit is not None and limit < 1:
            raise ValueError(f"A limit of {limit} a minute lets nothing leave. Use 1 or more, or none.")
        self.limit = limit
        self._set_pace(now)
        self._set_span()

    def _set_pace(self, now: float) -> None:
        if self.limit is None:
            return
        before, self._pace = self._pace, self.limit / MINUTE * SHARE * self._factor
        if before:
            self._refill(0, now)
            self._empty_at = self._at - (self._at - self._empty_at) * before / self._pace
        elif now:
            self._at = self._empty_at = now  # without a limit until now: whatever left has emptied it

    def _set_span(self) -> None:
        if self.limit is None:
            return
        self.span = max(self._least_span, min(MINUTE, GRAIN * self._largest * MINUTE / self.limit))
        self.allowance = int(self.limit * self.span / MINUTE + 1e-9)


class RateLimit:
    """A queue in front of two allowances; None is no limit. For one event loop: no call ever waits.

    Ask for a ticket, send what `admit` hands out, ask it again at `next_at`; then settle what was used, or cancel what
    never left. What came back or was used beyond the estimate counts from the moment it is settled.
    """

    def __init__(
        self, rpm: int | None = None, tpm: int | None = None, *, span: float = SPAN, burst: float = BURST
    ) -> None:
        """Begin with full allowances; `span` and `burst` are seconds."""
        self.requests = RateMeter(rpm, span, burst)
        self.tokens = RateMeter(tpm, span, burst)
        self.waiting = 0
        self._queue: deque[Ticket] = deque()
        self._paused_until = -math.inf
        self._rested = True
        self._factor = 1.0
        self._factor_at = self._slowed_at = -math.inf

    def ask(self, tokens: int) -> Ticket:
        """Queue a request that is expected to use this many tokens."""
        if tokens < 0:
            raise ValueError(f"A request cannot use {tokens} tokens.")
        self.tokens.expect(tokens)
        ticket = Ticket(tokens, self.tokens.limit is not None and tokens > self.tokens.limit)
        self._rested = self._rested or not self._queue
        self._queue.append(ticket)
        self.waiting += 1
        return ticket

    def admit(self, now: float, most: int | None = None) -> list[Ticket]:
        """Take from the head of the queue what may leave now, so many at most, and book it."""
        self._speed_up(now)
        admitted: list[Ticket] = []
        while self.next_at(now) <= now and self._queue and (most is None or len(admitted) < most):
            ticket = self._queue.popleft()
            self.waiting -= 1
            self.requests.owe(1, now)
            self.tokens.owe(ticket.tokens, now)
            ticket.state, ticket.left_at = "left", now
            ticket.requests_before, ticket.tokens_before = self.requests.booked, self.tokens.booked
            admitted.append(ticket)
        return admitted

    def next_at(self, now: float) -> float:
        """Return when to call `admit` again, infinity while nobody waits. An earlier settlement may make it earlier."""
        while self._queue and self._queue[0].state == "closed":
            self._queue.popleft()
        if not self._queue:
            return math.inf
        if now < self._paused_until:
            self._rested = True
            return self._paused_until
        if self._rested:
            self.requests.rest(now)
            self.tokens.rest(now)
            self._rested = False
        return max(self.requests.ready_at(1, now), self.tokens.ready_at(self._queue[0].tokens, now))

    def settle(self, ticket: Ticket, tokens: int, now: float) -> None:
        """Book what a request really used, in place of its estimate."""
        if ticket.state != "left":
            raise ValueError(f"A ticket that is {ticket.state} cannot be settled: settle once, after it was admitted.")
        ticket.state = "closed"
        if tokens > ticket.tokens:
            self.tokens.owe(tokens - ticket.tokens, now)
        elif tokens < ticket.tokens:
            self.tokens.give_back(ticket.tokens - tokens, now, awaited=self.waiting > 0)

    def cancel(self, ticket: Ticket, now: float) -> None:
        """Take a request that never left out of the queue and the books. Nothing happens once it is settled."""
        if ticket.state == "waiting":
            self.waiting -= 1
        elif ticket.state == "left":
            self.requests.give_back(1, now, awaited=self.waiting > 0)
            self.tokens.give_back(ticket.tokens, now, awaited=self.waiting > 0)
        ticket.state = "closed"

    def pause_until(self, then: float) -> None:
        """Let nothing leave before then. A shorter pause never ends a longer one."""
        self._paused_until = max(self._paused_until, then)

    def refused(self, wait: float, now: float) -> None:
        """Pause everyone for what a 429 asked, in seconds, and go a little slower from then on."""
        self.pause_until(now + wait)
        self._slow(TRIM, now)

    def slow_down(self, now: float) -> None:
        """Halve the pace, at most once a second; it comes back within a quarter of an hour."""
        self._slow(0.5, now)

    def observe(self, said: LimitReading, ticket: Ticket, now: float) -> None:
        """Heed the headers of the reply to an admitted request: they lower the balance, and never raise it.

        What is left was counted when the request arrived: since then the server refilled, and others of ours left.
        """
        age = now - ticket.left_at
        since = self.requests.booked - ticket.requests_before
        self.requests.observe(said.request_limit, said.requests_left, age, since, now)
        since = self.tokens.booked - ticket.tokens_before
        self.tokens.observe(said.token_limit, said.tokens_left, age, since, now)

    def _slow(self, kept: float, now: float) -> None:
        if now - self._slowed_at >= 1:
            self._slowed_at = now
            self._set_factor(max(SLOWEST, self._factor * kept), now)

    def _speed_up(self, now: float) -> None:
        if self._factor < 1 and now - self._factor_at >= 1:
            self._set_factor(min(1.0, self._factor + RAMP * (now - self._factor_at)), now)

    def _set_factor(self, factor: float, now: float) -> None:
        self._factor, self._factor_at = factor, now
        self.requests.slow(factor, now)
        self.tokens.slow(factor, now)
