"""How svit talks: records go to stdout, talk goes to stderr, and neither carries another's control characters."""

import json
import logging
import os
import re
import shutil
import stat
import sys
import textwrap
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn, TextIO, TypeVar

from svit.cli.durations import duration
from svit.redaction import Redaction

if TYPE_CHECKING:
    from tqdm import tqdm

T = TypeVar("T")
Figure = str | int | float | None
_SAID = "said"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SECONDS_BETWEEN_LINES = 60.0
_LINES_OF_RATE = 5
"""The speed is measured over the time of this many lines."""


def harmless(text: str) -> str:
    """Return the text without what could command a terminal or turn its lines around, or is in no encoding at all."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


class Log:
    """Where talk goes: sentences for people, or one JSON object a line for machines and nothing else.

    `clock` returns Unix time in seconds; `bar` is what stands on the terminal and has to make room for a line.
    """

    def __init__(self, *, for_machines: bool = False, clock: Callable[[], float] = time.time) -> None:
        """Talk to people, or to machines."""
        self.for_machines = for_machines
        self.clock = clock
        self.bar: tqdm[NoReturn] | None = None
        self._redaction = Redaction()

    def hide(self, secrets: Iterable[str]) -> None:
        """Never tell these from here on, nor parts of them: the traceback of a bug may hold one."""
        self._redaction |= Redaction.of(secrets)
        logging.lastResort = _Unasked(logging.WARNING)

    def event(self, name: str, words: str = "", **figures: Figure) -> None:
        """Tell of something that happened. People are told the words, machines also the figures, None left out."""
        if self.for_machines:
            when = datetime.fromtimestamp(self.clock(), UTC).isoformat(timespec="milliseconds")
            told = {"time": when.replace("+00:00", "Z"), "event": name, "words": harmless(words), **figures}
            self.write(json.dumps({key: value for key, value in told.items() if value not in (None, "")}))
        elif words or name == _SAID:
            self.write(harmless(words))

    def error(self, words: str, code: int, *, whole: str = "") -> None:
        """Tell why the command ends with this exit code; `whole` is the traceback of a bug."""
        if whole and not self.for_machines:
            self.write(harmless(whole.rstrip()))
        self.event("error", words if self.for_machines else f"svit: {words}", exit=code, traceback=whole)

    def write(self, line: str) -> None:
        """Write a line. That nobody hears it is no reason to stop."""
        if self.bar is not None:
            self.bar.clear()
        try:
            sys.stderr.write(self._redaction.words(line) + "\n")
            sys.stderr.flush()
        except OSError:
            abandon(sys.stderr)
        if self.bar is not None:
            self.bar.refresh()


class _Unasked(logging.Handler):
    """What libraries log to nobody in particular: asyncio's account of a task that failed may hold a secret too."""

    def emit(self, record: logging.LogRecord) -> None:
        log.write(harmless(self.format(record)))


log = Log()
"""The log of this process, as stderr is its stderr."""


def to_machines() -> None:
    """Make all that is told from here on JSON, what libraries warn of included."""
    log.for_machines = True
    logging.captureWarnings(capture=True)
    logging.basicConfig(handlers=[_Warnings()], level=logging.WARNING, force=True)


class _Warnings(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        log.event("warning", record.getMessage(), source=record.name)


def say(text: str = "") -> None:
    """Say a line."""
    log.event(_SAID, text)


def show(text: str = "") -> None:
    """Write text that was asked for, to stdout."""
    sys.stdout.write(harmless(text) + "\n")


def record(line: bytes) -> None:
    """Write one record, its line end in it, to stdout at once."""
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


def abandon(stream: TextIO) -> None:
    """Point the stream at nothing, so that the interpreter does not stumble over what is left in it on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def table(rows: Sequence[Sequence[object]], *, indent: str = "  ") -> str:
    """Return the rows as aligned columns: text to the left, numbers to the right."""
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))] if cells else []
    lines = []
    for row, line in zip(rows, cells, strict=True):
        padded = (
            text.rjust(width) if isinstance(cell, int | float) else text.ljust(width)
            for cell, text, width in zip(row, line, widths, strict=True)
        )
        lines.append(indent + "  ".join(padded).rstrip())
    return "\n".join(lines)


def figures(rows: Sequence[Sequence[object]], *, indent: str = "") -> str:
    """Return the rows as aligned columns under a head: the first to the left, all others to the right."""
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return "\n".join(
        indent + "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in cells
    )


def span(seconds: float) -> str:
    """Return a length of time for people, in the unit that suits it: 40 s, 12 min, 3.4 h, 2.1 days."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"


def counted(counts: Mapping[str, int]) -> str:
    """Return a table of counts, the largest first."""
    return table([(name, count) for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))])


