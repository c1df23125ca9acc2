"""Generation: contexts to prompts to replies to samples, shard by shard, bounded in memory and resumable anywhere.

The unit of resuming is the shard. The journal remembers by which recipe a shard was made, so that a finished one
is passed over without rendering a prompt; an unfinished one is made from the replies that are already paid for, and
only what is missing is asked.
"""

import asyncio
import hashlib
import itertools
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
import orjson

from svit import __version__
from svit.journal import Intent, Journal, Kept, Shard
from svit.providers.base import Failure, Provider, Reply, Request, read_completion
from svit.records import Flaw, ImageContext, ImageId, Prompt, Rejection, Sample
from svit.render import Recipe
from svit.runs import RunFolder
from svit.shards import SHARD_IMAGES, lines_of, publish, rejection_line, sample_line
from svit.sources.contexts import ContextStore
from svit.tasks.base import Task, provenance_of

_INTENTS = 16
"""Requests whose intents are committed together."""
_REPLIES = 64
"""Replies that are committed together at most: one commit takes what came in during the one before."""
_OPEN_SHARDS = 4
"""Shards on their way at once: a slow answer holds no more than these in memory."""


@dataclass(frozen=True)
class Job:
    """One task of a run and how it is asked."""

    task: Task
    recipe: Recipe
    attempts: int

    def fingerprint(self, contexts: str) -> str:
        """Return a hash of all that a shard of this job follows from, beside the replies: 32 hexadecimal digits."""
        recipe = self.recipe
        made_from = (
            *(__version__, contexts, self.task.name, recipe.template.version, recipe.sampling, recipe.room),
            *(recipe.tokens.exact, recipe.seed, recipe.questions, self.attempts),
        )
        return hashlib.blake2b(msgspec.json.encode(made_from), digest_size=16).hexdigest()


class Outcome(msgspec.Struct, frozen=True):
    """The end of one image's path in one task: its line, and the code of its first flaw when it is a rejection."""

    line: bytes
    flaw: str | None


@dataclass
class _OpenShard:
    """A shard on its way. Outcomes come by (place in the shard, job), both counted from 0.

    `standing` are the jobs whose file of this shard is on disk already.
    """

    number: int
    first: int
    images: int
    jobs: int
    standing: frozenset[int]
    outcomes: dict[tuple[int, int], Outcome] = field(default_factory=dict)
    missing: int = 0
    emitted: int = 0

    def __post_init__(self) -> None:
        self.missing = self.images * (self.jobs - len(self.standing))

    def emit(self, to: Callable[[bytes], None]) -> bool:
        """Hand on the samples that come next in order, and return whether all of the shard's were."""
        while self.emitted < self.images * self.jobs:
            outcome = self.outcomes.get(divmod(self.emitted, self.jobs))
            if outcome is None:
                return False
            if outcome.line and outcome.flaw is None:
                to(outcome.line)
            self.emitted += 1
        return True


class _Place(NamedTuple):
    """Where an outcome belongs."""

    shard: _OpenShard
    place: int
    job: int


