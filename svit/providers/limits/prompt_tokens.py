"""How many tokens prompts really have, learned from what the replies report. Pure."""

import math
from dataclasses import dataclass

LEAST, MOST = 0.5, 4.0
"""Bounds of the ratio: no tokenizer is known that goes beyond them, broken servers are."""
PRIOR = 5_000
"""Tokens for which the estimate is taken to be right, so that the first replies do not decide alone."""
MEMORY = 200_000
"""Tokens after which older replies begin to count less."""
LONG = 500
"""Tokens of a prompt that may have been cut: of shorter ones the server's own additions are too large a part."""
SHORT = 0.5
"""Of what is expected: a report below this is a sign of a cut."""
SAME, APART = 0.9, 0.1
"""The same number again, below this part of the estimate, for estimates that far apart: another sign."""
SIGNS = 3


@dataclass(frozen=True, slots=True)
class CutPrompt:
    """A prompt that seems to have been cut: the tokens reported, and about how many were sent."""

    reported: int
    sent: int


class PromptTokens:
    """The ratio of reported to estimated tokens, and whether the server seems to leave parts of prompts out.

    `cut` is None until three replies have spoken of it. What speaks of a cut is not learned from.
    """

    def __init__(self) -> None:
        """Take estimates to be right until something was reported."""
        self.cut: CutPrompt | None = None
        self._estimated = self._reported = float(PRIOR)
        self._signs = 0
        self._last = (0, 0)

    @property
    def ratio(self) -> float:
        """Reported over estimated tokens, within LEAST and MOST."""
        return min(max(self._reported / self._estimated, LEAST), MOST)

    def expected(self, estimate: int) -> int:
        """Return how many tokens a prompt of this estimate is likely to be counted as."""
        return math.ceil(estimate * self.ratio)

    def learn(self, estimate: int, reported: int) -> None:
        """Take in a reply. Reports of nothing are none: some servers leave out what they had in their cache."""
        if estimate <= 0 or reported <= 0:
            return
        if self._is_cut(estimate, reported):
            self._signs += 1
            if self._signs == SIGNS:
                self.cut = CutPrompt(reported, self.expected(estimate))
            return
        self._estimated += estimate
        self._reported += reported
        if self._estimated > MEMORY:
            self._estimated, self._reported = self._estimated / 2, self._reported / 2

    def _is_cut(self, estimate: int, reported: int) -> bool:
        if estimate < LONG:
            return False
        before, self._last = self._last, (estimate, reported)
        same = reported == before[1] and abs(estimate - before[0]) > APART * before[0] and reported < SAME * estimate
        return same or reported < SHORT * self.expected(estimate)
