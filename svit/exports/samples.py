"""From runs and JSONL files to items, one by one: nothing but the images of one shard is ever in memory."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from svit.errors import DataError, SvitError
from svit.exports.base import Item, TextGroup
from svit.exports.canonical import TextForm, canonical, form_of
from svit.exports.sample_counts import SampleOrigin
from svit.records import ImageId
from svit.run.folder import RunFolder
from svit.run.published_shards import files_of, read_published
from svit.run.shards import LineProvenance, SampleRemarks, decoded, json_text
from svit.tasks import TASKS


class _Said(msgspec.Struct, gc=False):
    value: str


class _Block(msgspec.Struct, gc=False):
    content: list[_Said]
    topic: str | None = None


class ExportedLine(msgspec.Struct, gc=False):
    """A sample's line, as far as an export needs it. Its remarks stay JSON, which is read once for all that are alike.

    It is not tracked for cycles, of which a line can have none: that takes two thirds of the time of decoding.
    """

    image_id: ImageId
    image: str
    width: int
    height: int
    task: str
    conversations: list[_Block]
    provenance: LineProvenance
    verified_by: str = ""
    warnings: str | list[Any] | None = ""
    dropped: str | dict[str, Any] | None = ""

    @property
    def made(self) -> SampleOrigin:
        """How the sample was made. Raises DecodeError for remarks that svit did not write."""
        origin, warnings, dropped = self.provenance, _as_text(self.warnings), _as_text(self.dropped)
        if warnings or dropped:
            _understood(warnings, dropped)
        return SampleOrigin(
            self.task,
            origin.model,
            origin.prompt_version,
            origin.source,
            origin.svit,
            origin.attempt,
            self.verified_by,
            warnings,
            dropped,
        )


def _as_text(remarks: str | list[Any] | dict[str, Any] | None) -> str:
    """Return remarks as JSON within a text, as lines have them since they are columns of one table."""
    return remarks if isinstance(remarks, str) else json_text(remarks or ())


@lru_cache(maxsize=1024)
def _understood(warnings: str, dropped: str) -> None:
    _remarks(msgspec.json.encode({"warnings": warnings, "dropped": dropped}))


_decode = msgspec.json.Decoder(ExportedLine).decode


_remarks = msgspec.json.Decoder(SampleRemarks).decode


class LeftOut(NamedTuple):
    """A sample that no trainer could use, and the flaw that says why."""

    image_id: ImageId
    task: str
    why: str


@dataclass
class SampleReader:
    """The samples of runs and of JSONL files of ours, in their order. `tasks` of None are all.

    `beyond` yields the lines of a run's samples that are in no file of it yet, in whatever order; `from_journal` counts
    those. `left_out` counts the samples that no trainer could use, by the flaw that says why.
    """

    sources: Sequence[Path]
    tasks: frozenset[str] | None = None
    beyond: Callable[[Path, frozenset[str] | None], Iterable[bytes]] = lambda _run, _tasks: ()
    from_journal: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def is_by_image(self) -> bool:
        """Whether all items of an image follow each other: those of one run do that is finished."""
        [source, *others] = self.sources
        if others or not source.is_dir():
            return False
        with suppress(SvitError):  # it is asked again, and said, when the run is read
            return RunFolder(source).manifest(whole=False).finished
        return False

    def items(self) -> Iterator[Item]:
        """Yield an item for each sample, of a run image by image, its tasks one after another.

        One that no trainer could use is left out, and counted. Raises DataError for a source that is no run and no file
        of ours, and for a damaged line.
        """
        for number, source in enumerate(self.sources, 1):
            for item in self._of_run(RunFolder(source)) if source.is_dir() else self._of_file(source):
                if isinstance(item, LeftOut):
                    self.left_out[item.why] += 1
                else:
                    yield item if len(self.sources) == 1 else item._replace(key=f"{number}-{item.key}")

    def _of_run(self, folder: RunFolder) -> Iterator[Item | LeftOut]:
        if not folder.summary.is_file():
            raise DataError(f"{folder.path}: this is no run: there is no run.json in it.")
        tasks = [task for task in TASKS if (folder.path / task).is_dir() and self._is_chosen(task)]
        shards = {(shard.task, shard.shard): shard for shard in read_published(folder, tasks)}
        for number in sorted({number for _, number in shards}):
            paths = [files_of(folder, shards[task, number])[0] for task in tasks if (task, number) in shards]
            by_task = [{item.image_id: item for item in decoded(path, item_of)} for path in paths]
            for image in _in_order(by_task):
                yield from (items[image] for items in by_task if image in items)
        for line in self.beyond(folder.path, self.tasks):
            self.from_journal += 1
            yield item_of(line)

    def _of_file(self, path: Path) -> Iterator[Item | LeftOut]:
        if not path.is_file():
            raise DataError(f"{path}: there is no such run and no such file.")
        found = decoded(path, item_of)
        return found if self.tasks is None else (item for item in found if self._is_chosen(item.task))

    def _is_chosen(self, task: str) -> bool:
        return self.tasks is None or task in self.tasks


def _in_order(by_task: Sequence[Mapping[ImageId, Item | LeftOut]]) -> Iterator[ImageId]:
    """Yield the images of a shard, each once: those of the first task, then what others have beside them."""
    yield from dict.fromkeys(image for items in by_task for image in items)


def item_of(raw: bytes) -> Item | LeftOut:
    """Return the item of a sample's line. Raises DecodeError for a line that is not svit's."""
    line = _decode(raw)
    made = line.made
    try:
        talks, form = _talks(line)
    except ValueError as error:
        return LeftOut(line.image_id, line.task, str(error))
    if not talks:
        return LeftOut(line.image_id, line.task, "no_turns")
    if line.width < 1 or line.height < 1:
        return LeftOut(line.image_id, line.task, "no_image_size")
    key = f"{line.image_id}-{line.task}"
    is_plain = form is TextForm.PLAIN
    return Item(
        key,
        line.image_id,
        line.image,
        line.width,
        line.height,
        line.task,
        talks,
        is_plain or form is TextForm.PRINTED,
        is_plain,
        (made,),
    )


def _talks(line: ExportedLine) -> tuple[tuple[TextGroup, ...], TextForm]:
    """Return the line's conversations, in canonical texts, and the form that those had.

    None is empty. Raises ValueError with the code of its flaw for one that no trainer could use.
    """
    talks, everything = [], []
    for block in line.conversations:
        texts = [said.value for said in block.content]
        if len(texts) % 2:  # a question without an answer
            del texts[-1]
        if texts:
            talks.append(TextGroup(tuple(texts), block.topic or None, line.task))
            everything += texts
    form = form_of(everything)
    if form is TextForm.OTHER:
        talks = [talk._replace(texts=tuple(map(canonical, talk.texts))) for talk in talks]
    return tuple(talks), form
