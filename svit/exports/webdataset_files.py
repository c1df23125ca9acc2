"""WebDataset shards: tar files of `KEY.jpg` and `KEY.json` side by side; all are written before one gets its name."""

import hashlib
import os
import re
import shutil
import struct
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from itertools import chain, count, islice
from pathlib import Path

import orjson

from svit.errors import StorageError
from svit.exports.base import ExportedFile, Item
from svit.exports.record_pictures import Pictures, Row, with_pictures
from svit.image_files.image_folder import kind_of
from svit.system.operating_system import sync_folder
from svit.system.write_errors import why_refused

_ENDINGS: dict[str | None, str] = {"jpeg": "jpg", "png": "png", "gif": "gif", "webp": "webp"}
_UNFIT = re.compile(r"[^0-9A-Za-z_-]")
_LONGEST_KEY = 80
"""Characters; a name of more than 100 would need a header of its own."""


def write_archives(
    folder: Path,
    stem: str,
    rows: Iterable[Row],
    *,
    pictures: Pictures | None = None,
    per_tar: int = 1000,
    split: str = "train",
    indexed: bool = False,
) -> list[ExportedFile]:
    """Write the records to `STEM-000000.tar` and so on in the folder, `per_tar` in each, and return the files.

    With `pictures` each record has its picture before it, and a row without a picture is left out; else there are only
    the records. With `indexed` each shard has an index beside it: where its samples begin, and where the last one ends,
    as unsigned numbers of eight bytes. The files get their names when all of them are on the disk; files of the same
    stem from before, and further ones, are gone then. The same rows make the same bytes. Raises StorageError when the
    disk refuses.
    """
    draft = folder / f".{stem}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        written = []
        for name, some in _shards(stem, with_pictures(rows, pictures), per_tar):
            *begins, end = _fill(draft / name, some)
            written.append(ExportedFile(name, split, len(begins)))
            if indexed:
                _put(draft / index_name(name), struct.pack(f"<{len(begins) + 1}Q", *begins, end))
        names = [file.name for file in written]
        _settle(folder, stem, draft, [*names, *(index_name(name) for name in names if indexed)])
    except OSError as error:
        raise StorageError(f"{folder / stem}-*.tar: cannot be written: {why_refused(error, folder)}.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return written


_Filled = tuple[Item, Mapping[str, object], bytes]


def _shards(stem: str, rows: Iterator[_Filled], per_tar: int) -> Iterator[tuple[str, Iterator[_Filled]]]:
    """Yield the name of each shard with its rows, which are to be taken before the next is asked for."""
    for number in count():
        for first in islice(rows, 1):
            yield f"{stem}-{number:06d}.tar", chain([first], islice(rows, per_tar - 1))
            break
        else:
            return


def index_name(tar: str) -> str:
    """Return the name of the index of a shard."""
    return f"{tar}.idx"


def _fill(path: Path, rows: Iterable[_Filled]) -> list[int]:
    """Write one shard, and return at which byte each of its samples begins, and where the last one ends."""
    places = []
    with path.open("wb") as file:
        with tarfile.open(fileobj=file, mode="w") as tar:
            for item, record, body in rows:
                places.append(tar.offset)
                key = _key(item.key)
                if body:
                    _add(tar, f"{key}.{_ENDINGS[kind_of(body)]}", body)
                _add(tar, f"{key}.json", orjson.dumps(record))
            places.append(tar.offset)
        file.flush()
        os.fsync(file.fileno())
    return places


def _put(path: Path, body: bytes) -> None:
    with path.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def _add(tar: tarfile.TarFile, name: str, body: bytes) -> None:
    """Add a file of nobody's, from 1970, which all may read."""
    entry = tarfile.TarInfo(name)
    entry.size = len(body)
    tar.addfile(entry, BytesIO(body))


def _settle(folder: Path, stem: str, draft: Path, names: list[str]) -> None:
    """Give the shards their names, and remove what an earlier export of this stem left beyond them."""
    for name in names:
        (draft / name).replace(folder / name)
    ours = re.compile(re.escape(stem) + r"-[0-9]{6}\.tar(\.idx)?")
    for path in folder.iterdir():
        if ours.fullmatch(path.name) and path.name not in names:
            path.unlink()
    sync_folder(folder)


def _key(key: str) -> str:
    """Return the key as a name without dots and slashes: readers take what is before the first dot."""
    fit = _UNFIT.sub("_", key)
    if fit == key and len(key) <= _LONGEST_KEY:
        return key
    return f"{fit[:_LONGEST_KEY]}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
