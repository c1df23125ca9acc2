"""How many requests a server takes at once, found by trying. For servers that state no limits.

More in flight is worth it as long as it brings more answers: a server that batches gets slower with every request long
before it is full, so latency alone says little. By Little's law the throughput is the number in flight over the
latency; two numbers in flight are compared by turns until their difference is clear, and the smaller one wins ties.
What the server says itself (503, timeouts) counts at once.
"""

import math
from collections.abc import Callable
from enum import StrEnum

STEP, LEAST_STEP = 1.5, 1.15
"""How far apart the two numbers are: wide while the right one is far, narrow around it."""
WORTH, FIRST_WORTH = 0.07, 0.12
"""Of what a step up could bring at most, this much makes it worth it. The first steps are doublings, measured once."""
TURN = 16
"""Answers at least, before a number in flight is judged; as many as are in flight, where that is more."""
TURNOVER = 0.25
"""Of the requests in flight that end before measuring begins: those that left in one burst meet an unusual server."""
PAIRS = 8
"""Turns of each of two numbers, after which the better one wins, clear or not."""
CLEAR = 2.0
"""Standard errors of a difference that is believed."""
CHANGED = 1.3
"""A latency that many times what it was, or that part of it, is another server."""
LONGEST_REST = 16
"""Turns."""
OVERLOADED = 0.05
"""Of the answers. Fewer are the faults of every day, and no reason to go slower."""
KEPT, CREEP = 0.8, 0.02
"""What an overload leaves of the limit, and how fast what overloaded the server is approached again, a turn."""
MEMORY = 500
"""Answers that the line of latency by length is drawn through."""


class RequestEnd(StrEnum):
    """How a request ended: with an answer, overload (a 503, a timeout), or in a way that says nothing of either."""

    ANSWERED = "answered"
    OVERLOADED = "overloaded"
    OTHER = "other"


class _LatencyLine:
    """The latency of an answer by its length, in seconds: a line through the last `MEMORY` answers, never falling."""

    def __init__(self) -> None:
        """Know nothing."""
        self._weight = 0.0
        self._tokens = self._latency = self._spread = self._together = 0.0

    @property
    def slope(self) -> float:
        """Seconds a token."""
        if not self._spread > 0 or not self._tokens:
            return 0.0
        return min(max(self._together / self._spread, 0.0), 0.95 * self._latency / self._tokens)

    @property
    def start(self) -> float:
        """Seconds before the first token."""
        return self._latency - self.slope * self._tokens

    def learn(self, tokens: int, latency: float) -> None:
        """Take an answer in."""
        self._weight = min(self._weight + 1, MEMORY)
        share = 1 / self._weight
        off, late = tokens - self._tokens, latency - self._latency
        self._tokens += share * off
        self._latency += share * late
        self._spread = (1 - share) * (self._spread + share * off * off)
        self._together = (1 - share) * (self._together + share * off * late)


class _Arm:
    """What was measured with one number in flight: sums over its answers."""

    def __init__(self, limit: int) -> None:
        """Begin empty."""
        self.limit = limit
        self.answers = 0
        self._t = self._l = self._tt = self._tl = self._ll = 0.0

    def add(self, tokens: int, latency: float) -> None:
        """Add an answer."""
        self.answers += 1
        self._t += tokens
        self._l += latency
        self._tt += tokens * tokens
        self._tl += tokens * latency
        self._ll += latency * latency

    def join(self, other: "_Arm") -> None:
        """Add another's answers."""
        self.answers += other.answers
        self._t, self._l, self._tt = self._t + other._t, self._l + other._l, self._tt + other._tt
        self._tl, self._ll = self._tl + other._tl, self._ll + other._ll

    def slowness(self, line: _LatencyLine) -> float:
        """Return the latency over the line's, as a natural logarithm."""
        return math.log(self._l / (line.start * self.answers + line.slope * self._t))

    def variance(self, line: _LatencyLine) -> float:
        """Return the variance of the slowness, as of a ratio of sums."""
        a, b = line.start, line.slope
        expected = a * self.answers + b * self._t
        squared = a * a * self.answers + 2 * a * b * self._t + b * b * self._tt
        ratio = self._l / expected
        return max(0.0, self._ll - 2 * ratio * (a * self._l + b * self._tl) + ratio * ratio * squared) / self._l**2


