"""The window: requests under way at once, each pulled only when there is a place for it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from svit.providers.base import Request

AHEAD = 32
"""Requests that wait for their turn at most: enough that one is there whenever the limits let one leave."""
IDLE = 1.0
"""Seconds without a request, and with none under way, after which it seems that no more come."""


class RequestWindow:
    """One call of `complete`. It ends once the requests do, or once it is closed, and whatever is under way is done.

    `answer` sees a request through, `places` is how many may be under way, `waiting` how many of these wait for their
    turn, `closed` whether no more leave. `failed` is called when something of ours breaks: it should close. `idle` is
    called when nothing is under way and nothing comes.
    """

    def __init__(
        self,
        answer: Callable[[Request], Coroutine[Any, Any, None]],
        *,
        places: Callable[[], int],
        waiting: Callable[[], int],
        closed: Callable[[], bool],
        failed: Callable[[], None],
        idle: Callable[[], None],
    ) -> None:
        """Begin with nothing under way."""
        self._answer, self._places, self._waiting = answer, places, waiting
        self._closed, self._failed, self._idle = closed, failed, idle
        self._pulling: asyncio.Task[None] | None = None
        self._pulled = 0
        self._under_way: set[asyncio.Task[None]] = set()
        self._has_place, self._is_turning = asyncio.Event(), asyncio.Event()
        self._error: BaseException | None = None

    def wake(self) -> None:
        """Look again whether there is a place, and whether it is closed."""
        self._has_place.set()
        if self._closed():
            self._is_turning.set()

    async def feed(self, requests: AsyncIterator[Request]) -> None:
        """Start each request as soon as there is a place for it; return once all were answered.

        Once it is closed, no request is waited for any more. What went wrong with the requests, or with one of them,
        is raised when nothing is under way any more: that may be paid for.
        """
        pulling = self._pulling = asyncio.create_task(self._pull(requests))
        pulling.add_done_callback(self._ended)
        is_closed = False
        while not pulling.done() or self._under_way:
            if self._closed() and not is_closed:
                is_closed = True
                pulling.cancel()
                self._idle()
            await self._turn()
        self._idle()
        if self._error is not None:
            raise self._error

    async def stop(self, feeder: "asyncio.Task[None]") -> None:
        """Cancel whatever still runs."""
        tasks = [feeder, *self._under_way, *([self._pulling] if self._pulling else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _pull(self, requests: AsyncIterator[Request]) -> None:
        while True:
            while len(self._under_way) >= self._places() or self._waiting() >= AHEAD:
                self._has_place.clear()
                await self._has_place.wait()
            request = await anext(requests, None)
            if request is None:
                return
            self._pulled += 1
            task = asyncio.create_task(self._answer(request))
            self._under_way.add(task)
            task.add_done_callback(self._ended)
            await asyncio.sleep(0)  # now it is known whether it has to wait

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._error = self._error or error
            self._failed()
        if not self._under_way or task is self._pulling:
            self._is_turning.set()
        self.wake()

    async def _turn(self) -> None:
        """Wait until something turns: all is answered, no more comes, it is closed, or it is idle for a while."""
        pulled = self._pulled
        self._is_turning.clear()
        try:
            async with asyncio.timeout(None if self._under_way else IDLE):
                await self._is_turning.wait()
        except TimeoutError:
            if pulled == self._pulled:
                self._idle()
