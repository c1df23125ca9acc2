"""From runs and JSONL files to items, one by one: nothing but the images of one shard is ever in memory."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from svit.boxes import Box
from svit.checks import special_token_in
from svit.errors import DataError
from svit.exports.base import Item, Mention, Pair, Talk, Text
from svit.mentions import Coordinates, mentions
from svit.published import files_of, read_published
from svit.records import ImageId
from svit.runs import RunFolder
from svit.shards import SampleLine, sample_lines
from svit.tasks import TASKS


@dataclass
class Reading:
    """The samples of runs and of JSONL files of ours, in their order. `tasks` of None are all.

    `left_out` counts the samples that no trainer could use, by the flaw that says why.
    """

    sources: Sequence[Path]
    tasks: frozenset[str] | None = None
    left_out: Counter[str] = field(default_factory=Counter)

    def items(self) -> Iterator[Item]:
        """Yield an item for each sample, of a run image by image, its tasks one after another.

        One that no trainer could use is left out, and counted. Raises DataError for a source that is no run and no file
        of ours, and for a damaged line.
        """
        for number, source in enumerate(self.sources, 1):
            for line in self._lines_of(source):
                item = item_of(line)
                if isinstance(item, str):
                    self.left_out[item] += 1
                else:
                    yield item if len(self.sources) == 1 else item._replace(key=f"{number}-{item.key}")

    def _lines_of(self, source: Path) -> Iterator[SampleLine]:
        found = _of_run(RunFolder(source)) if source.is_dir() else _of_file(source)
        return (line for line in found if self.tasks is None or line.task in self.tasks)


def _of_run(folder: RunFolder) -> Iterator[SampleLine]:
    if not folder.summary.is_file():
        raise DataError(f"{folder.path}: this is no run: there is no run.json in it.")
    tasks = [task for task in TASKS if (folder.path / task).is_dir()]
    shards = {(shard.task, shard.shard): shard for shard in read_published(folder, tasks)}
    for number in sorted({number for _, number in shards}):
        paths = [files_of(folder, shards[task, number])[0] for task in tasks if (task, number) in shards]
        by_task = [{line.image_id: line for line in sample_lines(path)} for path in paths]
        for image in _in_order(by_task):
            yield from (lines[image] for lines in by_task if image in lines)


def _in_order(by_task: Sequence[Mapping[ImageId, SampleLine]]) -> Iterator[ImageId]:
    """Yield the images of a shard, each once: those of the first task, then what others have beside them."""
    yield from dict.fromkeys(image for lines in by_task for image in lines)


def _of_file(path: Path) -> Iterator[SampleLine]:
    if not path.is_file():
        raise DataError(f"{path}: there is no such run and no such file.")
    return sample_lines(path)


def item_of(line: SampleLine) -> Item | str:
    """Return the line as an item; the flaw that keeps it from any trainer where it has one."""
    boxes: dict[Box, int] = {}
    talks = []
    try:
        for block in line.conversations:
            said = [Pair(_text(question, boxes), _text(answer, boxes)) for question, answer in block.pairs]
            talks.append(Talk(tuple(said), block.topic or None, line.task))
    except ValueError as error:
        return str(error)
    if not any(talk.pairs for talk in talks):
        return "no_turns"
    if line.width < 1 or line.height < 1:
        return "no_image_size"
    return Item(
        key=f"{line.image_id}-{line.task}",
        image_id=line.image_id,
        image=line.image,
        width=line.width,
        height=line.height,
        task=line.task,
        talks=tuple(talks),
        boxes=tuple(boxes),
        made_of=(msgspec.structs.replace(line, conversations=()),),
    )


def _text(text: str, boxes: dict[Box, int]) -> Text:
    """Return the text in pieces, its boxes put among the others. Raises ValueError with the code of its flaw."""
    if "<" not in text and "[" not in text:
        return (text,)
    if special_token_in(text):
        raise ValueError("special_token")
    if "<st>" not in text:
        return (text,)
    pieces: list[str | Mention] = []
    end = 0
    for mention in mentions(text):
        if mention.start > end:
            pieces.append(text[end : mention.start])
        pieces.append(Mention(mention.name.strip(), tuple(_place(box, boxes) for box in mention.boxes)))
        end = mention.end
    if end < len(text):
        pieces.append(text[end:])
    return tuple(pieces)


def _place(coordinates: Coordinates, boxes: dict[Box, int]) -> int:
    try:
        box = Box(*coordinates)
    except (TypeError, ValueError):
        raise ValueError("box_malformed") from None
    return boxes.setdefault(box, len(boxes))
