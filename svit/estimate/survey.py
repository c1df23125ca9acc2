"""What a run has still to ask, what it will take and cost: from its real prompts, before the first is sent.

Prompts are made of images that are drawn evenly from the store, and counted up to all of them. What the journal
answers already is not counted again; what it tells of answers and retries takes the place of assumptions.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

import msgspec

from svit.contexts.store import ContextStore
from svit.cost.prompt_cache import PromptCache, PromptSize
from svit.cost.spending import Spending
from svit.records import VERIFY, Effort, Prompt, Rejection, Sample
from svit.run import journal_stats
from svit.run.attempts import TOKEN_BYTES, ImageState, Job, standing
from svit.run.journal import Journal
from svit.run.journal_rows import StoredReply
from svit.run.journal_stats import AnswerLength
from svit.run.shards import SHARD_IMAGES
from svit.tasks.base import provenance_of

PROMPTS = 2000
"""Prompts that are made for an estimate unless all are asked for: a few seconds."""
ASSUMED_OPINION = 120
"""Tokens of a second opinion, where none was seen yet: a short line for each of about a dozen answers."""
ASSUMED_REASONING: Mapping[Effort, int] = {
    **{"none": 0, "minimal": 100, "low": 300, "medium": 1000},
    **{"high": 3000, "xhigh": 6000, "max": 10_000},
}
"""Tokens that a model thinks before an answer, by its effort, where none was seen yet: an order of magnitude."""
_LEAST_IMAGES = 50
"""Drawn from each part of a run where other tasks are missing than elsewhere."""


class TaskEstimate(msgspec.Struct, frozen=True):
    """What one task has still to ask, or all tasks together; second opinions are a task of their own, without images.

    `images` are those of the run; `done` of them are settled, `not_asked` will not be asked about, by the flaw that
    says why, and `prompts` are the others. `requests` and all tokens have the retries in them. `most` is what every
    attempt that is left may cost at worst, in nano-dollars. `error` is the standard error of `prompt_tokens`, 0 when
    every prompt was counted. `answer_tokens` is the mean of one answer, seen in `answers` of them, or assumed when 0.
    """

    task: str
    images: int
    done: int
    not_asked: Mapping[str, int]
    prompts: int
    requests: int
    prompt_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    completion_tokens: int
    most: int
    error: int
    answer_tokens: float
    answers: int
    replies: int
    seconds: float


class Estimate(msgspec.Struct, frozen=True):
    """What a run has still to ask, by task and in all; `drawn` of `images` images were looked at."""

    tasks: tuple[TaskEstimate, ...]
    total: TaskEstimate
    images: int
    drawn: int


@dataclass
class _Sums:
    """What was seen of one job, or of all jobs by the image: `variance` is that of `tokens`, once they are scaled."""

    prompts: int = 0
    tokens: int = 0
    cached: int = 0
    written: int = 0
    most: int = 0
    squares: int = 0
    variance: float = 0.0
    not_asked: Counter[str] = field(default_factory=Counter)

    def add(self, size: PromptSize, most: int) -> None:
        """Count what is to be asked about one image; `most` is what it may cost, in nano-dollars."""
        self.prompts += 1
        self.tokens += size.tokens
        self.cached += size.cached
        self.written += size.written
        self.most += most
        self.squares += size.tokens**2

    def take(self, seen: "_Sums", images: int, drawn: int) -> None:
        """Add what was seen in so many of these images, as if it had been seen in all of them."""
        for name in ("prompts", "tokens", "cached", "written", "most"):
            count = getattr(seen, name) * images + drawn // 2
            setattr(self, name, getattr(self, name) + count // drawn)
        self.not_asked.update({code: (n * images + drawn // 2) // drawn for code, n in seen.not_asked.items()})
        spread = max(0.0, seen.squares / drawn - (seen.tokens / drawn) ** 2)
        self.variance += images * (images - drawn) * spread / max(1, drawn - 1)

    @property
    def error(self) -> int:
        """The standard error of `tokens`."""
        return round(math.sqrt(self.variance))


class _StoreRange(NamedTuple):
    """The positions of a store at which the same tasks are missing."""

    jobs: tuple[int, ...]
    positions: Sequence[range]

    def __len__(self) -> int:
        return sum(map(len, self.positions))

    def drawn(self, number: int) -> Iterator[int]:
        """Yield so many positions: one from each of as many equal stretches, where in it by lot, always the same."""
        lot = Random(number)  # noqa: S311 - a store may repeat itself, so equal steps could meet the same kind always
        start, ranges = 0, iter(self.positions)
        here = next(ranges)
        for index in range(number):
            wanted = lot.randrange(index * len(self) // number, (index + 1) * len(self) // number)
            while wanted - start >= len(here):
                start += len(here)
                here = next(ranges)
            yield here[wanted - start]


Watched = Callable[[Iterable[int], int], Iterable[int]]


def unwatched(positions: Iterable[int], _: int) -> Iterable[int]:
    """Return the positions, nothing shown."""
    return positions


@dataclass(frozen=True)
class Survey:
    """What an estimate goes by. Without a journal nothing is done already and nothing is measured.

    `cache` makes an empty one; `watched` goes through so many positions, and may show how far it is. `reasoning` and
    `opinion_reasoning` are the tokens that the writer and the verifier are taken to think before each answer.
    """

    jobs: Sequence[Job]
    contexts: ContextStore
    cache: Callable[[], PromptCache]
    spending: Spending
    journal: Journal | None = None
    limit: int | None = None
    prompts: int | None = PROMPTS
    watched: Watched = unwatched
    reasoning: int = 0
    opinion_reasoning: int = 0

    def estimate(self) -> Estimate:
        """Look at the images and return the estimate; `prompts` of None looks at all of them."""
        images = len(self.contexts) if self.limit is None else min(self.limit, len(self.contexts))
        parts = _parts(self._missing(images))
        open_images = sum(map(len, parts))
        sums, total, drawn = [_Sums() for _ in (*self.jobs, VERIFY)], _Sums(), 0
        for part in parts:
            number = len(part)
            if self.prompts is not None:
                share = self.prompts * len(part) // (open_images * len(self.jobs))
                number = min(number, max(share, _LEAST_IMAGES))
            seen, together = self._look(part, number)
            for index, of_job in seen.items():
                sums[index].take(of_job, len(part), number)
            total.take(together, len(part), number)
            drawn += number
        lengths = journal_stats.answer_lengths(self.journal) if self.journal else []
        tasks = [
            _of_task(job, images, of_job, lengths, self.reasoning)
            for job, of_job in zip(self.jobs, sums[:-1], strict=True)
        ]
        if verifier := next((job.verifier for job in self.jobs if job.verifier), None):
            assumed = min(ASSUMED_OPINION + self.opinion_reasoning, verifier.sampling.max_tokens)
            tasks.append(_of_opinions(sums[-1], self._texts(tasks), lengths, assumed))
        return Estimate(tuple(tasks), _together(tasks, total.error), images, drawn)

    def _texts(self, tasks: Sequence[TaskEstimate]) -> int:
        """Return the tokens of the answers that opinions are asked about, without what was thought before them."""
        thought = sum(each.requests for each in tasks if not each.answers) * self.reasoning
        return max(0, sum(each.completion_tokens for each in tasks) - thought)

    def _missing(self, images: int) -> Iterator[tuple[range, tuple[int, ...]]]:
        """Yield the positions of each shard, and the jobs that it is not whole for."""
        shards = self.journal.shards() if self.journal else []
        published = {(shard.task, shard.shard): shard for shard in shards}
        recipes = [job.fingerprint(self.contexts.digest) for job in self.jobs]
        for number in range(-(-images // SHARD_IMAGES)):
            first = number * SHARD_IMAGES
            positions = range(first, min(first + SHARD_IMAGES, images))
            missing = []
            for index, job in enumerate(self.jobs):
                shard = published.get((job.task.name, number))
                is_whole = shard is not None and not shard.partial and shard.images >= len(positions)
                if shard is None or not is_whole or shard.recipe != recipes[index]:
                    missing.append(index)
            yield positions, tuple(missing)

    def _look(self, part: _StoreRange, number: int) -> tuple[dict[int, _Sums], _Sums]:
        """Return what is seen of each job at so many positions of a part, and of all jobs together by the image."""
        opinions = len(self.jobs)
        seen, together = {index: _Sums() for index in (*part.jobs, opinions)}, _Sums()
        cache, verifying = self.cache(), self.cache()
        for position in self.watched(part.drawn(number), number):
            [context] = self.contexts.slice(position, position + 1)
            cache.next_image()
            verifying.next_image()
            tokens = 0
            for index in part.jobs:
                job = self.jobs[index]
                found = standing(job, context, self._replies)
                tokens += self._look_at(job, found, seen[index], cache)
                tokens += self._look_at_opinion(job, found, seen[opinions], verifying)
            together.tokens += tokens
            together.squares += tokens**2
        return seen, together

    def _look_at(self, job: Job, found: ImageState, sums: _Sums, cache: PromptCache) -> int:
        """Count one image of one job, and return the tokens of its prompt, 0 when it is not to be asked."""
        if found.request is None or found.doubted:
            if isinstance(found.result, Rejection) and found.result.provenance.attempt == 0:
                sums.not_asked[found.result.flaws[0].code] += 1
            return 0
        prompt = found.request.prompt
        size = cache.size(prompt)
        attempts = max(1, job.attempts - found.request.attempt + 1)
        worst = self.spending.worst(prompt)
        again = max(worst, self.spending.worst(found.base, job.longest_repair))
        sums.add(size, worst + (attempts - 1) * again)
        return size.tokens

    def _look_at_opinion(self, job: Job, found: ImageState, sums: _Sums, cache: PromptCache) -> int:
        """Count the second opinion that the image's answer will need, without that answer, which nobody knows yet."""
        if job.verifier is None or found.request is None:
            return 0
        about = Sample(found.base.context, job.task.name, (), provenance_of(found.base, 0, ""))
        prompt = job.verifier.prompt(about)
        size = cache.size(prompt)
        attempts = max(1, job.attempts - (0 if found.doubted else found.request.attempt - 1))
        worst = self.spending.worst(prompt, TOKEN_BYTES * job.recipe.sampling.max_tokens)
        sums.add(size, attempts * job.verifier.attempts * worst)
        return size.tokens

    def _replies(self, prompt: Prompt) -> Sequence[StoredReply]:
        return self.journal.replies(prompt.id, prompt.context.image_id) if self.journal else ()


