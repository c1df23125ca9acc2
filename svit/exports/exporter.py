"""The way of an export: sources are read, chosen from, rendered and written, a file for each split, and a card."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple
from urllib.parse import quote

import msgspec

from svit.contexts.dropped_annotations import Dropped
from svit.errors import SvitError
from svit.exports.base import ExportedFile, Format, Item, Style
from svit.exports.card import dataset_card
from svit.exports.card.origins import run_facts
from svit.exports.container_files import ENDINGS, chunks, records_of, write
from svit.exports.record_lengths import LengthLimit
from svit.exports.record_pictures import FolderOfPictures, Row
from svit.exports.role_marks import breaks_nothing
from svit.exports.sample_counts import SampleCounts
from svit.exports.samples import SampleReader
from svit.exports.selection import Choice, led
from svit.exports.webdataset_files import index_name
from svit.run.folder import RunFolder
from svit.run.shards import publish, removed

Layout = Literal["as-is", "folder", "flat"]
LAYOUTS: tuple[Layout, ...] = ("as-is", "folder", "flat")
_PARTS = {"as-is": None, "folder": 2, "flat": 1}
"""By layout: how many parts at the end of an image's path are kept."""
CARD = "README.md"


class ExportResult(NamedTuple):
    """What was written: the files with records, those beside them, and what was left out, by why."""

    files: tuple[ExportedFile, ...]
    others: tuple[str, ...]
    left_out: Mapping[str, int]


