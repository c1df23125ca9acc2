"""Photographs as they lie on the disk, made part of the page."""

import base64
from pathlib import Path
from typing import NamedTuple

from svit.image_files.image_folder import PictureFolder, Size, kind_of, look_at

LARGEST = 1_500_000
"""Bytes of a file that is embedded: an image of Visual Genome or COCO has 50,000 to 500,000."""


class Photo(NamedTuple):
    """A photograph as a `data:` address, or why it is not shown."""

    data: str = ""
    why_not: str = ""


def photo_at(folder: Path, image: str, size: Size) -> Photo:
    """Return the file that a record of this size names; only JPEG, PNG, GIF and WebP are taken, by their content.

    A copy of another size and the same shape is taken: boxes are shares of it.
    """
    try:
        path = PictureFolder(folder).find(image)
        if path is None:
            return Photo(why_not="not found")
        length = path.stat().st_size
        if length > LARGEST:
            return Photo(why_not=f"left out: {length / 1e6:,.1f} MB, and at most {LARGEST / 1e6:.1f} MB are embedded")
        body = path.read_bytes()
    except OSError as error:
        return Photo(why_not=f"cannot be read: {error.strerror}")
    kind = kind_of(body)
    if kind is None:
        return Photo(why_not="left out: it is no JPEG, PNG, GIF or WebP")
    look = look_at(body)
    if look.fault:
        return Photo(why_not="left out: the file is damaged")
    if not look.fits(size, pixels=False):
        return Photo(why_not="left out: it has not the size of the record, nor its shape")
    return Photo(f"data:image/{kind};base64,{base64.b64encode(body).decode()}")