def _parts(missing: Iterable[tuple[range, tuple[int, ...]]]) -> list[_StoreRange]:
    """Return the positions by the jobs that are missing there, those without any left out."""
    parts: dict[tuple[int, ...], list[range]] = {}
    for positions, jobs in missing:
        if jobs and positions:
            parts.setdefault(jobs, []).append(positions)
    return [_StoreRange(jobs, ranges) for jobs, ranges in parts.items()]


def _of_task(job: Job, images: int, sums: _Sums, lengths: Sequence[AnswerLength], reasoning: int) -> TaskEstimate:
    """Return the estimate of a task; `sums` hold its prompts, `lengths` what was seen of answers so far."""
    seen = [length for length in lengths if length.task == job.task.name]
    seen = [length for length in seen if length.version == job.recipe.template.version] or seen
    replies, prompts = sum(each.replies for each in seen), sum(each.prompts for each in seen)
    answers, tokens = sum(each.answers for each in seen), sum(each.completion_tokens for each in seen)
    most = job.recipe.sampling.max_tokens
    assumed = most if job.task.answer_tokens is None else min(job.task.answer_tokens + reasoning, most)
    mean = tokens / answers if answers else float(assumed)

    def with_retries(count: int) -> int:
        return count * replies // prompts if prompts else count

    return TaskEstimate(
        task=job.task.name,
        images=images,
        done=max(0, images - sums.prompts - sums.not_asked.total()),
        not_asked=sums.not_asked,
        prompts=sums.prompts,
        requests=with_retries(sums.prompts),
        prompt_tokens=with_retries(sums.tokens),
        cached_tokens=with_retries(sums.cached),
        cache_write_tokens=with_retries(sums.written),
        completion_tokens=round(with_retries(sums.prompts) * mean),
        most=sums.most,
        error=with_retries(sums.error),
        answer_tokens=mean,
        answers=answers,
        replies=replies,
        seconds=sum(each.seconds for each in seen),
    )


