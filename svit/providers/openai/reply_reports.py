"""What replies say beside their text: token estimates are corrected by it, and oddities are told once."""

from collections.abc import Callable

from svit.providers.limits import PromptTokens
from svit.providers.verdicts import UsableAnswer

_SILENT = 3
"""Replies without usage until that is said."""
_MOST_ENDS = 5
"""Unknown finish reasons that are told, each once."""


class ReplyReports:
    """Hears of each reply. `sizes` learns by how much the estimate is off."""

    def __init__(self, sizes: PromptTokens, say: Callable[[str], None]) -> None:
        """Begin with nothing heard."""
        self._sizes, self._say = sizes, say
        self._silent = 0
        self._said_cut = self._said_reasoning = False
        self._told_ends: set[str] = set()

    def hear(self, answer: UsableAnswer, estimate: int) -> None:
        """Take in what a reply said; `estimate` is that of its prompt's tokens."""
        if answer.unknown_end:
            self._tell_end(answer.unknown_end)
        if answer.only_reasons and not self._said_reasoning:
            self._said_reasoning = True
            self._say(
                "The endpoint sent reasoning and no answer (reasoning_content without content). If many replies are "
                "so, raise 'max_tokens', or switch thinking off with 'extra_body'."
            )
        if answer.usage is None:
            self._silent += 1
            if self._silent == _SILENT:
                self._say(
                    "The replies do not say how many tokens they used: limits go by estimate, and where there is a "
                    "price, each is booked at its worst case."
                )
            return
        self._sizes.learn(estimate, answer.usage.prompt_tokens)
        if self._sizes.cut and not self._said_cut:
            self._said_cut = True
            self._say(
                f"The endpoint reports {self._sizes.cut.reported:,} prompt tokens where about "
                f"{self._sizes.cut.sent:,} were sent; it may cut prompts (Ollama: raise num_ctx)."
            )

    def _tell_end(self, reason: str) -> None:
        """Say once for each finish reason that nobody here knows."""
        if reason not in self._told_ends and len(self._told_ends) < _MOST_ENDS:
            self._told_ends.add(reason)
            self._say(
                f"The endpoint ends answers with the finish reason '{reason}', which svit does not know: their text "
                f"is used as it is."
            )
