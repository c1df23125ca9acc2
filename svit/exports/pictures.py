"""The pictures that records are written with."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from svit.errors import DataError
from svit.exports.base import Item
from svit.pictures import found, kind_of

Row = tuple[Item, Mapping[str, object]]
"""An item, and its format's record of it."""
Pictures = Callable[[Item], bytes | None]
"""Returns the JPEG, PNG, GIF or WebP file of an item's picture; None where there is none."""


def folder_of_pictures(folder: Path) -> Pictures:
    """Return what reads an item's picture from the folder, by its whole path or the end of it.

    A file that is no JPEG, PNG, GIF or WebP is no picture. Raises DataError for what is no folder, and, when called,
    for a file that cannot be read.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder of pictures.")

    @lru_cache(maxsize=1)
    def picture_of(image: str) -> bytes | None:
        try:
            path = found(folder, image)
            body = path.read_bytes() if path else b""
        except OSError as error:
            raise DataError(f"{folder}: the picture {image} cannot be read: {error.strerror}.") from error
        return body if kind_of(body) else None

    return lambda item: picture_of(item.image)


def with_pictures(rows: Iterable[Row], pictures: Pictures | None) -> Iterator[tuple[Item, Mapping[str, object], bytes]]:
    """Yield the rows with their pictures, leaving out a row without one; without `pictures` all rows have b""."""
    for item, record in rows:
        body = pictures(item) if pictures else b""
        if body is not None:
            yield item, record, body
