"""A folder of records: a run's shards, or the data files of an export, as the pieces of one file."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from svit.contexts.store import ContextStore
from svit.datasets.record_files import DataFile, RecordBytes
from svit.errors import DataError, SvitError
from svit.run.folder import RunFolder
from svit.run.published_shards import files_of, read_published
from svit.tasks import TASKS

_ENDINGS = (".json", ".jsonl", ".json.gz", ".jsonl.gz")
_UNREAD = (".parquet", ".tar", ".zst")
_BESIDE = ("dataset_info.json", "meta.json", "metadata.json")
"""What an export of ours has beside its data."""


class DataFolder:
    """The records in a folder's files, in the order of their names; opened by a `with` block."""

    is_array = False
    contexts: Path | None = None
    """The contexts that the records were made from, where the folder has them."""
    numbers: Mapping[str, int] = {}
    """How many dialogues the run asked for, by task, where it was another number than the task's own."""

    def __init__(self, path: Path) -> None:
        """Remember the folder; nothing is looked at yet."""
        self.path = path
        self._files: list[Path] = []

    def __enter__(self) -> Self:
        """Look for its files; raise DataError when there is none that can be read."""
        names = sorted(file for file in self.path.iterdir() if file.is_file() and file.name not in _BESIDE)
        self._files = [
            file
            for file in names
            if file.name.endswith(_ENDINGS) and ".rejected." not in file.name and not file.name.startswith(".")
        ]
        if not self._files:
            others = sorted({file.suffix for file in names if file.suffix in _UNREAD})
            what = (
                f"its data is in {' and '.join(others)} files, which svit check does not read. Export it as llava-next"
                if others
                else "no run of svit, as there is no run.json in it, and no export in .json or .jsonl files"
            )
            raise DataError(f"{self.path} is a folder, not a file, and {what}.")
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing: each file is closed when it was read."""

    @property
    def size(self) -> int:
        """Bytes of the files on the disk."""
        return sum(path.stat().st_size for path in self._files)

    @property
    def position(self) -> int:
        """How many of these bytes were read: that is not counted."""
        return 0

    def __iter__(self) -> Iterator[RecordBytes]:
        """Yield the records in their order; raise DataError when the disk gives no more."""
        for path in self._files:
            with DataFile(path) as data:
                for piece in data:
                    yield piece._replace(place=f"{self._name(path)}, {piece.place}")

    def _name(self, path: Path) -> str:
        return path.name


class RunData(DataFolder):
    """The samples of a run, whole shards and partial ones, task by task."""

    def __enter__(self) -> Self:
        """Look for its shards and contexts; raise DataError when no sample is in a file."""
        folder = RunFolder(self.path)
        shards = read_published(folder, TASKS)
        self._files = [path for shard in shards if (path := files_of(folder, shard)[0]).is_file()]
        if not self._files:
            rejected = sum(sum(shard.flaws.values()) for shard in shards)
            why = f": all {rejected:,} answers that are in one were rejected" if rejected else ""
            raise DataError(f"{self.path}: no sample of this run is in a file{why}. See 'svit status {self.path}'.")
        self.contexts = _contexts(folder)
        self.numbers = numbers_of(folder.manifest(whole=False).config)
        return self

    def _name(self, path: Path) -> str:
        return f"{path.parent.name}/{path.name}"


def opened_data(path: Path) -> DataFile | DataFolder:
    """Return what reads the records there: of a file, of a run, or of an export's folder."""
    if path.is_dir() and RunFolder(path).summary.is_file():
        return RunData(path)
    data = DataFolder(path) if path.is_dir() else DataFile(path)
    run = path.absolute().parent if path.is_dir() else path.absolute().parent.parent
    with suppress(DataError):  # most files are of no run, and stand beside whatever there is
        data.numbers = numbers_of(RunFolder(run).manifest(whole=False).config)
    return data


def numbers_of(config: Mapping[str, Any]) -> Mapping[str, int]:
    """Return how many dialogues the config of a run asks for, by task, where it says so."""
    asked = {
        task: settings.get(TASKS[task].counted)
        for task, settings in (config.get("tasks") or {}).items()
        if task in TASKS and isinstance(settings, dict)
    }
    return {task: number for task, number in asked.items() if isinstance(number, int)}


def _contexts(folder: RunFolder) -> Path | None:
    """Return the store that the run was made from; None where it is not there any more, or is another one."""
    try:
        told = folder.manifest().contexts
        path = folder.path / told.file
        with ContextStore(path) as store:
            return path if store.digest == told.digest else None
    except SvitError:
        return None
