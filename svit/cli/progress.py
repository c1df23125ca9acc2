"""How far a run is, while it goes on: one line of a terminal drawn over and over, or a line a minute elsewhere."""

import os
import shutil
import stat
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from svit.cli import messages
from svit.cli.durations import duration
from svit.quantities import number_of

_SECONDS_BETWEEN_LINES = 60.0
_LINES_OF_RATE = 5
"""The speed is measured over the time of this many lines, or of as many seconds on a terminal."""
_BLOCKS = 10


class TerminalLine:
    """One line at the bottom of a terminal, drawn over itself; never longer than the terminal is wide."""

    def __init__(self) -> None:
        """Draw nothing yet."""
        self._text = ""
        self._drawn = 0

    def draw(self, text: str) -> None:
        """Have this text stand there."""
        self._text = text
        self.refresh()

    def refresh(self) -> None:
        """Draw the text again: something else was written, or the terminal has another width."""
        shown = self._text[: columns() - 1]
        self._put("\r" + shown + " " * (self._drawn - len(shown)))
        self._drawn = len(shown)

    def clear(self) -> None:
        """Leave the line empty, for something else to be written."""
        self._put("\r" + " " * min(self._drawn, columns() - 1) + "\r")
        self._drawn = 0

    def _put(self, text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except OSError:
            messages.abandon(sys.stderr)


def columns() -> int:
    """Return how many columns the terminal has that stderr goes to."""
    try:
        found = os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        found = 0
    return found or shutil.get_terminal_size((80, 24)).columns


class Progress:
    """How far a run is: a bar on a terminal, a line a minute elsewhere, nothing when quiet.

    It has no clock: whoever runs the loop calls `tick` about once a second, also when nothing happens. What was done
    before this start is in the count and not in the speed.
    """

    def __init__(self, *, quiet: bool, records_to_stdout: bool = False) -> None:
        """Count from nothing; nothing is shown yet. Records that a terminal may show too leave no room for a bar."""
        self._shown = not quiet
        self._bar_fits = sys.stderr.isatty() and not messages.log.for_machines
        if records_to_stdout:
            self._bar_fits = self._bar_fits and stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
        self._total = 0
        self._before = 0
        self._samples = 0
        self._rejected = 0
        self._answered = 0
        self._bar: TerminalLine | None = None
        self._seen: deque[tuple[float, int]] = deque(maxlen=_LINES_OF_RATE + 1)

    @property
    def _done(self) -> int:
        return self._before + self._samples + self._rejected

    @contextmanager
    def of(self, total: int, before: int = 0) -> Iterator[None]:
        """Show the bar while the block runs, where one can be seen: `total` outcomes, so many of them there already."""
        self._total, self._before = total, before
        if self._shown and total > before and self._bar_fits:
            self._bar = messages.log.bar = TerminalLine()
            self._seen = deque(maxlen=round(_SECONDS_BETWEEN_LINES))
            self._bar.draw(self._bar_text(None, None, None))
        try:
            yield
        finally:
            if self._bar is not None:
                self._bar.clear()
                self._bar = messages.log.bar = None

    def count(self, flaw: str | None, *, answered: bool = True) -> None:
        """Count one outcome: a sample, or a rejection by its first flaw.

        Those that were known before and not `answered` now say nothing about the speed.
        """
        if flaw is None:
            self._samples += 1
        else:
            self._rejected += 1
        self._answered += answered

    def tick(self, now: float, *, in_flight: int | None = None, cost: int | None = None) -> None:
        """Show how things stand at `now`, seconds of any clock that only goes forward; `cost` is in nano-dollars."""
        if not self._seen:
            self._seen.append((now, self._answered))
        elif self._bar is not None:
            rate = self._rate(now)
            self._seen.append((now, self._answered))
            self._bar.draw(self._bar_text(rate, in_flight, cost))
        elif self._shown and now >= self._seen[-1][0] + _SECONDS_BETWEEN_LINES:
            self._say(now, in_flight, cost)

    def _rate(self, now: float) -> float:
        """Return the answers a minute since the oldest look."""
        since, before = self._seen[0]
        return (self._answered - before) * 60 / (now - since) if now > since else 0.0

    def _left(self, rate: float | None) -> float | None:
        """Return the seconds that the rest takes at this rate; None where there is none yet."""
        return (self._total - self._done) * 60 / rate if rate else None

    def _bar_text(self, rate: float | None, in_flight: int | None, cost: int | None) -> str:
        """Return the bar and, from left to right, what else fits beside it; what matters least is left out first."""
        from svit.cost.prices import dollars

        share = self._done / self._total
        blocks = int(share * _BLOCKS)
        head = f"{int(100 * share):3}% [{'#' * blocks}{'.' * (_BLOCKS - blocks)}] {self._done:,} of {self._total:,}"
        left = self._left(rate)
        parts = [
            (2, f"{self._rejected:,} rejected" if self._rejected else ""),
            (4, "" if in_flight is None else f"{in_flight:,} in flight"),
            (1, "" if cost is None else dollars(cost)),
            (3, "" if rate is None else f"{rate:,.0f}/min"),
            (0, "" if left is None else f"{duration(left)} left"),
        ]
        return fitting(head, [(rank, words) for rank, words in parts if words], columns() - 1)

    def _say(self, now: float, in_flight: int | None, cost: int | None) -> None:
        """Say a line. The speed is that of the last few lines."""
        from svit.cost.prices import NANO

        rate = self._rate(now)
        self._seen.append((now, self._answered))
        left = self._left(rate)
        done = f"{self._done:,} of {self._total:,}"
        if self._before:
            done += f" ({self._before:,} before this start)"
        ending = [f"{duration(left)} left"] if left is not None else []
        words = ", ".join([f"{round(rate):,} a minute", *_standing(in_flight, cost), *ending])
        messages.log.event(
            "progress",
            f"{done}: {number_of(self._samples, 'sample')}, {self._rejected:,} rejected; {words}",
            done=self._done,
            total=self._total,
            before=self._before or None,
            samples=self._samples,
            rejected=self._rejected,
            per_minute=round(rate, 1),
            in_flight=in_flight,
            dollars=None if cost is None else cost / NANO,
            seconds_left=None if left is None else round(left),
        )


def fitting(head: str, parts: Sequence[tuple[int, str]], width: int) -> str:
    """Return the head and the parts behind it, without those of the highest rank where all are wider than `width`."""
    kept = list(parts)
    while kept and len(", ".join([head, *(words for _, words in kept)])) > width:
        kept.remove(max(kept))
    return ", ".join([head, *(words for _, words in kept)])


def _standing(in_flight: int | None, cost: int | None) -> list[str]:
    from svit.cost.prices import dollars

    words = [] if in_flight is None else [f"{in_flight:,} in flight"]
    return words if cost is None else [*words, f"{dollars(cost)} so far"]
