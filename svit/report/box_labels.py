"""Where the labels of boxes go on a photograph: beside what they name, on no other label, and over no small box.

A label may lie in a large box, never on one that it would hide: of no box, its own among them, it covers more than a
tenth. Where its name has no room near its box the number stays, and where even that has none it stands elsewhere, at
the end of a line from its box.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

MOST_COVERED = 0.1
"""The share of a box that one label may cover."""
LINE = 14.0
"""User units of a label's height, its halo with it."""
ASCENT = 11.0
"""User units from a label's upper side to the line that its letters stand on."""
_LETTER, _WIDE, _EDGE = 7.0, 12.0, 4.0
"""User units of a letter, of one of a script with wide ones, and of the halo on both sides together."""
_GAP = 1.5
"""User units between a box and the label outside it: the outline is on its edge."""
_STEP = 7.0
"""User units between the places that are tried all over the photograph."""
_NEAREST = 100
"""Places that are compared where none is free."""


class LabelArea(NamedTuple):
    """A rectangle in user units: its left, upper, right and lower side."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def size(self) -> float:
        """Its area."""
        return (self.x2 - self.x1) * (self.y2 - self.y1)

    def shared(self, other: "LabelArea") -> float:
        """Return the area of both."""
        wide = min(self.x2, other.x2) - max(self.x1, other.x1)
        tall = min(self.y2, other.y2) - max(self.y1, other.y1)
        return wide * tall if wide > 0 and tall > 0 else 0.0

    def distance(self, other: "LabelArea") -> float:
        """Return how far apart the two are, 0 when they touch."""
        across = max(self.x1 - other.x2, other.x1 - self.x2, 0.0)
        down = max(self.y1 - other.y2, other.y1 - self.y2, 0.0)
        return float((across**2 + down**2) ** 0.5)


class Label(NamedTuple):
    """What is written at a box, and where; `line` leads from the box to it, and is None where it stands beside it."""

    text: str
    area: LabelArea
    line: tuple[float, float, float, float] | None = None


def width_of(text: str) -> float:
    """Return the user units that a label is wide, its halo with it."""
    return _EDGE + sum(_WIDE if unicodedata.east_asian_width(letter) in "WF" else _LETTER for letter in text)


def labels(boxes: Sequence[LabelArea], names: Sequence[str], width: float, height: float) -> list[Label]:
    """Return the label of each box, in their order; `names` are numbered from 1. Small boxes have the first choice."""
    placed: dict[int, Label] = {}
    for index in sorted(range(len(boxes)), key=lambda index: (boxes[index].size, index)):
        number = str(index + 1)
        ground = _Ground(boxes, [label.area for label in placed.values()], LabelArea(0.0, 0.0, width, height))
        placed[index] = ground.place(boxes[index], (f"{number} {names[index]}".strip(), number))
    return [placed[index] for index in range(len(boxes))]


class _Ground(NamedTuple):
    """A photograph with its boxes, and the labels that are on it already."""

    boxes: Sequence[LabelArea]
    taken: Sequence[LabelArea]
    photo: LabelArea

    def place(self, box: LabelArea, texts: Sequence[str]) -> Label:
        for text in texts:
            for area in _beside(box, width_of(text)):
                if self._is_free(area):
                    return Label(text, area)
        text = texts[-1]
        places = sorted(self._anywhere(width_of(text)), key=box.distance)
        found = next(filter(self._is_free, places), None)
        nowhere = LabelArea(box.x1, box.y1, box.x1 + width_of(text), box.y1 + LINE)
        # So many boxes may leave no place: then the number stands where it hides least.
        area = found or min(places[:_NEAREST], key=self._hidden, default=nowhere)
        return Label(text, area, _line(box, area))

    def _is_free(self, area: LabelArea) -> bool:
        photo = self.photo
        if area.x1 < photo.x1 or area.y1 < photo.y1 or area.x2 > photo.x2 or area.y2 > photo.y2:
            return False
        x1, y1, x2, y2 = area
        for other in self.taken:
            if x1 < other[2] and other[0] < x2 and y1 < other[3] and other[1] < y2:
                return False
        for box in self.boxes:
            touches = x1 < box[2] and box[0] < x2 and y1 < box[3] and box[1] < y2
            if touches and area.shared(box) > MOST_COVERED * box.size:
                return False
        return True

    def _hidden(self, area: LabelArea) -> float:
        shares = (area.shared(box) / max(box.size, 1.0) for box in self.boxes)
        return sum(shares) + sum(area.shared(other) for other in self.taken)

    def _anywhere(self, wide: float) -> Iterator[LabelArea]:
        for row in range(int((self.photo.y2 - LINE) // _STEP) + 1):
            for column in range(int((self.photo.x2 - wide) // _STEP) + 1):
                x, y = column * _STEP, row * _STEP
                yield LabelArea(x, y, x + wide, y + LINE)


def _beside(box: LabelArea, wide: float) -> Iterator[LabelArea]:
    """Yield the places at a box, the best first: its upper left corner inside, above, below, at its sides."""
    left, right = box.x1, box.x2 - wide
    middle = (box.x1 + box.x2 - wide) / 2
    above, below = box.y1 - LINE - _GAP, box.y2 + _GAP
    level = (box.y1 + box.y2 - LINE) / 2
    corners = [(left + 1, box.y1 + 1), (left, above), (left, below), (middle, above), (middle, below)]
    corners += [(right, above), (right, below), (right - 1, box.y1 + 1), (left + 1, box.y2 - LINE - 1)]
    corners += [(right - 1, box.y2 - LINE - 1)]
    corners += [(x, y) for y in (level, box.y1, box.y2 - LINE) for x in (box.x2 + _GAP, left - wide - _GAP)]
    corners += [(x, y) for x in (box.x2 + _GAP, left - wide - _GAP) for y in (above, below)]
    for x, y in corners:
        yield LabelArea(x, y, x + wide, y + LINE)


def _line(box: LabelArea, label: LabelArea) -> tuple[float, float, float, float]:
    """Return the ends of a line from the middle of a box to the nearest side of its label."""
    x, y = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
    return x, y, min(max(x, label.x1), label.x2), min(max(y, label.y1), label.y2)
