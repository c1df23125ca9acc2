"""A folder that is gone when a command ends, for what is made on the way to an answer."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from svit.errors import StorageError


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give a folder to the block. Raises StorageError that names where temporary files go, not the folder in it."""
    try:
        with tempfile.TemporaryDirectory(prefix="svit-") as folder:
            try:
                yield Path(folder)
            except StorageError as error:
                if folder in str(error):
                    raise _refused("there is no room for what is made on the way") from error
                raise
    except FileNotFoundError as error:
        if error.filename is None:  # none of the places where temporary files go can be written
            raise _refused("it cannot be written") from error
        raise


def _refused(why: str) -> StorageError:
    try:
        place = tempfile.gettempdir()
    except FileNotFoundError:
        place = "TMPDIR"
    return StorageError(f"{place}, the folder for temporary files: {why}. Name another one in TMPDIR.")
