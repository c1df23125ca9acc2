"""What all trainer formats share: an item of canonical texts, what a person chose, and what a format is.

A format is a value: it turns an item into its trainer's record. Which boxes its texts show is chosen apart from it: a
text is written once, from its canonical form, and no text of one format is ever converted into another.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from svit.errors import SvitError
from svit.exports.box_frames import Frame
from svit.exports.box_styles import SVIT, BoxStyle, box_style_named
from svit.exports.canonical import has_boxes, rewritten
from svit.exports.context_windows import Window
from svit.exports.role_marks import Breaks, breaks_nothing
from svit.exports.sample_counts import SampleOrigin
from svit.image_files.image_frames import Resize
from svit.records import ImageId

IMAGE_MARK = "<image>"
"""Where the picture belongs in a text; trainers want as many as there are images."""
Container = Literal["jsonl", "json", "parquet", "tar"]


class TextGroup(NamedTuple):
    """Texts that belong together, question and answer in turn: a conversation, or a single pair, of a task.

    They are canonical: `<st>man<ed> [0.588, 0.387, 0.692, 0.832]`. `topic` is None where there is none.
    """

    texts: tuple[str, ...]
    topic: str | None = None
    task: str = ""


class Item(NamedTuple):
    """One record to be: an image and what is asked and answered about it.

    `image` is the path as the trainer is to find it, width and height are pixels. `key` is unique in what svit
    writes. `printed` says that all boxes stand in the texts as svit prints them, `plain` that there is none.
    `made_of` are the samples that begin with this record.
    """

    key: str
    image_id: ImageId
    image: str
    width: int
    height: int
    task: str
    talks: tuple[TextGroup, ...]
    printed: bool = False
    plain: bool = False
    made_of: tuple[SampleOrigin, ...] = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of all talks in their order: question, answer, question, .."""
        if len(self.talks) == 1:
            return self.talks[0].texts
        return tuple([text for talk in self.talks for text in talk.texts])

    @property
    def has_boxes(self) -> bool:
        """Whether any text names something with a box."""
        return not self.plain and has_boxes(self.texts)


@dataclass(frozen=True)
class Style:
    """What a person chose for all records.

    `boxes` is how texts show them. With `padded` shares are those of the image padded to a square, the image in its
    middle, as LLaVA-1.5 pads it; `resize` is what boxes in pixels of the shown picture go by. `dataset` is the name
    under which a trainer knows the data, `images` the folder of the pictures, as the trainer is to find it. `folder` is
    where the export is written and `here` where its paths begin, both absolute; both are empty where nobody is to know.
    """

    boxes: BoxStyle = SVIT
    padded: bool = False
    resize: Resize = Resize()  # noqa: RUF009 - frozen
    dataset: str = "svit"
    images: str = ""
    folder: str = ""
    here: str = ""

    def frame(self, item: Item) -> Frame:
        """Return what an item's boxes are counted in."""
        return Frame(item.width, item.height, self.padded, self.resize)

    def texts(self, item: Item) -> Sequence[str]:
        """Return the item's texts, question and answer in turn, with boxes as they were chosen."""
        if self.boxes is SVIT and item.printed and not self.padded:
            return item.texts
        return rewritten(item.texts, self.boxes.writer(self.frame(item)))


class ExportedFile(NamedTuple):
    """A file of an export: its name within the folder, its split, and how many records are in it."""

    name: str
    split: str
    records: int


def to_train_on(written: Sequence[ExportedFile]) -> list[ExportedFile]:
    """Return the files of the split `train`; where there is none, those that no name says are for testing."""
    return [file for file in written if file.split == "train"] or [
        file for file in written if file.split not in _HELD_OUT
    ]


_HELD_OUT = frozenset({"test", "testing", "val", "valid", "validation", "dev", "eval"})


@dataclass(frozen=True)
class Embedding:
    """How a record of JSON holds its picture: `put` returns the record with this file in it, and is pure.

    `kinds` are those of a picture that its trainer takes, `largest` the most bytes of a file.
    """

    put: Callable[[Mapping[str, object], bytes], Mapping[str, object]]
    kinds: tuple[str, ...]
    largest: int


