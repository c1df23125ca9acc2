"""What a run has settled and not yet put into a shard: what an export of a run under way takes besides its files."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from svit.contexts.store import ContextStore
    from svit.records import ImageContext, ImageId
    from svit.run.attempts import Job
    from svit.run.folder import RunFolder
    from svit.run.journal import Journal
    from svit.run.journal_rows import Shard


def unpublished_lines(run: Path, tasks: Collection[str] | None) -> Iterator[bytes]:
    """Yield the lines of the samples that an unfinished run's journal has beyond the files, image by image.

    They are judged as when a shard is made. The run may go on meanwhile: nothing is written, and all is of one moment.
    Raises DataError for a run whose settings, contexts or journal cannot be read.
    """
    from svit.cli.existing_run import PastRun
    from svit.run.folder import RunFolder
    from svit.run.journal import Journal
    from svit.run.published_shards import read_published

    folder = RunFolder(run)
    if not folder.journal.is_file() or folder.manifest(whole=False).finished:
        return
    past = PastRun.read(run)
    names = [name for name in past.chosen() if tasks is None or name in tasks]
    with past.store() as store, Journal(past.folder.journal, read_only=True) as journal, journal.snapshot():
        shards = {(shard.task, shard.shard): shard for shard in read_published(past.folder, names)}
        for context, open_jobs in _open_images(past.folder, store, journal, past.jobs(names, journal), shards):
            for job in open_jobs:
                yield from _line(job, context, journal)


def _open_images(
    folder: "RunFolder",
    store: "ContextStore",
    journal: "Journal",
    jobs: "Sequence[Job]",
    shards: "Mapping[tuple[str, int], Shard]",
) -> "Iterator[tuple[ImageContext, Sequence[Job]]]":
    """Yield the images that were asked about, with the jobs that have no line about them."""
    from svit.run.shards import SHARD_IMAGES

    for number, first in enumerate(range(0, len(store), SHARD_IMAGES)):
        last = min(first + SHARD_IMAGES, len(store))
        done = {job.task.name: _images_of(folder, shards.get((job.task.name, number))) for job in jobs}
        if all(len(images) >= last - first for images in done.values()):
            continue
        asked = journal.asked_about(store.image_ids(first, last))
        for context in store.slice(first, last):
            if context.image_id in asked:
                yield context, [job for job in jobs if context.image_id not in done[job.task.name]]


def _images_of(folder: "RunFolder", shard: "Shard | None") -> "set[ImageId]":
    """Return the images that a shard's files have a line about."""
    import orjson

    from svit.run.published_shards import files_of
    from svit.run.shards import lines_of

    files = files_of(folder, shard) if shard else ()
    return {orjson.loads(line)["image_id"] for file in files for line in lines_of(file)}


def _line(job: "Job", context: "ImageContext", journal: "Journal") -> Iterator[bytes]:
    """Yield the line of the job's sample, where the image is settled and has one."""
    from svit.records import Sample
    from svit.run.attempts import standing
    from svit.run.shards import sample_line

    found = standing(job, context, lambda prompt: journal.replies(prompt.id, prompt.context.image_id))
    if found.request is None and isinstance(found.result, Sample):
        yield sample_line(found.result)
