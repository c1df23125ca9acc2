"""What all checks share: the texts of a draft, and the words that show a flaw."""

import re
from collections.abc import Callable, Iterable, Iterator

from svit.records import Draft, Flaw, Turn

Check = Callable[[Draft], Iterable[Flaw]]

_LONGEST = 120


def turns(draft: Draft) -> Iterator[Turn]:
    """Yield the turns of all dialogues in their order."""
    for dialogue in draft.dialogues:
        yield from dialogue.turns


def texts(draft: Draft) -> Iterator[str]:
    """Yield every text that the model wrote: topics, questions and answers, but no question that we asked."""
    for dialogue in draft.dialogues:
        if dialogue.topic:
            yield dialogue.topic
        for turn in dialogue.turns:
            if turn.question != draft.prompt.question:
                yield turn.question
            yield turn.answer


def matches(draft: Draft, pattern: re.Pattern[str], code: str, *, only_with: re.Pattern[str]) -> Iterator[Flaw]:
    """Yield one flaw for each text in which the pattern is found; `only_with` is a cheap look before."""
    for text in texts(draft):
        match = only_with.search(text) and pattern.search(text)
        if match:
            yield Flaw(code, excerpt(text, match.start(), match.end()))


def excerpt(text: str, start: int = 0, end: int = 0) -> str:
    """Return the words around text[start:end] on one line, at most 120 characters."""
    margin = max(0, (_LONGEST - 10 - (end - start)) // 2)
    first, last = max(0, start - margin), min(len(text), max(start, min(end, start + _LONGEST)) + margin)
    words = " ".join(text[first:last].split())[: _LONGEST - 6]
    return f"{'...' if first else ''}{words}{'...' if last < len(text) else ''}"
