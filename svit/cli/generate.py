"""`svit generate`: the main job."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svit import __version__
from svit.cli import talk
from svit.cli.inputs import (
    Annotations,
    CaptionsOption,
    ContextsOption,
    InstancesOption,
    SharedOption,
    VisualGenomeOption,
)
from svit.errors import DataError

if TYPE_CHECKING:
    from svit.config import RunConfig
    from svit.journal import Shard
    from svit.pipeline import Job
    from svit.runs import RunFolder
    from svit.sources.contexts import ContextStore


def generate(
    task: Annotated[
        list[str], typer.Option(metavar="NAME", help="Task to run, repeatable; 'svit tasks' lists them. 'all' is all.")
    ],
    contexts: ContextsOption = None,
    visual_genome: VisualGenomeOption = None,
    coco_captions: CaptionsOption = None,
    coco_instances: InstancesOption = None,
    allow_shared_coco_ids: SharedOption = False,
    config: Annotated[str, typer.Option(metavar="FILE", help="Config file, or the name of a shipped one.")] = "offline",
    run: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Run folder. Default: runs/, named after input and task.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the first N images.")] = None,
    prompts: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of prompt files that replace the shipped ones.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of what is drawn; the config's by default.")] = None,
    stdout: Annotated[
        bool, typer.Option("--stdout", help="Write the samples to stdout too, in context order.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")] = False,
) -> int:
    """Generate instruction data, from the bundled sample when no annotations are named.

    The same command again continues a run that was stopped, and asks nothing twice.
    """
    from svit.config import chosen_tasks, jobs, read_config
    from svit.journal import Journal
    from svit.resources import config_path
    from svit.runs import RunFolder

    settings = read_config(config_path(config), {"seed": seed, "prompts": prompts and str(prompts.absolute())})
    tasks = chosen_tasks(task)
    todo = jobs(settings, tasks)
    annotations = Annotations.named(contexts, visual_genome, coco_captions, coco_instances, allow_shared_coco_ids)
    wanted = "all" if "all" in task else "+".join(each.name for each in tasks)
    folder = RunFolder(run or Path("runs") / f"{annotations.name}-{wanted}")
    with ExitStack() as open_files:
        open_files.enter_context(folder.locked())
        store = open_files.enter_context(annotations.store(folder, quiet=quiet))
        _refuse_other_contexts(folder, store)
        journal = open_files.enter_context(Journal(folder.journal))
        for job in todo:
            journal.keep_template(job.recipe.template.version, job.recipe.template.text)
        summary = _Summary(folder, settings, todo, store, annotations)
        summary.write(journal.shards(), finished=False)
        asked = _generated(todo, store, journal, folder, settings, limit=limit, stdout=stdout, quiet=quiet)
        shards = journal.shards()
        summary.write(shards, finished=True)
    chosen = [shard for shard in shards if shard.task in {each.name for each in tasks}]
    if not quiet:
        _report(chosen, folder, asked=asked, sample_run=annotations.is_sample)
    return 1 if any(shard.flaws for shard in chosen) else 0


def _generated(
    todo: "Sequence[Job]",
    store: "ContextStore",
    journal: Any,
    folder: "RunFolder",
    settings: "RunConfig",
    *,
    limit: int | None,
    stdout: bool,
    quiet: bool,
) -> int:
    """Run the pass and return how many outcomes were found anew."""
    from svit.config import provider
    from svit.pipeline import Generation

    progress = talk.Progress(quiet=quiet)
    generation = Generation(
        todo,
        store,
        journal,
        folder,
        limit=limit,
        settled=lambda outcome: progress.count(outcome.flaw),
        emit=talk.record if stdout else None,
    )
    missing = generation.missing()
    with progress.of(missing):
        asyncio.run(generation.run(provider(settings)))
    return missing


class _Summary:
    """What run.json says."""

    def __init__(
        self,
        folder: "RunFolder",
        settings: "RunConfig",
        todo: "Sequence[Job]",
        store: "ContextStore",
        annotations: Annotations,
    ) -> None:
        self._folder = folder
        before = folder.read_summary() if folder.summary.is_file() else {}
        prompts = before.get("prompts")
        self._record: dict[str, object] = {
            "svit": __version__,
            "started": before.get("started", _now()),
            "config": settings.model_dump(mode="json"),
            "contexts": {
                "file": str(annotations.store_file(folder).absolute()),
                "digest": store.digest,
                "images": len(store),
                "origin": store.origin,
            },
            "prompts": {
                **(prompts if isinstance(prompts, dict) else {}),
                **{job.task.name: job.recipe.template.version for job in todo},
            },
        }

    def write(self, shards: "Sequence[Shard]", *, finished: bool) -> None:
        """Replace run.json; `finished` says that the last command came to its end."""
        counts: dict[str, dict[str, Any]] = {}
        for shard in shards:
            task = counts.setdefault(shard.task, {"images": 0, "samples": 0, "rejected": Counter()})
            task["images"] += shard.images
            task["samples"] += shard.samples
            task["rejected"].update(shard.flaws)
        self._folder.write_summary({**self._record, "updated": _now(), "finished": finished, "tasks": counts})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _refuse_other_contexts(folder: "RunFolder", store: "ContextStore") -> None:
    before = folder.read_summary().get("contexts") if folder.summary.is_file() else None
    if isinstance(before, dict) and before.get("digest") != store.digest:
        raise DataError(
            f"{folder.path}: this run was made from other contexts ({before.get('images')} images, "
            f"{before.get('file')}). Choose another folder with --run."
        )


def _report(shards: "Sequence[Shard]", folder: "RunFolder", *, asked: int, sample_run: bool) -> None:
    """Say what came of the run and what to do next."""
    if not asked:
        talk.say("All of it was done already; nothing was asked.")
    counts: dict[str, list[int]] = {}
    flaws: Counter[str] = Counter()
    for shard in shards:
        row = counts.setdefault(shard.task, [0, 0])
        row[0] += shard.samples
        row[1] += sum(shard.flaws.values())
        flaws.update(shard.flaws)
    talk.say(talk.table([("task", "samples", "rejected"), *((task, *row) for task, row in counts.items())], indent=""))
    if flaws:
        talk.say(f"Rejections by their first flaw (texts in {folder.path}/TASK/*.rejected.jsonl):")
        talk.say(talk.counted(flaws))
    talk.say(f"The samples are in {folder.path}/: " + ", ".join(f"{task}/" for task in counts))
    talk.say(f"Next: svit show {folder.path} IMAGE_ID   one image, from its context to its samples")
    if sample_run:
        talk.say("      svit generate --task all         every task, on the same bundled sample")
        talk.say("      svit contexts build --help       your own annotations")
