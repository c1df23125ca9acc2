"""A cheap look at a text before a search: it may see what is not there, but never misses what the search would find."""

import re
from collections.abc import Callable

from pydantic_core import SchemaValidator, core_schema

Look = Callable[[str], bool]

_LOOKAROUND = re.compile(r"(?<!\\)\(\?<?[=!]")
_BRACKET = re.compile(r"\\.|[()]")


def look(pattern: str) -> Look:
    r"""Return the look whether the pattern matches anywhere in a text, in the syntax of Rust's regex crate.

    That engine, which is behind the patterns of pydantic, passes over a text once however many words it looks for, in
    a small part of the time of `re`, or of `in` for each word. It has no lookarounds and tells no place: it looks,
    `re` finds. Its `\s`, `\w` and `\d` are not quite Python's, so spell out what must not be missed.
    """
    search = SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex")).isinstance_python
    return lambda text: search(text if text.isascii() else text.encode(errors="replace"))


def look_for(*words: str) -> Look:
    """Return the look whether any of the words, just as they are written, is in a text."""
    return look("|".join(map(re.escape, words)))


def look_before(*patterns: re.Pattern[str]) -> Look:
    r"""Return the look that sees in lines of text all that these verbose patterns find in one of them, and some more.

    It leaves out lookarounds and `\b`, takes all but blanks for `\w`, and `^` for the start of any line.
    """
    return look("|".join(f"(?mx:{_loosened(pattern.pattern)}\n)" for pattern in patterns))


def _loosened(pattern: str) -> str:
    while start := _LOOKAROUND.search(pattern):
        pattern = pattern[: start.start()] + pattern[_end_of_group(pattern, start.start()) :]
    return (
        pattern.replace(r"\b", "")
        .replace(r"\w", r"[^ \n]")
        .replace(r"\W", "[^a-z0-9_]")
        .replace(r"\s", r"[\s\x1c-\x1f]")
    )


def _end_of_group(pattern: str, start: int) -> int:
    depth = 0
    for bracket in _BRACKET.finditer(pattern, start):
        depth += {"(": 1, ")": -1}.get(bracket[0], 0)
        if not depth and bracket[0] == ")":
            return bracket.end()
    raise ValueError(f"an open bracket at {start}: {pattern}")
