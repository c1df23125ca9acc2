"""A run on disk: its folder, the lock that one process holds, and run.json."""

import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from svit.errors import DataError, RunLockedError, StorageError, SvitError
from svit.journal import Journal
from svit.shards import publish

_TRIES = 4
_PROBE = 0.02
"""Seconds, far longer than `is_locked` shares the lock for: a look at a run never keeps another from starting."""


@contextmanager
def idle(run: str, folder: Path) -> Iterator[Mapping[str, int] | None]:
    """Give what the run with this id spent by month, nobody else working there meanwhile; None when that can't be had.

    A run that is worked in, was deleted or cannot be read keeps what it holds of the month: never too little.
    """
    with ExitStack() as opened:
        found = RunFolder(folder)
        spent = None
        if found.journal.is_file():
            with suppress(SvitError):
                opened.enter_context(found.locked())
                journal = opened.enter_context(Journal(found.journal))
                spent = journal.spent_by_month() if journal.run_id() == run else None
        yield spent


class RunFolder:
    """The folder of one run and the names in it."""

    def __init__(self, path: Path) -> None:
        """Keep the path; nothing is made yet."""
        self.path = path
        self.journal = path / "journal.db"
        self.contexts = path / "contexts.db"
        self.summary = path / "run.json"

    def samples(self, task: str, shard: int, *, partial: bool = False) -> Path:
        """Return the file of a shard's samples; a partial one holds those that were there when the run stopped."""
        return self.path / task / f"{shard:05}{'.partial' * partial}.jsonl"

    def rejected(self, task: str, shard: int, *, partial: bool = False) -> Path:
        """Return the file of a shard's rejections, or of those that were there when the run stopped."""
        return self.path / task / f"{shard:05}{'.partial' * partial}.rejected.jsonl"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run's lock, the folder made when there is none. Raises RunLockedError when another process has it.

        The lock dies with the process; the file stays, because deleting it would let two processes hold one each.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StorageError(f"{self.path}: the run folder cannot be used: {error.strerror}.") from error
        try:
            self._take(handle)
            yield
        finally:
            os.close(handle)

    def _take(self, handle: int) -> None:
        for tries_left in reversed(range(_TRIES)):
            try:
                return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if tries_left:
                    time.sleep(_PROBE)
            except OSError as error:
                raise StorageError(f"{self.path}: the run folder cannot be locked: {error.strerror}.") from error
        raise RunLockedError(f"{self.path}: another svit is working in this run. Wait for it, or use --run.")

    def is_locked(self) -> bool:
        """Whether a process holds the run's lock. Only asks: a process that starts meanwhile gets its lock."""
        try:
            handle = os.open(self.path / "run.lock", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StorageError(f"{self.path}/run.lock: it cannot be read: {error.strerror}.") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError as error:
            raise StorageError(f"{self.path}/run.lock: it cannot be asked: {error.strerror}.") from error
        finally:
            os.close(handle)
        return False

    def write_summary(self, summary: dict[str, object]) -> None:
        """Replace run.json."""
        publish(self.summary, [orjson.dumps(summary, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)])

    def read_summary(self) -> dict[str, Any]:
        """Return what run.json holds. Raises DataError when this is no run."""
        try:
            summary = orjson.loads(self.summary.read_bytes())
        except (OSError, orjson.JSONDecodeError) as error:
            raise DataError(f"{self.path}: this is no run of svit: run.json cannot be read.") from error
        if not isinstance(summary, dict):
            raise DataError(f"{self.summary}: this is not what svit writes.")
        return summary
