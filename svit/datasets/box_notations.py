"""How trainers write boxes, read as `<st>man<ed> [0.1, 0.2, 0.3, 0.8]`, and the frame that a record's numbers are of.

Nothing in a record says whether its numbers are shares, thousandths or pixels, of the image or of the square around it.
Its boxes do, where annotations are at hand: the frame in which most of them are annotated is theirs.
"""

import json
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from svit import mentions
from svit.boxes import Box
from svit.image_files.image_frames import KNOWN, from_padded_square
from svit.judge.annotation_index import places_of
from svit.mentions import Coordinates
from svit.records import Dialogue, ImageContext, Turn

_NUMBER = r"\d{1,9}(?:\.\d{1,9})?"
_BOX = rf"\[\s*{_NUMBER}(?:\s*,\s*{_NUMBER}){{3}}\s*\]"
_LABELLED = r'\{\s*"b?box_2d"\s*:\s*(?:\[[^\[\]"{}]{0,99}\]|<bbox>)\s*,\s*"label"\s*:\s*"(?:[^"\\]|\\.)*"\s*\}'
_POINT = r"\(\s*\d{1,9}\s*,\s*\d{1,9}\s*\)"
_IN_BLANKS = r"<box>\s*\d{1,9}(?:\s+\d{1,9}){3}\s*</box>"
_WRITTEN = re.compile(
    rf"""
    <\|object_ref_start\|>(?P<name>[^<>\[\]]+)<\|object_ref_end\|>
      (?P<tokens>(?:<\|box_start\|>{_POINT}\s*,\s*{_POINT}<\|box_end\|>)*)
    | <ref>(?P<ref>[^<>\[\]]+)</ref>(?:<box>(?P<list>\[\s*{_BOX}(?:\s*,\s*{_BOX})*\s*\])</box>
      | (?P<blanks>(?:{_IN_BLANKS})+))?
    | (?P<labels> \[\s*{_LABELLED}(?:\s*,\s*{_LABELLED})*\s*\] | {_LABELLED} )
    | <ref-object>(?P<marks>(?:<bbox>)*)
    """,
    re.VERBOSE,
)
_NOT_BESIDE = "has a mark for which 'objects' has no name or no box"
_INTEGER = re.compile(r"\d+")
_ENOUGH = 0.5
"""The IoU from which on a box is an annotated one."""
_ROUNDED = 0.01
"""How far a share may be outside of the image by rounding."""


_SHARES, _THOUSANDTHS = (1.0, 1.0), (1000.0, 1000.0)


class NotationReading(NamedTuple):
    """Dialogues with their boxes in the house's notation.

    `scales` are what the numbers of boxes are to be divided by, along the width and the height, the likeliest first.
    """

    dialogues: tuple[Dialogue, ...]
    scales: tuple[tuple[float, float], ...] = (_SHARES,)


def in_our_notation(dialogues: Sequence[Dialogue], beside: Any, width: int, height: int) -> NotationReading:
    """Return the dialogues with every box that a known trainer's notation writes behind a mention, not yet scaled.

    `beside` are the names and boxes that ms-swift has beside its texts, or None. Raise ValueError, with the predicate
    of "record 17 ...", where those do not fit the marks.
    """
    reader = _Notations(beside)
    read = tuple(
        Dialogue(tuple(Turn(reader.read(turn.question), reader.read(turn.answer)) for turn in each.turns), each.topic)
        for each in dialogues
    )
    return NotationReading(read, _scales(reader.found, beside, width, height))


def placed(
    read: NotationReading, width: int, height: int, context: ImageContext | None
) -> tuple[tuple[Dialogue, ...], bool]:
    """Return the dialogues with their boxes in shares of the image, and whether they were of the square around it."""
    boxes = [box for turn in _turns(read.dialogues) for text in turn for found in mentions.mentions(text)
             for box in found.boxes]  # fmt: skip
    frames, padded = [_scaled(*scale) for scale in read.scales], []
    if context and width and height and width != height:
        padded = [
            _unpadded(_scaled(*scale), width, height) for scale in read.scales if scale in (_SHARES, _THOUSANDTHS)
        ]
    frames += padded
    best = max(frames, key=lambda frame: _fitting([frame(box) for box in boxes], context))
    if best is frames[0] and read.scales == (_SHARES,):
        return read.dialogues, False

    def changed(text: str) -> str:
        return mentions.replaced(text, lambda found: mentions.in_one_form(text[found.start : found.end], change))

    def change(box: Coordinates, written: str) -> str:
        return _printed(best(box)) if len(box) == 4 else written

    dialogues = tuple(
        Dialogue(tuple(Turn(changed(turn.question), changed(turn.answer)) for turn in each.turns), each.topic)
        for each in read.dialogues
    )
    return dialogues, best in padded


