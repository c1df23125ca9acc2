"""Boxes and outlines in pixels, as the annotation files give them, turned into boxes in unit coordinates."""

from collections import Counter
from typing import Annotated

import msgspec

from svit.boxes import Box

Side = Annotated[int, msgspec.Meta(ge=1)]
"""An image's width or height in pixels."""

Pixels = tuple[float, float, float, float]
"""x, y, width and height."""

_POINTS = 3
"""A polygon has at least so many."""


class RunLengths(msgspec.Struct):
    """A mask in COCO's run-length form: plain counts, or pycocotools' packed ones."""

    size: tuple[Side, Side]
    counts: list[int] | str


Outline = list[list[float]] | RunLengths
"""COCO's `segmentation`: polygons, or a mask."""


def unit_box(pixels: Pixels, *, width: int, height: int, of: str, counts: Counter[str]) -> Box | None:
    """Return the box clipped to the image, or None when nothing is left; count both by what the box is of."""
    x, y, w, h = pixels
    box = Box.from_pixels(x, y, w, h, width=width, height=height)
    if box is None:
        counts[f"{of}_box_empty"] += 1
    elif x < 0 or y < 0 or x + w > width or y + h > height:
        counts[f"{of}_box_clipped"] += 1
    return box


def outline_box(outline: Outline, *, width: int, height: int) -> Pixels | None:
    """Return the box around polygons or a mask, by pycocotools; None when there is nothing in it."""
    from pycocotools import mask

    if isinstance(outline, RunLengths):
        if isinstance(outline.counts, list) and sum(outline.counts) != outline.size[0] * outline.size[1]:
            return None
        encoded = {"size": list(outline.size), "counts": outline.counts}
        packed = encoded if isinstance(outline.counts, str) else mask.frPyObjects(encoded, *outline.size)
    else:
        polygons = [points for points in outline if len(points) >= 2 * _POINTS and len(points) % 2 == 0]
        if not polygons:
            return None
        packed = mask.merge(mask.frPyObjects(polygons, height, width))
    x, y, w, h = (float(side) for side in mask.toBbox(packed))
    return (x, y, w, h) if w > 0 and h > 0 else None
