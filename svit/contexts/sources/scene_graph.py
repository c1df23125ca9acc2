"""One image's objects, attributes and relationships of Visual Genome: what its records mean, and what is dropped.

Faults of single annotations are counted by reason and never stop the reading: a million people-hours have some.
What comes in adds up to what goes out: every annotation is kept, dropped, or skipped since it says nothing new.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain, count
from typing import TypeVar

import msgspec

from svit.boxes import Box
from svit.contexts.dropped_annotations import WITHOUT_OBJECT, Dropped
from svit.contexts.fields.pixels import Pixels, unit_box
from svit.contexts.sources.visual_genome_records import GenomeObject, GenomeRegion, GenomeRelation, Texts
from svit.records import Object, Region, Relationship
from svit.text import one_line

T = TypeVar("T")

Placed = tuple[T | None, object]
"""An annotation, None when it is none, and where it stands: something whose text is the place."""


class _Thing(msgspec.Struct, frozen=True, gc=False):
    """An object that is kept."""

    names: tuple[str, ...]
    box: Box
    pixels: Pixels
    merged: tuple[int, ...]


class SceneGraph:
    """The objects of one image, found by any id that a file may have for them. Dropped annotations are counted."""

    def __init__(self, mentions: Iterable[Placed[GenomeObject]], *, width: int, height: int, counts: Dropped) -> None:
        """Keep the objects that have a name, a box inside the image and an id of their own."""
        self._things: dict[int, _Thing] = {}
        self._own_attributes: list[Placed[GenomeObject]] = []
        self._size = width, height
        self._counts = counts
        placed = list(mentions)
        self._free = free_numbers(mention.number if mention else None for mention, _ in placed)
        counts.read["object"] += len(placed)
        for mention, place in placed:
            attributes = (mention and mention.attributes) or ()
            if not self._keep(mention, place):
                self._skip_attributes(place, len(attributes))
            elif attributes:
                self._own_attributes.append((mention, place))

    def _keep(self, mention: GenomeObject | None, place: object) -> bool:
        """Keep the object, or drop it."""
        found = self._object(mention)
        if isinstance(found, str):
            self._counts.drop(found, "object", str(place))
            return False
        given, names, pixels = found
        width, height = self._size
        box = unit_box(pixels, width=width, height=height, of="object", counts=self._counts, place=place.__str__)
        if box is None:
            return False
        number = next(self._free) if given is None else given
        if given is None:
            self._counts.note("object_id_given", str(place))
        merged = (mention and mention.merged_object_ids) or ()
        self._things[number] = _Thing(names, box, pixels, merged)
        return True

    def _object(self, mention: GenomeObject | None) -> tuple[int | None, tuple[str, ...], Pixels] | str:
        """Return the object's id, names and box in pixels, or the reason why it cannot be read."""
        if mention is None:
            return "object_unreadable"
        if (number := mention.number) in self._things:
            return "duplicate_object_id"
        if not (names := clean_names(mention)):
            return "object_name_missing"
        if (pixels := mention.pixels) is None:
            return "object_box_missing"
        return number, names, pixels

    def objects(self, attributed: Iterable[Placed[GenomeObject]]) -> Iterator[Object]:
        """Yield the objects in file order, with the attributes of their own and those that the mentions give them."""
        attributes: dict[int, dict[str, None]] = {}
        for mention, place in chain(self._own_attributes, attributed):
            if mention is None or not (mention.attributes or mention.number is not None or clean_names(mention)):
                self._drop_attributes("attribute_unreadable", place, 1)
            elif mention.attributes:
                self._add_attributes(mention, mention.attributes, place, attributes)
        for number, thing in self._things.items():
            words = tuple(attributes.get(number, ()))
            yield Object(id=number, name=thing.names[0], box=thing.box, attributes=words, aliases=thing.names[1:])

    def relationships(self, relations: Iterable[Placed[GenomeRelation]]) -> Iterator[Relationship]:
        """Yield the relationships between two objects of the image, each once."""
        seen: set[Relationship] = set()
        for relation, place in relations:
            self._counts.read["relationship"] += 1
            found = self._relationship(relation)
            if found == WITHOUT_OBJECT["relationship"]:
                self._counts.skip(found, "relationship", str(place))
            elif isinstance(found, str):
                self._counts.drop(found, "relationship", str(place))
            elif found.subject == found.object:
                self._counts.skip("relationship_to_itself", "relationship", str(place))
            elif found in seen:
                self._counts.skip("duplicate_relationship", "relationship", str(place))
            else:
                seen.add(found)
                yield found

    def _relationship(self, relation: GenomeRelation | None) -> Relationship | str:
        """Return the relationship, or the reason why it cannot be read."""
        if relation is None:
            return "relationship_unreadable"
        subject, object_ = relation.ends
        if subject is None or object_ is None:
            return "relationship_end_missing"
        subject_id, object_id = self._find(subject), self._find(object_)
        if subject_id is None or object_id is None:
            return WITHOUT_OBJECT["relationship"]
        predicate = one_line(relation.predicate or "")
        return Relationship(subject_id, predicate, object_id) if predicate else "predicate_missing"

    def _add_attributes(
        self, mention: GenomeObject, given: Texts, place: object, attributes: dict[int, dict[str, None]]
    ) -> None:
        """Add what is given to the attributes of the object that is meant. One that it has already is the same one."""
        texts = [one_line(text or "") for text in given]
        words = dict.fromkeys(filter(None, texts))
        if "" in texts:
            self._drop_attributes("attribute_missing", place, texts.count(""))
        number = self._find(mention) if words else None
        if number is not None:
            known = attributes.setdefault(number, {})
            before = len(known)
            known.update(words)
            self._counts.read["attribute"] += len(known) - before
        else:
            self._skip_attributes(place, len(words))

    def _drop_attributes(self, reason: str, place: object, number: int) -> None:
        if number:
            self._counts.read["attribute"] += number
            self._counts.drop(reason, "attribute", str(place), number=number)

    def _skip_attributes(self, place: object, number: int) -> None:
        if number:
            self._counts.read["attribute"] += number
            self._counts.skip(WITHOUT_OBJECT["attribute"], "attribute", str(place), number=number)

    def _find(self, mention: GenomeObject) -> int | None:
        """Return the id of the object that is meant: by id, by an id merged into it (v1.4), by box and name (v1.0)."""
        own = mention.number
        if own is not None and own in self._things:
            return own
        others = mention.merged_object_ids or ()
        for number in others if own is None else (own, *others):
            if number in self._things:
                return number
            if number in self._merged:
                return self._merged[number]
        if (pixels := mention.pixels) is None:
            return None
        found = next(
            (self._placed[pixels, name] for name in clean_names(mention) if (pixels, name) in self._placed), None
        )
        if found is not None:
            self._counts["object_found_by_box_and_name"] += 1
        return found

    @cached_property
    def _merged(self) -> Mapping[int, int]:
        """The id of the object that each merged id went into."""
        return {merged: number for number, thing in self._things.items() for merged in thing.merged}

    @cached_property
    def _placed(self) -> Mapping[tuple[Pixels, str], int]:
        """The id of the object of that box in pixels and that name."""
        return {(thing.pixels, name): number for number, thing in self._things.items() for name in thing.names}


