"""How far a run comes under the ceilings of its config."""

from typing import Literal

import msgspec

from svit.config import RunConfig
from svit.cost.prices import NANO
from svit.estimate.task_estimate import Estimate

Ceiling = Literal["max_cost", "max_cost_per_month"]


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


def nearest_ceiling(
    config: RunConfig, found: Estimate, cost: float, spent: int, month_spent: int
) -> CeilingReach | None:
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
