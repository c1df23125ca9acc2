"""Where requests wait until rate limits and breaker let them leave, first come, first served."""

import asyncio
import math
import time
from collections.abc import Callable

from svit.limits import Breaker, RateLimit, Reading, Ticket
from svit.providers.base import Failure
from svit.providers.rule import Again, Stop

_OVERLOAD = ("overloaded", "server_error", "unreachable")
_SHORTEST = 0.001
"""Seconds until the next look at least: what the limits owe by then leaves at once."""


class Gate:
    """For one event loop. It closes for good when no further request would fare better: `refusal` says why.

    `changed` is called whenever somebody left or the gate closed.
    """

    def __init__(
        self, limits: RateLimit, breaker: Breaker, say: Callable[[str], None], changed: Callable[[], None]
    ) -> None:
        """Begin open. `say` is told what a person should know."""
        self.refusal: str | None = None
        self._limits, self._breaker = limits, breaker
        self._say, self._changed = say, changed
        self._turns: dict[Ticket, asyncio.Future[bool]] = {}
        self._bell: asyncio.TimerHandle | None = None
        self._closed = asyncio.Event()
        self._out = 0
        self._warned = False

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._turns)

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
        self._out += 1
        return ticket

    def settle(self, ticket: Ticket, tokens: int) -> None:
        """Book what a request really used, and let leave whom that makes room for."""
        self._out -= 1
        self._limits.settle(ticket, tokens, time.monotonic())
        self.open()

    def open(self) -> None:
        """Let leave whoever may now, and come back for the next one."""
        if not self._turns or self.refusal is not None:
            return
        now = time.monotonic()
        breaker = self._breaker
        if breaker.gives_up(now) and not self._out:
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

    def observe(self, said: Reading, ticket: Ticket) -> None:
        """Heed an answer: somebody is there, and its headers may speak of limits."""
        self._breaker.succeeded()
        self._limits.observe(said, ticket, time.monotonic())

    def heed(self, answer: Again | Failure | Stop, wait: float | None) -> None:
        """Heed an answer without a completion, for all other requests; `wait` is the seconds that it asked for."""
        now = time.monotonic()
        if isinstance(answer, Stop):
            self.close(answer.words)
        if isinstance(answer, Again) and answer.patient:
            self._limits.refused(wait or 1.0, now)
        if isinstance(answer, Again) and answer.overloaded:
            self._limits.slow_down(now)
        if isinstance(answer, Again) and answer.code in _OVERLOAD:
            self.down(answer.words)
        else:
            self._breaker.succeeded()

    def down(self, words: str) -> None:
        """Count a sign that nobody is there; after many of them only probes leave, and in the end nothing."""
        now = time.monotonic()
        breaker = self._breaker
        was_open = breaker.is_open
        breaker.failed(now, words)
        if breaker.gives_up(now):
            self._give_up()
        elif breaker.is_open and not was_open:
            self._say(f"The endpoint does not answer: {breaker.outage}. Asking now and then until it does.")

    def close(self, refusal: str = "") -> None:
        """Send everybody away, for good."""
        self.refusal = self.refusal or refusal
        self._closed.set()
        if self._bell is not None:
            self._bell.cancel()
        turns, self._turns = self._turns, {}
        for ticket, turn in turns.items():
            self._limits.cancel(ticket, time.monotonic())
            if not turn.done():
                turn.set_result(False)
        self._changed()

    async def sleep(self, seconds: float) -> None:
        """Wait so long, or until the gate closes."""
        try:
            async with asyncio.timeout(seconds):
                await self._closed.wait()
        except TimeoutError:
            return

    def _give_up(self) -> None:
        self.close(f"The endpoint does not answer: {self._breaker.outage}.")

    def _come_back(self, then: float, now: float) -> None:
        """Open again at a time, infinity for never. A bell that is set and rings earlier does no harm."""
        if self._bell is not None:
            if self._bell.when() <= then:
                return
            self._bell.cancel()
        loop = asyncio.get_running_loop()
        self._bell = loop.call_at(max(then, now + _SHORTEST), self._ring) if then < math.inf else None

    def _ring(self) -> None:
        self._bell = None
        self.open()
