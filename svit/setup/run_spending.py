"""What a run may spend under its config, and at which prices."""

from svit import resources
from svit.config import RunConfig
from svit.cost.budget import Budget
from svit.cost.prices import PriceTable, Tier, nano_dollars
from svit.cost.spending import Spending
from svit.yaml_files import file_text


def spending(config: RunConfig) -> Spending:
    """Return the run's books, with nothing in them yet. Raises SvitError for a ceiling that no price can keep."""
    if config.provider == "offline":
        return Spending()
    table = prices(config)
    limit = None if config.max_cost is None else nano_dollars(config.max_cost)
    without_limit = limit is None and month_limit(config) is None
    find = table.price if without_limit else table.required
    price, verifier = find(config.model), find(config.verify.model) if config.verify else None
    if config.verify and not (price and verifier):
        price = verifier = None  # the costs of one model alone would pass for all
    tier: Tier = "flex" if config.service_tier == "flex" else "standard"
    return Spending(price, tier, Budget(limit), verifier)


def month_limit(config: RunConfig) -> int | None:
    """Return what all runs together may spend in a calendar month, in nano-dollars; None is no limit."""
    return None if config.max_cost_per_month is None else nano_dollars(config.max_cost_per_month)


def prices(config: RunConfig) -> PriceTable:
    """Return the shipped prices, the user's own before them."""
    own = file_text(config.prices) if config.prices else None
    return PriceTable.read(file_text(resources.DATA / "prices.yaml"), own, own_name=str(config.prices))
