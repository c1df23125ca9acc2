"""What a command says about a run: what changed, what was asked and why, what came of it, what it cost."""

from pathlib import Path
from typing import TYPE_CHECKING

from svit import __version__
from svit.cli import messages
from svit.cli.locked_run import LockedRun
from svit.quantities import number_of

if TYPE_CHECKING:
    from svit.run.generation import Generation
    from svit.run.journal import Journal
    from svit.run.journal_rows import DamagedReply, RunSpending


def say_changes(run: LockedRun) -> None:
    """Say which settings are others than the last command's, and what follows, where the run has answers."""
    from svit.run.setting_changes import changed_files, changes, consequences, is_answered

    before = run.manifest()
    if not before.prompts or not is_answered(run.journal):
        return
    files = changed_files(before.files, run.prompt_versions())
    words = [str(change) for change in changes(before.config, run.settings.model_dump(mode="json"))]
    words += [f"the prompt file {name}" for name in files]
    if before.svit not in ("", __version__):
        words.append(f"svit {before.svit} -> {__version__}")
    if words:
        follows = consequences(run.jobs, run.store, run.journal)
        figures = {"shards": follows.shards, "answers": follows.answers}
        messages.log.event("changed", f"Changed since the last command: {', '.join(words)}; {follows}.", **figures)


def say_why(generation: "Generation") -> None:
    """Say how many requests were made, and why."""
    if generation.reused:
        messages.say(f"{generation.reused:,} replies were taken from the other run.")
    if generation.reasons.total():
        why = ", ".join(f"{count:,} {reason}" for reason, count in generation.reasons.most_common() if count)
        made = generation.reasons.total()
        messages.say(f"{number_of(made, 'request')}: {why}")


def say_outcomes(run: LockedRun, *, stopped: bool = False) -> None:
    """Say what came of the run so far, and where it is unless the run was stopped; nothing where nothing came of it."""
    from svit.run.published_shards import counted

    shards, path = run.shards(), run.folder.path
    counts = {job.task.name: counted(each for each in shards if each.task == job.task.name) for job in run.jobs}
    rows = [(task, count.samples, sum(count.rejected.values())) for task, count in counts.items()]
    if stopped and not any(samples or rejected for _, samples, rejected in rows):
        return
    messages.say(messages.table([("task", "samples", "rejected"), *rows], indent=""))
    if flaws := counted(shards).rejected:
        messages.say(f"Rejections by their first flaw (texts in {path}/TASK/*.rejected.jsonl):")
        messages.say(messages.counted(flaws))
    if not stopped:
        messages.say(f"The samples are in {path}/TASK/*.jsonl.")


def say_cost(run: LockedRun, spent: "RunSpending") -> None:
    """Say what a run has cost so far that has a price."""
    from svit.cost.prices import NANO

    samples = sum(shard.samples for shard in run.published())
    per_dollar = round(samples * NANO / spent.cost) if spent.cost else None
    words = "" if per_dollar is None else f"; {number_of(per_dollar, 'sample')} a dollar"
    figures = {"dollars": spent.cost / NANO, "samples_per_dollar": per_dollar}
    messages.log.event("cost", f"Cost so far: {_cost_text(spent)}{words}", **figures)


def _cost_text(spent: "RunSpending") -> str:
    from svit.cost.prices import dollars

    tokens = f"{spent.prompt_tokens:,} tokens in, {spent.completion_tokens:,} out"
    unknown = f"; {number_of(spent.unknown, 'request')} of unknown outcome at their worst case" if spent.unknown else ""
    untold = (
        f"; {number_of(spent.untold, 'reply', 'replies')} without token counts at their worst case"
        if spent.untold
        else ""
    )
    return f"{dollars(spent.cost)} ({tokens}{unknown}{untold})"


def say_damaged(journal: "Journal", run: Path) -> None:
    """Say which replies were found damaged in the journal, even when quiet: they were paid for."""
    if not journal.damaged:
        return
    first, count = damaged_text(min(journal.damaged, key=str)), len(journal.damaged)
    if count == 1:
        words = f"1 reply is damaged in the journal ({first}) and counts as no answer. It is"
    else:
        words = f"{count:,} replies are damaged in the journal ({first}, ...) and count as no answers. They are"
    messages.say(f"{words} asked again with: svit regenerate {run}")


def damaged_text(damaged: "DamagedReply") -> str:
    """Return which reply is damaged, for people."""
    return f"image {damaged.image_id}, {damaged.task}, attempt {damaged.attempt}"
