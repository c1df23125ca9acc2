"""What an error repeats of the prompt: no word of the server's own, whatever it speaks of.

A caption may well read `payment required`, and many servers quote what they could not read.
"""

import re
from collections.abc import Iterator, Sequence

_WORD = re.compile(r"\w+")
_LONG_RUN = 5
"""Words in a row that are a quotation without any mark: a server's own phrase and a prompt share no more by chance."""
_MARKED_RUN = 2
"""Words in a row that are one where something stands before them that opens a quotation."""
_OPENS = re.compile(r"""(?:(?<!\w)['"`]|[‘“«「>\[(]|: )\Z""")
"""Quotation marks, but not those that close one; a colon; the special tokens of a chat template."""


def without_quotation(said: str, prompt: str) -> str:
    """Return what a server said, in small letters, without the words that it quotes of the prompt."""
    words = list(_WORD.finditer(said))
    if len(words) < _MARKED_RUN or not prompt:
        return said
    known = f" {' '.join(_WORD.findall(prompt.lower()))} "
    pieces, end = [], 0
    for start, stop in _runs(said, words, known):
        pieces.append(said[end:start])
        end = stop
    return " ".join([*pieces, said[end:]]) if end else said


def _runs(said: str, words: Sequence[re.Match[str]], known: str) -> Iterator[tuple[int, int]]:
    """Yield where the text repeats enough words in a row of what is known."""
    first = 0
    while first < len(words):
        start = words[first].start()
        least = _MARKED_RUN if _OPENS.search(said, max(0, start - 2), start) else _LONG_RUN
        count = _repeated(words[first:], known, least)
        if count:
            yield start, words[first + count - 1].end()
        first += count or 1


def _repeated(words: Sequence[re.Match[str]], known: str, least: int) -> int:
    """Return how many of the first words are known in this order, 0 if it is fewer than `least`."""
    run = " " + " ".join(word[0] for word in words[:least]) + " "
    if len(words) < least or run not in known:
        return 0
    count = least
    while count < len(words) and (longer := f"{run}{words[count][0]} ") in known:
        run, count = longer, count + 1
    return count
