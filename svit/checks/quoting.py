"""What all checks share: a cheap look before a search, and the words that show a flaw."""

import re
from collections.abc import Callable, Iterable, Iterator

from pydantic_core import SchemaValidator, core_schema

from svit.records import Draft, Flaw

Check = Callable[[Draft], Iterable[Flaw]]
Look = Callable[[str], bool]

_LONGEST = 120


def look(pattern: str) -> Look:
    """Return the look whether the pattern matches anywhere in a text, in the syntax of Rust's regex crate.

    That engine, which is behind the patterns of pydantic, passes over a text once however many words it looks for, a
    hundred times as fast as `re`. It has no lookarounds and says no place, so it looks first and `re` finds. Its `\\s`
    and `\\d` are not exactly Python's: spell out what must not be missed.
    """
    search = SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex")).isinstance_python
    return lambda text: search(text if text.isascii() else text.encode(errors="replace"))


def look_for(*words: str) -> Look:
    """Return the look whether any of the words, just as they are written, is in a text."""
    return look("|".join(map(re.escape, words)))


def matches(draft: Draft, pattern: re.Pattern[str], code: str, *, only_with: re.Pattern[str]) -> Iterator[Flaw]:
    """Yield one flaw for each text in which the pattern is found; `only_with` is a cheap look before."""
    for text in draft.texts:
        match = only_with.search(text) and pattern.search(text)
        if match:
            yield Flaw(code, excerpt(text, match.start(), match.end()))


def excerpt(text: str, start: int = 0, end: int = 0) -> str:
    """Return the words around text[start:end] on one line, at most 120 characters."""
    margin = max(0, (_LONGEST - 10 - (end - start)) // 2)
    first, last = max(0, start - margin), min(len(text), max(start, min(end, start + _LONGEST)) + margin)
    words = " ".join(text[first:last].split())[: _LONGEST - 6]
    return f"{'...' if first else ''}{words}{'...' if last < len(text) else ''}"
