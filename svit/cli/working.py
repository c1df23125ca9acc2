"""Work in a run's folder, for `svit generate`, `svit regenerate` and `svit rebuild`: told in run.json."""

import asyncio
import gc
import itertools
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svit import __version__
from svit.cli import talk
from svit.cli.durations import parse_duration
from svit.errors import DeadlineReachedError, FileHeldError, SvitError

if TYPE_CHECKING:
    from svit.config import RunConfig
    from svit.entries import Damaged, Shard, Spent
    from svit.journal import Journal
    from svit.ledger import Ledger
    from svit.pipeline import Generation
    from svit.providers.base import Provider
    from svit.runs import RunFolder
    from svit.settling import Job
    from svit.sources.contexts import ContextStore
    from svit.spending import Spending


MaxCostOption = Annotated[
    str | None, typer.Option(metavar="DOLLARS", help="Ceiling on what the run may cost, all commands together.")
]
MaxCostPerMonthOption = Annotated[
    str | None, typer.Option(metavar="DOLLARS", help="Ceiling on what all your runs of a calendar month may cost.")
]
DeadlineOption = Annotated[
    str | None, typer.Option(metavar="TIME", help="Ask nothing after 2h, 90m, 1h30m, and end in time: exit 5.")
]
LogJsonOption = Annotated[bool, typer.Option("--log-json", help="Talk in JSON, one object a line.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]


_ALLOCATIONS = 20_000
"""New objects until the garbage collector looks for cycles among them: Python's own number is 700 to 2,000."""
_GIVES_BACK = 60
"""Seconds after which a run gives back what it holds of the month and does not need."""


HURRY, LAST_HURRY = 0.05, 5.0
"""Seconds that a run waits for the ledger while others of it go on, until it tries again, and at its end."""


@dataclass(frozen=True)
class Wish:
    """What a command asks for, beside the run itself. `deadline` is in seconds of the monotonic clock."""

    limit: int | None = None
    again: bool = False
    reuse: Path | None = None
    deadline: float | None = None
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
        from svit.prices import NANO

        with ExitStack() as open_files:
            _balance(self.journal, books, quiet=wish.quiet)
            self._join_the_month(books, open_files)
            reuse = None if wish.reuse is None else open_files.enter_context(Journal(wish.reuse, read_only=True))
            progress = talk.Progress(quiet=wish.quiet, records_to_stdout=wish.stdout)
            generation = Generation(
                self.jobs,
                self.store,
                self.journal,
                self.folder,
                limit=wish.limit,
                again=wish.again,
                reuse=reuse,
                spending=books,
                settled=lambda outcome, answered: progress.count(outcome.flaw, answered=answered),
                emit=talk.record if wish.stdout else None,
            )
            generation.refuse_to_shrink()
            self.keep_prompts()
            self.tell(wish, finished=False)
            missing = generation.missing()
            talk.log.event("start", run=str(self.folder.path), missing=missing)
            with progress.of(missing):
                try:
                    Session(generation, books, progress, wish.deadline, self.check_in_place).run(asked_of)
                except (SvitError, KeyboardInterrupt):
                    _say_why(generation, quiet=wish.quiet)
                    raise
            _say_why(generation, quiet=wish.quiet)
            say_damaged(self.journal, self.folder.path)
            self.tell(wish, finished=True)
            spent = self.journal.spent()
        if not wish.quiet:
            if not missing:
                talk.say("All of it was done already; nothing was asked.")
            self.report()
            if books.price:
                samples = sum(shard.samples for shard in self.journal.shards())
                per_dollar = round(samples * NANO / spent.cost) if spent.cost else None
                words = "" if per_dollar is None else f"; {per_dollar:,} samples a dollar"
                figures = {"dollars": spent.cost / NANO, "samples_per_dollar": per_dollar}
                talk.log.event("cost", f"Cost so far: {cost_text(spent)}{words}", **figures)
        code = 1 if any(shard.flaws for shard in self.shards()) else 0
        talk.log.event("end", exit=code)
        return code

    def _join_the_month(self, books: "Spending", open_files: ExitStack) -> None:
        """Put what the run spends into the ledger of all runs. Without a ceiling on the month a run goes on without."""
        from svit.config import month_limit
        from svit.ledger import Ledger, ledger_path
        from svit.runs import idle

        if books.price is None:
            return
        limit = month_limit(self.settings)
        try:
            ledger = open_files.enter_context(Ledger(ledger_path(os.environ), talk.say))
            books.budget.account = ledger.join(
                self.journal.run_id(), self.folder.path, self.journal.spent_by_month(), limit=limit, idle=idle
            )
        except SvitError as error:
            if limit is not None:
                raise
            talk.say(f"Warning: {error} This run goes on without: it has no ceiling on the month.")
        else:
            open_files.callback(_give_back, books, ledger)
            ledger.hurry = HURRY

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
            if job.repairs:
                texts["repair.txt"] = job.repairs.text
                texts["flaws.txt"] = "\n".join(f"{code}: {words}" for code, words in job.repairs.told.items())
            if job.verifier:
                texts["verify.txt"] = job.verifier.text
        return texts

    def shards(self) -> "list[Shard]":
        """Return the published shards of the tasks at hand."""
        names = {job.task.name for job in self.jobs}
        return [shard for shard in self.journal.shards() if shard.task in names]

    def tell(self, wish: Wish, *, finished: bool) -> None:
        """Write run.json; `finished` says that the last command came to its end."""
        from svit.render import version_of

        before = self.folder.read_summary() if self.folder.summary.is_file() else {}
        limits = (wish.limit, before.get("limit", wish.limit))
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
                "deadline": None if finished or wish.deadline is None else _ahead(wish.deadline),
                "updated": _now(),
                "finished": finished,
                "replies": self.journal.count_replies(),
                "tasks": counts,
            }
        )

    def check_in_place(self) -> None:
        """Raise StorageError when the run's journal, lock or folder is not where it was when the command began."""
        self.journal.check_in_place()
        self.folder.check_in_place()

    def report(self) -> None:
        """Say what came of the run and what to do next."""
        counts = {job.task.name: [0, 0] for job in self.jobs}
        flaws: Counter[str] = Counter()
        for shard in self.shards():
            row = counts[shard.task]
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


