"""Token counts: exact where tiktoken's ranks are on this machine, a close estimate where they are not.

tiktoken fetches its ranks from the network at first use. svit speaks to no one but the endpoint that it was given,
so ranks are used when they are in tiktoken's cache (TIKTOKEN_CACHE_DIR) and never downloaded.
"""

import hashlib
import os
import re
import string
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ENCODING = "o200k_base"
"""The encoding of gpt-4o and of all later OpenAI models known in November 2026."""
_RANKS = f"https://openaipublic.blob.core.windows.net/encodings/{ENCODING}.tiktoken"
"""Not an address to call: tiktoken names the cached file by the SHA-1 of this text."""
_RANKS_SHA256 = "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"
"""tiktoken's own figure: a cached file with another one is deleted and fetched anew."""

ESTIMATE_ERROR = 0.10
"""Largest relative error of `estimated_tokens`, measured on contexts with and without boxes against o200k_base."""

_PIECE = re.compile(
    r"(?P<word>[^\W\d_]+)|(?P<digits>\d{1,3})|(?P<gap>[ \t]+(?=\d))|(?P<mark>(?:[^\w\s]|_)+[\r\n]*)|(?P<line>[\r\n]+)"
)
_WORD_TOKEN = 9
"""Letters of an English word that are one token nearly always; longer words are cut about every six letters."""


def _table(kinds: dict[str, str]) -> bytes:
    """Return what `bytes.translate` needs to write each character of these as its kind, and all others as blanks."""
    kind_of = {character: kind for kind, characters in kinds.items() for character in characters}
    return "".join(kind_of.get(chr(code), " ") for code in range(256)).encode()


_MARKS = "".join(chr(code) for code in range(128) if not (chr(code).isalnum() or chr(code).isspace()))
_WORDS, _DIGITS, _MARK_RUNS, _LINES = map(
    _table, ({"a": string.ascii_letters}, {"0": string.digits}, {".": _MARKS}, {"|": "\r\n"})
)
_KINDS = _table({"a": string.ascii_letters, "0": string.digits, ".": _MARKS, "|": "\r\n", "_": " \t"})


@dataclass(frozen=True)
class TokenCounter:
    """Counts the tokens of a text; `exact` tells whether by the model's own encoding."""

    count: Callable[[str], int]
    exact: bool


def token_counter() -> TokenCounter:
    """Return the exact counter when tiktoken's ranks are whole in its cache, otherwise the estimate."""
    if not _ranks_are_cached():
        return TokenCounter(estimated_tokens, exact=False)
    import tiktoken

    encoding = tiktoken.get_encoding(ENCODING)
    return TokenCounter(lambda text: len(encoding.encode_ordinary(text)), exact=True)


def estimated_tokens(text: str) -> int:
    """Return about how many o200k_base tokens the text has, within ESTIMATE_ERROR for English and coordinates."""
    if text.isascii():
        return _ascii_tokens(text.encode())
    return sum(_piece_tokens(match) for match in _PIECE.finditer(text))


def _ascii_tokens(text: bytes) -> int:
    """Count the same pieces, a kind at a time and without a regex: a prompt takes a twentieth of the time."""
    words = text.translate(_WORDS).split()
    digits = text.translate(_DIGITS).split()
    kinds = text.translate(_KINDS)
    long_words = sum([(letters - _WORD_TOKEN + 5) // 6 for letters in map(len, words) if letters > _WORD_TOKEN])
    groups = sum([(len(run) + 2) // 3 for run in digits]) if b"0000" in kinds else len(digits)
    marks = len(text.translate(_MARK_RUNS).split())
    lines = len(text.translate(_LINES).split()) - kinds.count(b".|")
    return len(words) + long_words + groups + kinds.count(b"_0") + marks + lines


def _piece_tokens(match: re.Match[str]) -> int:
    if match.lastgroup != "word":
        return 1
    word = match.group()
    if word.isascii():
        return 1 if len(word) <= _WORD_TOKEN else 1 + (len(word) - _WORD_TOKEN + 5) // 6
    return max(1, len(word.encode()) // 3)


def _ranks_are_cached() -> bool:
    usual = f"{tempfile.gettempdir()}/data-gym-cache"
    folder = os.environ.get("TIKTOKEN_CACHE_DIR", os.environ.get("DATA_GYM_CACHE_DIR", usual))
    ranks = Path(folder) / hashlib.sha1(_RANKS.encode(), usedforsecurity=False).hexdigest()
    # To tiktoken an empty name means that there is no cache.
    return folder != "" and ranks.is_file() and hashlib.sha256(ranks.read_bytes()).hexdigest() == _RANKS_SHA256