def clean_names(mention: GenomeObject) -> tuple[str, ...]:
    """Return all names, the first one first, each once, without the period that some end with."""
    for given in (mention.names, mention.object_names, (mention.name,)):
        names = tuple(dict.fromkeys(filter(None, (one_line(name or "").rstrip(". ") for name in given or ()))))
        if names:
            return names
    return ()


def regions(described: Iterable[Placed[GenomeRegion]], *, width: int, height: int, counts: Dropped) -> Iterator[Region]:
    """Yield the regions that have a phrase and a box, in file order."""
    placed = list(described)
    free = free_numbers(region.number if region else None for region, _ in placed)
    seen: set[int | None] = set()
    counts.read["region"] += len(placed)
    for region, place in placed:
        found = _region(region, seen)
        if isinstance(found, str):
            counts.drop(found, "region", str(place))
            continue
        given, phrase, pixels = found
        box = unit_box(pixels, width=width, height=height, of="region", counts=counts, place=place.__str__)
        if box is None:
            continue
        if given is None:
            counts.note("region_id_given", str(place))
        number = next(free) if given is None else given
        seen.add(number)
        yield Region(number, phrase, box)


def _region(region: GenomeRegion | None, seen: Collection[int | None]) -> tuple[int | None, str, Pixels] | str:
    """Return the region's id, phrase and box in pixels, or the reason why it cannot be read."""
    if region is None:
        return "region_unreadable"
    if (number := region.number) in seen:
        return "duplicate_region_id"
    if not (phrase := one_line(region.phrase or "")):
        return "region_phrase_missing"
    if (pixels := region.pixels) is None:
        return "region_box_missing"
    return number, phrase, pixels


def free_numbers(taken: Iterable[int | None]) -> Iterator[int]:
    """Yield the ids that none of an image's annotations has, for those that have none."""
    used = set(taken)
    yield from (number for number in count(1) if number not in used)
