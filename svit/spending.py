"""What requests may cost at most, and what they did cost, against the ceiling."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from svit.budget import Budget
from svit.prices import Price, Tier
from svit.records import Completion, Prompt, Usage

_MESSAGE_TOKENS = 16
"""More than what a server adds around a message: role and separators."""
_CHAT_TOKENS = 3
"""What OpenAI's models add around each message, and once more before the answer."""

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
    by what the reply says. Batches alone always have their own price, whatever the replies in them say.
    """

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
        tier: Tier = "batch" if self.tier == "batch" else "standard"
        return self.price.worst_case(most, prompt.sampling.max_tokens, tier)

    def cost(self, read: Completion, worst: int) -> int:
        """Return the nano-dollars of an answer, by the tier that served it, or by the one asked for if it is not said.

        An answer without its usage costs its worst case, as does one of a tier that nobody has heard of, unless that
        is less than the dearest known tier.
        """
        if self.price is None:
            return 0
        if read.usage is None or read.usage.estimated:
            return worst
        if self.tier == "batch" or not read.service_tier:
            return self.price.cost(read.usage, self.tier)
        served = _SERVED.get(read.service_tier)
        return self.price.cost(read.usage, served) if served else max(worst, self.price.cost(read.usage, "priority"))


def estimated_usage(prompt: Prompt, text: str, tokens: Callable[[str], int]) -> Usage:
    """Return about how many tokens an answer took whose reply does not say, marked as `estimated`.

    `tokens` counts those of a text. Reasoning, which nobody sees, is not in it: the answer may have taken more. For
    people to read: money is booked at the worst case then.
    """
    asked = sum(tokens(message.content) + _CHAT_TOKENS for message in prompt.messages) + _CHAT_TOKENS
    return Usage(prompt_tokens=asked, completion_tokens=tokens(text), estimated=True)
