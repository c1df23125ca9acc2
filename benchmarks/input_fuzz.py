"""One odd value at every place of real annotation files: what reading makes of it.

    SVIT_REAL=.../real python -m benchmarks.input_fuzz [--images N] [visual-genome | coco | jsonl | csv ...]

For each image a small folder is made of its own records and those of two others. In one file at a time, one value is
replaced by null, text, "12", 1.5, NaN, an object, a list, true, or its key is taken away: once at every place of the
schema, the instance drawn by a seed. Reading must end without an error, and what is missing of the contexts
afterwards must be in the counts. Prints trials and failures by source, with the first of each kind.

Own records and a table of boxes are made of the contexts of the same images, since they have no maker of their own.
"""

import argparse
import copy
import csv
import io
import json
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from svit.contexts.dropped_annotations import Dropped
from svit.contexts.fields.box_form import BoxForm
from svit.contexts.fields.field_map import FieldMap
from svit.contexts.sources.coco import Coco
from svit.contexts.sources.jsonl import own_jsonl
from svit.contexts.sources.own_records import OwnRecords
from svit.contexts.sources.own_tables import own_csv
from svit.contexts.sources.visual_genome import VisualGenome
from svit.records import ImageContext

ABSENT = object()
VALUES: Mapping[str, Any] = {
    "null": None,
    "text": "a few",
    "digits": "12",
    "float": 1.5,
    "NaN": float("nan"),
    "object": {"a": 1},
    "list": [1, "b"],
    "true": True,
    "absent": ABSENT,
}
_KINDS: Mapping[str, Callable[[ImageContext], int]] = {
    "image": lambda _: 1,
    "object": lambda context: len(context.objects),
    "attribute": lambda context: sum(len(thing.attributes) for thing in context.objects),
    "region": lambda context: len(context.regions),
    "relationship": lambda context: len(context.relationships),
    "caption": lambda context: len(context.captions),
}
Step = str | int
Files = dict[str, Any]
Source = VisualGenome | Coco | OwnRecords
Place = tuple[str, ...]


def _no_place(_: Place) -> bool:
    return False


class Piece(NamedTuple):
    """A few images as files: their contents, how these are read and written, and the places that are left alone."""

    files: Files
    source: Callable[[Path], Source]
    text: Callable[[Any], str] = json.dumps
    spared: Callable[[Place], bool] = _no_place


class Reading(NamedTuple):
    """What one reading gave: how much of each kind, and what was counted beside it."""

    kept: Counter[str]
    counted: Mapping[str, int]


def places(value: object, path: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[str, ...], tuple[Step, ...]]]:
    """Yield every value below this one: its place in the schema, and its path in the file."""
    if isinstance(value, dict):
        inner: Iterable[tuple[Step, object]] = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    else:
        inner = ()
    for step, below in inner:
        found = (*path, step)
        yield tuple("*" if isinstance(each, int) else each for each in found), found
        yield from places(below, found)


def value_at(value: Any, path: tuple[Step, ...]) -> object:
    """Return the value that lies there."""
    for step in path:
        value = value[step]
    return value


def replaced(value: Any, path: tuple[Step, ...], by: object) -> Any:
    """Return a copy in which one value is another one, or is not there."""
    changed = copy.deepcopy(value)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    if by is ABSENT:
        del inner[path[-1]]
    else:
        inner[path[-1]] = by
    return changed


class Trial(NamedTuple):
    """One value replaced: where, in which file, what that file holds then, and whether a list or object went."""

    name: str
    file: str
    content: Any
    whole: bool
    empties: bool


def trials(files: Files, chance: random.Random, spared: Callable[[tuple[str, ...]], bool]) -> Iterator[Trial]:
    """Yield a trial of each value at each place of the files."""
    for name, content in files.items():
        by_place: dict[tuple[str, ...], list[tuple[Step, ...]]] = {}
        for place, path in places(content):
            by_place.setdefault(place, []).append(path)
        for place, paths in by_place.items():
            if spared(place):
                continue
            path = chance.choice(paths)
            for label, value in VALUES.items():
                if value is ABSENT and place[-1] == "*":
                    continue  # a list that is shorter by one is a list like any other
                before = value_at(content, path)
                yield Trial(
                    f"{name} {'.'.join(place)} = {label}",
                    name,
                    replaced(content, path, value),
                    isinstance(before, dict | list),
                    isinstance(before, list) and _is_few(value, before),
                )


