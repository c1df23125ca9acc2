"""Files that were uploaded or written by batches. They lie on disk under no name, and go when the simulator does."""

import os
import secrets
import tempfile
import time
import weakref
from collections.abc import Iterator

_MONTH = 30 * 24 * 3600


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
        self._descriptor = handle.fileno()

    def append(self, data: bytes | memoryview) -> None:
        """Add to the end. Raises OSError when the disk is full."""
        rest = memoryview(data)
        while rest:
            written = os.pwrite(self._descriptor, rest, self.size)
            self.size += written
            rest = rest[written:]

    def read(self, at: int = 0, length: int | None = None) -> bytes:
        """Return so many bytes from `at` on, or all that follow."""
        return os.pread(self._descriptor, self.size - at if length is None else length, at)

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield each line that is not blank, and where it begins."""
        at = 0
        with open(self._descriptor, "rb", closefd=False) as reader:
            reader.seek(0)
            for line in reader:
                if line.strip():
                    yield at, line
                at += len(line)

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
