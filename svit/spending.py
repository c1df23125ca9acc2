"""What requests may cost at most, and what they did cost, against the ceiling."""

from dataclasses import dataclass, field

from svit.budget import Budget
from svit.prices import Price, Tier
from svit.records import Prompt, Usage

_MESSAGE_TOKENS = 16
"""More than what a server adds around a message: role and separators."""


@dataclass
class Spending:
    """A run's books. Without a price nothing costs anything: only what needs no key may be run so under a ceiling."""

    price: Price | None = None
    tier: Tier = "standard"
    budget: Budget = field(default_factory=Budget)

    def worst(self, prompt: Prompt) -> int:
        """Return the nano-dollars that this prompt's answer costs at most.

        A token is at least one byte, so the bytes of a prompt are never fewer than its tokens, in any encoding.
        """
        if self.price is None:
            return 0
        most = sum(len(message.content.encode()) + _MESSAGE_TOKENS for message in prompt.messages)
        return self.price.worst_case(most, prompt.sampling.max_tokens, self.tier)

    def cost(self, usage: Usage | None, worst: int) -> int:
        """Return the nano-dollars of an answer; its worst case where the provider did not say what it used."""
        if self.price is None:
            return 0
        return worst if usage is None else self.price.cost(usage, self.tier)
