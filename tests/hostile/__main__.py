"""Try all rows and print how each half fares: PYTHONPATH=tests python -m hostile [alone|mixed] [--tuning FILE]."""

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from .rows import Row
from .table import ROWS
from .trials import Fault, all_of


def _main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("how", nargs="?", choices=("alone", "mixed"))
    parser.add_argument("--only", default="", help="rows with this in their name")
    parser.add_argument("--tuning", type=Path, help="write the faults of the tuning half here")
    parser.add_argument("--held", type=Path, help="write the faults of the other half here")
    parser.add_argument("--half", choices=("tuning", "other"), help="rows of this half only")
    asked = parser.parse_args()
    rows = [row for row in ROWS if asked.only in row.name and asked.half in (None, _half(row))]
    tuning: list[str] = []
    held: list[str] = []
    for how in ("alone", "mixed") if asked.how is None else (asked.how,):
        began = time.monotonic()
        found = asyncio.run(all_of(rows, mixed=how == "mixed"))
        sys.stdout.write(f"{how}: {len(rows)} rows in {time.monotonic() - began:.0f} s\n")
        tuning += _told(f"{how}, tuning half", [row for row in rows if row.is_for_tuning], found)
        held += _told(f"{how}, other half", [row for row in rows if not row.is_for_tuning], found)
    for file, lines in ((asked.tuning, tuning), (asked.held, held)):
        if file:
            file.write_text("".join(f"- {line}\n" for line in lines))


def _half(row: Row) -> str:
    return "tuning" if row.is_for_tuning else "other"


def _told(title: str, rows: Sequence[Row], found: Mapping[str, Sequence[Fault]]) -> list[str]:
    right = sum(not found[row.name] for row in rows)
    kinds = Counter(kind for row in rows for kind in {fault.kind for fault in found[row.name]})
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    sys.stdout.write(f"  {title}: {right} of {len(rows)} right ({right / max(1, len(rows)):.0%}). {told}\n")
    return list(dict.fromkeys(f"{fault.kind}: {fault.words}" for row in rows for fault in found[row.name]))


if __name__ == "__main__":
    _main()
