"""A run, read once from its folder: what its page tells."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path, PurePath
from typing import NamedTuple

from svit.records import ImageId
from svit.report.findings import Image, Names, TaskFindings
from svit.report.request_costs import RequestCosts, paid_by_task
from svit.report.run_records import Chunk, RunReading, rejection_lines
from svit.run.folder import RunFolder
from svit.run.journal import Journal
from svit.run.manifest import RunManifest
from svit.run.run_status import RunStatus, read_status
from svit.run.shards import sample_lines
from svit.system.path_address import path_at
from svit.tasks import TASKS

Watch = Callable[[Iterable[Chunk], int], Iterable[Chunk]]
"""Passes the shards on, and is told how many there are."""


class ReportData(NamedTuple):
    """All that the page is made of. `without_contexts` says why texts were not compared with annotations, or is empty.

    `name` is that of the run's folder; no path of this machine is in any of it. `started` and `updated` are times as
    run.json has them.
    """

    name: str
    status: RunStatus
    started: str
    updated: str
    origin: str
    tasks: tuple[TaskFindings, ...]
    paid: Mapping[str, RequestCosts]
    names: Names
    without_contexts: str


def gathered(folder: RunFolder, *, seed: int = 0, watch: Watch = lambda chunks, _: chunks) -> ReportData:
    """Return what the files and the journal of the run come to; the shards are read through `watch`.

    Raises DataError when this is no run, or one of its files is damaged.
    """
    manifest = folder.manifest()
    status = read_status(folder, now=0.0)  # nothing of the page depends on when it is made
    contexts = _contexts(folder, manifest)
    with Journal(folder.journal, read_only=True) as journal:
        paid = paid_by_task(journal, running=status.state == "running")
    tasks = tuple(TaskFindings(each.task, asks=_asks(each.task), seed=seed) for each in status.tasks)
    names = Names()
    with RunReading(folder, tuple(task.task for task in tasks), *contexts) as reading:
        for chunk in watch(reading.chunks(), len(reading.numbers())):
            _read(chunk, tasks, names)
    return ReportData(
        name=os.fsencode(folder.path.resolve().name).decode(errors="replace") or "run",
        status=status,
        started=manifest.started,
        updated=manifest.updated,
        origin=without_folders(manifest.contexts.origin),
        tasks=tasks,
        paid=paid,
        names=names,
        without_contexts=reading.without_contexts,
    )


def _read(chunk: Chunk, tasks: tuple[TaskFindings, ...], names: Names) -> None:
    """Count the samples and rejections of a shard."""
    images: dict[ImageId, Image | None] = {}
    for task in tasks:
        if task.task not in chunk.samples:
            continue
        for sample in sample_lines(chunk.samples[task.task]):
            if sample.image_id not in images:
                context = chunk.contexts.get(sample.image_id)
                images[sample.image_id] = Image(context) if context else None
            task.add(sample, images[sample.image_id])
        for rejection in rejection_lines(chunk.rejected[task.task]):
            task.refuse(rejection)
    for image in images.values():
        if image:
            names.add(image)


def _asks(task: str) -> bool:
    """Whether a model writes the questions of this task; one that this svit does not know is taken to."""
    return task not in TASKS or not TASKS[task].draws_question


def without_folders(origin: str) -> str:
    """Return what the contexts were made from, its files by their names alone: a page is shown to others."""
    paths, stamp, when = origin.partition(" (files as of ")
    return ", ".join(PurePath(path).name if path.startswith("/") else path for path in paths.split(", ")) + stamp + when


def _contexts(folder: RunFolder, manifest: RunManifest) -> tuple[Path, str]:
    return folder.path / path_at(manifest.contexts.file), manifest.contexts.digest
