"""Ctrl-C and SIGTERM while no event loop heeds them: before it runs, and after."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_CODE = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_Handler = Callable[[int, FrameType | None], None]


def end_at_once() -> None:
    """Let a signal end the process without a word: nothing has begun yet."""
    _heed(_ended)


@contextmanager
def raised() -> Iterator[None]:
    """Let a signal raise KeyboardInterrupt in the block. After it, where nothing else comes, signals come too late."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = [signal.getsignal(number) for number in _SIGNALS]
    raise_again()
    try:
        yield
    finally:
        for number, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(number, signal.SIG_IGN if handler is _ended else handler)


def raise_again() -> None:
    """Let a signal raise KeyboardInterrupt: an event loop that has ended left them to the system."""
    _heed(_raised)


def ignore() -> None:
    """Let no signal turn a command that has done all of its work into one that was interrupted."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _heed(handler: _Handler) -> None:
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # whoever started us wants it so
            signal.signal(number, handler)


def _ended(_: int, __: FrameType | None) -> None:
    os._exit(EXIT_CODE)


def _raised(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
