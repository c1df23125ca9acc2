"""How long the rest of a run takes at the limits of its config."""

from typing import Literal

import msgspec

from svit.config import RunConfig
from svit.estimate.task_estimate import TaskEstimate

ASSUMED_PACE = 60
"""Tokens a second of one answer, where none was seen yet."""
ASSUMED_START = 1.0
"""Seconds until the first token of an answer, where none was seen yet."""

Limit = Literal["rpm", "tpm", "in_flight"]


class HoursLeft(msgspec.Struct, frozen=True):
    """How long the rest of a run takes, in hours, and how long each limit alone would make it take.

    `seconds` is the time of one request: measured, or assumed where `measured` is False.
    """

    all: float
    bound_by: Limit
    rpm: float | None
    tpm: float | None
    in_flight: float
    seconds: float
    measured: bool


def hours_left(total: TaskEstimate, config: RunConfig) -> HoursLeft:
    """Return how long all that is to be asked takes at the config's limits.

    A measured time has the wait for a rate limit in it: that limit is named where both say about the same.
    """
    measured = total.replies > 0
    seconds = total.seconds / total.replies if measured else ASSUMED_START + total.answer_tokens / ASSUMED_PACE
    in_flight = total.requests * seconds / config.in_flight / 3600
    tokens = total.prompt_tokens + total.completion_tokens
    rpm = total.requests / config.rpm / 60 if config.rpm else None
    tpm = tokens / config.tpm / 60 if config.tpm else None
    slower: Limit = "rpm" if (rpm or 0.0) >= (tpm or 0.0) else "tpm"
    slowest = max(rpm or 0.0, tpm or 0.0)
    return HoursLeft(
        all=max(slowest, in_flight),
        bound_by=slower if slowest >= 0.9 * in_flight and slowest else "in_flight",
        rpm=rpm,
        tpm=tpm,
        in_flight=in_flight,
        seconds=round(seconds, 2),
        measured=measured,
    )
