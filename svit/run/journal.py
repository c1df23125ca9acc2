"""Every request and every reply of a run, committed before anything else happens to them (SQLite, WAL, FULL)."""

import secrets
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from svit.cost.ledger import SpentOfMonth
from svit.records import ImageId
from svit.run.departures import Departures, last_departure
from svit.run.journal_file import Change, JournalFile
from svit.run.journal_rows import Charge, DamagedReply, Intent, PastRequest, RunSpending, Shard, StoredReply
from svit.run.reply_storage import checksum_of, packed_body, unpacked
from svit.system.sqlite_files import PATIENCE

_LARGEST = 2**63 - 1
SILENT = "FROM requests WHERE NOT EXISTS (SELECT 1 FROM replies WHERE replies.request = requests.request)"
"""The requests that no reply was kept for."""
_BY_MONTH = """
SELECT strftime('%Y-%m', 86400 * day, 'unixepoch') AS month, sum(cost), sum(most) FROM (
  SELECT CAST(sent_at AS INTEGER) / 86400 AS day, sum(coalesce(replies.cost, 0)) AS cost,
    sum(coalesce(replies.cost, worst)) AS most
  FROM requests LEFT JOIN replies USING (request)
  WHERE replies.request IS NOT NULL OR requests.request <= ? GROUP BY day
  UNION ALL SELECT CAST(sent_at AS INTEGER) / 86400, worst, worst FROM unknown) GROUP BY month
"""
_LAST = "SELECT max((SELECT coalesce(max(request), 0) FROM requests), (SELECT coalesce(max(request), 0) FROM unknown))"
_KEPT = (
    "SELECT prompt_id, attempt, packed, bytes, failure, reused, bodies.checksum, replies.checksum, image_id, task, "
    "request, worst FROM requests JOIN replies USING (request) LEFT JOIN bodies USING (request) "
)


