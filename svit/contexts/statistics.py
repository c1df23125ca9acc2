"""How much the images of a source have: totals, means, medians and maxima, counted in one pass."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Self

import msgspec

from svit.records import ImageContext


class CountSpread(msgspec.Struct, frozen=True):
    """How many of something the images have: all together, and each."""

    total: int
    mean: float
    median: float
    max: int

    @classmethod
    def of(cls, images: Counter[int]) -> Self:
        """Return the spread, given how many images have how many."""
        ordered = sorted(images.items())
        total = sum(many * number for many, number in ordered)
        number = images.total()
        if not number:
            return cls(0, 0.0, 0.0, 0)
        middle = (_at(ordered, (number - 1) // 2) + _at(ordered, number // 2)) / 2
        return cls(total, total / number, middle, ordered[-1][0])


class Statistics(msgspec.Struct, frozen=True):
    """The images of a source, how many have captions, how many have nothing at all, and what each has."""

    images: int
    with_captions: int
    empty: int
    captions: CountSpread
    objects: CountSpread
    regions: CountSpread
    relationships: CountSpread


class ContextTally:
    """Counts while the contexts go by; memory does not grow with them."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._images = self._empty = 0
        self._captions: Counter[int] = Counter()
        self._objects: Counter[int] = Counter()
        self._regions: Counter[int] = Counter()
        self._relationships: Counter[int] = Counter()

    def over(self, contexts: Iterable[ImageContext]) -> Iterator[ImageContext]:
        """Pass the contexts on, and count them."""
        for context in contexts:
            self._images += 1
            self._empty += context.is_empty
            self._captions[len(context.captions)] += 1
            self._objects[len(context.objects)] += 1
            self._regions[len(context.regions)] += 1
            self._relationships[len(context.relationships)] += 1
            yield context

    def statistics(self) -> Statistics:
        """Return what was counted."""
        return Statistics(
            images=self._images,
            with_captions=self._images - self._captions[0],
            empty=self._empty,
            captions=CountSpread.of(self._captions),
            objects=CountSpread.of(self._objects),
            regions=CountSpread.of(self._regions),
            relationships=CountSpread.of(self._relationships),
        )


def _at(ordered: list[tuple[int, int]], place: int) -> int:
    """Return the value at this place of all images, ordered by how many they have."""
    ends = accumulate(number for _, number in ordered)
    return next(many for (many, _), end in zip(ordered, ends, strict=True) if place < end)
