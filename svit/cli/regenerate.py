"""`svit regenerate` and `svit rebuild`: work on a run that is there already, by what it remembers of itself."""

from pathlib import Path
from typing import Annotated

import typer

from svit.cli import messages
from svit.cli.completion import matching_configs
from svit.cli.deadline import until
from svit.cli.existing_run import PastRun
from svit.cli.locked_run import LockedRun
from svit.cli.next_steps import after_end, say_next
from svit.cli.run_execution import (
    DeadlineOption,
    LogJsonOption,
    MaxCostOption,
    MaxCostPerMonthOption,
    QuietOption,
    RunExecution,
    RunOptions,
)
from svit.cli.run_report import say_damaged, say_outcomes
from svit.cli.run_summary import write_summary
from svit.cli.status import integrity, integrity_text
from svit.cli.task_option import task_option

RunArgument = Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.")]
EndpointOption = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Take the endpoint's address and key, and no more, from this config.",
        autocompletion=matching_configs,
    ),
]
TasksOption = Annotated[list[str] | None, task_option("Only these tasks.")]


def regenerate(
    run: RunArgument,
    task: TasksOption = None,
    max_cost: MaxCostOption = None,
    max_cost_per_month: MaxCostPerMonthOption = None,
    config: EndpointOption = None,
    deadline: DeadlineOption = None,
    log_json: LogJsonOption = False,
    quiet: QuietOption = False,
) -> int:
    """Ask again about what has no sample: what was never asked, what failed, and what was rejected.

    With the run's own settings and the prompt files as they were. What has a sample is left as it is, and so is what
    the same request would meet again: filtered, bad_request, truncated, too long a prompt.
    """
    if log_json:
        messages.to_machines()
    ends = until(deadline)
    from svit.setup.chosen_provider import check_requests, provider
    from svit.setup.run_spending import spending

    past = PastRun.read(run, {"max_cost": max_cost, "max_cost_per_month": max_cost_per_month})
    if config is not None:
        past = past.asked_where(config)
    books, asked_of = spending(past.settings), provider(past.settings, messages.say, messages.log.hide)
    with past.folder.locked(), past.store() as store, past.folder.opened_journal(say=messages.say) as journal:
        todo = past.jobs(past.chosen(task), journal)
        check_requests(past.settings, todo)
        locked = LockedRun(past.folder, past.settings, todo, store, journal, past.contexts_file)
        wish = RunOptions(limit=past.limit, again=True, deadline=ends, quiet=quiet)
        return RunExecution(locked, books, wish).generate(asked_of)


def rebuild(
    run: RunArgument,
    task: TasksOption = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only see whether the journal is whole, and change nothing: exit 2 if not.")
    ] = False,
    quiet: QuietOption = False,
) -> int:
    """Make the shards again from the replies in the journal, without asking anything."""
    if check:
        found = integrity(PastRun.read(run).folder)
        messages.show(integrity_text(found, run))
        return 0 if found.is_whole else 2
    from svit.run.rebuild import rebuild as rebuilt

    past = PastRun.read(run)
    with past.folder.locked(), past.store() as store, past.folder.opened_journal(say=messages.say) as journal:
        todo = past.jobs(past.chosen(task), journal)
        locked = LockedRun(past.folder, past.settings, todo, store, journal, past.contexts_file)
        missing = rebuilt(todo, store, journal, past.folder, min(past.limit or len(store), len(store)))
        cost = journal.spent().cost
        has_price = cost or past.settings.provider == "offline"
        write_summary(locked, past.limit, finished=not missing, cost=cost if has_price else None)
        say_damaged(journal, run)
        if not quiet:
            say_outcomes(locked)
            if missing:
                messages.say(f"{missing:,} are still to be asked about.")
            first = next(store.slice(0, 1), None)
            flawed = missing or any(shard.flaws for shard in locked.shards())
            say_next(after_end(run, first and first.image_id, rejected=bool(flawed)))
        return 1 if missing or any(shard.flaws for shard in locked.shards()) else 0
