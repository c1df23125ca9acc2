"""People's own annotations in tables: a row an image with its lists, or a row a box or caption."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from svit.contexts.dropped_annotations import Dropped
from svit.contexts.fields.box_form import BoxForm
from svit.contexts.fields.field_map import FieldMap, SourceRow
from svit.contexts.fields.usual_columns import recognised, unused
from svit.contexts.files.arrow_tables import ArrowTables
from svit.contexts.files.csv_tables import csv_columns, csv_rows
from svit.contexts.sources.box_rows import image_rows
from svit.contexts.sources.own_records import OwnRecords, Sizes
from svit.errors import DataError
from svit.image_files.image_folder import PictureFolder
from svit.image_files.image_size import Size, picture_size


@dataclass(frozen=True)
class OwnTable:
    """A table's records, the map that they are read by, and the columns that nothing is read from."""

    records: OwnRecords
    fields: FieldMap
    unused: list[str]


def own_csv(
    path: Path,
    given: FieldMap,
    *,
    boxes: BoxForm,
    counts: Dropped,
    class_names: Mapping[str, str],
    sizes: Sizes | None = None,
) -> OwnTable:
    """Return the table of a CSV file, a row a box or a caption.

    Raise DataError for what is no such file, SvitError for a map that does not fit it.
    """
    columns = csv_columns(path)
    fields = recognised(columns, given.for_box_rows(), str(path))
    rows = image_rows(csv_rows(path, counts), fields, counts)
    records = OwnRecords(
        rows,
        name=str(path),
        counts=counts,
        boxes=boxes,
        class_names=class_names,
        sizes=sizes,
        id_column=fields.paths["image_id"],
    )
    return OwnTable(records, fields, unused(columns, fields))


def own_data_set(
    path: Path,
    given: FieldMap,
    *,
    boxes: BoxForm,
    counts: Dropped,
    class_names: Mapping[str, str],
    sizes: Sizes | None = None,
) -> OwnTable:
    """Return the table of a data set's files. Classes have the names that the data set gives them.

    Raise DataError for what is no data set, SvitError for a map that does not fit it, and without pyarrow.
    """
    tables = ArrowTables(path)
    fields = recognised(tables.columns, given, str(path))
    rows = _rows(tables, fields, counts)
    names = class_names or tables.class_names(fields)
    records = OwnRecords(rows, name=str(path), counts=counts, boxes=boxes, class_names=names, sizes=sizes)
    return OwnTable(records, fields, unused(tables.columns, fields))


def sizes_in(folder: Path) -> Sizes:
    """Return what reads a picture's size in the folder; raise DataError for what is no folder."""
    if not folder.is_dir():
        raise DataError(f"There is no folder of pictures {folder}.")

    pictures = PictureFolder(folder)

    def size(image: str) -> Size | None:
        path = pictures.find(image)
        return picture_size(path) if path else None

    return size


def _rows(tables: ArrowTables, fields: FieldMap, counts: Dropped) -> Iterator[SourceRow]:
    rows = tables.rows(fields)
    return image_rows(rows, fields, counts) if fields.is_of_box_rows else map(fields.record, rows)
