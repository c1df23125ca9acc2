"""What is to be asked, in its order: each request with money set aside and its intent committed before it leaves."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Collection, Sequence
from functools import partial
from typing import NamedTuple

from svit.cost.budget import Reservation
from svit.cost.ledger import month_of
from svit.cost.spending import Spending
from svit.errors import FileHeldError
from svit.providers.base import Reply, Request
from svit.run.answer_times import AnswerTimes
from svit.run.journal import Journal
from svit.run.journal_rows import Intent
from svit.run.journal_writer import JournalWriter
from svit.run.planned_request import PlannedRequest, key_of

_LEAST, _MOST = 8, 256
"""Requests whose intents are committed together: an eighth of those under way, within these."""
_WAITING = 512
"""Replies that may wait to be judged while more is asked."""
_HELD = 0.25
"""Seconds until the month's ledger is asked again for money, where another process holds it."""


class RequestUnderWay(NamedTuple):
    """A request that left: what is set aside for it, and when that was, in seconds of the monotonic clock."""

    planned: PlannedRequest
    set_aside: Reservation
    since: float


class RequestQueue:
    """The requests that are next, and those that are under way.

    What is added goes before what `first` yields; where that yields None, something must change before there is more.
    `inbox` are the replies that wait to be judged: while there are many, nothing more is asked. `answered_before` are
    the tasks that were answered before the pass began.
    """

    def __init__(
        self,
        first: AsyncIterator[PlannedRequest | None],
        inbox: Collection[Reply],
        journal: Journal,
        writing: JournalWriter,
        spending: Spending,
        stopping: asyncio.Event,
        times: AnswerTimes,
        answered_before: Collection[str],
    ) -> None:
        """Begin with nothing under way."""
        self.reasons: Counter[str] = Counter()
        self.departed = 0
        self.broke = ""
        """Why no money can ever be set aside for the next request, where that is so."""
        self.waits_for = ""
        self.is_closed = False
        self._first = first
        self._inbox = inbox
        self._journal = journal
        self._writing = writing
        self._spending = spending
        self._stopping = stopping
        self._times = times
        self._answered_before = answered_before
        self._now, self._month = 0.0, ""
        self._held: PlannedRequest | None = None
        self._next: deque[PlannedRequest] = deque()
        self._leaving: deque[Request] = deque()
        self._out: dict[tuple[str, int], RequestUnderWay] = {}
        self._changed = asyncio.Event()

    @property
    def reserved(self) -> int:
        """For how many requests money is set aside: those under way and those that are about to leave."""
        return len(self._out)

    @property
    def under_way(self) -> int:
        """How many requests are with the provider."""
        return len(self._out) - len(self._leaving)

    def add(self, planned: PlannedRequest) -> None:
        """Have this asked next."""
        self._next.append(planned)

    def arrived(self, request: Request) -> RequestUnderWay:
        """Take a request out of those under way, whatever became of it."""
        return self._out.pop(key_of(request))

    def since(self, request: Request) -> float:
        """Return when money was set aside for a request under way, in seconds of the monotonic clock."""
        return self._out[key_of(request)].since

    def close(self) -> None:
        """Let nothing more be asked: the run ends."""
        self.is_closed = True

    def taken_back(self) -> list[Request]:
        """Return what was about to leave and does not any more."""
        taken = list(self._leaving)
        self._leaving.clear()
        return taken

    def wake(self) -> None:
        """Have all who wait for a change look again at what they wait for."""
        self._changed.set()

    async def change(self) -> None:
        """Wait for a reply to come in or to be judged. Whoever waits looks again at what it waits for."""
        self._changed.clear()
        await self._changed.wait()

    async def requests(self) -> AsyncIterator[Request]:
        """Yield what is to be asked until nothing is left and nothing under way.

        Each intent is committed before, and those of the next few requests while the present ones leave.
        """
        coming = asyncio.ensure_future(self._intended())
        try:
            while batch := await coming:
                coming = asyncio.ensure_future(self._intended())
                for _ in batch:
                    if self._times.too_late(time.monotonic()):
                        self._stopping.set()
                    if self._stopping.is_set():
                        return
                    request = self._leaving.popleft()
                    self._journal.left(*key_of(request))
                    self.departed += 1
                    yield self._as_sent(request)
        finally:
            coming.cancel()

    def _as_sent(self, request: Request) -> Request:
        """Return the request with what a provider may want to know beside it."""
        return Request(request.prompt, request.attempt, request.prompt.task in self._answered_before)

    async def _intended(self) -> Sequence[PlannedRequest]:
        """Return what may leave next, in the journal already."""
        batch = await self._batch()
        if batch:
            self._leaving.extend(planned.request for planned in batch)
            await self._writing.written(
                partial(self._journal.intended, [self._intent(planned) for planned in batch], self._now)
            )
        return batch

    def _intent(self, planned: PlannedRequest) -> Intent:
        key, prompt = planned.key, planned.request.prompt
        self.reasons[planned.reason] += 1
        return Intent(
            *key, prompt.task, prompt.context.image_id, prompt.version, self._out[key].set_aside.worst, planned.reason
        )

    async def _batch(self) -> list[PlannedRequest]:
        """Return requests that may leave, as soon as there are any; an empty list when no more come."""
        while not (self._stopping.is_set() or self.is_closed):
            self._now = time.time()
            self._month = month_of(self._now)
            if batch := await self._with_money():
                return batch
            if self.broke or not (self._out or self._next or self.waits_for):
                return []  # all is settled; or else `run` says what is not, though nothing is under way
            if not self._next or self._held is not None:
                await self.change()
        return []

    async def _with_money(self) -> list[PlannedRequest]:
        """Return the next few requests for which money could be set aside, as many as there are without waiting."""
        batch: list[PlannedRequest] = []
        most = min(max(_LEAST, len(self._out) // 8), _MOST)
        while len(batch) < most and len(self._inbox) < _WAITING and (planned := await self._following()) is not None:
            if self._is_under_way(planned):
                continue
            if not self._reserved(planned):
                self._held = planned
                break
            batch.append(planned)
        return batch

    async def _following(self) -> PlannedRequest | None:
        held, self._held = self._held, None
        return held or (self._next.popleft() if self._next else await anext(self._first, None))

    def _is_under_way(self, planned: PlannedRequest) -> bool:
        """Whether the same is asked already: two tasks' samples were alike. Then one opinion is for both."""
        out = self._out.get(planned.key)
        if out is None:
            return False
        leader = out.planned._replace(followers=(*out.planned.followers, planned))
        self._out[planned.key] = out._replace(planned=leader)
        return True

    def _reserved(self, planned: PlannedRequest) -> bool:
        """Set aside what the request may cost. When that can never fit any more, the run ends."""
        worst = self._spending.worst(planned.request.prompt)
        try:
            set_aside = self._spending.budget.reserve(worst, self._month)
        except FileHeldError:  # asked again in a moment
            self.waits_for = "another process that holds the month's ledger"
            asyncio.get_running_loop().call_later(_HELD, self.wake)
            return False
        self.waits_for = ""
        if set_aside:
            self._out[planned.key] = RequestUnderWay(planned, set_aside, time.monotonic())
            return True
        self.broke = self._spending.budget.why_never(worst, self._month)
        return False
