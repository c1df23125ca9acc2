"""Pieces of markdown in which text of any origin stays text: no heading, no link, no HTML, no end of a table's cell."""

import re
from collections.abc import Iterable, Sequence

from svit.text import one_line

_TICKS = re.compile("`+")
_NOT_SHOWN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters but the line feed, and marks that reorder text."""
_MARKUP = re.compile(r"[\\`*_\[\]<>#|&~!]")
_LONGEST = 200


def code(text: str) -> str:
    """Return the text as code within a line or a table's cell; a long one is cut.

    A bar would end the cell, and how to escape one behind a backslash is read in two ways: it is shown broken.
    """
    words = one_line(text)
    words = (words if len(words) <= _LONGEST else f"{words[:_LONGEST]}...").replace("|", "\N{BROKEN BAR}")
    if not words:
        return "(none)"
    fence = "`" * (_longest_run(words) + 1)
    inner = f" {words} " if "`" in words else words
    return f"{fence}{inner}{fence}"


def plain(text: str) -> str:
    """Return the text on one line, all that markdown would read as its own escaped."""
    return _MARKUP.sub(r"\\\g<0>", one_line(text))


def code_block(text: str) -> str:
    """Return the text as a block of code, its line ends in it."""
    shown = _NOT_SHOWN.sub("\N{REPLACEMENT CHARACTER}", text)
    fence = "`" * max(3, _longest_run(shown) + 1)
    return f"{fence}\n{shown}\n{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    """Return a table: its first column to the left, the others, which are numbers, to the right.

    Texts are markdown already.
    """
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    cells = [[f"{cell:,}" if isinstance(cell, int) else cell for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in [*lines, *cells])


def _longest_run(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)
