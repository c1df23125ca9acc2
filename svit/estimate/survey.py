"""What a run has still to ask, what it will take and cost: from its real prompts, before the first is sent.

Prompts are made of images that are drawn evenly from the store, and counted up to all of them. What the journal
answers already is not counted again; what it tells of answers and retries takes the place of assumptions.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from svit.contexts.store import ContextStore
from svit.cost.prompt_cache import PromptCache
from svit.cost.spending import Spending
from svit.estimate.prompt_sums import PromptSums
from svit.estimate.store_range import StoreRange, store_ranges
from svit.estimate.task_estimate import (
    Estimate,
    TaskEstimate,
    estimate_of_all,
    estimate_of_opinions,
    estimate_of_task,
)
from svit.records import VERIFY, Effort, Prompt, Rejection, Sample
from svit.run import journal_stats
from svit.run.attempts import TOKEN_BYTES, ImageState, Job, standing
from svit.run.journal import Journal
from svit.run.journal_rows import StoredReply
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
        parts = store_ranges(self._missing(images))
        open_images = sum(map(len, parts))
        sums, total, drawn = [PromptSums() for _ in (*self.jobs, VERIFY)], PromptSums(), 0
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
            estimate_of_task(job, images, of_job, lengths, self.reasoning)
            for job, of_job in zip(self.jobs, sums[:-1], strict=True)
        ]
        if verifier := next((job.verifier for job in self.jobs if job.verifier), None):
            assumed = min(ASSUMED_OPINION + self.opinion_reasoning, verifier.sampling.max_tokens)
            tasks.append(estimate_of_opinions(sums[-1], self._texts(tasks), lengths, assumed))
        return Estimate(tuple(tasks), estimate_of_all(tasks, total.error), images, drawn)

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

    def _look(self, part: StoreRange, number: int) -> tuple[dict[int, PromptSums], PromptSums]:
        """Return what is seen of each job at so many positions of a part, and of all jobs together by the image."""
        opinions = len(self.jobs)
        seen, together = {index: PromptSums() for index in (*part.jobs, opinions)}, PromptSums()
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

    def _look_at(self, job: Job, found: ImageState, sums: PromptSums, cache: PromptCache) -> int:
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

    def _look_at_opinion(self, job: Job, found: ImageState, sums: PromptSums, cache: PromptCache) -> int:
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
