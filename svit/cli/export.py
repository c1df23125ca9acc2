"""`svit export`: samples as the records that a trainer reads."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from svit.cli import messages
from svit.cli.command_arguments import parameter_per_field
from svit.cli.export_arguments import ExportArguments
from svit.cli.export_report import export_figures, say_files, say_what_is_missing, say_which_pictures
from svit.cli.json_option import JsonOption
from svit.cli.requested_export import requested_export
from svit.cli.unfinished_output import removed_when_failed
from svit.errors import SvitError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svit.exports.exporter import Export, ExportResult

_NOT_OF_THE_FILES = ("push_to_hub", "public", "as_json", "quiet")
"""Options on which no file of an export depends."""
_FILES = (".json", ".jsonl", ".zst", ".parquet")


@parameter_per_field
def export(given: ExportArguments) -> None:
    """Write samples as the records that a trainer reads, with its own boxes and image marks."""
    work = requested_export(given)
    if str(given.output) == "-":
        _to_stdout(work, given)
    elif not given.push_to_hub:
        _write(work, given)
    else:
        _write_and_push(work, given, given.push_to_hub)


def _write(work: "Export", given: ExportArguments) -> "ExportResult":
    """Write the files, and say what is in them."""
    written = _to_files(work, given.output, packed=given.zstd)
    if given.as_json:
        messages.show(json.dumps(export_figures(work, written, given.output)))
    elif not given.quiet:
        say_files(work, written, given.output)
        say_what_is_missing(written.left_out, work)
        say_which_pictures(work, looked=given.images is not None)
    return written


def _write_and_push(work: "Export", given: ExportArguments, repo: str) -> None:
    """Write the files and push them; where they are there, and only their push failed, push them alone."""
    from svit.exports.hub_upload import client
    from svit.exports.pending_pushes import note, to_push_again

    folder = given.output
    if folder.suffix in _FILES:
        raise SvitError("--push-to-hub: a data set is a folder: -o DIR.")
    client(repo)
    command = _what_makes_the_files(given)
    if again := to_push_again(folder, command):
        if not given.quiet:
            messages.say(f"{folder} has the files of this command, whose push failed: they are pushed as they are.")
        _push(folder, again, repo, public=given.public, quiet=given.quiet, as_json=given.as_json)
        return
    written = _write(work, given)
    names = [*(file.name for file in written.files if file.records), *written.others]
    note(folder, command, names)
    _push(folder, names, repo, public=given.public, quiet=given.quiet)


def _push(folder: Path, names: "Sequence[str]", repo: str, *, public: bool, quiet: bool, as_json: bool = False) -> None:
    """Push the files of an export; where that fails the same command pushes them again."""
    from svit.exports.hub_upload import push
    from svit.exports.pending_pushes import pushed

    address = push(folder, names, repo, public=public)
    pushed(folder)
    if as_json:
        messages.show(json.dumps({"output": str(folder), "pushed": address, "pushed_again": list(names)}))
    if not quiet:
        messages.say(f"Pushed to {address}")


def _what_makes_the_files(given: ExportArguments) -> dict[str, str]:
    """Return what was given to the command, but for what says where the files are pushed and what is said."""
    return {key: str(value) for key, value in given.context.params.items() if key not in _NOT_OF_THE_FILES}


def _to_stdout(work: "Export", given: ExportArguments) -> None:
    _refuse_several_splits(work)
    if given.zstd:
        raise SvitError("--zstd packs the files of a folder: -o DIR.")
    if given.as_json:
        raise SvitError("--json: the records go to stdout already: name a file or folder with -o.")
    left_out = work.to_stdout(messages.record)
    work.choice.told()
    if not given.quiet:
        say_what_is_missing(left_out, work)
        say_which_pictures(work, looked=work.pictures is not None)


def _to_files(work: "Export", output: Path, *, packed: bool) -> "ExportResult":
    from svit.exports.exporter import refuse_what_is_there

    to_file = output.suffix in _FILES
    if to_file:
        _refuse_several_splits(work)
        if packed and output.suffix != ".zst":
            raise SvitError("--zstd packs the files of a folder. A single file is packed where its name ends in .zst.")
    refuse_what_is_there(output)
    with removed_when_failed(output):
        written = work.to_file(output) if to_file else work.to_folder(output, packed=packed)
        work.choice.told()
    return written


def _refuse_several_splits(work: "Export") -> None:
    if len(work.choice.splits) > 1:
        raise SvitError("--split: several splits need a folder: -o DIR.")


def formats(as_json: JsonOption = False) -> None:
    """List the formats, and what each does with boxes and image marks."""
    from svit.exports.formats import NAMES, format_named

    known = {name: format_named(name) for name in NAMES}
    if as_json:
        told = [
            {
                "format": name,
                "summary": found.summary,
                "boxes": found.box_words(),
                "marks": found.marks,
                "container": found.container,
            }
            for name, found in known.items()
        ]
        messages.show(json.dumps(told))
        return
    for name, found in known.items():
        lines = (f"{name}: {found.summary}.", f"  boxes: {found.box_words()}", f"  image: {found.marks}")
        messages.show("\n".join(messages.folded(line, indent="    ") for line in lines))
