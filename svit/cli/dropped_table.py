"""What was left out while annotations were read, in words: a table by reason, and a warning where it is much."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

from svit.cli import talk
from svit.quantities import number_of
from svit.sources.dropped import loud_losses

_WIDTH = 80
_LEAST = 24
"""Columns that the place has in any case."""


def dropped_table(counts: Mapping[str, int], places: Mapping[str, Sequence[str]]) -> str:
    """Return a table in 80 columns: the reason, how often, and the first place, cut at its beginning."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    reasons = talk.table(ordered, indent="  ").splitlines()
    left = max(_WIDTH - max(map(len, reasons), default=0) - 2, _LEAST)
    firsts = [_end(next(iter(places.get(reason, ())), ""), left) for reason, _ in ordered]
    return "\n".join(f"{reason}  {place}".rstrip() for reason, place in zip_longest(reasons, firsts, fillvalue=""))


def loss_warnings(read: Mapping[str, int], lost: Mapping[str, int]) -> Iterator[str]:
    """Yield a sentence for each kind of which more than 5 % were dropped."""
    for kind, (number, total) in loud_losses(read, lost).items():
        share = f"{100 * number / total:.0f} %"
        dropped = f"{number:,} of {number_of(total, kind)} ({share}) {'was' if number == 1 else 'were'} dropped"
        yield f"Warning: {dropped}, see above. Are these the right files?"


def _end(place: str, width: int) -> str:
    """Return the end of a place, from a part of its path on where that fits."""
    if len(place) <= width:
        return place
    cut = place[1 - width :]
    slash = cut.find("/")
    return f"…{cut[slash:]}" if 0 <= slash < width // 2 else f"…{cut}"
