"""What one task comes to in dollars, or all of them together."""

from collections.abc import Mapping, Sequence

import msgspec

from svit.cost.prices import NANO, Tier
from svit.cost.spending import Spending
from svit.estimate.task_estimate import TaskEstimate


class TaskQuote(msgspec.Struct, frozen=True):
    """One task, or all of them together; the counts are those of `TaskEstimate`. Money is in dollars.

    `dollars` are by tier, `most_dollars` is what all attempts that are left may cost at worst. Both are None where no
    price is known.
    """

    task: str
    images: int
    done: int
    not_asked: Mapping[str, int]
    requests: int
    requests_per_prompt: float
    prompt_tokens: int
    prompt_tokens_standard_error: int
    cached_tokens: int
    cache_write_tokens: int
    completion_tokens: int
    answer_tokens: float
    answers_measured: int
    dollars: Mapping[Tier, float] | None
    most_dollars: float | None


def cost_of(tasks: Sequence[TaskEstimate], books: Spending, tier: Tier) -> float:
    """Return the dollars of these tasks under a tier."""
    cost = 0
    for found in tasks:
        price = books.price_of(found.task)
        assert price is not None
        cost += price.cost(found, tier)
    return cost / NANO


def task_quote(found: TaskEstimate, parts: Sequence[TaskEstimate], books: Spending, tiers: Sequence[Tier]) -> TaskQuote:
    """Return the quote of an estimate, whose dollars are those of its parts."""
    return TaskQuote(
        task=found.task,
        images=found.images,
        done=found.done,
        not_asked=found.not_asked,
        requests=found.requests,
        requests_per_prompt=found.requests / found.prompts if found.prompts else 1.0,
        prompt_tokens=found.prompt_tokens,
        prompt_tokens_standard_error=found.error,
        cached_tokens=found.cached_tokens,
        cache_write_tokens=found.cache_write_tokens,
        completion_tokens=found.completion_tokens,
        answer_tokens=round(found.answer_tokens, 1),
        answers_measured=found.answers,
        dollars={tier: cost_of(parts, books, tier) for tier in tiers} if books.price else None,
        most_dollars=found.most / NANO if books.price else None,
    )
