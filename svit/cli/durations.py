"""Lengths of time as people write and read them: `1h30m` on the command line, `1 h 30 min` on the screen."""

import math
import re

from svit.errors import SvitError

_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_DURATION = re.compile(rf"(?:{_NUMBER}d)?(?:{_NUMBER}h)?(?:{_NUMBER}m)?(?:{_NUMBER}s)?")
_SECONDS = (86_400, 3_600, 60, 1)


def parse_duration(text: str) -> float:
    """Return the seconds in `2h`, `90m`, `30s`, `1h30m` or `1d`. Raises SvitError for all else, and for no time."""
    match = _DURATION.fullmatch(text.strip().replace(" ", ""))
    parts = match.groups() if match else ()
    seconds = sum(float(part) * unit for part, unit in zip(parts, _SECONDS, strict=False) if part)
    if not 0 < seconds < math.inf:
        raise SvitError(f"'{text}' is no length of time. Write it as 2h, 90m, 30s or 1h30m.")
    return seconds


def duration(seconds: float) -> str:
    """Return a length of time for people, to its two largest units: `3 d 4 h`, `1 h 30 min`, `5 min`, `40 s`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes = round(whole / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min"
    days, hours = divmod(round(whole / 3600), 24)
    return f"{days} d {hours} h"
