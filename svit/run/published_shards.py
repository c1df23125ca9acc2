"""What of a run stands in files, shard by shard, whole or in part: what all commands count, and what they read."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from svit.errors import StorageError, SvitError
from svit.run.folder import RunFolder
from svit.run.journal import Journal
from svit.run.journal_rows import Shard
from svit.run.shards import lines_of

_FILE = re.compile(r"(?P<number>[0-9]{5,})(?P<partial>\.partial)?(?P<rejected>\.rejected)?\.jsonl")
DAMAGED = "damaged_line"
"""What a line is counted as that svit did not write."""


class _Sizes(NamedTuple):
    """The bytes of a shard's two files; None is no file."""

    samples: int | None = None
    rejected: int | None = None

    @property
    def total(self) -> int:
        return (self.samples or 0) + (self.rejected or 0)


class _Flaw(msgspec.Struct):
    code: str


class _Rejected(msgspec.Struct):
    flaws: list[_Flaw]


_rejected = msgspec.json.Decoder(_Rejected).decode


def published(folder: RunFolder, tasks: Iterable[str], recorded: Iterable[Shard]) -> list[Shard]:
    """Return the shards of these tasks that stand in files, by task and number; `recorded` are those of the journal.

    One whose files are as they were recorded is as recorded. Of any other the lines are counted, and its recipe is not
    known. Where a shard's whole files are there and partial ones beside them, those that were recorded count, else the
    whole ones: no image counts twice.
    """
    rows = {(shard.task, shard.shard): shard for shard in recorded}
    return [
        _standing(folder, task, number, sizes, rows.get((task, number)))
        for task in sorted(set(tasks))
        for number, sizes in sorted(_found(folder.path / task).items())
    ]


def read_published(folder: RunFolder, tasks: Iterable[str]) -> list[Shard]:
    """Return the same of a run that is only read. Without a journal that can be read, the files alone say it."""
    recorded: list[Shard] = []
    if folder.journal.is_file():
        with suppress(SvitError), Journal(folder.journal, read_only=True) as journal:
            recorded = journal.shards()
    return published(folder, tasks, recorded)


def _found(folder: Path) -> dict[int, dict[bool, _Sizes]]:
    """Return the files in a task's folder: by number, and by whether they are partial."""
    found: dict[int, dict[bool, _Sizes]] = {}
    try:
        for name, size in _files(folder):
            if match := _FILE.fullmatch(name):
                of_shard = found.setdefault(int(match["number"]), {})
                sizes = of_shard.get(bool(match["partial"]), _Sizes())
                kind = "rejected" if match["rejected"] else "samples"
                of_shard[bool(match["partial"])] = sizes._replace(**{kind: size})
    except OSError as error:
        raise StorageError(f"{folder}: it cannot be read: {error.strerror}.") from error
    return found


def _files(folder: Path) -> Iterator[tuple[str, int]]:
    """Yield the names in a folder with their sizes; a file that is replaced meanwhile may be missing."""
    if folder.is_dir():
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    yield entry.name, entry.stat().st_size
                except FileNotFoundError:
                    continue


def _standing(folder: RunFolder, task: str, number: int, found: Mapping[bool, _Sizes], recorded: Shard | None) -> Shard:
    if recorded and (sizes := found.get(recorded.partial)) and sizes.total == recorded.size:
        return recorded
    partial = True in found and found.get(False, _Sizes()).samples is None
    samples = sum(1 for _ in lines_of(folder.samples(task, number, partial=partial)))
    flaws = Counter(map(_first_flaw, lines_of(folder.rejected(task, number, partial=partial))))
    return Shard(task, number, "", samples + flaws.total(), samples, flaws, found[partial].total, partial)


def _first_flaw(line: bytes) -> str:
    try:
        flaws = _rejected(line).flaws
    except msgspec.DecodeError:
        flaws = []
    return flaws[0].code if flaws else DAMAGED


def files_of(folder: RunFolder, shard: Shard) -> tuple[Path, Path]:
    """Return the files of a shard's samples and rejections: the whole ones if they took a partial one's place since."""
    partial = shard.partial
    if partial and not any(path.is_file() for path in _paths(folder, shard, partial=True)):
        partial = False
    return _paths(folder, shard, partial=partial)


def _paths(folder: RunFolder, shard: Shard, *, partial: bool) -> tuple[Path, Path]:
    task, number = shard.task, shard.shard
    return folder.samples(task, number, partial=partial), folder.rejected(task, number, partial=partial)


class Count(NamedTuple):
    """What came of a task's images, or of a run's: rejections by their first flaw."""

    images: int
    samples: int
    rejected: Mapping[str, int]


def counted(shards: Iterable[Shard]) -> Count:
    """Return what these shards hold together."""
    images = samples = 0
    rejected: Counter[str] = Counter()
    for shard in shards:
        images += shard.images
        samples += shard.samples
        rejected.update(shard.flaws)
    return Count(images, samples, rejected)
