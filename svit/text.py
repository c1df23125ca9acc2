"""Text of annotations on one line: what names, phrases and captions look like in a record."""

import re
import unicodedata

_UNSEEN = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]")
"""Control characters that are not white space, marks that reorder text, zero-width spaces, lone surrogates."""


def one_line(text: str) -> str:
    """Return the text with single spaces for white space of every kind, without control characters, in form NFC."""
    if not (text.isascii() and text.isprintable()):
        text = unicodedata.normalize("NFC", _UNSEEN.sub("", text))
    return " ".join(text.split())


def path_text(words: str) -> str:
    """Return a path, or words with paths in them, as text: a byte that is no UTF-8 is in hexadecimal."""
    if words.isascii():
        return words
    try:
        return words.encode(errors="surrogateescape").decode(errors="backslashreplace")
    except UnicodeEncodeError:
        return words.encode(errors="backslashreplace").decode()


def with_full_stop(words: str) -> str:
    """Return words with a full stop, unless they end as a sentence already: servers do it either way."""
    return words if words.endswith((".", "!", "?", "。", "…")) else f"{words}."
