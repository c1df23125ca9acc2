"""Boxes and outlines in pixels, as the annotation files give them, turned into boxes in unit coordinates."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Annotated, Any

import msgspec

from svit.boxes import Box
from svit.contexts.dropped_annotations import Dropped
from svit.contexts.fields.lenient_values import number, whole_number

Side = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
"""An image's width or height in pixels."""

Pixels = tuple[float, float, float, float]
"""x, y, width and height."""

_NAMED = (("x", "y", "width", "height"), ("x", "y", "w", "h"))
_IN_TEXT = re.compile(r"[^\s,;()\[\]]+")

_POINTS = 3
"""A polygon has at least so many."""

_SHARE = 1.01
"""The largest share of an image that somebody's arithmetic comes to."""

_TINY = 10
"""In an image of at most so many pixels a side, a box of one pixel may be meant."""


def unit_box(
    pixels: Pixels, *, width: int, height: int, of: str, counts: Dropped, place: Callable[[], str] = str
) -> Box | None:
    """Return the box clipped to the image, or None when nothing is left; count both by what the box is of."""
    x, y, w, h = pixels
    box = Box.from_pixels(x, y, w, h, width=width, height=height)
    if box is None:
        counts.drop(f"{of}_box_empty", of, place())
    elif x < 0 or y < 0 or x + w > width or y + h > height:
        counts.note(f"{of}_box_clipped", place())
    return box


def pixel_box(value: object) -> Pixels | None:
    """Return the box that four numbers mean, in a list, a text or an object of x, y, width, height; None otherwise."""
    if isinstance(value, str):
        value = _IN_TEXT.findall(value)
    if isinstance(value, dict):
        value = next(([value[side] for side in named] for named in _NAMED if value.keys() >= set(named)), None)
    sides = [number(side) for side in value] if isinstance(value, list | tuple) else []
    if len(sides) != 4 or None in sides:
        return None
    x, y, w, h = (side for side in sides if side is not None)
    return x, y, w, h


def boxes_in_shares(boxes: Iterable[tuple[Pixels, int, int]]) -> int:
    """Return how many boxes there are when each lies within 0 and 1, as shares of an image do; otherwise 0.

    Each comes with its image's width and height. What is certainly in pixels ends the reading.
    """
    alike = 0
    for pixels, width, height in boxes:
        if max(map(abs, pixels)) > _SHARE:
            return 0
        alike += min(pixels[2:]) > 0 and max(width, height) > _TINY
    return alike


def outline_box(outline: object) -> Pixels | None:
    """Return the box around COCO's `segmentation`: polygons, one polygon, or a mask; None when there is nothing in it.

    A mask is in run lengths, column by column, plain or packed as pycocotools does it.
    """
    if isinstance(outline, dict):
        return _mask_box(outline)
    if not isinstance(outline, list):
        return None
    polygons = outline if any(isinstance(each, list) for each in outline) else [outline]
    points = list(chain.from_iterable(map(_points, polygons)))
    if not points:
        return None
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return _around(min(xs), min(ys), max(xs), max(ys))


def _points(polygon: object) -> list[tuple[float, float]]:
    sides = [number(side) for side in polygon] if isinstance(polygon, list) else []
    if len(sides) < 2 * _POINTS or len(sides) % 2:
        return []
    points = [(x, y) for x, y in zip(sides[::2], sides[1::2], strict=True) if x is not None and y is not None]
    return points if 2 * len(points) == len(sides) else []


def _mask_box(mask: dict[str, Any]) -> Pixels | None:
    size, counts = mask.get("size"), mask.get("counts")
    sides = [whole_number(side) for side in size] if isinstance(size, list) else []
    runs = _unpacked(counts) if isinstance(counts, str) else _whole(counts)
    if len(sides) != 2 or not runs or min(runs) < 0:
        return None
    height, width = (side or 0 for side in sides)
    if height < 1 or width < 1 or sum(runs) != height * width:
        return None
    return _runs_box(runs, height)


def _runs_box(runs: Sequence[int], height: int) -> Pixels | None:
    """Return the box around every other run, the first of which is outside."""
    columns, rows = [], []
    start = 0
    for place, length in enumerate(runs):
        if place % 2 and length:
            first, last = start // height, (start + length - 1) // height
            columns += [first, last]
            rows += [start % height, (start + length - 1) % height] if first == last else [0, height - 1]
        start += length
    return _around(min(columns), min(rows), max(columns) + 1, max(rows) + 1) if columns else None


def _unpacked(text: str) -> list[int]:
    """Return the run lengths: six bits a character from '0' on, the sixth of which says that the number goes on.

    From the third on it is the difference to the one before the last. Nothing for what is not packed so.
    """
    runs: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - ord("0")
        if not 0 <= bits < 64:
            return []
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            value -= (bits & 16) and 1 << shift
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value = shift = 0
    return [] if shift else runs


def _whole(values: object) -> list[int]:
    found = [whole_number(each) for each in values] if isinstance(values, list) else []
    return [each for each in found if each is not None] if None not in found else []


def _around(x1: float, y1: float, x2: float, y2: float) -> Pixels | None:
    return (x1, y1, x2 - x1, y2 - y1) if x1 < x2 and y1 < y2 else None
