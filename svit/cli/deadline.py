"""The time by which a command has to be over: `--deadline`."""

import time

from svit.cli.durations import parse_duration
from svit.cli.watchdog import GRACE, process_watchdog
from svit.errors import DeadlineReachedError

OVER = "The deadline is reached. The same command continues."


def until(deadline: str | None) -> float | None:
    """Return when a command has to end, in seconds of the monotonic clock. Raises SvitError for no length of time.

    The time is counted from the start of the process. From here on it does end then, whatever it is in the middle of.
    """
    if deadline is None:
        return None
    seconds = parse_duration(deadline)
    ends = seconds + (time.monotonic() if process_watchdog.began is None else process_watchdog.began)
    process_watchdog.end(ends + GRACE, DeadlineReachedError.exit_code, OVER)
    return ends
