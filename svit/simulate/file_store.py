"""Files that were uploaded or written by batches. They lie on disk under no name, and go when the simulator does."""

import secrets
import tempfile
import time
import weakref
from collections.abc import Iterator

_MONTH = 30 * 24 * 3600
_PIECE = 2**16


class StoredFile:
    """A file of the API."""

    def __init__(self, filename: str, purpose: str) -> None:
        """Begin empty."""
        self.id = f"file-{secrets.token_hex(12)}"
        self.filename = filename
        self.purpose = purpose
        self.size = 0
        self._created = int(time.time())
        handle = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed when this object goes
        weakref.finalize(self, handle.close)
        self._file = handle

    def append(self, data: bytes | memoryview) -> None:
        """Add to the end. Raises OSError when the disk is full."""
        rest = memoryview(data)
        self._file.seek(self.size)
        while rest:
            written = self._file.write(rest)
            self.size += written
            rest = rest[written:]

    def read(self, at: int = 0, length: int | None = None) -> bytes:
        """Return so many bytes from `at` on, or all that follow."""
        self._file.seek(at)
        return self._file.read(self.size - at if length is None else length)

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield each line that is not blank, and where it begins."""
        at = 0
        for line in self._all_lines():
            if line.strip():
                yield at, line
            at += len(line)

    def _all_lines(self) -> Iterator[bytes]:
        """Yield each line with its end, however the file is read or added to meanwhile."""
        begun: list[bytes] = []
        for at in range(0, self.size, _PIECE):
            *ended, rest = self.read(at, _PIECE).split(b"\n")
            for line in ended:
                yield b"".join([*begun, line, b"\n"])
                begun.clear()
            begun.append(rest)
        if last := b"".join(begun):
            yield last

    def described(self) -> dict[str, object]:
        """Return what the API says of it."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": self.size,
            "created_at": self._created,
            "expires_at": self._created + _MONTH,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "processed",
            "status_details": None,
        }
