"""A run of svit against rows of the suite, and what is wrong with it afterwards, in words."""

import asyncio
import sqlite3
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec
import orjson

from svit.config import RunConfig
from svit.contexts.sources.visual_genome import VisualGenome
from svit.contexts.store import build_store
from svit.records import ImageContext
from svit.resources import SAMPLE

from .endpoint import MODEL, Books, Endpoint, serving
from .processes import Ended, Forks, forks
from .rows import End, Row

IMAGES = 60
SHARED = (9, 29, 49)
"""The images among the good ones that get hostile replies: 5 %, and not the first to be asked about."""
IN_FLIGHT = 8
DEADLINE, GRACE = 3.0, 2.0
"""Seconds: the deadline of a run that waits for an endpoint, and what it may take to end after that."""
LONG = 20.0
"""Seconds of deadline for all others, which need a small part of it."""
TASK = "detail_description"
CONFIG = f"""
provider: openai
model: {MODEL}
reasoning_effort: none
base_url: {{url}}
in_flight: {{in_flight}}
timeout: 3
attempts: 2
"""
_MAX_WAIT = "max_wait: 5\n" if "max_wait" in RunConfig.model_fields else ""
_AT_ONCE = 10
_CODES = {
    End.SAMPLE: ({0}, {0}),
    End.REJECTED: ({1}, {1}),
    End.STOP: ({4}, {4}),
    End.ALIKE: ({4}, {1, 4}),
    End.BROKEN: ({1, 4}, {1, 4}),
    End.WAITS: ({1, 4, 5}, {1, 4, 5}),
}
"""The exit codes of each end: alone, and among good replies."""


class Fault(NamedTuple):
    """What is wrong after a run: a class to count by, and words."""

    kind: str
    words: str


@dataclass(frozen=True)
class Trials:
    """Where runs are tried: the process that forks them, the endpoint, the contexts, a folder for the runs."""

    forking: Forks
    endpoint: Endpoint
    folder: Path
    at_once: asyncio.Semaphore

    async def alone(self, row: Row) -> list[Fault]:
        """Try a row with two images that get nothing else."""
        books = Books({0: row, 1: row})
        return await self._tried(f"alone {row.name}", books, images=2, rows=[row], codes=_CODES[row.end][0])

    async def mixed(self, rows: Sequence[Row]) -> list[Fault]:
        """Try rows, one for each image of SHARED or one for all, in the middle of good replies."""
        books = Books({image: rows[n % len(rows)] for n, image in enumerate(SHARED)})
        allowed = [_CODES[row.end][1] for row in rows]
        codes = allowed[0] if len(rows) == 1 else {max(max(each) for each in allowed)}
        return await self._tried(f"mixed {' and '.join(row.name for row in rows)}", books, IMAGES, rows, codes)

    async def _tried(
        self, name: str, books: Books, images: int, rows: Sequence[Row], codes: Collection[int]
    ) -> list[Fault]:
        async with self.at_once:
            number = len(self.endpoint.books)
            folder = self.folder / str(number)
            folder.mkdir()
            self.endpoint.books[str(number)] = books
            url = self.endpoint.url(str(number))
            in_flight = min(images, IN_FLIGHT)
            (folder / "config.yaml").write_text(CONFIG.format(url=url, in_flight=in_flight) + _MAX_WAIT)
            deadline = DEADLINE if any(row.end is End.WAITS for row in rows) else LONG
            ended = await self._svit(folder, images, deadline)
            faults = list(_faults(folder, books, images, ended, deadline, codes))
            goes_on = ended.code == 4 and not faults and all(row.goes_on for row in rows)
            if goes_on and number % 4 == 0:  # a quarter of them: each costs as much as the run itself
                books.mended = True
                faults += _unresumed(folder, images, await self._svit(folder, images, LONG))
        last = " | ".join(ended.talk.strip().splitlines()[-3:])[-300:]
        return [
            Fault(kind, f"{name}: {words} [exit {ended.code} after {ended.seconds:.1f} s: {last}]")
            for kind, words in faults
        ]

    async def _svit(self, folder: Path, images: int, deadline: float) -> Ended:
        words = ("generate", "--task", TASK, "--config", "config.yaml", "--contexts", "../contexts", "--run", "r")
        more = ("--limit", str(images), "--deadline", f"{deadline:g}s")
        return await self.forking.svit(folder, *words, *more, patience=deadline + 2 * GRACE)


