"""An export whose push failed: a note beside its files lets the same command push them again, and write nothing."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from svit.errors import SvitError
from svit.run.shards import publish

NOTE = ".svit-unpushed.json"
"""Is never pushed itself, and goes when the push is done."""


class _Note(msgspec.Struct):
    command: dict[str, str]
    files: dict[str, str]


def note(folder: Path, command: Mapping[str, str], names: Sequence[str]) -> None:
    """Write down which command made these files, and their hashes. Raises StorageError when the disk refuses."""
    made = _Note(dict(command), {name: _hash(folder / name) for name in names})
    publish(folder / NOTE, [msgspec.json.encode(made)])


def to_push_again(folder: Path, command: Mapping[str, str]) -> Sequence[str]:
    """Return the files of a folder that the same command made and could not push; none where that is not so.

    Raises SvitError where one of them was changed or removed since.
    """
    try:
        made = msgspec.json.decode((folder / NOTE).read_bytes(), type=_Note)
    except (OSError, msgspec.DecodeError):
        return ()
    if made.command != dict(command):
        return ()
    for name, known in made.files.items():
        if not (folder / name).is_file() or _hash(folder / name) != known:
            raise SvitError(f"{folder / name} was changed since its push failed: remove {folder}, or use another -o.")
    return tuple(made.files)


def pushed(folder: Path) -> None:
    """Remove the note."""
    (folder / NOTE).unlink(missing_ok=True)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
