"""A run folder that a failed command made and in which nothing was paid for: it does not stay behind."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from svit.errors import DataError, ProviderRefusesError, SvitError

if TYPE_CHECKING:
    from svit.run.folder import RunFolder

_DATABASES = ("journal.db", "contexts.db")
_OURS = frozenset(
    {"run.json", "journal.sent", *(f"{name}{end}" for name in _DATABASES for end in ("", "-wal", "-shm"))}
)
"""What a run that asked nothing has made, beside its lock."""
_LOCK = "run.lock"


@contextmanager
def removed_when_unpaid(folder: "RunFolder") -> Iterator[None]:
    """Remove the run folder when the block fails by a setting, the data or the endpoint, and nothing is in its journal.

    Only a folder that was not there before, only the files that svit makes, and only while nobody else works there.
    What the disk refused, a ceiling, a deadline and a signal leave the folder: the same command continues there.
    """
    new = [path for path in (folder.path, *folder.path.parents) if not path.exists()]
    try:
        yield
    except SvitError as error:
        if new and type(error) in (SvitError, DataError, ProviderRefusesError):
            with suppress(SvitError, OSError):  # the error that is on its way says what happened
                _remove(folder, new)
        raise


def _remove(folder: "RunFolder", new: list[Path]) -> None:
    if not folder.path.is_dir():
        return
    with folder.locked():
        unpaid = _is_unpaid(folder)  # looked at first: reading a database may leave files beside it
        within = [path for path in folder.path.iterdir() if path.name != _LOCK]
        if not unpaid or not all(map(_is_of_no_use, within)):
            return
        for path in within:
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()
        (folder.path / _LOCK).unlink()
    for path in new:
        path.rmdir()


def _is_of_no_use(path: Path) -> bool:
    if path.is_dir():
        return not any(path.iterdir())
    return path.name in _OURS or path.match(".contexts.db.*.building")


def _is_unpaid(folder: "RunFolder") -> bool:
    """Whether no request stands in the journal: what never left has been taken out of it."""
    from svit.run.journal import Journal

    if not folder.journal.is_file():
        return True
    with Journal(folder.journal, read_only=True) as journal:
        return journal.is_empty()
