"""Why the system refused to write a file, said of the file that a person knows, never of one of ours beside it."""

import errno
import os
import re
from pathlib import Path

_DRAFT = re.compile(r"\.(?P<name>.+)(\.[0-9a-f]{8}\.building|\.part)")
"""How files are called until they are whole."""


def why_refused(error: OSError, path: Path) -> str:
    """Return why the file at `path` could not be written: the system's words, or what is wrong with its folder."""
    if isinstance(error, FileExistsError | NotADirectoryError):
        for folder in reversed(path.absolute().parents):
            if folder.exists() and not folder.is_dir():
                return f"{os.path.relpath(folder) if not path.is_absolute() else folder} is a file, not a folder"
    return os.strerror(error.errno or errno.EIO)


def known_name(path: str) -> str:
    """Return the path as a person knows it: the name that a file which is being written has in the end."""
    folder, slash, name = path.rpartition("/")
    found = _DRAFT.fullmatch(name)
    return f"{folder}{slash}{found['name']}" if found else path
