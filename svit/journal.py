"""Every request and every reply of a run, committed before anything else happens to them (SQLite, WAL, FULL)."""

import secrets
import sqlite3
import threading
import time
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import orjson

from svit.entries import Asked, Booked, Intent, Kept, Shard, Spent
from svit.errors import DataError, StorageError
from svit.records import ImageId

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
"""
"""What format 3 has and format 2 had not: checksums (of what was stored before there are none), partial shards."""
SILENT = "FROM requests WHERE NOT EXISTS (SELECT 1 FROM replies WHERE replies.request = requests.request)"
"""The requests that no reply was kept for."""
_BY_MONTH = """
SELECT strftime('%Y-%m', 86400 * day, 'unixepoch') AS month, sum(cost) FROM (
  SELECT CAST(sent_at AS INTEGER) / 86400 AS day, sum(coalesce(replies.cost, worst)) AS cost
  FROM requests LEFT JOIN replies USING (request) GROUP BY day
  UNION ALL SELECT CAST(sent_at AS INTEGER) / 86400, worst FROM unknown) GROUP BY month
"""
_LAST = "SELECT max((SELECT coalesce(max(request), 0) FROM requests), (SELECT coalesce(max(request), 0) FROM unknown))"
_KEPT = (
    "SELECT prompt_id, attempt, packed, bytes, failure, reused, request, worst, task "
    "FROM requests JOIN replies USING (request) LEFT JOIN bodies USING (request) "
)
_WORTH_PACKING = 4096
"""Bytes below which compression costs more than the disk space that it saves: an ordinary answer has 2,000 to 3,000."""


Change = Sequence[tuple[str, Sequence[Sequence[object]]]]
"""What one call writes: statements, each with its rows."""


class Journal:
    """The journal of one run. One process writes to it at a time; the run's lock sees to that.

    Any thread may write, each call in a transaction of its own; reading does not wait for a write to reach the disk.
    Requests are numbered as they leave, and what follows them goes by these numbers, not by the ids of their prompts:
    ids are hashes, and an index of them would have another page of the file written for almost every request. What
    `intended` and its like return must therefore be committed, in the order in which they were called.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open the journal, made anew where there is none. Raises DataError when the file is something else."""
        self.path = path
        self._writing, self._reading = threading.Lock(), threading.Lock()
        self._db = self._opened_to_read() if read_only else self._connected("rwc")
        self._reader = self._db
        self._numbers: dict[tuple[str, int], int] = {}
        try:
            self._prepare(read_only=read_only)
            self._last = int(self.read(_LAST)[0][0])
            if not read_only:
                self._reader = self._connected("rw")
        except BaseException:
            self._db.close()
            raise

    def _opened_to_read(self) -> sqlite3.Connection:
        """Open the file as it is, even where SQLite's own files beside it cannot be made: nobody writes to it there."""
        database = self._connected("ro")
        try:
            database.execute("SELECT 1 FROM sqlite_master")
        except sqlite3.OperationalError:
            database.close()
            return self._connected("ro&immutable=1")
        except sqlite3.DatabaseError:
            pass  # it is said in a sentence when the format is looked at
        return database

    def _connected(self, mode: str) -> sqlite3.Connection:
        target = f"{self.path.absolute().as_uri()}?mode={mode}"
        try:
            return sqlite3.connect(target, uri=True, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise DataError(f"{self.path}: the journal cannot be opened: {error}.") from error

    def _prepare(self, *, read_only: bool) -> None:
        with self._speaking_plainly(self._writing):
            if not read_only:
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = FULL")
                if change := {0: _SCHEMA, 2: _FROM_2}.get(self._format()):
                    self._db.executescript(f"BEGIN IMMEDIATE; {change} PRAGMA user_version = {_VERSION}; COMMIT;")
            self._found = self._format()
        if not _OLDEST <= self._found <= _VERSION:
            raise DataError(
                f"{self.path}: this is a journal of format {self._found}; this svit reads format {_VERSION}."
            )

    def _as_found(self, query: str) -> str:
        """Return the query as it is asked of a journal of the format that was found."""
        return query if self._found == _VERSION else query.replace("partial", "0")

    def _format(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def __enter__(self) -> Self:
        """Return the journal itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the file. What was written before is safe already."""
        self._reader.close()
        self._db.close()

    def commit(self, changes: Iterable[Change]) -> None:
        """Write these changes as one transaction: all of them are on the disk when this returns, or none."""
        with self._speaking_plainly(self._writing):
            try:
                self._db.execute("BEGIN IMMEDIATE")
                for change in changes:
                    for statement, rows in change:
                        self._db.executemany(statement, rows)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def keep_template(self, version: str, text: str) -> None:
        """Keep the text of a prompt file, so that a later `svit show` can render what was sent then."""
        self.commit([[("INSERT OR IGNORE INTO templates VALUES (?, ?)", [(version, text)])]])

    def intend(self, intents: Iterable[Intent], now: float | None = None) -> None:
        """Commit that these requests are about to leave, `now` as `intended` takes it."""
        self.commit([self.intended(intents, now)])

    def intended(self, intents: Iterable[Intent], now: float | None = None) -> Change:
        """Return what writes down that these requests are about to leave, at `now` as Unix time: its month pays."""
        sent, rows = time.time() if now is None else now, []
        for intent in intents:
            self._last += 1
            self._numbers[intent.prompt_id, intent.attempt] = self._last
            rows.append((self._last, *intent, sent))
        return [("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)]

    def keep(self, replies: Iterable[Kept]) -> None:
        """Commit these replies to requests of this process. Nothing may look into them before."""
        self.commit([self.kept(replies)])

    def kept(self, replies: Iterable[Kept]) -> Change:
        """Return what writes these replies down. One that is there already stays as it is."""
        now, rows, bodies = time.time(), [], []
        for reply in replies:
            number = self._numbers[reply.prompt_id, reply.attempt]
            rows.append((number, reply.failure, _checksum(reply.failure), now, reply.reused))
            if reply.body is not None:
                packed, stored = _packed(reply.body)
                bodies.append((number, packed, stored, _checksum(stored)))
        return [
            (
                "INSERT OR IGNORE INTO replies (request, failure, checksum, received_at, reused) "
                "VALUES (?, ?, ?, ?, ?)",
                rows,
            ),
            ("INSERT OR IGNORE INTO bodies (request, packed, bytes, checksum) VALUES (?, ?, ?, ?)", bodies),
        ]

    def book(self, replies: Iterable[Booked]) -> None:
        """Commit what these replies were billed."""
        self.commit([self.booked(replies)])

    def booked(self, replies: Iterable[Booked]) -> Change:
        """Return what writes down what these replies were billed. That is the last that is heard of them."""
        rows = [
            (b.prompt_tokens, b.completion_tokens, b.cost, self._numbers.pop((b.prompt_id, b.attempt))) for b in replies
        ]
        return [("UPDATE replies SET prompt_tokens = ?, completion_tokens = ?, cost = ? WHERE request = ?", rows)]

    def withdraw(self, keys: Collection[tuple[str, int]]) -> None:
        """Commit that these requests, by prompt and attempt, never left after all."""
        self.commit([self.withdrawn(keys)])

    def withdrawn(self, keys: Iterable[tuple[str, int]]) -> Change:
        """Return what takes requests back that never left after all."""
        return [("DELETE FROM requests WHERE request = ?", [(self._numbers.pop(key),) for key in keys])]

    def settle_unknown(self) -> int:
        """Set the requests aside that left and were never heard of again, and return how many: their process died.

        Only for the process that holds the run's lock. They are asked again, and stay booked at their worst case.
        """
        with self._speaking_plainly(self._writing):
            self._db.execute("BEGIN IMMEDIATE")
            moved = self._db.execute("INSERT INTO unknown SELECT * " + SILENT).rowcount
            if moved:
                self._db.execute("DELETE " + SILENT)
            self._db.execute("COMMIT")
        return moved

    def unbooked(self) -> list[tuple[Kept, int, str]]:
        """Return the replies that were kept but not booked before the process died, with their worst case and task."""
        found = []
        for *row, number, worst, task in self.read(_KEPT + "WHERE cost IS NULL"):
            kept = _kept(row)
            self._numbers[kept.prompt_id, kept.attempt] = number
            found.append((kept, worst, task))
        return found

    def spent(self) -> Spent:
        """Return what the run has cost so far."""
        [(cost, prompt, completion, replies, untold)] = self.read(
            "SELECT coalesce(sum(cost), 0), coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0), "
            "count(*), coalesce(sum(failure IS NULL AND prompt_tokens IS NULL), 0) FROM replies WHERE NOT reused",
            (),
        )
        [(worst, unknown)] = self.read("SELECT coalesce(sum(worst), 0), count(*) FROM unknown")
        return Spent(cost + worst, prompt, completion, replies, unknown, untold)

    def spent_by_month(self) -> dict[str, int]:
        """Return the nano-dollars of each calendar month (UTC, as `2026-11`), by when the requests were sent.

        What is not booked yet is in it at its worst case, so that it is never too little, whoever reads.
        """
        return {str(month): int(cost) for month, cost in self.read(_BY_MONTH)}

    def run_id(self) -> str:
        """Return the run's own id, drawn when it is first asked for: it goes where the folder goes."""
        query = "SELECT value FROM about WHERE key = 'run'"
        if not (rows := self.read(query)):
            self.commit([[("INSERT OR IGNORE INTO about VALUES ('run', ?)", [(secrets.token_hex(16),)])]])
            rows = self.read(query)
        return str(rows[0][0])

    def withdraw_shard(self, task: str, shard: int) -> None:
        """Commit that the files of a shard are about to be replaced, and until then stand for no recipe."""
        self.commit([[("DELETE FROM shards WHERE task = ? AND shard = ?", [(task, shard)])]])

    def published(self, shard: Shard) -> None:
        """Commit that a shard stands on disk."""
        self.commit([shard_published(shard)])

    def is_empty(self) -> bool:
        """Whether no request was ever written down here."""
        return not self.read("SELECT 1 FROM requests UNION ALL SELECT 1 FROM unknown LIMIT 1")

    def replies(self, prompt_id: str, image_id: ImageId) -> list[Kept]:
        """Return what came back so far for this prompt about this image, in the order of the attempts."""
        query = _KEPT + "WHERE image_id = ? AND prompt_id = ? ORDER BY attempt"
        return [_kept(row[:6]) for row in self.read(query, (image_id, prompt_id))]

    def asked(self, image_id: ImageId) -> list[Intent]:
        """Return the requests about this image, in the order they were sent."""
        query = (
            "SELECT prompt_id, attempt, task, image_id, version, worst, reason FROM requests "
            "WHERE image_id = ? ORDER BY sent_at, attempt"
        )
        return [Intent(*row) for row in self.read(query, (image_id,))]

    def asked_about(self, image_ids: Sequence[ImageId]) -> set[ImageId]:
        """Return those of the images that a request was ever made about, those of unknown outcome too."""
        ids = orjson.dumps(image_ids).decode()
        query = (
            "SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM requests WHERE image_id = value) "
            "OR EXISTS (SELECT 1 FROM unknown WHERE image_id = value)"
        )
        return {image_id for (image_id,) in self.read(query, (ids,))}

    def history(self, image_id: ImageId) -> list[Asked]:
        """Return all requests about this image, those of unknown outcome too."""
        query = (
            "SELECT task, prompt_id, attempt, 0 FROM requests WHERE image_id = ? "
            "UNION ALL SELECT task, prompt_id, attempt, 1 FROM unknown WHERE image_id = ?"
        )
        return [
            Asked(task, key, attempt, bool(unknown))
            for task, key, attempt, unknown in self.read(query, (image_id, image_id))
        ]

    def template(self, version: str) -> str | None:
        """Return the text of the prompt file of this version, if a run used it."""
        rows = self.read("SELECT text FROM templates WHERE version = ?", (version,))
        return str(rows[0][0]) if rows else None

    def shards(self) -> list[Shard]:
        """Return all published shards, by task and number."""
        query = "SELECT task, shard, recipe, images, samples, flaws, size, partial FROM shards ORDER BY task, shard"
        return [
            Shard(task, shard, recipe, images, samples, orjson.loads(flaws), size, bool(partial))
            for task, shard, recipe, images, samples, flaws, size, partial in self.read(self._as_found(query))
        ]

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
        with self._speaking_plainly(self._reading):
            return self._reader.execute(query, values).fetchall()

    @contextmanager
    def _speaking_plainly(self, lock: threading.Lock) -> Iterator[None]:
        """Hold a connection for one thread, and turn its errors into sentences."""
        try:
            with lock:
                yield
        except sqlite3.OperationalError as error:
            raise StorageError(f"{self.path}: the journal cannot be used: {error}.") from error
        except sqlite3.DatabaseError as error:
            raise DataError(f"{self.path}: this is no journal of svit: {error}.") from error


def shard_published(shard: Shard) -> Change:
    """Return what writes down that a shard stands on disk."""
    row = (*shard[:5], orjson.dumps(shard.flaws).decode(), shard.size, time.time(), shard.partial)
    return [
        (
            "INSERT OR REPLACE INTO shards (task, shard, recipe, images, samples, flaws, size, published_at, partial) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [row],
        )
    ]


def _packed(body: bytes) -> tuple[bool, bytes]:
    """Return the bytes to store, and whether they are compressed: only where that pays."""
    if len(body) >= _WORTH_PACKING:
        packed = zlib.compress(body, 1)
        if len(packed) < 0.9 * len(body):
            return True, packed
    return False, body


def _checksum(stored: bytes | None) -> int | None:
    """Return the checksum that goes beside stored bytes; None where there are none."""
    return None if stored is None else zlib.crc32(stored)


def _kept(row: Sequence[Any]) -> Kept:
    prompt_id, attempt, packed, stored, failure, reused = row
    return Kept(prompt_id, attempt, zlib.decompress(stored) if packed else stored, failure, bool(reused))
