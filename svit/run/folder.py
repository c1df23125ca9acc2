"""A run on disk: its folder, the lock that one process holds, and run.json."""

import errno
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import orjson

from svit.cost.ledger import SpentOfMonth
from svit.errors import DataError, RunLockedError, StorageError, SvitError
from svit.run.journal import Journal
from svit.run.manifest import RunManifest, manifest_json, read_manifest, read_whole_manifest
from svit.run.shards import publish
from svit.spelling import did_you_mean_path
from svit.system.file_locks import FileLock
from svit.system.sqlite_files import beside

_LOST = "Put the right one back, or have what it lacks asked and paid for again: svit generate ... --start-over"
_LOCKLESS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)
"""What some file systems of networks and clusters say when they are asked for a lock, which they don't have."""
_TRIES = 6
_PROBE = 0.02
"""Seconds, far longer than `is_locked` has the lock for: a look at a run keeps nobody from starting or looking."""


@contextmanager
def idle(run: str, folder: Path) -> Iterator[Mapping[str, SpentOfMonth] | None]:
    """Give what the run with this id spent by month, nobody else working there meanwhile; None when that can't be had.

    A run that is worked in, was deleted or cannot be read keeps what it holds of the month: never too little. Nothing
    is changed in it: another svit than this one may go on with it.
    """
    with ExitStack() as opened:
        found = RunFolder(folder)
        spent = None
        if found.journal.is_file():
            with suppress(SvitError):
                opened.enter_context(found.locked())
                journal = opened.enter_context(Journal(found.journal, read_only=True, hurry=_PROBE))
                spent = journal.months() if journal.run_id() == run else None
        yield spent


