"""Photographs as they lie on the disk, made part of the page."""

import base64
from pathlib import Path
from typing import NamedTuple

LARGEST = 1_500_000
"""Bytes of a file that is embedded: an image of Visual Genome or COCO has 50,000 to 500,000."""
_KINDS = ((b"\xff\xd8\xff", "jpeg"), (b"\x89PNG\r\n\x1a\n", "png"), (b"GIF8", "gif"), (b"RIFF", "webp"))


class Photo(NamedTuple):
    """A photograph as a `data:` address, or why it is not shown."""

    data: str = ""
    why_not: str = ""


def photo_at(folder: Path, image: str) -> Photo:
    """Return the file that a record names, looked for under the folder with its path, then by its name alone.

    What a record names never leads out of the folder, and only JPEG, PNG, GIF and WebP are taken, by their content.
    """
    try:
        path = _found(folder.resolve(), image)
        if path is None:
            return Photo(why_not="not found")
        size = path.stat().st_size
        if size > LARGEST:
            return Photo(why_not=f"left out: {size / 1e6:,.1f} MB, and at most {LARGEST / 1e6:.1f} MB are embedded")
        body = path.read_bytes()
    except OSError as error:
        return Photo(why_not=f"cannot be read: {error.strerror}")
    kind = next((name for start, name in _KINDS if body.startswith(start)), None)
    if kind is None or (kind == "webp" and body[8:12] != b"WEBP"):
        return Photo(why_not="left out: it is no JPEG, PNG, GIF or WebP")
    return Photo(f"data:image/{kind};base64,{base64.b64encode(body).decode()}")


def _found(folder: Path, image: str) -> Path | None:
    if "\0" in image:
        return None
    for name in (image, Path(image).name):
        path = (folder / name).resolve()
        if path.is_file() and path.is_relative_to(folder):
            return path
    return None
