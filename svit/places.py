"""What is annotated where in an image: a copied box is found by its left side, without a look at all others."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from svit.boxes import DECIMALS, Box
from svit.records import ImageContext

STEPS = 10**DECIMALS
"""Steps of a printed coordinate across the image."""


class Annotation(NamedTuple):
    """A box, and what annotators call it, in small letters: an object's names, or a region's phrase."""

    box: Box
    words: str


class Places:
    """The annotations of an image, objects first, and an index of them by the printed left side."""

    def __init__(self, context: ImageContext) -> None:
        """Read the context once."""
        self.annotations = [
            Annotation(item.box, (" ".join((item.name, *item.aliases)) if item.aliases else item.name).lower())
            for item in context.objects
        ]
        self.annotations += [Annotation(region.box, region.phrase.lower()) for region in context.regions]
        self._by_left: dict[int, list[Annotation]] = defaultdict(list)
        for annotation in self.annotations:
            self._by_left[int(annotation.box.x1 * STEPS + 0.5)].append(annotation)

    def beside(self, left: float, steps: int = 0) -> Iterator[Annotation]:
        """Yield the annotations whose left side, as printed, is at most so many steps away."""
        at = int(left * STEPS + 0.5)
        for near in range(at - steps, at + steps + 1) if steps else (at,):
            yield from self._by_left.get(near, ())


_last: tuple[ImageContext, Places] | None = None


def places_of(context: ImageContext) -> Places:
    """Return the places of a context; those of the last one are kept, as several checks ask for them in turn."""
    global _last
    known = _last
    if known is None or known[0] is not context:
        _last = known = (context, Places(context))
    return known[1]
