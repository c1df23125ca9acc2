"""What all trainer formats share: a sample with its boxes as references, coordinate frames, and what a format is.

A format is a value: it turns an item into its trainer's record, and prints each box once, in its trainer's frame. No
text with boxes in it is ever converted into another.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from svit.boxes import DECIMALS, Box
from svit.records import ImageId
from svit.shards import SampleLine

_SHIFT = 0.005
"""The share of its width by which a side of a box may be rounded away: then four sides leave an IoU of over 0.98."""
IMAGE_MARK = "<image>"
"""Where the picture belongs in a text; trainers want as many as there are images."""
Container = Literal["jsonl", "json", "parquet", "tar"]
Numbers = tuple[float, float, float, float]
"""The left, upper, right and lower side of a box, in some frame."""


class Mention(NamedTuple):
    """A name in a text, and the boxes that it stands for, by their places in `Item.boxes`."""

    name: str
    boxes: tuple[int, ...]


Text = tuple[str | Mention, ...]
"""A text in pieces: plain text, and mentions between them."""


class Pair(NamedTuple):
    """A question and its answer."""

    question: Text
    answer: Text


class Talk(NamedTuple):
    """Pairs that belong together: a conversation, or a single pair, of a task. `topic` is None where there is none."""

    pairs: tuple[Pair, ...]
    topic: str | None = None
    task: str = ""


class Item(NamedTuple):
    """One record to be: an image and what is asked and answered about it.

    `image` is the path as the trainer is to find it, width and height are pixels. `key` is unique in what svit writes.
    `boxes` are those that the texts mention, each once. `made_of` are the samples that begin with
    this record, without their texts.
    """

    key: str
    image_id: ImageId
    image: str
    width: int
    height: int
    task: str
    talks: tuple[Talk, ...]
    boxes: tuple[Box, ...] = ()
    made_of: tuple[SampleLine, ...] = ()

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs of all talks in their order."""
        return tuple(pair for talk in self.talks for pair in talk.pairs)


@dataclass(frozen=True)
class Style:
    """What a person chose for all records.

    With `padded` unit coordinates are those of the image padded to a square, the image in its middle, as LLaVA-1.5
    pads it. `dataset` is the name under which a trainer knows the data, `images` the folder of the pictures, as the
    trainer is to find it.
    """

    padded: bool = False
    dataset: str = "svit"
    images: str = ""


class Written(NamedTuple):
    """A file of an export: its name within the folder, its split, and how many records are in it."""

    name: str
    split: str
    records: int


Sidecars = Callable[[Sequence[Written], Style], Mapping[str, object]]


@dataclass(frozen=True)
class Format:
    """One trainer's format.

    `record` turns an item into its record, JSON values all: pure. `boxes`, `marks` say in a few words what it does with
    boxes and where `<image>` stands, for the README's table. `sidecars` returns further JSON files by name, which a
    trainer wants beside the data. `features` are the columns of a parquet file, as `tables.write_table` takes them.
    `in_pixels` says that a record that holds its picture has a size or boxes in pixels: no other copy will do.
    Where `leads` is given, such an item's record comes first: the trainer takes the types of all from the first ones.
    """

    name: str
    summary: str
    boxes: str
    marks: str
    record: Callable[[Item, Style], Mapping[str, object]]
    container: Container = "jsonl"
    sidecars: Sidecars = lambda _written, _style: {}
    features: Mapping[str, object] = field(default_factory=dict)
    in_pixels: bool = False
    leads: Callable[[Item], bool] | None = None


# --- frames: where a box is, in the numbers that a trainer wants ---


def unit(box: Box, item: Item, style: Style) -> Numbers:
    """Return the box in 0..1 of the image, as its text had it, or of the image padded to a square.

    In the square it has three decimals, or as many more as a narrow box needs: so that it covers the same pixels.
    """
    if not style.padded:
        return box.printed()
    exact = padded_to_square(box, item)
    thinnest = min(exact[2] - exact[0], exact[3] - exact[1])
    decimals = max(DECIMALS, math.ceil(-math.log10(_SHIFT * thinnest)))
    x1, y1, x2, y2 = (round(side, decimals) for side in exact)
    return x1, y1, x2, y2


def padded_to_square(box: Box, item: Item) -> Numbers:
    """Return the box in 0..1 of the square around the image, which is in its middle."""
    side = max(item.width, item.height)
    left, top = (side - item.width) // 2, (side - item.height) // 2
    x1, y1, x2, y2 = pixels(box, item)
    return (left + x1) / side, (top + y1) / side, (left + x2) / side, (top + y2) / side


def pixels(box: Box, item: Item) -> Numbers:
    """Return the box in pixels of the image, not rounded."""
    return box.x1 * item.width, box.y1 * item.height, box.x2 * item.width, box.y2 * item.height


def thousandths(box: Box) -> tuple[int, int, int, int]:
    """Return the box in whole thousandths of the image, 0..1000."""
    x1, y1, x2, y2 = (math.floor(1000 * side + 0.5) for side in (box.x1, box.y1, box.x2, box.y2))
    return x1, y1, x2, y2


# --- texts ---


def rendered(text: Text, mention: Callable[[Mention], str]) -> str:
    """Return the text with each mention as the format writes it."""
    if len(text) == 1 and isinstance(text[0], str):
        return text[0]
    return "".join([piece if isinstance(piece, str) else mention(piece) for piece in text])


def _printed(numbers: Numbers) -> str:
    """Return `[0.1, 0.2, 0.3, 0.4]`; a very small number is not written with an exponent."""
    text = str(list(numbers))
    if "e" in text:
        text = "[" + ", ".join(f"{number:.9f}".rstrip("0").removesuffix(".") for number in numbers) + "]"
    return text


def tagged(item: Item, style: Style) -> Callable[[Mention], str]:
    """Return how SVIT writes a mention: `<st>men<ed> [0.1, 0.2, 0.3, 0.4], [..]`, in unit coordinates."""

    def written(mention: Mention) -> str:
        boxes = ", ".join([_printed(unit(item.boxes[place], item, style)) for place in mention.boxes])
        return f"<st>{mention.name}<ed> {boxes}" if boxes else f"<st>{mention.name}<ed>"

    return written
