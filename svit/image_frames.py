"""The pictures that trainers make of an image, whose pixels or shares boxes are of: resized, or padded to a square."""

import math
from collections.abc import Sequence

FACTOR = 28
"""Both sides of a picture that Qwen2.5-VL is shown are multiples of it: a patch of 14 pixels, two by two a token."""
MIN_PIXELS = 56 * 56
MAX_PIXELS = 28 * 28 * 1280


def resized(width: int, height: int) -> tuple[int, int]:
    """Return width and height in pixels of the picture that Qwen2.5-VL is shown (`smart_resize` of its processor).

    It refuses a picture that is more than 200 times as long as it is wide; for such a one the numbers say nothing.
    """
    w, h = (round(side / FACTOR) * FACTOR for side in (width, height))
    if w * h > MAX_PIXELS:
        shrunk = math.sqrt(width * height / MAX_PIXELS)
        w, h = (math.floor(side / shrunk / FACTOR) * FACTOR for side in (width, height))
    elif w * h < MIN_PIXELS:
        grown = math.sqrt(MIN_PIXELS / (width * height))
        w, h = (math.ceil(side * grown / FACTOR) * FACTOR for side in (width, height))
    return w, h


def from_padded_square(box: Sequence[float], width: int, height: int) -> tuple[float, float, float, float]:
    """Return a box in shares of the square around the image, the image in its middle, in shares of the image itself."""
    side = max(width, height)
    left, top = (side - width) // 2, (side - height) // 2
    x1, y1, x2, y2 = (side * share for share in box)
    return (x1 - left) / width, (y1 - top) / height, (x2 - left) / width, (y2 - top) / height
