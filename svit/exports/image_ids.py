"""Which images a person names in a file: ids as numbers or text, in lines or in JSON, and paths of pictures.

42
VG_100K/2345.jpg
COCO_train2014_000000000042.jpg
["7", 8, {"image_id": 9}]
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from svit.errors import DataError, SvitError
from svit.exports.base import Item
from svit.quantities import number_of

_KEYS = ("image_id", "id", "image", "file_name", "path")
"""The members of an object, and the columns of a table, that name an image; the first one counts.

Of an object with none of these its lists are read: of COCO's file `images` alone.
"""
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|bmp|tiff?)$", re.IGNORECASE)
_COCO = re.compile(r"(?:COCO_[a-z]+20\d\d_)?(0\d*|\d{12})")
"""A name of COCO's: its number has twelve digits, zeros before it."""


@dataclass
class ImageIds:
    """The images that a file names. `matched` are those of its names that an item had."""

    option: str
    path: Path
    names: dict[str, str]
    matched: set[str] = field(default_factory=set)

    def has(self, item: Item) -> bool:
        """Whether the item's image is named, by its id, or by the end of its path."""
        for key in _keys_of(item):
            if key in self.names:
                self.matched.add(self.names[key])
                return True
        return False

    def told(self) -> str:
        """Return in a sentence how many names were met. Raises SvitError when none was: the file is not about these."""
        there = len(set(self.names.values()))
        if not self.matched:
            raise SvitError(
                f"{self.option}: none of the {number_of(there, 'image')} in {self.path} is among these samples."
            )
        named = f"{number_of(there, 'image')} in {self.path}"
        return f"{self.option}: {len(self.matched):,} of {named} are among the samples."


def read_image_ids(option: str, path: Path) -> ImageIds:
    """Return the images that a file names. Raises DataError when it cannot be read, or names none."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: the ids cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: the ids cannot be read: the file is no UTF-8 text.") from error
    names = {key: name for name in _names(text) for key in _keys_named(name)}
    if not names:
        raise DataError(f"{path}: there is no id in it.")
    return ImageIds(option, path, names)


def _names(text: str) -> Iterator[str]:
    """Yield what names an image in the text: of one JSON value, or of lines that are JSON, a table, or names."""
    if (value := _decoded(text)) is not None:
        yield from _of_json(value)
        return
    lines = [line for line in text.splitlines() if line.strip()]
    column = _column(lines[0]) if lines else None
    for line in lines[column is not None :]:
        if (value := _decoded(line)) is not None:
            yield from _of_json(value)
            continue
        cells = [_without_point(cell.strip()) for cell in _cells(line)]
        if column is None and all(cell.isdigit() or _PICTURE.search(cell) for cell in cells if cell):
            yield from cells
        else:
            yield cells[min(column or 0, len(cells) - 1)]


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _cells(line: str) -> list[str]:
    return next(csv.reader([line.replace("\t", ",")]))


def _without_point(cell: str) -> str:
    """Return a number that a table's writer made 42.0 of as 42."""
    return cell.removesuffix(".0") if cell.removesuffix(".0").isdigit() else cell


def _column(first: str) -> int | None:
    """Return the place of the column that names images, where the first line names the columns."""
    heads = [head.strip().lower() for head in _cells(first)]
    return next((heads.index(key) for key in _KEYS if key in heads), None)


def _of_json(value: Any) -> Iterator[str]:
    """Yield the names in a decoded value: a number, a text, an object of one image, or many of these."""
    if isinstance(value, list):
        for each in value:
            yield from _of_json(each)
    elif isinstance(value, dict):
        named = [value[key] for key in _KEYS if isinstance(value.get(key), str | int | float)]
        lists = [value["images"]] if "images" in value else [each for each in value.values() if isinstance(each, list)]
        yield from _of_json(named[:1] or lists)
    elif isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        yield str(value).strip()
    elif isinstance(value, float) and value.is_integer():
        yield str(int(value))


def _keys_named(name: str) -> Iterable[str]:
    """Return what a name may be met by: itself, and of a picture's path its stem and the number of COCO's name."""
    if not name:
        return ()
    if not ("/" in name or "\\" in name or _PICTURE.search(name) or name.startswith("COCO_")):
        return (name,)
    stem = _PICTURE.sub("", PurePosixPath(name.replace("\\", "/")).name)
    return {name, stem, *_number(stem)}


def _keys_of(item: Item) -> Iterator[str]:
    yield str(item.image_id)
    yield item.image
    stem = _PICTURE.sub("", item.image.rpartition("/")[2])
    yield stem
    yield from _number(stem)


def _number(stem: str) -> tuple[str, ...]:
    found = _COCO.fullmatch(stem)
    return (str(int(found[1])),) if found else ()
