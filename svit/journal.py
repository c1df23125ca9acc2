"""Every request and every reply of a run, committed before anything else happens to them (SQLite, WAL, FULL)."""

import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

import orjson

from svit.errors import DataError, StorageError
from svit.records import ImageId

_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS templates (version TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS requests (
  prompt_id TEXT NOT NULL, attempt INTEGER NOT NULL, task TEXT NOT NULL, image_id NOT NULL, version TEXT NOT NULL,
  worst INTEGER NOT NULL, sent_at REAL NOT NULL, PRIMARY KEY (prompt_id, attempt)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unknown (
  prompt_id TEXT NOT NULL, attempt INTEGER NOT NULL, task TEXT NOT NULL, image_id NOT NULL, version TEXT NOT NULL,
  worst INTEGER NOT NULL, sent_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS requests_by_image ON requests (image_id, task);
CREATE TABLE IF NOT EXISTS replies (
  prompt_id TEXT NOT NULL, attempt INTEGER NOT NULL, body BLOB, failure TEXT, received_at REAL NOT NULL,
  prompt_tokens INTEGER, completion_tokens INTEGER, cost INTEGER, PRIMARY KEY (prompt_id, attempt));
CREATE TABLE IF NOT EXISTS shards (
  task TEXT NOT NULL, shard INTEGER NOT NULL, recipe TEXT NOT NULL, images INTEGER NOT NULL,
  samples INTEGER NOT NULL, flaws TEXT NOT NULL, size INTEGER NOT NULL,
  published_at REAL NOT NULL, PRIMARY KEY (task, shard)) WITHOUT ROWID;
"""
_SILENT = (
    "FROM requests WHERE NOT EXISTS (SELECT 1 FROM replies WHERE replies.prompt_id = requests.prompt_id "
    "AND replies.attempt = requests.attempt)"
)
"""The requests that no reply was kept for."""


class Intent(NamedTuple):
    """A request that is about to leave; `worst` is what it may cost at most, in nano-dollars."""

    prompt_id: str
    attempt: int
    task: str
    image_id: ImageId
    version: str
    worst: int = 0


class Kept(NamedTuple):
    """A reply as it came: its raw bytes, or the failure as the provider wrote it down, in JSON."""

    prompt_id: str
    attempt: int
    body: bytes | None
    failure: bytes | None = None


class Booked(NamedTuple):
    """What a reply was billed: tokens, None where the provider did not say, and nano-dollars."""

    prompt_id: str
    attempt: int
    prompt_tokens: int | None
    completion_tokens: int | None
    cost: int


class Spent(NamedTuple):
    """What a run has cost so far: nano-dollars and tokens, and how many requests ended without being heard of.

    `unknown` requests may have been billed: they left, and the process died before a reply came. They are in `cost`
    at what they may have cost at most.
    """

    cost: int
    prompt_tokens: int
    completion_tokens: int
    replies: int
    unknown: int


class Shard(NamedTuple):
    """A published shard: of which images it was made by which recipe, and what came of them.

    `images` counts the images from the shard's beginning; `flaws` counts the rejections by their first flaw; `size` is
    the bytes of its files.
    """

    task: str
    shard: int
    recipe: str
    images: int
    samples: int
    flaws: Mapping[str, int]
    size: int


class AskedCount(NamedTuple):
    """Requests of one task and prompt file; `prompts` are the different ones among them, `worst` in nano-dollars."""

    task: str
    version: str
    requests: int
    prompts: int
    worst: int


class Received(NamedTuple):
    """When replies came, in seconds since 1970: the last, and of the recent ones how many and the first."""

    last_at: float | None
    recent: int
    recent_from: float | None


class AnswerLength(NamedTuple):
    """What a number of one task's requests came to. `squares` sums the squared tokens of the answers.

    `prompts` are the different ones among the `replies`; `answers` are the replies whose tokens are known; `seconds`
    is the time of all replies, from the intent to the commit.
    """

    task: str
    version: str
    replies: int
    prompts: int
    answers: int
    completion_tokens: int
    squares: int
    seconds: float


class Journal:
    """The journal of one run. One process writes to it at a time; the run's lock sees to that."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        """Open the journal, made anew where there is none. Raises DataError when the file is something else."""
        self.path = path
        self._lock = threading.Lock()
        mode = "rwc" if not read_only else "ro" if os.access(path.parent, os.W_OK) else "ro&immutable=1"
        target = f"{path.absolute().as_uri()}?mode={mode}"
        try:
            self._db = sqlite3.connect(target, uri=True, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise DataError(f"{path}: the journal cannot be opened: {error}.") from error
        try:
            self._prepare(read_only=read_only)
        except BaseException:
            self._db.close()
            raise

    def _prepare(self, *, read_only: bool) -> None:
        with self._speaking_plainly():
            if not read_only:
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = FULL")
                if self._db.execute("PRAGMA user_version").fetchone()[0] == 0:
                    self._db.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version != _VERSION:
            raise DataError(f"{self.path}: this is a journal of format {version}; this svit reads format {_VERSION}.")

    def __enter__(self) -> Self:
        """Return the journal itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the file. What was written before is safe already."""
        self._db.close()

    def keep_template(self, version: str, text: str) -> None:
        """Keep the text of a prompt file, so that a later `svit show` can render what was sent then."""
        self._write("INSERT OR IGNORE INTO templates VALUES (?, ?)", [(version, text)])

    def intend(self, intents: Iterable[Intent]) -> None:
        """Commit that these requests are about to leave."""
        now = time.time()
        self._write(
            "INSERT OR REPLACE INTO requests VALUES (?, ?, ?, ?, ?, ?, ?)", [(*intent, now) for intent in intents]
        )

    def keep(self, replies: Iterable[Kept]) -> None:
        """Commit these replies. Nothing may look into them before."""
        now = time.time()
        rows = [
            (r.prompt_id, r.attempt, r.body and zlib.compress(r.body, 1), r.failure, now, None, None, None)
            for r in replies
        ]
        self._write("INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def book(self, booked: Iterable[Booked]) -> None:
        """Commit what these replies were billed."""
        rows = [(b.prompt_tokens, b.completion_tokens, b.cost, b.prompt_id, b.attempt) for b in booked]
        self._write(
            "UPDATE replies SET prompt_tokens = ?, completion_tokens = ?, cost = ? WHERE prompt_id = ? AND attempt = ?",
            rows,
        )

    def withdraw(self, keys: Iterable[tuple[str, int]]) -> None:
        """Commit that these requests, by prompt and attempt, never left after all."""
        self._write("DELETE FROM requests WHERE prompt_id = ? AND attempt = ?", list(keys))

    def settle_unknown(self) -> int:
        """Set the requests aside that left and were never heard of again, and return how many: their process died.

        Only for the process that holds the run's lock. They are asked again, and stay booked at their worst case.
        """
        with self._speaking_plainly():
            self._db.execute("BEGIN IMMEDIATE")
            moved = self._db.execute("INSERT INTO unknown SELECT * " + _SILENT).rowcount
            self._db.execute("DELETE " + _SILENT)
            self._db.execute("COMMIT")
        return moved

    def unbooked(self) -> list[tuple[Kept, int]]:
        """Return the replies that were kept but not booked before the process died, each with its worst case."""
        rows = self._read(
            "SELECT prompt_id, attempt, body, failure, worst FROM replies JOIN requests USING (prompt_id, attempt) "
            "WHERE cost IS NULL",
            (),
        )
        return [(Kept(key, n, body and zlib.decompress(body), failure), worst) for key, n, body, failure, worst in rows]

    def spent(self) -> Spent:
        """Return what the run has cost so far."""
        [(cost, prompt, completion, replies)] = self._read(
            "SELECT coalesce(sum(cost), 0), coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0), "
            "count(*) FROM replies",
            (),
        )
        [(worst, unknown)] = self._read("SELECT coalesce(sum(worst), 0), count(*) FROM unknown", ())
        return Spent(cost + worst, prompt, completion, replies, unknown)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all that is read in the block be of one moment, whatever another process writes meanwhile."""
        self._read("BEGIN", ())
        try:
            yield
        finally:
            self._read("COMMIT", ())

    def asked_by_task(self) -> list[AskedCount]:
        """Return how many requests there are, by task and prompt file, those of unknown outcome left out."""
        query = "SELECT task, version, count(*), sum(attempt = 1), sum(worst) FROM requests GROUP BY task, version"
        return [AskedCount(*row) for row in self._read(query, ())]

    def silent(self, *, since: float = 0.0) -> list[AskedCount]:
        """Return how many requests have no reply yet, by task and prompt file, of those that left since then.

        To look for all of them takes seconds in a journal of a million; for the recent ones it does not.
        """
        query = (
            f"SELECT task, version, count(*), sum(attempt = 1), sum(worst) {_SILENT} AND sent_at >= ? "
            "GROUP BY task, version"
        )
        return [AskedCount(*row) for row in self._read(query, (since,))]

    def last_sent(self) -> float | None:
        """Return when the last request left, in seconds since 1970."""
        [(last,)] = self._read("SELECT max(sent_at) FROM requests", ())
        return None if last is None else float(last)

    def failures(self) -> list[tuple[str, str, int]]:
        """Return how many replies were failures, by task and class."""
        query = (
            "SELECT task, json_extract(CAST(failure AS TEXT), '$.code') AS code, count(*) "
            "FROM replies JOIN requests USING (prompt_id, attempt) WHERE failure IS NOT NULL "
            "GROUP BY task, code ORDER BY task, code"
        )
        return [(str(task), str(code), int(count)) for task, code, count in self._read(query, ())]

    def received(self, *, since: float) -> Received:
        """Return when replies came; the recent ones are those since then."""
        query = (
            "SELECT max(received_at), coalesce(sum(received_at >= ?), 0), "
            "min(CASE WHEN received_at >= ? THEN received_at END) FROM replies"
        )
        return Received(*self._read(query, (since, since))[0])

    def answer_lengths(self, *, most: int = 20_000) -> list[AnswerLength]:
        """Return what the requests came to, by task and prompt file, of at most so many of them.

        They are the first by prompt id, which is a hash: as good as drawn at random, and the same ones each time.
        """
        query = (
            "SELECT task, version, count(*), sum(attempt = 1), count(completion_tokens), "
            "coalesce(sum(completion_tokens), 0), coalesce(sum(completion_tokens * completion_tokens), 0), "
            "sum(received_at - sent_at) FROM (SELECT * FROM requests ORDER BY prompt_id, attempt LIMIT ?) "
            "JOIN replies USING (prompt_id, attempt) GROUP BY task, version"
        )
        return [AnswerLength(*row) for row in self._read(query, (most,))]

    def withdrawn(self, task: str, shard: int) -> None:
        """Commit that the files of a shard are about to be replaced, and until then stand for no recipe."""
        self._write("DELETE FROM shards WHERE task = ? AND shard = ?", [(task, shard)])

    def published(self, shard: Shard) -> None:
        """Commit that a shard stands on disk."""
        row = (*shard[:5], orjson.dumps(shard.flaws).decode(), shard.size, time.time())
        self._write("INSERT OR REPLACE INTO shards VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [row])

    def replies(self, prompt_id: str) -> list[Kept]:
        """Return what came back for this prompt so far, in the order of the attempts."""
        query = "SELECT prompt_id, attempt, body, failure FROM replies WHERE prompt_id = ? ORDER BY attempt"
        rows = self._read(query, (prompt_id,))
        return [Kept(key, attempt, body and zlib.decompress(body), failure) for key, attempt, body, failure in rows]

    def asked(self, image_id: ImageId) -> list[Intent]:
        """Return the requests about this image, in the order they were sent."""
        query = (
            "SELECT prompt_id, attempt, task, image_id, version FROM requests "
            "WHERE image_id = ? ORDER BY sent_at, attempt"
        )
        return [Intent(*row) for row in self._read(query, (image_id,))]

    def template(self, version: str) -> str | None:
        """Return the text of the prompt file of this version, if a run used it."""
        rows = self._read("SELECT text FROM templates WHERE version = ?", (version,))
        return str(rows[0][0]) if rows else None

    def shards(self) -> list[Shard]:
        """Return all published shards, by task and number."""
        query = "SELECT task, shard, recipe, images, samples, flaws, size FROM shards ORDER BY task, shard"
        return [
            Shard(task, shard, recipe, images, samples, orjson.loads(flaws), size)
            for task, shard, recipe, images, samples, flaws, size in self._read(query, ())
        ]

    def _write(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        with self._speaking_plainly():
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany(statement, rows)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _read(self, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._speaking_plainly():
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def _speaking_plainly(self) -> Iterator[None]:
        """Hold the connection for one thread, and turn its errors into sentences."""
        try:
            with self._lock:
                yield
        except sqlite3.OperationalError as error:
            raise StorageError(f"{self.path}: the journal cannot be used: {error}.") from error
        except sqlite3.DatabaseError as error:
            raise DataError(f"{self.path}: this is no journal of svit: {error}.") from error
