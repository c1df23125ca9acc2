"""What Linux, macOS and Windows do differently with files: each has its way here, and nowhere else.

Told apart by what Python's modules have, never by a name: a system that nobody thought of has its way too.
"""

import os
import stat
from pathlib import Path

BINARY: int = getattr(os, "O_BINARY", 0)
"""The flag of `os.open` without which Windows writes a line end of its own for each line feed."""
_UNLIMITED = 2**31


def sync_file(file: Path) -> None:
    """Have the disk hold what was written to the file: Windows does that for who may write it only."""
    _sync(file, os.O_RDWR | BINARY)


def sync_folder(folder: Path) -> None:
    """Make a rename last: the name lives in the folder's own data. Windows opens no folder, and sees to that itself."""
    only_a_folder = getattr(os, "O_DIRECTORY", None)
    if only_a_folder is not None:
        _sync(folder, os.O_RDONLY | only_a_folder)


def _sync(path: Path, flags: int) -> None:
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def handles_have_places() -> bool:
    """Whether device and inode of an open file are those that its name has: not with every Python on Windows."""
    return hasattr(os, "O_DIRECTORY")


def is_open_to_others(found: os.stat_result) -> bool:
    """Whether others than its owner may use this file. Windows keeps no such rights in the mode: not said there."""
    return (
        hasattr(os, "geteuid") and stat.S_ISREG(found.st_mode) and bool(found.st_mode & (stat.S_IRWXG | stat.S_IRWXO))
    )


def open_files() -> tuple[int, int]:
    """Return how many files this process may have open, now and at most: 2 ** 31 where nothing limits them."""
    try:
        import resource
    except ImportError:
        return _UNLIMITED, _UNLIMITED
    soft, hard = (
        _UNLIMITED if each == resource.RLIM_INFINITY else each for each in resource.getrlimit(resource.RLIMIT_NOFILE)
    )
    return soft, hard


def allow_open_files(wanted: int) -> None:
    """Let this process have so many files open, where something limits them. Raises OSError, ValueError."""
    soft, _ = open_files()
    if soft < wanted:
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
