"""What goes wrong on purpose: which fault befalls a request, and what it does to the reply.

A fault follows from the seed, the body and the how-manieth time that the body was admitted: a rerun meets the same
faults, and a retry can succeed.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

import msgspec

from svit.errors import SvitError
from svit.simulate.chat_completions import Answer, RequestProblem, cut_short
from svit.simulate.http import Manner
from svit.simulate.simulator_options import share
from svit.spelling import unknown

NONE = "none"
RETRY_AFTER = 0.1
"""Seconds that a 429 by chance asks to wait."""

PROBLEMS = {
    "429": RequestProblem(429, "rate_limit_exceeded", "Rate limit reached (simulated).", "requests"),
    "slow_down": RequestProblem(429, "slow_down", "Slow down: the rate grew too quickly (simulated).", "requests"),
    "insufficient_quota": RequestProblem(
        429, "insufficient_quota", "You exceeded your current quota (simulated).", "insufficient_quota"
    ),
    "500": RequestProblem(500, None, "The server had an error (simulated).", "server_error"),
    "502": RequestProblem(502, None, "Bad gateway (simulated)."),
    "503": RequestProblem(
        503, "server_is_overloaded", "The server is overloaded (simulated).", "service_unavailable_error"
    ),
    "prompt_filter": RequestProblem(400, "content_filter", "The prompt was filtered (simulated).", param="prompt"),
    "context_length": RequestProblem(
        400, "context_length_exceeded", "This model's maximum context length is exceeded (simulated).", param="messages"
    ),
    "error_200": RequestProblem(200, "server_error", "The server had an error (simulated).", "server_error"),
    "html": RequestProblem(200, None, "<html> with status 200"),
}
"""Faults that give no completion: nothing is billed for them."""
AS_HTML = {"502", "html"}
HTML = b"<html>\r\n<head><title>Busy</title></head>\r\n<body><center><h1>Busy</h1></center></body>\r\n</html>\r\n"
MANNERS = {
    "reset": Manner.RESET,
    "reset_body": Manner.RESET_BODY,
    "hang": Manner.HANG,
    "drip": Manner.DRIP,
    "truncated": Manner.TRUNCATED,
}
UNBILLED = {*PROBLEMS, "reset", "hang"}
ALTERED = ("bad_json", "empty", "refusal", "content_filter", "length", "no_usage", "duplicate", "flex_refused")
"""Faults of the completion itself: it is billed, as are those that break off or trickle."""
KINDS = (*PROBLEMS, *MANNERS, *ALTERED)
_NOT_IN_A_BATCH = {kind for kind, problem in PROBLEMS.items() if problem.status in (200, 429)} | {
    *("drip", "truncated", "reset_body", "bad_json")
}
"""Faults of a connection or of its limits. A batch waits and asks again; what it can't get in time has timed out."""
_NOT_IN_ALL = {"insufficient_quota", "flex_refused"}
"""A client has to stop at the first of the one; the other befalls only those who ask for the flex tier."""


class FaultChance(NamedTuple):
    """What is drawn for one request: numbers from 0 to 1."""

    fault: float
    latency: float


def chance(seed: int, key: int, time: int) -> FaultChance:
    """Return what befalls the body of that key the how-manieth time."""
    digest = hashlib.blake2b(f"{seed}:{key}:{time}".encode(), digest_size=16).digest()
    return FaultChance(int.from_bytes(digest[:8]) / 2**64, int.from_bytes(digest[8:]) / 2**64)


def rates(texts: Iterable[str], kinds: Sequence[str] = KINDS) -> dict[str, float]:
    """Return the rate of each kind in `KIND=RATE` texts; `all=RATE` is spread over most of `kinds`.

    Raises SvitError for an unknown kind and for rates of more than 1 in all.
    """
    found = dict.fromkeys(kinds, 0.0)
    spread = [kind for kind in kinds if kind not in _NOT_IN_ALL]
    for text in texts:
        kind, _, rate = text.partition("=")
        if kind not in kinds and kind != "all":
            raise SvitError(unknown("fault", kind, ["all", *kinds]))
        named = spread if kind == "all" else [kind]
        for each in named:
            found[each] += share(rate) / len(named)
    if sum(found.values()) > 1 + 1e-9:
        raise SvitError(f"The rates of the faults add up to {sum(found.values()):.3g}; 1 is all requests.")
    return {kind: rate for kind, rate in found.items() if rate}


class Faults:
    """Chooses the fault of a request."""

    def __init__(self, rates: Mapping[str, float], attempts: int | None = None) -> None:
        """Keep the rates; with `attempts` only the first so many times of each body meet faults."""
        self._kinds = tuple(rates)
        self._bounds = list(accumulate(rates.values()))
        self._attempts = attempts

    def of(self, drawn: float, time: int) -> str:
        """Return the kind of fault, or NONE. `drawn` is a number from 0 to 1 by chance."""
        if self._attempts is not None and time > self._attempts:
            return NONE
        place = bisect_right(self._bounds, drawn)
        return self._kinds[place] if place < len(self._kinds) else NONE


def in_a_batch(kind: str) -> str:
    """Return the fault that a line of a batch meets, where a request would meet `kind`."""
    return NONE if kind in _NOT_IN_A_BATCH else kind


def altered(kind: str, answer: Answer) -> Answer:
    """Return the answer as the fault leaves it. What is billed is what was written, seen or unseen."""
    match kind:
        case "empty":
            return msgspec.structs.replace(answer, text="", reasoning_tokens=answer.completion_tokens)
        case "refusal":
            return Answer(None, answer.prompt_tokens, 9, refusal="I'm sorry, but I can't help with that.")
        case "content_filter":
            half = cut_short(answer, max(1, answer.completion_tokens // 2))
            return msgspec.structs.replace(half, finish_reason="content_filter")
        case "length":
            return cut_short(answer, max(1, answer.completion_tokens // 2))
    return answer


def damaged(kind: str, body: bytes) -> bytes:
    """Return the body as it goes out: `bad_json` ends too early, at a length that is said to be right."""
    return body[: len(body) * 2 // 3] if kind == "bad_json" else body
