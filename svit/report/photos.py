"""Photographs as they lie on the disk, made part of the page."""

import base64
from pathlib import Path
from typing import NamedTuple

from svit.pictures import found, kind_of

LARGEST = 1_500_000
"""Bytes of a file that is embedded: an image of Visual Genome or COCO has 50,000 to 500,000."""


class Photo(NamedTuple):
    """A photograph as a `data:` address, or why it is not shown."""

    data: str = ""
    why_not: str = ""


def photo_at(folder: Path, image: str) -> Photo:
    """Return the file that a record names; only JPEG, PNG, GIF and WebP are taken, by their content."""
    try:
        path = found(folder, image)
        if path is None:
            return Photo(why_not="not found")
        size = path.stat().st_size
        if size > LARGEST:
            return Photo(why_not=f"left out: {size / 1e6:,.1f} MB, and at most {LARGEST / 1e6:.1f} MB are embedded")
        body = path.read_bytes()
    except OSError as error:
        return Photo(why_not=f"cannot be read: {error.strerror}")
    kind = kind_of(body)
    if kind is None:
        return Photo(why_not="left out: it is no JPEG, PNG, GIF or WebP")
    return Photo(f"data:image/{kind};base64,{base64.b64encode(body).decode()}")
