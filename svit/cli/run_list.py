"""`svit runs`: what runs there are below a folder, and how each of them stands."""

import shutil
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from svit.cli import messages
from svit.cli.json_option import JsonOption
from svit.errors import SvitError
from svit.quantities import number_of

if TYPE_CHECKING:
    from svit.run.run_overview import RunOverview

_HEADS = ("run", "state", "tasks", "images", "samples", "rejected", "cost", "ago")


def runs(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="Where to look; runs/ by default, or else here.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the runs in a folder and below: state, images, samples, cost, and how long ago each changed; newest first.

    It only reads, and takes little time also where runs are large or go on.
    """
    import msgspec

    from svit.run.run_overview import runs_below

    root = folder or (Path("runs") if Path("runs").is_dir() else Path())
    if not root.is_dir():
        raise SvitError(f"{root}: there is no such folder. Name the one that runs are in.")
    found = runs_below(root, messages.say)
    if as_json:
        messages.show(msgspec.json.encode(found).decode())
    elif found:
        messages.show(_text(found, time.time()))
    else:
        messages.say(
            f"There is no run {f'in {root}' if folder else 'here'}. The first one: svit generate --task referring"
        )


def _text(found: "Sequence[RunOverview]", now: float) -> str:
    faults = [f"{run.run}: {run.fault}" for run in found if run.fault]
    return "\n".join([_table([_row(run, now) for run in found]), "", _total(found), *faults])


def _row(run: "RunOverview", now: float) -> tuple[str, ...]:
    ago = run.changed and messages.span(max(0.0, now - datetime.fromisoformat(run.changed).timestamp()))
    if run.state == "damaged":
        return (run.run, run.state, "", "", "", "", "", ago or "")
    figures = (len(run.tasks), run.images, run.samples, run.rejected)
    return (run.run, run.state, *(f"{each:,}" for each in figures), _money(run.dollars), ago or "")


def _money(dollars: float | None) -> str:
    from svit.cost.prices import NANO
    from svit.cost.prices import dollars as in_words

    return "?" if dollars is None else in_words(round(dollars * NANO))


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    """Return the rows under their heads; a run whose name would not fit beside its figures has a line for it alone."""
    widths = [max(map(len, column)) for column in zip(_HEADS, *rows, strict=True)]
    room = max(len(_HEADS[0]), _columns() - sum(widths[1:]) - 2 * (len(widths) - 1))
    widths[0] = max(len(name) for name, *_ in (_HEADS, *rows) if len(name) <= room)
    lines = []
    for name, state, *others in (_HEADS, *rows):
        if len(name) > room:
            lines.append(name)
            name = ""
        right = map(str.rjust, others, widths[2:])
        lines.append("  ".join([name.ljust(widths[0]), state.ljust(widths[1]), *right]).rstrip())
    return "\n".join(lines)


def _columns() -> int:
    """Return how many columns there are: the terminal's, or COLUMNS; otherwise a file has as many as one likes."""
    return shutil.get_terminal_size((10_000, 24)).columns


def _total(found: "Sequence[RunOverview]") -> str:
    from svit.cost.prices import NANO, dollars

    states = Counter(run.state for run in found)
    words = ", ".join(f"{count:,} {state}" for state, count in states.items())
    cost = dollars(round(NANO * sum(run.dollars or 0 for run in found)))
    return f"{number_of(len(found), 'run')} ({words}), {cost} in all."
