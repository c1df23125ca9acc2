"""The pictures that records are written with."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from svit.errors import DataError
from svit.exports.base import Item
from svit.pictures import Fault, PictureFolder, Size, fault_of

Row = tuple[Item, Mapping[str, object]]
"""An item, and its format's record of it."""
Pictures = Callable[[Item], bytes | Fault]
"""Returns the JPEG, PNG, GIF or WebP file of an item's picture; where there is none that can go out, why."""


def folder_of_pictures(folder: Path, *, pixels: bool = True) -> Pictures:
    """Return what reads an item's picture from the folder, by its whole path or the end of it.

    Without `pixels` the records have no boxes in pixels, and a copy of another size and the same shape goes out too.
    Raises DataError for what is no folder, and, when called, for a file that cannot be read.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder of pictures.")
    files = PictureFolder(folder)

    @lru_cache(maxsize=1)
    def picture_of(image: str, size: Size) -> bytes | Fault:
        try:
            path = files.find(image)
            body = path.read_bytes() if path else None
        except OSError as error:
            raise DataError(f"{folder}: the picture {image} cannot be read: {error.strerror}.") from error
        if body is None:
            return "no_picture"
        return fault_of(body, size, pixels=pixels) or body

    return lambda item: picture_of(item.image, (item.width, item.height))


def with_pictures(rows: Iterable[Row], pictures: Pictures | None) -> Iterator[tuple[Item, Mapping[str, object], bytes]]:
    """Yield the rows with their pictures, leaving out a row without one; without `pictures` all rows have b""."""
    for item, record in rows:
        body = pictures(item) if pictures else b""
        if isinstance(body, bytes):
            yield item, record, body