@dataclass(frozen=True)
class Export:
    """An export: what of it, for whom, and how. `root` and `layout` make the path under which an image is found.

    `placed` are the images by the paths that a layout gave them: no two may share one. `pictures` finds the files
    that go into a table or an archive; `faulty` counts the records without one that can go out, `odd` those whose
    picture has another size and went out. `command` is what the card says made it.
    """

    reading: SampleReader
    choice: Choice
    format: Format
    style: Style = field(default_factory=Style)
    root: str = ""
    layout: Layout = "as-is"
    pictures: FolderOfPictures | None = None
    command: Sequence[str] = ("svit", "export")
    lengths: LengthLimit | None = None
    tally: SampleCounts = field(default_factory=SampleCounts)
    placed: dict[str, str] = field(default_factory=dict)
    passed: Counter[str] = field(default_factory=Counter)
    faulty: Dropped = field(default_factory=Dropped)
    odd: Dropped = field(default_factory=Dropped)

    def rows(self, items: Iterable[Item], split: str) -> Iterator[Row]:
        """Yield the records of a split's items, each with its item as it was read, and count what they are made of.

        Where pictures go into the files, what has none that is whole and of its size is left out.
        """
        if self.format.leads:
            items = led(items, self.format.leads)
        record, pieces, style, tally = self.format.record, self.format.pieces, self.style, self.tally
        for item in items:
            if self.pictures and not self._has_picture(self.pictures, item):
                continue
            for made in item.made_of:
                tally.samples[split, made] += 1
            for talk in item.talks:
                tally.pairs[split, talk.task] += len(talk.texts) // 2
            made_pieces = 0
            for piece in pieces(item):
                made_pieces += 1
                yield piece, record(self._placed(piece), style)
            if why := self.format.passes_over:
                self.passed[why] += len(item.texts) // 2 - made_pieces

    def _usable(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items without those, counted, that the trainer would read otherwise than they are meant."""
        breaks = self.format.breaks
        for item in items:
            if breaks(item.texts):
                self.reading.left_out["role_mark"] += 1
            else:
                yield item

    def _has_picture(self, pictures: FolderOfPictures, item: Item) -> bool:
        """Whether the item has a picture that can go out, counted where it has none or one of another size."""
        if isinstance(fault := pictures(item), str):
            self.faulty.note(fault, item.image)
            return False
        if pictures.is_of_other_size(item):
            self.odd.note("picture_of_other_size", item.image)
        return True

    def _splits(self) -> Iterator[tuple[str, Iterator[Row]]]:
        items = self.reading.items()
        usable = items if self.format.breaks is breaks_nothing else self._usable(items)
        by_image = self.choice.merged and self.reading.is_by_image
        for split, items in self.choice.by_split(usable, by_image=by_image):
            yield split, self.rows(self.lengths.fitted(items) if self.lengths else items, split)

    def to_stdout(self, record: Callable[[bytes], None]) -> Mapping[str, int]:
        """Hand on the only split as it would be in a file, piece by piece, and return what was left out, by why."""
        if self.format.container not in ("jsonl", "json"):
            raise SvitError(f"{self.format.name}: this is no format for a pipe. Give -o a name.")
        for _, rows in self._splits():
            records, document = records_of(rows, self.format, self.pictures), self.format.document
            for chunk in document(records) if document else chunks(records, self.format.container):
                record(chunk)
        return self._left_out()

    def to_file(self, path: Path) -> ExportResult:
        """Write the only split; a format of lines as the elements of one list where the name ends in `.json`.

        Raises StorageError when the disk refuses, and leaves what was there before.
        """
        form = self.format
        if path.suffix == ".zst" and form.container not in ("jsonl", "json"):
            raise SvitError(f"{form.name} makes no file that is packed by zstd.")
        if not (ending := ENDINGS[form.container]):
            raise SvitError(f"{form.name}: this format is a folder of files. Give -o a name without an ending.")
        name = path.name.removesuffix(".zst")
        if form.container == "jsonl" and name.endswith(".json"):
            form = replace(form, container="json")
        elif name.endswith(tuple(set(ENDINGS.values()) - {ending, ""})):
            raise SvitError(f"{form.name} makes a {ending} file: name it so.")
        files = [file for split, rows in self._splits() for file in write(path, rows, form, self.pictures, split)]
        return ExportResult(tuple(files), (), self._left_out())

    def to_folder(self, folder: Path, *, packed: bool = False) -> ExportResult:
        """Write the splits, what a trainer wants beside them, and a data set's card."""
        by_split: dict[str, list[ExportedFile]] = {}
        ending = ENDINGS[self.format.container]
        if packed and (
            ending not in (".jsonl", ".json") or self.format.sidecars([ExportedFile("", "", 0)], self.style)
        ):
            raise SvitError(f"--zstd: {self.format.name} reads no files that are packed so.")
        for split, rows in self._splits():
            path = self._file(folder, split, packed=packed)
            found = write(path, rows, self.format, self.pictures, split)
            by_split[split] = [file._replace(name=str(path.relative_to(folder))) for file in found] if ending else found
            if ending and not any(file.records for file in found):
                removed(path)
                if path.parent != folder:
                    path.parent.rmdir()
        files = [file for split in self.choice.splits for file in by_split[split] if file.records]
        beside = dict(self.format.sidecars(files, self.style))
        for name, content in beside.items():
            text = content.encode() if isinstance(content, str) else _indented(content)
            publish(folder / name, [text])
        made = dataset_card.CardFacts(
            self.format,
            self.style,
            files,
            self.command,
            photographs=self.pictures is not None,
            left_out=self._left_out(),
            other_size=self.odd.total(),
            lengths=self.lengths.told() if self.lengths else "",
        )
        now = time.time()
        runs = [run_facts(RunFolder(source), now) for source in self.reading.sources if source.is_dir()]
        publish(folder / CARD, [dataset_card.card(made, self.tally.counts(), runs).encode()])
        indexes = [index_name(file.name) for file in files] if self.format.tar_index else []
        return ExportResult(tuple(files), (*indexes, *beside, CARD), self._left_out())

    def _file(self, folder: Path, split: str, *, packed: bool) -> Path:
        """Return the file of a split; the folder where a split is several."""
        if not (ending := ENDINGS[self.format.container]):
            return folder
        name = self.format.file.replace("SPLIT", split) or f"{split}{ending}"
        return folder / f"{name}{'.zst' if packed else ''}"

    def _left_out(self) -> Mapping[str, int]:
        """Return what no split has: samples of no use, which each pass sees again, and records without a picture."""
        long = self.lengths.left_out if self.lengths else Counter[str]()
        return Counter(self.reading.left_out) + Counter(self.faulty) + long + self.passed

    def _placed(self, item: Item) -> Item:
        if not self.root and self.layout == "as-is":
            return item
        parts = PurePosixPath(item.image).parts
        kept = parts if (most := _PARTS[self.layout]) is None else parts[-most:]
        path = _under(self.root, kept) if self.root or most else item.image
        if most and self.placed.setdefault(path, item.image) != item.image:
            raise SvitError(
                f"--image-layout {self.layout}: {self.placed[path]} and {item.image} would both be {path}. Take as-is."
            )
        return item if path == item.image else item._replace(image=path)


def _indented(content: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def _under(root: str, parts: Sequence[str]) -> str:
    """Return the path of a picture below a folder, or below an address such as gs://bucket/pictures."""
    if "://" in root:
        written = quote if root.startswith("http") else str
        return "/".join([root.rstrip("/"), *(written(part) for part in parts if part.strip("/"))])
    return str(PurePosixPath(root, *parts))


def refuse_what_is_there(path: Path) -> None:
    """Raise SvitError when there is something at this path that an export would replace."""
    if path.is_dir() and any(path.iterdir()):
        raise SvitError(f"{path} is there already, and not empty: give -o another name, or remove it.")
    if path.is_file() or path.is_symlink():
        raise SvitError(f"{path} is there already: give -o another name, or remove it.")
