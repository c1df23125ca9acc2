"""What an estimate is worth under a config: dollars by tier, what each cost lever would change, hours at the limits."""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from svit.config import RunConfig
from svit.contexts.store import ContextStore
from svit.cost.prices import NANO, Tier
from svit.cost.prompt_cache import PromptCache
from svit.cost.spending import Spending
from svit.estimate.survey import ASSUMED_REASONING, PROMPTS, Estimate, Survey, TaskEstimate, Watched, unwatched
from svit.prompting.tokens import ESTIMATE_ERROR, TokenCounter, token_counter
from svit.providers.openai.capabilities import Capabilities
from svit.records import Effort
from svit.run.journal import Journal
from svit.setup.chosen_provider import capabilities
from svit.setup.run_spending import prices, spending
from svit.setup.task_jobs import jobs
from svit.tasks.base import Task

ASSUMED_PACE = 60
"""Tokens a second of one answer, where none was seen yet."""
ASSUMED_START = 1.0
"""Seconds until the first token of an answer, where none was seen yet."""

Limit = Literal["rpm", "tpm", "in_flight"]
Ceiling = Literal["max_cost", "max_cost_per_month"]


class HoursLeft(msgspec.Struct, frozen=True):
    """How long the rest of a run takes, in hours, and how long each limit alone would make it take.

    `seconds` is the time of one request: measured, or assumed where `measured` is False.
    """

    all: float
    bound_by: Limit
    rpm: float | None
    tpm: float | None
    in_flight: float
    seconds: float
    measured: bool


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


class CostLever(msgspec.Struct, frozen=True):
    """A setting that could be otherwise, and what the run would cost then, in dollars."""

    setting: str
    dollars: float


class CeilingReach(msgspec.Struct, frozen=True):
    """How far a run comes under a ceiling that is below what it is to cost: requests, and images of all tasks.

    `left` is what the ceiling leaves to be spent, `beyond` what the rest would cost, both in dollars.
    """

    ceiling: Ceiling
    dollars: float
    left: float
    requests: int
    images: int
    beyond: float


class Quote(msgspec.Struct, frozen=True):
    """What a run has still to ask, take and cost: the shape of `svit estimate --json`.

    `tier` is the one that the config asks for. `token_error` is the largest relative error of the token counts, 0
    where they are exact; the standard errors are those of looking at `images_drawn` images only. `max_cost_needed`
    is the ceiling that the run can never reach: what is spent, and the worst case of all that is left. `reasons` says
    that the model thinks before it answers; `reasoning` and `opinion_reasoning` are the tokens that it and the verifier
    are taken to think, where no answer was measured. `month_spent` is what all runs spent or hold in this month, None
    where no ledger says it. `reach` is that of the nearer ceiling, None where the run ends before. `hours` is None for
    the offline writer.
    """

    provider: str
    model: str
    prices_as_of: str
    tier: Tier
    images: int
    images_drawn: int
    token_error: float
    attempts: int
    reasons: bool
    reasoning: int
    opinion_reasoning: int
    tasks: tuple[TaskQuote, ...]
    total: TaskQuote
    levers: tuple[CostLever, ...]
    hours: HoursLeft | None
    spent: float
    max_cost: float | None
    max_cost_needed: float | None
    max_cost_per_month: float | None
    month_spent: float | None
    reach: CeilingReach | None
    shutdown: str | None


def quote(
    config: RunConfig,
    tasks: Sequence[Task],
    contexts: ContextStore,
    journal: Journal | None = None,
    *,
    limit: int | None = None,
    every: bool = False,
    watched: Watched = unwatched,
    month_spent: int | None = None,
) -> Quote:
    """Return what this run comes to; without a journal nothing is done yet, with `every` each prompt is counted.

    `month_spent` is what all runs spent or hold in this month, in nano-dollars, None where that is not known.
    """
    tokens, books, accepts = (
        token_counter(),
        spending(config.model_copy(update={"max_cost": None})),
        capabilities(config),
    )

    reasoning, opinions = _reasoning(config, accepts)

    def estimated(changed: RunConfig) -> Estimate:
        return Survey(
            jobs(changed, tasks),
            contexts,
            lambda: PromptCache(tokens.count, changed.caching, cache_breakpoint=accepts.cache_breakpoint),
            books,
            journal,
            limit,
            None if every else PROMPTS,
            watched,
            reasoning,
            opinions,
        ).estimate()

    found = estimated(config)
    layout = _other_layout(config, accepts) if len(tasks) > 1 and books.price else None
    other = estimated(layout) if layout else None
    total, table = found.total, prices(config)
    spent = journal.spent().cost if journal else 0
    effort = config.reasoning_effort or accepts.default_effort
    tiers = _tiers(accepts)
    return Quote(
        provider=config.provider,
        model=config.model,
        prices_as_of=max(filter(None, (table.as_of, table.own_as_of))).isoformat(),
        tier=books.tier,
        images=found.images,
        images_drawn=found.drawn,
        token_error=_token_error(tokens),
        attempts=config.attempts,
        reasons=effort not in (None, "none"),
        reasoning=reasoning,
        opinion_reasoning=opinions,
        tasks=tuple(_quoted(task, [task], books, tiers) for task in found.tasks),
        total=_quoted(total, found.tasks, books, tiers),
        levers=_levers(config, found, other, layout, books, accepts),
        hours=None if config.provider == "offline" else _hours(total, config),
        spent=spent / NANO,
        max_cost=None if config.max_cost is None else float(config.max_cost),
        max_cost_needed=(spent + total.most) / NANO if books.price else None,
        max_cost_per_month=None if config.max_cost_per_month is None else float(config.max_cost_per_month),
        month_spent=None if month_spent is None else month_spent / NANO,
        reach=_nearest(config, found, _cost(found.tasks, books, books.tier), spent, month_spent or 0)
        if books.price and total.requests
        else None,
        shutdown=books.price.shutdown.isoformat() if books.price and books.price.shutdown else None,
    )


