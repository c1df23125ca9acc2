"""Generation: contexts to prompts to replies to samples, shard by shard, bounded in memory and resumable anywhere.

The unit of resuming is the shard. The journal remembers by which recipe a shard was made, so that a finished one
is passed over without rendering a prompt; an unfinished one is made from the replies that are already paid for, and
only what is missing is asked.
"""

import asyncio
import hashlib
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
import orjson

from svit import __version__
from svit.errors import BudgetReachedError, DataError
from svit.journal import Booked, Intent, Journal, Kept, Shard
from svit.providers.base import NOT_ASKED, Failure, Provider, Reply, Request, read_completion, read_outcome
from svit.records import Completion, Flaw, ImageContext, ImageId, Prompt, Rejection, Sample
from svit.render import Recipe
from svit.runs import RunFolder
from svit.shards import SHARD_IMAGES, lines_of, publish, rejection_line, sample_line
from svit.sources.contexts import ContextStore
from svit.spending import Spending
from svit.tasks.base import Task, provenance_of

_INTENTS = 16
"""Requests whose intents are committed together."""
_REPLIES = 64
"""Replies that are committed together at most, while as many again may come in."""
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
            *((recipe.lead,) if recipe.context_first else ()),
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
        spending: Spending | None = None,
        settled: Callable[[Outcome], None] = lambda _: None,
        emit: Callable[[bytes], None] | None = None,
    ) -> None:
        """Store what the pass needs; nothing is asked yet."""
        self._jobs = jobs
        self._contexts = contexts
        self._journal = journal
        self._folder = folder
        self._images = len(contexts) if limit is None else min(limit, len(contexts))
        self._spending = spending or Spending()
        self._worst: dict[tuple[str, int], int] = {}
        self._held: Request | None = None
        self._leaving: deque[Request] = deque()
        self._stopped = False
        self._broke = ""
        self._settled = settled
        self._emit = emit
        self._fingerprints = [job.fingerprint(contexts.digest) for job in jobs]
        self._places: dict[str, _Place] = {}
        self._again: deque[Request] = deque()
        self._inbox: list[Reply] = []
        self._open: deque[_OpenShard] = deque()
        self._changed = asyncio.Event()

    def missing(self) -> int:
        """Return how many outcomes the pass has still to find; of a shard that is not whole, all."""
        return sum(shard.missing for shard in self._shards())

    async def run(self, provider: Provider) -> None:
        """Ask until every image of every task has its outcome and every shard stands on disk.

        However it ends, each reply that the provider gave is in the journal then. Raises BudgetReachedError when the
        ceiling on money is in the way, after what is under way was answered.
        """
        pump = asyncio.create_task(self._pump(provider.complete(self._requests())))
        pump.add_done_callback(lambda _: self._changed.set())
        committer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        try:
            while batch := await self._arrived(pump):
                await asyncio.get_running_loop().run_in_executor(committer, self._keep, batch)
                del self._inbox[: len(batch)]
                self._withdraw([reply.request for reply in batch if _never_left(reply)])
                self._journal.book([self._answered(reply) for reply in batch if not _never_left(reply)])
        finally:
            pump.cancel()
            committer.shutdown(wait=True)
            self._keep(self._inbox)
            self._withdraw([*self._leaving, *(reply.request for reply in self._inbox if _never_left(reply))])
        if self._broke:
            raise BudgetReachedError(self._broke)
        if not self._stopped and (self._places or self._open):
            raise RuntimeError(f"the provider ended and left {len(self._places)} requests without a reply")

    def stop(self) -> None:
        """Ask nothing more; `run` ends when what is under way was answered."""
        self._stopped = True
        self._changed.set()

    def _keep(self, replies: Sequence[Reply]) -> None:
        self._journal.keep([_kept(reply) for reply in replies if not _never_left(reply)])

    async def _pump(self, replies: AsyncIterator[Reply]) -> None:
        """Take replies in while others are being committed. A stop finds all of them in the inbox, none on its way."""
        async for reply in replies:
            self._inbox.append(reply)
            self._changed.set()
            while len(self._inbox) >= 2 * _REPLIES:
                await self._change()

    async def _arrived(self, pump: asyncio.Task[None]) -> list[Reply]:
        """Wait for replies and return the next to commit; an empty list when the pump is done."""
        while not self._inbox and not pump.done():
            await self._change()
        if not self._inbox:
            pump.result()
        return self._inbox[:_REPLIES]

    async def _change(self) -> None:
        """Wait for a reply to come in or to be judged. Whoever waits looks again at what it waits for."""
        self._changed.clear()
        await self._changed.wait()

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
        return shard.size == self._size(shard.task, shard.shard)

    def _size(self, task: str, number: int) -> int:
        """Return the bytes of a shard's files, to see whether they are as they were published."""
        files = (self._folder.samples(task, number), self._folder.rejected(task, number))
        return sum(file.stat().st_size for file in files if file.is_file())

    def refuse_to_shrink(self) -> None:
        """Raise DataError when changed settings would replace a run's shards by ones of fewer images."""
        recipes = {job.task.name: recipe for job, recipe in zip(self._jobs, self._fingerprints, strict=True)}
        for shard in self._journal.shards():
            last = shard.shard * SHARD_IMAGES + shard.images
            if recipes.get(shard.task, shard.recipe) != shard.recipe and last > self._images:
                raise DataError(
                    f"{self._folder.path}: the settings of {shard.task} have changed since its images were made, and "
                    f"with this --limit only {self._images:,} of {last:,} would be made again. Raise --limit, or "
                    f"choose another folder with --run."
                )

    async def _requests(self) -> AsyncIterator[Request]:
        """Yield what is to be asked, each intent committed before, until nothing is left and nothing under way."""
        fresh = self._fresh()
        while batch := await self._batch(fresh):
            self._journal.intend(
                Intent(*key, r.prompt.task, r.prompt.context.image_id, r.prompt.version, self._worst[key])
                for r in batch
                for key in [_key(r)]
            )
            self._leaving.extend(batch)
            while self._leaving:
                yield self._leaving.popleft()

    async def _batch(self, fresh: AsyncIterator[Request | None]) -> list[Request]:
        while not self._stopped:
            batch: list[Request] = []
            while len(batch) < _INTENTS and (request := await self._next(fresh)) is not None:
                if not self._reserved(request):
                    self._held = request
                    break
                batch.append(request)
            if batch:
                return batch
            if self._broke or (not self._places and not self._open):
                return []
            if not self._again or self._held is not None:
                await self._change()
        return []

    async def _next(self, fresh: AsyncIterator[Request | None]) -> Request | None:
        held, self._held = self._held, None
        return held or (self._again.popleft() if self._again else await anext(fresh, None))

    def _reserved(self, request: Request) -> bool:
        """Set aside what the request may cost. When that can never fit any more, the run ends."""
        worst = self._spending.worst(request.prompt)
        if self._spending.budget.reserve(worst):
            self._worst[_key(request)] = worst
            return True
        if self._spending.budget.never_fits(worst):
            self._broke = self._spending.budget.why_never(worst)
        return False

    def _withdraw(self, requests: Collection[Request]) -> None:
        """Take back requests that were about to leave and never did."""
        for request in requests:
            self._spending.budget.release(self._worst.pop(_key(request)))
        if requests:
            self._journal.withdraw([_key(request) for request in requests])

    async def _fresh(self) -> AsyncIterator[Request | None]:
        """Yield the first request about each image and task, and None while too many shards are open.

        It gives way after each image: thousands may be settled from the journal before there is one to ask about.
        """
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
                await asyncio.sleep(0)
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
        if not prompt.fits:
            self._settle(
                place, _unanswered(prompt, 0, Flaw("context_too_long", "longer than the window, even cut down"))
            )
            return None
        kept = self._journal.replies(prompt.id)
        for reply in kept:
            read = read_outcome(reply.body, reply.failure)
            result = judged(job.task, prompt, read, reply.attempt)
            if _is_settled(read, result, reply.attempt, job):
                self._settle(place, result)
                return None
        request = Request(prompt, kept[-1].attempt + 1 if kept else 1)
        self._places[prompt.id] = place
        return request

    def _answered(self, reply: Reply) -> Booked:
        """Judge a reply that is safe in the journal, ask again while the attempts last, and return what it cost."""
        request = reply.request
        place = self._places[request.prompt.id]
        job = self._jobs[place.job]
        worst = self._worst.pop(_key(request))
        read = reply.outcome if isinstance(reply.outcome, Failure) else read_completion(reply.outcome)
        booked = booked_for(_kept(reply), read, worst, self._spending)
        self._spending.budget.settle(worst, booked.cost)
        result = judged(job.task, request.prompt, read, request.attempt)
        if _is_settled(read, result, request.attempt, job):
            del self._places[request.prompt.id]
            self._settle(place, result)
        else:
            self._again.append(Request(request.prompt, request.attempt + 1))
        self._changed.set()
        return booked

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
            self._journal.withdrawn(task, shard.number)
            publish(self._folder.rejected(task, shard.number), (o.line for o in outcomes if o.flaw is not None))
            publish(self._folder.samples(task, shard.number), (o.line for o in outcomes if o.flaw is None))
            flaws = Counter(o.flaw for o in outcomes if o.flaw is not None)
            samples = shard.images - flaws.total()
            size = self._size(task, shard.number)
            recipe = self._fingerprints[index]
            self._journal.published(Shard(task, shard.number, recipe, shard.images, samples, flaws, size))
        if self._emit is None:
            shard.outcomes.clear()


