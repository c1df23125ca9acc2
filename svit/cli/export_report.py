"""What `svit export` says of the files that it wrote: to people, and as JSON."""

from pathlib import Path
from typing import TYPE_CHECKING

from svit.cli import messages
from svit.quantities import number_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from svit.exports.exporter import Export, ExportResult


def export_figures(work: "Export", written: "ExportResult", output: Path) -> dict[str, object]:
    """Return for machines what was written and what was left out."""
    return {
        "format": work.format.name,
        "output": str(output),
        "files": [{"file": file.name, "records": file.records} for file in written.files],
        "others": list(written.others),
        "left_out": dict(written.left_out),
        "long": work.lengths
        and {"tokens": work.lengths.most, "records": work.lengths.long, "longest": work.lengths.longest},
        "image_ids": {
            ids.option: {"named": len(set(ids.names.values())), "matched": len(ids.matched)}
            for ids in (work.choice.only, work.choice.excluded)
            if ids
        },
    }


def say_files(work: "Export", written: "ExportResult", output: Path) -> None:
    """Say how many records went into each file, and where the card is."""
    from svit.exports.exporter import CARD

    if not any(file.records for file in written.files):
        messages.say("Nothing was exported: there is no sample of these tasks.")
        return
    for file in written.files:
        where = output if output.is_file() else output / file.name
        messages.say(f"{where}: {number_of(file.records, 'record')}, {work.format.name}")
    if CARD in written.others:
        messages.say(f"What they are, where they are from and how to load them: {output / CARD}")


def say_which_pictures(work: "Export", *, looked: bool) -> None:
    """Name the first pictures that were left out or have another size, and say how closely they were looked at."""
    from svit.image_files.image_folder import can_decode

    if warning := work.format.warns(work.style, looked):
        messages.say(warning)
    for why, images in work.faulty.places.items():
        messages.say(f"  {why}, the first: {', '.join(dict.fromkeys(images))}")
    for why, many in work.odd.items():
        first = ", ".join(dict.fromkeys(work.odd.places[why]))
        messages.say(
            f"{number_of(many, 'record')} went out with a picture of another size, on which no box depends: {first}"
        )
    if not looked and work.format.container == "parquet":
        messages.say("No row has a picture to open: --images DIR puts them in.")
    if looked and not can_decode():
        messages.say(
            "Pillow is not installed: whether a picture is whole was seen by its end alone, and no size was compared: "
            "pip install 'svit[export]'"
        )


def say_what_is_missing(left_out: "Mapping[str, int]", work: "Export") -> None:
    """Say what was left out, and how many samples of runs that are not finished were in no file yet."""
    for words in work.choice.told():
        messages.say(words)
    if left_out:
        messages.say("Left out, as no trainer could use them:\n" + messages.counted(left_out))
    if work.lengths and (words := work.lengths.told()):
        messages.say(words)
    if many := work.reading.from_journal:
        messages.say(
            f"{number_of(many, 'sample')} came from the journal of a run that is not finished: they are in no shard "
            "yet. An export at its end has all."
        )
