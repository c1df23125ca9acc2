"""Bounding boxes in unit coordinates: x1, y1, x2, y2 as shares of the image's width and height."""

from functools import lru_cache

import msgspec

DECIMALS = 3
"""Decimals of a printed coordinate, as in SVIT (arXiv 2307.04087) and LLaVA (arXiv 2304.08485)."""
_STEP = 10**-DECIMALS
_SIDES = tuple(str(n / 10**DECIMALS) for n in range(10**DECIMALS + 1))
"""Every coordinate as it is printed: looking it up takes a third of the time of rounding and printing it."""
_NEAR = 0.4999
"""Nearer than this to a whole number of steps, the product `x * 1000`, exact to 1e-12, rounds as `x` itself does."""


class Box(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """A bounding box inside the image, with 0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1.

    It is not empty at the printed precision either, so that no prompt and no sample can show an empty box.
    In JSON it is the array [x1, y1, x2, y2]. Raises ValueError for anything else.
    """

    x1: float
    y1: float
    x2: float
    y2: float

    def __post_init__(self) -> None:
        """Refuse what is no box."""
        inside = self.x1 >= 0 and self.y1 >= 0 and self.x2 <= 1 and self.y2 <= 1
        thick = self.x2 - self.x1 > _STEP and self.y2 - self.y1 > _STEP
        if not (inside and (thick or self._prints_full())):
            raise ValueError(
                f"[{self.x1}, {self.y1}, {self.x2}, {self.y2}] is no box: x1 < x2 and y1 < y2 are needed, in 0..1"
            )

    @classmethod
    def from_pixels(cls, x: float, y: float, w: float, h: float, *, width: int, height: int) -> "Box | None":
        """Return the box at x, y of size w, h pixels, clipped to the image; None when nothing is left of it."""
        try:
            return cls(max(0.0, x / width), max(0.0, y / height), min(1.0, (x + w) / width), min(1.0, (y + h) / height))
        except ValueError:
            return None

    def __str__(self) -> str:
        """Return the prompt form: `[0.588, 0.5, 0.692, 1.0]`, at most three decimals, as Python prints a float."""
        return _prompt_form(self)

    def _prints_full(self) -> bool:
        x1, y1, x2, y2 = self.printed()
        return x1 < x2 and y1 < y2

    def printed(self) -> tuple[float, float, float, float]:
        """Return the coordinates at the printed precision."""
        x1, y1, x2, y2 = (round(float(side), DECIMALS) for side in (self.x1, self.y1, self.x2, self.y2))
        return x1, y1, x2, y2

    @property
    def area(self) -> float:
        """The share of the image that the box covers, in 0..1."""
        return (self.x2 - self.x1) * (self.y2 - self.y1)

    @property
    def center(self) -> tuple[float, float]:
        """The middle of the box in unit coordinates."""
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

    def iou(self, other: "Box") -> float:
        """Return the intersection over union of the two boxes, in 0..1."""
        shared = self.intersection(other)
        return shared / (self.area + other.area - shared) if shared else 0.0

    def intersection(self, other: "Box") -> float:
        """Return the area that both boxes cover, as a share of the image."""
        ours, theirs = self.x2, other.x2
        w = ours if ours < theirs else theirs
        ours, theirs = self.x1, other.x1
        w -= ours if ours > theirs else theirs
        ours, theirs = self.y2, other.y2
        h = ours if ours < theirs else theirs
        ours, theirs = self.y1, other.y1
        h -= ours if ours > theirs else theirs
        return w * h if w > 0 and h > 0 else 0.0


@lru_cache(maxsize=1024)
def _prompt_form(box: Box) -> str:
    """Return the text once for all tasks of an image, which are asked one after another."""
    return f"[{_side(box.x1)}, {_side(box.y1)}, {_side(box.x2)}, {_side(box.y2)}]"


def _side(side: float) -> str:
    steps = side * 10**DECIMALS
    nearest = int(steps + 0.5)
    return _SIDES[nearest] if -_NEAR < steps - nearest < _NEAR else str(round(float(side), DECIMALS))
