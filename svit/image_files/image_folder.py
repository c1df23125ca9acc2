"""Picture files as they lie on the disk: which one a record names, and whether it is a whole picture of its size."""

import errno
import re
import struct
import unicodedata
import warnings
import zlib
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal, NamedTuple

from svit.system.path_address import on_disk

if TYPE_CHECKING:
    from PIL.Image import Image

Fault = Literal["no_picture", "picture_broken", "picture_other_kind", "picture_too_large", "picture_size_differs"]
"""Why a picture does not go out: there is no file; it is damaged, or no picture at all; it is neither JPEG, PNG, GIF
nor WebP, or of a kind that its reader refuses; it has more bytes than its reader takes; boxes do not fit it, as its
size is not the record's."""
Size = tuple[int, int]
"""Width and height in pixels."""

_KINDS = ((b"\xff\xd8\xff", "jpeg"), (b"\x89PNG\r\n\x1a\n", "png"), (b"GIF8", "gif"), (b"RIFF", "webp"))
_OTHER_KINDS = (b"BM", b"II*\0", b"MM\0*", b"\0\0\0\x0cjP", b"\0\0\x01\0", b"8BPS", b"\xff\x0a")
"""How BMP, TIFF, JPEG 2000, ICO, PSD and JPEG XL begin."""
_PARTS_OF_ISO = (b"ftypavif", b"ftyphei", b"ftypmif1")
_ENDS = {"jpeg": b"\xff\xd9", "png": b"IEND\xaeB`\x82"}
_END_WITHIN = 4096
"""Bytes at the end of a file among which its end mark is looked for: cameras and editors put some behind it."""
_TURNED = (5, 6, 7, 8)
"""The values of EXIF's orientation under which width and height change places when a picture is shown."""
_ORIENTATION = 0x0112
_DAMAGE = (OSError, EOFError, SyntaxError, ValueError, TypeError, IndexError, KeyError, struct.error, zlib.error)
"""What Pillow's readers raise for damaged files: UnidentifiedImageError is an OSError."""
_UNREADABLE = re.compile("\N{REPLACEMENT CHARACTER}+")


class PictureFolder:
    """A folder of pictures, in which files are found by the paths that records have. Links in it are followed."""

    def __init__(self, path: Path) -> None:
        """Look at nothing yet."""
        self.path = path
        self._listed: dict[Path, dict[str, list[Path]]] = {}

    def find(self, image: str) -> Path | None:
        """Return the file that a record names: by its whole path, then by ever shorter ends of it.

        So `vg/VG_100K/2.jpg` is found where the folder is that of `vg`, or of the files. First by the very bytes; then
        by the only name that is the same text in Unicode's normal form (macOS takes accents apart) or differs in bytes
        that are no UTF-8, which a record has as U+FFFD. What a record names never leads out of the folder by `..`.
        Raises OSError when a folder cannot be read.
        """
        parts = [part for part in PurePosixPath(image).parts if part.strip("/")]
        if "\0" in image or ".." in parts:
            return None
        ends = [parts[start:] for start in range(len(parts))]
        exact = (self._exact(end) for end in ends)
        alike = (self._alike(end) for end in ends)
        return next(filter(None, exact), None) or next(filter(None, alike), None)

    def _exact(self, parts: list[str]) -> Path | None:
        try:
            path = self.path.joinpath(*map(on_disk, parts))
            return path if path.is_file() else None
        except UnicodeEncodeError:
            return None
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return None
            raise

    def _alike(self, parts: list[str]) -> Path | None:
        path = self.path
        for part in parts:
            names = self._names(path).get(_normal(part), [])
            if len(names) != 1:
                return None
            [path] = names
        return path if path.is_file() else None

    def _names(self, folder: Path) -> dict[str, list[Path]]:
        """Return what lies in the folder by its normal name; nothing for what is no folder."""
        if folder not in self._listed:
            listed = self._listed[folder] = {}
            for path in folder.iterdir() if folder.is_dir() else ():
                listed.setdefault(_normal(path.name), []).append(path)
        return self._listed[folder]


def _normal(name: str) -> str:
    """Return a name of the disk or of a record as both are compared: composed, U+FFFD for bytes that are no UTF-8."""
    if name.isascii():
        return name
    try:
        body = name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        body = name.encode("utf-8", "replace")
    return unicodedata.normalize("NFC", _UNREADABLE.sub("\N{REPLACEMENT CHARACTER}", body.decode(errors="replace")))


def kind_of(body: bytes) -> str | None:
    """Return "jpeg", "png", "gif" or "webp", by how the file begins; None for anything else."""
    kind = next((name for start, name in _KINDS if body.startswith(start)), None)
    return None if kind == "webp" and body[8:12] != b"WEBP" else kind


class PictureCheck(NamedTuple):
    """What a picture file is found to be. `sizes` are the sizes that it can be said to have, none where not known."""

    fault: Fault | None = None
    sizes: tuple[Size, ...] = ()

    def fits(self, size: Size, *, pixels: bool = True) -> bool:
        """Whether it has this size, or, without `pixels`, this shape: then boxes that are shares fit a copy, too."""
        return not self.sizes or any(_fits(found, size, pixels=pixels) for found in self.sizes)


def look_at(body: bytes) -> PictureCheck:
    """Return whether the file is a whole picture, and of which size: where EXIF turns it, that before and after.

    All of it is decoded. Without Pillow only its end is looked at, and its size is not known.
    """
    kind = kind_of(body)
    if kind is None:
        is_other = body.startswith(_OTHER_KINDS) or body[4:].startswith(_PARTS_OF_ISO)
        return PictureCheck("picture_other_kind" if is_other else "picture_broken")
    if can_decode():
        return _decoded(body, kind)
    return PictureCheck() if _has_its_end(body, kind) else PictureCheck("picture_broken")


def can_decode() -> bool:
    """Whether Pillow is here."""
    try:
        import PIL.Image  # noqa: F401
    except ImportError:
        return False
    return True


def _decoded(body: bytes, kind: str) -> PictureCheck:
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of very large pictures, and of odd EXIF
        try:
            with Image.open(BytesIO(body), formats=[kind]) as image:
                width, height = image.size
                image.draft(None, (1, 1))  # a JPEG's smallest scale: all of the file is read, an eighth computed
                image.load()
                return PictureCheck(
                    None, ((width, height), (height, width)) if _is_turned(image) else ((width, height),)
                )
        except (*_DAMAGE, Image.DecompressionBombError):
            return PictureCheck("picture_broken")


def _is_turned(image: "Image") -> bool:
    """Whether EXIF has the picture lie on its side; one that cannot be read says nothing."""
    try:
        return image.getexif().get(_ORIENTATION) in _TURNED
    except _DAMAGE:
        return False


def _fits(found: Size, size: Size, *, pixels: bool) -> bool:
    """Whether the sizes are the same, or, without `pixels`, the shapes: sides are whole pixels, and were rounded."""
    if found == size:
        return True
    (width, height), (own_width, own_height) = size, found
    return not pixels and abs(width * own_height - height * own_width) <= max(width, height)


def _has_its_end(body: bytes, kind: str) -> bool:
    if kind == "webp":
        return int.from_bytes(body[4:8], "little") + 8 <= len(body)
    if kind == "gif":
        return body.rstrip(b"\0\r\n").endswith(b";")
    return _ENDS[kind] in body[-_END_WITHIN:]
