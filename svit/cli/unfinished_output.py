"""What a failed command has written so far and nobody can use: it does not stay behind."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def removed_when_failed(output: Path) -> Iterator[None]:
    """Remove what the block wrote to `output` when it fails, and the folders that were made for it.

    There was nothing at `output` before, or an empty folder, which stays.
    """
    new = [path for path in (output, *output.parents) if not path.exists()]
    try:
        yield
    except BaseException:
        with suppress(OSError):  # the error that is on its way says what happened
            for path in output.iterdir() if output.is_dir() else ():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            for path in new:
                if path.is_dir():
                    path.rmdir()
                else:
                    path.unlink(missing_ok=True)
        raise
