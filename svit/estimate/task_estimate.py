"""What a task has still to ask, from the prompts that were counted, and the answers that were seen or are assumed."""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from svit.estimate.prompt_sums import PromptSums
from svit.records import VERIFY
from svit.run.attempts import Job
from svit.run.journal_stats import AnswerLength


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


def estimate_of_task(
    job: Job, images: int, sums: PromptSums, lengths: Sequence[AnswerLength], reasoning: int
) -> TaskEstimate:
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


def estimate_of_opinions(
    sums: PromptSums, answered: int, lengths: Sequence[AnswerLength], assumed: int
) -> TaskEstimate:
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


def estimate_of_all(tasks: Sequence[TaskEstimate], error: int) -> TaskEstimate:
    """Return the estimates of all tasks together; `error` is the standard error of their prompt tokens."""
    sums = {name: sum(getattr(each, name) for each in tasks) for name in _COUNTS}
    not_asked: Counter[str] = Counter()
    for each in tasks:
        not_asked.update(each.not_asked)
    mean = sums["completion_tokens"] / sums["requests"] if sums["requests"] else 0.0
    return TaskEstimate(task="all", not_asked=not_asked, error=error, answer_tokens=mean, **sums)
