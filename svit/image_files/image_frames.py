"""The pictures that trainers make of an image, whose pixels or shares boxes are of: resized, or padded to a square."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

FACTOR = 28
"""Both sides of a picture that Qwen2.5-VL is shown are multiples of it: a patch of 14 pixels, two by two a token."""
MIN_PIXELS = 56 * 56
MAX_PIXELS = 28 * 28 * 1280


@dataclass(frozen=True, slots=True)
class Resize:
    """How Qwen2.5-VL's processor scales an image: sides of a factor's multiples, and so many pixels at least and most.

    A trainer may scale an image `before` that to so many pixels at least and most, no side below the factor
    (LLaMA-Factory).
    """

    min_pixels: int = MIN_PIXELS
    max_pixels: int = MAX_PIXELS
    factor: int = FACTOR
    before: tuple[int, int] | None = None

    def of(self, width: int, height: int) -> tuple[int, int]:
        """Return width and height in pixels of the picture that the model is shown (`smart_resize`).

        It refuses a picture that is more than 200 times as long as it is wide; for such a one the numbers say nothing.
        """
        if self.before:
            width, height = (max(side, self.factor) for side in _within(width, height, *self.before))
        w, h = (round(side / self.factor) * self.factor for side in (width, height))
        if w * h > self.max_pixels:
            shrunk = math.sqrt(width * height / self.max_pixels)
            w, h = (max(self.factor, math.floor(side / shrunk / self.factor) * self.factor) for side in (width, height))
        elif w * h < self.min_pixels:
            grown = math.sqrt(self.min_pixels / (width * height))
            w, h = (math.ceil(side * grown / self.factor) * self.factor for side in (width, height))
        return w, h


QWEN_SCRIPTS = Resize(784, 50_176)
"""What every finetuning script of Qwen's says: `--min_pixels 784 --max_pixels 50176`."""
PROCESSOR = Resize(3136, 12_845_056)
"""What Qwen2.5-VL's own processor does where nobody says otherwise: TRL."""
LLAMA_FACTORY = Resize(3136, 12_845_056, before=(32 * 32, 768 * 768))
"""LLaMA-Factory's `image_min_pixels` and `image_max_pixels`, then the processor."""
KNOWN = (QWEN_SCRIPTS, PROCESSOR, LLAMA_FACTORY, Resize(), Resize(12_544, 451_584))
"""Resizes whose pixels boxes are found in, the last one by the defaults of Qwen's arguments."""


def _within(width: int, height: int, least: int, most: int) -> tuple[int, int]:
    """Return the sides scaled to so many pixels, each cut to a whole number."""
    pixels = min(max(width * height, least), most)
    if pixels == width * height:
        return width, height
    by = math.sqrt(pixels / (width * height))
    return int(width * by), int(height * by)


def from_padded_square(box: Sequence[float], width: int, height: int) -> tuple[float, float, float, float]:
    """Return a box in shares of the square around the image, the image in its middle, in shares of the image itself."""
    side = max(width, height)
    left, top = (side - width) // 2, (side - height) // 2
    x1, y1, x2, y2 = (side * share for share in box)
    return (x1 - left) / width, (y1 - top) / height, (x2 - left) / width, (y2 - top) / height
