"""What all checks share: their form, and the words that show a flaw."""

import re
from collections.abc import Callable, Iterable, Iterator

from svit.records import Draft, Flaw

Check = Callable[[Draft], Iterable[Flaw]]

_LONGEST = 120


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
