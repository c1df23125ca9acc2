import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from svit.errors import DataError, StorageError
from svit.providers.replies.completion_shapes import MOST_TOKENS
from svit.run.journal import Journal
from svit.run.journal_rows import Charge, Intent, PastRequest, RunSpending, Shard, StoredReply


def test_what_was_written_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    body = b'{"choices": []}' * 100
    with Journal(tmp_path / "j.db") as journal:
        journal.keep_template("v1", "Write.")
        journal.intend([Intent("p", 1, "referring", 7, "v1"), Intent("q", 1, "referring", "seven", "v1")])
        journal.intend([Intent("p", 2, "referring", 7, "v1")])
        journal.keep([StoredReply("p", 1, None, b'{"code":"timeout"}'), StoredReply("p", 2, body)])
        journal.published(Shard("referring", 0, "recipe", 2, 1, {"wrong_count": 1}, 99))
    with Journal(tmp_path / "j.db", read_only=True) as journal:
        assert journal.replies("p", 7) == [StoredReply("p", 1, None, b'{"code":"timeout"}'), StoredReply("p", 2, body)]
        assert journal.replies("p", 8) == journal.replies("q", "seven") == []
        assert journal.asked("seven") == [Intent("q", 1, "referring", "seven", "v1")]
        assert journal.template("v1") == "Write."
        assert journal.template("v2") is None
        assert journal.shards() == [Shard("referring", 0, "recipe", 2, 1, {"wrong_count": 1}, 99)]


def test_the_tasks_that_were_answered_are_those_with_a_reply_that_is_none_of_another_run_and_no_failure(
    tmp_path: Path,
) -> None:
    tasks = ("answered", "failed", "asked", "reused")
    with Journal(tmp_path / "j.db") as journal:
        journal.intend([Intent(task, 1, task, 7, "v") for task in tasks])
        journal.keep(
            [
                StoredReply("answered", 1, b"{}"),
                StoredReply("failed", 1, None, b"{}"),
                StoredReply("reused", 1, b"{}", None, True),
            ]
        )
        assert journal.answered([*tasks, "unknown"]) == {"answered"}
        assert journal.answered(["failed"]) == journal.answered([]) == set()


