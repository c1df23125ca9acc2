"""Work in a run's folder, for `svit generate`, `svit regenerate` and `svit rebuild`: told in run.json."""

import asyncio
import signal
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from svit import __version__
from svit.cli import talk
from svit.errors import SvitError

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


@dataclass(frozen=True)
class Wish:
    """What a command asks for, beside the run itself."""

    limit: int | None = None
    again: bool = False
    reuse: Path | None = None
    stdout: bool = False
    quiet: bool = False


@dataclass(frozen=True)
class Work:
    """A run that this process holds the lock of."""

    folder: "RunFolder"
    settings: "RunConfig"
    jobs: "Sequence[Job]"
    store: "ContextStore"
    journal: "Journal"
    contexts: str
    """The file of the contexts, as run.json names it."""

    def generate(self, asked_of: "Provider", books: "Spending", wish: Wish) -> int:
        """Ask, judge and publish until nothing is left, and return the exit code."""
        from svit.journal import Journal
        from svit.pipeline import Generation

        with ExitStack() as open_files:
            _balance(self.journal, books, quiet=wish.quiet)
            reuse = None if wish.reuse is None else open_files.enter_context(Journal(wish.reuse, read_only=True))
            progress = talk.Progress(quiet=wish.quiet)
            generation = Generation(
                self.jobs,
                self.store,
                self.journal,
                self.folder,
                limit=wish.limit,
                again=wish.again,
                reuse=reuse,
                spending=books,
                settled=lambda outcome: progress.count(outcome.flaw),
                emit=talk.record if wish.stdout else None,
            )
            generation.refuse_to_shrink()
            self.keep_prompts()
            self.tell(wish.limit, finished=False)
            missing = generation.missing()
            with progress.of(missing):
                try:
                    _run(generation, asked_of)
                except (SvitError, KeyboardInterrupt):
                    _say_why(generation, quiet=wish.quiet)
                    raise
            _say_why(generation, quiet=wish.quiet)
            self.tell(wish.limit, finished=True)
            spent = self.journal.spent()
        if not wish.quiet:
            if not missing:
                talk.say("All of it was done already; nothing was asked.")
            self.report()
            if books.price:
                talk.say(f"Cost so far: {cost_text(spent)}")
        return 1 if any(shard.flaws for shard in self.shards()) else 0

    def keep_prompts(self) -> None:
        """Keep the prompt files in the journal, so that what was sent can be made again."""
        from svit.render import version_of

        for text in self.prompt_files().values():
            self.journal.keep_template(version_of(text), text)

    def prompt_files(self) -> dict[str, str]:
        """Return the texts of the prompt files that were used, by name."""
        texts = {}
        for job in self.jobs:
            texts[f"{job.task.name}.txt"] = job.recipe.template.text
            if job.recipe.questions:
                texts[f"{job.task.name}.questions.txt"] = "\n".join(job.recipe.questions)
            if job.recipe.lead:
                texts["context_first.txt"] = job.recipe.lead
        return texts

    def shards(self) -> "list[Shard]":
        """Return the published shards of the tasks at hand."""
        names = {job.task.name for job in self.jobs}
        return [shard for shard in self.journal.shards() if shard.task in names]

    def tell(self, limit: int | None, *, finished: bool) -> None:
        """Write run.json; `finished` says that the last command came to its end."""
        from svit.render import version_of

        before = self.folder.read_summary() if self.folder.summary.is_file() else {}
        limits = (limit, before.get("limit", limit))
        counts: dict[str, dict[str, Any]] = {}
        for shard in self.journal.shards():
            task = counts.setdefault(shard.task, {"images": 0, "samples": 0, "rejected": Counter()})
            task["images"] += shard.images
            task["samples"] += shard.samples
            task["rejected"].update(shard.flaws)
        self.folder.write_summary(
            {
                "svit": __version__,
                "started": before.get("started", _now()),
                "config": self.settings.model_dump(mode="json"),
                "contexts": {
                    "file": self.contexts,
                    "digest": self.store.digest,
                    "images": len(self.store),
                    "origin": self.store.origin,
                },
                "limit": None if None in limits else max(int(each) for each in limits if each is not None),
                "prompts": {
                    **before.get("prompts", {}),
                    **{job.task.name: job.recipe.template.version for job in self.jobs},
                },
                "files": {
                    **before.get("files", {}),
                    **{name: version_of(text) for name, text in self.prompt_files().items()},
                },
                "updated": _now(),
                "finished": finished,
                "tasks": counts,
            }
        )

    def report(self) -> None:
        """Say what came of the run and what to do next."""
        counts: dict[str, list[int]] = {}
        flaws: Counter[str] = Counter()
        for shard in self.shards():
            row = counts.setdefault(shard.task, [0, 0])
            row[0] += shard.samples
            row[1] += sum(shard.flaws.values())
            flaws.update(shard.flaws)
        talk.say(
            talk.table([("task", "samples", "rejected"), *((task, *row) for task, row in counts.items())], indent="")
        )
        if flaws:
            talk.say(f"Rejections by their first flaw (texts in {self.folder.path}/TASK/*.rejected.jsonl):")
            talk.say(talk.counted(flaws))
        talk.say(f"The samples are in {self.folder.path}/: " + ", ".join(f"{task}/" for task in counts))


def cost_text(spent: "Spent") -> str:
    """Return what a run has cost, for people."""
    from svit.prices import dollars

    tokens = f"{spent.prompt_tokens:,} tokens in, {spent.completion_tokens:,} out"
    unknown = f"; {spent.unknown:,} requests of unknown outcome at their worst case" if spent.unknown else ""
    untold = f"; {spent.untold:,} replies without token counts at their worst case" if spent.untold else ""
    return f"{dollars(spent.cost)} ({tokens}{unknown}{untold})"


def _balance(journal: "Journal", books: "Spending", *, quiet: bool) -> None:
    """Put what the run has cost so far into the books, requests of unknown outcome at their worst case."""
    from svit.settling import recovered

    unknown = recovered(journal, books)
    books.budget.spent = journal.spent().cost
    if unknown and books.price and not quiet:
        talk.say(f"{unknown:,} requests were under way when the run was stopped. They are asked again.")


def _say_why(generation: "Generation", *, quiet: bool) -> None:
    """Say how many requests were made, and why."""
    if quiet:
        return
    if generation.reused:
        talk.say(f"{generation.reused:,} replies were taken from the other run.")
    if generation.reasons.total():
        why = ", ".join(f"{count:,} {reason}" for reason, count in generation.reasons.most_common())
        talk.say(f"{generation.reasons.total():,} requests: {why}")


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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
