"""Which requests have left, as far as a process that is killed can say so: one number in a small file, never synced.

Requests are numbered in the order of their intents, which are committed in groups before any of them leaves. The number
of the last one that was handed on is written into the file before it is handed on, and what is written to a file is
there when the process that wrote it is killed. So a request above that number never left, and costs nothing.

Nothing is concluded from a file that might be of another time or place: after a power cut (the kernel has another boot
id), beside a journal of another session, or where either was copied. All requests may have left then.
"""

import os
from contextlib import suppress
from pathlib import Path

from svit.errors import StorageError
from svit.system.operating_system import BINARY

_NUMBER = 8
"""Bytes."""


class Departures:
    """The file of one session with a journal. `session` is a word that the journal keeps too."""

    def __init__(self, path: Path, journal: Path, session: str, last: int) -> None:
        """Begin a file after the last request of earlier sessions. Where none can be made nothing is written down."""
        self._path = path
        self._last = last
        self._handle: int | None = None
        boot = _boot()
        if boot is None:
            return
        with suppress(OSError):
            path.unlink(missing_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | BINARY
            self._handle = os.open(path, flags, 0o600)
            os.write(self._handle, _bytes(last) + _stamp(path, journal, session, boot))

    def left(self, number: int) -> None:
        """Write down that this request is about to leave. Raises StorageError when that can't be, nor be given up."""
        if number <= self._last or self._handle is None:
            return
        self._last = number
        try:
            os.lseek(self._handle, 0, os.SEEK_SET)
            os.write(self._handle, _bytes(number))
        except OSError as error:
            self._give_up(error)

    def close(self) -> None:
        """Close the file, which stays as it is."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _give_up(self, error: OSError) -> None:
        self.close()
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            raise StorageError(f"{self._path}: it cannot be written: {error.strerror}.") from error


def last_departure(path: Path, journal: Path, session: str) -> int | None:
    """Return the number of the last request that may have left in a session that ended, None where all may have."""
    boot = _boot()
    if boot is None:
        return None
    try:
        written = path.read_bytes()
        trusted = written[_NUMBER:] == _stamp(path, journal, session, boot)
    except OSError:
        return None
    return int.from_bytes(written[:_NUMBER], "little") if trusted else None


def _bytes(number: int) -> bytes:
    return number.to_bytes(_NUMBER, "little")


def _stamp(path: Path, journal: Path, session: str, boot: str) -> bytes:
    """Return what a file says of where and when it was made."""
    places = [(found.st_dev, found.st_ino) for found in (path.stat(), journal.stat())]
    return f"{session} {boot} {places}".encode()


def _boot() -> str | None:
    """Return the id that the kernel drew when it started; None where there is none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
