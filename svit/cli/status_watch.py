"""`svit status --watch`: the same page again and again, in one place of a terminal, or a line each time elsewhere."""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from svit.cli import messages

if TYPE_CHECKING:
    from svit.run.run_status import RunStatus

_OTHER_SCREEN, _BACK = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
"""To the terminal's second screen, without a cursor, and back to what stood on the first."""
_HOME, _REST_OF_LINE, _BELOW = "\x1b[H", "\x1b[K", "\x1b[J"

Look = Callable[[], "RunStatus"]
Page = Callable[["RunStatus"], str]


def watch(look: Look, page: Page, seconds: float, *, as_json: bool = False) -> None:
    """Show how the run stands every so many seconds, until nobody works in it any more or Ctrl-C.

    On a terminal the page stands in one place and is written once more at the end; elsewhere each look is a line.
    """
    seen: list[RunStatus] = []
    on_a_screen = sys.stdout.isatty() and not as_json
    with suppress(KeyboardInterrupt):
        if on_a_screen:
            _draw(look, page, seconds, seen)
        else:
            for found in _looks(look, seconds):
                messages.show(_as_json(found) if as_json else line_text(found, time.time()))
                sys.stdout.flush()
    if on_a_screen and seen:
        messages.show(page(seen[-1]))


def _looks(look: Look, seconds: float) -> "Iterator[RunStatus]":
    """Yield how the run stands, again and again, at last when nobody works in it any more."""
    while True:
        found = look()
        yield found
        if found.state != "running":
            return
        time.sleep(seconds)


def _draw(look: Look, page: Page, seconds: float, seen: "list[RunStatus]") -> None:
    """Draw each look over the one before, and add it to those that were seen."""
    with _second_screen():
        for found in _looks(look, seconds):
            seen.append(found)
            columns, lines = shutil.get_terminal_size((80, 24))
            sys.stdout.write(screen(page(found), columns, lines))
            sys.stdout.flush()


@contextmanager
def _second_screen() -> Iterator[None]:
    """Give the block a screen of its own. Whatever ends it, what stood on the terminal is back, and the cursor."""
    try:
        sys.stdout.write(_OTHER_SCREEN)
        yield
    finally:
        sys.stdout.write(_BACK)
        sys.stdout.flush()


def screen(text: str, columns: int, lines: int) -> str:
    """Return what draws the text over what stands there: cut to the screen, its last line saying that it is watched."""
    rows = messages.harmless(text).split("\n")
    room = max(1, lines - 2)
    if len(rows) > room:
        rows = [*rows[: room - 1], "..."]
    rows += [""] * (room - len(rows)) + ["Ctrl-C ends the watch; the run goes on."]
    return _HOME + "\n".join(row[: max(1, columns - 1)] + _REST_OF_LINE for row in rows) + _BELOW


def line_text(found: "RunStatus", now: float) -> str:
    """Return how the run stands in one line."""
    done = sum(task.samples + sum(task.rejected.values()) + task.answered for task in found.tasks)
    rejected = sum(sum(task.rejected.values()) for task in found.tasks)
    words = [f"{done:,} of {sum(task.images for task in found.tasks):,}", f"{rejected:,} rejected"]
    if found.state == "running":
        words.append(f"{found.in_flight:,} in flight")
    if found.dollars is not None:
        words.append(_money(found.dollars))
    if found.per_minute is not None:
        words.append(f"{found.per_minute:,.0f} a minute")
    if found.seconds_left is not None:
        words.append(f"{messages.span(found.seconds_left)} left")
    return f"{datetime.fromtimestamp(now, UTC):%Y-%m-%dT%H:%M:%SZ} {found.state}: {', '.join(words)}"


def _money(amount: float) -> str:
    from svit.cost.prices import NANO, dollars

    return dollars(round(amount * NANO))


def _as_json(found: "RunStatus") -> str:
    import msgspec

    return msgspec.json.encode(found).decode()
