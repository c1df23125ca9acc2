"""`svit import`: instruction data of others as lines of our own, to be checked, mixed and exported again."""

import json
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from svit.cli import messages
from svit.cli.check import refuse_existing, watched
from svit.cli.command_arguments import parameter_per_field
from svit.cli.json_option import JsonOption
from svit.cli.next_steps import command_line, say_next
from svit.cli.task_option import one_task_name, task_option
from svit.errors import SvitError
from svit.quantities import number_of
from svit.spelling import unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from svit.datasets.importer import ImportCounts, Shape

_FRAMES = ("image", "padded-square")


@dataclass(frozen=True)
class ImportArguments:
    """The file and the options of `svit import`, a field each."""

    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Data of the named format: JSON array or JSONL, also .gz.")
    ]
    shape: Annotated[str, typer.Option("--format", metavar="FORMAT", help="svit: as SVIT was published; or llava-1.5.")]
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="New JSONL file, also .gz; - for stdout.")
    ]
    contexts: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Contexts made by 'svit contexts build': they know the images' sizes."),
    ] = None
    task: Annotated[
        list[str] | None, task_option("Task of records that name none, by their shape otherwise; just one.")
    ] = None
    box_frame: Annotated[
        str | None,
        typer.Option(
            metavar="FRAME",
            help="Boxes are shares of the image, or of the padded-square. Default: of the square in llava-1.5.",
            show_default=False,
        ),
    ] = None
    images: Annotated[Path | None, typer.Option(metavar="DIR", help="The pictures: they know their sizes.")] = None
    as_json: JsonOption = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False


@parameter_per_field
def import_(given: ImportArguments) -> None:
    """Turn data in SVIT's or LLaVA's form into lines of our own, which can be checked, mixed and exported.

    Their provenance says model 'unknown', source 'imported:FORMAT'. Width and height are those of --contexts, or of the
    record, or else 0: svit check reads such a record, svit export leaves it out. What is left out here is counted and
    said; the exit code is 0 all the same.
    """
    from svit.datasets.importer import ImportCounts, shape_named

    chosen, frame, output = shape_named(given.shape), given.box_frame, given.output
    if frame not in (None, *_FRAMES):
        raise SvitError(unknown("box frame", str(frame), _FRAMES))
    padded = frame == "padded-square" if frame else chosen == "llava-1.5"
    to_stdout = output == Path("-")
    if to_stdout and given.as_json:
        raise SvitError("--json: the lines go to stdout already: name a file with -o.")
    if not to_stdout:
        refuse_existing(output, given.file, option="-o")
    intake = ImportCounts()
    _write_lines(given, intake, chosen, padded=padded)
    if given.as_json:
        messages.show(json.dumps(_figures(intake, output)))
    elif not given.quiet:
        messages.say(_text(intake, given.file, given.contexts))
        if not to_stdout:
            messages.say(f"They are in {output}.")
            say_next(
                [
                    (command_line("check", output), "their flaws, by code"),
                    (command_line("export", output, "-f", "llava-next", "-o", "train.jsonl"), "for a trainer"),
                ]
            )


def _write_lines(given: ImportArguments, intake: "ImportCounts", shape: "Shape", *, padded: bool) -> None:
    """Write the records of the file as lines of ours, and count them in `intake`."""
    from svit.contexts.store import ContextStore
    from svit.datasets.audit import write_records
    from svit.datasets.importer import imported
    from svit.datasets.record_files import DataFile

    with ExitStack() as opened:
        find = opened.enter_context(ContextStore(given.contexts)).find if given.contexts else None
        data = opened.enter_context(DataFile(given.file))
        lines = imported(
            watched(data, quiet=given.quiet),
            intake,
            shape,
            find=find,
            size=_sizes(given.images) if given.images else None,
            task=one_task_name(given.task),
            padded=padded,
        )
        if given.output == Path("-"):
            sys.stdout.buffer.writelines(lines)
        else:
            write_records(given.output, lines, as_array=False)


def _sizes(folder: Path) -> "Callable[[str], tuple[int, int] | None]":
    """Return what tells the size of a picture in the folder, None for one that is not there."""
    from svit.image_files.image_folder import PictureFolder
    from svit.image_files.image_size import picture_size

    pictures = PictureFolder(folder)

    def size(image: str) -> tuple[int, int] | None:
        path = pictures.find(image)
        return picture_size(path) if path else None

    return size


def _figures(intake: "ImportCounts", output: Path) -> dict[str, object]:
    """Return for machines what `_text` says."""
    return {
        "file": str(output),
        "records": intake.records,
        "pairs": intake.pairs,
        "tasks": dict(intake.tasks.most_common()),
        "left_out": {why: reason.records for why, reason in intake.left_out.items()},
        "unanswered": intake.unanswered,
        "without_size": intake.without_size,
        "without_image": intake.without_image,
        "stray_boxes": intake.stray_boxes,
    }


def _text(intake: "ImportCounts", file: Path, contexts: Path | None) -> str:
    tasks = ", ".join(f"{count:,} {task}" for task, count in intake.tasks.most_common())
    lines = [f"{file}: {number_of(intake.records, 'record')} of {number_of(intake.pairs, 'pair')} imported: {tasks}."]
    if intake.left_out:
        lines.append(f"{number_of(sum(reason.records for reason in intake.left_out.values()), 'record')} left out:")
        for why, reason in sorted(intake.left_out.items(), key=lambda item: -item[1].records):
            others = f" (and {number_of(reason.records - 1, 'other')})" if reason.records > 1 else ""
            lines.append(f"  {reason.first} {why}{others}")
    if intake.unanswered:
        lines.append(f"{number_of(intake.unanswered, 'record')} without the last question, which has no answer.")
    if intake.without_size:
        words = f"{contexts} does not have these images" if contexts else "give --contexts or --images"
        lines.append(
            f"{number_of(intake.without_size, 'record')} with width and height 0, as nothing tells the size ({words}). "
            "svit export leaves them out."
        )
    if intake.without_image:
        records = number_of(intake.without_image, "record")
        lines.append(f"{records} without the name of an image file: --contexts knows it.")
    if intake.stray_boxes:
        lines.append(
            f"{number_of(intake.stray_boxes, 'record')} with what may be a box, in another form than "
            "[0.1, 0.2, 0.3, 0.4]: it stays as it is."
        )
    return "\n".join(lines)
