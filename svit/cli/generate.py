"""`svit generate`: the main job."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from svit.cli import messages
from svit.cli.annotation_options import (
    Annotations,
    CaptionsOption,
    ContextsOption,
    InstancesOption,
    SharedOption,
    StrictOption,
    VisualGenomeOption,
)
from svit.cli.command_arguments import parameter_per_field
from svit.cli.completion import matching_configs
from svit.cli.config_options import BaseUrlOption, ModelOption, config_with, file_name_of
from svit.cli.deadline import until
from svit.cli.existing_run import PastRun
from svit.cli.locked_run import LockedRun
from svit.cli.next_steps import Step, after_stop, command_line, same_command, steps_text
from svit.cli.run_execution import (
    DeadlineOption,
    LogJsonOption,
    MaxCostOption,
    MaxCostPerMonthOption,
    QuietOption,
    RunExecution,
    RunOptions,
)
from svit.cli.task_option import task_option
from svit.cli.unpaid_folder import removed_when_unpaid
from svit.errors import BudgetReachedError, DataError, SvitError
from svit.system.path_address import path_address

if TYPE_CHECKING:
    from svit.config import RunConfig
    from svit.contexts.store import ContextStore
    from svit.cost.spending import Spending
    from svit.providers.base import Provider
    from svit.run.attempts import Job
    from svit.run.folder import RunFolder
    from svit.run.journal import Journal
    from svit.tasks.base import Task


@dataclass(frozen=True)
class GenerateOptions:
    """What `generate` was told: a run, whether it is there already or not, and the annotations it is made from."""

    folder: "RunFolder"
    settings: "RunConfig"
    jobs: "Sequence[Job]"
    annotations: Annotations
    books: "Spending"
    wish: RunOptions
    start_over: bool = False
    switch: bool = False

    @contextmanager
    def _locked(self) -> "Iterator[LockedRun]":
        """Hold the run's lock, with its contexts and journal open. Raises SvitError for a run of other contexts."""
        folder, annotations = self.folder, self.annotations
        if annotations.raw_paths and not folder.path.exists():
            self._ask_whether_anybody_is_there()
        with folder.locked(), annotations.store(folder, quiet=self.wish.quiet) as store:
            _refuse_other_contexts(folder, store)
            file = path_address(annotations.contexts.absolute()) if annotations.contexts else folder.contexts.name
            with folder.opened_journal(start_over=self.start_over, say=messages.say) as journal:
                if not self.switch:
                    _refuse_another_writer(folder, self.settings, journal)
                yield LockedRun(folder, self.settings, self.jobs, store, journal, file)

    def _ask_whether_anybody_is_there(self) -> None:
        """Raise the endpoint's refusal before annotations are read for minutes, into a folder that would not stay."""
        from svit.cli.config_checks import refuse_an_endpoint_that_refuses

        try:
            refuse_an_endpoint_that_refuses(self.settings)
        except SvitError as error:
            steps = after_stop(error, self.folder.path, self.wish.check, self.wish.called, has_samples=False)
            if steps and not self.wish.quiet:
                error.add_note(steps_text(steps))
            raise

    def run(self, asked_of: "Provider") -> int:
        """Ask for what is missing, and return the exit code."""
        with removed_when_unpaid(self.folder), self._locked() as run:
            return RunExecution(run, self.books, self.wish).generate(asked_of)

    def preview(self, asked_of: "Provider", number: int) -> int:
        """Ask about the first so many images, show them, price the rest, and tell the command that goes on."""
        from svit.cli.preview import previewed, rest_text, show_images
        from svit.estimate.quote import quote

        tasks = [job.task for job in self.jobs]
        with removed_when_unpaid(self.folder), self._locked() as run:
            limit, images = previewed(run.store, number, self.wish.limit)
            work = RunExecution(run, self.books, replace(self.wish, limit=limit, preview=True))
            try:
                code = work.generate(asked_of)
            except BudgetReachedError:
                show_images(self.folder.path, images)
                raise
            rest = quote(self.settings, tasks, run.store, run.journal, limit=self.wish.limit)
        show_images(self.folder.path, images)
        messages.show(rest_text(rest, len(images)))
        sys.stdout.flush()
        if rest.total.requests:
            go_on = same_command(self.wish.called, without=("--preview",))
            messages.say(steps_text([(go_on, f"asks for the rest; what is in {self.folder.path} is kept")]))
        return code


def _silent(_: str) -> None:
    """Say nothing."""


def default_run(annotations: Annotations, tasks: "Sequence[Task]", settings: "RunConfig", label: str) -> Path:
    """Return the run folder where none is named: by input, tasks, and the label of who is asked."""
    from svit.tasks import TASKS

    wanted = "all" if len(tasks) == len(TASKS) else "+".join(each.name for each in tasks)
    by = "" if settings.provider == "offline" else f"-{label}"
    return Path("runs") / f"{annotations.name}-{wanted}{by}"


def label_of(config: str, model: str | None) -> str:
    """Return the name of a config without its folder and ending, and of the model that is asked instead of its own."""
    names = [] if model and config == "offline" else [Path(config).stem]
    return "-".join([*names, *([file_name_of(model)] if model else [])])


def endpoint_check(config: str, model: str | None, base_url: str | None) -> str:
    """Return the command that looks at a config and its endpoint, changed as this one was."""
    changed = [
        word for option, value in (("--model", model), ("--base-url", base_url)) if value for word in (option, value)
    ]
    return command_line("config", "check", config, *changed, "--endpoint")