def side_by_side(left: str, right: str) -> str:
    """Return two texts in columns where the terminal is wide enough, otherwise one below the other."""
    width = shutil.get_terminal_size((80, 24)).columns
    if width < 120:
        return "\n".join([*_wrapped(left, width), "", *_wrapped(right, width)])
    half = (width - 3) // 2
    columns = _wrapped(left, half), _wrapped(right, half)
    height = max(map(len, columns))
    padded = [column + [""] * (height - len(column)) for column in columns]
    return "\n".join(f"{a.ljust(half)} | {b}".rstrip() for a, b in zip(*padded, strict=True))


def _wrapped(text: str, width: int) -> list[str]:
    return [
        piece
        for line in harmless(text).split("\n")
        for piece in textwrap.wrap(line, width, subsequent_indent="  " if line[:1].strip() else "") or [""]
    ]


def watched(items: Iterable[T], total: int, unit: str, *, quiet: bool) -> Iterable[T]:
    """Return the items, with a bar while they are gone through, where one can be seen."""
    if quiet or not sys.stderr.isatty():
        return items
    from tqdm import tqdm

    return tqdm(items, total=total, unit=unit, dynamic_ncols=True, leave=False)


class Progress:
    """How far a run is: a bar on a terminal, a line a minute elsewhere, nothing when quiet.

    It has no clock: whoever runs the loop calls `tick` about once a second, also when nothing happens.
    """

    def __init__(self, *, quiet: bool, records_to_stdout: bool = False) -> None:
        """Count from nothing; nothing is shown yet. Records that a terminal may show too leave no room for a bar."""
        self._shown = not quiet
        self._bar_fits = sys.stderr.isatty() and not log.for_machines
        if records_to_stdout:
            self._bar_fits = self._bar_fits and stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode)
        self._total = 0
        self._samples = 0
        self._rejected = 0
        self._answered = 0
        self._bar: tqdm[NoReturn] | None = None
        self._lines: deque[tuple[float, int]] = deque(maxlen=_LINES_OF_RATE + 1)

    @contextmanager
    def of(self, total: int) -> Iterator[None]:
        """Show the bar while the block runs, where one can be seen; `total` outcomes are to come."""
        self._total = total
        if self._shown and total and self._bar_fits:
            from tqdm import tqdm

            self._bar = log.bar = tqdm(total=total, unit="sample", dynamic_ncols=True, leave=False)
        try:
            yield
        finally:
            if self._bar is not None:
                self._bar.close()
                self._bar = log.bar = None

    def count(self, flaw: str | None, *, answered: bool = True) -> None:
        """Count one outcome: a sample, or a rejection by its first flaw.

        Those that were known before and not `answered` now say nothing about the speed.
        """
        if flaw is None:
            self._samples += 1
        else:
            self._rejected += 1
        self._answered += answered
        if self._bar is not None:
            self._bar.update()

    def tick(self, now: float, *, in_flight: int | None = None, cost: int | None = None) -> None:
        """Show how things stand at `now`, seconds of any clock that only goes forward; `cost` is in nano-dollars."""
        if not self._lines:
            self._lines.append((now, self._answered))
        if self._bar is not None:
            words = [f"{self._rejected:,} rejected", *_standing(in_flight, cost)]
            self._bar.set_postfix_str(", ".join(words), refresh=True)
        elif self._shown and now >= self._lines[-1][0] + _SECONDS_BETWEEN_LINES:
            self._say(now, in_flight, cost)

    def _say(self, now: float, in_flight: int | None, cost: int | None) -> None:
        """Say a line. The speed is that of the last few lines."""
        from svit.prices import NANO

        since, before = self._lines[0]
        rate = (self._answered - before) * 60 / (now - since)
        self._lines.append((now, self._answered))
        done = self._samples + self._rejected
        left = (self._total - done) * 60 / rate if rate else None
        ending = [f"{duration(left)} left"] if left is not None else []
        words = ", ".join([f"{round(rate):,} a minute", *_standing(in_flight, cost), *ending])
        log.event(
            "progress",
            f"{done:,} of {self._total:,}: {self._samples:,} samples, {self._rejected:,} rejected; {words}",
            done=done,
            total=self._total,
            samples=self._samples,
            rejected=self._rejected,
            per_minute=round(rate, 1),
            in_flight=in_flight,
            dollars=None if cost is None else cost / NANO,
            seconds_left=None if left is None else round(left),
        )


def _standing(in_flight: int | None, cost: int | None) -> list[str]:
    from svit.prices import dollars

    words = [] if in_flight is None else [f"{in_flight:,} in flight"]
    return words if cost is None else [*words, f"{dollars(cost)} so far"]
