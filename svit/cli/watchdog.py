"""The end of the process when nothing else brings it about: a thread that looks at the clock, whatever the rest does.

A journal may be killed at any instant and loses nothing, so this ends the process as a kill does, but with a sentence
and the exit code of what it was that came to its end.
"""

import math
import os
import threading
import time
from pathlib import Path
from typing import NamedTuple, NoReturn

from svit.cli import messages

GRACE = 1.5
"""Seconds after the deadline, or after the signal to stop at once, within which all has to be in its place."""
STANDSTILL = 120.0
"""Seconds in which the event loop did nothing at all. Another process may hold the journal's database for a minute."""
_STEP = 0.1
"""Seconds between two looks at the clock."""
ASLEEP = 1.0
"""Seconds by which a look comes late only when the process was stopped, or the machine suspended."""
_STARTING = 60.0
"""Seconds that a process takes until it knows what it is to do, at most."""
_TO_SAY_IT = 0.3
"""Seconds that the last sentence may take: whoever reads stderr may have stopped reading."""


class ProcessEnd(NamedTuple):
    """How the process is to end, and when, in seconds of the monotonic clock."""

    at: float
    code: int
    words: str


class Watchdog:
    """Ends the process at the times that it was told, unless it is called off before."""

    def __init__(self) -> None:
        """Watch nothing yet."""
        self.began: float | None = None
        """When the process began, in seconds of the monotonic clock; None in one that does other things too."""
        self._ends: list[ProcessEnd] = []
        self._beat: float | None = None
        self._called_off = threading.Event()
        self._thread: threading.Thread | None = None

    def end(self, at: float, code: int, words: str) -> None:
        """Have the process end so at this time; of several, at the first."""
        self._ends.append(ProcessEnd(at, code, words))
        self._begin()

    def beat(self) -> None:
        """Note that the event loop is alive; from the first time on it has to be, until `loop_ends`."""
        self._beat = time.monotonic()
        self._begin()

    def loop_ends(self) -> None:
        """Note that there is no event loop any more."""
        self._beat = None

    def call_off(self) -> None:
        """Watch nothing any more: the command has come to its own end."""
        self._called_off.set()
        if self._thread is not None:
            self._thread.join()
        self._thread, self._beat = None, None
        self._ends.clear()

    def _begin(self) -> None:
        if self._thread is None:
            self._called_off.clear()
            self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
            self._thread.start()

    def _watch(self) -> None:
        before = time.monotonic()
        while not self._called_off.wait(_STEP):
            now = time.monotonic()
            if now - before > _STEP + ASLEEP:
                self._sleep_over(now)
            before = now
            for end in self._ends:
                if now >= end.at:
                    leave(end.code, end.words)
            if self._beat is not None and now - self._beat >= STANDSTILL:
                leave(70, f"Nothing has gone on for {STANDSTILL:.0f} s: the event loop stands still. {BUG}")

    def _sleep_over(self, now: float) -> None:
        """Put off what came due while the process slept: the others have to see first what has come meanwhile."""
        self._ends[:] = [end._replace(at=max(end.at, now + GRACE)) for end in self._ends]
        if self._beat is not None:
            self._beat = now


BUG = "This is a bug in svit. What was settled is in the journal; the same command continues."


def leave(code: int, words: str) -> NoReturn:
    """Say why and end the process at once, whatever its other threads are in."""
    if words:
        saying = threading.Thread(target=messages.log.error, args=(words, code), daemon=True)
        saying.start()
        saying.join(_TO_SAY_IT)
    os._exit(code)


def process_began() -> float:
    """Return when this process began, in seconds of the monotonic clock: as Linux knows it, or by its work since."""
    now = time.monotonic()
    try:
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):
        age = math.inf
    return now - (age if 0 <= age < _STARTING else time.process_time())


process_watchdog = Watchdog()
"""The one of this process."""
