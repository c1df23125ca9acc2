"""Whatever an endpoint says: no crash, no hang, no money that it did not bill, and an exit code as documented."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from .rows import End, Row
from .table import ROWS
from .trials import all_of

PARTS = 3
"""The rows are tried in so many tests, each a share of them at once, so that workers can divide them up.

Half of them are tried among good ones too; `python -m hostile` tries all.
"""


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("mixed", [False, True], ids=["alone", "among good ones"])
def test_a_hostile_reply_costs_no_more_than_its_image(part: int, mixed: bool, tmp_path: Path) -> None:
    rows = [row for row in ROWS if row.is_for_tuning or not mixed][part::PARTS]
    found = asyncio.run(all_of(rows, mixed=mixed, folder=tmp_path))
    told = dict.fromkeys(f"{fault.kind}: {fault.words}" for faults in found.values() for fault in faults)
    assert not told, "\n".join(told)


def test_there_are_enough_rows_and_each_has_a_name_of_its_own() -> None:
    assert len(ROWS) >= 150
    assert Counter(row.name for row in ROWS).most_common(1)[0][1] == 1
    ends = Counter(row.end for row in ROWS)
    assert min(ends[end] for end in End) >= 10


def test_halves_are_about_equal() -> None:
    assert 0.4 < sum(map(_tuned, ROWS)) / len(ROWS) < 0.6


def _tuned(row: Row) -> bool:
    return row.is_for_tuning
