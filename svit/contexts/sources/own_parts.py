"""The parts of somebody's record, objects to captions: what has one meaning is read, the rest is counted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from svit.boxes import Box
from svit.contexts.dropped_annotations import Dropped
from svit.contexts.fields.box_form import CORNERS, EXTENT, BoxForm
from svit.contexts.fields.field_map import from_json_text
from svit.contexts.fields.lenient_values import whole_number, words
from svit.errors import DataError
from svit.records import Object, Region, Relationship

Key = int | str | None
"""What a file calls an object: a number, a name, or nothing."""

_SIDES = frozenset((*CORNERS, *EXTENT))
_KNOWN: Mapping[str, frozenset[str]] = {
    "objects": frozenset(Object.__struct_fields__) | _SIDES,
    "regions": frozenset(Region.__struct_fields__) | _SIDES,
    "relationships": frozenset(Relationship.__struct_fields__),
}
_MOST_UNKNOWN = 50
"""So many unknown keys are counted by name; a file whose keys are data has more."""
_LONGEST_NAME = 40


class _NestedRecord(NamedTuple):
    """A record within a record, and where it stands."""

    values: Mapping[object, object]
    place: str


class _NamedPart(NamedTuple):
    """What objects and regions have in common."""

    key: Key
    text: str
    box: Box
    part: _NestedRecord


@dataclass
class PartReader:
    """Reads the parts of records; `class_names` are the names of classes that a file gives by number or code.

    `suspects` counts the boxes that seem to be of another form, and `numbered` the names that are numbers.
    """

    boxes: BoxForm
    counts: Dropped
    class_names: Mapping[str, str] = field(default_factory=dict)
    suspects: dict[str, int] = field(default_factory=dict)
    numbered: int = 0

    def objects(
        self, value: object, place: str, places: Sequence[str], size: tuple[int, int]
    ) -> tuple[tuple[Object, ...], Mapping[Key, int]]:
        """Return the objects, and the number of each that the file gives an id. Those without one are numbered."""
        found = list(self._named(value, "object", "name", place, places, size))
        numbers = _numbers([each.key for each in found])
        objects = tuple(
            Object(
                id=number,
                name=each.text,
                box=each.box,
                attributes=self.texts(each.part.values.get("attributes"), "attribute", f"{each.part.place}.attributes"),
                aliases=self.texts(each.part.values.get("aliases"), "alias", f"{each.part.place}.aliases"),
            )
            for each, number in zip(found, numbers, strict=True)
        )
        return objects, {each.key: number for each, number in zip(found, numbers, strict=True) if each.key is not None}

    def regions(self, value: object, place: str, places: Sequence[str], size: tuple[int, int]) -> tuple[Region, ...]:
        """Return the regions; those without a number are numbered."""
        found = list(self._named(value, "region", "phrase", place, places, size))
        numbers = _numbers([each.key for each in found])
        return tuple(
            Region(id=number, phrase=each.text, box=each.box) for each, number in zip(found, numbers, strict=True)
        )

    def relationships(self, value: object, place: str, objects: Mapping[Key, int]) -> tuple[Relationship, ...]:
        """Return the relationships of which both ends are among the objects."""
        return tuple(
            read
            for part in self._parts(value, "relationship", place, ())
            if (read := self._relationship(part, objects)) is not None
        )

    def texts(self, value: object, kind: str, place: str) -> tuple[str, ...]:
        """Return the texts of a list, or the one that stands in its place."""
        if value is None or value == []:
            return ()
        value = from_json_text(value)
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list | tuple):
            self.counts.read[kind] += 1
            self.counts.drop(f"{kind}_unreadable", kind, place)
            return ()
        self.counts.read[kind] += len(listed)
        texts = []
        for i, each in enumerate(listed):
            if text := words(each):
                texts.append(text)
            else:
                reason = f"{kind}_empty" if each is None or isinstance(each, str) else f"{kind}_unreadable"
                self.counts.drop(reason, kind, f"{place}[{i}]" if listed is value else place)
        return tuple(texts)

    def unknown_keys(self, values: Mapping[object, object], known: frozenset[str], above: str, place: str) -> None:
        """Count the keys that no record has, by name; raise DataError for one when `strict`."""
        if values.keys() <= known:
            return
        for key in values:
            if key in known:
                continue
            named = f"{above}{words(str(key)) or ''}"[:_LONGEST_NAME]
            if self.counts.strict:
                raise DataError(f"{place}: unknown key '{named}'. Correct it, or leave out --strict.")
            reason = f"unknown_key_{named}"
            several = sum(each.startswith("unknown_key_") for each in self.counts) >= _MOST_UNKNOWN
            self.counts.note("unknown_keys_of_many_names" if several and reason not in self.counts else reason, place)

    def _relationship(self, part: _NestedRecord, objects: Mapping[Key, int]) -> Relationship | None:
        ends = [objects.get(_key(part.values.get(end))) for end in ("subject", "object")]
        predicate = words(part.values.get("predicate"))
        if not predicate:
            self.counts.drop("relationship_predicate_missing", "relationship", part.place)
            return None
        subject, other = ends
        if subject is None or other is None:
            self.counts.drop("relationship_end_missing", "relationship", part.place)
            return None
        return Relationship(subject=subject, predicate=predicate, object=other)

    def _named(
        self, value: object, kind: str, text_key: str, place: str, places: Sequence[str], size: tuple[int, int]
    ) -> Iterator[_NamedPart]:
        """Yield the objects or regions that have a text, a box and no id of an earlier one."""
        seen: set[Key] = set()
        for part in self._parts(value, kind, place, places):
            key = self._id(part, kind)
            if key is not None and key in seen:
                self.counts.drop(f"{kind}_id_repeated", kind, part.place)
                continue
            seen.add(key)
            text = self._text(part, kind, text_key)
            box = self._box(part, kind, size) if text else None
            if text and box:
                yield _NamedPart(key, text, box, part)

    def _id(self, part: _NestedRecord, kind: str) -> Key:
        given = part.values.get("id")
        key = _key(given)
        if key is None and given not in (None, ""):
            self.counts.note(f"{kind}_id_unreadable", part.place)
        return key

    def _text(self, part: _NestedRecord, kind: str, text_key: str) -> str | None:
        """Return the name or phrase; of a class that is given by number or code, its name."""
        given = part.values.get(text_key)
        if kind == "object" and self.class_names and (code := _key(given)) is not None:
            name = words(self.class_names.get(str(code), self.class_names.get(str(given))))
            if name is None:
                self.counts.drop("object_class_unknown", kind, part.place)
            return name
        text = words(given)
        is_number = whole_number(given) is not None
        self.numbered += is_number
        if text is None:
            fault = "is_a_number" if is_number else "missing" if given is None or given == "" else "unreadable"
            self.counts.drop(f"{kind}_{text_key}_{fault}", kind, part.place)
        return text

    def _box(self, part: _NestedRecord, kind: str, size: tuple[int, int]) -> Box | None:
        given = part.values.get("box")
        if given is None and any(side in part.values for side in _SIDES):
            given = part.values if any(part.values.get(side) is not None for side in _SIDES) else None
        read = self.boxes.read(given, width=size[0], height=size[1])
        if read.suspect:
            self.suspects[read.suspect] = self.suspects.get(read.suspect, 0) + 1
        if read.clipped:
            self.counts.note(f"{kind}_box_clipped", part.place)
        if read.box is None:
            self.counts.drop(f"{kind}_{read.fault}", kind, part.place)
        return read.box

    def _parts(self, value: object, kind: str, place: str, places: Sequence[str]) -> Iterator[_NestedRecord]:
        """Yield the records of a list, or of an object of lists, and count them."""
        member = f"{kind}s"
        listed = [] if value is None else _transposed(from_json_text(value))
        if listed is None:
            self.counts.read[kind] += 1
            self.counts.drop(f"{member}_unreadable", kind, f"{place}, {member}")
            return
        self.counts.read[kind] += len(listed)
        for i, item in enumerate(listed):
            each = item if type(item) is dict else from_json_text(item)
            here = places[i] if i < len(places) else f"{place}, {member}[{i}]"
            if isinstance(each, dict):
                self.unknown_keys(each, _KNOWN[member], f"{member}.", here)
                yield _NestedRecord(each, here)
            else:
                self.counts.drop(f"{kind}_unreadable", kind, here)


def _key(value: object) -> Key:
    """Return what a file calls an object: 12 for "12" and 12.0, a text as it stands; None for no id."""
    if isinstance(value, bool):
        return None
    if (whole := whole_number(value)) is not None:
        return whole
    return str(value) if isinstance(value, str | int) and value != "" else None


def _numbers(keys: Sequence[Key]) -> list[int]:
    """Return the keys that are numbers as such, and the smallest free numbers from 1 in place of the others."""
    taken = {key for key in keys if isinstance(key, int)}
    free = (number for number in range(1, len(keys) + len(taken) + 1) if number not in taken)
    return [key if isinstance(key, int) else next(free) for key in keys]


def _transposed(value: object) -> list[object] | None:
    """Return a list of records as such, an object of equally long lists as its records; None for anything else."""
    if isinstance(value, list | tuple):
        return list(value)
    if not isinstance(value, dict):
        return None
    columns = {key: column for key, column in value.items() if column is not None}
    if not all(isinstance(column, list | tuple) for column in columns.values()):
        return None
    if len({len(column) for column in columns.values()}) > 1:
        return None
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
