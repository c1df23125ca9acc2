"""One odd value at every place of real annotation files: what reading makes of it.

    SVIT_REAL=.../real python -m benchmarks.input_fuzz [--images N] [visual-genome | coco | jsonl ...]

For each image a small folder is made of its own records and those of two others. In one file at a time, one value is
replaced by null, text, "12", 1.5, NaN, an object, a list, true, or its key is taken away: once at every place of the
schema, the instance drawn by a seed. Reading must end without an error, and what is missing of the contexts
afterwards must be in the counts. Prints trials and failures by source, with the first of each kind.
"""

import argparse
import copy
import json
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from svit.records import ImageContext
from svit.sources.coco import Coco
from svit.sources.visual_genome import VisualGenome

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
                    isinstance(before, list) and (value is ABSENT or value is None),
                )


def read(source: VisualGenome | Coco) -> Reading:
    """Read the source to its end."""
    kept: Counter[str] = Counter()
    with source:
        for context in source:
            for kind, number in _KINDS.items():
                kept[kind] += number(context)
    return Reading(kept, dict(source.counts))


def uncounted(before: Reading, after: Reading, trial: Trial) -> int:
    """Return how much is missing that no count speaks of.

    Of a whole record that is none any more nobody knows what was in it: one count says that. Null for a list, or no
    list, is an empty one.
    """
    missing = sum(max(0, before.kept[kind] - after.kept[kind]) for kind in _KINDS)
    said = sum(max(0, number - before.counted.get(reason, 0)) for reason, number in after.counted.items())
    if trial.empties or (trial.whole and said):
        return 0
    return max(0, missing - said)


def visual_genome(real: Path, number: int) -> Iterator[tuple[str, Files, Callable[[Path], VisualGenome], bool]]:
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
        yield f"image {image_id}", files, lambda path: VisualGenome([path], allow_shared_coco_ids=True), False


def coco(real: Path, number: int) -> Iterator[tuple[str, Files, Callable[[Path], Coco], bool]]:
    """Yield small pairs of COCO files."""
    instances = json.loads((real / "coco" / "instances_val2017.json").read_bytes())
    captions = json.loads((real / "coco" / "captions_val2017.json").read_bytes())
    images = [image["id"] for image in instances["images"]]
    for row, image_id in enumerate(images[:number]):
        wanted = {image_id, images[row - 1], images[row - 2]}
        files = {"instances.json": _of(instances, wanted), "captions.json": _of(captions, wanted)}
        source = lambda path: Coco(instances=[path / "instances.json"], captions=[path / "captions.json"])  # noqa: E731
        yield f"image {image_id}", files, source, True


def _of(whole: Files, wanted: set[int]) -> Files:
    return {
        **whole,
        "images": [image for image in whole["images"] if image["id"] in wanted],
        "annotations": [each for each in whole["annotations"] if each["image_id"] in wanted],
    }


SOURCES = {"visual-genome": visual_genome, "coco": coco}


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


def run(pieces: Iterable[tuple[str, Files, Callable[[Path], Any], bool]]) -> tuple[int, Counter[tuple[str, str]]]:
    """Return how many trials there were, and what failed, by what happened and where."""
    tried, failures = 0, Counter[tuple[str, str]]()
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
    try:
        for seed, (_, files, source, members) in enumerate(pieces):
            for name, content in files.items():
                (folder / name).write_text(json.dumps(content))
            before = read(source(folder))
            # The list of all records of a file is no record: where it is none, the file is no file of its kind.
            spared = (lambda place: len(place) < 2) if members else (lambda _: False)
            for trial in trials(files, random.Random(seed), spared):
                tried += 1
                (folder / trial.file).write_text(json.dumps(trial.content))
                try:
                    lost = uncounted(before, read(source(folder)), trial)
                except Exception as error:  # noqa: BLE001 whatever it is, the trial failed
                    failures[f"{type(error).__name__}: {str(error).replace(str(folder), '')[:60]}", trial.name] += 1
                else:
                    if lost:
                        failures["missing without a count", trial.name] += 1
                (folder / trial.file).write_text(json.dumps(files[trial.file]))
    finally:
        shutil.rmtree(folder)
    return tried, failures


if __name__ == "__main__":
    sys.exit(main())