class Generation:
    """One pass over a run's contexts, for one or several tasks.

    `settled` is called with each outcome as it is known; `emit` gets the samples' lines in context order, the tasks of
    an image after one another.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        contexts: ContextStore,
        journal: Journal,
        folder: RunFolder,
        *,
        limit: int | None = None,
        settled: Callable[[Outcome], None] = lambda _: None,
        emit: Callable[[bytes], None] | None = None,
    ) -> None:
        """Store what the pass needs; nothing is asked yet."""
        self._jobs = jobs
        self._contexts = contexts
        self._journal = journal
        self._folder = folder
        self._images = len(contexts) if limit is None else min(limit, len(contexts))
        self._settled = settled
        self._emit = emit
        self._fingerprints = [job.fingerprint(contexts.digest) for job in jobs]
        self._places: dict[str, _Place] = {}
        self._again: deque[Request] = deque()
        self._open: deque[_OpenShard] = deque()
        self._changed = asyncio.Event()

    def missing(self) -> int:
        """Return how many outcomes the pass has still to find; of a shard that is not whole, all."""
        return sum(shard.missing for shard in self._shards())

    async def run(self, provider: Provider) -> None:
        """Ask until every image of every task has its outcome and every shard stands on disk."""
        replies: asyncio.Queue[Reply] = asyncio.Queue(maxsize=_REPLIES)
        pump = asyncio.create_task(_pump(provider.complete(self._requests()), replies))
        committer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        try:
            while batch := await _taken(replies, pump):
                kept = [_kept(reply) for reply in batch]
                await asyncio.get_running_loop().run_in_executor(committer, self._journal.keep, kept)
                for reply in batch:
                    self._answered(reply)
        finally:
            pump.cancel()
            committer.shutdown(wait=True)

    def _shards(self) -> Iterator[_OpenShard]:
        """Yield the shards of this pass in order, those that stand on disk as well."""
        published = {(shard.task, shard.shard): shard for shard in self._journal.shards()}
        for number in range(-(-self._images // SHARD_IMAGES)):
            first = number * SHARD_IMAGES
            images = min(SHARD_IMAGES, self._images - first)
            standing = frozenset(
                index
                for index, job in enumerate(self._jobs)
                if self._stands(published.get((job.task.name, number)), self._fingerprints[index], images)
            )
            yield _OpenShard(number, first, images, len(self._jobs), standing)

    def _stands(self, shard: Shard | None, recipe: str, images: int) -> bool:
        if shard is None or shard.recipe != recipe or shard.images < images:
            return False
        return shard.samples == 0 or self._folder.samples(shard.task, shard.shard).is_file()

    async def _requests(self) -> AsyncIterator[Request]:
        """Yield what is to be asked, each intent committed before, until nothing is left and nothing under way."""
        fresh = self._fresh()
        while batch := await self._batch(fresh):
            self._journal.intend(
                Intent(r.prompt.id, r.attempt, r.prompt.task, r.prompt.context.image_id, r.prompt.version)
                for r in batch
            )
            for request in batch:
                yield request

    async def _batch(self, fresh: Iterator[Request | None]) -> list[Request]:
        while True:
            batch = [self._again.popleft() for _ in range(min(len(self._again), _INTENTS))]
            batch += (r for r in itertools.islice(fresh, _INTENTS - len(batch)) if r is not None)
            if batch:
                return batch
            if not self._places and not self._open:
                return []
            self._changed.clear()
            await self._changed.wait()

    def _fresh(self) -> Iterator[Request | None]:
        """Yield the first request about each image and task, and None while too many shards are open."""
        for shard in self._shards():
            if shard.missing == 0 and self._emit is None:
                continue
            while len(self._open) >= _OPEN_SHARDS:
                yield None
            self._open.append(shard)
            known = {job: self._known(shard, job) for job in shard.standing} if self._emit else {}
            for place, context in enumerate(self._contexts.slice(shard.first, shard.first + shard.images)):
                for job in range(len(self._jobs)):
                    if job in known:
                        shard.outcomes[place, job] = Outcome(known[job].get(context.image_id, b""), None)
                    elif job not in shard.standing and (request := self._begun(_Place(shard, place, job), context)):
                        yield request
            self._advance()

    def _known(self, shard: _OpenShard, job: int) -> dict[ImageId, bytes]:
        """Return the sample lines of a shard that stands on disk, by image."""
        path = self._folder.samples(self._jobs[job].task.name, shard.number)
        return {orjson.loads(line)["image_id"]: line for line in lines_of(path)}

    def _begun(self, place: _Place, context: ImageContext) -> Request | None:
        """Settle what the journal already answers; otherwise return what is to be asked."""
        job = self._jobs[place.job]
        prompt = job.task.prompt(context, job.recipe)
        if context.is_empty:
            self._settle(place, _unanswered(prompt, 0, Flaw("empty_context", "no captions, objects or regions")))
            return None
        kept = self._journal.replies(prompt.id)
        for reply in kept:
            result = judged(job.task, prompt, reply)
            if isinstance(result, Sample) or reply.attempt >= job.attempts:
                self._settle(place, result)
                return None
        request = Request(prompt, kept[-1].attempt + 1 if kept else 1)
        self._places[prompt.id] = place
        return request

    def _answered(self, reply: Reply) -> None:
        """Judge a reply that is safe in the journal; ask again while the attempts last."""
        request = reply.request
        place = self._places[request.prompt.id]
        job = self._jobs[place.job]
        result = judged(job.task, request.prompt, _kept(reply))
        if isinstance(result, Rejection) and request.attempt < job.attempts:
            self._again.append(Request(request.prompt, request.attempt + 1))
        else:
            del self._places[request.prompt.id]
            self._settle(place, result)
        self._changed.set()

    def _settle(self, place: _Place, result: Sample | Rejection) -> None:
        if isinstance(result, Sample):
            outcome = Outcome(sample_line(result), None)
        else:
            outcome = Outcome(rejection_line(result), result.flaws[0].code)
        shard = place.shard
        shard.outcomes[place.place, place.job] = outcome
        shard.missing -= 1
        self._settled(outcome)
        if shard.missing == 0:
            self._publish(shard)
        self._advance()

    def _advance(self) -> None:
        """Hand on what is next in order, and let go of the shards that are done."""
        while self._open:
            all_emitted = self._emit is None or self._open[0].emit(self._emit)
            if self._open[0].missing or not all_emitted:
                break
            self._open.popleft()

    def _publish(self, shard: _OpenShard) -> None:
        for index, job in enumerate(self._jobs):
            if index in shard.standing:
                continue
            outcomes = [shard.outcomes[place, index] for place in range(shard.images)]
            task = job.task.name
            publish(self._folder.rejected(task, shard.number), (o.line for o in outcomes if o.flaw is not None))
            publish(self._folder.samples(task, shard.number), (o.line for o in outcomes if o.flaw is None))
            flaws = Counter(o.flaw for o in outcomes if o.flaw is not None)
            samples = shard.images - flaws.total()
            self._journal.published(Shard(task, shard.number, self._fingerprints[index], shard.images, samples, flaws))
        if self._emit is None:
            shard.outcomes.clear()


async def _pump(replies: AsyncIterator[Reply], into: asyncio.Queue[Reply]) -> None:
    """Take replies in while others are being committed."""
    async for reply in replies:
        await into.put(reply)


async def _taken(replies: asyncio.Queue[Reply], pump: asyncio.Task[None]) -> list[Reply]:
    """Wait for a reply and return it with all that came in beside it; an empty list when the pump is done."""
    first = asyncio.ensure_future(replies.get())
    await asyncio.wait({first, pump}, return_when=asyncio.FIRST_COMPLETED)
    if not first.done():
        first.cancel()
        pump.result()
        return []
    return [first.result(), *(replies.get_nowait() for _ in range(replies.qsize()))]


def _kept(reply: Reply) -> Kept:
    key, attempt = reply.request.prompt.id, reply.request.attempt
    if isinstance(reply.outcome, Failure):
        return Kept(key, attempt, None, (reply.outcome.code, reply.outcome.words))
    return Kept(key, attempt, reply.outcome)


def judged(task: Task, prompt: Prompt, reply: Kept) -> Sample | Rejection:
    """Return what becomes of a reply: the judge's word on a completion, a rejection for a failure."""
    read = Failure(*reply.failure) if reply.failure else read_completion(reply.body or b"")
    if isinstance(read, Failure):
        return _unanswered(prompt, reply.attempt, Flaw(read.code, read.words))
    return task.judge(prompt, read, reply.attempt)


def _unanswered(prompt: Prompt, attempt: int, flaw: Flaw) -> Rejection:
    where = provenance_of(prompt, attempt, prompt.sampling.model)
    return Rejection(prompt.context.image_id, prompt.task, "", (flaw,), where)
