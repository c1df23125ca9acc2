"""Commands that only look: `svit tasks`, `svit prompt`, `svit show`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from svit.cli import messages
from svit.cli.annotation_options import Annotations, ContextsOption
from svit.cli.completion import matching_configs
from svit.cli.existing_run import PastRun
from svit.cli.json_option import JsonOption
from svit.cli.scratch_folder import scratch_folder
from svit.cli.shown_records import prompt_record, task_record
from svit.cli.task_option import one_task_name, task_option
from svit.errors import SvitError
from svit.quantities import number_of
from svit.system.path_address import path_address

if TYPE_CHECKING:
    from svit.providers.base import Failure
    from svit.records import Completion, Dialogue, ImageContext, Prompt
    from svit.run.attempts import Attempt, Job
    from svit.run.journal import Journal
    from svit.run.journal_rows import Intent, StoredReply


def tasks(as_json: JsonOption = False) -> None:
    """List the tasks."""
    from svit.tasks import TASKS

    if as_json:
        messages.show(json.dumps([{"task": task.name, "summary": task.summary} for task in TASKS.values()]))
        return
    width = max(map(len, TASKS)) + 2
    for task in TASKS.values():
        messages.show(messages.folded(f"{task.name.ljust(width)}{task.summary}", indent=" " * width))


def prompt(
    task: Annotated[list[str], task_option("Whose prompt.")],
    contexts: ContextsOption = None,
    image: Annotated[
        str | None, typer.Option(metavar="ID", help="About which image; the first one by default.")
    ] = None,
    config: Annotated[
        str, typer.Option(metavar="FILE", help="Config file, or a shipped one's name.", autocompletion=matching_configs)
    ] = "offline",
    prompts: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of own prompt files.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print what a model would be sent about one image."""
    from svit.config import read_config
    from svit.resources import config_path
    from svit.run.folder import RunFolder
    from svit.setup.task_jobs import jobs
    from svit.tasks import chosen_tasks

    settings = read_config(config_path(config), {"prompts": prompts and path_address(prompts.absolute())})
    name = one_task_name(task)
    assert name is not None
    [job] = jobs(settings, chosen_tasks([name]))
    with (
        scratch_folder() as folder,
        Annotations.named(contexts).store(RunFolder(folder), quiet=True) as store,
    ):
        called = "" if contexts else "The bundled sample"
        context = store.get(image, called) if image else next(store.slice(0, 1), None)
    if context is None:
        raise SvitError(f"{contexts}: there is no image in it.")
    made = job.task.prompt(context, job.recipe)
    if as_json:
        messages.show(json.dumps({"image_id": context.image_id, "task": job.task.name, **prompt_record(made)}))
        return
    messages.show(prompt_text(made))


