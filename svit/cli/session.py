"""One stretch of asking: its signals, its deadline, and the watch over whether it goes on."""

import asyncio
import gc
import itertools
import signal
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from svit.cli import messages
from svit.cli.deadline import OVER
from svit.cli.durations import duration
from svit.cli.exit_codes import INTERRUPTED
from svit.cli.progress import Progress
from svit.cli.watchdog import ASLEEP, BUG, GRACE, process_watchdog
from svit.errors import DeadlineReachedError, FileHeldError, StalledError, SvitError
from svit.system import interrupts
from svit.system.event_loop import loop_factory, on_signals

if TYPE_CHECKING:
    from svit.cost.spending import Spending
    from svit.providers.base import Provider
    from svit.run.generation import Generation

_ALLOCATIONS = 20_000
"""New objects until the garbage collector looks for cycles among them: Python's own number is 700 to 2,000."""
_STALLED = 50.0
"""Seconds in which nothing is asked, answered or settled, and nothing is waited for that has a name: a bug."""
_LOOK = 0.1
"""Seconds between two looks at whether the deadline is near, for what waits for its turn."""
_TAKEN_BACK = 0.1
"""Seconds in which requests that wait for their turn come back when nothing leaves any more."""
_READ = 0.8
"""Seconds that a process which slept over its deadline reads what has come meanwhile."""
_JUDGED = 0.9
"""Seconds after the deadline or the second signal by when what has come is judged, or is left to the next start."""
_LOOKED_UP = 1.2
"""Seconds after the deadline or the second signal until which answers that only the journal has are judged."""
_GIVES_BACK = 60
"""Seconds after which a run gives back what it holds of the month and does not need."""


@dataclass
class Session:
    """One stretch of asking, until all is done, a signal comes or the deadline is near.

    `timeout` is the seconds that a request may be in the air, `deadline` is in seconds of the monotonic clock.
    """

    generation: "Generation"
    books: "Spending"
    progress: Progress
    timeout: float
    deadline: float | None = None
    quiet: bool = False
    check_in_place: Callable[[], None] = lambda: None
    _lost: SvitError | None = None
    _signals: int = 0
    _closing: bool = False
    _fault: BaseException | None = None
    _moved: tuple[int, float] = (-1, 0.0)
    _tasks: "set[asyncio.Task[None]]" = field(default_factory=set)

    def run(self, asked_of: "Provider") -> None:
        """Run to the end. The first signal lets what is in the air be answered, the second stops at once."""
        factory = loop_factory()
        # What is there by now stays, and little of what comes is cyclic: the collector need not look all the time.
        gc.freeze()
        gc.set_threshold(_ALLOCATIONS)
        try:
            with asyncio.Runner(loop_factory=factory) as runner:
                runner.run(self._run(asked_of))
        except asyncio.CancelledError:
            if not (self.generation.is_done or self._fault or self._lost or self._signals or self.generation.is_late):
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
        elif self.generation.is_late:
            raise DeadlineReachedError(OVER)

    async def _run(self, asked_of: "Provider") -> None:
        loop, main = asyncio.get_running_loop(), asyncio.current_task()
        assert main is not None
        if self.deadline is not None:
            self.generation.end_by(self.deadline + _LOOKED_UP)

        def stop() -> None:
            self._signals += 1
            self.generation.stop()
            if self._signals == 1:
                self._begin(self._tell_what_is_awaited(asked_of), main)
            else:
                self._end(main, time.monotonic(), interrupts.EXIT_CODE, INTERRUPTED)

        on_signals(loop, (signal.SIGINT, signal.SIGTERM), stop)
        self._begin(self._ticking(asked_of, main), main)
        if self.deadline is not None:
            self._begin(self._keep_the_deadline(main, self.deadline), main)
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
        """Once a second: tell how things stand, and see to it that they go on."""
        due = time.monotonic()
        for second in itertools.count():
            now = time.monotonic()
            slept = now - due > ASLEEP
            self._watch(asked_of, main, now, slept=slept)
            self._see_whether_all_is_there()
            if second % _GIVES_BACK == _GIVES_BACK - 1:
                with suppress(FileHeldError):  # then a minute later
                    self.books.budget.give_back()
            cost = self.books.budget.spent if self.books.price else None
            under_way = self.generation.under_way
            self.progress.tick(now, in_flight=under_way if self.books.price else under_way or None, cost=cost)
            due = now + 1
            await asyncio.sleep(due - now)

    async def _keep_the_deadline(self, main: "asyncio.Task[None]", deadline: float) -> None:
        """Ask nothing more once the slowest answer of late would come too late, and end when the time is over."""
        due = time.monotonic()
        while True:
            now = time.monotonic()
            self.generation.stop_when_late(now)
            if now >= deadline:
                read = _READ if now - due > ASLEEP else 0.0
                self._end(main, now, DeadlineReachedError.exit_code, OVER, read=read)
            due = min(now + _LOOK, deadline) if now < deadline else now + _LOOK
            await asyncio.sleep(due - now)

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
        left = self.timeout if self.deadline is None else min(self.timeout, self.deadline - time.monotonic())
        waits_for = asked_of.waits_for or self.generation.waits_for
        if under_way := self.generation.under_way:
            words = f"{under_way:,} under way, at most {duration(left)}"
        elif waits_for:
            words = f"Waiting for {waits_for}"
        else:
            return
        if not self.quiet:
            messages.log.event("stopping", f"{words}; again to stop at once", under_way=under_way)

    def _see_whether_all_is_there(self) -> None:
        """Ask nothing more once the journal is gone: what comes in then goes to the file that is still open."""
        try:
            self.check_in_place()
        except SvitError as error:
            if self._lost is None:
                messages.say(
                    "The journal is not where it was: nothing more is asked, and what is under way is waited for."
                )
            self._lost = error
            self.generation.stop()
