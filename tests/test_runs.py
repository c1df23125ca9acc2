import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from svit.errors import RunLockedError
from svit.run.folder import RunFolder, idle
from svit.run.journal import Journal
from svit.run.journal_rows import Intent
from svit.system.file_locks import FileLock


def test_one_holds_the_lock_and_lets_it_go(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "r")
    with run.locked(), pytest.raises(RunLockedError, match="another svit"), RunFolder(tmp_path / "r").locked():
        pass
    with run.locked():
        pass


def test_what_goes_wrong_under_the_lock_is_not_taken_for_a_held_lock(tmp_path: Path) -> None:
    """A write to a stdout that does not block raises BlockingIOError too."""
    with pytest.raises(BlockingIOError), RunFolder(tmp_path / "r").locked():
        raise BlockingIOError


def test_whether_a_run_is_locked_can_be_asked_and_changes_nothing(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "r")
    assert not run.is_locked()
    assert not run.path.exists()
    with run.locked():
        assert RunFolder(tmp_path / "r").is_locked()
        assert RunFolder(tmp_path / "r").is_locked()
    assert not run.is_locked()


@contextmanager
def looking(run: RunFolder) -> Iterator[None]:
    """Have somebody look at the run's lock as the block begins, for a moment."""
    looker = FileLock(run.path / "run.lock")
    assert looker.take()
    leaves = threading.Timer(0.01, looker.let_go)
    leaves.start()
    yield
    leaves.join()


def test_a_look_at_the_lock_does_not_keep_a_run_from_starting(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "r")
    with run.locked():
        pass
    with looking(run):
        assert not run.is_locked(), "two may look at once"
    with looking(run), run.locked():
        assert RunFolder(tmp_path / "r").is_locked()


def test_what_another_run_spent_is_told_only_where_nobody_works_and_nobody_begins_meanwhile(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "r")
    with run.locked(), Journal(run.journal) as journal:
        name = journal.run_id()
        journal.intend([Intent("p", 1, "referring", 7, "v1", 100)], 0)
        with idle(name, run.path) as spent:
            assert spent is None, "somebody works there"
    with idle(name, run.path) as spent:
        assert spent == {"1970-01": (0, 100)}
        with pytest.raises(RunLockedError), run.locked():
            pass
    with idle("another run in its place", run.path) as spent:
        assert spent is None
    with idle(name, tmp_path / "gone") as spent:
        assert spent is None
    assert not (tmp_path / "gone").exists()
    run.journal.write_text("no journal" * 99)
    with idle(name, run.path) as spent:
        assert spent is None
