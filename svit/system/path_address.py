"""Paths as text for JSON, which is UTF-8, whatever their bytes are: names out of old archives are Latin-1 or GBK."""

import os
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

_SCHEME = "file://"
_DRIVES = "/:\\"
"""What stays as it is in an address, beside letters and digits."""


def path_address(path: Path) -> str:
    """Return the path as text that can be encoded: as it is, or, where its bytes are no UTF-8, as a file:// address.

    `path_at` gives it back, byte for byte. A relative path keeps being one.
    """
    body = os.fsencode(path)
    try:
        return body.decode()
    except UnicodeDecodeError:
        return _SCHEME + quote_from_bytes(body, safe=_DRIVES)


def path_at(text: str) -> Path:
    """Return the path that a text names: one of `path_address`, or as people write it."""
    if text.startswith(_SCHEME):
        return Path(os.fsdecode(unquote_to_bytes(text.removeprefix(_SCHEME))))
    return Path(on_disk(text))


def in_utf8(words: str) -> str | None:
    """Return words of the command line as text that can be encoded; None where their bytes are no UTF-8."""
    try:
        return os.fsencode(words).decode()
    except UnicodeError:
        return None


def on_disk(name: str) -> str:
    """Return a name out of a text as this system's calls take it, also where they know nothing beyond ASCII (LANG=C).

    Half characters that stand for bytes stay those bytes. Raises UnicodeEncodeError for other ones: they name no file.
    """
    return name if name.isascii() else os.fsdecode(name.encode("utf-8", "surrogateescape"))
