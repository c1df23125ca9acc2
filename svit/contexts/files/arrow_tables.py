"""Tables that pyarrow reads: parquet and Arrow files, and the folders of Hugging Face's `datasets`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from svit.contexts.fields.field_map import RECORD, FieldMap, SourceRow
from svit.contexts.fields.usual_columns import Columns, TableColumn
from svit.errors import DataError, SvitError

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 256
"""Rows that are in memory at once."""
_PARQUET = (".parquet", ".pq")
_ENDINGS = (*_PARQUET, ".arrow", ".feather")
_METADATA = b"huggingface"
_LISTS = ("Sequence", "List", "LargeList")


class ArrowTables:
    """The files of a data set, read one after another. `path` is a folder, also one of `save_to_disk`, or one file."""

    def __init__(self, path: Path) -> None:
        """Find the files, and read the first one's schema.

        Raise DataError where there are none, SvitError without pyarrow.
        """
        self.path = path
        self.files = _files(path)
        with _understood(self.files[0]):
            self._schema = _schema(self.files[0])
        self._features = _features(self._schema, self.files[0].parent)

    @property
    def columns(self) -> Columns:
        """What the table has, by column."""
        return {each.name: _column(each.type) for each in self._schema}

    def class_names(self, fields: FieldMap) -> Mapping[str, str]:
        """Return the names of classes by number, where the data set knows them of the column of names."""
        paths = fields.paths
        top = paths.get("objects", "objects")
        way = [] if "name" in paths or top == RECORD else top.split(".")
        name = paths.get("name") or paths.get("objects.name")
        names = _names_at(self._features, [*way, *name.split(".")]) if name else None
        return {str(number): each for number, each in enumerate(names or ())}

    def rows(self, fields: FieldMap) -> Iterator[SourceRow]:
        """Yield the rows with the columns that the map needs; the bytes of pictures stay on the disk."""
        needed = {name for _, path in fields.columns() for name in (path, path.partition(".")[0])}
        number = 0
        for file in self.files:
            with _understood(file):
                for within, values in enumerate(_values(file, needed), start=1):
                    number += 1
                    yield SourceRow(values, f"{file}: row {within}", number)


@contextmanager
def _understood(file: Path) -> Iterator[None]:
    """Raise DataError in place of what pyarrow says of a file, SvitError without pyarrow."""
    try:
        import pyarrow as pa
    except ImportError as error:
        raise SvitError("Parquet and Arrow files are read by pyarrow: pip install 'svit[data]'.") from error
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        words = str(error).partition("\n")[0].rstrip(".")
        raise DataError(f"{file} cannot be read: {words}. Write or download it again.") from None


def _files(path: Path) -> list[Path]:
    """Return the files of a data set in their order; raise DataError where there are none."""
    if path.is_file():
        if path.suffix not in _ENDINGS:
            raise DataError(f"{path} is no parquet or Arrow file. JSONL is read by --jsonl, CSV by --csv.")
        return [path]
    if not path.is_dir():
        raise DataError(f"There is no data set {path}.")
    if splits := _named_in(path / "dataset_dict.json", "splits"):
        return [file for split in splits for file in _files(path / str(split))]
    if parts := _named_in(path / "state.json", "_data_files"):
        return [path / str(part["filename"]) for part in parts if isinstance(part, dict)]
    found = [file for file in sorted(path.rglob("*")) if file.suffix in _ENDINGS and not _is_cache(file)]
    if not found:
        others = sorted({file.suffix for file in path.iterdir() if file.suffix})
        there = f" It has {', '.join(others)} files: JSONL is read by --jsonl, CSV by --csv." if others else ""
        raise DataError(f"{path} has no parquet or Arrow files.{there}")
    return found


def _is_cache(file: Path) -> bool:
    """Whether `datasets` keeps it beside the data set: the result of a map, or an order of rows."""
    return file.name.startswith(("cache-", "indices", "."))


def _named_in(file: Path, key: str) -> list[object]:
    """Return the list under a key of a JSON file; none where there is no such file or key."""
    value = _json_object(file).get(key)
    return value if isinstance(value, list) else []


def _json_object(file: Path) -> Mapping[str, object]:
    try:
        value = json.loads(file.read_bytes()) if file.is_file() else {}
    except ValueError:
        raise DataError(f"{file} is not JSON. Save the data set again.") from None
    return value if isinstance(value, dict) else {}


def _schema(file: Path) -> "pa.Schema":
    import pyarrow as pa
    from pyarrow import parquet

    if file.suffix in _PARQUET:
        return parquet.read_schema(file)
    with pa.memory_map(str(file)) as mapped:
        return _reader(mapped).schema


def _reader(mapped: "pa.MemoryMappedFile") -> "pa.RecordBatchFileReader | pa.RecordBatchStreamReader":
    """Return what reads an Arrow file, of either of its two forms."""
    import pyarrow as pa

    if mapped.read(6) == b"ARROW1":
        return pa.ipc.open_file(mapped)
    mapped.seek(0)
    return pa.ipc.open_stream(mapped)


def _values(file: Path, needed: set[str]) -> Iterator[dict[str, object]]:
    """Yield the rows of a file, some at a time."""
    for batch in _parquet_batches(file, needed) if file.suffix in _PARQUET else _arrow_batches(file, needed):
        decimal = "decimal" in str(batch.schema)
        for values in batch.to_pylist():
            yield {key: _plain(value) for key, value in values.items()} if decimal else values


def _parquet_batches(file: Path, needed: set[str]) -> "Iterator[pa.RecordBatch]":
    from pyarrow import parquet

    with parquet.ParquetFile(file) as opened:
        names = [
            name
            for each in opened.schema_arrow
            if each.name in needed
            for name in ([f"{each.name}.{below}" for below in _without_bytes(each.type)] or [each.name])
        ]
        yield from opened.iter_batches(batch_size=_ROWS, columns=names)


def _arrow_batches(file: Path, needed: set[str]) -> "Iterator[pa.RecordBatch]":
    import pyarrow as pa

    with pa.memory_map(str(file)) as mapped:
        reader = _reader(mapped)
        whole = (
            (reader.get_batch(number) for number in range(reader.num_record_batches))
            if isinstance(reader, pa.RecordBatchFileReader)
            else reader
        )
        for batch in whole:
            columns = {name: _light(batch.column(name)) for name in batch.schema.names if name in needed}
            light = pa.RecordBatch.from_pydict(columns)
            yield from (light.slice(start, _ROWS) for start in range(0, light.num_rows, _ROWS))


def _without_bytes(kind: "pa.DataType") -> list[str]:
    """Return what a picture's column has beside its bytes; nothing for another column."""
    import pyarrow as pa

    if not pa.types.is_struct(kind) or kind.get_field_index("bytes") < 0:
        return []
    return [each.name for each in kind if each.name != "bytes"]


