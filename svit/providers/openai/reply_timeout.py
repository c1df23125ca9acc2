"""A bound on how long a reply may take, which does not call lost what already lies in the socket.

A process that slept (suspended, SIGSTOP, a starved machine) wakes with all its timers due, and event loops run those
before they read: a plain timeout would throw away replies that have arrived and are paid for.
"""

import asyncio
import time
from types import TracebackType
from typing import Self

LATE = 0.5
"""Seconds after its time at which a timer that fires shows that the process slept or was held up."""
GRACE = 5.0
"""Seconds that are given then, again and again while bytes keep coming, but never more than the timeout in all."""
_ONE_LOOK = 0.05
"""Seconds that are given always: the event loop reads its sockets in them."""


class ReplyTimeout:
    """As `asyncio.timeout`: raises TimeoutError inside. Tell it with `heard` that something arrived."""

    __slots__ = ("_alarm", "_bound", "_due", "_heard", "_last", "_seconds")

    def __init__(self, seconds: float) -> None:
        """Keep how long it may take."""
        self._seconds = seconds
        self._heard = False

    async def __aenter__(self) -> Self:
        """Begin."""
        self._bound = asyncio.timeout(None)
        await self._bound.__aenter__()
        self._due = time.monotonic() + self._seconds
        self._last: float | None = None
        self._alarm = asyncio.get_running_loop().call_later(self._seconds, self._ring)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End; raise TimeoutError when the time was up."""
        self._alarm.cancel()
        await self._bound.__aexit__(kind, error, trace)

    def heard(self) -> None:
        """Note that something arrived."""
        self._heard = True

    def _ring(self) -> None:
        loop, now = asyncio.get_running_loop(), time.monotonic()
        grace = self._grace(now)
        self._heard = False
        if grace > 0:
            self._due = now + grace
            self._alarm = loop.call_later(grace, self._ring)
        else:
            self._bound.reschedule(loop.time())

    def _grace(self, now: float) -> float:
        """Return how many seconds more are given."""
        late = now - self._due > LATE
        if self._last is None:
            self._last = now + (self._seconds if late else _ONE_LOOK)
            return min(GRACE, self._seconds) if late else _ONE_LOOK
        if late:  # it slept again
            self._last = now + self._seconds
            return min(GRACE, self._seconds)
        return min(GRACE, self._last - now) if self._heard else 0.0