@asynccontextmanager
async def trials(folder: Path) -> AsyncIterator[Trials]:
    """Start all that trials need."""
    build_store(folder / "contexts", _contexts(), origin="hostile")
    environment = {"OPENAI_API_KEY": "sk-canary", "SVIT_LEDGER": str(folder / "ledger.db")}
    async with serving() as endpoint, forks(environment) as forking:
        yield Trials(forking, endpoint, folder, asyncio.Semaphore(_AT_ONCE))


async def all_of(rows: Collection[Row], *, mixed: bool, folder: Path | None = None) -> dict[str, list[Fault]]:
    """Try these rows and return what is wrong, by the rows' names. Mixed, those that stop nothing share runs."""
    with tempfile.TemporaryDirectory() as name:
        async with trials(folder or Path(name)) as tried:
            if not mixed:
                return dict(zip((row.name for row in rows), await asyncio.gather(*map(tried.alone, rows)), strict=True))
            groups = list(_groups(rows))
            found = await asyncio.gather(*map(tried.mixed, groups))
            blamed = [group for group, faults in zip(groups, found, strict=True) if faults and len(group) > 1]
            again = [[row] for group in blamed for row in group]
            found_again = await asyncio.gather(*map(tried.mixed, again))
            told = {row.name: faults for group, faults in zip(groups, found, strict=True) for row in group}
            return told | {row.name: faults for [row], faults in zip(again, found_again, strict=True)}


def _groups(rows: Collection[Row]) -> Iterator[list[Row]]:
    """Yield the rows that are tried in one run: three of those that concern an image only, others alone."""
    calm = [row for row in rows if row.end in (End.SAMPLE, End.REJECTED)]
    for n in range(0, len(calm), len(SHARED)):
        yield calm[n : n + len(SHARED)]
    yield from ([row] for row in rows if row not in calm)


def _contexts() -> Iterator[ImageContext]:
    with VisualGenome([SAMPLE], captions=[SAMPLE / "captions.json"]) as source:
        sample = list(source)
    for n in range(IMAGES):
        context = sample[n % len(sample)]
        captions = (*context.captions, f"A photo numbered {n}.")
        yield msgspec.structs.replace(context, image_id=n, captions=captions)


# --- what is wrong ---


def _faults(
    folder: Path, books: Books, images: int, ended: Ended, deadline: float, codes: Collection[int]
) -> Iterator[Fault]:
    if ended.seconds > deadline + GRACE:
        yield Fault("hang", f"it ended {ended.seconds - deadline:.1f} s after its deadline")
    if ended.code in (70, 99) or "Traceback" in ended.talk:
        yield Fault("crash", "it crashed")
    elif ended.code not in codes:
        yield Fault("exit code", f"exit {ended.code}, not {' or '.join(map(str, sorted(codes)))}")
    if "sk-canary" in ended.talk:
        yield Fault("key", "the key was said")
    if (folder / "r" / "journal.db").exists():
        own = _own_books(folder / "r" / "journal.db")
        yield from _of_money(own, books, cancelled=IN_FLIGHT if ended.code == 5 else 0)
        unseen = own.answered & books.well_answered() - {
            *_samples(folder / "r" / TASK),
            *_rejections(folder / "r" / TASK),
        }
        if ended.code in (3, 4, 5) and unseen:
            yield Fault("published", f"{len(unseen)} images with good answers are in no file")
    yield from _of_images(folder / "r" / TASK, books, images, ended.code)


class _OwnBooks(NamedTuple):
    """What a run's journal says: nano-dollars, those of requests without a reply apart, and a request's worst case."""

    known: int
    silent: int
    silent_requests: int
    worst: int
    answered: set[int]


