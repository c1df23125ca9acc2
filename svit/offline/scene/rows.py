"""Names by row and place: "the second bottle from the left", "the third coin in the top row"."""

from collections.abc import Sequence
from itertools import pairwise

from svit.offline.scene.things import Thing

MOST_ROWS = 4
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_APART = 0.02
"""Neighbors in a row have centers further apart than this, and don't cover each other's."""


def name_in_row(thing: Thing, group: Sequence[Thing], name: str) -> str | None:
    """Return the name of the thing by its place in clear rows; None where the group forms none."""
    rows = clear_rows(group)
    if not rows or (len(rows) > 1 and min(map(len, rows)) < 2):
        return None
    at = next(index for index, row in enumerate(rows) if thing in row)
    place = rows[at].index(thing)
    if place >= len(_ORDINALS):
        return None
    if len(rows) == 1:
        return f"the {_ORDINALS[place]} {name} from the left"
    row = "top" if at == 0 else "bottom" if at == len(rows) - 1 else _ORDINALS[at]
    return f"the {_ORDINALS[place]} {name} in the {row} row"


def clear_rows(group: Sequence[Thing]) -> list[list[Thing]]:
    """Return the group as rows from top to bottom, each from left to right; empty where that is not plain to see."""
    rows: list[list[Thing]] = []
    for thing in sorted(group, key=lambda item: item.box.center[1]):
        if rows and thing.box.center[1] < min(other.box.y2 for other in rows[-1]):
            rows[-1].append(thing)
        else:
            rows.append([thing])
    rows = [sorted(row, key=lambda item: item.box.center[0]) for row in rows]
    is_plain = len(rows) <= MOST_ROWS and len(group) > 2 and _below_each_other(rows) and all(map(_is_row, rows))
    return rows if is_plain else []


def _below_each_other(rows: Sequence[Sequence[Thing]]) -> bool:
    return all(
        max(thing.box.center[1] for thing in upper) < min(thing.box.y1 for thing in lower)
        for upper, lower in pairwise(rows)
    )


def _is_row(row: Sequence[Thing]) -> bool:
    """Whether the centers are all on one level, and each thing ends before its neighbor's center."""
    level = max(thing.box.y1 for thing in row), min(thing.box.y2 for thing in row)
    return all(level[0] <= thing.box.center[1] <= level[1] for thing in row) and all(
        one.box.x2 < other.box.center[0] - _APART and one.box.center[0] + _APART < other.box.x1
        for one, other in pairwise(row)
    )
