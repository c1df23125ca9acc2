"""Generation: contexts to prompts to replies to samples, shard by shard, bounded in memory and resumable anywhere.

The unit of resuming is the shard. The journal remembers by which recipe a shard was made, so that a finished one
is passed over without rendering a prompt; an unfinished one is made from the replies that are already paid for, and
only what is missing is asked.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import msgspec

from svit.assembly import Assembly, OpenShard, Outcome, Place, outcome_of
from svit.budget import Reservation
from svit.entries import Asked, Booked, Intent, Kept
from svit.errors import BudgetReachedError, FileHeldError, ProviderRefusesError, StalledError, SvitError
from svit.group_commit import GATHERED, GroupCommit
from svit.journal import Journal, shard_published
from svit.ledger import month_of
from svit.providers.base import NOT_ASKED, Failure, Provider, Reply, Request, read_completion
from svit.records import Completion, ImageContext, ImageId, Prompt, Rejection, Sample
from svit.runs import RunFolder
from svit.settling import (
    SECOND_OPINION,
    Job,
    after_opinion,
    booked_for,
    is_settled,
    judged,
    opinion_so_far,
    shorter,
    standing,
)
from svit.sources.contexts import ContextStore
from svit.spending import Spending
from svit.verify import Doubted, Verifier

_LEAST, _MOST = 8, 256
"""Requests whose intents are committed together: an eighth of those under way, within these."""
_GATHERED_EACH, _GATHERED_MOST = 2e-5, 0.04
"""Seconds that a commit waits for company, more for each request under way, and at most."""
_REPLIES = 256
"""Replies that are committed together at most."""
_WAITING = 512
"""Replies that may wait to be judged while more is asked."""
_JUDGED = 8
"""Replies that are judged before others may go on, unless they take longer than this many seconds:"""
_JUDGING = 0.005
_ANSWERS = 64
"""Answers of late, by the slowest of which the next one is expected."""
_CLOSING = 0.2
"""Seconds that a provider has to clear up when the run ends."""
_HELD = 0.25
"""Seconds until the month's ledger is asked again for money, where another process holds it."""
_OPEN_SHARDS = 4
"""Shards on their way at once: a slow answer holds no more than these in memory."""


_NAMED = 5
"""Images that a standstill is told of by their names."""


class _Asking(NamedTuple):
    """A request that is to be made or under way: for which place, why, and its last attempt.

    `base` is the prompt that the attempts began with. With `doubted` it is for a second opinion on that sample, which
    the answer to `attempt` made. `followers` wait for it: they share the beginning of its prompt.
    """

    request: Request
    base: Prompt
    place: Place
    reason: str
    last: int
    shortened: bool = False
    doubted: Doubted | None = None
    attempt: "_Asking | None" = None
    followers: tuple["_Asking", ...] = ()

    @property
    def is_last(self) -> bool:
        """Whether nothing is asked again after it."""
        return self.request.attempt >= self.last


class _Seen(NamedTuple):
    """An image that was asked about before: its place in its shard, and the sample lines that stand, by job."""

    shard: OpenShard
    place: int
    known: Mapping[int, Mapping[ImageId, bytes]]


class _Out(NamedTuple):
    """A request that left: what is set aside for it, and when that was, in seconds of the monotonic clock."""

    asking: _Asking
    set_aside: Reservation
    since: float