def _own_books(journal: Path) -> _OwnBooks:
    database = sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)
    try:
        [[known]] = database.execute("SELECT coalesce(sum(cost), 0) FROM replies")
        [[silent, requests]] = database.execute(
            "SELECT coalesce(sum(worst), 0), count(*) FROM (SELECT worst FROM unknown UNION ALL "
            "SELECT worst FROM requests WHERE request NOT IN (SELECT request FROM replies))"
        )
        [[worst]] = database.execute(
            "SELECT coalesce(max(worst), 0) FROM (SELECT worst FROM requests UNION ALL SELECT worst FROM unknown)"
        )
        answered = database.execute("SELECT image_id FROM requests JOIN replies USING (request) WHERE failure IS NULL")
        return _OwnBooks(known, silent, requests, worst, {int(image) for [image] in answered})
    finally:
        database.close()


def _of_money(own: _OwnBooks, books: Books, *, cancelled: int) -> Iterator[Fault]:
    """Hold a run's books against the endpoint's; so many requests may have been cancelled in the air."""
    booked = own.known + own.silent
    most = books.billed() + (books.doubtful() + min(cancelled, own.silent_requests)) * own.worst
    if booked > most:
        yield Fault("money", f"{booked:,} nano-dollars are booked, and {most:,} can have been billed at most")
    if booked < books.billed(for_images=True):
        yield Fault("money", f"{booked:,} nano-dollars are booked, and {books.billed():,} were billed")


def _of_images(folder: Path, books: Books, images: int, code: int) -> Iterator[Fault]:
    samples, rejections = _samples(folder), _rejections(folder)
    twice = [image for image, times in (Counter(samples) + Counter(rejections.keys())).items() if times > 1]
    if twice:
        yield Fault("images", f"images {twice} are there twice")
    is_over = code in (0, 1)
    if is_over and len(samples) + len(rejections) != images:
        yield Fault("images", f"{len(samples)} samples and {len(rejections)} rejections of {images} images")
    for image in range(images):
        row = books.rows.get(image)
        if row is None:
            if image in rejections:
                yield Fault("images", f"image {image} got good replies and is rejected: {rejections[image]}")
        else:
            yield from _of_image(image, row, image in samples, rejections.get(image), is_over)


def _of_image(image: int, row: Row, is_sample: bool, rejected: str | None, is_over: bool) -> Iterator[Fault]:
    if row.end is End.SAMPLE and is_over and not is_sample:
        yield Fault("images", f"image {image} has no sample: {rejected}")
    if row.end is not End.SAMPLE and is_sample:
        yield Fault("images", f"image {image} has a sample")
    if row.end is End.STOP and rejected and not is_over:
        yield Fault("images", f"image {image} is rejected for good: {rejected}")
    if row.end is End.REJECTED and rejected and row.why and rejected.split(":")[0] not in row.why:
        yield Fault("why", f"image {image} is rejected as {rejected}, not {' or '.join(row.why)}")


def _unresumed(folder: Path, images: int, ended: Ended) -> Iterator[Fault]:
    samples = _samples(folder / "r" / TASK)
    if ended.code != 0 or len(set(samples)) != images:
        yield Fault(
            "resume",
            f"once it is mended the same command ends with {ended.code} and {len(samples)} of {images} samples",
        )


def _samples(folder: Path) -> list[int]:
    files = [file for file in sorted(folder.glob("*.jsonl")) if ".rejected" not in file.name]
    return [orjson.loads(line)["image_id"] for file in files for line in file.read_bytes().splitlines()]


def _rejections(folder: Path) -> Mapping[int, str]:
    found = {}
    for file in sorted(folder.glob("*.rejected.jsonl")):
        for line in file.read_bytes().splitlines():
            read = orjson.loads(line)
            found[read["image_id"]] = f"{read['flaws'][0]['code']}: {read['flaws'][0]['words'][:80]}"
    return found
