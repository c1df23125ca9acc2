"""How long an answer takes: a fixed or a drawn time, the length of the text, and the queue before the slots."""

import math
from collections.abc import Callable
from heapq import heapify, heapreplace
from statistics import NormalDist

from svit.errors import SvitError
from svit.simulate.simulator_options import SimulatorOptions, seconds

_NORMAL = NormalDist()


class Latency:
    """Says when a request will be answered. With slots, so many are worked on at a time and the others queue."""

    def __init__(self, options: SimulatorOptions) -> None:
        """Read the options. Raises SvitError when the latency is not in its form."""
        self._drawn = _drawn(options.latency)
        self._per_token = 1 / options.tokens_per_second if options.tokens_per_second else 0.0
        self._free = [-math.inf] * (options.slots or 0)
        heapify(self._free)

    def wait(self, drawn: float, tokens: int, now: float) -> float:
        """Return the seconds until the answer of so many tokens; `drawn` is a number from 0 to 1, by chance."""
        takes = self._drawn(drawn) + tokens * self._per_token
        if not self._free:
            return takes
        done = max(now, self._free[0]) + takes
        heapreplace(self._free, done)
        return done - now


def _drawn(text: str) -> Callable[[float], float]:
    kind, colon, numbers = text.partition(":")
    if not colon:
        fixed = seconds(text)
        return lambda _: fixed
    median, comma, spread = numbers.partition(",")
    if kind != "lognormal" or not comma:
        raise SvitError(f"'{text}' is no latency. Write it as 2s, 500ms or lognormal:1.5s,0.6 (median, sigma).")
    middle, sigma = seconds(median), seconds(spread)
    return lambda drawn: middle * math.exp(sigma * _NORMAL.inv_cdf(min(max(drawn, 1e-9), 1 - 1e-9)))
