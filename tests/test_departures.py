"""Which requests are known never to have left, after a kill: never one that did."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from svit.cost.ledger import month_of
from svit.run import departures, journal_stats
from svit.run.journal import Journal
from svit.run.journal_rows import Charge, Intent, StoredReply

PROGRAM = """
import os, sys
from pathlib import Path
from svit.run.journal_rows import Intent, StoredReply
from svit.run.journal import Journal
journal = Journal(Path(sys.argv[1]))
if sys.argv[2] == "told":
    journal.follow_departures()
journal.intend(Intent("p", n, "referring", n, "v", 100) for n in range(10))
for n in (0, 2, 1, 3):
    journal.left("p", n)
journal.keep([StoredReply("p", 1, b"{}")])
os.kill(os.getpid(), 9)
"""


def killed(path: Path, how: str = "told") -> Path:
    """Have a process intend ten requests, hand on four and keep one reply, and be killed."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, path, how], check=False)
    assert done.returncode == -signal.SIGKILL
    return path


def still_open(path: Path) -> tuple[int, list[int]]:
    """Return how many requests are of unknown outcome, and the images that are not known to be asked about."""
    with Journal(path) as journal:
        waited_for = sum(each.requests for each in journal_stats.silent(journal))
        unknown = journal.settle_unknown()
        assert waited_for == unknown == journal.spent().unknown
        return unknown, sorted(set(range(10)) - {int(each) for each in journal.asked_about(list(range(10)))})


def test_what_was_not_handed_on_before_a_kill_never_left(tmp_path: Path) -> None:
    path = killed(tmp_path / "j.db")
    with Journal(path, read_only=True) as journal:
        assert journal.months() == {month_of(time.time()): (0, 400)}, "what never left costs nothing"
        assert len(journal.read("SELECT 1 FROM requests")) == 10
    assert still_open(path) == (3, [4, 5, 6, 7, 8, 9])
    with Journal(path) as journal:
        assert journal.spent().cost == 300 + 100, "three of unknown outcome, and a reply that was not booked"
        assert journal.months() == {month_of(time.time()): (300, 400)}


def test_who_does_not_tell_what_leaves_may_have_sent_all(tmp_path: Path) -> None:
    assert still_open(killed(tmp_path / "j.db", "untold")) == (9, [])


def test_a_session_that_begins_before_another_was_settled_leaves_no_doubt_out(tmp_path: Path) -> None:
    """Nobody does so, but then what the first one had not handed on may have left too."""
    with Journal(killed(killed(tmp_path / "j.db"))) as journal:
        assert journal.settle_unknown() == 9 + 3


def test_a_session_that_tells_nothing_after_one_that_did_may_have_sent_all(tmp_path: Path) -> None:
    path = killed(tmp_path / "j.db")
    with Journal(path) as journal:
        journal.settle_unknown()
        journal.intend(Intent("q", n, "referring", 50 + n, "v", 100) for n in range(5))
    with Journal(path) as journal:
        assert journal.settle_unknown() == 5


def copied(path: Path) -> Path:
    folder = path.parent / "copy"
    shutil.copytree(path.parent, folder)
    return folder / path.name


def put_back(path: Path) -> Path:
    """Have the file of departures be one of a session before."""
    sent = path.with_suffix(".sent")
    before = sent.read_bytes()
    with Journal(path) as journal:
        journal.settle_unknown()
    killed(path)
    sent.write_bytes(before)
    return path


def without_it(path: Path) -> Path:
    path.with_suffix(".sent").unlink()
    return path


def torn(path: Path) -> Path:
    os.truncate(path.with_suffix(".sent"), 11)
    return path


def unreadable(path: Path) -> Path:
    path.with_suffix(".sent").unlink()
    path.with_suffix(".sent").mkdir()
    return path


@pytest.mark.parametrize("what", [copied, put_back, without_it, torn, unreadable])
def test_what_may_be_of_another_time_or_place_is_not_believed(what: Callable[[Path], Path], tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    path = what(killed(tmp_path / "run" / "j.db"))
    with Journal(path) as journal:
        assert journal.settle_unknown() == 9


@pytest.mark.parametrize("boot", ["another-id", None])
def test_after_a_power_cut_and_where_none_can_be_told_all_may_have_left(
    boot: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = killed(tmp_path / "j.db")
    monkeypatch.setattr(departures, "_boot", lambda: boot)
    assert still_open(path) == (9, [])


def test_a_run_that_was_moved_as_a_whole_still_knows(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    killed(tmp_path / "run" / "j.db")
    (tmp_path / "run").rename(tmp_path / "moved")
    assert still_open(tmp_path / "moved" / "j.db") == (3, [4, 5, 6, 7, 8, 9])


def test_where_it_cannot_be_written_down_nothing_is_concluded(tmp_path: Path) -> None:
    path = tmp_path / "j.db"
    (tmp_path / "j.sent").mkdir()
    assert killed(path)
    assert still_open(path) == (9, [])


def test_an_orderly_end_leaves_no_file_behind(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.db") as journal:
        journal.follow_departures()
        journal.intend([Intent("p", 1, "referring", 7, "v"), Intent("q", 1, "referring", 7, "v")])
        journal.left("p", 1)
        assert (tmp_path / "j.sent").stat().st_mode & 0o777 == 0o600
        journal.keep([StoredReply("p", 1, b"{}")])
        journal.withdraw([("q", 1)])
        journal.book([Charge("p", 1, 5, 5, 5)])
    assert not (tmp_path / "j.sent").exists()