Sidecars = Callable[[Sequence[ExportedFile], Style], Mapping[str, object]]


@dataclass(frozen=True)
class Format:
    """One trainer's format.

    `record` turns an item into its record, JSON values all: pure. `boxes` is the style of boxes that its trainer's
    models know, `also` says what else holds boxes, `marks` where `<image>` stands: in a few words, for tables.
    `padded` and `resize` are what its trainer's own scripts do to a picture, `recipe` says which those are, and
    `start` is the command that starts it, with words in capitals that the card's `START_WORDS` tells. `sidecars`
    returns further files by name, which a trainer wants beside the data: JSON values, or a text as it is. `pieces`
    makes an item several records of its trainer's, and `passes_over` is why a pair may be in none. `file` names the
    file of a SPLIT, where it is not named after it alone, and `document` makes the file's bytes of all records;
    `has_texts` is False where no text stands in them. `features` are the columns of a parquet file, as `write_table`
    takes them. `in_pixels` says that a record that holds its picture has a size or boxes in pixels: no other copy
    will do. `window` is how much of a record its trainer reads, None for all. `breaks` says of an item's texts that
    the trainer would take something in them for the head of a turn. Where `leads` is given, such an item's record
    comes first: the trainer takes the types of all from the first ones. With `tar_index` each tar file has a file
    beside it of where its samples begin. `embedding` is given where a record of JSON can hold its picture. `warns`
    returns what a person is to be told of pictures that the trainer could not open, given whether the files hold
    them; empty where all is well.
    """

    name: str
    summary: str
    marks: str
    record: Callable[[Item, Style], Mapping[str, object]]
    boxes: BoxStyle = SVIT
    also: str = ""
    padded: bool = False
    resize: Resize = Resize()  # noqa: RUF009 - frozen
    recipe: str = ""
    start: str = ""
    pieces: Callable[[Item], Iterable[Item]] = lambda item: (item,)
    passes_over: str = ""
    file: str = ""
    document: Callable[[Iterable[Mapping[str, object]]], Iterable[bytes]] | None = None
    container: Container = "jsonl"
    sidecars: Sidecars = lambda _written, _style: {}
    features: Mapping[str, object] = field(default_factory=dict)
    in_pixels: bool = False
    window: Window | None = None
    breaks: Breaks = breaks_nothing
    leads: Callable[[Item], bool] | None = None
    tar_index: bool = False
    has_texts: bool = True
    embedding: Embedding | None = None
    warns: Callable[[Style, bool], str] = lambda _style, _held: ""

    @property
    def can_hold_pictures(self) -> bool:
        """Whether its files can have the pictures in them."""
        return self.container in ("parquet", "tar") or self.embedding is not None

    def style(
        self,
        *,
        boxes: str = "",
        padded: bool | None = None,
        resize: Resize | None = None,
        dataset: str = "svit",
        images: str = "",
        folder: str = "",
        here: str = "",
    ) -> Style:
        """Return what is chosen, and for what is not the format's own.

        Raises SvitError for an unknown box style, and for a frame or a resize on which the boxes do not depend.
        """
        if boxes and not self.has_texts:
            raise SvitError(f"--boxes: {self.name} holds no texts, whose boxes could be written so.")
        chosen = self.boxes if boxes in ("", self.boxes.name) else box_style_named(boxes)
        if padded is not None and not chosen.relative:
            raise SvitError(f"--box-frame: boxes in the style {chosen.name} are not shares of the picture.")
        if resize is not None and not chosen.resized:
            raise SvitError(
                f"--min-pixels, --max-pixels, --resize-factor: no box in the style {chosen.name} depends on them."
            )
        if padded is None:
            padded = self.padded and chosen.relative
        return Style(chosen, padded, resize or self.resize, dataset, images, folder, here)

    def box_words(self, style: Style | None = None) -> str:
        """Return in a few words what the texts and columns show of boxes."""
        style = style or self.style()
        frame = ""
        if style.boxes.relative:
            frame = " of the padded square" if style.padded else " of the image"
        return f"{style.boxes.words}{frame}{', and ' * bool(self.also)}{self.also}"