class Journal(JournalFile):
    """The journal of one run. One process writes to it at a time; the run's lock sees to that.

    Any thread may write, each call in a transaction of its own; reading does not wait for a write to reach the disk.
    Requests are numbered as they leave, and what follows them goes by these numbers, not by the ids of their prompts:
    ids are hashes, and an index of them would have another page of the file written for almost every request. What
    `intended` and its like return must therefore be committed, in the order in which they were called.
    """

    def __init__(
        self,
        path: Path,
        *,
        read_only: bool = False,
        say: Callable[[str], None] = lambda _: None,
        hurry: float = PATIENCE,
    ) -> None:
        """Open the journal, as JournalFile does."""
        super().__init__(path, read_only=read_only, say=say, hurry=hurry)
        self._damaged: dict[int, DamagedReply] = {}
        self._numbers: dict[tuple[str, int], int] = {}
        self._follows = self._begun = False
        self._departures: Departures | None = None
        try:
            self._last = int(self.read(_LAST)[0][0])
        except BaseException:
            super().close()
            raise

    def close(self) -> None:
        """Close the file. What was written before is safe already; after this all of it is in the one file."""
        if self._departures:
            self._departures.close()
            if not self._numbers:
                with suppress(OSError):
                    self._sent.unlink()
        super().close()

    @property
    def _sent(self) -> Path:
        """The file that says which requests have left."""
        return self.path.with_suffix(".sent")

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
        return [
            *self._session(self._last - len(rows)),
            ("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows),
        ]

    def follow_departures(self) -> None:
        """Be told by `left` of each request from here on, before it leaves: what a kill finds untold never left."""
        self._follows = True

    def left(self, prompt_id: str, attempt: int) -> None:
        """Write down that a request is handed on, whose intent is committed: from here on it may cost something.

        Not synced: it has to outlive this process alone. The requests that were intended before it count as left too.
        """
        if self._departures:
            self._departures.left(self._numbers[prompt_id, attempt])

    def _session(self, last: int) -> Change:
        """Return what goes before the first intent of a session: by which word its file of departures is known."""
        if self._begun:
            return []
        self._begun = True
        if not self._follows:
            return [("DELETE FROM about WHERE key = 'session'", [()])]
        word = secrets.token_hex(8)
        self._departures = Departures(self._sent, self.path, word, last)
        return [("INSERT OR REPLACE INTO about VALUES ('session', ?)", [(word,)])]

    def keep(self, replies: Iterable[StoredReply]) -> None:
        """Commit these replies to requests of this process. Nothing may look into them before."""
        self.commit([self.kept(replies)])

    def kept(self, replies: Iterable[StoredReply]) -> Change:
        """Return what writes these replies down. One that is there already stays as it is."""
        now, rows, bodies = time.time(), [], []
        for reply in replies:
            number = self._numbers[reply.prompt_id, reply.attempt]
            rows.append((number, reply.failure, checksum_of(reply.failure), now, reply.reused))
            if reply.body is not None:
                packed, stored = packed_body(reply.body)
                bodies.append((number, packed, stored, checksum_of(stored)))
        return [
            (
                "INSERT OR IGNORE INTO replies (request, failure, checksum, received_at, reused) "
                "VALUES (?, ?, ?, ?, ?)",
                rows,
            ),
            ("INSERT OR IGNORE INTO bodies (request, packed, bytes, checksum) VALUES (?, ?, ?, ?)", bodies),
        ]

    def book(self, replies: Iterable[Charge]) -> None:
        """Commit what these replies were billed."""
        self.commit([self.booked(replies)])

    def booked(self, replies: Iterable[Charge]) -> Change:
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
        Those that are known never to have left are taken back.
        """
        last = self.last_departure()
        with self._speaking_plainly(), self._writing:
            self._begin()
            try:
                self._db.execute(f"DELETE {SILENT} AND request > ?", (last,))
                moved = self._db.execute("INSERT INTO unknown SELECT * " + SILENT).rowcount
                if moved:
                    self._db.execute("DELETE " + SILENT)
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
        return moved

    def last_departure(self) -> int:
        """Return the number of the last request that may have left; those above it, where there are any, never did."""
        rows = self.read("SELECT value FROM about WHERE key = 'session'")
        found = last_departure(self._sent, self.path, str(rows[0][0])) if rows else None
        return _LARGEST if found is None else found

    def unbooked(self) -> list[tuple[StoredReply, int, str]]:
        """Return the replies that were kept but not booked before the process died, with their worst case and task."""
        found = []
        for row in self._kept_where("cost IS NULL"):
            kept, (task, number, worst) = self._read(row), row[-3:]
            self._numbers[kept.prompt_id, kept.attempt] = number
            found.append((kept, worst, task))
        return found

    def spent(self) -> RunSpending:
        """Return what the run has cost so far. What is not booked yet, after a kill, is in it at its worst case."""
        [(cost, prompt, completion, replies, untold)] = self.read(
            "SELECT coalesce(sum(cost), 0), coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0), "
            "count(*), coalesce(sum(failure IS NULL AND prompt_tokens IS NULL), 0) FROM replies WHERE NOT reused"
        )
        [(unbooked,)] = self.read(
            "SELECT coalesce(sum(worst), 0) FROM replies JOIN requests USING (request) WHERE cost IS NULL"
        )
        [(worst, unknown)] = self.read("SELECT coalesce(sum(worst), 0), count(*) FROM unknown")
        return RunSpending(cost + unbooked + worst, prompt, completion, replies, unknown, untold)

    def months(self) -> dict[str, SpentOfMonth]:
        """Return what each calendar month (UTC, as `2026-11`) paid, by when the requests were sent."""
        rows = self.read(_BY_MONTH, (self.last_departure(),))
        return {str(month): SpentOfMonth(int(booked), int(most)) for month, booked, most in rows}

    def spent_by_month(self) -> dict[str, int]:
        """Return the nano-dollars of each month, at most: never too little, whoever reads."""
        return {month: spent.most for month, spent in self.months().items()}

    def run_id(self) -> str:
        """Return the run's own id, drawn when it is first asked for: it goes where the folder goes."""
        query = "SELECT value FROM about WHERE key = 'run'"
        if not (rows := self.read(query)):
            self.commit([[("INSERT OR IGNORE INTO about VALUES ('run', ?)", [(secrets.token_hex(16),)])]])
            rows = self.read(query)
        return str(rows[0][0])

    def withdraw_shard(self, task: str, shard: int) -> None:
        """Commit that the files of a shard are about to be replaced, and until then stand for no recipe.

        Costs a commit, and whoever calls it the wait for one, only where the shard was published. Raises StorageError
        when the journal is not in its place any more: what is made from it then would stand in another run's folder.
        """
        self.check_in_place()
        if self.read("SELECT 1 FROM shards WHERE task = ? AND shard = ?", (task, shard)):
            self.commit([[("DELETE FROM shards WHERE task = ? AND shard = ?", [(task, shard)])]])

    def published(self, shard: Shard) -> None:
        """Commit that a shard stands on disk."""
        self.commit([shard_published(shard)])

    def count_replies(self) -> int:
        """Return how many replies are kept, whoever paid for them: that number never falls."""
        return int(self.read("SELECT count(*) FROM replies")[0][0])

    def answered(self, tasks: Collection[str]) -> set[str]:
        """Return those of the tasks of which this run, not another, has a reply that is no failure."""
        query = (
            "SELECT value FROM json_each(?) WHERE EXISTS (SELECT 1 FROM requests JOIN replies USING (request) "
            "WHERE task = value AND failure IS NULL AND NOT reused)"
        )
        return {task for (task,) in self.read(query, (orjson.dumps(list(tasks)).decode(),))}

    def is_empty(self) -> bool:
        """Whether no request was ever written down here."""
        return not self.read("SELECT 1 FROM requests UNION ALL SELECT 1 FROM unknown LIMIT 1")

    def replies(self, prompt_id: str, image_id: ImageId) -> list[StoredReply]:
        """Return what came back so far for this prompt about this image, in the order of the attempts."""
        rows = self._kept_where("image_id = ? AND prompt_id = ? ORDER BY attempt", (image_id, prompt_id))
        return [self._read(row) for row in rows]

    def _kept_where(self, condition: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        return self.read(self.as_found(f"{_KEPT}WHERE {condition}"), values)

    def _read(self, row: Sequence[Any]) -> StoredReply:
        """Return a reply as it was stored, or a failure in the place of one that is not, noted in `damaged`."""
        kept, faults = unpacked(row[:8])
        if faults:
            image_id, task, number = row[8:11]
            self._damaged[number] = DamagedReply(task, image_id, kept.prompt_id, kept.attempt)
        return kept

    @property
    def damaged(self) -> set[DamagedReply]:
        """The replies that were read and found damaged, and that nothing was answered after."""
        return {reply for number, reply in self._damaged.items() if not self.is_made_good(number, reply)}

    def is_made_good(self, number: int, reply: DamagedReply) -> bool:
        """Whether the same task was answered about the image after this request."""
        query = (
            "SELECT 1 FROM requests JOIN replies USING (request) "
            "WHERE image_id = ? AND task = ? AND request > ? AND failure IS NULL LIMIT 1"
        )
        return bool(self.read(query, (reply.image_id, reply.task, number)))

    def examined(self, after: int, most: int) -> list[tuple[int, DamagedReply | None, bool]]:
        """Return of the next replies after this request: the number, the reply if damaged, and if it has a checksum."""
        rows = self._kept_where("request > ? ORDER BY request LIMIT ?", (after, most))
        found = []
        for row in rows:
            kept, fault = unpacked(row[:8])
            image_id, task, number, _ = row[8:]
            checked = None not in (row[7] if row[4] is not None else 0, row[6] if row[3] is not None else 0)
            found.append(
                (number, DamagedReply(task, image_id, kept.prompt_id, kept.attempt) if fault else None, checked)
            )
        return found

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

    def history(self, image_id: ImageId) -> list[PastRequest]:
        """Return all requests about this image, those of unknown outcome too."""
        query = (
            "SELECT task, prompt_id, attempt, 0 FROM requests WHERE image_id = ? "
            "UNION ALL SELECT task, prompt_id, attempt, 1 FROM unknown WHERE image_id = ?"
        )
        return [
            PastRequest(task, key, attempt, bool(unknown))
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
            for task, shard, recipe, images, samples, flaws, size, partial in self.read(self.as_found(query))
        ]


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
