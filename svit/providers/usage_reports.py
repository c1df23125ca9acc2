"""What replies say about the tokens that they used: estimates are corrected by it, and oddities are told once."""

from collections.abc import Callable

from svit.limits import PromptTokens
from svit.records import Usage

_SILENT = 3
"""Replies without usage until that is said."""


class UsageReports:
    """Hears of each reply's usage. `sizes` learns by how much the estimate is off."""

    def __init__(self, sizes: PromptTokens, say: Callable[[str], None]) -> None:
        """Begin with nothing heard."""
        self._sizes, self._say = sizes, say
        self._silent = 0
        self._said_cut = False

    def hear(self, usage: Usage | None, estimate: int) -> None:
        """Take in a reply's usage, None where it says nothing; `estimate` is that of its prompt's tokens."""
        if usage is None:
            self._silent += 1
            if self._silent == _SILENT:
                self._say(
                    "The replies do not say how many tokens they used: limits go by estimate, and where there is a "
                    "price, each is booked at its worst case."
                )
            return
        self._sizes.learn(estimate, usage.prompt_tokens)
        if self._sizes.cut and not self._said_cut:
            self._said_cut = True
            self._say(
                f"The endpoint reports {self._sizes.cut.reported:,} prompt tokens where about "
                f"{self._sizes.cut.sent:,} were sent; it may cut prompts (Ollama: raise num_ctx)."
            )
