"""Asking for what a run has still to find, for `svit generate` and `svit regenerate`: their options, and the work."""

import os
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from svit.cli import messages
from svit.cli.locked_run import LockedRun
from svit.cli.next_steps import Step, after_end, after_stop, command_line, steps_text
from svit.cli.progress import Progress
from svit.cli.run_report import say_changes, say_cost, say_damaged, say_outcomes, say_why
from svit.cli.run_summary import write_summary
from svit.cli.session import Session
from svit.cli.stop_reason import keep_reason
from svit.errors import FileHeldError, SvitError
from svit.quantities import number_of
from svit.system.path_address import path_address

if TYPE_CHECKING:
    from svit.cost.ledger import Ledger
    from svit.cost.spending import Spending
    from svit.providers.base import Provider
    from svit.run.generation import Generation
    from svit.run.journal import Journal

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


HURRY, LAST_HURRY = 0.05, 5.0
"""Seconds that a run waits for the ledger while others of it go on, until it tries again, and at its end."""


@dataclass(frozen=True)
class RunOptions:
    """What a command asks for, beside the run itself. `deadline` is in seconds of the monotonic clock.

    `check` is the command that looks at the endpoint, where a config was named, and `called` are the words of the one
    that goes on, where it is another than this; `further` are steps that fit after a run beside those that always do.
    A `preview` is followed by steps of its own.
    """

    limit: int | None = None
    again: bool = False
    reuse: Path | None = None
    deadline: float | None = None
    stdout: bool = False
    quiet: bool = False
    preview: bool = False
    check: str = ""
    called: Sequence[str] = ()
    further: Sequence[Step] = ()


