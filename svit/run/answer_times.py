"""How long answers take, and whether one more can still be awaited before the deadline. The clock is passed in."""

from collections import deque

_ANSWERS = 64
"""Answers of late, by the slowest of which the next one is expected."""
_SLOWER, _READ_AND_WRITTEN = 1.1, 0.3
"""How much slower the next answer may be than the slowest of late, and the seconds until it is in the journal."""


class AnswerTimes:
    """The seconds that the last few answers took. `deadline` is in seconds of the clock that is passed in."""

    def __init__(self, deadline: float | None = None) -> None:
        """Begin without an answer: until the first one, all that comes before the deadline is in time."""
        self.is_late = False
        """Whether it was ever too late to ask."""
        self._deadline = deadline
        self._took: deque[float] = deque(maxlen=_ANSWERS)

    @property
    def slowest(self) -> float:
        """The seconds that the slowest of the last few answers took, 0 before the first one."""
        return max(self._took, default=0.0)

    def add(self, seconds: float) -> None:
        """Note how long an answer took."""
        self._took.append(seconds)

    def too_late(self, now: float) -> bool:
        """Whether the answer to a request that leaves now would come too late; once so, it stays so."""
        if self._deadline is not None and now + _SLOWER * self.slowest + _READ_AND_WRITTEN >= self._deadline:
            self.is_late = True
        return self.is_late
