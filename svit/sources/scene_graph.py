"""One image's objects, attributes and relationships of Visual Genome: what its records mean, and what is dropped.

Faults of single annotations are counted by reason and never stop the reading: a million people-hours have some.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import msgspec

from svit.boxes import Box
from svit.records import Object, Region, Relationship
from svit.sources.dropped import Dropped
from svit.sources.pixels import unit_box
from svit.text import one_line

Texts = tuple[str | None, ...] | None


class Named(msgspec.Struct, kw_only=True, gc=False):
    """A mention of an object in any file of any version: by id, and by name and box."""

    object_id: int | None = None
    id: int | None = None
    x: float | None = None
    y: float | None = None
    w: float | None = None
    h: float | None = None
    name: str | None = None
    names: Texts = None
    object_names: Texts = None
    attributes: Texts = None
    merged_object_ids: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse a mention without an id, in msgspec's own words."""
        if self.object_id is None and self.id is None:
            raise ValueError("Object missing required field `object_id`")

    @property
    def number(self) -> int:
        """The object's id: `object_id`, or v1.0's `id`."""
        return self.object_id if self.object_id is not None else self.id  # type: ignore[return-value]

    @property
    def clean_names(self) -> tuple[str, ...]:
        """All names, the first one first, each once, without the period that some end with."""
        given = self.names or self.object_names or (self.name,)
        return tuple(dict.fromkeys(filter(None, (one_line(name or "").rstrip(". ") for name in given))))


class Thing(Named, kw_only=True, gc=False):
    """An object of objects.json, in pixels."""

    x: float
    y: float
    w: float
    h: float


class Relation(msgspec.Struct, gc=False):
    """A relationship of relationships.json, between mentions."""

    subject: Named
    object: Named
    predicate: str | None = None


class Description(msgspec.Struct, kw_only=True, gc=False):
    """A region of region_descriptions.json, in pixels."""

    x: float
    y: float
    width: float
    height: float
    phrase: str | None = None
    region_id: int | None = None
    id: int | None = None

    def __post_init__(self) -> None:
        """Refuse a region without an id, in msgspec's own words."""
        if self.region_id is None and self.id is None:
            raise ValueError("Object missing required field `region_id`")

    @property
    def number(self) -> int:
        """The region's id: `region_id`, or v1.0's `id`."""
        return self.region_id if self.region_id is not None else self.id  # type: ignore[return-value]


class SceneGraph:
    """The objects of one image, found by any id that a file may have for them. Dropped annotations are counted."""

    def __init__(self, things: Iterable[Thing], *, width: int, height: int, counts: Dropped) -> None:
        """Keep the objects that have a name, a box inside the image and an id of their own."""
        self._things: dict[int, tuple[Thing, tuple[str, ...], Box]] = {}
        self._counts = counts
        for thing in things:
            pixels = thing.x, thing.y, thing.w, thing.h
            if thing.number in self._things:
                counts["duplicate_object_id"] += 1
            elif not (names := thing.clean_names):
                counts["object_name_missing"] += 1
            elif box := unit_box(pixels, width=width, height=height, of="object", counts=counts):
                self._things[thing.number] = thing, names, box

    def objects(self, attributed: Iterable[Named]) -> Iterator[Object]:
        """Yield the objects in file order, with the attributes that attributes.json gives them."""
        attributes = self._attributes(attributed)
        for number, (_, names, box) in self._things.items():
            words = tuple(attributes.get(number, ()))
            yield Object(id=number, name=names[0], box=box, attributes=words, aliases=names[1:])

    def relationships(self, relations: Iterable[Relation]) -> Iterator[Relationship]:
        """Yield the relationships between two objects of the image, each once."""
        seen: set[tuple[int, str, int]] = set()
        for relation in relations:
            subject, object_ = self._find(relation.subject), self._find(relation.object)
            predicate = one_line(relation.predicate or "")
            if subject is None or object_ is None:
                self._counts["relationship_end_unknown"] += 1
            elif not predicate:
                self._counts["predicate_missing"] += 1
            elif subject == object_:
                self._counts["relationship_to_itself"] += 1
            elif (subject, predicate, object_) in seen:
                self._counts["duplicate_relationship"] += 1
            else:
                seen.add((subject, predicate, object_))
                yield Relationship(subject, predicate, object_)

    def _attributes(self, attributed: Iterable[Named]) -> Mapping[int, dict[str, None]]:
        found: dict[int, dict[str, None]] = {}
        for mention in attributed:
            if not mention.attributes:
                continue
            words = [word for text in mention.attributes if (word := one_line(text or ""))]
            number = self._find(mention)
            if number is None:
                self._counts["attribute_object_unknown"] += len(words)
            else:
                found.setdefault(number, {}).update(dict.fromkeys(words))
            if len(words) < len(mention.attributes):
                self._counts["attribute_missing"] += len(mention.attributes) - len(words)
        return found

    def _find(self, mention: Named) -> int | None:
        """Return the id of the object that is meant: by id, by an id merged into it (v1.4), by box and name (v1.0)."""
        for number in (mention.number, *(mention.merged_object_ids or ())):
            if number in self._things:
                return number
            if number in self._merged:
                return self._merged[number]
        place = mention.x, mention.y, mention.w, mention.h
        found = next(
            (self._placed[(*place, name)] for name in mention.clean_names if (*place, name) in self._placed), None
        )
        if found is not None:
            self._counts["object_found_by_box_and_name"] += 1
        return found

    @cached_property
    def _merged(self) -> Mapping[int, int]:
        """The id of the object that each merged id went into."""
        return {
            merged: number for number, (thing, _, _) in self._things.items() for merged in thing.merged_object_ids or ()
        }

    @cached_property
    def _placed(self) -> Mapping[tuple[float | str | None, ...], int]:
        """The id of the object of that box in pixels and that name."""
        return {
            (thing.x, thing.y, thing.w, thing.h, name): number
            for number, (thing, names, _) in self._things.items()
            for name in names
        }


def regions(described: Iterable[Description], *, width: int, height: int, counts: Dropped) -> Iterator[Region]:
    """Yield the regions that have a phrase and a box, in file order."""
    seen: set[int] = set()
    for region in described:
        phrase = one_line(region.phrase or "")
        pixels = region.x, region.y, region.width, region.height
        if region.number in seen:
            counts["duplicate_region_id"] += 1
        elif not phrase:
            counts["region_phrase_missing"] += 1
        elif box := unit_box(pixels, width=width, height=height, of="region", counts=counts):
            seen.add(region.number)
            yield Region(region.number, phrase, box)
