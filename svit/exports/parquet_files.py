"""Parquet files that are whole or absent, with the columns' types as Hugging Face's `datasets` reads them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from svit.errors import SvitError
from svit.exports.record_pictures import Pictures, Row, with_pictures
from svit.run.shards import whole

if TYPE_CHECKING:
    import pyarrow as pa

ROWS, ROWS_WITH_PICTURES = 1000, 100
"""Rows of a row group: what a reader takes into memory to show one row."""
LARGEST_GROUP = 64_000_000
"""Bytes of pictures that end a row group early."""

TEXT: Mapping[str, object] = {"dtype": "string", "_type": "Value"}
WHOLE_NUMBER: Mapping[str, object] = {"dtype": "int32", "_type": "Value"}
NUMBER: Mapping[str, object] = {"dtype": "float64", "_type": "Value"}
IMAGE: Mapping[str, object] = {"_type": "Image"}
"""A record holds an image's path; the file holds {bytes, path}."""


def write_table(
    path: Path, rows: Iterable[Row], *, features: Mapping[str, object], pictures: Pictures | None = None
) -> int:
    """Write the records to the file, whole or not at all, and return how many they are; without any there is no file.

    `features` are the columns with their types, in the form of `datasets`' JSON: a constant from above, a list of one,
    or a mapping. With `pictures` the bytes are in the file, and a row without a picture is left out; else only paths
    are. The same rows make the same bytes. Raises StorageError when the disk refuses, SvitError without pyarrow.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise SvitError("Parquet files are written by pyarrow: pip install 'svit[export]'.") from error
    schema = pa.schema(
        {name: _arrow(feature) for name, feature in features.items()},
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )
    written = 0
    with whole(path) as file:
        writer: parquet.ParquetWriter | None = None
        try:
            for group in _groups(rows, features, pictures):
                writer = writer or parquet.ParquetWriter(file, schema, compression="zstd", use_dictionary=False)
                writer.write_batch(pa.RecordBatch.from_pylist(group, schema=schema))
                written += len(group)
        finally:
            if writer is not None:
                writer.close()
    return written


def _groups(
    rows: Iterable[Row], features: Mapping[str, object], pictures: Pictures | None
) -> Iterator[list[dict[str, object]]]:
    """Yield the rows of one row group after another, paths and bytes where a feature is an image."""
    most = ROWS_WITH_PICTURES if pictures else ROWS
    group: list[dict[str, object]] = []
    size = 0
    for item, record, body in with_pictures(rows, pictures):
        if record.keys() != features.keys():
            raise ValueError(f"{item.key}: the record has {sorted(record)} and the table {sorted(features)}")
        group.append({name: _filled(record[name], feature, body or None) for name, feature in features.items()})
        size += len(body)
        if len(group) >= most or size >= LARGEST_GROUP:
            yield group
            group, size = [], 0
    if group:
        yield group


def _filled(value: object, feature: object, body: bytes | None) -> object:
    """Return the value as it is written: a path with its bytes where the feature is an image."""
    if feature == IMAGE:
        return {"bytes": body, "path": value}
    if feature == [IMAGE] and isinstance(value, list):
        return [{"bytes": body, "path": path} for path in value]
    return value


def _arrow(feature: object) -> "pa.DataType":
    """Return the Arrow type that a feature is stored as."""
    import pyarrow as pa

    if isinstance(feature, list):
        return pa.list_(_arrow(feature[0]))
    assert isinstance(feature, Mapping), feature
    if feature == IMAGE:
        return pa.struct({"bytes": pa.binary(), "path": pa.string()})
    if feature.get("_type") == "Value":
        return pa.type_for_alias(str(feature["dtype"]))
    return pa.struct({name: _arrow(of) for name, of in feature.items()})
