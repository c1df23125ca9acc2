"""The file of a journal: its schema, how it is opened and closed, and what others may do to it meanwhile."""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from svit.errors import DataError, StorageError, SvitError
from svit.system.sqlite_files import PATIENCE, SLICE, DatabaseIdentity, DatabaseWait, beside, code_of, made_private

_VERSION = 3
_OLDEST = 2
"""Journals from this format on are read as they are, and brought to the present one when they are opened to write."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS templates (version TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS requests (
  request INTEGER PRIMARY KEY, prompt_id TEXT NOT NULL, attempt INTEGER NOT NULL, task TEXT NOT NULL,
  image_id NOT NULL, version TEXT NOT NULL, worst INTEGER NOT NULL, reason TEXT NOT NULL, sent_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS unknown (
  request INTEGER PRIMARY KEY, prompt_id TEXT NOT NULL, attempt INTEGER NOT NULL, task TEXT NOT NULL,
  image_id NOT NULL, version TEXT NOT NULL, worst INTEGER NOT NULL, reason TEXT NOT NULL, sent_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS requests_by_image ON requests (image_id);
CREATE INDEX IF NOT EXISTS unknown_by_image ON unknown (image_id);
CREATE TABLE IF NOT EXISTS replies (
  request INTEGER PRIMARY KEY, failure TEXT, received_at REAL NOT NULL,
  prompt_tokens INTEGER, completion_tokens INTEGER, cost INTEGER, reused INTEGER NOT NULL DEFAULT 0,
  checksum INTEGER);
CREATE TABLE IF NOT EXISTS bodies (
  request INTEGER PRIMARY KEY, packed INTEGER NOT NULL, bytes BLOB NOT NULL, checksum INTEGER);
CREATE TABLE IF NOT EXISTS shards (
  task TEXT NOT NULL, shard INTEGER NOT NULL, recipe TEXT NOT NULL, images INTEGER NOT NULL,
  samples INTEGER NOT NULL, flaws TEXT NOT NULL, size INTEGER NOT NULL,
  published_at REAL NOT NULL, partial INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (task, shard)) WITHOUT ROWID;
"""
_FROM_2 = """
ALTER TABLE replies ADD COLUMN checksum INTEGER;
ALTER TABLE bodies ADD COLUMN checksum INTEGER;
ALTER TABLE shards ADD COLUMN partial INTEGER NOT NULL DEFAULT 0;
UPDATE replies SET prompt_tokens = NULL, completion_tokens = NULL,
  cost = (SELECT worst FROM requests WHERE requests.request = replies.request)
  WHERE max(prompt_tokens, completion_tokens) > 16777216 OR min(prompt_tokens, completion_tokens) < 0;
"""
"""What format 3 has and format 2 had not: checksums (of what was stored before there are none), partial shards.

Counts of tokens that cannot be (more than 2**24, as in providers.completion_shapes) were booked then. They are unknown
now, and their replies booked at their worst case.
"""
_TABLES = frozenset({"about", "templates", "requests", "unknown", "replies", "bodies", "shards"})
_CLOSING = 2.0
"""Seconds to wait at the end for whoever reads just now, so that all can be moved into the one file."""
Change = Sequence[tuple[str, Sequence[Sequence[object]]]]
"""What one call writes: statements, each with its rows."""


