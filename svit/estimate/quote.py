"""What an estimate is worth under a config: dollars by tier, what each cost lever would change, hours at the limits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec

from svit.config import RunConfig
from svit.contexts.store import ContextStore
from svit.cost.prices import NANO, Tier
from svit.cost.prompt_cache import PromptCache
from svit.cost.spending import Spending
from svit.estimate.ceiling_reach import CeilingReach, nearest_ceiling
from svit.estimate.cost_levers import CostLever, cost_levers, other_layout
from svit.estimate.hours_left import HoursLeft, hours_left
from svit.estimate.survey import ASSUMED_REASONING, PROMPTS, Survey, Watched, unwatched
from svit.estimate.task_estimate import Estimate
from svit.estimate.task_quote import TaskQuote, cost_of, task_quote
from svit.prompting.tokens import ESTIMATE_ERROR, TokenCounter, token_counter
from svit.providers.openai.capabilities import Capabilities
from svit.records import Effort
from svit.run.journal import Journal
from svit.setup.chosen_provider import capabilities
from svit.setup.run_spending import prices, spending
from svit.setup.task_jobs import jobs
from svit.tasks.base import Task


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


@dataclass(frozen=True)
class _Surveyed:
    """A run under a config: `found` with its prompts as they are, `other` with the `layout` that they could have.

    `token_error` is the largest relative error of the token counts. Money is in nano-dollars: what the run spent, and
    what all runs did in this month, None where that is not known.
    """

    config: RunConfig
    accepts: Capabilities
    books: Spending
    reasoning: int
    opinions: int
    found: Estimate
    layout: RunConfig | None
    other: Estimate | None
    token_error: float
    spent: int
    month_spent: int | None

    def quote(self) -> Quote:
        """Return what it comes to."""
        config, found, books, tiers = self.config, self.found, self.books, _tiers(self.accepts)
        table, effort = prices(config), config.reasoning_effort or self.accepts.default_effort
        return Quote(
            provider=config.provider,
            model=config.model,
            prices_as_of=max(filter(None, (table.as_of, table.own_as_of))).isoformat(),
            tier=books.tier,
            images=found.images,
            images_drawn=found.drawn,
            token_error=self.token_error,
            attempts=config.attempts,
            reasons=effort not in (None, "none"),
            reasoning=self.reasoning,
            opinion_reasoning=self.opinions,
            tasks=tuple(task_quote(task, [task], books, tiers) for task in found.tasks),
            total=task_quote(found.total, found.tasks, books, tiers),
            levers=cost_levers(config, found, self.other, self.layout, books, self.accepts),
            hours=None if config.provider == "offline" else hours_left(found.total, config),
            spent=self.spent / NANO,
            max_cost=None if config.max_cost is None else float(config.max_cost),
            max_cost_needed=(self.spent + found.total.most) / NANO if books.price else None,
            max_cost_per_month=None if config.max_cost_per_month is None else float(config.max_cost_per_month),
            month_spent=None if self.month_spent is None else self.month_spent / NANO,
            reach=self._reach(),
            shutdown=books.price.shutdown.isoformat() if books.price and books.price.shutdown else None,
        )

    def _reach(self) -> CeilingReach | None:
        """Return how far the run comes under the nearer ceiling, None where it reaches its end or has no price."""
        found, books = self.found, self.books
        if not books.price or not found.total.requests:
            return None
        cost = cost_of(found.tasks, books, books.tier)
        return nearest_ceiling(self.config, found, cost, self.spent, self.month_spent or 0)


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
    tokens, accepts = token_counter(), capabilities(config)
    books = spending(config.model_copy(update={"max_cost": None}))
    reasoning, opinions = _reasoning(config, accepts)
    most = None if every else PROMPTS
    cache = _cache(config, tokens, accepts)
    survey = Survey(jobs(config, tasks), contexts, cache, books, journal, limit, most, watched, reasoning, opinions)
    found = survey.estimate()
    layout = other_layout(config, accepts) if len(tasks) > 1 and books.price else None
    other = None
    if layout:
        other = replace(survey, jobs=jobs(layout, tasks), cache=_cache(layout, tokens, accepts)).estimate()
    error, spent = _token_error(tokens), journal.spent().cost if journal else 0
    return _Surveyed(
        config, accepts, books, reasoning, opinions, found, layout, other, error, spent, month_spent
    ).quote()


def _cache(config: RunConfig, tokens: TokenCounter, accepts: Capabilities) -> Callable[[], PromptCache]:
    """Return what makes an empty prompt cache, as the provider keeps one under this config."""
    return lambda: PromptCache(tokens.count, config.caching, cache_breakpoint=accepts.cache_breakpoint)


def _token_error(tokens: TokenCounter) -> float:
    return 0.0 if tokens.exact else ESTIMATE_ERROR


def _tiers(accepts: Capabilities) -> list[Tier]:
    """Return the tiers that svit can ask for today."""
    return ["standard", "flex"] if "flex" in accepts.service_tiers else ["standard"]


def _reasoning(config: RunConfig, accepts: Capabilities) -> tuple[int, int]:
    """Return the tokens that the writer and the verifier are taken to think before an answer."""

    def of(effort: Effort | None, default: Effort | None) -> int:
        return ASSUMED_REASONING[effort or default or "none"]

    asked = config.verify
    opinions = of(asked.reasoning_effort, capabilities(config, asked.model).default_effort) if asked else 0
    return of(config.reasoning_effort, accepts.default_effort), opinions
