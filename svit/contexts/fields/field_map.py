"""Which key of our records stands in which column of somebody's: `image_id=img,objects=anns,objects.name=label`.

The left side is a key of `svit contexts schema`, a part's key after its list (`objects.box`), or a side of a box
(`objects.x1`). The right side is a column, or a path into it (`meta.size.width`); within a list it starts at the
list's items. `.` is the record itself, for lists that stand side by side in it; `#` is the row's number, from 1; and a
text with braces is filled in: `image=train/{ImageID}.jpg`. What follows a second `=` is the value itself:
`name==wheat head`. Where a row is one box, a part's keys stand alone: `name=class`.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from svit.contexts.fields.box_form import CORNERS, EXTENT
from svit.errors import SvitError
from svit.records import ImageContext, Object, Region, Relationship

IMAGE_KEYS = ("image_id", "image", "width", "height", "coco_id", "source")
PART_KEYS: Mapping[str, tuple[str, ...]] = {
    "objects": (*Object.__struct_fields__, *CORNERS, *EXTENT),
    "regions": (*Region.__struct_fields__, *CORNERS, *EXTENT),
    "relationships": Relationship.__struct_fields__,
}
BOX_ROW_KEYS = (*PART_KEYS["objects"], "phrase", "caption")
"""The keys of a row that is one box, beside those of its image."""
_KEYS = (
    *ImageContext.__struct_fields__,
    *(f"{part}.{key}" for part, keys in PART_KEYS.items() for key in keys),
    *BOX_ROW_KEYS,
)
_HOLE = re.compile(r"\{([^{}]*)\}")
_SHOWN = 30

RECORD = "."
NUMBER = "#"
VALUE = "="


class SourceRow(NamedTuple):
    """A record of somebody's file as it stands, where it stands, and which it is, from 1.

    `parts` are the places of its objects, where they stand elsewhere than within it.
    """

    values: object
    place: str
    number: int
    parts: Sequence[str] = ()


@dataclass(frozen=True)
class FieldMap:
    """Paths by our keys. A key that is not mapped is read under its own name, unless the map is `closed`."""

    paths: Mapping[str, str]
    closed: bool = False

    @classmethod
    def parsed(cls, texts: Iterable[str]) -> "FieldMap":
        """Return what the command line says; raise SvitError for a key that no record has."""
        paths: dict[str, str] = {}
        for pair in (pair for text in texts for pair in text.split(",")):
            key, equals, path = (side.strip() for side in pair.partition("="))
            if not equals or not path:
                raise SvitError(f"--map: '{pair}' is no KEY=COLUMN, such as image_id=img.")
            if key not in _KEYS:
                raise SvitError(f"--map: there is no key '{key}'.{suggestion(key, _KEYS)} See svit contexts schema.")
            if key in paths:
                raise SvitError(f"--map: the key '{key}' is given twice.")
            paths[key] = path
        return cls(paths)

    @property
    def is_of_box_rows(self) -> bool:
        """Whether a key says that a row is one box, or one caption."""
        return any(key in BOX_ROW_KEYS for key in self.paths)

    def for_box_rows(self) -> "FieldMap":
        """Return the map as a table of one box a row needs it: `name` for `objects.name`, `caption` for `captions`."""
        short = {"captions": "caption"}
        return FieldMap({short.get(key, key.rpartition(".")[2]): path for key, path in self.paths.items()})

    def columns(self) -> Iterator[tuple[str, str]]:
        """Yield each of our keys with a top-level column that it needs."""
        for key, path in self.paths.items():
            part = key.partition(".")[0]
            within = "." in key and self.paths.get(part) != RECORD
            if within:
                continue  # starts at the items of the part's list
            yield from ((key, each) for each in _columns_of(path))

    def record(self, row: SourceRow) -> SourceRow:
        """Return the row with our keys. What is not mapped and not used stays as it is."""
        if not self.paths or not isinstance(row.values, Mapping):
            return row
        used = {path.partition(".")[0] for _, path in self.columns()}
        rest = {} if self.closed else row.values
        taken = {key: value for key, value in rest.items() if key not in used and key not in self.paths}
        for key, path in self.paths.items():
            if "." not in key:
                taken[key] = value_at(row.values, path, row.number)
        for part in PART_KEYS:
            within = {key.partition(".")[2]: path for key, path in self.paths.items() if key.startswith(f"{part}.")}
            if within:
                listed = from_json_text(value_at(row.values, self.paths.get(part, part), row.number))
                taken[part] = _part(listed, within, alone=self.closed or self.paths.get(part) == RECORD)
        return row._replace(values=taken)


def value_at(value: object, path: str, number: int) -> object:
    """Return what stands at the path, of a list what stands there in each item; None where nothing does."""
    if type(value) is dict and path in value:
        return value[path]
    if path == RECORD:
        return value
    if path == NUMBER:
        return number
    if path.startswith(VALUE):
        return path.removeprefix(VALUE)
    if "{" in path:
        filled = [(each, value_at(value, each, number)) for each in _HOLE.findall(path)]
        texts = {each: str(found) for each, found in filled if isinstance(found, str | int) and found != ""}
        return _HOLE.sub(lambda hole: texts[hole[1]], path) if len(texts) == len(dict(filled)) else None
    if isinstance(value, list | tuple):
        return [value_at(each, path, number) for each in value]
    if not isinstance(value, dict):
        return None
    head, _, rest = path.partition(".")
    return value_at(value[head], rest, number) if rest and head in value else None


def from_json_text(value: object) -> object:
    """Return the list or object that a text is the JSON of, as `datasets` keeps what is of several types."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        found: object = msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        return value
    return found


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean 'label'?`, or nothing where no known word is near."""
    by_form = {plain(each): each for each in known}
    near = difflib.get_close_matches(plain(word), by_form, n=1)
    return f" Did you mean '{by_form[near[0]]}'?" if near else ""


def plain(name: str) -> str:
    """Return the name as its spellings have in common: `imageid` for ImageID, image_id and `image id`."""
    return re.sub(r"[\W_]+", "", name).lower()


def listed(names: Iterable[str]) -> str:
    """Return the first names for a sentence."""
    known = list(names)
    return ", ".join(known[:_SHOWN]) + (f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else "")


def _columns_of(path: str) -> list[str]:
    """Return the columns that a path of the top level is read from."""
    return [] if path in (RECORD, NUMBER) or path.startswith(VALUE) else _HOLE.findall(path) or [path]


def _part(value: object, within: Mapping[str, str], *, alone: bool) -> object:
    """Return the items of a part with our keys; `alone` without the keys that are not mapped."""
    if isinstance(value, Mapping):
        used = {path.partition(".")[0] for path in within.values()}
        rest = {} if alone else {key: each for key, each in value.items() if key not in used and key not in within}
        return {**rest, **{key: value_at(value, path, 0) for key, path in within.items()}}
    if isinstance(value, list | tuple):
        items = map(from_json_text, value)
        return [_part(each, within, alone=alone) if isinstance(each, Mapping) else each for each in items]
    return value
