"""`svit report`: a run as one page of HTML."""

from pathlib import Path
from typing import Annotated

import typer

from svit.cli import messages


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Where the page goes; RUN/report.html by default."),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder of the photographs, to show them with their boxes."),
    ] = None,
) -> int:
    """Write one HTML page about a run: yield, cost, flaws, lengths, grounding, variety, samples with their boxes.

    The page is one file, needs no network and holds no script. The run is only read, and may go on meanwhile.
    Exits with 2 when no photograph is in the folder of --images.
    """
    from svit.errors import SvitError
    from svit.report.page import page
    from svit.report.photograph_shelf import PhotographShelf
    from svit.report.report_data import gathered
    from svit.run.folder import RunFolder
    from svit.run.shards import publish

    if images is not None and not images.is_dir():
        raise SvitError(f"{images} is no folder. Name the one with the photographs that the records name.")
    folder = RunFolder(run)
    target = output or folder.path / "report.html"
    found = gathered(folder, watch=lambda chunks, total: messages.watched(chunks, total, "shard", quiet=False))
    shelf = PhotographShelf(images)
    publish(target, [page(found, shelf).encode()])
    messages.say(f"The report is in {target}.")
    if missing := shelf.missing:
        none = len(missing) == shelf.wanted
        count = f"none of the {shelf.wanted:,} is" if none else f"{len(missing):,} of the {shelf.wanted:,} are not"
        messages.say(
            f"Photographs that the samples name: {count} in {images}. Name the folder that '{missing[0]}' is in."
        )
        return 2 if none else 0
    return 0