class RunFolder:
    """The folder of one run and the names in it."""

    def __init__(self, path: Path) -> None:
        """Keep the path; nothing is made yet."""
        self.path = path
        self.journal = path / "journal.db"
        self.contexts = path / "contexts.db"
        self.summary = path / "run.json"
        self._lock = FileLock(path / "run.lock")

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
            taken = self._took()
        except OSError as error:
            raise StorageError(f"{self.path}: the run folder cannot be {_refused(error)}.") from error
        if not taken:
            raise RunLockedError(f"{self.path}: another svit is working in this run. Wait for it, or use --run.")
        try:
            yield
        finally:
            self._lock.let_go()

    def check_in_place(self) -> None:
        """Raise StorageError when the lock that this process holds is no more the run's: another one may begin."""
        if not self._lock.is_in_place():
            raise StorageError(
                f"{self._lock.path}: the run's folder or its lock was moved, deleted or replaced while the run went "
                f"on. Put it back, and the same command continues."
            )

    def _took(self) -> bool:
        """Whether this process has the lock now; it waits a moment for whoever only looks."""
        return _again(self._lock.take)

    def is_locked(self) -> bool:
        """Whether a process holds the run's lock. Only asks: a process that starts meanwhile gets its lock."""
        lock = FileLock(self._lock.path)
        try:
            return not _again(lambda: not lock.is_held_by_another())
        except FileNotFoundError:
            return False
        except OSError as error:
            if error.errno == errno.EBADF:  # NFS, mounted to read: nobody can work in the run from here
                return False
            raise StorageError(f"{lock.path}: it cannot be asked who holds it: {error.strerror}.") from error

    def opened_journal(self, *, start_over: bool = False, say: Callable[[str], None] = lambda _: None) -> Journal:
        """Open the run's journal to write. Raises DataError when it lacks replies that the run counts, for they cost.

        With `start_over` it is taken as it is, and made anew where there is none.
        """
        self._refuse_a_lost_journal(start_over=start_over)
        counted = self._known().counts
        journal = Journal(self.journal, say=say)
        try:
            self._refuse_an_older_journal(journal.count_replies(), counted, start_over=start_over)
        except BaseException:
            journal.close()
            raise
        return journal

    def _refuse_an_older_journal(self, kept: int, counted: int, *, start_over: bool) -> None:
        if kept < counted and not start_over:
            raise DataError(
                f"{self.journal}: run.json counts {counted:,} replies, and the journal holds {kept:,}. It may be an "
                f"older one, or a copy without {self.journal.name}-wal. {_LOST}"
            )
        if start_over and kept >= max(1, counted):
            raise DataError(
                f"{self.journal}: the journal is whole ({kept:,} replies), and --start-over is for one that is lost. "
                f"To make everything anew, choose another folder with --run."
            )

    def _refuse_a_lost_journal(self, *, start_over: bool) -> None:
        """Raise DataError when there is no journal where there was one: all would be asked and paid for again."""
        if _size(self.journal) or self.journal.is_dir():
            return
        log = beside(self.journal, "-wal")
        if start_over:
            with suppress(FileNotFoundError):
                log.replace(log.with_name(f"{log.name}.lost"))
            return
        found = "empty" if self.journal.exists() else "missing"
        saved = self.journal.with_name(f"{self.journal.name}.saved")
        if _size(saved):
            raise DataError(
                f"{self.journal}: the journal is {found}. {saved.name} beside it is what a run saved of it when it was "
                f"taken away: mv {saved} {self.journal}"
            )
        if _size(log):
            raise DataError(f"{self.journal}: the journal is {found}, and {log.name} beside it holds replies. {_LOST}")
        known = self._known()
        paid = bool(known.config) and known.config.get("provider") != "offline"
        if paid or known.counts or any(self.path.glob("*/*.jsonl")):
            raise DataError(f"{self.journal}: the journal of this run is {found}, and its replies with it. {_LOST}")

    def _known(self) -> RunManifest:
        """Return what run.json holds, nothing when there is none."""
        return self.manifest(whole=False) if os.path.lexists(self.summary) else RunManifest()

    def write_manifest(self, manifest: RunManifest) -> None:
        """Replace run.json. Paths in it are those of `path_address`: text, whatever their bytes are."""
        publish(self.summary, [manifest_json(manifest)])

    def manifest(self, *, whole: bool = True) -> RunManifest:
        """Return what run.json holds, `whole` or not. Raises DataError when this is no run, or one of another svit."""
        return (read_whole_manifest if whole else read_manifest)(self.summary, self._written())

    def _written(self) -> bytes:
        """Return the bytes of run.json. Raises DataError when there is no JSON in it."""
        try:
            written = self.summary.read_bytes()
            orjson.loads(written)
        except (OSError, orjson.JSONDecodeError) as error:
            why = self._is_no_run() if self.path.exists() else self._is_not_there()
            raise DataError(f"{self.path}: this is no run of svit: {why}") from error
        return written

    def _is_no_run(self) -> str:
        if self.summary.exists() or not self.path.is_dir():
            return "run.json cannot be read."
        within = sorted(str(each.parent) for each in self.path.glob("*/run.json"))
        meant = f" Did you mean '{within[0]}'?" if within else ""
        return f"there is no run.json in it.{meant}"

    def _is_not_there(self) -> str:
        folder = self.path.parent
        near = [each for each in folder.iterdir() if (each / "run.json").is_file()] if folder.is_dir() else []
        return f"there is no such folder.{did_you_mean_path(self.path, near)} 'svit runs' lists what there is."


def _again(attempt: Callable[[], bool]) -> bool:
    """Whether one of some attempts succeeds, over a time in which whoever only looks at the lock has let it go."""
    for tries_left in reversed(range(_TRIES)):
        if attempt():
            return True
        if tries_left:
            time.sleep(_PROBE)
    return False


def _refused(error: OSError) -> str:
    """Return what of a run folder was refused, why, and what to do about it where it is not plain."""
    if error.errno in _LOCKLESS:
        return f"locked: {error.strerror}. Its file system has no locks: put the run on another with --run"
    return f"used: {error.strerror}"


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