class AdaptiveConcurrency:
    """The number of requests that may be in flight: `limit`, beside `in_flight`. Changes only while it is used up.

    It doubles until that brings little or the server complains, then tries one step up and one step down by turns,
    and rests longer and longer while neither is better. Overload takes a fifth away (half when most requests fail),
    at most once in a round trip; what overloaded the server is approached again slowly.
    """

    def __init__(self, *, initial: int = 8, least: int = 1, most: int = 1024) -> None:
        """Begin with `initial` in flight; never go outside the other two."""
        if not 1 <= least <= initial <= most:
            raise ValueError(f"Use 1 <= least <= initial <= most, not {least}, {initial}, {most}.")
        self.limit = initial
        self.in_flight = 0
        self._least, self._most = least, most
        self._line = _LatencyLine()
        self._ceiling = float(most)
        self._base = initial
        self._up, self._moved = True, False
        self._step = STEP
        self._stays = 0
        self._rest = 1
        self._rounds_left = 0
        self._used_up = False
        self._turnover = 0
        self._steady_at = math.inf
        self._cut_at = -math.inf
        self._proven = True
        self._ended = self._overloaded = 0
        self._phase: Callable[[], None] = self._double
        self._doubled: _Arm | None = None
        self._rested: _Arm | None = None
        self._arms = _Arm(0), _Arm(0)
        self._turn = _Arm(initial)
        self._turns = 0

    @property
    def free(self) -> int:
        """How many more may start."""
        return max(0, self.limit - self.in_flight)

    def started(self) -> None:
        """Count a request that leaves."""
        self.in_flight += 1
        self._used_up = self._used_up or self.in_flight >= self.limit

    def finished(self, now: float, latency: float, outcome: RequestEnd, tokens: int = 0) -> None:
        """Count a request that ended after so many seconds; the tokens are those of its answer, 0 if unknown."""
        self.in_flight -= 1
        began = now - latency
        if outcome is RequestEnd.ANSWERED:
            self._learn(latency, tokens, counts=began >= self._steady_at)
        if self._used_up and self._steady_at == math.inf:
            self._turnover += 1
            if self._turnover >= self.limit * TURNOVER:
                self._steady_at = now
        if self.in_flight < self.limit // 2:
            self._measure_anew()
        self._complain(now, began, outcome)

    def _learn(self, latency: float, tokens: int, *, counts: bool) -> None:
        latency = max(latency, 1e-6)
        self._line.learn(tokens, latency)
        if counts:
            self._turn.add(tokens, latency)
            if self._turn.answers >= max(TURN, self.limit):
                self._proven = True
                self._phase()

    def _complain(self, now: float, began: float, outcome: RequestEnd) -> None:
        if began < self._cut_at:
            return
        self._ended += 1
        self._overloaded += outcome is RequestEnd.OVERLOADED
        usual = OVERLOADED * self._ended
        if self._overloaded > 1 + usual + 3 * math.sqrt(usual):
            self._cut(now, 0.5 if 2 * self._overloaded > max(self._ended, self.limit) else KEPT)
        elif self._ended >= max(TURN, self.limit):
            self._ended = self._overloaded = 0

    def _cut(self, now: float, kept: float) -> None:
        """Go down at once, and remember what was too much."""
        self._cut_at = now
        self._ended = self._overloaded = 0
        if self._proven:  # a chain of cuts is one overload: what began it is the number to beware of
            self._ceiling = max(float(self._least), 0.95 * self.limit)
        self._proven = False
        if self._base < self.limit:  # a trial of more: back to what was good
            self._step = max(LEAST_STEP, (1 + self._step) / 2)
        else:
            self._base = max(self._least, int(self.limit * kept))
        self._doubled = self._rested = None
        self._rest = self._rounds_left = 1
        self._go(self._base, self._double if self._base * 2 <= self._ceiling else self._relax)

    @property
    def _bound(self) -> int:
        return max(self._least, min(self._most, int(self._ceiling)))

    def _go(self, limit: int, phase: Callable[[], None]) -> None:
        """Take this many in flight, measure a turn of it, then call the phase."""
        self.limit, self._phase = limit, phase
        self._turn = _Arm(limit)
        self._measure_anew()

    def _measure_anew(self) -> None:
        """Wait until the limit is used up, and some have ended since: what starts then meets what it makes."""
        self._used_up, self._turnover, self._steady_at = False, 0, math.inf

    def _double(self) -> None:
        """End a round of doubling: go on while it brings something."""
        turn, before, bound = self._turn, self._doubled, self._bound
        if before and self._excess(before, turn, FIRST_WORTH) < 0:
            self._base, self._up = before.limit, True
            self._try()
            return
        self._doubled, self._base = turn, turn.limit
        if turn.limit >= bound:
            self._settle_down()
        else:
            self._go(min(2 * turn.limit, bound), self._double)

    def _try(self) -> None:
        """Compare the base with a step up or a step down."""
        step = math.ceil(self._base * self._step) if self._up else int(self._base / self._step)
        low, high = sorted((self._base, max(self._least, min(step, self._bound))))
        if high < 1.05 * low:
            self._stay()
            return
        self._arms, self._turns = (_Arm(low), _Arm(high)), 0
        self._go(self._base, self._trial)

    def _trial(self) -> None:
        """End a turn of one number in flight: take the other, or decide."""
        low, high = self._arms
        this, other = (low, high) if self._turn.limit == low.limit else (high, low)
        if this.answers and self._is_another_server(this):
            return
        this.join(self._turn)
        self._turns += 1
        if self._turns % 2 or not self._decided(low, high):
            self._go(other.limit, self._trial)
            return
        better = high if self._excess(low, high) > 0 else low
        if better.limit == self._base:
            self._stay()
            return
        self._step = min(STEP, 2 * self._step - 1) if self._moved else self._step
        self._base, self._stays, self._rest, self._moved = better.limit, 0, 1, True
        self._try()

    def _decided(self, low: _Arm, high: _Arm) -> bool:
        return self._turns >= 2 * PAIRS or abs(self._excess(low, high)) > self._unsure(low, high)

    def _stay(self) -> None:
        """Try the other direction, and rest when neither was better."""
        self._up, self._moved = not self._up, False
        self._stays += 1
        if self._stays % 2:
            self._try()
        else:
            self._settle_down()

    def _settle_down(self) -> None:
        """Rest at the base, each time longer."""
        self._step = max(LEAST_STEP, (1 + self._step) / 2)
        self._rounds_left = self._rest
        self._rest = min(2 * self._rest, LONGEST_REST)
        self._rested = None
        self._go(self._base, self._relax)

    def _relax(self) -> None:
        """End a round of rest: go on, unless time is up or the server has changed."""
        self._ceiling = min(self._ceiling + max(1.0, CREEP * self._ceiling), float(self._most))
        self._rounds_left -= 1
        if self._rested and self._is_another_server(self._rested):
            return
        self._rested = self._rested or self._turn
        if self._rounds_left > 0:
            self._go(self._base, self._relax)
        else:
            self._try()

    def _is_another_server(self, before: _Arm) -> bool:
        """Whether this turn differs much from an earlier one of the same size; then look for its number anew."""
        change = self._turn.slowness(self._line) - before.slowness(self._line)
        if abs(change) < max(math.log(CHANGED), 2 * self._unsure(before, self._turn)):
            return False
        self._up, self._stays, self._rest, self._step = change < 0, 0, 1, STEP
        self._try()
        return True

    def _unsure(self, one: _Arm, other: _Arm) -> float:
        return CLEAR * math.sqrt(one.variance(self._line) + other.variance(self._line))

    def _excess(self, low: _Arm, high: _Arm, worth: float = WORTH) -> float:
        """Return how much more throughput the step up brings than it must, as a natural logarithm."""
        more = math.log(high.limit / low.limit)
        return more * (1 - worth) - high.slowness(self._line) + low.slowness(self._line)
