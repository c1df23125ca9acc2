"""How svit talks: records go to stdout, talk goes to stderr, and neither carries another's control characters."""

import json
import logging
import os
import re
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol, TextIO, TypeVar

from svit.providers.openai.redaction import Redaction

T = TypeVar("T")
Figure = str | int | float | None
_SAID = "said"
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def harmless(text: str) -> str:
    """Return the text without what could command a terminal or turn its lines around, or is in no encoding at all."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


class Bar(Protocol):
    """What stands on the terminal's last line."""

    def clear(self) -> None:
        """Make room for a line of talk."""

    def refresh(self) -> None:
        """Stand there again."""


class MessageLog:
    """Where talk goes: sentences for people, or one JSON object a line for machines and nothing else.

    `clock` returns Unix time in seconds; `bar` is what stands on the terminal and has to make room for a line.
    """

    def __init__(self, *, for_machines: bool = False, clock: Callable[[], float] = time.time) -> None:
        """Talk to people, or to machines."""
        self.for_machines = for_machines
        self.clock = clock
        self.bar: Bar | None = None
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
            sys.stderr.write(self._as_it_fits(self._redaction.words(line)) + "\n")
            sys.stderr.flush()
        except OSError:
            abandon(sys.stderr)
        if self.bar is not None:
            self.bar.refresh()

    def _as_it_fits(self, text: str) -> str:
        """Return sentences in lines that a terminal does not break within a word; what is indented stays as it is."""
        if self.for_machines or not sys.stderr.isatty():
            return text
        return "\n".join(line if line[:1].isspace() else folded(line) for line in text.split("\n"))


class _Unasked(logging.Handler):
    """What libraries log to nobody in particular: asyncio's account of a task that failed may hold a secret too."""

    def emit(self, record: logging.LogRecord) -> None:
        log.write(harmless(self.format(record)))


log = MessageLog()
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


def folded(text: str, *, indent: str = "") -> str:
    """Return the text in lines that fit the terminal, or 80 columns; those behind the first are indented."""
    width = shutil.get_terminal_size((80, 24)).columns
    return textwrap.fill(text, max(40, width), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


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
