"""What a run would cost with one setting changed: the layout of its prompts, caching, the service tier."""

import msgspec

from svit.config import RunConfig
from svit.cost.prices import Tier
from svit.cost.spending import Spending
from svit.estimate.task_estimate import Estimate
from svit.estimate.task_quote import cost_of
from svit.providers.openai.capabilities import Capabilities


class CostLever(msgspec.Struct, frozen=True):
    """A setting that could be otherwise, and what the run would cost then, in dollars."""

    setting: str
    dollars: float


def other_layout(config: RunConfig, accepts: Capabilities) -> RunConfig:
    """Return the config with the context at the other end of its prompts, and the caching that is best for that."""
    best = "off" if config.context_first else "prefix"
    caching = best if accepts.cache_breakpoint else "automatic"
    return config.model_copy(update={"context_first": not config.context_first, "caching": caching})


def cost_levers(
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
    levers = [CostLever("as configured", cost_of(tasks, books, books.tier))]
    if layout and other:
        words = f"context_first: {str(layout.context_first).lower()}"
        words += f", caching: {layout.caching}" if layout.caching != config.caching else ""
        levers.append(CostLever(words, cost_of(other.tasks, books, books.tier)))
    if accepts.cache_breakpoint and config.caching == "automatic" and total.cache_write_tokens:
        plain = [msgspec.structs.replace(each, cache_write_tokens=0, cached_tokens=0) for each in tasks]
        levers.append(CostLever("caching: off", cost_of(plain, books, books.tier)))
    if "flex" in accepts.service_tiers:
        swap: tuple[str, Tier] = ("default", "standard") if books.tier == "flex" else ("flex", "flex")
        levers.append(CostLever(f"service_tier: {swap[0]}", cost_of(tasks, books, swap[1])))
    return tuple(levers)