def recovered(journal: Journal, spending: Spending) -> int:
    """Bring the books in order after a stop of any kind, and return how many requests will never be heard of.

    Only for the process that holds the run's lock.
    """
    unknown = journal.settle_unknown()
    journal.book(
        [booked_for(kept, read_outcome(kept.body, kept.failure), worst, spending) for kept, worst in journal.unbooked()]
    )
    return unknown


def booked_for(kept: Kept, read: Completion | Failure, worst: int, spending: Spending) -> Booked:
    """Return what a reply was billed. What may have been billed without our knowing is booked at its worst case."""
    if isinstance(read, Failure):
        return Booked(kept.prompt_id, kept.attempt, None, None, 0 if read.free else worst)
    usage = read.usage
    prompt_tokens, completion_tokens = (usage.prompt_tokens, usage.completion_tokens) if usage else (None, None)
    return Booked(kept.prompt_id, kept.attempt, prompt_tokens, completion_tokens, spending.cost(read, worst))


def judged(task: Task, prompt: Prompt, read: Completion | Failure, attempt: int) -> Sample | Rejection:
    """Return what becomes of a reply: the judge's word on a completion, a rejection for a failure."""
    if isinstance(read, Failure):
        return _unanswered(prompt, attempt, Flaw(read.code, read.words))
    return task.judge(prompt, read, attempt)


def _is_settled(read: Completion | Failure, result: Sample | Rejection, attempt: int, job: Job) -> bool:
    hopeless = isinstance(read, Failure) and read.final
    return isinstance(result, Sample) or hopeless or attempt >= job.attempts


def _never_left(reply: Reply) -> bool:
    return isinstance(reply.outcome, Failure) and reply.outcome.code == NOT_ASKED


def _key(request: Request) -> tuple[str, int]:
    return request.prompt.id, request.attempt


def _kept(reply: Reply) -> Kept:
    key, attempt = _key(reply.request)
    if isinstance(reply.outcome, Failure):
        return Kept(key, attempt, None, msgspec.json.encode(reply.outcome))
    return Kept(key, attempt, reply.outcome)


def _unanswered(prompt: Prompt, attempt: int, flaw: Flaw) -> Rejection:
    where = provenance_of(prompt, attempt, prompt.sampling.model)
    return Rejection(prompt.context.image_id, prompt.task, "", (flaw,), where)
