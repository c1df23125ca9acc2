"""Where requests wait until rate limits and breaker let them leave, first come, first served."""

import asyncio
import math
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from svit.providers.base import NOT_ASKED, Failure
from svit.providers.limits import CircuitBreaker, LimitReading, RateLimit, Ticket
from svit.providers.verdicts import RetryLater, StopRun
from svit.text import with_full_stop

_T = TypeVar("_T")
_OVERLOAD = ("overloaded", "server_error", "unreachable")
_SHORTEST = 0.001
"""Seconds until the next look at least: what the limits owe by then leaves at once."""
_LONGEST_PAUSE = 60.0
"""Seconds that all pause at most after refusals in a row that do not say for how long."""
_AS_ASKED = 5
"""Pauses in a row, with nothing answered, that are as short as is asked; each later one is twice as long as the one
before: a server that asks for 12 ms for ever is not to be run over."""
_NOBODY = 10.0
"""Seconds after which an endpoint that never sent anything back is given up."""
_FAILING = 60.0
"""Seconds of server errors, and of nothing else ever, after which an endpoint is given up: it does not even load."""
_LONG = 10.0
"""Seconds of waiting that a person is told of; after that, of waits twice as long, or again after `_TOLD_AGAIN`."""
_TOLD_AGAIN = 900.0


