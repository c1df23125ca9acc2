import os
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from svit.entries import Booked, Intent, Kept, Shard
from svit.errors import DataError, StorageError
from svit.journal import Journal


def test_what_was_written_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    body = b'{"choices": []}' * 100
    with Journal(tmp_path / "j.db") as journal:
        journal.keep_template("v1", "Write.")
        journal.intend([Intent("p", 1, "referring", 7, "v1"), Intent("q", 1, "referring", "seven", "v1")])
        journal.intend([Intent("p", 2, "referring", 7, "v1")])
        journal.keep([Kept("p", 1, None, b'{"code":"timeout"}'), Kept("p", 2, body)])
        journal.published(Shard("referring", 0, "recipe", 2, 1, {"wrong_count": 1}, 99))
    with Journal(tmp_path / "j.db", read_only=True) as journal:
        assert journal.replies("p", 7) == [Kept("p", 1, None, b'{"code":"timeout"}'), Kept("p", 2, body)]
        assert journal.replies("p", 8) == journal.replies("q", "seven") == []
        assert journal.asked("seven") == [Intent("q", 1, "referring", "seven", "v1")]
        assert journal.template("v1") == "Write."
        assert journal.template("v2") is None
        assert journal.shards() == [Shard("referring", 0, "recipe", 2, 1, {"wrong_count": 1}, 99)]


def test_it_is_durable_and_not_only_fast(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        assert journal.read("PRAGMA journal_mode", ()) == [("wal",)]
        assert journal.read("PRAGMA synchronous", ()) == [(2,)]


def test_replies_that_were_acknowledged_survive_sigkill(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from svit.journal import Intent, Journal, Kept\n"
        "journal = Journal(Path(sys.argv[1])); n = 0\n"
        "while True:\n"
        "    journal.intend([Intent('p', n, 't', 7, 'v')])\n"
        "    journal.keep([Kept('p', n, b'x' * 3000)]); print(n, flush=True); n += 1\n"
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
        journal.keep([Kept("p", 1, b"{}")])
    for _ in range(2):
        with Journal(tmp_path / "j.db") as journal:
            assert journal.settle_unknown() == 1
            journal.book([Booked(kept.prompt_id, kept.attempt, 1, 1, 5) for kept, _, _ in journal.unbooked()])
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


def test_a_disk_that_is_full_stops_with_what_was_acknowledged(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        journal.intend(Intent("p", n, "referring", 7, "v") for n in range(60))
        journal.keep([Kept("p", 1, b"first")])
        journal._db.execute("PRAGMA max_page_count = 30")
        with pytest.raises(StorageError, match="full"):
            journal.keep([Kept("p", n, os.urandom(4000)) for n in range(2, 60)])
        assert [reply.attempt for reply in journal.replies("p", 7)] == [1]
        journal.keep([Kept("p", 2, b"small enough")])
    with Journal(tmp_path / "j.db") as journal:
        assert journal.replies("p", 7) == [Kept("p", 1, b"first"), Kept("p", 2, b"small enough")]


def test_what_a_month_cost_goes_by_when_requests_were_sent_and_is_never_too_little(tmp_path: Path) -> None:
    last = datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC).timestamp()
    with Journal(tmp_path / "j.db") as journal:
        journal.intend([Intent(key, 1, "referring", 7, "v1", 100) for key in "abc"], last)
        journal.intend([Intent(key, 1, "referring", 7, "v1", 100) for key in "de"], last + 0.00001)
        journal.keep([Kept("a", 1, b"{}"), Kept("b", 1, b"{}"), Kept("d", 1, b"{}")])
        journal.book([Booked("a", 1, 5, 5, 7), Booked("d", 1, 5, 5, 9)])
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
