"""The way of an export: sources are read, chosen from, rendered and written, a file for each split."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

import msgspec

from svit.errors import DataError, SvitError
from svit.exports.base import Format, Item, Style, Written
from svit.exports.choosing import Choice
from svit.exports.reading import Reading
from svit.exports.writing import chunks, write
from svit.shards import SampleLine, publish

Layout = Literal["as-is", "folder", "flat"]
LAYOUTS: tuple[Layout, ...] = ("as-is", "folder", "flat")
_PARTS = {"as-is": None, "folder": 2, "flat": 1}
"""By layout: how many parts at the end of an image's path are kept."""
Seen = Callable[[SampleLine, str], None]


class Exported(NamedTuple):
    """What was written, and how many samples were of no use to any trainer, by the flaw that says why."""

    files: tuple[Written, ...]
    left_out: Mapping[str, int]


@dataclass(frozen=True)
class Export:
    """An export: what of it, for whom, and how. `root` and `layout` make the path under which an image is found."""

    reading: Reading
    choice: Choice
    format: Format
    style: Style = field(default_factory=Style)
    root: str = ""
    layout: Layout = "as-is"

    def records(self, split: str) -> Iterator[Mapping[str, object]]:
        """Yield the records of a split."""
        self.reading.left_out.clear()
        items = (self._placed(item) for item, _ in self.reading.items())
        return (self.format.record(item, self.style) for item in self.choice.of(items, split))

    def to_stdout(self, record: Callable[[bytes], None]) -> Mapping[str, int]:
        """Hand on the only split as it would be in a file, piece by piece, and return what was left out, by why."""
        [split] = self.choice.splits
        for chunk in chunks(self.records(split), self.format.container):
            record(chunk)
        return Counter(self.reading.left_out)

    def to_file(self, path: Path) -> Exported:
        """Write the only split. Raises StorageError when the disk refuses, and leaves what was there before."""
        [split] = self.choice.splits
        records = write(path, self.records(split), self.format.container)
        return Exported((Written(path.name, split, records),), Counter(self.reading.left_out))

    def to_folder(self, folder: Path, *, packed: bool = False) -> Exported:
        """Write a file for each split, and what a trainer wants beside them."""
        ending = f".{self.format.container}{'.zst' if packed else ''}"
        files = []
        for split in self.choice.splits:
            name = f"{split}{ending}"
            files.append(Written(name, split, write(folder / name, self.records(split), self.format.container)))
        for name, content in self.format.sidecars(files, self.style).items():
            publish(folder / name, [msgspec.json.format(msgspec.json.encode(content), indent=2), b"\n"])
        return Exported(tuple(files), Counter(self.reading.left_out))

    def _placed(self, item: Item) -> Item:
        parts = PurePosixPath(item.image).parts
        kept = parts if (most := _PARTS[self.layout]) is None else parts[-most:]
        path = str(PurePosixPath(self.root, *kept)) if self.root or most else item.image
        return item if path == item.image else item._replace(image=path)


def excluded_ids(path: Path) -> frozenset[str]:
    """Return the image ids of a file, one a line. Raises DataError when it cannot be read or has none."""
    try:
        ids = frozenset(filter(None, map(str.strip, path.read_text(encoding="utf-8").splitlines())))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: the ids cannot be read: {error}.") from error
    if not ids:
        raise DataError(f"{path}: there is no id in it.")
    return ids


def refuse_what_is_there(path: Path) -> None:
    """Raise SvitError when there is something at this path that an export would replace."""
    if path.is_dir() and any(path.iterdir()):
        raise SvitError(f"{path} is there already, and not empty: give -o another name, or remove it.")
    if path.is_file() or path.is_symlink():
        raise SvitError(f"{path} is there already: give -o another name, or remove it.")
