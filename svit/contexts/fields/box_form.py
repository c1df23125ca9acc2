"""How people write a box, and the box that it is: four numbers in one of two orders and one of two units."""

import math
import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

from svit.boxes import Box
from svit.contexts.fields.lenient_values import number

Order = Literal["xyxy", "xywh"]
Units = Literal["shares", "pixels"]
Sides = tuple[float, float, float, float]

CORNERS = ("x1", "y1", "x2", "y2")
EXTENT = ("x", "y", "w", "h")
_BY_NAME: tuple[tuple[tuple[str, ...], Order], ...] = (
    (CORNERS, "xyxy"),
    (("xmin", "ymin", "xmax", "ymax"), "xyxy"),
    (EXTENT, "xywh"),
    (("x", "y", "width", "height"), "xywh"),
)
_IN_TEXT = re.compile(r"[^\s,;()\[\]]+")

ROUNDING = 0.001
"""A share beyond the edge by no more than this is a rounding error of float32 or YOLO's six decimals: it is clipped."""
_FLOATS = {float}
_PIXELS = 2
"""No share is larger than this, however the box was cut: it is a number of pixels."""


class ReadBox(NamedTuple):
    """A box, or why there is none: `box_missing`, `box_unreadable`, `box_outside` or `box_empty`.

    `clipped` says that something beyond rounding was cut off; `suspect` what the option should perhaps have been:
    `pixels`, `shares`, `xywh` or `xyxy`.
    """

    box: Box | None
    fault: str = ""
    clipped: bool = False
    suspect: str = ""


@dataclass(frozen=True)
class BoxForm:
    """The form of a file's boxes; a box with named sides says its order itself."""

    order: Order = "xyxy"
    units: Units = "shares"

    def read(self, value: object, *, width: int, height: int) -> ReadBox:
        """Return the box that a list, a text or an object of four numbers means in an image of this size."""
        if value is None or value == "":
            return ReadBox(None, "box_missing")
        found = _sides(value, self.order)
        if found is None:
            return ReadBox(None, "box_unreadable")
        (x, y, x2, y2), order = found
        if order == "xywh":
            corners = (x, y, x + x2, y + y2)
            read = self._corners(corners, width, height)
            far = (width, height) if self.units == "pixels" else (1, 1)
            return read._replace(suspect=read.suspect or _as_corners((x, y, x2, y2), corners, far))
        return self._corners((x, y, x2, y2), width, height)

    def _corners(self, corners: Sides, width: int, height: int) -> ReadBox:
        return self._pixels(corners, width, height) if self.units == "pixels" else self._shares(corners)

    def _shares(self, corners: Sides) -> ReadBox:
        x1, y1, x2, y2 = corners
        if max(corners) > _PIXELS:
            return ReadBox(None, "box_outside", suspect="pixels")
        if x2 <= x1 or y2 <= y1:
            return ReadBox(None, "box_empty", suspect="xywh")
        if min(x1, y1) < -ROUNDING or max(x2, y2) > 1 + ROUNDING:
            return ReadBox(None, "box_outside")
        return ReadBox(box, "") if (box := _box(*corners)) else ReadBox(None, "box_empty")

    def _pixels(self, corners: Sides, width: int, height: int) -> ReadBox:
        x1, y1, x2, y2 = corners
        if x2 <= x1 or y2 <= y1:
            return ReadBox(None, "box_empty", suspect="xywh")
        suspect = "shares" if max(x2, y2) <= 1 + ROUNDING else ""
        box = _box(x1 / width, y1 / height, x2 / width, y2 / height)
        if box is None:
            return ReadBox(None, "box_outside" if _is_beyond(corners, width, height) else "box_empty", suspect=suspect)
        shares = (-x1 / width, -y1 / height, x2 / width - 1, y2 / height - 1)
        return ReadBox(box, clipped=max(shares) > ROUNDING, suspect=suspect)


def _box(x1: float, y1: float, x2: float, y2: float) -> Box | None:
    """Return the box clipped to the image, None when nothing is left of it."""
    try:
        if x1 >= 0 and y1 >= 0 and x2 <= 1 and y2 <= 1:
            return Box(x1, y1, x2, y2)
        return Box(max(0.0, x1), max(0.0, y1), min(1.0, x2), min(1.0, y2))
    except ValueError:
        return None


def _as_corners(sides: Sides, corners: Sides, far: tuple[float, float]) -> str:
    """Return `xyxy` where x, y, width, height reach far beyond the edge, and would not as two corners."""
    x, y, x2, y2 = sides
    limits = [side * (1 + ROUNDING) for side in far]
    beyond = corners[2] > limits[0] or corners[3] > limits[1]
    return "xyxy" if beyond and x < x2 <= limits[0] and y < y2 <= limits[1] else ""


def _is_beyond(corners: Sides, width: int, height: int) -> bool:
    x1, y1, x2, y2 = corners
    return x1 >= width or y1 >= height or x2 <= 0 or y2 <= 0


def _sides(value: object, order: Order) -> tuple[Sides, Order] | None:
    """Return the four numbers and the order they are in; None where there are not four."""
    if type(value) is list and len(value) == len(CORNERS) and set(map(type, value)) == _FLOATS:
        x1, y1, x2, y2 = value
        if math.isfinite(x1 + y1 + x2 + y2):
            return (x1, y1, x2, y2), order  # nearly all are so
    if isinstance(value, dict):
        for names, named in _BY_NAME:
            if all(name in value for name in names):
                return _four([value[name] for name in names], named)
        return None
    if isinstance(value, str):
        value = _IN_TEXT.findall(value)
    return _four(list(value), order) if isinstance(value, list | tuple) else None


def _four(values: list[object], order: Order) -> tuple[Sides, Order] | None:
    sides = [number(value) for value in values]
    if len(sides) != len(CORNERS):
        return None
    x1, y1, x2, y2 = sides
    if x1 is None or y1 is None or x2 is None or y2 is None:
        return None
    return (x1, y1, x2, y2), order
