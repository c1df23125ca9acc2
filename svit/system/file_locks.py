"""A file that one process at a time holds: the lock dies with the process, and the file stays.

On Linux and macOS it is flock, as in all versions of svit, which keep each other out so; on Windows it is LockFileEx:
both by way of filelock. Where Python knows neither, it is the lock that SQLite has on a file.
"""

import errno
import os
import sqlite3
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from svit.system.operating_system import BINARY, handles_have_places
from svit.system.sqlite_files import is_held, made_private, place_of


class _Taken(NamedTuple):
    """What is held: how it is let go, and which file it is."""

    let_go: Callable[[], None]
    place: tuple[int, int] | None


class FileLock:
    """The lock on one file. Two of these exclude one another within a process, too."""

    def __init__(self, path: Path) -> None:
        """Keep the path; nothing is opened yet."""
        self.path = path
        self._taken: _Taken | None = None

    def take(self) -> bool:
        """Hold the file, made for its owner alone when there is none; False when another holds it. Raises OSError."""
        made_private(self.path)
        taken = _take(self.path)
        self._taken = taken or self._taken
        return taken is not None

    def let_go(self) -> None:
        """Hold the file no more, where it was held. It is never deleted: two processes could hold one each then."""
        if self._taken is not None:
            self._taken.let_go()
        self._taken = None

    def is_in_place(self) -> bool:
        """Whether what is held is still the file of that name; so too while nothing is held. Raises OSError."""
        return self._taken is None or place_of(self.path) == self._taken.place

    def is_held_by_another(self) -> bool:
        """Whether another holds the file just now. Raises FileNotFoundError where there is none, else OSError.

        It asks by holding it for an instant. So whoever is told True asks again: it may have been another who asked.
        """
        taken = _take(self.path)
        if taken is not None:
            taken.let_go()
        return taken is None


def _take(path: Path) -> _Taken | None:
    lock = _lock_of_the_system()
    return _by_the_system(path, lock) if lock else _by_sqlite(path)


def _by_the_system(path: Path, lock: Callable[[int], bool]) -> _Taken | None:
    handle = _opened(path)
    try:
        if lock(handle):
            place = place_of(handle if handles_have_places() else path)
            return _Taken(lambda: os.close(handle), place)
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None


def _opened(path: Path) -> int:
    """Open the file to write, which NFS asks of whoever locks it; to read where nobody may write, on a mount say."""
    try:
        return os.open(path, os.O_RDWR | BINARY)
    except OSError as error:
        if error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise
        return os.open(path, os.O_RDONLY | BINARY)


def _by_sqlite(path: Path) -> _Taken | None:
    if not path.exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    try:
        database = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            database.execute("BEGIN EXCLUSIVE")
        except BaseException:
            database.close()
            raise
    except sqlite3.Error as error:
        if is_held(error):
            return None
        raise OSError(errno.EIO, f"{error} (SQLite)", str(path)) from error
    return _Taken(database.close, place_of(path))


def _lock_of_the_system() -> Callable[[int], bool] | None:
    """Return what locks an open file unless another does; None where Python knows of nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # filelock warns of what it would do instead, and is not asked to
        from filelock import has_fcntl, lock_descriptor
    if not has_fcntl and sys.platform != "win32":
        return None
    return lambda handle: lock_descriptor(handle, blocking=False)
