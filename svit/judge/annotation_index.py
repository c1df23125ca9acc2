"""What is annotated where in an image: a copied box is found by its left side, without a look at all others."""

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from svit.boxes import DECIMALS, Box
from svit.records import ImageContext

STEPS = 10**DECIMALS
"""Steps of a printed coordinate across the image."""
_SAME = 0.5005 / STEPS
"""Up to this far from an annotated side, a written one is that side, rounded."""


class Annotation(NamedTuple):
    """A box, and what annotators call it, in small letters: an object's names, or a region's phrase."""

    box: Box
    words: str


class AnnotationIndex:
    """The annotations of an image, objects first, and an index of them by the printed left side."""

    def __init__(self, context: ImageContext) -> None:
        """Read the context once."""
        self.annotations = [
            Annotation(item.box, (" ".join((item.name, *item.aliases)) if item.aliases else item.name).lower())
            for item in context.objects
        ]
        self.annotations += [Annotation(region.box, region.phrase.lower()) for region in context.regions]
        self._by_left: dict[int, list[Annotation]] = defaultdict(list)
        self._at: dict[tuple[float, ...], tuple[Annotation, ...]] = {}
        for annotation in self.annotations:
            self._by_left[int(annotation.box.x1 * STEPS + 0.5)].append(annotation)

    def beside(self, left: float, steps: int = 0) -> Iterator[Annotation]:
        """Yield the annotations whose left side, as printed, is at most so many steps away."""
        at = int(left * STEPS + 0.5)
        for near in range(at - steps, at + steps + 1) if steps else (at,):
            yield from self._by_left.get(near, ())

    def at(self, coordinates: tuple[float, ...]) -> tuple[Annotation, ...]:
        """Return the annotations with this very box, as it is printed; the answer is kept for all who ask again."""
        found = self._at.get(coordinates)
        if found is None:
            found = self._at[coordinates] = tuple(self._with_box(coordinates))
        return found

    def _with_box(self, coordinates: tuple[float, ...]) -> Iterator[Annotation]:
        if len(coordinates) != 4 or not -1 < coordinates[0] < 2:
            return
        x1, y1, x2, y2 = coordinates
        for annotation in self._by_left.get(int(x1 * STEPS + 0.5), ()):
            box = annotation.box
            sides = (box.x1 - x1, box.y1 - y1, box.x2 - x2, box.y2 - y2)
            if min(sides) > -_SAME and max(sides) < _SAME:
                yield annotation


def places_of(context: ImageContext) -> AnnotationIndex:
    """Return the places of a context. They are kept with it, as several checks of several tasks ask for them."""
    kept = context.__dict__
    if "_places" not in kept:
        kept["_places"] = AnnotationIndex(context)
    places: AnnotationIndex = kept["_places"]
    return places