def _of_opinions(sums: _Sums, answered: int, lengths: Sequence[AnswerLength], assumed: int) -> TaskEstimate:
    """Return the estimate of the second opinions, on answers of so many tokens together; each `assumed` as long."""
    seen = [length for length in lengths if length.task == VERIFY]
    replies, prompts = sum(each.replies for each in seen), sum(each.prompts for each in seen)
    answers, tokens = sum(each.answers for each in seen), sum(each.completion_tokens for each in seen)
    requests = sums.prompts * replies // prompts if prompts else sums.prompts
    mean = tokens / answers if answers else float(assumed)
    return TaskEstimate(
        task=VERIFY,
        images=0,
        done=0,
        not_asked={},
        prompts=sums.prompts,
        requests=requests,
        prompt_tokens=sums.tokens + answered,
        cached_tokens=sums.cached,
        cache_write_tokens=sums.written,
        completion_tokens=round(requests * mean),
        most=sums.most,
        error=0,
        answer_tokens=mean,
        answers=answers,
        replies=replies,
        seconds=sum(each.seconds for each in seen),
    )


_COUNTS = (
    *("images", "done", "prompts", "requests", "prompt_tokens", "cached_tokens", "cache_write_tokens"),
    *("completion_tokens", "most", "answers", "replies", "seconds"),
)


def _together(tasks: Sequence[TaskEstimate], error: int) -> TaskEstimate:
    sums = {name: sum(getattr(each, name) for each in tasks) for name in _COUNTS}
    not_asked: Counter[str] = Counter()
    for each in tasks:
        not_asked.update(each.not_asked)
    mean = sums["completion_tokens"] / sums["requests"] if sums["requests"] else 0.0
    return TaskEstimate(task="all", not_asked=not_asked, error=error, answer_tokens=mean, **sums)