class JournalFile:
    """A journal as a file. Any thread may write, each call in a transaction of its own."""

    def __init__(
        self,
        path: Path,
        *,
        read_only: bool = False,
        say: Callable[[str], None] = lambda _: None,
        hurry: float = PATIENCE,
    ) -> None:
        """Open the journal, made anew where there is none. Raises DataError when the file is something else.

        `say` is told when another process holds the file for long, `hurry` is the seconds after which that is too long.
        """
        self.path = path
        self._writing, self._reading = threading.Lock(), threading.Lock()
        self._turn, self._turn_to_read = DatabaseWait(path, say, hurry), DatabaseWait(path, say, hurry)
        self._say = say
        self._read_only = read_only
        self._moved: Path | None = None
        with self._speaking_plainly():
            self._db = self._opened_to_read() if read_only else self._opened_to_write()
            self._reader = self._db
            try:
                self._prepare()
                if not read_only:
                    self._reader = self._connected("rw")
                    self.read("SELECT 1 FROM about")
            except BaseException:
                self._reader.close()
                self._db.close()
                raise
        self._whereabouts = DatabaseIdentity(path)

    def _opened_to_read(self) -> sqlite3.Connection:
        """Open the file as it is, even where SQLite's own files beside it cannot be made: nobody writes to it there."""
        database = self._connected("ro")
        try:
            self._turn.wait(lambda: database.execute("SELECT 1 FROM sqlite_master"))
        except sqlite3.OperationalError as error:
            database.close()
            if self.bytes_in_wal():
                raise StorageError(
                    f"{self.path}: {self.path.name}-wal holds replies too, which cannot be read here ({error}). Copy "
                    f"the whole folder to where it can be written."
                ) from error
            return self._connected("ro&immutable=1")
        except sqlite3.DatabaseError:
            pass  # it is said in a sentence when the format is looked at
        return database

    def _opened_to_write(self) -> sqlite3.Connection:
        try:
            made_private(self.path)
        except OSError as error:
            raise StorageError(f"{self.path}: the journal cannot be used: {error.strerror}.") from error
        return self._connected("rwc")

    def _connected(self, mode: str) -> sqlite3.Connection:
        target = f"{self.path.absolute().as_uri()}?mode={mode}"
        return sqlite3.connect(target, uri=True, isolation_level=None, check_same_thread=False, timeout=SLICE)

    def _prepare(self) -> None:
        found = self._format()
        if not self._read_only:
            if bool(found) != bool(self._tables() & _TABLES) or (not found and self._tables()):
                raise DataError(f"{self.path}: this is the database of another program, and no journal of svit.")
            self._turn.wait(lambda: self._db.execute("PRAGMA journal_mode = WAL"))
            self._db.execute("PRAGMA synchronous = FULL")
            if change := {0: _SCHEMA, 2: _FROM_2}.get(found):
                self._changed(f"{change} PRAGMA user_version = {_VERSION}")
                found = self._format()
        self._found = found
        if not _OLDEST <= found <= _VERSION:
            raise DataError(f"{self.path}: this is a journal of format {found}; this svit reads format {_VERSION}.")
        if lacking := _TABLES.difference(self._tables()):
            raise DataError(f"{self.path}: this is no journal of svit: it has no table '{min(lacking)}'.")

    def _changed(self, statements: str) -> None:
        """Execute these statements, all of them or none."""
        self._begin()
        try:
            for statement in statements.split(";"):
                self._db.execute(statement)
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _begin(self) -> None:
        """Begin to write, once nobody else does."""
        self._turn.wait(lambda: self._db.execute("BEGIN IMMEDIATE"))

    def _tables(self) -> set[str]:
        return {str(name) for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}

    def _format(self) -> int:
        return int(self._turn.wait(lambda: self._db.execute("PRAGMA user_version").fetchone())[0])

    def __enter__(self) -> Self:
        """Return the journal itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the file. What was written before is safe already; after this all of it is in the one file."""
        if self._reader is not self._db:
            self._reader.close()
        if not self._read_only:
            self._gather()
        self._db.close()

    def _gather(self) -> None:
        """Move what is in the -wal into the file itself; where that cannot be it stays there, and is safe too."""
        with suppress(sqlite3.Error), self._writing:
            self._db.execute(f"PRAGMA busy_timeout = {1000 * _CLOSING:.0f}")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if self._moved is not None:
            self._save_beside()

    def _save_beside(self) -> None:
        """Keep what a journal held that was deleted while the run went on, where its folder still stands."""
        saved = self.path.with_name(f"{self.path.name}.saved")
        if not self.path.parent.is_dir() or saved.exists():
            return
        try:
            made_private(saved)
            with closing(sqlite3.connect(saved)) as copy:
                self._db.backup(copy)
        except (OSError, sqlite3.Error):
            return
        self._say(f"All that the journal held is in {saved} too.")

    @property
    def waits_for(self) -> str:
        """What a write waits for just now, in words; empty when it waits for nothing."""
        return self._turn.waits_for

    def bytes_in_wal(self) -> int:
        """Return how much of the journal is in SQLite's file beside it, and is lost by a copy without that."""
        try:
            return beside(self.path, "-wal").stat().st_size
        except OSError:
            return 0

    def check_in_place(self) -> None:
        """Raise StorageError when the file was deleted, moved or replaced since it was opened. Costs microseconds."""
        if (lost := next(self._whereabouts.missing(), None)) is not None:
            self._moved = lost
            raise StorageError(
                f"{lost}: the journal was moved, deleted or replaced while the run went on. Put it back, and the same "
                f"command continues. What came in since then is in the file that was moved."
            )

    def commit(self, changes: Iterable[Change]) -> None:
        """Write these changes as one transaction: all of them are on the disk when this returns, or none."""
        with self._speaking_plainly(), self._writing:
            try:
                self._begin()
                for change in changes:
                    for statement, rows in change:
                        self._db.executemany(statement, rows)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def faults(self) -> list[str]:
        """Return what SQLite finds wrong with the file as a database: nothing, in one that is whole.

        With its indexes: an image that is missing from one would be asked about again.
        """
        try:
            return [str(words) for (words,) in self.read("PRAGMA integrity_check(5)") if words != "ok"]
        except SvitError as error:
            return [str(error)]

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all that is read in the block be of one moment, whatever another process writes meanwhile."""
        self.read("BEGIN")
        try:
            yield
        finally:
            self.read("COMMIT")

    def read(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query, for those who add up."""
        with self._speaking_plainly(), self._reading:
            return self._turn_to_read.wait(lambda: self._reader.execute(query, values).fetchall())

    def as_found(self, query: str) -> str:
        """Return the query as it is asked of a journal of the format that was found."""
        if self._found == _VERSION:
            return query
        return query.replace("bodies.checksum, replies.checksum", "NULL, NULL").replace("partial", "0")

    @contextmanager
    def _speaking_plainly(self) -> Iterator[None]:
        """Turn SQLite's errors into sentences."""
        try:
            yield
        except sqlite3.OperationalError as error:
            if code_of(error) == sqlite3.SQLITE_CANTOPEN and not self.path.exists():
                raise DataError(f"{self.path}: the journal is missing. Put it back where it was.") from error
            if code_of(error) == sqlite3.SQLITE_CANTOPEN:
                raise DataError(f"{self.path}: the journal cannot be opened: {error}.") from error
            if "integer overflow" in str(error):
                raise DataError(
                    f"{self.path}: a server counted more tokens than can be added up, and an older svit booked "
                    f"them. 'svit rebuild' sets that right."
                ) from error
            raise StorageError(f"{self.path}: the journal cannot be used: {error}.") from error
        except sqlite3.DatabaseError as error:
            if code_of(error) == sqlite3.SQLITE_CORRUPT:
                raise DataError(
                    f"{self.path}: the journal is damaged: {error}. Put a copy in its place, or get out what can be "
                    f"read with 'sqlite3 {self.path.name} .recover'."
                ) from error
            raise DataError(f"{self.path}: this is no journal of svit: {error}.") from error