class Generation:
    """One pass over a run's contexts, for one or several tasks.

    With `again` what was rejected is asked about anew, and what has a sample is left as it is. `reuse` is the journal
    of another run, whose replies are taken where a prompt is the same. `settled` is called with each outcome as it is
    known, and whether a reply brought it now, `published` when a shard was put into files; `emit` gets the samples'
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
        settled: Callable[[Outcome, bool], None] = lambda _, __: None,
        published: Callable[[], None] = lambda: None,
        emit: Callable[[bytes], None] | None = None,
    ) -> None:
        """Store what the pass needs; nothing is asked yet."""
        images = len(contexts) if limit is None else min(limit, len(contexts))
        self.reasons: Counter[str] = Counter()
        self.reused = 0
        self.stopping = asyncio.Event()
        self.moves = 0
        self._jobs = jobs
        self._contexts = contexts
        self._journal = journal
        self._assembly = Assembly(jobs, contexts, journal, folder, images, again=again)
        self._again = again
        self._reuse = reuse
        self._was_empty = journal.is_empty()
        self._spending = spending or Spending()
        self._settled = settled
        self._published = published
        self._emit = emit
        self._now, self._month = 0.0, ""
        self.is_ending = False
        self._abandoned = self._all_opened = False
        self._pumping: asyncio.Task[None] | None = None
        self._left: int | None = None
        self._took: deque[float] = deque(maxlen=_ANSWERS)
        self._broke = self._waits_for = ""
        self._ends: float | None = None
        self.unpublished = ""
        self._held: _Asking | None = None
        self._next: deque[_Asking] = deque()
        self._leaving: deque[Request] = deque()
        self._out: dict[tuple[str, int], _Out] = {}
        self._inbox: list[Reply] = []
        self._open: deque[OpenShard] = deque()
        self._changed = asyncio.Event()

    @property
    def slowest_answer(self) -> float:
        """The seconds that the slowest of the last few answers took, 0 before the first one."""
        return max(self._took, default=0.0)

    @property
    def under_way(self) -> int:
        """How many requests are with the provider."""
        return len(self._out) - len(self._leaving)

    @property
    def is_done(self) -> bool:
        """Whether no outcome is missing, and all were handed on, however the run came to its end."""
        return self._left == 0 and (self._emit is None or (self._all_opened and not self._open))

    @property
    def waits_for(self) -> str:
        """What the run itself waits for, where that has a name; empty where it waits for the provider or for nothing.

        With `moves`, which counts all that is asked, answered and settled, this tells patience from a standstill.
        """
        return "the journal, whose disk is slow or locked" if self._writing.is_committing else self._waits_for

    def missing(self) -> int:
        """Return how many outcomes the pass has still to find; of a shard that is not whole, all."""
        if self._left is None:
            self._left = sum(shard.missing for shard in self._assembly.shards())
        return self._left

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
        self._writing = GroupCommit(self._journal, self._gathering)
        pump = self._pumping = asyncio.create_task(self._pump(provider.complete(self._requests(), self.stopping)))
        pump.add_done_callback(lambda _: self._changed.set())
        try:
            while batch := await self._arrived(pump):
                await self._writing.written(partial(self._journal.kept, _answers(batch)))
                del self._inbox[: len(batch)]
                self._withdraw([reply.request for reply in batch if _never_left(reply)])
                await self._judge([reply for reply in batch if not _never_left(reply)])
        except ProviderRefusesError:
            if not self.is_done:
                raise
        finally:
            await self._end(pump)
        if self.is_done:
            return
        if self._broke:
            raise BudgetReachedError(self._broke)
        if not self.stopping.is_set():
            raise StalledError(f"The provider ended, and {self.what_is_open()}.")

    async def _end(self, pump: asyncio.Task[None]) -> None:
        """Close the provider, write down all that it gave, take back what never left, and publish what is settled.

        What is in the air has an outcome that nobody will know: the books keep it at its worst case.
        """
        self.is_ending = True
        pump.cancel()
        await asyncio.wait({pump}, timeout=_CLOSING)
        if pump.done() and not pump.cancelled():
            pump.exception()  # raised already where it is of interest; asyncio need not complain
        self._writing.write(partial(self._journal.kept, _answers(self._inbox)))
        self._withdraw([*self._leaving, *(reply.request for reply in self._inbox if _never_left(reply))])
        self._leaving.clear()
        try:
            await self._writing.close()
        finally:
            if not self.is_done:
                await self._publish_settled()

    def what_is_open(self) -> str:
        """Return what has no outcome yet, for whoever looks for the reason: how much, and the first few images."""
        places = [
            f"image {image_id} ({self._jobs[job].task.name})"
            for shard in self._open
            for place, image_id in enumerate(self._contexts.image_ids(shard.first, shard.first + shard.images))
            for job in range(len(self._jobs))
            if (place, job) not in shard.outcomes and job not in shard.standing
        ]
        named = ", ".join(places[:_NAMED]) + (" ..." if len(places) > _NAMED else "")
        return f"{self.missing():,} outcomes are missing" + (f": {named}" if named else "")

    def _gathering(self) -> float:
        """Return the seconds that a commit waits for others: more where so much is under way that nobody notices."""
        return min(GATHERED + _GATHERED_EACH * len(self._out), _GATHERED_MOST)

    def stop(self) -> None:
        """Ask nothing more. What never left is taken back, and `run` ends when what is in the air was answered."""
        self.stopping.set()
        self._changed.set()

    def abandon(self) -> None:
        """Ask nothing more and wait for nothing. What has come is judged, what is in the air becomes unknown."""
        self.stop()
        self._abandoned = True
        if self._pumping is not None:
            self._pumping.cancel()

    async def _pump(self, replies: AsyncIterator[Reply]) -> None:
        """Take replies in while others are being committed. A stop finds all of them in the inbox, none on its way."""
        async for reply in replies:
            self._inbox.append(reply)
            self.moves += 1
            self._changed.set()

    async def _arrived(self, pump: asyncio.Task[None]) -> list[Reply]:
        """Wait for replies and return the next to commit; an empty list when the pump is done."""
        while not self._inbox and not pump.done():
            await self._change()
        if not self._inbox and not (self._abandoned and pump.cancelled()):
            pump.result()
        return self._inbox[:_REPLIES]

    def end_by(self, at: float) -> None:
        """Look up nothing after this, in seconds of the monotonic clock: what only the journal has may stay there."""
        self._ends = at if self._ends is None else min(at, self._ends)

    async def _publish_settled(self) -> None:
        """Publish what is settled of the shards that are not whole, in partial ones; for a run that stops.

        What has an answer and is not settled yet is looked up in the journal while there is time. What the disk
        refuses is in `unpublished` then: it is no reason to forget why the run stops.
        """
        opened = {shard.number: shard for shard in self._open}
        cancelled: asyncio.CancelledError | None = None
        try:
            self._assembly.check_in_place()
            for found in self._assembly.shards():
                shard = opened.get(found.number, found)
                if shard.missing == 0:
                    continue
                try:
                    if cancelled is None and not (self._was_empty and shard is found):
                        await self._look_up_the_rest(shard)
                except asyncio.CancelledError as error:
                    cancelled = error
                for job in shard.open_jobs:
                    self._assembly.publish_part(shard, job)
        except SvitError as error:
            self.unpublished = str(error)
        if cancelled is not None:
            raise cancelled

    async def _look_up_the_rest(self, shard: OpenShard) -> None:
        """Add what the journal knows of the shard's images that have no outcome and no sample in a file."""
        if self._is_late():
            return
        held = {job: self._assembly.held(shard, job) for job in shard.open_jobs}
        asked = self._journal.asked_about(self._contexts.image_ids(shard.first, shard.first + shard.images))
        if not asked:
            return
        for place, context in enumerate(self._contexts.slice(shard.first, shard.first + shard.images)):
            for job, lines in held.items():
                line = lines.get(place)
                is_known = (place, job) in shard.outcomes or (line is not None and line.flaw is None)
                if is_known or context.image_id not in asked:
                    continue
                if self._is_late():
                    return
                found = standing(self._jobs[job], context, self._own_replies)
                if found.result is not None:
                    shard.outcomes[place, job] = outcome_of(found.result)
                self.moves += 1
                await asyncio.sleep(0)

    def _is_late(self) -> bool:
        return self._ends is not None and time.monotonic() >= self._ends

    def _own_replies(self, prompt: Prompt) -> Sequence[Kept]:
        return self._journal.replies(prompt.id, prompt.context.image_id)

    async def _change(self) -> None:
        """Wait for a reply to come in or to be judged. Whoever waits looks again at what it waits for."""
        self._changed.clear()
        await self._changed.wait()

    # --- what is to be asked ---

    async def _requests(self) -> AsyncIterator[Request]:
        """Yield what is to be asked until nothing is left and nothing under way.

        Each intent is committed before, and those of the next few requests while the present ones leave.
        """
        fresh = self._fresh()
        coming = asyncio.ensure_future(self._intended(fresh))
        try:
            while batch := await coming:
                coming = asyncio.ensure_future(self._intended(fresh))
                for _ in batch:
                    if self.stopping.is_set():
                        return
                    request = self._leaving.popleft()
                    self._journal.left(*_key(request))
                    self.moves += 1
                    yield request
        finally:
            coming.cancel()

    async def _intended(self, fresh: AsyncIterator[_Asking | None]) -> Sequence[_Asking]:
        """Return what may leave next, in the journal already."""
        batch = await self._batch(fresh)
        if batch:
            self._leaving.extend(asking.request for asking in batch)
            await self._writing.written(
                partial(self._journal.intended, [self._intent(asking) for asking in batch], self._now)
            )
        return batch

    def _intent(self, asking: _Asking) -> Intent:
        key, prompt = _key(asking.request), asking.request.prompt
        self.reasons[asking.reason] += 1
        return Intent(
            *key, prompt.task, prompt.context.image_id, prompt.version, self._out[key].set_aside.worst, asking.reason
        )

    async def _batch(self, fresh: AsyncIterator[_Asking | None]) -> list[_Asking]:
        """Return requests that may leave, as soon as there are any; an empty list when no more come."""
        while not (self.stopping.is_set() or self.is_ending):
            batch: list[_Asking] = []
            self._now = time.time()
            self._month = month_of(self._now)
            most = min(max(_LEAST, len(self._out) // 8), _MOST)
            while (
                len(batch) < most and len(self._inbox) < _WAITING and (asking := await self._next_of(fresh)) is not None
            ):
                if self._is_under_way(asking):
                    continue
                if not self._reserved(asking):
                    self._held = asking
                    break
                batch.append(asking)
            if batch:
                return batch
            if self._broke or not (self._out or self._next or self._waits_for):
                return []  # all is settled; or else `run` says what is not, though nothing is under way
            if not self._next or self._held is not None:
                await self._change()
        return []

    async def _next_of(self, fresh: AsyncIterator[_Asking | None]) -> _Asking | None:
        held, self._held = self._held, None
        return held or (self._next.popleft() if self._next else await anext(fresh, None))

    def _is_under_way(self, asking: _Asking) -> bool:
        """Whether the same is asked already: two tasks' samples were alike. Then one opinion is for both."""
        out = self._out.get(_key(asking.request))
        if out is None:
            return False
        self._out[_key(asking.request)] = out._replace(
            asking=out.asking._replace(followers=(*out.asking.followers, asking))
        )
        return True

    def _reserved(self, asking: _Asking) -> bool:
        """Set aside what the request may cost. When that can never fit any more, the run ends."""
        worst = self._spending.worst(asking.request.prompt)
        try:
            set_aside = self._spending.budget.reserve(worst, self._month)
        except FileHeldError:  # asked again in a moment
            self._waits_for = "another process that holds the month's ledger"
            asyncio.get_running_loop().call_later(_HELD, self._changed.set)
            return False
        self._waits_for = ""
        if set_aside:
            self._out[_key(asking.request)] = _Out(asking, set_aside, time.monotonic())
            return True
        self._broke = self._spending.budget.why_never(worst, self._month)
        return False

    def _withdraw(self, requests: Collection[Request]) -> None:
        """Take back requests that were about to leave and never did."""
        for request in requests:
            out = self._out.pop(_key(request))
            self._followed(out.asking)
            self._spending.budget.release(out.set_aside)
        if requests:
            self._writing.write(partial(self._journal.withdrawn, [_key(request) for request in requests]))

    async def _fresh(self) -> AsyncIterator[_Asking | None]:
        """Yield the first request about each image and task, and None while too many shards are open; end when stopped.

        What was never asked comes first, of all open shards, and then what the journal has replies to: a run that is
        continued asks at once. It gives way after each image: thousands may be settled from the journal before there
        is one to ask about.
        """
        later: deque[_Seen] = deque()
        for shard in self._assembly.shards():
            self._assembly.tidy(shard)
            if shard.missing == 0 and self._emit is None:
                continue
            while len(self._open) >= _OPEN_SHARDS and not self.stopping.is_set():
                for asking in self._looked_up(later):
                    yield asking
                await asyncio.sleep(0)
            self._open.append(shard)
            for begun in self._never_asked(shard, later):
                if self.stopping.is_set():
                    return
                for asking in begun:
                    yield asking
                await asyncio.sleep(0)
            self._advance()
        while later and not self.stopping.is_set():
            for asking in self._looked_up(later):
                yield asking
            await asyncio.sleep(0)
        self._all_opened = not later

    def _never_asked(self, shard: OpenShard, later: "deque[_Seen]") -> Iterator[Iterator[_Asking]]:
        """Leave the shard's images that were asked about for later, and yield what is to be asked about each other."""
        wanted = shard.standing | shard.reopened if self._emit else shard.reopened
        known = {job: self._assembly.known(shard, job) for job in wanted}
        between = shard.first, shard.first + shard.images
        ids = self._contexts.image_ids(*between)
        asked = set() if self._was_empty else self._journal.asked_about(ids)
        later.extend(_Seen(shard, place, known) for place, image in enumerate(ids) if image in asked)
        if len(asked) < shard.images:
            for place, context in enumerate(self._contexts.slice(*between)):
                if context.image_id not in asked:
                    yield self._begun(shard, place, context, known)

    def _looked_up(self, later: "deque[_Seen]") -> Iterator[_Asking | None]:
        """Settle the next image that was asked about before, and yield what it still needs; None without any image."""
        if not later:
            yield None
            return
        shard, place, known = later.popleft()
        [context] = self._contexts.slice(shard.first + place, shard.first + place + 1)
        yield from self._begun(shard, place, context, known)
        self._advance()

    def _history(self, context: ImageContext) -> Sequence[Asked]:
        return () if self._was_empty else self._journal.history(context.image_id)

    def _begun(
        self, shard: OpenShard, place: int, context: ImageContext, known: Mapping[int, Mapping[ImageId, bytes]]
    ) -> Iterator[_Asking]:
        """Settle what is known about the image, and yield what is to be asked at once.

        Where the tasks share the beginning of their prompts, the first alone: once it is answered, the provider has
        that beginning in its cache, and the others follow.
        """
        askings: list[_Asking] = []
        for job in range(len(self._jobs)):
            line = known.get(job, {}).get(context.image_id)
            if job in shard.standing:
                shard.outcomes[place, job] = Outcome(line or b"", None)
            elif line is not None:
                self._settle(Place(shard, place, job), Outcome(line, None))
            elif asking := self._asking(Place(shard, place, job), context):
                askings.append(asking)
        if len(askings) > 1 and askings[0].request.prompt.shared:
            yield askings[0]._replace(followers=tuple(askings[1:]))
        else:
            yield from askings

    def _asking(self, place: Place, context: ImageContext) -> _Asking | None:
        """Settle what the journal already answers; otherwise return what is to be asked."""
        job = self._jobs[place.job]
        history = self._history(context)
        replies = partial(self._replies, seen={asked.prompt_id for asked in history})
        found = standing(job, context, replies, again=self._again)
        if found.request is None:
            assert found.result is not None
            self._settle(place, outcome_of(found.result))
            return None
        asking = _Asking(found.request, found.base, place, found.reason(history), job.attempts, found.shortened)
        if found.doubted is None:
            return self._with_more_attempts(asking, found.request.attempt - 1)
        answered = Request(found.doubted.prompt, found.doubted.attempt)
        attempt = self._with_more_attempts(asking._replace(request=answered), answered.attempt)
        assert job.verifier
        return self._to_be_verified(job.verifier, attempt, found.doubted, found.request)

    def _with_more_attempts(self, asking: _Asking, made: int) -> _Asking:
        """Return the same with as many attempts again, after those that were made, where it is asked about anew."""
        return asking._replace(last=made + asking.last) if self._again else asking

    def _to_be_verified(self, verifier: Verifier, attempt: _Asking, doubted: Doubted, request: Request) -> _Asking:
        """Return the request for a second opinion on what an attempt brought."""
        asking = _Asking(
            request,
            attempt.base,
            attempt.place,
            SECOND_OPINION,
            verifier.attempts,
            attempt.shortened,
            doubted,
            attempt,
        )
        return self._with_more_attempts(asking, request.attempt - 1)

    def _replies(self, prompt: Prompt, seen: Collection[str]) -> Sequence[Kept]:
        """Return the replies to a prompt: this run's own, or else those that another run paid for."""
        own = self._journal.replies(prompt.id, prompt.context.image_id) if prompt.id in seen else []
        if own or self._reuse is None:
            return own
        paid = [
            each._replace(reused=True)
            for each in self._reuse.replies(prompt.id, prompt.context.image_id)
            if each.body is not None
        ]
        if paid:
            self.reused += len(paid)
            where = (prompt.task, prompt.context.image_id, prompt.version, 0, "reused")
            self._writing.write(
                partial(self._journal.intended, [Intent(each.prompt_id, each.attempt, *where) for each in paid])
            )
            self._writing.write(partial(self._journal.kept, paid))
            books = [booked_for(each, 0, self._spending, prompt.task) for each in paid]
            self._writing.write(partial(self._journal.booked, books))
        return paid

    # --- what came back ---

    async def _judge(self, replies: Sequence[Reply]) -> None:
        """Judge replies that are safe in the journal, book what they cost, and give way every few milliseconds."""
        left = deque(replies)
        while left:
            began = time.monotonic()
            books: list[Booked] = []
            while left and len(books) < _JUDGED and time.monotonic() - began < _JUDGING:
                books.append(self._answered(left.popleft()))
            self._writing.write(partial(self._journal.booked, books))
            self._changed.set()
            await asyncio.sleep(0)

    def _answered(self, reply: Reply) -> Booked:
        """Judge a reply, ask again while the attempts last, and return what it cost."""
        request = reply.request
        out = self._out.pop(_key(request))
        asking = self._followed(out.asking)
        if isinstance(reply.outcome, bytes):
            self._took.append(time.monotonic() - out.since if reply.took is None else reply.took)
        read = reply.outcome if isinstance(reply.outcome, Failure) else read_completion(reply.outcome)
        books = booked_for(_kept(reply), out.set_aside.worst, self._spending, request.prompt.task, read)
        self._spending.budget.settle(out.set_aside, books.cost)
        job = self._jobs[asking.place.job]
        if asking.doubted:
            self._seen_twice(asking, asking.doubted, job, read)
            return books
        result = judged(job.task, request.prompt, read, request.attempt)
        if isinstance(result, Rejection):
            self._rejected(asking, job, result)
        elif job.verifier and isinstance(read, Completion):
            self._doubt(asking, Doubted(result, request.prompt, request.attempt, read.text), job, job.verifier)
        else:
            self._settle(asking.place, outcome_of(result), answered=True)
        return books

    def _followed(self, leader: _Asking) -> _Asking:
        """Let those go that waited for a request, whatever became of it, and return it as one that nobody waits for."""
        for follower in leader.followers:
            if follower.doubted and follower.attempt and _key(follower.request) == _key(leader.request):
                job = self._jobs[follower.place.job]
                assert job.verifier
                self._doubt(follower.attempt, follower.doubted, job, job.verifier)
            else:
                self._next.append(follower)
        return leader._replace(followers=())

    def _doubt(self, asking: _Asking, doubted: Doubted, job: Job, verifier: Verifier) -> None:
        """Have a second opinion asked for, unless an earlier attempt or another task brought the same, and it was."""

        def heard(prompt: Prompt) -> Sequence[Kept]:
            return self._journal.replies(prompt.id, prompt.context.image_id)

        opinion = opinion_so_far(verifier, job.task, doubted, heard, again=self._again)
        if opinion.request:
            self._next.append(self._to_be_verified(verifier, asking, doubted, opinion.request))
        else:
            assert opinion.result
            self._after_opinion(asking, job, opinion.result)

    def _seen_twice(self, asking: _Asking, doubted: Doubted, job: Job, read: Completion | Failure) -> None:
        """Go on by a second opinion; ask for another where it was none."""
        assert job.verifier
        assert asking.attempt
        result = after_opinion(job.verifier, job.task, doubted, read, is_last=asking.is_last)
        if result is None:
            again = Request(asking.request.prompt, asking.request.attempt + 1)
            self._next.append(asking._replace(request=again))
        else:
            self._after_opinion(asking.attempt, job, result)

    def _after_opinion(self, attempt: _Asking, job: Job, result: Sample | Rejection) -> None:
        if isinstance(result, Sample):
            self._settle(attempt.place, outcome_of(result), answered=True)
        else:
            self._rejected(attempt, job, result)

    def _rejected(self, asking: _Asking, job: Job, result: Rejection) -> None:
        """Ask again what may fare better, or settle it as rejected."""
        request = asking.request
        reason = f"rejected: {result.flaws[0].code}"
        short = None if asking.shortened else shorter(job, asking.base, result)
        if short is not None:
            self._next.append(_Asking(Request(short, 1), short, asking.place, reason, job.attempts, shortened=True))
        elif not asking.is_last and not is_settled(result):
            prompt = job.following(asking.base, result)
            self._next.append(asking._replace(request=Request(prompt, request.attempt + 1), reason=reason))
        else:
            self._settle(asking.place, outcome_of(result), answered=True)

    def _settle(self, place: Place, outcome: Outcome, *, answered: bool = False) -> None:
        shard = place.shard
        shard.outcomes[place.place, place.job] = outcome
        shard.missing -= 1
        self._left = self.missing() - 1
        self.moves += 1
        self._settled(outcome, answered)
        if shard.missing == 0:
            self._assembly.publish(shard, lambda whole: self._writing.write(partial(shard_published, whole)))
            self._published()
            if self._emit is None:
                shard.outcomes.clear()
        self._advance()

    def _advance(self) -> None:
        """Hand on what is next in order, and let go of the shards that are done."""
        while self._open:
            all_emitted = self._emit is None or self._open[0].emit(self._emit)
            if self._open[0].missing or not all_emitted:
                break
            self._open.popleft()


def _answers(replies: Sequence[Reply]) -> list[Kept]:
    return [_kept(reply) for reply in replies if not _never_left(reply)]


def _never_left(reply: Reply) -> bool:
    return isinstance(reply.outcome, Failure) and reply.outcome.code == NOT_ASKED


def _key(request: Request) -> tuple[str, int]:
    return request.prompt.id, request.attempt


def _kept(reply: Reply) -> Kept:
    key, attempt = _key(reply.request)
    if isinstance(reply.outcome, Failure):
        return Kept(key, attempt, None, msgspec.json.encode(reply.outcome))
    return Kept(key, attempt, reply.outcome)