def _light(column: "pa.Array") -> "pa.Array":
    """Return a picture's column without the bytes, any other as it is."""
    import pyarrow as pa

    names = _without_bytes(column.type)
    if not names:
        return column
    by_name = dict(zip((each.name for each in column.type), column.flatten(), strict=True))
    return pa.StructArray.from_arrays([by_name[name] for name in names], names)


def _plain(value: object) -> object:
    """Return the value with floats for decimals, which is what DuckDB makes of 0.1."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return {key: _plain(each) for key, each in value.items()} if isinstance(value, dict) else value


def _column(kind: "pa.DataType") -> TableColumn:
    import pyarrow as pa

    item, depth = kind, 0
    while (below := _item(item)) is not None:
        item, depth = below, depth + 1
    if not pa.types.is_struct(item):
        return TableColumn(depth=depth)
    names = tuple(each.name for each in item)
    if not depth and all(_item(each.type) is not None for each in item):
        depth = 1  # the columns of a list of records
    return TableColumn(names, depth)


def _item(kind: "pa.DataType") -> "pa.DataType | None":
    """Return the type of a list's items; None for what is no list."""
    import pyarrow as pa

    types = pa.types
    is_list = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return kind.value_type if is_list else None


def _features(schema: "pa.Schema", folder: Path) -> object:
    """Return the data set's features as `datasets` writes them down: in the file, or beside it."""
    held = (schema.metadata or {}).get(_METADATA)
    if held:
        try:
            return json.loads(held)["info"]["features"]
        except (ValueError, KeyError, TypeError):
            return None  # somebody else's metadata: the columns speak for themselves
    return _json_object(folder / "dataset_info.json").get("features")


def _names_at(feature: object, way: Sequence[str]) -> list[str] | None:
    """Return the class names of the feature at the end of the way; None where it is no class."""
    if isinstance(feature, list):
        return _names_at(feature[0], way) if feature else None
    if not isinstance(feature, Mapping):
        return None
    if feature.get("_type") in _LISTS:
        return _names_at(feature.get("feature"), way)
    if not way:
        names = feature.get("names") if feature.get("_type") == "ClassLabel" else None
        return [str(name) for name in names] if isinstance(names, list) else None
    return _names_at(feature.get(way[0]), way[1:])
