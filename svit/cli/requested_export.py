"""The export that the options of `svit export` ask for, each of them looked at before a sample is read."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from svit.cli import messages
from svit.cli.export_arguments import ExportArguments
from svit.cli.task_option import task_names
from svit.errors import SvitError
from svit.spelling import did_you_mean
from svit.system.path_address import in_utf8

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from svit.exports.base import Format, Style
    from svit.exports.exporter import Export
    from svit.exports.record_lengths import LengthLimit
    from svit.exports.record_pictures import FolderOfPictures
    from svit.exports.selection import Choice
    from svit.image_files.image_frames import Resize


def requested_export(given: ExportArguments) -> "Export":
    """Return the export that is asked for. Raises SvitError for options that are wrong, or do not go together."""
    from svit.exports.exporter import LAYOUTS, Export
    from svit.exports.formats import format_named
    from svit.exports.samples import SampleReader
    from svit.exports.selection import splits_of

    found = format_named(given.to)
    frame, frames = given.box_frame, ("image", "padded-square")
    padded = None if frame is None else _one_of("--box-frame", frame, frames) == 1
    layout = LAYOUTS[_one_of("--image-layout", given.image_layout, LAYOUTS)]
    tasks = _tasks(given)
    splits = splits_of(given.split)
    name, image_root = _in_utf8("--name", given.name), _in_utf8("--image-root", given.image_root)
    style = _style(given, found, padded, name, image_root)
    choice = _choice(given, splits, style)
    if given.images and not found.can_hold_pictures:
        raise SvitError(f"--images: the records of {given.to} name their pictures and do not hold them.")
    return Export(
        SampleReader(given.sources, tasks, beyond=_beyond),
        choice,
        found,
        style,
        image_root,
        layout,
        lengths=_lengths(found, style, given.max_tokens, given.on_long, given.tokenizer),
        pictures=_pictures(given.images, found, style) if given.images else None,
        command=("svit", *map(_last_part, sys.argv[1:])),
    )


def _tasks(given: ExportArguments) -> frozenset[str] | None:
    """Return the tasks that are wanted, None for all."""
    from svit.tasks import TASKS

    names = task_names(given.task)
    return frozenset(names) if 0 < len(names) < len(TASKS) else None


def _style(given: ExportArguments, found: "Format", padded: bool | None, name: str, image_root: str) -> "Style":
    """Return how boxes and images are written, for records called `name` whose images are in `image_root`."""
    return found.style(
        boxes=given.boxes,
        padded=padded,
        resize=_resize(found.resize, given.min_pixels, given.max_pixels, given.resize_factor),
        dataset=name,
        images=image_root,
        folder="" if given.push_to_hub else str(given.output.absolute()),
        here="" if given.push_to_hub or Path(image_root).is_absolute() else str(Path.cwd()),
    )


def _choice(given: ExportArguments, splits: Mapping[str, float], style: "Style") -> "Choice":
    """Return which samples go out, in what order, and how many to a record."""
    from svit.datasets.box_requests import our_requests
    from svit.exports.image_ids import read_image_ids
    from svit.exports.selection import Choice

    return Choice(
        splits=splits,
        excluded=read_image_ids("--exclude-ids", given.exclude_ids) if given.exclude_ids else None,
        only=read_image_ids("--image-ids", given.image_ids) if given.image_ids else None,
        merged=given.merge_per_image,
        max_turns=given.max_turns,
        limit=given.limit,
        shuffled=given.shuffle,
        seed=given.seed,
        requests=our_requests() if given.requests and style.boxes.has_boxes else (),
    )


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


def _one_of(option: str, given: str, names: "Sequence[str]") -> int:
    """Return the place of what was given among these names."""
    if given not in names:
        raise SvitError(f"{option}: '{given}' is none of {', '.join(names)}.{did_you_mean(given, names)}")
    return names.index(given)


def _in_utf8(option: str, given: str) -> str:
    """Return a word of the command as records can hold it. Raises SvitError where its bytes are no UTF-8."""
    words = in_utf8(given)
    if words is None:
        raise SvitError(f"{option}: '{given}' is not UTF-8, as the text of records must be. Rename it, or link to it.")
    return words


def _last_part(word: str) -> str:
    """Return a word of the command as a card may tell it: where files lie on a machine is left out."""
    return Path(word).name if "/" in word and (word.startswith("/") or Path(word).exists()) else word
