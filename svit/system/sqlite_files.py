"""SQLite files of a run: only their owner's, patient with others who hold them, and seen when they are taken away."""

import os
import sqlite3
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from svit.errors import FileHeldError, StorageError
from svit.system.operating_system import is_open_to_others

T = TypeVar("T")

PATIENCE = 150.0
"""Seconds that another process may hold a database until that is an error: a backup, a shell that was left open."""
SLICE = 0.1
"""Seconds that SQLite waits by itself: between two such waits signals are heard."""
_TOLD_AFTER = 5.0
_PAUSE = 0.01
"""Seconds between two attempts to lock what SQLite does not wait for."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_SUFFIXES = ("", "-wal", "-shm")


def beside(path: Path, suffix: str) -> Path:
    """Return the file that SQLite keeps beside a database: beside the file that it really is, not a link to it."""
    return Path(os.path.realpath(path) + suffix)


def made_private(path: Path) -> None:
    """Make the file where there is none, and let nobody but its owner read or write it and what SQLite keeps beside it.

    Files of somebody else stay as they are. Raises OSError when the file cannot be made.
    """
    file = beside(path, "")
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    for suffix in _SUFFIXES:
        with suppress(OSError):
            close_to_others(beside(path, suffix))


def close_to_others(file: Path) -> None:
    """Take all rights on a file from everybody but its owner. Never opens it: that would end SQLite's locks on it."""
    found = file.stat()
    if is_open_to_others(found):
        file.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)


def is_held(error: sqlite3.Error) -> bool:
    """Whether this says that another process holds the database just now."""
    return code_of(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def code_of(error: sqlite3.Error) -> int:
    """Return SQLite's own code of the error, 0 where it has none: what Python's module says by itself."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _nobody(_words: str) -> None:
    """Be told nothing."""


@dataclass
class DatabaseWait:
    """Waiting for a database that others may hold. `say` is told of a long wait, once for each.

    `hurry` is the seconds after which one call gives up with FileHeldError: not for good, for who must not be held.
    """

    path: Path
    say: Callable[[str], None] = _nobody
    hurry: float = PATIENCE
    _since: float | None = field(default=None, init=False)
    _told: bool = field(default=False, init=False)

    def wait(self, attempt: Callable[[], T]) -> T:
        """Return what the attempt returns, made again until nobody else holds the database.

        Raises FileHeldError after `hurry`, and StorageError when it has been held for all of the patience.
        """
        entered = time.monotonic()
        while True:
            try:
                done = attempt()
            except sqlite3.OperationalError as error:
                if not is_held(error):
                    raise
                self._held(entered)
            else:
                self._since, self._told = None, False
                return done

    @property
    def waits_for(self) -> str:
        """What is waited for, in words; empty when nothing is."""
        return f"another process that holds {self.path.name}" if self._since is not None else ""

    def wait_until(self, attempt: Callable[[], bool]) -> None:
        """Make the attempt again until it succeeds. Raises as `wait` does."""
        entered = time.monotonic()
        while not attempt():
            self._held(entered)
            time.sleep(_PAUSE)
        self._since, self._told = None, False

    def _held(self, entered: float) -> None:
        now = time.monotonic()
        since = self._since = entered if self._since is None else self._since
        if now - since > _TOLD_AFTER and not self._told:
            self._told = True
            self.say(f"svit waits for another process that holds {self.path}.")
        if now - since > PATIENCE:
            self._since = None
            raise StorageError(
                f"{self.path}: another process has held this file for {now - since:.0f} s. Close whatever has it open "
                f"(a database shell, a backup); the same command continues."
            )
        if now - entered >= self.hurry:
            raise FileHeldError(f"{self.path}: another process holds this file just now.")


class DatabaseIdentity:
    """Where a database and its files were when it was opened, to see whether they are still there."""

    def __init__(self, path: Path) -> None:
        """Look where they are: device and inode. What is not there now is not missed later."""
        found = {beside(path, suffix): place_of(beside(path, suffix)) for suffix in _SUFFIXES}
        self._files = {file: place for file, place in found.items() if place is not None}

    def missing(self) -> Iterator[Path]:
        """Yield the files that are gone, or that others have taken the place of. What can't be told is not."""
        for file, place in self._files.items():
            with suppress(OSError):
                if place_of(file) != place:
                    yield file


def place_of(file: Path | int) -> tuple[int, int] | None:
    """Return the device and inode of a file, by its name or its handle; None where there is no such file."""
    try:
        found = os.stat(file)  # noqa: PTH116 - a handle has no Path
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino
