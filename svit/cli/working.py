"""Work in a run's folder, for `svit generate`, `svit regenerate` and `svit rebuild`: told in run.json."""

import asyncio
import gc
import itertools
import os
import signal
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from svit import __version__, interrupts
from svit.cli import talk
from svit.cli.durations import duration, parse_duration
from svit.cli.ending import INTERRUPTED
from svit.cli.watchdog import ASLEEP, BUG, GRACE, process_watchdog
from svit.errors import DeadlineReachedError, FileHeldError, StalledError, SvitError

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
_STALLED = 50.0
"""Seconds in which nothing is asked, answered or settled, and nothing is waited for that has a name: a bug."""
_TAKEN_BACK = 0.1
"""Seconds in which requests that wait for their turn come back when nothing leaves any more."""
_READ = 0.8
"""Seconds that a process which slept over its deadline reads what has come meanwhile."""
_JUDGED = 0.9
"""Seconds after the deadline or the second signal by when what has come is judged, or is left to the next start."""
_LOOKED_UP = 1.2
"""Seconds after the deadline or the second signal until which answers that only the journal has are judged."""
_OVER = "The deadline is reached. The same command continues."
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
                published=lambda: self.tell(wish, finished=False),
                emit=talk.record if wish.stdout else None,
            )
            generation.refuse_to_shrink()
            if not wish.quiet:
                self.say_changes()
            self.keep_prompts()
            self.tell(wish, finished=False)
            missing = generation.missing()
            talk.log.event("start", run=str(self.folder.path), missing=missing)
            with progress.of(missing):
                try:
                    session = Session(generation, books, progress, wish, self.settings.timeout, self.check_in_place)
                    session.run(asked_of)
                except BaseException as error:
                    self._tell_of_the_stop(generation, wish, error)
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
                samples = sum(shard.samples for shard in self.published())
                per_dollar = round(samples * NANO / spent.cost) if spent.cost else None
                words = "" if per_dollar is None else f"; {per_dollar:,} samples a dollar"
                figures = {"dollars": spent.cost / NANO, "samples_per_dollar": per_dollar}
                talk.log.event("cost", f"Cost so far: {cost_text(spent)}{words}", **figures)
        code = 1 if any(shard.flaws for shard in self.shards()) else 0
        talk.log.event("end", exit=code)
        return code

    def _tell_of_the_stop(self, generation: "Generation", wish: Wish, error: BaseException) -> None:
        """Put what is in files by now into run.json, and say it where the stop is no bug and has a listener."""
        told = generation.unpublished
        try:
            self.check_in_place()
            self.tell(wish, finished=False)
        except SvitError as untold:
            told = told or str(untold)
        if wish.quiet or not isinstance(error, SvitError | KeyboardInterrupt):
            return
        _say_why(generation, quiet=False)
        self.report(stopped=True)
        if told:
            talk.say(f"Not all of it could be published: {told}")

    def say_changes(self) -> None:
        """Say which settings are others than the last command's, and what follows, where the run has answers."""
        from svit.changes import changed_files, changes, consequences, is_answered
        from svit.render import version_of

        before = self.folder.read_summary() if self.folder.summary.is_file() else {}
        if not before or not is_answered(self.journal):
            return
        files = changed_files(
            before.get("files", {}), {name: version_of(text) for name, text in self.prompt_files().items()}
        )
        words = [str(change) for change in changes(before.get("config", {}), self.settings.model_dump(mode="json"))]
        words += [f"the prompt file {name}" for name in files]
        if before.get("svit", __version__) != __version__:
            words.append(f"svit {before['svit']} -> {__version__}")
        if words:
            follows = consequences(self.jobs, self.store, self.journal)
            figures = {"shards": follows.shards, "answers": follows.answers}
            talk.log.event("changed", f"Changed since the last command: {', '.join(words)}; {follows}.", **figures)

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
        """Return what stands in files of the tasks at hand."""
        from svit.published import published

        return published(self.folder, [job.task.name for job in self.jobs], self.journal.shards())

    def published(self) -> "list[Shard]":
        """Return what stands in files of all tasks of the run."""
        from svit.published import published

        before = self.folder.read_summary().get("prompts", {}) if self.folder.summary.is_file() else {}
        return published(self.folder, [*before, *(job.task.name for job in self.jobs)], self.journal.shards())

    def tell(self, wish: Wish, *, finished: bool) -> None:
        """Write run.json; `finished` says that the last command came to its end."""
        from svit.published import counted
        from svit.render import version_of

        before = self.folder.read_summary() if self.folder.summary.is_file() else {}
        limits = (wish.limit, before.get("limit", wish.limit))
        shards = self.published()
        counts = {
            task: counted(shard for shard in shards if shard.task == task)._asdict()
            for task in dict.fromkeys(shard.task for shard in shards)
        }
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

    def report(self, *, stopped: bool = False) -> None:
        """Say what came of the run so far and what to do next."""
        from svit.published import counted

        shards = self.shards()
        counts = {job.task.name: counted(each for each in shards if each.task == job.task.name) for job in self.jobs}
        rows = [(task, count.samples, sum(count.rejected.values())) for task, count in counts.items()]
        talk.say(talk.table([("task", "samples", "rejected"), *rows], indent=""))
        if flaws := counted(shards).rejected:
            talk.say(f"Rejections by their first flaw (texts in {self.folder.path}/TASK/*.rejected.jsonl):")
            talk.say(talk.counted(flaws))
        if stopped and any(count.samples for count in counts.values()):
            talk.say(
                f"These are in files: 'svit export {self.folder.path} --format llava-next -o train.json' takes the "
                f"samples as they are, and 'svit status {self.folder.path}' shows how the run stands."
            )
        elif not stopped:
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
    """Return when a command has to end, in seconds of the monotonic clock. Raises SvitError for no length of time.

    The time is counted from the start of the process. From here on it does end then, whatever it is in the middle of.
    """
    if deadline is None:
        return None
    seconds = parse_duration(deadline)
    ends = seconds + (time.monotonic() if process_watchdog.began is None else process_watchdog.began)
    process_watchdog.end(ends + GRACE, DeadlineReachedError.exit_code, _OVER)
    return ends


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
    """One stretch of asking, until all is done, a signal comes or the deadline is near.

    `timeout` is the seconds that a request may be in the air.
    """

    generation: "Generation"
    books: "Spending"
    progress: talk.Progress
    wish: Wish
    timeout: float
    check_in_place: Callable[[], None] = lambda: None
    _lost: SvitError | None = None
    _signals: int = 0
    _late: bool = False
    _closing: bool = False
    _fault: BaseException | None = None
    _moved: tuple[int, float] = (-1, 0.0)
    _tasks: "set[asyncio.Task[None]]" = field(default_factory=set)

    def run(self, asked_of: "Provider") -> None:
        """Run to the end. The first signal lets what is in the air be answered, the second stops at once."""
        import uvloop

        # What is there by now stays, and little of what comes is cyclic: the collector need not look all the time.
        gc.freeze()
        gc.set_threshold(_ALLOCATIONS)
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._run(asked_of))
        except asyncio.CancelledError:
            if not (self.generation.is_done or self._fault or self._lost or self._signals or self._late):
                raise KeyboardInterrupt from None
        finally:
            process_watchdog.loop_ends()
            interrupts.raise_again()
        if error := self._lost or self._fault:
            raise error
        if self.generation.is_done:
            interrupts.ignore()
        elif self._signals:
            raise KeyboardInterrupt
        elif self._late:
            raise DeadlineReachedError(_OVER)

    async def _run(self, asked_of: "Provider") -> None:
        loop, main = asyncio.get_running_loop(), asyncio.current_task()
        assert main is not None
        if self.wish.deadline is not None:
            self.generation.end_by(self.wish.deadline + _LOOKED_UP)

        def stop() -> None:
            self._signals += 1
            self.generation.stop()
            if self._signals == 1:
                self._begin(self._tell_what_is_awaited(asked_of), main)
            else:
                self._end(main, time.monotonic(), interrupts.EXIT_CODE, INTERRUPTED)

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        self._begin(self._ticking(asked_of, main), main)
        try:
            await self.generation.run(asked_of)
        finally:
            for task in self._tasks:
                task.cancel()

    def _begin(self, doing: "Coroutine[None, None, None]", main: "asyncio.Task[None]") -> None:
        """Do something beside the run. What goes wrong there ends the run."""

        def ended(task: "asyncio.Task[None]") -> None:
            self._tasks.discard(task)
            if not task.cancelled() and (error := task.exception()):
                self._fault = self._fault or error
                main.cancel()

        task = asyncio.create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(ended)

    async def _ticking(self, asked_of: "Provider", main: "asyncio.Task[None]") -> None:
        """Once a second: tell how things stand, and see to it that they go on, and that the run ends in time."""
        due = time.monotonic()
        for second in itertools.count():
            now = time.monotonic()
            slept = now - due > ASLEEP
            self._keep_the_deadline(main, now, slept=slept)
            self._watch(asked_of, main, now, slept=slept)
            self._see_whether_all_is_there()
            if second % _GIVES_BACK == _GIVES_BACK - 1:
                with suppress(FileHeldError):  # then a minute later
                    self.books.budget.give_back()
            cost = self.books.budget.spent if self.books.price else None
            self.progress.tick(now, in_flight=self.generation.under_way if self.books.price else None, cost=cost)
            due = (
                now + 1 if self.wish.deadline is None or now >= self.wish.deadline else min(now + 1, self.wish.deadline)
            )
            await asyncio.sleep(due - now)

    def _keep_the_deadline(self, main: "asyncio.Task[None]", now: float, *, slept: bool) -> None:
        """Ask nothing more once the slowest answer of late would come too late, and end when the time is over."""
        deadline = self.wish.deadline
        if deadline is None:
            return
        if now + self.generation.slowest_answer >= deadline:
            self._late = True
            self.generation.stop()
        if now >= deadline:
            self._end(main, now, DeadlineReachedError.exit_code, _OVER, read=_READ if slept else 0.0)

    def _end(self, main: "asyncio.Task[None]", now: float, code: int, words: str, *, read: float = 0.0) -> None:
        """End the run: what never left is taken back, what is in the air given up, what has come judged in time.

        `read` is the seconds for which what lies in the sockets is read before. Whatever hangs by then is cut off.
        """
        if not self._closing:
            self._closing = True
            process_watchdog.end(now + GRACE, code, words)
            self.generation.end_by(now + _LOOKED_UP)
            self._begin(self._give_up(main, max(_TAKEN_BACK, read)), main)

    async def _give_up(self, main: "asyncio.Task[None]", after: float) -> None:
        await asyncio.sleep(after)
        self.generation.abandon()
        await asyncio.sleep(max(_JUDGED - after, _TAKEN_BACK))
        if not self.generation.is_ending:
            main.cancel()

    def _watch(self, asked_of: "Provider", main: "asyncio.Task[None]", now: float, *, slept: bool) -> None:
        """See that something goes on, or that what is waited for has a name. A run that stands still has a bug."""
        process_watchdog.beat()
        moves, since = self._moved
        if slept or moves != self.generation.moves or asked_of.waits_for or self.generation.waits_for:
            self._moved = self.generation.moves, now
        elif now - since >= _STALLED and not self._fault:
            self._fault = StalledError(
                f"Nothing has gone on for {_STALLED:.0f} s: {self.generation.under_way:,} requests are with the "
                f"provider, which waits for nothing, and {self.generation.what_is_open()}. {BUG}"
            )
            main.cancel()

    async def _tell_what_is_awaited(self, asked_of: "Provider") -> None:
        """Say what a run that was told to stop still waits for, once what never left is taken back."""
        await asyncio.sleep(_TAKEN_BACK)
        left = self.timeout if self.wish.deadline is None else min(self.timeout, self.wish.deadline - time.monotonic())
        waits_for = asked_of.waits_for or self.generation.waits_for
        if under_way := self.generation.under_way:
            words = f"{under_way:,} under way, at most {duration(left)}"
        elif waits_for:
            words = f"Waiting for {waits_for}"
        else:
            return
        if not self.wish.quiet:
            talk.log.event("stopping", f"{words}; again to stop at once", under_way=under_way)

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