def _further(annotations: Annotations, tasks: "Sequence[Task]") -> "list[Step]":
    """Return the steps after a run of the bundled sample."""
    from svit.tasks import TASKS

    if not annotations.is_sample:
        return []
    every = [(f"{same_command(without=('--task', '--tasks', '--run'))} --task all", "every task, on the same sample")]
    own = (command_line("contexts", "build", "--help"), "your own annotations")
    return [*(every if len(tasks) < len(TASKS) else []), own]


@dataclass(frozen=True)
class GenerateArguments:
    """The options of `svit generate`, a field each."""

    task: Annotated[list[str], task_option("Task to run; 'all' is all.")]
    contexts: ContextsOption = None
    visual_genome: VisualGenomeOption = None
    coco_captions: CaptionsOption = None
    coco_instances: InstancesOption = None
    allow_shared_coco_ids: SharedOption = False
    strict: StrictOption = False
    config: Annotated[
        str, typer.Option(metavar="FILE", help="Config file, or a shipped one's name.", autocompletion=matching_configs)
    ] = "offline"
    model: ModelOption = None
    base_url: BaseUrlOption = None
    run: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Run folder. Default: runs/, named after input, task and config.")
    ] = None
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the first N images.")] = None
    preview: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Ask about the first N images, show what came of each, price the rest, and stop."
        ),
    ] = None
    prompts: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of prompt files that replace the shipped ones.")
    ] = None
    verify: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Have this model say of every answer whether it can stand.")
    ] = None
    max_cost: MaxCostOption = None
    max_cost_per_month: MaxCostPerMonthOption = None
    deadline: DeadlineOption = None
    reuse: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Take paid replies from this run where a prompt is the same.")
    ] = None
    switch: Annotated[
        bool, typer.Option("--switch", help="Go on with another provider or model than the run was made with.")
    ] = False
    seed: Annotated[int | None, typer.Option(help="Seed of what is drawn; the config's by default.")] = None
    start_over: Annotated[
        bool, typer.Option("--start-over", help="Ask again what a run's lost or older journal does not hold.")
    ] = False
    stdout: Annotated[bool, typer.Option("--stdout", help="Write the samples to stdout too, in context order.")] = False
    log_json: LogJsonOption = False
    quiet: QuietOption = False

    def settings(self) -> "RunConfig":
        """Return the config, with what the options change of it."""
        from svit.resources import config_path

        changes = {
            "seed": self.seed,
            "max_cost": self.max_cost,
            "max_cost_per_month": self.max_cost_per_month,
            "prompts": self.prompts and path_address(self.prompts.absolute()),
            "verify": self.verify,
        }
        told = _silent if self.quiet else messages.say
        return config_with(config_path(self.config), changes, model=self.model, base_url=self.base_url, say=told)

    def annotations(self) -> Annotations:
        """Return the annotations that the options name. Raises SvitError when they do not go together."""
        return Annotations.named(
            self.contexts,
            self.visual_genome,
            self.coco_captions,
            self.coco_instances,
            self.allow_shared_coco_ids,
            self.strict,
        )


@parameter_per_field
def generate(given: GenerateArguments) -> int:
    """Generate instruction data, from the bundled sample when no annotations are named.

    The same command again continues a run that was stopped, and asks nothing twice.
    """
    if given.log_json:
        messages.to_machines()
    ends = until(given.deadline)
    if given.preview and given.stdout:
        raise SvitError("--preview shows what came of its images on stdout: leave --stdout out.")
    from svit.run.folder import RunFolder
    from svit.setup.chosen_provider import check_requests, provider
    from svit.setup.run_spending import spending
    from svit.setup.task_jobs import jobs
    from svit.tasks import chosen_tasks

    settings = given.settings()
    tasks = chosen_tasks(given.task)
    todo = jobs(settings, tasks)
    check_requests(settings, todo)
    books, asked_of = spending(settings), provider(settings, messages.say, messages.log.hide)
    annotations = given.annotations()
    folder = RunFolder(given.run or default_run(annotations, tasks, settings, label_of(given.config, given.model)))
    wish = RunOptions(
        limit=given.limit,
        reuse=None if given.reuse is None else PastRun.read(given.reuse).folder.journal,
        deadline=ends,
        stdout=given.stdout,
        quiet=given.quiet,
        check=endpoint_check(given.config, given.model, given.base_url),
        further=_further(annotations, tasks),
    )
    order = GenerateOptions(
        folder, settings, todo, annotations, books, wish, start_over=given.start_over, switch=given.switch
    )
    return order.run(asked_of) if given.preview is None else order.preview(asked_of, given.preview)


def _refuse_another_writer(folder: "RunFolder", settings: "RunConfig", journal: "Journal") -> None:
    """Raise SvitError when the run was made with another provider or model: its samples would be replaced."""
    from svit.run.setting_changes import is_answered, switch

    before = folder.manifest(whole=False).config if folder.summary.is_file() else {}
    if not before:
        return
    if words := switch(before, settings.model_dump(mode="json"), answered=is_answered(journal)):
        raise SvitError(
            f"{folder.path}: this run {words}, and make its shards again. Name the config that it was made with "
            f"(--config), or another folder (--run); with --switch it goes on with the other."
        )


def _refuse_other_contexts(folder: "RunFolder", store: "ContextStore") -> None:
    if not folder.summary.is_file():
        return
    before = folder.manifest(whole=False).contexts
    if before.digest and before.digest != store.digest:
        raise DataError(
            f"{folder.path}: this run was made from other contexts ({before.images} images, {before.file}). "
            f"Choose another folder with --run."
        )
