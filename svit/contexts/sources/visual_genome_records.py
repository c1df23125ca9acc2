"""Visual Genome's records, read by the keys they have, whatever the file and the version.

A record as Visual Genome ships it is decoded into its types at once. One that does not fit is taken apart by hand:
each value that has one meaning is read, each other one becomes None, and `scene_graph` says what that costs.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec

from svit.contexts.fields.lenient_values import items, number, whole_number
from svit.contexts.fields.pixels import Pixels, Side
from svit.contexts.files.json_arrays import Key

T = TypeVar("T")

Texts = tuple[str | None, ...]
"""Names or attributes; None inside stands for what is no text."""


class GenomeObject(msgspec.Struct, kw_only=True, gc=False):
    """An object in any file of any version: by id, and by names and box in pixels."""

    object_id: Key | None = None
    id: Key | None = None
    x: float | None = None
    y: float | None = None
    w: float | None = None
    h: float | None = None
    name: str | None = None
    names: Texts | None = None
    object_names: Texts | None = None
    attributes: Texts | None = None
    merged_object_ids: tuple[Key, ...] | None = None
    width: float | None = None
    height: float | None = None

    @property
    def number(self) -> int | None:
        """The object's id: `object_id`, or v1.0's `id`."""
        return self.id if self.object_id is None else self.object_id

    @property
    def pixels(self) -> Pixels | None:
        """The box, None when a side is missing. `width` and `height` stand for `w` and `h`, as regions have them."""
        w = self.width if self.w is None else self.w
        h = self.height if self.h is None else self.h
        if self.x is None or self.y is None or w is None or h is None:
            return None
        return self.x, self.y, w, h


class GenomeRelation(msgspec.Struct, kw_only=True, gc=False):
    """A relationship: between mentions as in relationships.json, or between ids as in scene_graphs.json."""

    predicate: str | None = None
    subject: GenomeObject | None = None
    object: GenomeObject | None = None
    subject_id: Key | None = None
    object_id: Key | None = None

    @property
    def ends(self) -> tuple[GenomeObject | None, GenomeObject | None]:
        """The subject and the object, each None when the record does not name it."""
        return self.subject or _by_number(self.subject_id), self.object or _by_number(self.object_id)


class GenomeRegion(msgspec.Struct, kw_only=True, gc=False):
    """A region with its phrase."""

    region_id: Key | None = None
    id: Key | None = None
    x: float | None = None
    y: float | None = None
    width: float | None = None
    height: float | None = None
    phrase: str | None = None
    w: float | None = None
    h: float | None = None

    @property
    def number(self) -> int | None:
        """The region's id: `region_id`, or v1.0's `id`."""
        return self.id if self.region_id is None else self.region_id

    @property
    def pixels(self) -> Pixels | None:
        """The box, None when a side is missing. `w` and `h` stand for `width` and `height`, as objects have them."""
        width = self.w if self.width is None else self.width
        height = self.h if self.height is None else self.height
        if self.x is None or self.y is None or width is None or height is None:
            return None
        return self.x, self.y, width, height


class AnnotationRecord(msgspec.Struct, kw_only=True, gc=False):
    """What one record of any of the files says of an image; None under a key that it does not have.

    None in a list stands for an annotation that is none: null, a number, a text.
    """

    objects: list[GenomeObject | None] | None = None
    attributes: list[GenomeObject | None] | None = None
    relationships: list[GenomeRelation | None] | None = None
    regions: list[GenomeRegion | None] | None = None


class GenomeImage(msgspec.Struct, kw_only=True, gc=False):
    """A record of image_data.json. `odd` names the keys whose values mean nothing, and that an image can do without."""

    width: Side | None = None
    height: Side | None = None
    url: str | None = None
    coco_id: Key | None = None
    odd: tuple[str, ...] = ()


def annotation_record(record: Mapping[str, object]) -> AnnotationRecord:
    """Return what the values of an odd record say."""
    return AnnotationRecord(
        objects=_listed(record, "objects", mention),
        attributes=_listed(record, "attributes", mention),
        relationships=_listed(record, "relationships", relation),
        regions=_listed(record, "regions", description),
    )


def genome_image(record: Mapping[str, object]) -> GenomeImage:
    """Return what the values of an odd record of image_data.json say."""
    read = GenomeImage(
        width=_side(record.get("width")),
        height=_side(record.get("height")),
        url=_text(record.get("url")),
        coco_id=whole_number(record.get("coco_id")),
    )
    odd = [key for key in ("url", "coco_id") if getattr(read, key) is None and not _is_nothing(record.get(key))]
    return msgspec.structs.replace(read, odd=tuple(odd))


def mention(value: object) -> GenomeObject | None:
    """Return the object that is mentioned; None for what is no mention."""
    if not isinstance(value, dict):
        return None
    get = value.get
    return GenomeObject(
        object_id=whole_number(get("object_id")),
        id=whole_number(get("id")),
        x=number(get("x")),
        y=number(get("y")),
        w=number(get("w")),
        h=number(get("h")),
        name=_text(get("name")),
        names=_texts(get("names")),
        object_names=_texts(get("object_names")),
        attributes=_texts(get("attributes")),
        merged_object_ids=_numbers(get("merged_object_ids")),
        width=number(get("width")),
        height=number(get("height")),
    )


def relation(value: object) -> GenomeRelation | None:
    """Return the relationship; None for what is none."""
    if not isinstance(value, dict):
        return None
    return GenomeRelation(
        predicate=_text(value.get("predicate")),
        subject=_end(value.get("subject")),
        object=_end(value.get("object")),
        subject_id=whole_number(value.get("subject_id")),
        object_id=whole_number(value.get("object_id")),
    )


def description(value: object) -> GenomeRegion | None:
    """Return the region; None for what is none."""
    if not isinstance(value, dict):
        return None
    get = value.get
    return GenomeRegion(
        region_id=whole_number(get("region_id")),
        id=whole_number(get("id")),
        x=number(get("x")),
        y=number(get("y")),
        width=number(get("width")),
        height=number(get("height")),
        phrase=_text(get("phrase")),
        w=number(get("w")),
        h=number(get("h")),
    )


def _end(value: object) -> GenomeObject | None:
    """Return the end of a relationship: a mention, or the id of an object."""
    return mention(value) or _by_number(whole_number(value))


def _by_number(number: int | None) -> GenomeObject | None:
    return None if number is None else GenomeObject(object_id=number)


def _listed(record: Mapping[str, object], key: str, read: Callable[[object], T | None]) -> list[T | None] | None:
    """Return the annotations under the key; what is no list, but something, is one annotation that nobody can read."""
    value = record.get(key)
    if _is_nothing(value):
        return None if value is None else []
    if isinstance(value, dict) and value and all(isinstance(each, dict) for each in value.values()):
        value = list(value.values())
    listed = items(value)
    return [None] if listed is None else [read(each) for each in listed]


def _texts(value: object) -> Texts | None:
    """Return names or attributes, a single one too; None inside for what is no text."""
    if _is_nothing(value):
        return None
    listed = items(value)
    return tuple(_text(each) for each in ([value] if listed is None else listed))


def _numbers(value: object) -> tuple[int, ...]:
    return tuple(found for each in items(value) or () if (found := whole_number(each)) is not None)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _side(value: object) -> int | None:
    found = whole_number(value)
    return found if found is not None and found >= 1 else None


def _is_nothing(value: object) -> bool:
    """Whether the value is null, or NaN, which is how tables write it, or what stands for NaN: an empty list."""
    return value is None or value == [] or value != value