def test_it_is_durable_and_not_only_fast(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        assert journal.read("PRAGMA journal_mode", ()) == [("wal",)]
        assert journal.read("PRAGMA synchronous", ()) == [(2,)]


def test_replies_that_were_acknowledged_survive_sigkill(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from svit.run.journal import Intent, Journal, StoredReply\n"
        "journal = Journal(Path(sys.argv[1])); n = 0\n"
        "while True:\n"
        "    journal.intend([Intent('p', n, 't', 7, 'v')])\n"
        "    journal.keep([StoredReply('p', n, b'x' * 3000)]); print(n, flush=True); n += 1\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", program, tmp_path / "j.db"], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    with writer:
        for _ in range(50):
            acknowledged = int(writer.stdout.readline())
        os.kill(writer.pid, signal.SIGKILL)
    with Journal(tmp_path / "j.db") as journal:
        assert [reply.attempt for reply in journal.replies("p", 7)][: acknowledged + 1] == list(range(acknowledged + 1))


def test_requests_come_in_the_order_in_which_they_were_last_sent(tmp_path: Path) -> None:
    first, second = Intent("p", 1, "referring", 7, "v1"), Intent("q", 1, "referring", 7, "v2")
    with Journal(tmp_path / "j.db") as journal:
        journal.intend([first, Intent("r", 1, "referring", 8, "v1")])
        journal.withdraw([("p", 1)])
        for sent in ([second], [first]):
            journal.intend(sent)
            time.sleep(0.001)
        assert journal.asked(7) == [second, first]


def test_numbers_are_never_given_twice(tmp_path: Path) -> None:
    """What was asked in vain keeps its number, and what is asked after it has another, also in the next process."""
    with Journal(tmp_path / "j.db") as journal:
        journal.intend([Intent("p", 1, "referring", 7, "v1"), Intent("q", 1, "referring", 8, "v1")])
        journal.keep([StoredReply("p", 1, b"{}")])
    for _ in range(2):
        with Journal(tmp_path / "j.db") as journal:
            assert journal.settle_unknown() == 1
            journal.book([Charge(kept.prompt_id, kept.attempt, 1, 1, 5) for kept, _, _ in journal.unbooked()])
            journal.intend([Intent("q", 1, "referring", 8, "v1")])
    with Journal(tmp_path / "j.db") as journal:
        assert [each.unknown for each in journal.history(8)] == [False, True, True]
        assert journal.replies("q", 8) == []
        journal.settle_unknown()
        assert journal.spent().cost == 5


def test_a_shard_that_is_withdrawn_is_not_published(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        shards = [Shard("referring", number, "recipe", 2, 2, {}, 0) for number in range(2)]
        for shard in shards:
            journal.published(shard)
        journal.withdraw_shard("referring", 0)
        assert journal.shards() == shards[1:]


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be read as one" * 50, b"{}\n"])
def test_another_file_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "j.db").write_bytes(content)
    handles = list(Path("/dev/fd").iterdir())
    with pytest.raises(DataError, match=r"j\.db: this is no journal"):
        Journal(tmp_path / "j.db")
    assert len(list(Path("/dev/fd").iterdir())) == len(handles)


def test_a_newer_format_is_refused_in_a_sentence(tmp_path: Path) -> None:
    Journal(tmp_path / "j.db").close()
    database = sqlite3.connect(tmp_path / "j.db")
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(DataError, match="format 99"):
        Journal(tmp_path / "j.db")


FORMAT_2 = """
CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE templates (version TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE requests (
  request INTEGER PRIMARY KEY, prompt_id TEXT NOT NULL, attempt INTEGER NOT NULL, task TEXT NOT NULL,
  image_id NOT NULL, version TEXT NOT NULL, worst INTEGER NOT NULL, reason TEXT NOT NULL, sent_at REAL NOT NULL);
CREATE TABLE unknown (
  request INTEGER PRIMARY KEY, prompt_id TEXT NOT NULL, attempt INTEGER NOT NULL, task TEXT NOT NULL,
  image_id NOT NULL, version TEXT NOT NULL, worst INTEGER NOT NULL, reason TEXT NOT NULL, sent_at REAL NOT NULL);
CREATE INDEX requests_by_image ON requests (image_id);
CREATE INDEX unknown_by_image ON unknown (image_id);
CREATE TABLE replies (
  request INTEGER PRIMARY KEY, failure TEXT, received_at REAL NOT NULL,
  prompt_tokens INTEGER, completion_tokens INTEGER, cost INTEGER, reused INTEGER NOT NULL DEFAULT 0);
CREATE TABLE bodies (request INTEGER PRIMARY KEY, packed INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE shards (
  task TEXT NOT NULL, shard INTEGER NOT NULL, recipe TEXT NOT NULL, images INTEGER NOT NULL,
  samples INTEGER NOT NULL, flaws TEXT NOT NULL, size INTEGER NOT NULL,
  published_at REAL NOT NULL, PRIMARY KEY (task, shard)) WITHOUT ROWID;
PRAGMA user_version = 2;
INSERT INTO about VALUES ('run', 'its own id');
INSERT INTO templates VALUES ('v1', 'Write.');
INSERT INTO requests VALUES (1, 'p', 1, 'referring', 7, 'v1', 100, 'new prompt', 1.5), (2, 'p', 2, 'referring', 7, 'v1',
  100, 'rejected: timeout', 2.5), (3, 'q', 1, 'referring', 'seven', 'v1', 100, 'new prompt', 3.5);
INSERT INTO unknown VALUES (4, 'r', 1, 'referring', 8, 'v1', 50, 'new prompt', 4.5);
INSERT INTO replies VALUES (1, CAST('{"code":"timeout","words":"late"}' AS BLOB), 1.6, NULL, NULL, 100, 0),
  (2, NULL, 2.6, 5, 6, 7, 0);
INSERT INTO bodies VALUES (2, 0, CAST('{"choices": []}' AS BLOB));
INSERT INTO shards VALUES ('referring', 0, 'recipe', 2, 1, '{"timeout": 1}', 99, 5.5);
"""
"""A journal of format 2, with at least one row in each of its tables."""


def journal_of_format_2(path: Path) -> Path:
    database = sqlite3.connect(path)
    database.executescript(f"PRAGMA journal_mode = WAL; {FORMAT_2}")
    database.close()
    return path


def holds_what_format_2_held(journal: Journal) -> None:
    late, answer = (
        StoredReply("p", 1, None, b'{"code":"timeout","words":"late"}'),
        StoredReply("p", 2, b'{"choices": []}'),
    )
    assert journal.replies("p", 7) == [late, answer]
    assert journal.asked("seven") == [Intent("q", 1, "referring", "seven", "v1", 100, "new prompt")]
    assert journal.history(8) == [PastRequest("referring", "r", 1, unknown=True)]
    assert journal.spent() == RunSpending(100 + 7 + 50, 5, 6, 2, 1)
    assert (journal.template("v1"), journal.run_id()) == ("Write.", "its own id")
    assert journal.shards() == [Shard("referring", 0, "recipe", 2, 1, {"timeout": 1}, 99, partial=False)]


def test_a_journal_of_the_format_before_is_read_as_it_is(tmp_path: Path) -> None:
    path = journal_of_format_2(tmp_path / "j.db")
    before = path.read_bytes()
    with Journal(path, read_only=True) as journal:
        holds_what_format_2_held(journal)
    assert path.read_bytes() == before


def test_a_journal_of_the_format_before_is_brought_to_the_present_one_and_loses_nothing(tmp_path: Path) -> None:
    path = journal_of_format_2(tmp_path / "j.db")
    partial = Shard("referring", 0, "recipe", 1, 1, {}, 5, partial=True)
    for _ in range(2):
        with Journal(path) as journal, Journal(path, read_only=True) as reader:
            assert journal.read("PRAGMA user_version") == [(3,)]
            for each in (journal, reader):
                holds_what_format_2_held(each)
            journal.intend([Intent("s", 1, "referring", 9, "v1", 100)])
            journal.keep([StoredReply("s", 1, b"{}")])
            assert reader.replies("s", 9)[0] == StoredReply("s", 1, b"{}")
            journal.published(partial)
            assert reader.shards() == [partial]
            journal.published(Shard("referring", 0, "recipe", 2, 1, {"timeout": 1}, 99))
            journal.commit([[(f"DELETE FROM {table} WHERE request > 4", [()])] for table in ("requests", "replies")])
            journal.commit([[("DELETE FROM bodies WHERE request > 4", [()])]])


def test_a_reader_of_the_format_before_goes_on_while_a_run_brings_it_to_the_present_one(tmp_path: Path) -> None:
    path = journal_of_format_2(tmp_path / "j.db")
    with Journal(path, read_only=True) as reader, Journal(path) as journal:
        holds_what_format_2_held(reader)
        journal.published(Shard("referring", 1, "recipe", 1, 1, {}, 5, partial=True))
        assert [shard.shard for shard in reader.shards()] == [0, 1]


def test_counts_of_tokens_that_cannot_be_are_set_right_when_a_journal_is_brought_to_the_present_format(
    tmp_path: Path,
) -> None:
    path = journal_of_format_2(tmp_path / "j.db")
    with closing(sqlite3.connect(path)) as database, database:
        for number, tokens in enumerate((MOST_TOKENS, MOST_TOKENS + 1, 2**62, 2**62, 2**63 - 1, -5), 10):
            row = (number, "p", number, "referring", 7, "v1", 100, "new prompt", 3.5)
            database.execute(f"INSERT INTO requests VALUES ({'?, ' * 8}?)", row)
            database.execute("INSERT INTO replies VALUES (?, NULL, 3.6, ?, 6, 2000000000000, 0)", (number, tokens))
    with Journal(path, read_only=True) as journal, pytest.raises(DataError, match="'svit rebuild' sets that right"):
        journal.spent()
    for _ in range(2):
        with Journal(path) as journal:
            assert journal.spent() == RunSpending(
                100 + 7 + 50 + 2 * 10**12 + 5 * 100, 5 + MOST_TOKENS, 6 + 6, 8, 1, untold=5
            )


def test_bringing_it_to_the_present_format_is_done_whole_or_not_at_all(tmp_path: Path) -> None:
    path = journal_of_format_2(tmp_path / "j.db")
    database = sqlite3.connect(path)
    database.execute("ALTER TABLE shards ADD COLUMN partial INTEGER NOT NULL DEFAULT 0")
    database.commit()
    with pytest.raises(StorageError, match="duplicate column name"):
        Journal(path)
    assert "checksum" not in str(database.execute("SELECT sql FROM sqlite_master").fetchall())
    database.close()
    with Journal(path, read_only=True) as journal:
        holds_what_format_2_held(journal)


def test_a_disk_that_is_full_stops_with_what_was_acknowledged(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        journal.intend(Intent("p", n, "referring", 7, "v") for n in range(60))
        journal.keep([StoredReply("p", 1, b"first")])
        journal._db.execute("PRAGMA max_page_count = 30")
        with pytest.raises(StorageError, match="full"):
            journal.keep([StoredReply("p", n, os.urandom(4000)) for n in range(2, 60)])
        assert [reply.attempt for reply in journal.replies("p", 7)] == [1]
        journal.keep([StoredReply("p", 2, b"small enough")])
    with Journal(tmp_path / "j.db") as journal:
        assert journal.replies("p", 7) == [StoredReply("p", 1, b"first"), StoredReply("p", 2, b"small enough")]


def test_what_a_month_cost_goes_by_when_requests_were_sent_and_is_never_too_little(tmp_path: Path) -> None:
    last = datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC).timestamp()
    with Journal(tmp_path / "j.db") as journal:
        journal.intend([Intent(key, 1, "referring", 7, "v1", 100) for key in "abc"], last)
        journal.intend([Intent(key, 1, "referring", 7, "v1", 100) for key in "de"], last + 0.00001)
        journal.keep([StoredReply("a", 1, b"{}"), StoredReply("b", 1, b"{}"), StoredReply("d", 1, b"{}")])
        journal.book([Charge("a", 1, 5, 5, 7), Charge("d", 1, 5, 5, 9)])
        before = journal.spent_by_month()
        journal.settle_unknown()
        assert journal.spent_by_month() == before == {"2026-11": 7 + 100 + 100, "2026-12": 9 + 100}
        journal.intend([Intent("e", 1, "referring", 7, "v1", 100)], last + 5)
        journal.withdraw([("e", 1)])
        assert journal.spent_by_month() == before
    with Journal(tmp_path / "j.db", read_only=True) as journal:
        assert journal.spent_by_month() == before


def test_a_run_keeps_its_id(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal, Journal(tmp_path / "k.db") as other:
        drawn = journal.run_id()
        assert len(drawn) == 32
        assert other.run_id() != drawn
    (tmp_path / "j.db").rename(tmp_path / "moved.db")
    with Journal(tmp_path / "moved.db", read_only=True) as journal:
        assert journal.run_id() == drawn


def test_images_that_were_asked_about_are_told_from_others(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        asked: list[int | str] = [7, "7b", 2**62]
        journal.intend(Intent(f"{n}", 1, "referring", n, "v") for n in asked)
        journal.settle_unknown()
        journal.intend([Intent("8", 1, "referring", 8, "v"), Intent("withdrawn", 1, "referring", 9, "v")])
        journal.withdraw([("withdrawn", 1)])
        assert journal.asked_about([*asked, 8, 9, "8", "7"]) == {*asked, 8}
        assert journal.asked_about([]) == set()
