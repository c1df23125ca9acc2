"""The lock of a run against other processes, those of older svits among them, which hold flock."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from svit.run.folder import RunFolder
from svit.system.file_locks import FileLock

NEW = "from svit.system.file_locks import FileLock; from pathlib import Path"
NEW += "; lock = FileLock(Path(sys.argv[1])); lock.take()"
OLDER = "held = open(sys.argv[1], 'a'); import fcntl; fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)"
PARENT = f"{NEW}; import subprocess; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(9)'])"


def has_flock() -> bool:
    try:
        import fcntl  # noqa: F401
    except ImportError:
        return False
    return True


needs_flock = pytest.mark.skipif(not has_flock(), reason="no older svit runs where there is no flock")


@contextmanager
def holding(words: str, path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Give a process that has run these words on the file, and goes on until it is killed."""
    code = f"import sys, time; {words}; print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("words", [NEW, pytest.param(OLDER, marks=needs_flock)], ids=["this svit", "an older one"])
def test_what_another_process_holds_cannot_be_taken_until_it_is_killed(words: str, tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    lock = FileLock(path)
    with holding(words, path) as process:
        assert lock.is_held_by_another()
        assert not lock.take()
        assert RunFolder(tmp_path).is_locked()
        process.kill()
        process.wait()
        assert not lock.is_held_by_another()
        assert lock.take()
    lock.let_go()
    assert path.is_file(), "a lock that is let go stays: two could hold one each otherwise"


@needs_flock
def test_an_older_svit_is_kept_out_too(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "run.lock")
    asking = [sys.executable, "-c", f"import sys; {OLDER}", str(lock.path)]
    assert lock.take()
    refused = subprocess.run(asking, capture_output=True, text=True, check=False)
    assert "BlockingIOError" in refused.stderr
    lock.let_go()
    assert subprocess.run(asking, check=False).returncode == 0


def test_the_children_of_whoever_holds_it_do_not(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    with holding(PARENT, path) as process:
        assert FileLock(path).is_held_by_another()
        process.kill()
        process.wait()
        assert not FileLock(path).is_held_by_another(), "its child still runs"


def test_two_in_one_process_exclude_one_another_and_neither_lets_the_other_go(tmp_path: Path) -> None:
    one, two = FileLock(tmp_path / "run.lock"), FileLock(tmp_path / "run.lock")
    assert one.take()
    assert not two.take()
    two.let_go()
    assert two.is_held_by_another()
    assert not one.take(), "once is enough"
    assert two.is_held_by_another()
    one.let_go()
    assert not two.is_held_by_another()
    assert two.take()
    two.let_go()


def test_asking_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        FileLock(tmp_path / "run.lock").is_held_by_another()
    assert not list(tmp_path.iterdir())


def test_whether_it_is_in_place(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "run.lock")
    assert lock.is_in_place(), "nothing is held"
    assert lock.take()
    assert lock.is_in_place()
    lock.path.rename(tmp_path / "moved")
    assert not lock.is_in_place()
    lock.path.touch()
    assert not lock.is_in_place()
    lock.let_go()


def test_many_who_only_ask_at_once_are_told_that_nobody_holds_it(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    with run.locked():
        pass
    told: list[bool] = []
    asking = [threading.Thread(target=lambda: told.extend(run.is_locked() for _ in range(20))) for _ in range(3)]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    assert told == [False] * 60
    with run.locked():
        assert RunFolder(tmp_path).is_locked()


@needs_flock
@pytest.mark.parametrize("code", ["ENOSYS", "ENOLCK", "EOPNOTSUPP"])
def test_a_file_system_without_locks_is_said_with_what_to_do(code: str, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        f"import errno, fcntl, os\n"
        f"def flock(*_): raise OSError(errno.{code}, os.strerror(errno.{code}))\n"
        f"fcntl.flock = flock\n"
    )
    command = [sys.executable, "-m", "svit", "generate", "--task", "referring", "--run", str(tmp_path / "r")]
    ended = subprocess.run(command, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.endswith("Its file system has no locks: put the run on another with --run.\n")
    assert "Traceback" not in ended.stderr
