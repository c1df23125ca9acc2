"""CSV tables of boxes, and lists of class names."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from svit.contexts.dropped_annotations import Dropped
from svit.contexts.fields.field_map import SourceRow
from svit.contexts.fields.lenient_values import number
from svit.contexts.fields.usual_columns import Columns, TableColumn
from svit.contexts.files.foreign_files import foreign_magic
from svit.contexts.files.json_arrays import BYTE_ORDER_MARK
from svit.contexts.files.json_records import beginning, opened, whole_text
from svit.errors import DataError

_DELIMITERS = ",;\t|"
_LONGEST_CELL = 1 << 24


def csv_columns(path: Path) -> Columns:
    """Return the columns that the file's first line names; raise DataError when it names none."""
    for row in ([name.strip() for name in cells] for cells in _cells(path)):
        if len(row) > 1 and not row[0]:
            del row[0]  # the index that pandas writes without a name
        if len(set(row)) < len(row) or not all(row) or any(number(name) is not None for name in row):
            raise DataError(
                f"{path}: its first line does not name the columns, each by its own name: {', '.join(row)}. "
                "Put a line such as image,x1,y1,x2,y2,name before it."
            )
        return {name: TableColumn() for name in row}
    raise DataError(f"{path} is empty.")


def csv_rows(path: Path, counts: Dropped) -> Iterator[SourceRow]:
    """Yield the rows below the head by column; a row of another length is dropped and counted."""
    reading = _cells(path)
    head = [name.strip() for name in next(reading)]
    for position, cells in enumerate(reading, start=1):
        place = f"{path}: row {position}"
        if len(cells) != len(head):
            counts.read["row"] += 1
            counts.drop("row_has_other_columns_than_the_head", "row", place)
            continue
        texts = [whole_text(cell, place, counts) if cell.strip() else None for cell in cells]
        yield SourceRow(dict(zip(head, texts, strict=True)), place, position)


def class_names(path: Path) -> Mapping[str, str]:
    """Return the names of classes by number or code.

    The file is a table of code and name (a head of these words is left out), a list of one name a line, counted from 0,
    or JSON: an object of names, or an array of them. Raise DataError for anything else.
    """
    with opened(path) as file:
        text = file.read().removeprefix(BYTE_ORDER_MARK).decode(errors="replace")
    if text.lstrip().startswith(("{", "[")):
        return _of_json(path, text)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=_delimiter(text)) if any(row)]
    if rows and all(len(row) >= 2 for row in rows):
        return {row[0].strip(): row[1].strip() for row in rows}
    if rows and all(len(row) == 1 for row in rows):
        return {str(code): row[0].strip() for code, row in enumerate(rows)}
    raise DataError(f"{path}: class names are a table of code and name, one name a line, or JSON.")


def _of_json(path: Path, text: str) -> Mapping[str, str]:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return {str(code): name for code, name in enumerate(value)}
    if isinstance(value, dict) and all(isinstance(each, str) for each in value.values()):
        return value
    raise DataError(f"{path}: class names in JSON are an array of names, or an object of names by number or code.")


def _cells(path: Path) -> Iterator[list[str]]:
    """Yield the cells of each line that has any, the head first."""
    csv.field_size_limit(_LONGEST_CELL)
    with opened(path) as file:
        start = beginning(file)
        if foreign := foreign_magic(start):
            raise DataError(f"{path} {foreign}")
        if start.removeprefix(BYTE_ORDER_MARK).lstrip().startswith((b"{", b"[")):
            raise DataError(f"{path} is JSON, not CSV: own records are read with --jsonl, COCO with --coco-instances.")
        text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="")
        delimiter = _delimiter(start.decode(errors="replace"))
        try:
            yield from (row for row in csv.reader(text, delimiter=delimiter) if any(cell.strip() for cell in row))
        except csv.Error as error:
            raise DataError(f"{path} is no CSV: {error}.") from None


def _delimiter(start: str) -> str:
    head = start.partition("\n")[0]
    return max(_DELIMITERS, key=head.count)
