"""What did not become part of a context while annotations were read: counted by reason, with the first places.

One odd record never stops a file. What has one meaning is read, and counted as `repaired` where a person may want to
know; what has none is `dropped`; what is left out by design, such as COCO's crowds, is `skipped`.
"""

from collections import Counter
from collections.abc import Mapping

from svit.errors import DataError

PLACES = 3
"""So many places of a reason are kept: enough to open the file and look."""

WITHOUT_OBJECT: Mapping[str, str] = {
    "relationship": "relationship_end_unknown",
    "attribute": "attribute_object_unknown",
}
"""By kind, the reason for what is skipped since its object is not in Visual Genome's file of objects: v1.4 took objects
out, and left what belongs to them in its files."""

LOUD = 0.05
"""A larger share of dropped records of a kind is no noise of annotators: the files are probably not what they seem."""


class Dropped(Counter[str]):
    """Counts by reason, such as `object_box_missing`: what was dropped, skipped and repaired together.

    Beside them: `places`, the first few of each reason, such as `instances.json: record 17 of 'annotations'`; `read`,
    how many records of a kind were read (`object`: 1200), `lost`, how many of them were dropped, and `left`, how many
    were skipped by design: what was read is what was kept, dropped or skipped.
    `strict` makes the first drop a DataError.
    """

    def __init__(self, *, strict: bool = False) -> None:
        """Start with nothing."""
        super().__init__()
        self.strict = strict
        self.places: dict[str, list[str]] = {}
        self.read: Counter[str] = Counter()
        self.lost: Counter[str] = Counter()
        self.left: Counter[str] = Counter()

    def drop(self, reason: str, kind: str, place: str, *, number: int = 1) -> None:
        """Count records of this kind that cannot be read; `number` of them stand at this place.

        Raise DataError when `strict`.
        """
        if self.strict:
            raise DataError(f"{place}: {reason.replace('_', ' ')}. Correct it, or leave out --strict.")
        self.lost[kind] += number
        self.note(reason, place, number=number)

    def skip(self, reason: str, kind: str, place: str, *, number: int = 1) -> None:
        """Count records of this kind that are left out by design, as COCO's crowds are: no loss."""
        self.left[kind] += number
        self.note(reason, place, number=number)

    def note(self, reason: str, place: str, *, number: int = 1) -> None:
        """Count what was repaired at this place: no loss, whatever `strict` says."""
        self[reason] += number
        places = self.places.setdefault(reason, [])
        if len(places) < PLACES:
            places.append(place)

    def loud(self) -> Mapping[str, tuple[int, int]]:
        """Return the kinds of which more than 5 % were dropped, each with how many of how many."""
        return loud_losses(self.read, self.lost)

    def include(self, other: "Dropped") -> None:
        """Count all that another one counted, such as what was dropped when the files were opened."""
        for reason, number in other.items():
            self[reason] += number
            places = self.places.setdefault(reason, [])
            places += other.places.get(reason, [])[: PLACES - len(places)]
        for ours, theirs in ((self.read, other.read), (self.lost, other.lost), (self.left, other.left)):
            ours.update(theirs)

    def clear(self) -> None:
        """Start anew."""
        super().clear()
        self.places.clear()
        self.read.clear()
        self.lost.clear()
        self.left.clear()


def loud_losses(read: Mapping[str, int], lost: Mapping[str, int]) -> Mapping[str, tuple[int, int]]:
    """Return the kinds of which more than 5 % were dropped, each with how many of how many."""
    of = {kind: (number, max(read.get(kind, 0), number)) for kind, number in lost.items()}
    return {kind: (number, total) for kind, (number, total) in of.items() if number > LOUD * total}
