"""COCO's records: their types as good files have them, and what odd ones mean."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import msgspec

from svit.contexts.fields.lenient_values import identifier, image_key, whole_number, words
from svit.contexts.fields.pixels import Pixels, Side, pixel_box
from svit.contexts.files.json_arrays import Key

_FOLDER = re.compile(r"(?:train|val|test|unlabeled)\d{4}")
_FOLDER_IN_NAME = re.compile(rf"COCO_({_FOLDER.pattern})_")


class CocoImage(msgspec.Struct, gc=False):
    """An image. Where its size cannot be read, width and height are None."""

    id: Key | str
    width: Side | None = None
    height: Side | None = None
    file_name: str | None = None
    coco_url: str | None = None

    @property
    def path(self) -> str:
        """The path as trainers expect it: `coco/train2017/000000033471.jpg`, or the bare name of a foreign file."""
        url = PurePosixPath(_url_path(self.coco_url))
        name = self.file_name or url.name or _name(self.id)
        if _FOLDER.fullmatch(url.parent.name):
            return f"coco/{url.parent.name}/{name}"
        named = _FOLDER_IN_NAME.match(name)
        return f"coco/{named[1]}/{name}" if named else name


class CocoCaption(msgspec.Struct, gc=False):
    """A caption's annotation."""

    id: Key | str | None = None
    caption: str | None = None


class CocoInstance(msgspec.Struct, gc=False):
    """An object's annotation. Its outline is read only where there is no box."""

    id: Key | None = None
    category_id: Key | str | None = None
    bbox: Pixels | None = None
    iscrowd: int | bool | None = 0


class CocoCategory(msgspec.Struct, gc=False):
    """A category of objects."""

    id: Key | str
    name: str


def odd_image(value: Mapping[str, Any]) -> CocoImage | None:
    """Return what the record of an image means; None without an id."""
    number = identifier(value.get("id"))
    if number is None:
        return None
    width, height = (_side(value.get(side)) for side in ("width", "height"))
    return CocoImage(number, width, height, _text(value.get("file_name")), _text(value.get("coco_url")))


def odd_caption(value: Mapping[str, Any]) -> CocoCaption:
    """Return what the record of a caption means."""
    return CocoCaption(identifier(value.get("id")), _text(value.get("caption")))


def odd_instance(value: Mapping[str, Any]) -> CocoInstance:
    """Return what the record of an object means: an id that is no number is none."""
    return CocoInstance(
        id=whole_number(value.get("id")),
        category_id=image_key(value.get("category_id")),
        bbox=pixel_box(value.get("bbox")),
        iscrowd=value.get("iscrowd") is True or bool(whole_number(value.get("iscrowd"))),
    )


def odd_category(value: Mapping[str, Any]) -> CocoCategory | None:
    """Return what the record of a category means; None without an id or a name."""
    number, name = identifier(value.get("id")), words(value.get("name"))
    return None if number is None or name is None else CocoCategory(number, name)


def _side(value: object) -> int | None:
    side = whole_number(value)
    return side if side is not None and side > 0 else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _url_path(url: str | None) -> str:
    try:
        return urlsplit(url or "").path
    except ValueError:
        return ""  # such as http://[


def _name(number: int | str) -> str:
    """Return COCO's name of the file of a numbered image, or a named one's."""
    if isinstance(number, int):
        return f"{number:012d}.jpg"
    return number if PurePosixPath(number).suffix else f"{number}.jpg"
