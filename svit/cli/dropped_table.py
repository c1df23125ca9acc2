"""What was left out while annotations were read, in words: a table by reason, and a warning where it is much."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from svit.cli import messages
from svit.contexts.dropped_annotations import WITHOUT_OBJECT, loud_losses
from svit.quantities import number_of

if TYPE_CHECKING:
    from svit.contexts.store import StoreSummary

_WIDTH = 80
_LEAST = 24
"""Columns that the place has in any case."""


def dropped_table(counts: Mapping[str, int], places: Mapping[str, Sequence[str]]) -> str:
    """Return a table in 80 columns: the reason, how often, and the first place, cut at its beginning."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    reasons = messages.table(ordered, indent="  ").splitlines()
    left = max(_WIDTH - max(map(len, reasons), default=0) - 2, _LEAST)
    firsts = [_end(next(iter(places.get(reason, ())), ""), left) for reason, _ in ordered]
    return "\n".join(f"{reason}  {place}".rstrip() for reason, place in zip_longest(reasons, firsts, fillvalue=""))


def loss_warnings(summary: "StoreSummary") -> Iterator[str]:
    """Yield a sentence for each kind of which more than 5 % were dropped, or belong to objects that are not there.

    And one where most boxes had to be cut: they are hardly what they were taken for.
    """
    read, counts = summary.read, summary.counts
    for kind, (number, total) in loud_losses(read, summary.lost).items():
        share = f"{100 * number / total:.0f} %"
        dropped = f"{number:,} of {number_of(total, kind)} ({share}) {'was' if number == 1 else 'were'} dropped"
        yield f"Warning: {dropped}, see above. Are these the right files?"
    images = summary.statistics.images
    if images and summary.statistics.empty == images:
        known = f"nothing is known of {number_of(images, 'image')}: no object, caption or region"
        yield f"Warning: {known}. Are the files right?"
    clipped, boxes = counts.get("object_box_clipped", 0), read.get("object", 0)
    if clipped > boxes / 2:
        yield (
            f"Warning: {clipped:,} of {boxes:,} objects' boxes were cut at the edge of their image. Are the sizes "
            "those of these images, and the numbers in the right order (COCO has x, y, width, height)?"
        )
    left = {kind: counts.get(reason, 0) for kind, reason in WITHOUT_OBJECT.items()}
    if shares := [f"{100 * n / all_:.0f} % of the {kind}s" for kind, (n, all_) in loud_losses(read, left).items()]:
        yield (
            f"{' and '.join(shares)} belong to objects that the file of objects does not have, and were left out. "
            "Visual Genome v1.4 is made so; of other files, see whether they are of one version."
        )


def _end(place: str, width: int) -> str:
    """Return the end of a place, from a part of its path on where that fits."""
    if len(place) <= width:
        return place
    cut = place[1 - width :]
    slash = cut.find("/")
    return f"…{cut[slash:]}" if 0 <= slash < width // 2 else f"…{cut}"
