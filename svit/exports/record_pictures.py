"""The pictures that records are written with."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from svit.errors import DataError
from svit.exports.base import Embedding, Item
from svit.image_files.image_folder import Fault, PictureCheck, PictureFolder, kind_of, look_at

Row = tuple[Item, Mapping[str, object]]
"""An item, and its format's record of it."""
Pictures = Callable[[Item], bytes | Fault]
"""Returns the JPEG, PNG, GIF or WebP file of an item's picture; where there is none that can go out, why."""


class FolderOfPictures:
    """Reads the picture of an item from a folder, by its whole path or the end of it.

    One of another size than the record's goes out where no box depends on it: the item has none, or, where the records
    have none in pixels (`pixels`), it has the same shape. Where records are to hold it (`embedding`), it is of a kind
    and a size that their trainer takes.
    """

    def __init__(self, folder: Path, *, pixels: bool = True, embedding: Embedding | None = None) -> None:
        """Raise DataError for what is no folder."""
        if not folder.is_dir():
            raise DataError(f"{folder}: there is no such folder of pictures.")
        self._folder = PictureFolder(folder)
        self._pixels = pixels
        self._embedding = embedding
        self._last: tuple[str, bytes, PictureCheck] = "", b"", PictureCheck("no_picture")

    def __call__(self, item: Item) -> bytes | Fault:
        """Return the file of the item's picture, or why none can go out. Raises DataError when it cannot be read."""
        body, look = self._read(item.image)
        if fault := look.fault or self._refused(body):
            return fault
        if item.has_boxes and not look.fits((item.width, item.height), pixels=self._pixels):
            return "picture_size_differs"
        return body

    def _refused(self, body: bytes) -> Fault | None:
        """Return why a record cannot hold this file, None where it can."""
        if self._embedding and kind_of(body) not in self._embedding.kinds:
            return "picture_other_kind"
        return "picture_too_large" if self._embedding and len(body) > self._embedding.largest else None

    def is_of_other_size(self, item: Item) -> bool:
        """Whether the item's picture is there and has not the size of the record."""
        return not self._read(item.image)[1].fits((item.width, item.height))

    def _read(self, image: str) -> tuple[bytes, PictureCheck]:
        """Return the file that an image's path names, with what it is; the last one is kept for the next item."""
        if self._last[0] != image:
            try:
                path = self._folder.find(image)
                body = path.read_bytes() if path else b""
            except OSError as error:
                words = f"{self._folder.path}: the picture {image} cannot be read: {error.strerror}."
                raise DataError(words) from error
            self._last = image, body, look_at(body) if path else PictureCheck("no_picture")
        return self._last[1:]


def with_pictures(rows: Iterable[Row], pictures: Pictures | None) -> Iterator[tuple[Item, Mapping[str, object], bytes]]:
    """Yield the rows with their pictures, leaving out a row without one; without `pictures` all rows have b""."""
    for item, record in rows:
        body = pictures(item) if pictures else b""
        if isinstance(body, bytes):
            yield item, record, body
