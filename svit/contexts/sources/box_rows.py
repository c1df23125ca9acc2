"""Tables where a row is one box, or one caption: the rows of an image become its record, wherever they stand.

The rows go through a database that SQLite keeps in a temporary file: a table in any order takes no more memory than a
sorted one.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import groupby

import msgspec

from svit.contexts.dropped_annotations import Dropped
from svit.contexts.fields.box_form import CORNERS, EXTENT
from svit.contexts.fields.field_map import BOX_ROW_KEYS, IMAGE_KEYS, FieldMap, SourceRow, value_at

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE images (position INTEGER PRIMARY KEY, name BLOB UNIQUE NOT NULL);
CREATE TABLE rows (image INTEGER, number INTEGER, held BLOB, PRIMARY KEY (image, number)) WITHOUT ROWID;
BEGIN;
"""
_BOX_KEYS = ("box", *CORNERS, *EXTENT)

Held = tuple[dict[str, object], str, int]
"""A row's values by our keys, its place and number."""

_encode = msgspec.msgpack.Encoder(enc_hook=str).encode
_decode = msgspec.msgpack.Decoder(Held).decode


def image_rows(rows: Iterable[SourceRow], fields: FieldMap, counts: Dropped) -> Iterator[SourceRow]:
    """Yield a record for each image, in the order in which the images come first.

    Rows are counted, and a row without an image is dropped.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as database:
        database.executescript(_TABLES)
        for row in rows:
            _keep(database, row, fields, counts)
        held = database.execute("SELECT image, held FROM rows ORDER BY image, number")
        for _, group in groupby(held, key=lambda each: each[0]):
            yield _record([_decode(kept) for _, kept in group])


def _keep(database: sqlite3.Connection, row: SourceRow, fields: FieldMap, counts: Dropped) -> None:
    values = {key: value_at(row.values, path, row.number) for key, path in fields.paths.items()}
    image = values.get("image_id")
    counts.read["row"] += 1
    if not _is_given(image):
        counts.drop("row_names_no_image", "row", row.place)
        return
    name = _encode(image)
    found = database.execute("SELECT position FROM images WHERE name = ?", (name,)).fetchone()
    position = found[0] if found else database.execute("INSERT INTO images (name) VALUES (?)", (name,)).lastrowid
    held = _encode((values, row.place, row.number))
    database.execute("INSERT INTO rows VALUES (?, ?, ?)", (position, row.number, held))


def _record(rows: list[Held]) -> SourceRow:
    """Return the record of an image's rows: what is said of the image by the first row that says it."""
    first, place, number = rows[0]
    record: dict[str, object] = {
        key: next((values[key] for values, _, _ in rows if values[key] not in (None, "")), None)
        for key in IMAGE_KEYS
        if key in first
    }
    parts: list[dict[str, object]] = []
    places = []
    for values, where, _ in rows:
        part = {key: value for key, value in values.items() if key in BOX_ROW_KEYS and key != "caption"}
        if any(_is_given(part.get(key)) for key in (*_BOX_KEYS, "name", "phrase")):
            parts.append(part)
            places.append(where)
    record["regions" if "phrase" in first else "objects"] = parts
    captions = [values["caption"] for values, _, _ in rows if _is_given(values.get("caption"))]
    record["captions"] = list(dict.fromkeys(captions)) if all(isinstance(each, str) for each in captions) else captions
    return SourceRow(record, place, number, places)


def _is_given(value: object) -> bool:
    return value is not None and value != "" and value == value
