"""`svit generate`: the main job."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from svit.cli import talk
from svit.cli.deadline import until
from svit.cli.inputs import (
    Annotations,
    CaptionsOption,
    ContextsOption,
    InstancesOption,
    SharedOption,
    VisualGenomeOption,
)
from svit.cli.locked_run import LockedRun
from svit.cli.past import PastRun
from svit.cli.working import (
    DeadlineOption,
    LogJsonOption,
    MaxCostOption,
    MaxCostPerMonthOption,
    QuietOption,
    Wish,
    Work,
)
from svit.errors import DataError, SvitError
from svit.path_address import path_address

if TYPE_CHECKING:
    from svit.config import RunConfig
    from svit.journal import Journal
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
        Path | None, typer.Option(metavar="DIR", help="Run folder. Default: runs/, named after input, task and config.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the first N images.")] = None,
    prompts: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of prompt files that replace the shipped ones.")
    ] = None,
    verify: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Have this model say of every answer whether it can stand.")
    ] = None,
    max_cost: MaxCostOption = None,
    max_cost_per_month: MaxCostPerMonthOption = None,
    deadline: DeadlineOption = None,
    reuse: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Take paid replies from this run where a prompt is the same.")
    ] = None,
    switch: Annotated[
        bool, typer.Option("--switch", help="Go on with another provider or model than the run was made with.")
    ] = False,
    seed: Annotated[int | None, typer.Option(help="Seed of what is drawn; the config's by default.")] = None,
    start_over: Annotated[
        bool, typer.Option("--start-over", help="Ask again what a run's lost or older journal does not hold.")
    ] = False,
    stdout: Annotated[
        bool, typer.Option("--stdout", help="Write the samples to stdout too, in context order.")
    ] = False,
    log_json: LogJsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Generate instruction data, from the bundled sample when no annotations are named.

    The same command again continues a run that was stopped, and asks nothing twice.
    """
    if log_json:
        talk.to_machines()
    ends = until(deadline)
    from svit.config import check_requests, chosen_tasks, jobs, provider, read_config, spending
    from svit.resources import config_path
    from svit.runs import RunFolder

    changes = {
        "seed": seed,
        "max_cost": max_cost,
        "max_cost_per_month": max_cost_per_month,
        "prompts": prompts and path_address(prompts.absolute()),
        "verify": verify,
    }
    settings = read_config(config_path(config), changes)
    tasks = chosen_tasks(task)
    todo = jobs(settings, tasks)
    check_requests(settings, todo)
    books, asked_of = spending(settings), provider(settings, talk.say, talk.log.hide)
    annotations = Annotations.named(contexts, visual_genome, coco_captions, coco_instances, allow_shared_coco_ids)
    wanted = "all" if "all" in task else "+".join(each.name for each in tasks)
    by = "" if settings.provider == "offline" else f"-{Path(config).stem}"
    folder = RunFolder(run or Path("runs") / f"{annotations.name}-{wanted}{by}")
    other = None if reuse is None else PastRun.read(reuse).folder.journal
    with folder.locked(), annotations.store(folder, quiet=quiet) as store:
        _refuse_other_contexts(folder, store)
        file = path_address(annotations.contexts.absolute()) if annotations.contexts else folder.contexts.name
        with folder.opened_journal(start_over=start_over, say=talk.say) as journal:
            if not switch:
                _refuse_another_writer(folder, settings, journal)
            wish = Wish(limit=limit, reuse=other, deadline=ends, stdout=stdout, quiet=quiet)
            code = Work(LockedRun(folder, settings, todo, store, journal, file), books, wish).generate(asked_of)
        first = next(store.slice(0, 1), None)
    if not quiet:
        steps = (
            [(f"svit show {folder.path} {first.image_id}", "one image, from its context to its samples")]
            if first
            else []
        )
        if annotations.is_sample and wanted != "all":
            steps.append(("svit generate --task all", "every task, on the same bundled sample"))
        if annotations.is_sample:
            steps.append(("svit contexts build --help", "your own annotations"))
        talk.say("Next:")
        talk.say(talk.table(steps))
    return code


def _refuse_another_writer(folder: "RunFolder", settings: "RunConfig", journal: "Journal") -> None:
    """Raise SvitError when the run was made with another provider or model: its samples would be replaced."""
    from svit.changes import is_answered, switch

    before = folder.read_summary().get("config") if folder.summary.is_file() else None
    if not isinstance(before, dict):
        return
    if words := switch(before, settings.model_dump(mode="json"), answered=is_answered(journal)):
        raise SvitError(
            f"{folder.path}: this run {words}, and make its shards again. Name the config that it was made with "
            f"(--config), or another folder (--run); with --switch it goes on with the other."
        )


def _refuse_other_contexts(folder: "RunFolder", store: "ContextStore") -> None:
    before = folder.read_summary().get("contexts") if folder.summary.is_file() else None
    if isinstance(before, dict) and before.get("digest") != store.digest:
        raise DataError(
            f"{folder.path}: this run was made from other contexts ({before.get('images')} images, "
            f"{before.get('file')}). Choose another folder with --run."
        )