def _is_few(value: object, before: list[object]) -> bool:
    """Whether the value stands for an empty list, or a text for a list of one."""
    return (
        value is ABSENT
        or value is None
        or value != value
        or (isinstance(value, str) and all(isinstance(each, str) for each in before))
    )


def read(source: Source) -> Reading:
    """Read the source to its end."""
    kept: Counter[str] = Counter()
    with nullcontext() if isinstance(source, OwnRecords) else source:
        for context in source:
            for kind, number in _KINDS.items():
                kept[kind] += number(context)
    return Reading(kept, dict(source.counts))


def uncounted(before: Reading, after: Reading, trial: Trial) -> int:
    """Return how much is missing that no count speaks of.

    Of a whole record that is none any more nobody knows what was in it: one count says that, and so it does of an own
    record's image or object with all that is said of it. Null or NaN for a list, or no list, is an empty one, and a
    text for a list of texts is a list of one.
    """
    missing = sum(max(0, before.kept[kind] - after.kept[kind]) for kind in _KINDS)
    said = sum(max(0, number - before.counted.get(reason, 0)) for reason, number in after.counted.items())
    own = trial.file == "own.jsonl"
    one_count = trial.whole or (own and any(after.kept[kind] < before.kept[kind] for kind in ("image", "object")))
    if trial.empties or (one_count and said):
        return 0
    return max(0, missing - said)


def visual_genome(real: Path, number: int) -> Iterator[Piece]:
    """Yield small folders of Visual Genome."""
    folder = real / "visual_genome" / "v1.2"
    stems = ("image_data", "objects", "region_descriptions", "attributes", "relationships")
    whole = {stem: json.loads((folder / f"{stem}.json").read_bytes()) for stem in stems}
    ids = [image["image_id"] for image in whole["image_data"]]
    for row, image_id in enumerate(ids[:number]):
        wanted = {image_id, ids[row - 1], ids[row - 2]}
        files = {
            f"{stem}.json": [each for each in records if each.get("image_id", each.get("id")) in wanted]
            for stem, records in whole.items()
        }
        yield Piece(files, lambda path: VisualGenome([path], allow_shared_coco_ids=True))


def coco(real: Path, number: int) -> Iterator[Piece]:
    """Yield small pairs of COCO files."""
    instances = json.loads((real / "coco" / "instances_val2017.json").read_bytes())
    captions = json.loads((real / "coco" / "captions_val2017.json").read_bytes())
    images = [image["id"] for image in instances["images"]]
    for row, image_id in enumerate(images[:number]):
        wanted = {image_id, images[row - 1], images[row - 2]}
        files = {"instances.json": _of(instances, wanted), "captions.json": _of(captions, wanted)}
        # The list of all records of a file is no record: where it is none, the file is no file of its kind.
        yield Piece(files, _coco_files, spared=lambda place: len(place) < 2)


def _coco_files(path: Path) -> Coco:
    return Coco(instances=[path / "instances.json"], captions=[path / "captions.json"])


def _of(whole: Files, wanted: set[int]) -> Files:
    return {
        **whole,
        "images": [image for image in whole["images"] if image["id"] in wanted],
        "annotations": [each for each in whole["annotations"] if each["image_id"] in wanted],
    }


def jsonl(real: Path, number: int) -> Iterator[Piece]:
    """Yield small files of own records."""
    for contexts in _neighbours(real, number):
        files = {"own.jsonl": [_record(context) for context in contexts]}
        yield Piece(files, lambda path: own_jsonl(path / "own.jsonl"), _lines)


