"""The size of a picture, read from the first bytes of its file: JPEG, PNG, GIF and WebP."""

import struct
from pathlib import Path
from typing import BinaryIO

Size = tuple[int, int]
"""Width and height in pixels, as stored: a camera's note that the picture lies on its side is not followed."""

_HEAD = 32
_PNG, _GIF, _RIFF, _JPEG = b"\x89PNG\r\n\x1a\n", (b"GIF87a", b"GIF89a"), b"RIFF", b"\xff\xd8"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""JPEG's markers that a frame's size follows."""
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))
"""JPEG's markers without a length."""


def picture_size(path: Path) -> Size | None:
    """Return the size of the picture; None for what is no such picture, or cut off before it says so.

    Raise OSError for a file that cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
        try:
            size = _jpeg(file) if head.startswith(_JPEG) else _of_head(head)
        except (struct.error, IndexError):
            return None
    return size if size and min(size) > 0 else None


def _of_head(head: bytes) -> Size | None:
    if head.startswith(_PNG) and head[12:16] == b"IHDR":
        width, height = struct.unpack_from(">II", head, 16)
        return width, height
    if head.startswith(_GIF):
        width, height = struct.unpack_from("<HH", head, 6)
        return width, height
    return _webp(head) if head.startswith(_RIFF) and head[8:12] == b"WEBP" else None


def _webp(head: bytes) -> Size | None:
    """Return the size of a lossy, lossless or extended WebP file."""
    form = head[12:16]
    if form == b"VP8 ":
        width, height = struct.unpack_from("<HH", head, 26)
        return width & 0x3FFF, height & 0x3FFF
    if form == b"VP8L":
        (bits,) = struct.unpack_from("<I", head, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8X":
        return int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    return None


def _jpeg(file: BinaryIO) -> Size | None:
    """Go from marker to marker until the frame's, which has height and width."""
    file.seek(2)
    while file.read(1) == b"\xff":
        marker = 0xFF
        while marker == 0xFF:
            marker = file.read(1)[0]
        if marker in _ALONE:
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if marker in _FRAMES:
            _, height, width = struct.unpack(">BHH", file.read(5))
            return width, height
        file.seek(length - 2, 1)
    return None
