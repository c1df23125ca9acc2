"""What is secret is taken out of texts: the key, the proxy's password, the values of an address's query. Pure.

A text loses whatever repeats 8 characters in a row of a secret or more. In the bytes of a paid reply only 16 in a row
count, or a whole secret of 12 at least, and as many x's take their place. What looks like words, or like one digit
again and again, stays in them: a server that asks for no key is given one such as 'anything', and an answer may say so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T", str, bytes)
MOST_WORDS = 500
"""Characters of an error that a server or a library tells: more is not for people."""
_IN_WORDS = 8
_IN_BODY = 16
_SHORTEST_IN_BODY = 12
_LEAST_VARIED = 8
"""Different characters that a secret has at least if it was drawn; beside letters it has a digit then."""
_TAKEN_OUT = "***"


def shortened(words: str) -> str:
    """Return the words on one line, at most MOST_WORDS characters of them."""
    line = " ".join(words[: 4 * MOST_WORDS].split())
    return line if len(line) <= MOST_WORDS else line[: MOST_WORDS - 4].rstrip() + " ..."


@dataclass(frozen=True, repr=False)
class Redaction:
    """Takes these secrets out of what is told and kept; short ones are no secrets."""

    secrets: tuple[str, ...] = ()

    @classmethod
    def of(cls, secrets: Iterable[str]) -> "Redaction":
        """Return the redaction of these secrets, each once."""
        return cls(tuple(dict.fromkeys(each for each in secrets if len(each) >= _IN_WORDS)))

    def __or__(self, other: "Redaction") -> "Redaction":
        """Return the redaction of the secrets of both."""
        return Redaction.of((*self.secrets, *other.secrets))

    def words(self, text: str) -> str:
        """Return the text with *** for each part of a secret."""
        pieces, end = [], 0
        for start, stop in _merged(run for each in self.secrets for run in _runs(text, each, _IN_WORDS)):
            pieces += [text[end:start], _TAKEN_OUT]
            end = stop
        return "".join([*pieces, text[end:]]) if end else text

    def refusal(self, body: bytes) -> bytes:
        """Return the body of an error with x's for each part of a secret."""
        return self._crossed_out(body, _IN_WORDS, _IN_WORDS)

    def reply(self, body: bytes) -> bytes:
        """Return the body of an answer with x's for each secret and each long part of one, unless it may be words."""
        drawn = Redaction(tuple(filter(_is_drawn, self.secrets)))
        return drawn._crossed_out(body, _IN_BODY, _SHORTEST_IN_BODY)

    def _crossed_out(self, body: bytes, least: int, shortest: int) -> bytes:
        runs = _merged(
            run
            for each in self.secrets
            if len(each) >= shortest
            for run in _runs(body, each.encode(), min(least, len(each.encode())))
        )
        if not runs:
            return body
        changed = bytearray(body)
        for start, stop in runs:
            changed[start:stop] = b"x" * (stop - start)
        return bytes(changed)


@lru_cache(maxsize=64)
def _is_drawn(secret: str) -> bool:
    """Whether a secret looks like one that was drawn, and not like what somebody wrote where none is needed."""
    has_both = any(map(str.isdigit, secret)) and any(map(str.isalpha, secret))
    return has_both and len(set(secret)) >= _LEAST_VARIED


def _runs(text: T, secret: T, least: int) -> Iterator[tuple[int, int]]:
    """Yield where the text repeats at least so many characters in a row of the secret.

    Such a run holds one of the blocks into which the secret is cut whole, for they are half as long: they are looked
    for, and a run grows from each in both directions.
    """
    block = (least + 1) // 2
    for offset in range(0, len(secret) - block + 1, block):
        found = text.find(secret[offset : offset + block])
        while found >= 0:
            before, after = offset, offset + block
            start, stop = found, found + block
            while before and start and secret[before - 1] == text[start - 1]:
                before, start = before - 1, start - 1
            while after < len(secret) and stop < len(text) and secret[after] == text[stop]:
                after, stop = after + 1, stop + 1
            if stop - start >= least:
                yield start, stop
            found = text.find(secret[offset : offset + block], found + 1)


def _merged(runs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(runs):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(stop, merged[-1][1])
        else:
            merged.append((start, stop))
    return merged