@dataclass(frozen=True)
class RunExecution:
    """What a command does with a run: `books` is what it may spend."""

    run: LockedRun
    books: "Spending"
    wish: RunOptions

    def generate(self, asked_of: "Provider") -> int:
        """Ask, judge and publish until nothing is left, and return the exit code."""
        run = self.run
        with ExitStack() as open_files:
            _balance(run.journal, self.books, quiet=self.wish.quiet)
            self._join_the_month(open_files)
            progress = Progress(quiet=self.wish.quiet, records_to_stdout=self.wish.stdout)
            generation = self._generation(progress, open_files)
            generation.refuse_to_shrink()
            if not self.wish.quiet:
                say_changes(run)
            run.keep_prompts()
            goes_further = self.wish.preview and _is_stopped_beyond(run, self.wish.limit)
            self._tell(finished=False)
            missing = generation.missing()
            messages.log.event("start", run=path_address(run.folder.path), missing=missing)
            self._ask(generation, progress, asked_of)
            if not self.wish.quiet:
                say_why(generation)
            say_damaged(run.journal, run.folder.path)
            self._tell(finished=not goes_further)
            spent = run.journal.spent()
        if not self.wish.quiet:
            if not missing:
                messages.say("All of it was done already; nothing was asked.")
            say_outcomes(run)
            if self.books.price:
                say_cost(run, spent)
        code = 1 if any(shard.flaws for shard in run.shards()) else 0
        if not (self.wish.quiet or self.wish.preview):
            first = next(run.store.slice(0, 1), None)
            image = None if first is None else first.image_id
            steps = after_end(run.folder.path, image, rejected=code == 1 and not self.wish.again)
            messages.say(steps_text([*steps, *self.wish.further]))
        messages.log.event("end", exit=code)
        return code

    def _generation(self, progress: Progress, open_files: ExitStack) -> "Generation":
        from svit.run.generation import Generation
        from svit.run.journal import Journal

        run, wish = self.run, self.wish
        return Generation(
            run.jobs,
            run.store,
            run.journal,
            run.folder,
            limit=wish.limit,
            again=wish.again,
            reuse=None if wish.reuse is None else open_files.enter_context(Journal(wish.reuse, read_only=True)),
            spending=self.books,
            deadline=wish.deadline,
            settled=lambda outcome, answered: progress.count(outcome.flaw, answered=answered),
            published=lambda: self._tell(finished=False),
            emit=messages.record if wish.stdout else None,
        )

    def _ask(self, generation: "Generation", progress: Progress, asked_of: "Provider") -> None:
        """Ask for what is missing. However that ends, run.json says what is in files by then."""
        session = Session(
            generation,
            self.books,
            progress,
            self.run.settings.timeout,
            self.wish.deadline,
            self.wish.quiet,
            self.run.check_in_place,
        )
        total = generation.total
        with progress.of(total, total - generation.missing()):
            try:
                session.run(asked_of)
            except BaseException as error:
                self._tell_of_the_stop(generation, error)
                raise

    def _tell(self, *, finished: bool) -> None:
        has_price = self.books.price or self.run.settings.provider == "offline"
        cost = self.books.budget.spent if has_price else None
        write_summary(self.run, self.wish.limit, self.wish.deadline, finished=finished, cost=cost)

    def _tell_of_the_stop(self, generation: "Generation", error: BaseException) -> None:
        """Put what is in files by now into run.json, and say it where the stop is no bug and has a listener."""
        told = generation.unpublished
        try:
            self.run.check_in_place()
            self._tell(finished=False)
            keep_reason(self.run.folder, error)
        except SvitError as untold:
            told = told or str(untold)
        if self.wish.quiet or not isinstance(error, SvitError | KeyboardInterrupt):
            return
        say_why(generation)
        say_outcomes(self.run, stopped=True)
        if told and told != str(error):
            messages.say(f"Not all of it could be published: {told}")
        path, shards = self.run.folder.path, self.run.shards()
        check = self.wish.check or command_line("config", "check", path, "--endpoint")
        has_samples = any(shard.samples for shard in shards)
        if steps := after_stop(error, path, check, self.wish.called, has_samples=has_samples):
            error.add_note(steps_text(steps))

    def _join_the_month(self, open_files: ExitStack) -> None:
        """Put what the run spends into the ledger of all runs. Without a ceiling on the month a run goes on without."""
        from svit.cost.ledger import Ledger, ledger_path
        from svit.run.folder import idle
        from svit.setup.run_spending import month_limit

        run, books = self.run, self.books
        if books.price is None:
            return
        limit = month_limit(run.settings)
        try:
            ledger = open_files.enter_context(Ledger(ledger_path(os.environ), messages.say))
            books.budget.account = ledger.join(
                run.journal.run_id(), run.folder.path, run.journal.spent_by_month(), limit=limit, idle=idle
            )
        except SvitError as error:
            if limit is not None:
                raise
            messages.say(f"Warning: {error} This run goes on without: it has no ceiling on the month.")
        else:
            open_files.callback(_give_back, books, ledger)
            ledger.hurry = HURRY


def _is_stopped_beyond(run: LockedRun, limit: int | None) -> bool:
    """Whether the run was stopped on its way to more images than these."""
    before = run.manifest()
    if before.finished or not before.prompts:
        return False
    return before.limit is None or limit is None or before.limit > limit


def _give_back(books: "Spending", ledger: "Ledger") -> None:
    """Leave to other runs what this one holds of the month. Where the ledger is held, the next run sees to that."""
    ledger.hurry = LAST_HURRY
    with suppress(FileHeldError):
        books.budget.give_back()


def _balance(journal: "Journal", books: "Spending", *, quiet: bool) -> None:
    """Put what the run has cost so far into the books, requests of unknown outcome at their worst case."""
    from svit.run.attempts import recovered

    unknown = recovered(journal, books)
    books.budget.spent = journal.spent().cost
    if unknown and books.price and not quiet:
        words = f"{number_of(unknown, 'request was', 'requests were')} under way when the run was stopped."
        messages.say(f"{words} {'It is' if unknown == 1 else 'They are'} asked again.")
