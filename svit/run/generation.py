"""Generation: contexts to prompts to replies to samples, shard by shard, bounded in memory and resumable anywhere.

The unit of resuming is the shard. The journal remembers by which recipe a shard was made, so that a finished one
is passed over without rendering a prompt; an unfinished one is made from the replies that are already paid for, and
only what is missing is asked.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

from svit.contexts.store import ContextStore
from svit.cost.spending import Spending
from svit.errors import BudgetReachedError, ProviderRefusesError, StalledError
from svit.providers.base import Provider, Reply
from svit.records import VERIFY
from svit.run.answer_times import AnswerTimes
from svit.run.attempts import Job
from svit.run.first_requests import FirstRequests, RepliesSoFar
from svit.run.folder import RunFolder
from svit.run.journal import Journal
from svit.run.journal_writer import GATHERED, JournalWriter
from svit.run.partial_publication import PartialPublication
from svit.run.reply_processing import ReplyProcessing, answers, never_left
from svit.run.request_queue import RequestQueue
from svit.run.shard_assembly import Assembly, Outcome
from svit.run.shard_progress import ShardProgress

_GATHERED_EACH, _GATHERED_MOST = 2e-5, 0.04
"""Seconds that a commit waits for company, more for each request under way, and at most."""
_REPLIES = 256
"""Replies that are committed together at most."""
_CLOSING = 0.2
"""Seconds that a provider has to clear up when the run ends."""


class Generation:
    """One pass over a run's contexts, for one or several tasks.

    With `again` what was rejected is asked about anew, and what has a sample is left as it is. `reuse` is the journal
    of another run, whose replies are taken where a prompt is the same. Nothing is asked whose answer would come after
    `deadline`, in seconds of the monotonic clock, by the slowest of late. `settled` is called with each outcome as it
    is known, and whether a reply brought it now, `published` when a shard was put into files; `emit` gets the samples'
    lines in context order, the tasks of an image after one another.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        contexts: ContextStore,
        journal: Journal,
        folder: RunFolder,
        *,
        limit: int | None = None,
        again: bool = False,
        reuse: Journal | None = None,
        spending: Spending | None = None,
        deadline: float | None = None,
        settled: Callable[[Outcome, bool], None] = lambda _, __: None,
        published: Callable[[], None] = lambda: None,
        emit: Callable[[bytes], None] | None = None,
    ) -> None:
        """Put the parts of the pass together; nothing is asked yet."""
        images = len(contexts) if limit is None else min(limit, len(contexts))
        books, was_empty = spending or Spending(), journal.is_empty()
        self.stopping = asyncio.Event()
        self._times = AnswerTimes(deadline)
        self._journal = journal
        self._inbox: list[Reply] = []
        self._received = 0
        self._total = images * len(jobs)
        self._abandoned = False
        self._pumping: asyncio.Task[None] | None = None
        self._writing = writing = JournalWriter(journal, self._gathering)
        self._assembly = shards = Assembly(jobs, contexts, journal, folder, images, again=again)
        self._progress = progress = ShardProgress(
            jobs, contexts, shards, writing, on_outcome=settled, on_shard=published, emit=emit
        )
        self._so_far = RepliesSoFar(journal, writing, books, reuse=reuse, was_empty=was_empty)
        first = FirstRequests(jobs, contexts, shards, progress, self._so_far, again=again, stopping=self.stopping)
        answered = set() if was_empty else journal.answered(_asked_as(jobs))
        self._queue = RequestQueue(
            first.planned(), self._inbox, journal, writing, books, self.stopping, self._times, answered
        )
        self._replies = ReplyProcessing(jobs, journal, writing, books, self._queue, progress, again=again)
        self._parts = PartialPublication(jobs, contexts, journal, shards, progress, was_empty=was_empty)

    @property
    def reasons(self) -> Counter[str]:
        """How many requests were made, by why."""
        return self._queue.reasons

    @property
    def reused(self) -> int:
        """How many replies were taken from another run."""
        return self._so_far.reused

    @property
    def slowest_answer(self) -> float:
        """The seconds that the slowest of the last few answers took, 0 before the first one."""
        return self._times.slowest

    @property
    def is_late(self) -> bool:
        """Whether it is too late to ask for anything more."""
        return self._times.is_late

    @property
    def under_way(self) -> int:
        """How many requests are with the provider."""
        return self._queue.under_way

    @property
    def is_ending(self) -> bool:
        """Whether what is asked and answered is over: what is settled is being published."""
        return self._queue.is_closed

    @property
    def is_done(self) -> bool:
        """Whether no outcome is missing, and all were handed on, however the run came to its end."""
        return self._progress.is_done

    @property
    def moves(self) -> int:
        """How often something was asked, answered, settled or looked up."""
        return self._queue.departed + self._received + self._progress.settled + self._parts.looked_up

    @property
    def waits_for(self) -> str:
        """What the run itself waits for, where that has a name; empty where it waits for the provider or for nothing.

        With `moves`, which counts all that is asked, answered and settled, this tells patience from a standstill.
        """
        return "the journal, whose disk is slow or locked" if self._writing.is_committing else self._queue.waits_for

    @property
    def unpublished(self) -> str:
        """What the disk refused of the partial shards, where the run stopped."""
        return self._parts.refused

    def missing(self) -> int:
        """Return how many outcomes the pass has still to find; of a shard that is not whole, all."""
        return self._progress.missing()

    @property
    def total(self) -> int:
        """How many outcomes the pass has in all, those that stand in files by now among them."""
        return self._total

    def what_is_open(self) -> str:
        """Return what has no outcome yet, for whoever looks for the reason: how much, and the first few images."""
        return self._progress.what_is_open()

    def refuse_to_shrink(self) -> None:
        """Raise DataError when changed settings would replace a run's shards by ones of fewer images."""
        self._assembly.refuse_to_shrink()

    async def run(self, provider: Provider) -> None:
        """Ask until every image of every task has its outcome and every shard stands on disk.

        However it ends, each reply that the provider gave is in the journal then. Raises BudgetReachedError when the
        ceiling on money is in the way, after what is under way was answered.
        """
        self.missing()
        self._journal.follow_departures()
        self._writing.start()
        pump = self._pumping = asyncio.create_task(self._pump(provider.complete(self._queue.requests(), self.stopping)))
        pump.add_done_callback(lambda _: self._queue.wake())
        try:
            while batch := await self._arrived(pump):
                await self._writing.written(partial(self._journal.kept, answers(batch)))
                del self._inbox[: len(batch)]
                self._replies.withdraw([reply.request for reply in batch if never_left(reply)])
                await self._replies.judge([reply for reply in batch if not never_left(reply)])
        except ProviderRefusesError:
            if not self.is_done:
                raise
        finally:
            await self._end(pump)
        if self.is_done:
            return
        if self._queue.broke:
            raise BudgetReachedError(self._queue.broke)
        if not self.stopping.is_set():
            raise StalledError(f"The provider ended, and {self.what_is_open()}.")

    def stop_when_late(self, now: float) -> None:
        """Ask nothing more when the next answer would come too late; what waits for its turn is taken back."""
        if self._times.too_late(now):
            self.stop()

    def stop(self) -> None:
        """Ask nothing more. What never left is taken back, and `run` ends when what is in the air was answered."""
        self.stopping.set()
        self._queue.wake()

    def abandon(self) -> None:
        """Ask nothing more and wait for nothing. What has come is judged, what is in the air becomes unknown."""
        self.stop()
        self._abandoned = True
        if self._pumping is not None:
            self._pumping.cancel()

    def end_by(self, at: float) -> None:
        """Look up nothing after this, in seconds of the monotonic clock: what only the journal has may stay there."""
        self._parts.end_by(at)

    async def _pump(self, replies: AsyncIterator[Reply]) -> None:
        """Take replies in while others are being committed. A stop finds all of them in the inbox, none on its way."""
        async for reply in replies:
            if isinstance(reply.outcome, bytes):  # before the next request leaves in its place
                took = time.monotonic() - self._queue.since(reply.request) if reply.took is None else reply.took
                self._times.add(took)
            self._inbox.append(reply)
            self._received += 1
            self._queue.wake()

    async def _arrived(self, pump: asyncio.Task[None]) -> list[Reply]:
        """Wait for replies and return the next to commit; an empty list when the pump is done."""
        while not self._inbox and not pump.done():
            await self._queue.change()
        if not self._inbox and not (self._abandoned and pump.cancelled()):
            pump.result()
        return self._inbox[:_REPLIES]

    async def _end(self, pump: asyncio.Task[None]) -> None:
        """Close the provider, write down all that it gave, take back what never left, and publish what is settled.

        What is in the air has an outcome that nobody will know: the books keep it at its worst case.
        """
        self._queue.close()
        pump.cancel()
        await asyncio.wait({pump}, timeout=_CLOSING)
        if pump.done() and not pump.cancelled():
            pump.exception()  # raised already where it is of interest; asyncio need not complain
        self._writing.write(partial(self._journal.kept, answers(self._inbox)))
        self._replies.withdraw(
            [*self._queue.taken_back(), *(reply.request for reply in self._inbox if never_left(reply))]
        )
        try:
            await self._writing.close()
        finally:
            if not self.is_done:
                await self._parts.publish()

    def _gathering(self) -> float:
        """Return the seconds that a commit waits for others: more where so much is under way that nobody notices."""
        return min(GATHERED + _GATHERED_EACH * self._queue.reserved, _GATHERED_MOST)


def _asked_as(jobs: Sequence[Job]) -> set[str]:
    """Return the tasks that the prompts of these jobs are of, those for second opinions too."""
    return {job.task.name for job in jobs} | ({VERIFY} if any(job.verifier for job in jobs) else set())
