"""What the simulator is told: the options of `svit simulate`, and how their quantities are written."""

import math
import re

import msgspec

from svit.errors import SvitError

_SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0}
_TIMES = {"": 1, "k": 1_000, "M": 1_000_000}


class SimulatorOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the simulator behaves. Times are seconds, limits are per minute, None means there is no such thing.

    `models` are names, each perhaps with its end as `gpt-4o=2027-01-14`; any name will do when there are none.
    `answer` is `offline` or `fixed:TOKENS`, `latency` is `2s`, `500ms` or `lognormal:MEDIAN,SIGMA`, `faults` are
    `KIND=RATE`. Port 0 is any free one. `books` is the file that the books go to at the end. `context_window` is the
    most tokens of prompt and answer; of a prompt of more than `cut_prompts` tokens the rest is cut off in silence.
    A batch takes `batch_time`, `batch_faults` are `KIND=RATE`, `batch_tokens` of prompts are enqueued at most.
    """

    host: str = "127.0.0.1"
    port: int = 8399
    models: tuple[str, ...] = ()
    key: str | None = None
    seed: int = 0
    answer: str = "offline"
    latency: str = "0s"
    slots: int | None = None
    tokens_per_second: float | None = None
    rpm: int | None = None
    tpm: int | None = None
    limit_span: float = 60.0
    faults: tuple[str, ...] = ()
    fault_attempts: int | None = None
    drip: float = 20.0
    refused: tuple[str, ...] = ()
    cache: bool = True
    context_window: int | None = None
    cut_prompts: int | None = None
    batch_time: float = 2.0
    batch_faults: tuple[str, ...] = ()
    batch_tokens: int | None = None
    books: str | None = None


def seconds(text: str) -> float:
    """Return the seconds in `2s`, `500ms`, `1.5m` or `2`. Raises SvitError for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|)", text.strip())
    if not match:
        raise SvitError(f"'{text}' is no length of time. Write it as 2s, 500ms or 1.5m.")
    return float(match[1]) * _SECONDS[match[2]]


def quantity(text: str) -> int:
    """Return the number in `6000`, `6k` or `10M`. Raises SvitError for anything else, and for nothing."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(k|M|)", text.strip())
    number = round(float(match[1]) * _TIMES[match[2]]) if match else 0
    if number < 1:
        raise SvitError(f"'{text}' is no quantity of one or more. Write it as 6000, 6k or 10M.")
    return number


def share(text: str) -> float:
    """Return the number in `0.02`, which is from 0 to 1. Raises SvitError for anything else."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise SvitError(f"'{text}' is no rate. Write it as a number from 0 to 1, such as 0.02.")
    return number
