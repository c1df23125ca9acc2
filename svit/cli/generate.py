"""`svit generate`: the main job."""

import asyncio
import signal
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
    from svit.entries import Shard, Spent
    from svit.journal import Journal
    from svit.pipeline import Generation
    from svit.providers.base import Provider
    from svit.runs import RunFolder
    from svit.settling import Job
    from svit.sources.contexts import ContextStore
    from svit.spending import Spending


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
        Path | None, typer.Option(metavar="DIR", help="Run folder. Default: runs/, named after input, task and config.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the first N images.")] = None,
    prompts: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of prompt files that replace the shipped ones.")
    ] = None,
    max_cost: Annotated[
        str | None, typer.Option(metavar="DOLLARS", help="Ceiling on what the run may cost, all commands together.")
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
    from svit.config import check_requests, chosen_tasks, jobs, provider, read_config, spending
    from svit.journal import Journal
    from svit.pipeline import Generation
    from svit.resources import config_path
    from svit.runs import RunFolder

    changes = {"seed": seed, "max_cost": max_cost, "prompts": prompts and str(prompts.absolute())}
    settings = read_config(config_path(config), changes)
    tasks = chosen_tasks(task)
    todo = jobs(settings, tasks)
    check_requests(settings, todo)
    books, asked_of = spending(settings), provider(settings, talk.say)
    annotations = Annotations.named(contexts, visual_genome, coco_captions, coco_instances, allow_shared_coco_ids)
    wanted = "all" if "all" in task else "+".join(each.name for each in tasks)
    by = "" if settings.provider == "offline" else f"-{Path(config).stem}"
    folder = RunFolder(run or Path("runs") / f"{annotations.name}-{wanted}{by}")
    with ExitStack() as open_files:
        open_files.enter_context(folder.locked())
        store = open_files.enter_context(annotations.store(folder, quiet=quiet))
        _refuse_other_contexts(folder, store)
        journal = open_files.enter_context(Journal(folder.journal))
        for job in todo:
            journal.keep_template(job.recipe.template.version, job.recipe.template.text)
        _balance(journal, books, quiet=quiet)
        summary = _Summary(folder, settings, todo, store, annotations)
        summary.write(journal, finished=False)
        progress = talk.Progress(quiet=quiet)
        generation = Generation(
            todo,
            store,
            journal,
            folder,
            limit=limit,
            spending=books,
            settled=lambda outcome: progress.count(outcome.flaw),
            emit=talk.record if stdout else None,
        )
        generation.refuse_to_shrink()
        missing = generation.missing()
        with progress.of(missing):
            _run(generation, asked_of)
        summary.write(journal, finished=True)
        shards, spent = journal.shards(), journal.spent()
    chosen = [shard for shard in shards if shard.task in {each.name for each in tasks}]
    if not quiet:
        _report(chosen, folder, asked=missing, sample_run=annotations.is_sample)
        if books.price:
            talk.say(f"Cost so far: {cost_text(spent)}")
    return 1 if any(shard.flaws for shard in chosen) else 0


def cost_text(spent: "Spent") -> str:
    """Return what a run has cost, for people."""
    from svit.prices import dollars

    tokens = f"{spent.prompt_tokens:,} tokens in, {spent.completion_tokens:,} out"
    unheard = (
        f"; {spent.unknown:,} requests never heard of again are in it at their worst case" if spent.unknown else ""
    )
    return f"{dollars(spent.cost)} for {spent.replies:,} replies ({tokens}){unheard}."


def _balance(journal: "Journal", books: "Spending", *, quiet: bool) -> None:
    """Put what the run has cost so far into the books, requests of unknown outcome at their worst case."""
    from svit.settling import recovered

    unknown = recovered(journal, books)
    books.budget.spent = journal.spent().cost
    if unknown and books.price and not quiet:
        talk.say(f"{unknown:,} requests were under way when the run was stopped. They are asked again.")


def _run(generation: "Generation", asked_of: "Provider") -> None:
    """Run to the end, or until a signal: the first lets what is under way be answered, the second stops at once."""
    stopped = False

    async def until_signal() -> None:
        loop, main = asyncio.get_running_loop(), asyncio.current_task()

        def stop() -> None:
            nonlocal stopped
            if stopped and main:
                main.cancel()
            elif not stopped:
                stopped = True
                generation.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        await generation.run(asked_of)

    try:
        asyncio.run(until_signal())
    except asyncio.CancelledError:
        stopped = True
    if stopped:
        raise KeyboardInterrupt


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
                "file": str(annotations.contexts.absolute()) if annotations.contexts else folder.contexts.name,
                "digest": store.digest,
                "images": len(store),
                "origin": store.origin,
            },
            "prompts": {
                **(prompts if isinstance(prompts, dict) else {}),
                **{job.task.name: job.recipe.template.version for job in todo},
            },
        }

    def write(self, journal: "Journal", *, finished: bool) -> None:
        """Replace run.json; `finished` says that the last command came to its end."""
        counts: dict[str, dict[str, Any]] = {}
        for shard in journal.shards():
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
