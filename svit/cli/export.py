"""`svit export`: samples as the records that a trainer reads."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from svit.cli import messages
from svit.cli.completion import matching_formats
from svit.cli.json_option import JsonOption
from svit.cli.task_option import task_names, task_option
from svit.cli.unfinished_output import removed_when_failed
from svit.errors import SvitError
from svit.quantities import number_of
from svit.spelling import did_you_mean
from svit.system.path_address import in_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from svit.exports.base import Format, Style
    from svit.exports.exporter import Export, ExportResult
    from svit.exports.record_lengths import LengthLimit
    from svit.exports.record_pictures import FolderOfPictures
    from svit.image_files.image_frames import Resize

_NOT_OF_THE_FILES = ("push_to_hub", "public", "as_json", "quiet")
"""Options on which no file of an export depends."""
_FILES = (".json", ".jsonl", ".zst", ".parquet")


def export(
    context: typer.Context,
    sources: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="Run folders, or JSONL files of ours; one or more.")
    ],
    to: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            metavar="FORMAT",
            help="Whose; 'svit formats' lists them.",
            autocompletion=matching_formats,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE|DIR", help="A file, a folder, or - for stdout.")
    ],
    task: Annotated[list[str] | None, task_option("Only these tasks.")] = None,
    split: Annotated[
        str, typer.Option(metavar="SHARES", help="Split by image: train=0.9,test=0.1. Needs a folder.")
    ] = "train",
    image_ids: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Only these images: ids or paths, in lines or as JSON.")
    ] = None,
    exclude_ids: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Leave out these images: ids or paths, in lines or as JSON.")
    ] = None,
    merge_per_image: Annotated[
        bool, typer.Option("--merge-per-image", help="All that is asked about an image in one conversation.")
    ] = False,
    max_turns: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most N questions a record; more make several.")
    ] = None,
    max_tokens: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Tokens of a record at most, its picture among them. Default: the trainer's own."
        ),
    ] = None,
    on_long: Annotated[
        str | None,
        typer.Option(
            metavar="HOW",
            help="Longer records: split into several, cut-turns at the end, drop, or keep. Default: keep, and warn; "
            "split with --max-tokens.",
            show_default=False,
        ),
    ] = None,
    tokenizer: Annotated[
        str | None,
        typer.Option(metavar="PATH|NAME", help="Count by this tokenizer.json, not by an estimate; none is downloaded."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="At most N records of each split.")] = None,
    shuffle: Annotated[bool, typer.Option("--shuffle", help="In random order.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of what is drawn.")] = 0,
    boxes: Annotated[
        str,
        typer.Option(
            metavar="STYLE",
            help="Boxes as another model writes them: svit, qwen2-vl, qwen2.5-vl, qwen3-vl, gemini, internvl, "
            "minicpm-v, paligemma, florence-2, kosmos-2, molmo-points, or none. Default: as the format's own models "
            "do.",
            show_default=False,
        ),
    ] = "",
    box_frame: Annotated[
        str | None,
        typer.Option(
            metavar="FRAME",
            help="Shares are of the image, or of the padded-square around it. Default: as the format's trainer pads.",
            show_default=False,
        ),
    ] = None,
    min_pixels: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Qwen2.5-VL's boxes: pixels of the smallest picture.")
    ] = None,
    max_pixels: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Qwen2.5-VL's boxes: pixels of the largest picture.")
    ] = None,
    resize_factor: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Qwen2.5-VL's boxes: what sides are multiples of.")
    ] = None,
    requests: Annotated[
        bool, typer.Option("--requests/--no-requests", help="Ask for boxes where an answer has some.")
    ] = True,
    image_root: Annotated[str, typer.Option(metavar="PATH", help="Put this before each image's path.")] = "",
    image_layout: Annotated[
        str, typer.Option(metavar="LAYOUT", help="Image paths as-is (vg/VG_100K/2.jpg), folder or flat (2.jpg).")
    ] = "as-is",
    name: Annotated[str, typer.Option(metavar="NAME", help="The data's name where a trainer wants one.")] = "svit",
    images: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Put these pictures into parquet files, archives and openai's records."),
    ] = None,
    zstd: Annotated[bool, typer.Option("--zstd", help="Pack the files of a folder by zstd.")] = False,
    push_to_hub: Annotated[
        str | None, typer.Option(metavar="OWNER/NAME", help="Upload the folder as a data set, private.")
    ] = None,
    public: Annotated[bool, typer.Option("--public", help="Push a data set that everybody sees.")] = False,
    as_json: JsonOption = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> None:
    """Write samples as the records that a trainer reads, with its own boxes and image marks."""
    from svit.datasets.box_requests import our_requests
    from svit.exports.exporter import LAYOUTS, Export
    from svit.exports.formats import format_named
    from svit.exports.hub_upload import client
    from svit.exports.image_ids import read_image_ids
    from svit.exports.pending_pushes import note
    from svit.exports.samples import SampleReader
    from svit.exports.selection import Choice, splits_of
    from svit.tasks import TASKS

    found = format_named(to)
    padded = None if box_frame is None else _one_of("--box-frame", box_frame, ("image", "padded-square")) == 1
    layout = LAYOUTS[_one_of("--image-layout", image_layout, LAYOUTS)]
    names = task_names(task)
    tasks = frozenset(names) if 0 < len(names) < len(TASKS) else None
    splits = splits_of(split)
    name, image_root = _in_utf8("--name", name), _in_utf8("--image-root", image_root)
    style = found.style(
        boxes=boxes,
        padded=padded,
        resize=_resize(found.resize, min_pixels, max_pixels, resize_factor),
        dataset=name,
        images=image_root,
        folder="" if push_to_hub else str(output.absolute()),
        here="" if push_to_hub or Path(image_root).is_absolute() else str(Path.cwd()),
    )
    choice = Choice(
        splits=splits,
        excluded=read_image_ids("--exclude-ids", exclude_ids) if exclude_ids else None,
        only=read_image_ids("--image-ids", image_ids) if image_ids else None,
        merged=merge_per_image,
        max_turns=max_turns,
        limit=limit,
        shuffled=shuffle,
        seed=seed,
        requests=our_requests() if requests and style.boxes.has_boxes else (),
    )
    if images and not found.can_hold_pictures:
        raise SvitError(f"--images: the records of {to} name their pictures and do not hold them.")
    work = Export(
        SampleReader(sources, tasks, beyond=_beyond),
        choice,
        found,
        style,
        image_root,
        layout,
        lengths=_lengths(found, style, max_tokens, on_long, tokenizer),
        pictures=_pictures(images, found, style) if images else None,
        command=("svit", *map(_last_part, sys.argv[1:])),
    )
    if str(output) == "-":
        _to_stdout(work, packed=zstd, as_json=as_json, quiet=quiet)
        return
    if push_to_hub:
        if output.suffix in _FILES:
            raise SvitError("--push-to-hub: a data set is a folder: -o DIR.")
        client(push_to_hub)
        if _is_pushed_again(context, output, push_to_hub, public=public):
            return
    written = _to_files(work, output, packed=zstd)
    if as_json:
        messages.show(json.dumps(_figures(work, written, output)))
    elif not quiet:
        _say(work, written, output)
        _say_what_is_missing(written.left_out, work)
        _say_which_pictures(work, looked=images is not None)
    if push_to_hub:
        names = [*(file.name for file in written.files if file.records), *written.others]
        note(output, _what_makes_the_files(context), names)
        _push(output, names, push_to_hub, public=public, quiet=quiet)


def _is_pushed_again(context: typer.Context, folder: Path, repo: str, *, public: bool) -> bool:
    """Push the files of a folder which the same command made and could not push, and return whether there are such."""
    from svit.exports.pending_pushes import to_push_again

    again = to_push_again(folder, _what_makes_the_files(context))
    if again:
        as_json, quiet = context.params["as_json"], context.params["quiet"]
        if not quiet:
            messages.say(f"{folder} has the files of this command, whose push failed: they are pushed as they are.")
        _push(folder, again, repo, public=public, quiet=quiet, as_json=as_json)
    return bool(again)


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


def _what_makes_the_files(context: typer.Context) -> dict[str, str]:
    """Return what was given to the command, but for what says where the files are pushed and what is said."""
    return {key: str(value) for key, value in context.params.items() if key not in _NOT_OF_THE_FILES}


def _beyond(run: Path, tasks: "frozenset[str] | None") -> "Iterator[bytes]":
    """Yield what a run has settled and not published; where that cannot be read, say so and go by the files."""
    from svit.cli.unpublished_samples import unpublished_lines

    try:
        yield from unpublished_lines(run, tasks)
    except SvitError as error:
        messages.say(f"{run}: what is in its journal and in no file yet is not exported: {error}")


def _pictures(folder: Path, form: "Format", style: "Style") -> "FolderOfPictures":
    from svit.exports.record_pictures import FolderOfPictures

    return FolderOfPictures(folder, pixels=form.in_pixels or style.boxes.resized, embedding=form.embedding)


def _lengths(
    found: "Format", style: "Style", most: int | None, on_long: str | None, tokenizer: str | None
) -> "LengthLimit | None":
    """Return what counts and shortens records; None where neither the trainer nor a person has a limit."""
    from svit.exports.context_windows import ANY
    from svit.exports.record_lengths import ON_LONG, LengthLimit, counter_named, estimate

    how = ON_LONG[_one_of("--on-long", on_long or ("split" if most else "keep"), ON_LONG)]
    window = found.window or ANY
    most = most or window.tokens
    if not most:
        if on_long or tokenizer:
            raise SvitError(f"{found.name}: how much its trainer reads is not known here: give --max-tokens N.")
        return None
    return LengthLimit(most, window, style, counter_named(tokenizer) if tokenizer else estimate(window), how)


def _resize(own: "Resize", min_pixels: int | None, max_pixels: int | None, factor: int | None) -> "Resize | None":
    """Return how a trainer resizes pictures where it is not as its own scripts do."""
    from dataclasses import replace

    if not (min_pixels or max_pixels or factor):
        return None
    least, most = own.before or (own.min_pixels, own.max_pixels)
    least, most = min_pixels or least, max_pixels or most
    if least > most:
        raise SvitError(f"--min-pixels is {least} and --max-pixels {most}.")
    changed = replace(own, factor=factor or own.factor)
    if own.before:  # what the trainer's own options say, and not the processor's
        return replace(changed, before=(least, most))
    return replace(changed, min_pixels=least, max_pixels=most)


def _to_stdout(work: "Export", *, packed: bool, as_json: bool, quiet: bool) -> None:
    _refuse_several_splits(work)
    if packed:
        raise SvitError("--zstd packs the files of a folder: -o DIR.")
    if as_json:
        raise SvitError("--json: the records go to stdout already: name a file or folder with -o.")
    left_out = work.to_stdout(messages.record)
    work.choice.told()
    if not quiet:
        _say_what_is_missing(left_out, work)
        _say_which_pictures(work, looked=work.pictures is not None)


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


def _last_part(word: str) -> str:
    """Return a word of the command as a card may tell it: where files lie on a machine is left out."""
    return Path(word).name if "/" in word and (word.startswith("/") or Path(word).exists()) else word


def _one_of(option: str, given: str, names: "Sequence[str]") -> int:
    """Return the place of what was given among these names."""
    if given not in names:
        raise SvitError(f"{option}: '{given}' is none of {', '.join(names)}.{did_you_mean(given, names)}")
    return names.index(given)


def _figures(work: "Export", written: "ExportResult", output: Path) -> dict[str, object]:
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


def _in_utf8(option: str, given: str) -> str:
    """Return a word of the command as records can hold it. Raises SvitError where its bytes are no UTF-8."""
    words = in_utf8(given)
    if words is None:
        raise SvitError(f"{option}: '{given}' is not UTF-8, as the text of records must be. Rename it, or link to it.")
    return words


def _say(work: "Export", written: "ExportResult", output: Path) -> None:
    from svit.exports.exporter import CARD

    if not any(file.records for file in written.files):
        messages.say("Nothing was exported: there is no sample of these tasks.")
        return
    for file in written.files:
        where = output if output.is_file() else output / file.name
        messages.say(f"{where}: {number_of(file.records, 'record')}, {work.format.name}")
    if CARD in written.others:
        messages.say(f"What they are, where they are from and how to load them: {output / CARD}")


def _say_which_pictures(work: "Export", *, looked: bool) -> None:
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


def _say_what_is_missing(left_out: "Mapping[str, int]", work: "Export") -> None:
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
