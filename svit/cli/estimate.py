"""`svit estimate`: what a run will ask, take and cost, before its first request."""

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svit.cli import messages
from svit.cli.annotation_options import (
    Annotations,
    CaptionsOption,
    ContextsOption,
    InstancesOption,
    SharedOption,
    VisualGenomeOption,
)
from svit.cli.command_arguments import parameter_per_field
from svit.cli.config_options import BaseUrlOption, ModelOption, config_with
from svit.cli.estimate_text import estimate_text
from svit.cli.json_option import JsonOption
from svit.cli.scratch_folder import scratch_folder
from svit.cli.task_option import task_option
from svit.errors import DataError
from svit.system.path_address import path_address, path_at

if TYPE_CHECKING:
    from svit.config import RunConfig
    from svit.contexts.store import ContextStore
    from svit.run.folder import RunFolder
    from svit.run.journal import Journal


@dataclass(frozen=True)
class EstimateArguments:
    """The options of `svit estimate`, a field each."""

    task: Annotated[list[str] | None, task_option("Task to estimate, or 'all'. Default: the run's, or else all.")] = (
        None
    )
    contexts: ContextsOption = None
    visual_genome: VisualGenomeOption = None
    coco_captions: CaptionsOption = None
    coco_instances: InstancesOption = None
    allow_shared_coco_ids: SharedOption = False
    config: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Config file, or the name of a shipped one. Default: the run's, or offline."),
    ] = None
    model: ModelOption = None
    base_url: BaseUrlOption = None
    run: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Run folder: what it has done is not counted again, and its answers are measured."
        ),
    ] = None
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the first N images.")] = None
    prompts: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of prompt files that replace the shipped ones.")
    ] = None
    verify: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Count the second opinions of this model too.")
    ] = None
    max_cost: Annotated[
        str | None, typer.Option(metavar="DOLLARS", help="Say how far this ceiling on the run reaches.")
    ] = None
    max_cost_per_month: Annotated[
        str | None, typer.Option(metavar="DOLLARS", help="Say how far this ceiling on all runs of a month reaches.")
    ] = None
    every: Annotated[bool, typer.Option("--all", help="Count every prompt, not about 2,000 of them.")] = False
    as_json: JsonOption = False

    def annotations(self) -> Annotations:
        """Return the annotations that the options name. Raises SvitError when they do not go together."""
        return Annotations.named(
            self.contexts, self.visual_genome, self.coco_captions, self.coco_instances, self.allow_shared_coco_ids
        )

    def changes(self) -> dict[str, object]:
        """Return what the options change of a config."""
        return {
            "prompts": self.prompts and path_address(self.prompts.absolute()),
            "verify": self.verify,
            "max_cost": self.max_cost,
            "max_cost_per_month": self.max_cost_per_month,
        }


@parameter_per_field
def estimate(given: EstimateArguments) -> None:
    """Show what a run will ask, take and cost, from its real prompts. Nothing is sent, and no key is needed."""
    import msgspec

    from svit.estimate.quote import quote
    from svit.setup.chosen_provider import check_requests
    from svit.setup.task_jobs import jobs
    from svit.tasks import chosen_tasks

    run, limit, every = given.run, given.limit, given.every
    known = _Known.of(run)
    if run and not known:
        messages.say(f"There is no run in {run} yet, so nothing is done already.")
    settings = _settings(given, known)
    tasks = chosen_tasks(given.task or (known.tasks if known else []) or ["all"])
    check_requests(settings, jobs(settings, tasks))
    annotations = given.annotations()
    with ExitStack() as open_files:
        store = open_files.enter_context(_store(annotations, known))
        journal = open_files.enter_context(known.journal()) if known else None
        if known and store.digest != known.digest:
            raise DataError(f"{run}: this run was made from other contexts. Leave out --run, or name its contexts.")
        month = None if settings.max_cost_per_month is None else _month_spent()
        found = quote(settings, tasks, store, journal, limit=limit, every=every, watched=_watched, month_spent=month)
    messages.show(msgspec.json.encode(found).decode() if given.as_json else estimate_text(found))


def _month_spent() -> int | None:
    """Return what all runs spent or hold in this month, in nano-dollars; None, and a word, where nobody knows."""
    from svit.cost.ledger import Ledger, ledger_path, month_of
    from svit.errors import SvitError

    try:
        path = ledger_path(os.environ)
        if not path.exists():
            return 0
        with Ledger(path) as ledger:
            return ledger.total(month_of(time.time())).held
    except SvitError as error:
        messages.say(f"Warning: {error} What other runs spent this month is not known.")
        return None


def _watched(positions: Iterable[int], total: int) -> Iterable[int]:
    return messages.watched(positions, total, "image", quiet=False)


@dataclass(frozen=True)
class _Known:
    """A run that is there already, as its run.json describes it."""

    folder: "RunFolder"
    config: dict[str, Any]
    tasks: list[str]
    contexts: Path
    digest: str

    @classmethod
    def of(cls, run: Path | None) -> "_Known | None":
        """Return what is known of the run; None when there is none yet, so that nothing is done already."""
        from svit.run.folder import RunFolder

        if run is None or not (folder := RunFolder(run)).summary.is_file():
            return None
        manifest = folder.manifest()
        file = folder.path / path_at(manifest.contexts.file)
        return cls(folder, manifest.config, list(manifest.prompts), file, manifest.contexts.digest)

    def journal(self) -> "Journal":
        """Return the run's journal, to be read only."""
        from svit.run.journal import Journal

        return Journal(self.folder.journal, read_only=True)


def _settings(given: EstimateArguments, known: _Known | None) -> "RunConfig":
    """Return the config that was named, or the run's own, with the command line's changes."""
    from svit.config import changed
    from svit.resources import config_path

    config, model, base_url, changes = given.config, given.model, given.base_url, given.changes()
    if config is not None or known is None:
        return config_with(config_path(config or "offline"), changes, model=model, base_url=base_url, say=messages.say)
    changes |= {"model": model, "base_url": base_url}
    return changed(known.config, changes, name=str(known.folder.summary))


@contextmanager
def _store(annotations: Annotations, known: _Known | None) -> "Iterator[ContextStore]":
    """Open the contexts: those that were named, or else the run's own, or else the sample. Nothing stays behind."""
    from svit.contexts.store import ContextStore
    from svit.run.folder import RunFolder

    if known and annotations.is_sample:
        with ContextStore(known.contexts) as store:
            yield store
        return
    with scratch_folder() as folder, annotations.store(RunFolder(folder), quiet=True) as store:
        yield store
