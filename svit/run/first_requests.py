"""The first request of a pass about each image and task: what the journal answers is settled, the rest is asked."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from svit.contexts.store import ContextStore
from svit.cost.spending import Spending
from svit.providers.base import Request
from svit.records import ImageContext, ImageId, Prompt
from svit.run.attempts import Job, booked_for, standing
from svit.run.journal import Journal
from svit.run.journal_rows import Intent, PastRequest, StoredReply
from svit.run.journal_writer import JournalWriter
from svit.run.planned_request import PlannedRequest, second_opinion
from svit.run.shard_assembly import Assembly, OpenShard, Outcome, OutcomePlace, outcome_of
from svit.run.shard_progress import ShardProgress


class _Seen(NamedTuple):
    """An image that was asked about before: its place in its shard, and the sample lines that stand, by job."""

    shard: OpenShard
    place: int
    known: Mapping[int, Mapping[ImageId, bytes]]


class FirstRequests:
    """The pass over the images, shard by shard. It opens the shards and settles what needs no request.

    With `again` what was rejected is asked about anew.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        contexts: ContextStore,
        assembly: Assembly,
        progress: ShardProgress,
        replies: "RepliesSoFar",
        *,
        again: bool,
        stopping: asyncio.Event,
    ) -> None:
        """Store what the pass needs; nothing is looked up yet."""
        self._jobs = jobs
        self._contexts = contexts
        self._assembly = assembly
        self._progress = progress
        self._replies = replies
        self._again = again
        self._stopping = stopping

    async def planned(self) -> AsyncIterator[PlannedRequest | None]:
        """Yield the first request about each image and task, and None while too many shards are open; end when stopped.

        What was never asked comes first, of all open shards, and then what the journal has replies to: a run that is
        continued asks at once. It gives way after each image: thousands may be settled from the journal before there
        is one to ask about.
        """
        later: deque[_Seen] = deque()
        for shard in self._assembly.shards():
            self._assembly.tidy(shard)
            if shard.missing == 0 and not self._progress.emits:
                continue
            while self._progress.is_full and not self._stopping.is_set():
                for planned in self._looked_up(later):
                    yield planned
                await asyncio.sleep(0)
            self._progress.open(shard)
            for begun in self._never_asked(shard, later):
                if self._stopping.is_set():
                    return
                for planned in begun:
                    yield planned
                await asyncio.sleep(0)
            self._progress.advance()
        while later and not self._stopping.is_set():
            for planned in self._looked_up(later):
                yield planned
            await asyncio.sleep(0)
        self._progress.all_opened = not later

    def _never_asked(self, shard: OpenShard, later: "deque[_Seen]") -> Iterator[Iterator[PlannedRequest]]:
        """Leave the shard's images that were asked about for later, and yield what is to be asked about each other."""
        wanted = shard.standing | shard.reopened if self._progress.emits else shard.reopened
        known = {job: self._assembly.known(shard, job) for job in wanted}
        between = shard.first, shard.first + shard.images
        ids = self._contexts.image_ids(*between)
        asked = self._replies.asked_about(ids)
        later.extend(_Seen(shard, place, known) for place, image in enumerate(ids) if image in asked)
        if len(asked) < shard.images:
            for place, context in enumerate(self._contexts.slice(*between)):
                if context.image_id not in asked:
                    yield self._begun(shard, place, context, known)

    def _looked_up(self, later: "deque[_Seen]") -> Iterator[PlannedRequest | None]:
        """Settle the next image that was asked about before, and yield what it still needs; None without any image."""
        if not later:
            yield None
            return
        shard, place, known = later.popleft()
        [context] = self._contexts.slice(shard.first + place, shard.first + place + 1)
        yield from self._begun(shard, place, context, known)
        self._progress.advance()

    def _begun(
        self, shard: OpenShard, place: int, context: ImageContext, known: Mapping[int, Mapping[ImageId, bytes]]
    ) -> Iterator[PlannedRequest]:
        """Settle what is known about the image, and yield what is to be asked at once.

        Where the tasks share the beginning of their prompts, the first alone: once it is answered, the provider has
        that beginning in its cache, and the others follow.
        """
        needed: list[PlannedRequest] = []
        for job in range(len(self._jobs)):
            line = known.get(job, {}).get(context.image_id)
            if job in shard.standing:
                shard.outcomes[place, job] = Outcome(line or b"", None)
            elif line is not None:
                self._progress.settle(OutcomePlace(shard, place, job), Outcome(line, None))
            elif planned := self._needed(OutcomePlace(shard, place, job), context):
                needed.append(planned)
        if len(needed) > 1 and needed[0].request.prompt.shared:
            yield needed[0]._replace(followers=tuple(needed[1:]))
        else:
            yield from needed

    def _needed(self, place: OutcomePlace, context: ImageContext) -> PlannedRequest | None:
        """Settle what the journal already answers; otherwise return what is to be asked."""
        job = self._jobs[place.job]
        history = self._replies.history(context.image_id)
        replies = partial(self._replies.to, seen={asked.prompt_id for asked in history})
        found = standing(job, context, replies, again=self._again)
        if found.request is None:
            assert found.result is not None
            self._progress.settle(place, outcome_of(found.result))
            return None
        planned = PlannedRequest(found.request, found.base, place, found.reason(history), job.attempts, found.shortened)
        if found.doubted is None:
            return planned.asked_anew(found.request.attempt - 1) if self._again else planned
        answered = Request(found.doubted.prompt, found.doubted.attempt)
        attempt = planned._replace(request=answered)
        attempt = attempt.asked_anew(answered.attempt) if self._again else attempt
        assert job.verifier
        return second_opinion(job.verifier, attempt, found.doubted, found.request, again=self._again)


class RepliesSoFar:
    """What is known about an image before it is asked about: by this run's journal, and by `reuse`, another run's.

    What is taken from the other is written down here as paid there. `reused` counts it. `was_empty` says that the
    run's own journal had nothing when the pass began.
    """

    def __init__(
        self, journal: Journal, writing: JournalWriter, spending: Spending, *, reuse: Journal | None, was_empty: bool
    ) -> None:
        """Look at nothing yet."""
        self.reused = 0
        self._journal = journal
        self._writing = writing
        self._spending = spending
        self._reuse = reuse
        self._was_empty = was_empty

    def asked_about(self, image_ids: Sequence[ImageId]) -> Collection[ImageId]:
        """Return those of the images that were asked about before."""
        return () if self._was_empty else self._journal.asked_about(image_ids)

    def history(self, image_id: ImageId) -> Sequence[PastRequest]:
        """Return all requests about this image before."""
        return () if self._was_empty else self._journal.history(image_id)

    def to(self, prompt: Prompt, seen: Collection[str]) -> Sequence[StoredReply]:
        """Return the replies to a prompt: this run's own, or else those that another run paid for.

        `seen` are the ids of the prompts that this run has asked about the image.
        """
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
            self._take(paid, prompt)
        return paid

    def _take(self, paid: Sequence[StoredReply], prompt: Prompt) -> None:
        where = (prompt.task, prompt.context.image_id, prompt.version, 0, "reused")
        self._writing.write(
            partial(self._journal.intended, [Intent(each.prompt_id, each.attempt, *where) for each in paid])
        )
        self._writing.write(partial(self._journal.kept, paid))
        books = [booked_for(each, 0, self._spending, prompt.task) for each in paid]
        self._writing.write(partial(self._journal.booked, books))