class _Notations:
    """Reads the texts of a record in their order; what is not written in a known notation stays."""

    def __init__(self, beside: Any) -> None:
        self._names = list(_member(beside, "ref"))
        self._boxes = list(_member(beside, "bbox"))
        self.found: set[str] = set()

    def read(self, text: str) -> str:
        return _WRITTEN.sub(self._mention, text) if "<" in text or "box_2d" in text else text

    def _mention(self, match: re.Match[str]) -> str:
        kind, name, boxes = self._said(match)
        if any(mark in name for mark in "<>[]") or not name.strip():
            return match[0]
        self.found.add(kind)
        return f"<st>{name}<ed>" + (f" {', '.join(str(list(box)) for box in boxes)}" if boxes else "")

    def _said(self, match: re.Match[str]) -> tuple[str, str, list[list[float]]]:
        if match["name"]:
            return "thousandths", match["name"], _fours(match["tokens"])
        if match["blanks"]:
            return "thousandths", match["ref"], _fours(match["blanks"])
        if match["ref"]:
            return "thousandths", match["ref"], json.loads(match["list"] or "[]")
        if match["labels"]:
            return self._labelled(match["labels"])
        if not self._names:
            raise ValueError(_NOT_BESIDE)
        return "beside", str(self._names.pop(0)), self._beside(match["marks"].count("<bbox>"))

    def _labelled(self, text: str) -> tuple[str, str, list[list[float]]]:
        kind = "beside" if "<bbox>" in text else "thousandths" if '"box_2d"' in text else "json"
        for box in self._beside(text.count("<bbox>")):
            text = text.replace("<bbox>", json.dumps(box), 1)
        try:
            said = json.loads(text)
        except ValueError:
            return kind, "", []
        said = said if isinstance(said, list) else [said]
        names = {each["label"] for each in said}
        return kind, names.pop() if len(names) == 1 else "", list(map(_labelled_sides, said))

    def _beside(self, count: int) -> list[list[float]]:
        """Return the next boxes that stand beside the texts."""
        if len(self._boxes) < count:
            raise ValueError(_NOT_BESIDE)
        boxes, self._boxes = self._boxes[:count], self._boxes[count:]
        return list(map(_sides, boxes))


def _labelled_sides(said: Any) -> list[float]:
    """Return the numbers of a labelled box, x before y, which Gemini has the other way round."""
    if "bbox_2d" in said:
        return list(said["bbox_2d"])
    numbers = list(said["box_2d"])
    return [numbers[place] for place in (1, 0, 3, 2)] if len(numbers) == 4 else numbers


def _fours(text: str) -> list[list[float]]:
    """Return the whole numbers of a text, four a box."""
    numbers = list(map(float, _INTEGER.findall(text)))
    return [numbers[at : at + 4] for at in range(0, len(numbers), 4)]


def _sides(box: Any) -> list[float]:
    """Return a box that stands beside the text. Raise ValueError, with the predicate of "record 17 ...", for none."""
    if isinstance(box, list) and len(box) == 4:
        with suppress(TypeError, ValueError, OverflowError):
            return [float(side) for side in box]
    raise ValueError("has a box in 'objects' that is not four numbers")


def _member(beside: Any, name: str) -> Sequence[Any]:
    found = beside.get(name) if isinstance(beside, dict) else None
    return found if isinstance(found, list) else ()


def _scales(found: set[str], beside: Any, width: int, height: int) -> tuple[tuple[float, float], ...]:
    """Return what the numbers may be divided by, the likeliest first."""
    if not found:
        return (_SHARES,)
    pixels = (float(width), float(height))
    if "beside" in found:
        kind = beside.get("bbox_type", "real")
        return (_SHARES,) if kind == "norm1" else (_THOUSANDTHS,) if kind == "norm1000" or not width else (pixels,)
    if "json" in found and width and height:
        return (_THOUSANDTHS, *dict.fromkeys(size.of(width, height) for size in KNOWN), pixels)
    return (_THOUSANDTHS,)


def _scaled(x: float, y: float) -> Callable[[Coordinates], Coordinates]:
    def frame(box: Coordinates) -> Coordinates:
        return (box[0] / x, box[1] / y, box[2] / x, box[3] / y) if len(box) == 4 else box

    return frame


def _unpadded(
    scaled: Callable[[Coordinates], Coordinates], width: int, height: int
) -> Callable[[Coordinates], Coordinates]:
    def frame(box: Coordinates) -> Coordinates:
        return from_padded_square(scaled(box), width, height) if len(box) == 4 else box

    return frame


def _fitting(boxes: Sequence[Coordinates], context: ImageContext | None) -> tuple[int, int]:
    """Return how many of the boxes are annotated, and how many are boxes of an image at all."""
    real = [made for made in map(_made, boxes) if made]
    annotated = places_of(context).annotations if context else ()
    return sum(any(box.iou(each.box) >= _ENOUGH for each in annotated) for box in real), len(real)


def _made(numbers: Coordinates) -> Box | None:
    try:
        return Box(*_clipped(numbers))
    except (TypeError, ValueError):
        return None


def _clipped(numbers: Sequence[float]) -> Sequence[float]:
    return [min(1.0, max(0.0, side)) if -_ROUNDED <= side <= 1 + _ROUNDED else side for side in numbers]


def _printed(numbers: Sequence[float]) -> str:
    return "[" + ", ".join(f"{side:.4f}".rstrip("0").rstrip(".") for side in _clipped(numbers)) + "]"


def _turns(dialogues: Sequence[Dialogue]) -> list[tuple[str, str]]:
    return [(turn.question, turn.answer) for dialogue in dialogues for turn in dialogue.turns]
