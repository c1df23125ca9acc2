"""The event loop of a run: uvloop's where that is installed, else asyncio's own; and signals on either."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType

from svit.errors import SvitError

_FILES = 12
"""Files that an event loop opens for itself, and a few more: with fewer left uvloop ends the process without a word."""


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes the event loop, None for asyncio's own. Raises SvitError when too few files may be open."""
    _refuse_too_few_files()
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def on_signals(loop: asyncio.AbstractEventLoop, numbers: Iterable[int], heed: Callable[[], None]) -> None:
    """Have the loop call `heed` at each of these signals. Only for the main thread."""

    def pass_on(_: int, __: FrameType | None) -> None:
        with suppress(RuntimeError):  # the loop has ended: there is nothing left to stop
            loop.call_soon_threadsafe(heed)

    for number in numbers:
        try:
            loop.add_signal_handler(number, heed)
        except NotImplementedError:  # on Windows
            signal.signal(number, pass_on)


def _refuse_too_few_files() -> None:
    with ExitStack() as opened:
        try:
            for _ in range(_FILES):
                opened.enter_context(Path(os.devnull).open("rb"))
        except OSError as error:
            raise SvitError(f"A run cannot begin: {error.strerror}. Raise that limit (ulimit -n).") from error
