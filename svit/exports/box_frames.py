"""Frames: where a box is, in the numbers that a trainer wants.

A box comes as its sides' texts, in 0..1 of the image, and leaves as numbers of the image, of the square around it, or
of the picture that a model is shown.
"""

import math
from dataclasses import dataclass

from svit.boxes import DECIMALS
from svit.exports.canonical import Sides
from svit.image_files.image_frames import Resize

Numbers = tuple[float, float, float, float]
"""The left, upper, right and lower side of a box, in some frame."""
_SHIFT = 0.005
"""The share of its width by which a side of a box may be rounded away: then four sides leave an IoU of over 0.98."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The image of a record, and what a trainer makes of it before a model is shown it.

    `width` and `height` are pixels of the image. With `padded` the image is in the middle of a square, as LLaVA-1.5
    pads it; `resize` says how Qwen2.5-VL scales it.
    """

    width: int
    height: int
    padded: bool = False
    resize: Resize = Resize()  # noqa: RUF009 - frozen

    def share(self, sides: Sides) -> Numbers:
        """Return the box in 0..1 of the image, or of the square around it; not rounded."""
        if not self.padded:
            x1, y1, x2, y2 = map(float, sides)
            return x1, y1, x2, y2
        side = max(self.width, self.height)
        left, top = (side - self.width) // 2, (side - self.height) // 2
        x1, y1, x2, y2 = self.pixels(sides)
        return (left + x1) / side, (top + y1) / side, (left + x2) / side, (top + y2) / side

    def rounded_share(self, sides: Sides) -> Numbers:
        """Return the box in 0..1 at the printed precision.

        In the square it has three decimals, or as many more as a narrow box needs: so that it covers the same pixels.
        """
        exact = self.share(sides)
        decimals = DECIMALS
        if self.padded:
            thinnest = min(exact[2] - exact[0], exact[3] - exact[1])
            decimals = max(DECIMALS, math.ceil(-math.log10(_SHIFT * thinnest)))
        x1, y1, x2, y2 = (round(side, decimals) for side in exact)
        return x1, y1, x2, y2

    def pixels(self, sides: Sides) -> Numbers:
        """Return the box in pixels of the image, not rounded."""
        x1, y1, x2, y2 = map(float, sides)
        return x1 * self.width, y1 * self.height, x2 * self.width, y2 * self.height

    def thousandths(self, sides: Sides) -> tuple[int, int, int, int]:
        """Return the box in whole thousandths of the image, or of the square around it: 0..1000, never empty."""
        if not self.padded:
            left, upper, right, lower = sides
            return _THOUSANDTHS[left], _THOUSANDTHS[upper], _THOUSANDTHS[right], _THOUSANDTHS[lower]
        return self._thousandths_of_square(sides)

    def _thousandths_of_square(self, sides: Sides) -> tuple[int, int, int, int]:
        x1, y1, x2, y2 = self.share(sides)
        left, right = apart(1000 * x1, 1000 * x2)
        upper, lower = apart(1000 * y1, 1000 * y2)
        return left, upper, right, lower


def whole_pixels(sides: Sides, width: int, height: int) -> tuple[int, int, int, int]:
    """Return the box in whole pixels of a picture of this size, never empty.

    The right and lower side may be width and height themselves. Qwen's own notebook stops one pixel short of them,
    which takes a fiftieth from a box as wide as the smallest picture.
    """
    x1, y1, x2, y2 = map(float, sides)
    left, right = apart(x1 * width, x2 * width)
    upper, lower = apart(y1 * height, y2 * height)
    return left, upper, right, lower


class _Thousandths(dict[str, int]):
    """Whole thousandths by the text of a side; those of up to three decimals are looked up."""

    def __missing__(self, side: str) -> int:
        return math.floor(1000 * float(side) + 0.5)


_THOUSANDTHS = _Thousandths({str(n / 1000): n for n in range(1001)})


def apart(low: float, high: float) -> tuple[int, int]:
    """Return the whole numbers next to both, or around both where they would be the same."""
    near = math.floor(low + 0.5), math.floor(high + 0.5)
    return near if near[0] < near[1] else (math.floor(low), math.ceil(high))
