"""Prompts that were made for an estimate, added up: their tokens, what they may cost, and how far apart they are."""

import math
from collections import Counter
from dataclasses import dataclass, field

from svit.cost.prompt_cache import PromptSize


@dataclass
class PromptSums:
    """What was seen of one job, or of all jobs by the image: `variance` is that of `tokens`, once they are scaled."""

    prompts: int = 0
    tokens: int = 0
    cached: int = 0
    written: int = 0
    most: int = 0
    squares: int = 0
    variance: float = 0.0
    not_asked: Counter[str] = field(default_factory=Counter)

    def add(self, size: PromptSize, most: int) -> None:
        """Count what is to be asked about one image; `most` is what it may cost, in nano-dollars."""
        self.prompts += 1
        self.tokens += size.tokens
        self.cached += size.cached
        self.written += size.written
        self.most += most
        self.squares += size.tokens**2

    def take(self, seen: "PromptSums", images: int, drawn: int) -> None:
        """Add what was seen in so many of these images, as if it had been seen in all of them."""
        for name in ("prompts", "tokens", "cached", "written", "most"):
            count = getattr(seen, name) * images + drawn // 2
            setattr(self, name, getattr(self, name) + count // drawn)
        self.not_asked.update({code: (n * images + drawn // 2) // drawn for code, n in seen.not_asked.items()})
        spread = max(0.0, seen.squares / drawn - (seen.tokens / drawn) ** 2)
        self.variance += images * (images - drawn) * spread / max(1, drawn - 1)

    @property
    def error(self) -> int:
        """The standard error of `tokens`."""
        return round(math.sqrt(self.variance))
