"""What requests may cost at most, and what they did cost, against the ceiling."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from svit.cost.budget import Budget
from svit.cost.prices import Price, Tier
from svit.records import VERIFY, Completion, Prompt

_MESSAGE_TOKENS = 16
"""More than what a server adds around a message: role and separators."""

_SERVED: Mapping[str, Tier] = {
    "auto": "standard",
    "default": "standard",
    "standard": "standard",
    "on_demand": "standard",
    "scale": "standard",
    "flex": "flex",
    "fast": "priority",
    "priority": "priority",
}
"""By the name of the tier in a reply: what its tokens are billed as. Some servers have names of their own."""


@dataclass
class Spending:
    """A run's books. Without a price nothing costs anything: only what needs no key may be run so under a ceiling.

    `tier` is the one that was asked for. OpenAI may serve a request under another, and the reply says so: a request
    that asked for flex and got the default costs the full price. So a request is reserved at the full price and paid
    by what the reply says. Batches alone always have their own price, whatever the replies in them say. `verifier` is
    the price of the model that is asked for a second opinion; where there is one, both have a price or none.
    """

    price: Price | None = None
    tier: Tier = "standard"
    budget: Budget = field(default_factory=Budget)
    verifier: Price | None = None

    def price_of(self, task: str) -> Price | None:
        """Return the price of the model that is asked for this task."""
        return self.verifier if task == VERIFY else self.price

    def worst(self, prompt: Prompt, more: int = 0) -> int:
        """Return the nano-dollars that this prompt's answer costs at most, with so many bytes more in the prompt.

        A token is at least one byte, so the bytes of a prompt are never fewer than its tokens, in any encoding.
        """
        price = self.price_of(prompt.task)
        if price is None:
            return 0
        most = more + sum(len(message.content.encode()) + _MESSAGE_TOKENS for message in prompt.messages)
        tier: Tier = "batch" if self.tier == "batch" else "standard"
        return price.worst_case(most, prompt.sampling.max_tokens, tier)

    def cost(self, read: Completion, worst: int, task: str) -> int:
        """Return the nano-dollars of an answer, by the tier that served it, or by the one asked for if it is not said.

        An answer without its usage costs its worst case, as does one of a tier that nobody has heard of, unless that
        is less than the dearest known tier.
        """
        price = self.price_of(task)
        if price is None:
            return 0
        if read.usage is None:
            return worst
        if self.tier == "batch" or not read.service_tier:
            return price.cost(read.usage, self.tier)
        served = _SERVED.get(read.service_tier)
        return price.cost(read.usage, served) if served else max(worst, price.cost(read.usage, "priority"))