def table(real: Path, number: int) -> Iterator[Piece]:
    """Yield small tables, a row a box."""
    for contexts in _neighbours(real, number):
        yield Piece({"boxes.csv": [row for context in contexts for row in _rows(context)]}, _table_file, _cells)


def _table_file(path: Path) -> OwnRecords:
    file, form = path / "boxes.csv", BoxForm(units="pixels")
    return own_csv(file, FieldMap.parsed(()), boxes=form, counts=Dropped(), class_names={}).records


def _neighbours(real: Path, number: int) -> Iterator[list[ImageContext]]:
    """Yield each image's context with those of two others."""
    with VisualGenome([real / "visual_genome" / "v1.2"], allow_shared_coco_ids=True) as source:
        contexts = list(source)
    for row in range(min(number, len(contexts))):
        yield [contexts[row], contexts[row - 1], contexts[row - 2]]


def _record(context: ImageContext) -> dict[str, Any]:
    record: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(context))
    return {**record, "captions": ["A photograph.", "One of many."]}


def _rows(context: ImageContext) -> Iterator[dict[str, Any]]:
    for thing in context.objects:
        box, width, height = thing.box, context.width, context.height
        yield {
            "filename": context.image,
            "width": width,
            "height": height,
            "class": thing.name,
            "xmin": round(box.x1 * width),
            "ymin": round(box.y1 * height),
            "xmax": round(box.x2 * width),
            "ymax": round(box.y2 * height),
        }


def _lines(records: Any) -> str:
    return "".join(f"{json.dumps(record)}\n" for record in records)


def _cells(rows: Any) -> str:
    """Return the table; a value that is absent makes its row shorter, a row that is none is one cell."""
    columns = max((list(row) for row in rows if isinstance(row, dict)), key=len)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(list(row.values()) if isinstance(row, dict) else [str(row)] for row in rows)
    return out.getvalue()


SOURCES: Mapping[str, Callable[[Path, int], Iterator[Piece]]] = {
    "visual-genome": visual_genome,
    "coco": coco,
    "jsonl": jsonl,
    "csv": table,
}


def main() -> int:
    """Run the trials and return the exit code: 1 when one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="*", choices=[*SOURCES, []], default=[])
    parser.add_argument("--images", type=int, default=100, help="how many images, 100 by default")
    options = parser.parse_args()
    real = Path(os.environ.get("SVIT_REAL", "../shared/real"))
    if not real.is_dir():
        sys.exit("Name the folder of real annotations: SVIT_REAL=...")
    failed = 0
    for name in options.sources or SOURCES:
        tried, failures = run(SOURCES[name](real, options.images))
        failed += failures.total()
        print(f"{name}: {tried:,} trials, {failures.total():,} failed")
        for (what, where), times in failures.most_common(40):
            print(f"  {times:5}  {what}  {where}")
    return 1 if failed else 0


def run(pieces: Iterable[Piece]) -> tuple[int, Counter[tuple[str, str]]]:
    """Return how many trials there were, and what failed, by what happened and where."""
    tried, failures = 0, Counter[tuple[str, str]]()
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        for seed, piece in enumerate(pieces):
            for name, content in piece.files.items():
                (folder / name).write_text(piece.text(content))
            before = read(piece.source(folder))
            for trial in trials(piece.files, random.Random(seed), piece.spared):
                tried += 1
                if failure := _failure(piece, folder, before, trial):
                    failures[failure, trial.name] += 1
    finally:
        shutil.rmtree(folder)
    return tried, failures


def _failure(piece: Piece, folder: Path, before: Reading, trial: Trial) -> str | None:
    """Return what went wrong in the trial; its file is as it was afterwards."""
    (folder / trial.file).write_text(piece.text(trial.content))
    try:
        lost = uncounted(before, read(piece.source(folder)), trial)
    except Exception as error:  # noqa: BLE001 whatever it is, the trial failed
        return f"{type(error).__name__}: {str(error).replace(str(folder), '')[:60]}"
    finally:
        (folder / trial.file).write_text(piece.text(piece.files[trial.file]))
    return "missing without a count" if lost else None


if __name__ == "__main__":
    sys.exit(main())