def _token_error(tokens: TokenCounter) -> float:
    return 0.0 if tokens.exact else ESTIMATE_ERROR


def _tiers(accepts: Capabilities) -> list[Tier]:
    """Return the tiers that svit can ask for today."""
    return ["standard", "flex"] if "flex" in accepts.service_tiers else ["standard"]


def _cost(tasks: Sequence[TaskEstimate], books: Spending, tier: Tier) -> float:
    """Return the dollars of these tasks under a tier."""
    cost = 0
    for found in tasks:
        price = books.price_of(found.task)
        assert price is not None
        cost += price.cost(found, tier)
    return cost / NANO


def _reasoning(config: RunConfig, accepts: Capabilities) -> tuple[int, int]:
    """Return the tokens that the writer and the verifier are taken to think before an answer."""

    def of(effort: Effort | None, default: Effort | None) -> int:
        return ASSUMED_REASONING[effort or default or "none"]

    asked = config.verify
    opinions = of(asked.reasoning_effort, capabilities(config, asked.model).default_effort) if asked else 0
    return of(config.reasoning_effort, accepts.default_effort), opinions


def _nearest(config: RunConfig, found: Estimate, cost: float, spent: int, month_spent: int) -> CeilingReach | None:
    """Return how far the run comes under the ceiling that stops it first; None where none stops it."""
    ceilings: list[tuple[Ceiling, float | None, int]] = [
        ("max_cost", None if config.max_cost is None else float(config.max_cost), spent),
        (
            "max_cost_per_month",
            None if config.max_cost_per_month is None else float(config.max_cost_per_month),
            month_spent,
        ),
    ]
    known = [(dollars - used / NANO, name, dollars) for name, dollars, used in ceilings if dollars is not None]
    left, name, dollars = min(known, default=(cost, "max_cost", 0.0))
    if left >= cost:
        return None
    left, writing = max(0.0, left), [each for each in found.tasks if each.images]
    worst = sum(each.most for each in writing) / max(1, sum(each.prompts for each in writing)) / config.attempts / NANO
    share = max(0.0, left - worst) / cost  # the last request must fit at its worst
    images = max(each.prompts for each in writing)
    return CeilingReach(name, dollars, left, int(share * found.total.requests), int(share * images), cost - left)


def _quoted(found: TaskEstimate, parts: Sequence[TaskEstimate], books: Spending, tiers: Sequence[Tier]) -> TaskQuote:
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
        dollars={tier: _cost(parts, books, tier) for tier in tiers} if books.price else None,
        most_dollars=found.most / NANO if books.price else None,
    )


def _other_layout(config: RunConfig, accepts: Capabilities) -> RunConfig:
    """Return the config with the context at the other end of its prompts, and the caching that is best for that."""
    best = "off" if config.context_first else "prefix"
    caching = best if accepts.cache_breakpoint else "automatic"
    return config.model_copy(update={"context_first": not config.context_first, "caching": caching})


def _levers(
    config: RunConfig,
    found: Estimate,
    other: Estimate | None,
    layout: RunConfig | None,
    books: Spending,
    accepts: Capabilities,
) -> tuple[CostLever, ...]:
    """Return what the run costs as configured, and with one setting changed."""
    total, tasks = found.total, found.tasks
    if books.price is None or not total.requests:
        return ()
    levers = [CostLever("as configured", _cost(tasks, books, books.tier))]
    if layout and other:
        words = f"context_first: {str(layout.context_first).lower()}"
        words += f", caching: {layout.caching}" if layout.caching != config.caching else ""
        levers.append(CostLever(words, _cost(other.tasks, books, books.tier)))
    if accepts.cache_breakpoint and config.caching == "automatic" and total.cache_write_tokens:
        plain = [msgspec.structs.replace(each, cache_write_tokens=0, cached_tokens=0) for each in tasks]
        levers.append(CostLever("caching: off", _cost(plain, books, books.tier)))
    if "flex" in accepts.service_tiers:
        swap: tuple[str, Tier] = ("default", "standard") if books.tier == "flex" else ("flex", "flex")
        levers.append(CostLever(f"service_tier: {swap[0]}", _cost(tasks, books, swap[1])))
    return tuple(levers)


def _hours(total: TaskEstimate, config: RunConfig) -> HoursLeft:
    """Return how long all that is to be asked takes at the config's limits.

    A measured time has the wait for a rate limit in it: that limit is named where both say about the same.
    """
    measured = total.replies > 0
    seconds = total.seconds / total.replies if measured else ASSUMED_START + total.answer_tokens / ASSUMED_PACE
    in_flight = total.requests * seconds / config.in_flight / 3600
    tokens = total.prompt_tokens + total.completion_tokens
    rpm = total.requests / config.rpm / 60 if config.rpm else None
    tpm = tokens / config.tpm / 60 if config.tpm else None
    slower: Limit = "rpm" if (rpm or 0.0) >= (tpm or 0.0) else "tpm"
    slowest = max(rpm or 0.0, tpm or 0.0)
    return HoursLeft(
        all=max(slowest, in_flight),
        bound_by=slower if slowest >= 0.9 * in_flight and slowest else "in_flight",
        rpm=rpm,
        tpm=tpm,
        in_flight=in_flight,
        seconds=round(seconds, 2),
        measured=measured,
    )