def say_damaged(journal: "Journal", run: Path) -> None:
    """Say which replies were found damaged in the journal, even when quiet: they were paid for."""
    if not journal.damaged:
        return
    first, count = damaged_text(min(journal.damaged, key=str)), len(journal.damaged)
    if count == 1:
        words = f"1 reply is damaged in the journal ({first}) and counts as no answer. It is"
    else:
        words = f"{count:,} replies are damaged in the journal ({first}, ...) and count as no answers. They are"
    talk.say(f"{words} asked again with: svit regenerate {run}")


def damaged_text(damaged: "Damaged") -> str:
    """Return which reply is damaged, for people."""
    return f"image {damaged.image_id}, {damaged.task}, attempt {damaged.attempt}"


def _give_back(books: "Spending", ledger: "Ledger") -> None:
    """Leave to other runs what this one holds of the month. Where the ledger is held, the next run sees to that."""
    ledger.hurry = LAST_HURRY
    with suppress(FileHeldError):
        books.budget.give_back()


def until(deadline: str | None) -> float | None:
    """Return when a command has to end, in seconds of the monotonic clock. Raises SvitError for no length of time."""
    return None if deadline is None else time.monotonic() + parse_duration(deadline)


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


@dataclass
class Session:
    """One stretch of asking, until all is done, a signal comes or the deadline is near."""

    generation: "Generation"
    books: "Spending"
    progress: talk.Progress
    deadline: float | None
    check_in_place: Callable[[], None] = lambda: None
    _lost: SvitError | None = None
    _signalled: bool = False
    _late: bool = False

    def run(self, asked_of: "Provider") -> None:
        """Run to the end. The first signal lets what is under way be answered, the second stops at once."""
        import uvloop

        # What is there by now stays, and little of what comes is cyclic: the collector need not look all the time.
        gc.freeze()
        gc.set_threshold(_ALLOCATIONS)
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._run(asked_of))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
        if self._lost:
            raise self._lost
        if self.generation.is_done:
            return
        if self._signalled:
            raise KeyboardInterrupt
        if self._late:
            raise DeadlineReachedError("The deadline is reached. The same command continues.")

    async def _run(self, asked_of: "Provider") -> None:
        loop, main = asyncio.get_running_loop(), asyncio.current_task()

        def stop() -> None:
            if self._signalled and main:
                main.cancel()
            self._signalled = True
            self.generation.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        ticking = asyncio.create_task(self._ticking())
        try:
            await self.generation.run(asked_of)
        finally:
            ticking.cancel()

    async def _ticking(self) -> None:
        """Once a second: tell how things stand, and stop asking while the slowest answer can still come in time."""
        for second in itertools.count():
            now = time.monotonic()
            if self.deadline is not None and now + self.generation.slowest_answer >= self.deadline and not self._late:
                self._late = True
                self.generation.stop()
            self._see_whether_all_is_there()
            if second % _GIVES_BACK == _GIVES_BACK - 1:
                with suppress(FileHeldError):  # then a minute later
                    self.books.budget.give_back()
            cost = self.books.budget.spent if self.books.price else None
            self.progress.tick(now, in_flight=self.generation.under_way if self.books.price else None, cost=cost)
            await asyncio.sleep(1)

    def _see_whether_all_is_there(self) -> None:
        """Ask nothing more once the journal is gone: what comes in then goes to the file that is still open."""
        try:
            self.check_in_place()
        except SvitError as error:
            if self._lost is None:
                talk.say("The journal is not where it was: nothing more is asked, and what is under way is waited for.")
            self._lost = error
            self.generation.stop()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _ahead(deadline: float) -> str:
    """Return a time of the monotonic clock as ISO 8601 in UTC."""
    return datetime.fromtimestamp(time.time() + deadline - time.monotonic(), UTC).isoformat(timespec="seconds")
