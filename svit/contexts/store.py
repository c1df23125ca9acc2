"""The context store: all records of a source in one file, read in order, by image id or by slice.

SQLite holds one compressed record per row (msgpack, zlib level 1: 4 kB an image of Visual Genome, 0.15 ms to read).
The file is written beside its place and renamed when it is whole; it never changes afterwards.
"""

import hashlib
import os
import secrets
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Self

import msgspec

from svit.contexts.dropped_annotations import Dropped
from svit.contexts.statistics import ContextTally, Statistics
from svit.errors import DataError, StorageError, SvitError
from svit.quantities import number_of
from svit.records import ImageContext, ImageId
from svit.system.operating_system import sync_file, sync_folder
from svit.system.write_errors import known_name, why_refused
from svit.text import path_text

FORMAT = 1
"""Counted up when an older svit could not read the file."""

_APPLICATION = int.from_bytes(b"SVIT")
_COMPRESSION = 1
_NUMBERS = range(-(2**63), 2**63)
"""What SQLite can hold."""
_TABLES = f"""
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {FORMAT};
CREATE TABLE contexts (position INTEGER PRIMARY KEY, image_id UNIQUE NOT NULL, record BLOB NOT NULL);
CREATE TABLE meta (summary BLOB NOT NULL);
BEGIN;
"""

_ROWS = 32
"""Records that are fetched at once."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(ImageContext).decode


class StoreSummary(msgspec.Struct, frozen=True):
    """What a store knows of itself. `counts` is what was dropped or repaired while reading, by reason.

    `places` are the first places of each reason; `read` and `lost` how many of each kind were read, and dropped.
    """

    digest: str
    origin: str
    counts: Mapping[str, int]
    statistics: Statistics
    places: Mapping[str, tuple[str, ...]] = {}
    read: Mapping[str, int] = {}
    lost: Mapping[str, int] = {}

    @classmethod
    def of(cls, digest: str, origin: str, counts: Mapping[str, int], statistics: Statistics) -> Self:
        """Return the summary, its paths as text that can be stored."""
        origin = path_text(origin)
        if not isinstance(counts, Dropped):
            return cls(digest, origin, dict(counts), statistics)
        places = {reason: tuple(map(path_text, first)) for reason, first in counts.places.items()}
        return cls(digest, origin, dict(counts), statistics, places, dict(counts.read), dict(counts.lost))


def build_store(
    path: Path, contexts: Iterable[ImageContext], *, origin: str, counts: Mapping[str, int] | None = None
) -> StoreSummary:
    """Write the contexts to the file, whole or not at all. `counts` is read after the last of them.

    Of two contexts of one image the first is kept, where `counts` is a Dropped that is not strict. Raise DataError for
    it otherwise, and StorageError when the disk refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _build(path, contexts, origin, {} if counts is None else counts)
    except sqlite3.OperationalError as error:
        raise StorageError(f"{path} cannot be written: {error}. Make room, then run the same command.") from None
    except OSError as error:
        known = Path(known_name(os.fsdecode(error.filename or path)))
        reason = why_refused(error, path) + ("" if known in (path, *path.parents) else f" ({known})")
        raise StorageError(f"{path} cannot be written: {reason}. Change that, then run the same command.") from None


