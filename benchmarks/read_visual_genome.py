"""How fast Visual Genome's files are read, and in how much memory, beside a plain `orjson.loads` of the same bytes.

    python -m benchmarks.read_visual_genome

Every measurement is a process of its own. Own memory is the peak of RssAnon, the resident pages that belong to no
file, read from outside every 2 ms; pages of the mapped file are the kernel's cache and go when others need them.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import orjson

from svit.contexts.dropped_annotations import Dropped
from svit.contexts.sources.visual_genome import VisualGenome
from svit.contexts.sources.visual_genome_files import AnnotationFile
from svit.contexts.store import build_store

MEGABYTE = 1_000_000
IMAGES = 22_000
REGIONS = 49
"""Makes 160 MB, as measured in the project's notes, with Visual Genome's usual number for an image."""
OBJECTS, RELATIONSHIPS = 35, 22
LIMIT = 100
"""MB of own memory that reading may take."""
_WORDS = (
    "a",
    "old",
    "green",
    "tall",
    "wooden",
    "lamp",
    "desk",
    "man",
    "street",
    "clock",
    "sign",
    "window",
    "on",
    "with",
)


def images(number: int) -> Iterator[dict[str, Any]]:
    """Yield the records of image_data.json."""
    for i in range(number):
        url = f"https://example.org/VG_100K/{i}.jpg"
        yield {"image_id": i, "url": url, "width": 800, "height": 600, "coco_id": None, "flickr_id": None}


def regions(number: int) -> Iterator[dict[str, Any]]:
    """Yield the records of region_descriptions.json, the same ones each time."""
    chance = random.Random(1)
    for i in range(number):
        described = [
            {
                "region_id": i * 1000 + j,
                "width": chance.randrange(20, 400),
                "height": chance.randrange(20, 300),
                "image_id": i,
                "phrase": " ".join(chance.choices(_WORDS, k=8)),
                "y": chance.randrange(300),
                "x": chance.randrange(400),
            }
            for j in range(REGIONS)
        ]
        yield {"regions": described, "id": i}


def things(image: int) -> list[dict[str, Any]]:
    """Return an image's objects, the same ones each time."""
    chance = random.Random(image)
    return [
        {
            "synsets": ["clock.n.01"],
            "h": chance.randrange(20, 300),
            "object_id": image * 1000 + j,
            "names": [chance.choice(_WORDS)],
            "w": chance.randrange(20, 400),
            "attributes": ["green", "tall"],
            "y": chance.randrange(300),
            "x": chance.randrange(400),
        }
        for j in range(OBJECTS)
    ]


def objects(number: int) -> Iterator[dict[str, Any]]:
    """Yield the records of objects.json."""
    for i in range(number):
        yield {"image_id": i, "objects": [{**thing, "attributes": None} for thing in things(i)]}


def attributes(number: int) -> Iterator[dict[str, Any]]:
    """Yield the records of attributes.json."""
    for i in range(number):
        yield {"image_id": i, "attributes": things(i)}


def relationships(number: int) -> Iterator[dict[str, Any]]:
    """Yield the records of relationships.json."""
    for i in range(number):
        ends = things(i)
        related = [
            {"predicate": "on", "object": ends[j], "relationship_id": j, "subject": ends[-j - 1]}
            for j in range(RELATIONSHIPS)
        ]
        yield {"relationships": related, "image_id": i}


FILES = (images, objects, regions, attributes, relationships)
NAMES = ("image_data", "objects", "region_descriptions", "attributes", "relationships")


def write(path: Path, records: Iterator[dict[str, Any]]) -> None:
    """Write the records as the one array that Visual Genome ships, with its spaces."""
    with path.open("w") as file:
        file.write("[")
        file.writelines((", " if i else "") + json.dumps(record) for i, record in enumerate(records))
        file.write("]")


def load_all(path: Path) -> int:
    """Decode the whole file at once, and do nothing with it."""
    return len(orjson.loads(path.read_bytes()))


def read_all(path: Path) -> int:
    """Read every region's box, one record after the other, through the project's reader."""
    area = 0.0
    with ExitStack() as files:
        file = AnnotationFile(path, "regions", "region_descriptions")
        file.open(files, Dropped())
        for _, (x, y, width, height) in file.boxes("regions"):
            area += x + y + width * height
    assert area > 0
    return IMAGES


def build(folder: Path) -> int:
    """Read a whole Visual Genome and build its store."""
    with VisualGenome([folder]) as genome:
        build_store(folder / "vg.contexts", genome, origin=genome.origin, counts=genome.counts)
        return len(genome)


WORK: dict[str, Callable[[Path], int]] = {"load_all": load_all, "read_all": read_all, "build": build}


def measure(work: str, path: Path) -> tuple[float, float, int]:
    """Return seconds, MB of own memory at the peak, and how many images the work went through."""
    command = [sys.executable, "-m", "benchmarks.read_visual_genome", work, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        peak = 0
        while process.poll() is None:
            peak = max(peak, own_memory(process.pid))
            time.sleep(0.002)
        output = process.stdout.read() if process.stdout else ""
    if process.returncode:
        raise SystemExit(f"{work} failed")
    seconds, number = json.loads(output)
    return seconds, peak / MEGABYTE, number


def own_memory(pid: int) -> int:
    """Return the process's RssAnon in bytes, 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("RssAnon")), 0)


def compare(folder: Path) -> None:
    """Print the reader beside orjson, on one file of 160 MB."""
    path = folder / "region_descriptions.json"
    write(path, regions(IMAGES))
    print(f"region_descriptions.json: {path.stat().st_size / MEGABYTE:.0f} MB, {IMAGES} images, best of 3")
    plain_s, plain_mb, _ = min(measure("load_all", path) for _ in range(3))
    ours_s, ours_mb, _ = min(measure("read_all", path) for _ in range(3))
    print(f"  orjson.loads of the file         {plain_s:6.2f} s  {plain_mb:6.0f} MB own memory")
    print(f"  svit, every box of every record  {ours_s:6.2f} s  {ours_mb:6.0f} MB own memory")
    faster = "faster" if ours_s < plain_s else "SLOWER"
    below = "under" if ours_mb < LIMIT else "OVER"
    print(f"  svit is {plain_s / ours_s:.1f} times as fast ({faster}), {below} {LIMIT} MB")


def scale(folder: Path) -> None:
    """Print the speed and the memory of a whole build at two sizes."""
    print("reading all five files and building the store")
    for number in (2_000, 20_000):
        for name, records in zip(NAMES, FILES, strict=True):
            write(folder / f"{name}.json", records(number))
        megabytes = sum(path.stat().st_size for path in folder.glob("*.json")) / MEGABYTE
        seconds, memory, done = measure("build", folder)
        speed = f"{seconds:6.1f} s  {done / seconds:6.0f} images/s"
        print(f"  {done:6} images, {megabytes:5.0f} MB  {speed}  {memory:4.0f} MB own memory")


def main() -> None:
    """Measure one thing for the parent process, or everything for a person."""
    if len(sys.argv) > 1:
        start = time.perf_counter()
        number = WORK[sys.argv[1]](Path(sys.argv[2]))
        print(json.dumps([time.perf_counter() - start, number]))
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder))
        scale(Path(folder))


if __name__ == "__main__":
    main()
