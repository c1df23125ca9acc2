"""How svit talks: records go to stdout, talk goes to stderr, and neither carries another's control characters."""

import os
import re
import shutil
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn, TextIO, TypeVar

if TYPE_CHECKING:
    from tqdm import tqdm

T = TypeVar("T")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SECONDS_BETWEEN_LINES = 60.0


def harmless(text: str) -> str:
    """Return the text without what could command a terminal or turn its lines around."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def say(text: str = "") -> None:
    """Write a line of talk. That nobody hears it is no reason to stop."""
    try:
        sys.stderr.write(harmless(text) + "\n")
        sys.stderr.flush()
    except OSError:
        abandon(sys.stderr)


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
    """How far a run is: a bar on a terminal, a plain line a minute elsewhere, nothing when quiet."""

    def __init__(self, *, quiet: bool) -> None:
        """Count from nothing; nothing is shown yet."""
        self._quiet = quiet
        self._total = 0
        self._samples = 0
        self._rejected = 0
        self._bar: tqdm[NoReturn] | None = None
        self._next_line = time.monotonic() + _SECONDS_BETWEEN_LINES

    @contextmanager
    def of(self, total: int) -> Iterator[None]:
        """Show the bar while the block runs, where one can be seen; `total` outcomes are to come."""
        self._total = total
        if not self._quiet and total and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, unit="sample", dynamic_ncols=True, leave=False)
        try:
            yield
        finally:
            if self._bar is not None:
                self._bar.close()

    def count(self, flaw: str | None) -> None:
        """Count one outcome: a sample, or a rejection by its first flaw."""
        if flaw is None:
            self._samples += 1
        else:
            self._rejected += 1
        if self._bar is not None:
            self._bar.set_postfix(rejected=self._rejected, refresh=False)
            self._bar.update()
        elif not self._quiet and time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _SECONDS_BETWEEN_LINES
            done = self._samples + self._rejected
            say(f"{done:,} of {self._total:,}: {self._samples:,} samples, {self._rejected:,} rejected")