class Admission:
    """For one event loop. It closes for good when no further request would fare better: `refusal` says why.

    `changed` is called whenever somebody left or the gate closed. `max_wait` is the seconds that a server may ask for.
    """

    def __init__(
        self,
        limits: RateLimit,
        breaker: CircuitBreaker,
        say: Callable[[str], None],
        changed: Callable[[], None],
        max_wait: float = 900.0,
    ) -> None:
        """Begin open. `say` is told what a person should know."""
        self.refusal: str | None = None
        self.answers = 0
        self.out = 0
        self._limits, self._breaker, self._max_wait = limits, breaker, max_wait
        self._say, self._changed = say, changed
        self._turns: dict[Ticket, asyncio.Future[bool]] = {}
        self._bell: asyncio.Handle | None = None
        self._bell_at = math.inf
        self._closed = asyncio.Event()
        self._warned = False
        self._somebody_there = False
        self._nobody_since = math.inf
        self._broken_off = 0
        self._paused_until, self._pauses = -math.inf, 0
        self._told_at, self._told_of = -math.inf, 0.0

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._turns)

    @property
    def is_down(self) -> bool:
        """Whether nobody seems to be there, so that only a request now and then may leave."""
        return self._breaker.is_open

    @property
    def waits_for(self) -> str:
        """What those who wait for their turn wait for; nothing while none does."""
        if self.is_down and (self._turns or self.out):
            return "the endpoint, which does not answer"
        pause = self._paused_until - time.monotonic()
        if not self._turns:
            return ""
        return f"{math.ceil(pause):,} s, as the endpoint asks" if pause > 0 else "the rate limit"

    async def turn(self, tokens: int) -> Ticket | None:
        """Wait until a request of so many tokens may leave. None when nothing leaves any more."""
        if self.refusal is not None:
            return None
        ticket = self._limits.ask(tokens)
        if ticket.oversized and not self._warned:
            self._warned = True
            self._say(f"A request of about {tokens:,} tokens is larger than the token limit; it is sent alone.")
        turn = asyncio.get_running_loop().create_future()
        self._turns[ticket] = turn
        self.open()
        try:
            left = turn.result() if turn.done() else await turn
        except asyncio.CancelledError:
            self._turns.pop(ticket, None)
            self._limits.cancel(ticket, time.monotonic())
            raise
        if not left or self.refusal is not None:
            self._limits.cancel(ticket, time.monotonic())
            return None
        self.out += 1
        return ticket

    def settle(self, ticket: Ticket, tokens: int) -> None:
        """Book what a request really used, and let leave whom that makes room for."""
        self.out -= 1
        self._limits.settle(ticket, tokens, time.monotonic())
        self.open()

    def open(self) -> None:
        """Let leave whoever may now, and come back for the next one."""
        if not self._turns or self.refusal is not None:
            return
        now = time.monotonic()
        breaker = self._breaker
        if breaker.gives_up(now) and not self.out:
            self._give_up()
            return
        probing = breaker.is_open
        if breaker.allows(now):
            for ticket in self._limits.admit(now, most=1 if probing else None):
                turn = self._turns.pop(ticket)
                if not turn.done():
                    turn.set_result(True)
            self._changed()
        if self._turns:
            self._come_back(breaker.next_at(now) if breaker.is_open else self._limits.next_at(now), now)

    def answered(self) -> None:
        """Note that something came back: somebody is there."""
        self._somebody_there = True

    def observe(self, said: LimitReading, ticket: Ticket) -> None:
        """Heed a completion: somebody is there, and its headers may speak of limits."""
        self.answers += 1
        self._pauses = 0
        self.answered()
        self._breaker.succeeded()
        self._limits.observe(said, ticket, time.monotonic())

    def heed(self, answer: RetryLater | Failure | StopRun, asked: float | None) -> float | None:
        """Heed an answer without a completion, for all other requests; `asked` is the seconds that it asked for.

        Return the seconds that this request waits for at least, None where nothing is asked for.
        """
        self.answered()
        if isinstance(answer, StopRun):
            self.close(answer.words)
        if isinstance(answer, RetryLater) and answer.patient:
            asked = self._pause(answer.words, asked)
        if isinstance(answer, RetryLater) and answer.overloaded:
            self._limits.slow_down(time.monotonic())
        if isinstance(answer, RetryLater) and answer.code in _OVERLOAD:
            self.down(answer.words)
            if answer.code == "server_error" and not self.answers and self._breaker.lasts() >= _FAILING:
                self._give_up()
        else:
            self._breaker.succeeded()
        return asked

    def broken_off(self, words: str, *, heard: bool, is_first: bool) -> None:
        """Count a request that may have been paid and got no whole answer.

        `heard` says that a part of one came, `is_first` that its image was not asked about before. Where that is all
        that ever came, the run ends before it costs all images their attempts: behind a container's port whose server
        is still starting, each connection is taken and closed.
        """
        self._broken_off += 1
        if heard:
            self.answered()
        else:
            self.down(words, paid=True)
        if not self.answers and not is_first:
            why = with_full_stop(words) if heard else f"{words}: is the server still starting, is base_url right?"
            count = f"{self._broken_off:,} request{'s' if self._broken_off > 1 else ''}"
            self.close(f"The endpoint broke off {count} and answered none: {why}")

    def down(self, words: str, since: float | None = None, *, paid: bool = False) -> None:
        """Count a sign that nobody is there; after many of them only probes leave, and in the end nothing.

        `since` is when the request left that found nobody, where it is known that it reached nobody; `paid` says that
        it may have cost money.
        """
        now = time.monotonic()
        breaker = self._breaker
        was_open = breaker.is_open
        breaker.failed(now, words, paid=paid)
        if not self._somebody_there:
            self._nobody_since = min(self._nobody_since, now if since is None else since)
        if breaker.gives_up(now) or (not self._somebody_there and now - self._nobody_since >= _NOBODY):
            self._give_up()
        elif breaker.is_open and not was_open:
            self._say(f"{with_full_stop(self._ails())} It is asked now and then from here on.")

    def close(self, refusal: str = "") -> None:
        """Send everybody away, for good. What closed it first is what counts."""
        if self.refusal is not None:
            return
        self.refusal = refusal
        self._closed.set()
        self._no_bell()
        turns, self._turns = self._turns, {}
        for ticket, turn in turns.items():
            self._limits.cancel(ticket, time.monotonic())
            if not turn.done():
                turn.set_result(False)
        self._changed()

    def not_asked(self) -> Failure:
        """Return what becomes of a request that it did not let leave."""
        return Failure(NOT_ASKED, self.refusal or "the run ends", free=True)

    async def sleep(self, seconds: float) -> None:
        """Wait so long, or until the gate closes."""
        try:
            async with asyncio.timeout(seconds):
                await self._closed.wait()
        except TimeoutError:
            return

    async def unless_closed(self, work: Coroutine[Any, Any, _T]) -> _T | None:
        """Return what the work returns; it is broken off, and None returned, when the gate closes."""
        working, closing = asyncio.create_task(work), asyncio.create_task(self._closed.wait())
        try:
            await asyncio.wait({working, closing}, return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else None
        finally:
            working.cancel()
            closing.cancel()
            await asyncio.gather(working, closing, return_exceptions=True)

    def tell_wait(self, words: str, seconds: float, *, asked: bool, slower: bool = False) -> None:
        """Tell of a wait that begins, once for all that wait, and of later ones only when they are much longer."""
        now = time.monotonic()
        is_longer = seconds >= max(_LONG, 2 * self._told_of)
        if now - self._told_at < _TOLD_AGAIN and not is_longer:
            return
        self._told_at, self._told_of = now, seconds
        what = "wants it slower" if slower else "cannot answer now"
        self._say(f"The endpoint {what} ({words}); svit waits {seconds:,.0f} s{', as the endpoint asks' * asked}.")

    def _pause(self, words: str, asked: float | None) -> float:
        """Let all pause for what a 429 asks, else longer each time until something is answered; return the seconds."""
        now = time.monotonic()
        if now >= self._paused_until:  # else it left before the pause began, and says nothing new
            self._pauses += 1
        grown = 2.0 ** min(self._pauses - 1, 10) if not asked else asked * 2.0 ** min(self._pauses - _AS_ASKED, 20)
        seconds = max(asked or 0.0, min(grown, _LONGEST_PAUSE, self._max_wait))
        if seconds > self._max_wait:  # nobody waits for that: its request fails
            self._limits.refused(1.0, now)
            return seconds
        self._limits.refused(seconds, now)
        self._paused_until = max(self._paused_until, now + seconds)
        if seconds >= _LONG or self._pauses == 2 or (not self.answers and seconds >= 1):
            self.tell_wait(words, seconds, asked=seconds == asked, slower=True)
        return seconds

    def _give_up(self) -> None:
        if self._somebody_there:
            self.close(with_full_stop(self._ails()))
        else:
            self.close(f"{with_full_stop(self._ails())} Is the server running, is base_url right?")

    def _ails(self) -> str:
        """Return what seems to be the matter."""
        outage = self._breaker.outage
        is_heard = outage is not None and outage.words.startswith("HTTP ")
        return f"The endpoint {'cannot answer now' if is_heard else 'does not answer'}: {outage}"

    def _come_back(self, then: float, now: float) -> None:
        """Open again at a time, infinity for never. A bell that is set and rings earlier does no harm.

        When it rings is kept here: what an event loop hands out for a time that has come is no timer with it.
        """
        if self._bell is not None and self._bell_at <= then:
            return
        self._no_bell()
        if then < math.inf:
            self._bell_at = then
            self._bell = asyncio.get_running_loop().call_later(max(then - now, _SHORTEST), self._ring)

    def _no_bell(self) -> None:
        if self._bell is not None:
            self._bell.cancel()
        self._bell, self._bell_at = None, math.inf

    def _ring(self) -> None:
        self._bell, self._bell_at = None, math.inf
        self.open()