def show(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.")],
    image: Annotated[str, typer.Argument(metavar="IMAGE_ID", help="Which image.")],
    task: Annotated[list[str] | None, task_option("Only these tasks.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show one image of a run: what was sent beside what came back, what it became, and its flaws."""
    from svit.run.journal import Journal

    past = PastRun.read(run)
    wanted = past.chosen(task)
    with past.store() as store, Journal(past.folder.journal, read_only=True) as journal:
        context = store.get(image)
        looks = [_look(job, context, journal) for job in past.jobs(wanted, journal)]
    if as_json:
        told = [task_record(each.task, context.image_id, each.asked, each.sent, each.tries) for each in looks]
        messages.show(json.dumps(told))
        return
    for each in looks:
        _show(each, context)


@dataclass(frozen=True)
class ImageHistory:
    """What became of one image in one task: the requests, the prompt that was sent last, and what came of each.

    `changed` says that the settings are others than when it was asked, so that the prompt is today's.
    """

    task: str
    asked: "Sequence[Intent]" = ()
    sent: "Prompt | None" = None
    tries: "Sequence[Attempt]" = ()
    changed: bool = False


def _look(job: "Job", context: "ImageContext", journal: "Journal") -> ImageHistory:
    """Look at one task of the image: at the request of the run's prompt file as it is, or else the last one sent."""
    from svit.run.attempts import attempts_so_far

    asked = [intent for intent in journal.asked(context.image_id) if intent.task == job.task.name]
    if not asked:
        return ImageHistory(job.task.name)
    made = job.task.prompt(context, job.recipe)
    last = next((intent for intent in asked if intent.prompt_id == made.id), asked[-1])
    if made.id != last.prompt_id:
        made = _made_by(last.version, job, context, journal)

    def replies(prompt: "Prompt") -> "Sequence[StoredReply]":
        return journal.replies(last.prompt_id if prompt is made else prompt.id, context.image_id)

    tries = list(attempts_so_far(job, made, replies))
    mended = next((tried.prompt for tried in reversed(tries) if tried.prompt is not made), made)
    of_this = [each for each in asked if each.version == last.version]
    return ImageHistory(job.task.name, of_this, mended, tries, made.id != last.prompt_id)


def _show(look: ImageHistory, context: "ImageContext") -> None:
    if look.sent is None:
        why = "it has no annotations" if context.is_empty else "not reached yet"
        messages.show(f"{look.task}: nothing was asked about image {context.image_id}: {why}.\n")
        return
    messages.show(f"=== {look.task}, image {context.image_id} ({context.image}) ===")
    if look.changed:
        messages.show("The settings have changed since this was asked; the prompt below is today's.")
    messages.show("asked: " + ", ".join(f"attempt {each.attempt}: {each.reason}" for each in look.asked))
    results = "\n\n".join(map(_reply_text, look.tries))
    messages.show(messages.side_by_side(prompt_text(look.sent), results or "No answer has come yet."))
    messages.show()


def _made_by(version: str, job: "Job", context: "ImageContext", journal: "Journal") -> "Prompt":
    """Return the prompt that the prompt file of this version makes, as it was when the run used it."""
    from svit.prompting.render import Template

    text = journal.template(version)
    recipe = job.recipe if text is None else replace(job.recipe, template=Template(text, name=f"template {version}"))
    return job.task.prompt(context, recipe)


def prompt_text(made: "Prompt") -> str:
    """Return the messages of a prompt, each under its role."""
    parts = [f"--- {message.role} ---\n{message.content}" for message in made.messages]
    if made.question:
        parts.append(f"--- the question in the sample ---\n{made.question}")
    if made.left_out:
        parts.append(f"--- left out to fit ---\n{messages.counted(made.left_out)}")
    return "\n\n".join(parts)


def _reply_text(tried: "Attempt") -> str:
    from svit.records import Sample

    result = tried.result
    heard = tried.opinion.heard if tried.opinion else ()
    opinions = [f"--- second opinion ---\n{_came(read)}" for read in heard]
    if tried.doubted:
        opinions.append("--- second opinion ---\nnot here yet")
    if isinstance(result, Sample):
        without = f", without {sum(result.dropped.values())} others" if result.dropped else ""
        parts = [
            f"--- result: a sample of {number_of(len(result.dialogues), 'dialogue')}{without} ---",
            *map(_dialogue_text, result.dialogues),
        ]
    else:
        parts = ["--- result: rejected ---"]
    flaws = result.warnings if isinstance(result, Sample) else result.flaws
    parts += [f"--- flaws: {len(flaws)} ---", *(f"{flaw.code} ({flaw.severity}): {flaw.words}" for flaw in flaws)]
    return "\n\n".join(
        [f"--- completion, attempt {tried.kept.attempt} ---\n{_came(tried.read)}", *opinions, "\n".join(parts)]
    )


def _came(read: "Completion | Failure") -> str:
    from svit.providers.base import Failure

    return f"{read.code}: {read.words}" if isinstance(read, Failure) else read.text


def _dialogue_text(dialogue: "Dialogue") -> str:
    topic = [f"[{dialogue.topic}]"] if dialogue.topic else []
    return "\n".join([*topic, *(f"user: {turn.question}\ngpt: {turn.answer}" for turn in dialogue.turns)])
