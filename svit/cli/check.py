"""`svit check`: what is wrong with instruction data that exists, whoever made it, and the part of it that is not."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from svit.cli import messages
from svit.cli.command_arguments import parameter_per_field
from svit.cli.json_option import JsonOption
from svit.cli.task_option import one_task_name, task_option
from svit.errors import SvitError
from svit.quantities import number_of

if TYPE_CHECKING:
    from svit.datasets.audit_report import AuditReport, Example, FixFigures
    from svit.datasets.data_folder import DataFolder
    from svit.datasets.record_files import DataFile, RecordBytes

_FORMS = {"own": "our own", "svit": "SVIT's", "llava": "LLaVA's", "chat": "a chat's"}


@dataclass(frozen=True)
class CheckArguments:
    """The file and the options of `svit check`, a field each."""

    file: Annotated[
        Path,
        typer.Argument(metavar="FILE|FOLDER", help="A run, an export, or data: JSON or JSONL, also .gz."),
    ]
    contexts: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Contexts made by 'svit contexts build': judge against them too. Default: the run's own.",
        ),
    ] = None
    task: Annotated[
        list[str] | None, task_option("Task of records that name none, by their shape otherwise; just one.")
    ] = None
    fix: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Write what is left, cleaned, in the same form to this new file.")
    ] = None
    examples: Annotated[int, typer.Option(min=0, metavar="N", help="Worst examples of each flaw.")] = 3
    as_json: JsonOption = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")] = False


@parameter_per_field
def check(given: CheckArguments) -> None:
    """Judge data that exists: flaws by code and task, rates, the worst examples; --fix writes what is left.

    Exits with 0 when the file was read to its end, whatever was found in it.
    """
    import msgspec

    from svit.datasets.audit import audit

    if given.fix:
        refuse_existing(given.fix, given.file, option="--fix")
    found = audit(
        given.file,
        contexts=given.contexts,
        task=one_task_name(given.task),
        fix=given.fix,
        examples=given.examples,
        watch=partial(watched, quiet=given.quiet),
    )
    messages.show(msgspec.json.encode(found).decode() if given.as_json else _text(found))


def refuse_existing(out: Path, file: Path, *, option: str) -> None:
    """Raise SvitError when there is something at `out`: the input, or what somebody may want to keep."""
    if out.exists() and file.exists() and out.samefile(file):
        raise SvitError(f"{out} is the file that is read: give {option} another name.")
    if out.exists() or out.is_symlink():
        raise SvitError(f"{out} is there already: give {option} another name, or remove it.")


def watched(data: "DataFile | DataFolder", *, quiet: bool) -> Iterator["RecordBytes"]:
    """Yield the records, with a bar of the bytes that were read where one can be seen and a file has a size."""
    if quiet or not sys.stderr.isatty() or not data.path.is_file():
        yield from data
        return
    from tqdm import tqdm

    with tqdm(total=data.size, unit="B", unit_scale=True, dynamic_ncols=True, leave=False) as bar:
        for piece in data:
            yield piece
            bar.update(data.position - bar.n)


def _text(found: "AuditReport") -> str:
    forms = " and ".join(f"{_FORMS[form]} form" for form in found.forms)
    blocks = [
        f"{found.file}: {number_of(found.records, 'record')} of {number_of(found.pairs, 'pair')}, in {forms}.",
        *_notes(found),
    ]
    rows = [(each.task, each.records, each.pairs, each.flawed, f"{each.per_100_records:.2f}") for each in found.tasks]
    blocks.append(messages.figures([("task", "records", "pairs", "flawed", "of 100"), *rows]))
    flaws = [(each.task, flaw) for each in found.tasks for flaw in each.flaws]
    if flaws:
        counts = [
            (task, flaw.severity, flaw.code, flaw.records, f"{flaw.per_100_records:6.2f}", flaw.flaws)
            for task, flaw in flaws
        ]
        blocks.append(messages.table([("task", "severity", "flaw", "records", "of 100", "flaws"), *counts], indent=""))
    for task, flaw in flaws:
        if flaw.examples:
            lines = (f"  {each.place}{_image(each)}: {' '.join(each.words.split())}" for each in flaw.examples)
            blocks.append("\n".join([f"{flaw.code} ({task}):", *lines]))
    if found.fix:
        blocks.append(_fixed(found.fix, found.records))
    return "\n\n".join(blocks)


def _image(example: "Example") -> str:
    return "" if example.image_id == "" else f", image {example.image_id}"


def _notes(found: "AuditReport") -> list[str]:
    """Return what one must know to read the figures: what could not be read, and what it was compared with."""
    notes = []
    if found.damaged:
        lines = [f"damaged records: {found.damaged:,}, in no figure below"]
        lines += [f"  {each.place} {each.what}" for each in found.damage]
        notes.append("\n".join([*lines, *(["  ..."] if found.damaged > len(found.damage) else [])]))
    if found.contexts is None:
        notes.append("Judged by the text alone: with --contexts boxes and names are compared with the annotations too.")
    else:
        known, others = found.contexts.with_context, found.contexts.without_context
        words = f"{number_of(known, 'record has', 'records have')} a context in {found.contexts.file}"
        notes.append(f"{words}; {others:,} have none, and were judged by their text alone." if others else f"{words}.")
        if found.contexts.padded:
            notes.append(f"The boxes of {found.contexts.padded:,} are those of the image padded to a square.")
    return notes


def _fixed(fix: "FixFigures", records: int) -> str:
    kept = f"{fix.kept:,} of {number_of(records, 'record')} kept, {fix.changed:,} of them changed"
    lines = [f"{fix.file}: {kept}; {number_of(fix.pairs, 'pair')}."]
    if not fix.kept:
        lines = [f"No record of {records:,} could be kept."]
    if fix.left_out:
        lines += [
            "Pairs and conversations left out of records that were kept, by first flaw:",
            messages.counted(fix.left_out),
        ]
    if fix.dropped:
        lines += ["Records dropped, by first flaw:", messages.counted(fix.dropped)]
    return "\n".join(lines)
