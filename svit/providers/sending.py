"""The window: requests under way at once, each pulled only when there is a place for it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

from svit.providers.base import NOT_ASKED, Failure, Reply, Request

AHEAD = 32
"""Requests that wait for their turn at most: enough that one is there whenever the limits let one leave."""


class Sending:
    """One call of `complete`. `replies` ends with None.

    `answer` returns what becomes of a request, `places` how many may be under way, `waiting` how many of these wait for
    their turn, `refusal` why no more are asked, None while they are.
    """

    def __init__(
        self,
        answer: Callable[[Request], Awaitable[bytes | Failure]],
        places: Callable[[], int],
        waiting: Callable[[], int],
        refusal: Callable[[], str | None],
    ) -> None:
        """Begin with nothing under way."""
        self.replies: asyncio.Queue[Reply | None] = asyncio.Queue()
        self._outcome, self._places, self._waiting, self._refusal = answer, places, waiting, refusal
        self._under_way: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._error: BaseException | None = None

    def wake(self) -> None:
        """Look again whether there is a place."""
        self._changed.set()

    async def feed(self, requests: AsyncIterator[Request]) -> None:
        """Start each request as soon as there is a place for it; say with None that all were answered."""
        try:
            while self._refusal() is None:
                await self._place()
                request = await anext(requests, None)
                if request is None:
                    break
                if (refusal := self._refusal()) is not None:
                    self.replies.put_nowait(Reply(request, Failure(NOT_ASKED, refusal, free=True)))
                    break
                task = asyncio.create_task(self._answer(request))
                self._under_way.add(task)
                task.add_done_callback(self._ended)
                await asyncio.sleep(0)  # now it is known whether it has to wait
            while self._under_way:
                await self._change()
        finally:
            self.replies.put_nowait(None)

    async def stop(self, feeder: "asyncio.Task[None]") -> None:
        """Cancel whatever still runs."""
        tasks = [feeder, *self._under_way]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, request: Request) -> None:
        self.replies.put_nowait(Reply(request, await self._outcome(request)))

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            error = task.exception()  # asked for each time: asyncio complains of exceptions that nobody looked at
            self._error = self._error or error
        self.wake()

    async def _place(self) -> None:
        while len(self._under_way) >= self._places() or self._waiting() >= AHEAD:
            await self._change()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()
        if self._error is not None:
            raise self._error