class ContextStore:
    """A store that was built, opened read-only by a `with` block. Any number of processes may read it at once."""

    def __init__(self, path: Path) -> None:
        """Remember the path; nothing is opened yet."""
        self.path = path

    def __enter__(self) -> Self:
        """Open the store; raise DataError when the file is missing, no store, or of a newer svit."""
        if not self.path.is_file():
            raise DataError(f"There is no context store {self.path}. Make it with svit contexts build.")
        # The file never changes, so SQLite needs no lock and no journal: it may lie on a read-only file system.
        address = f"{self.path.absolute().as_uri()}?mode=ro&immutable=1"
        self._database = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
        try:
            self.summary = self._summary()
        except BaseException:
            self._database.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._database.close()

    @property
    def digest(self) -> str:
        """A hash of all records in order, 32 hexadecimal digits: the same contexts have the same one."""
        return self.summary.digest

    @property
    def origin(self) -> str:
        """The files that the contexts were read from."""
        return self.summary.origin

    @property
    def counts(self) -> Mapping[str, int]:
        """What was dropped or repaired while the contexts were read, by reason."""
        return self.summary.counts

    def stats(self) -> Statistics:
        """Return how many images there are and what they have, as counted by the build."""
        return self.summary.statistics

    def __len__(self) -> int:
        return self.summary.statistics.images

    def __iter__(self) -> Iterator[ImageContext]:
        return self.slice()

    def slice(self, start: int = 0, stop: int | None = None) -> Iterator[ImageContext]:
        """Yield the contexts from position `start` up to, without, `stop`, in the order they were stored in."""
        between = "SELECT record FROM contexts WHERE position >= ? AND position < ? ORDER BY position"
        for (record,) in self._rows(between, start, len(self) if stop is None else stop):
            yield self._unpack(record)

    def image_ids(self, start: int, stop: int) -> list[ImageId]:
        """Return the ids of the contexts from position `start` up to, without, `stop`, in the order they are stored."""
        between = "SELECT image_id FROM contexts WHERE position >= ? AND position < ? ORDER BY position"
        return [image_id for (image_id,) in self._rows(between, start, stop)]

    def find(self, image_id: ImageId) -> ImageContext | None:
        """Return the image's context, None when there is no such image. A number may be given as text."""
        for form in _forms(image_id):
            for (record,) in self._rows("SELECT record FROM contexts WHERE image_id = ?", form):
                return self._unpack(record)
        return None

    def get(self, image_id: ImageId, called: str = "") -> ImageContext:
        """Return the image's context, as `find` does; raise SvitError when there is no such image in what is `called`.

        Without a name the store is called by its path.
        """
        if found := self.find(image_id):
            return found
        raise SvitError(f"{called or self.path} has no image {image_id}. {self._suggestion(image_id)}")

    def _suggestion(self, image_id: ImageId) -> str:
        numbers = "SELECT image_id FROM contexts WHERE typeof(image_id) = 'integer'"
        for number in (form for form in _forms(image_id) if isinstance(form, int)):
            for (found,) in self._rows(f"{numbers} ORDER BY abs(image_id - ?), position LIMIT 1", number):
                return f"The nearest number is {found}."
        for (found,) in self._rows("SELECT image_id FROM contexts ORDER BY position LIMIT 1"):
            return f"The first of its {number_of(len(self), 'image')} is {found}."
        return "It is empty."

    def _summary(self) -> StoreSummary:
        try:
            (application,) = self._database.execute("PRAGMA application_id").fetchone()
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
                raise self._damaged() from None
            application = version = None
        if application != _APPLICATION:
            raise DataError(f"{self.path} is no context store. Make one with svit contexts build.")
        if version > FORMAT:
            raise DataError(
                f"{self.path} was built by a newer svit (format {version}, this one reads {FORMAT}). "
                "Update svit, or build the store again."
            )
        for (summary,) in self._rows("SELECT summary FROM meta"):
            return msgspec.json.decode(summary, type=StoreSummary)
        raise self._damaged()

    def _rows(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        try:
            cursor = self._database.execute(query, values)
            while rows := cursor.fetchmany(_ROWS):
                yield from rows
        except sqlite3.ProgrammingError:
            raise  # a bug of ours: the store is closed already
        except sqlite3.DatabaseError:
            raise self._damaged() from None

    def _unpack(self, record: bytes) -> ImageContext:
        try:
            return _decode(zlib.decompress(record))
        except (zlib.error, msgspec.DecodeError):
            raise self._damaged() from None

    def _damaged(self) -> DataError:
        return DataError(f"{self.path} is damaged. Build it again with svit contexts build.")


def _build(path: Path, contexts: Iterable[ImageContext], origin: str, counts: Mapping[str, int]) -> StoreSummary:
    building = path.with_name(f".{path.name}.{secrets.token_hex(4)}.building")
    tally = ContextTally()
    try:
        building.touch()  # the system says why it cannot, and SQLite does not
        with closing(sqlite3.connect(building, isolation_level=None)) as database:
            database.executescript(_TABLES)
            digest = hashlib.blake2b(digest_size=16)
            for _ in tally.over(_written(database, contexts, counts, digest.update)):
                pass
            summary = StoreSummary.of(digest.hexdigest(), origin, counts, tally.statistics())
            database.execute("INSERT INTO meta VALUES (?)", (msgspec.json.encode(summary),))
            database.execute("COMMIT")
        _publish(building, path)
    finally:
        building.unlink(missing_ok=True)
    return summary


def _written(
    database: sqlite3.Connection,
    contexts: Iterable[ImageContext],
    counts: Mapping[str, int],
    digest: Callable[[bytes], None],
) -> Iterator[ImageContext]:
    """Insert the contexts, add their records to the digest, and yield those that are new."""
    position = 0
    for context in contexts:
        try:
            record = _encode(context)
            packed = zlib.compress(record, _COMPRESSION)
            database.execute("INSERT INTO contexts VALUES (?, ?, ?)", (position, context.image_id, packed))
        except OverflowError:
            raise DataError(f"The image {context.image_id} has a number of more than 64 bits.") from None
        except sqlite3.IntegrityError:
            _drop_repeated(database, context.image_id, position, counts)
            continue
        digest(record)
        position += 1
        yield context


def _drop_repeated(database: sqlite3.Connection, image_id: ImageId, position: int, counts: Mapping[str, int]) -> None:
    """Count an image's second record; raise DataError where nobody counts."""
    (first,) = database.execute("SELECT position FROM contexts WHERE image_id = ?", (image_id,)).fetchone()
    if isinstance(counts, Dropped):
        counts.drop("duplicate_image_id", "image", f"image {image_id}, which is record {first} already")
        return
    raise DataError(
        f"The image {image_id} is there twice: as record {first} and as record {position}. "
        "An image may have one record."
    )


def _publish(building: Path, path: Path) -> None:
    """Put the file in its place, after the disk has all of it."""
    sync_file(building)
    building.replace(path)
    sync_folder(path.parent)


def _forms(image_id: ImageId) -> Iterator[ImageId]:
    """Yield the id as it is, then the number that its text may mean, or the text of the number."""
    if isinstance(image_id, int):
        if image_id in _NUMBERS:
            yield image_id
        yield str(image_id)
    else:
        yield image_id
        if image_id.isdecimal() and len(image_id) < len(str(_NUMBERS.stop)):
            yield int(image_id)
