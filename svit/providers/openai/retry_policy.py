"""When a request that got no completion is asked again, and when it counts as failed. Pure but for the spread."""

from typing import NamedTuple

import tenacity

from svit.providers.base import Failure
from svit.providers.verdicts import RetryLater

TRIES = 6
"""Requests that get no answer they can be billed for, until the prompt's attempt counts as failed."""
FIRST_WAIT = 0.5
LONGEST_WAIT = 60.0
"""Seconds, of the waits that grow by themselves: what a server asks for may be longer, up to `max_wait`."""
_GROWING = tenacity.wait_random_exponential(multiplier=FIRST_WAIT, max=LONGEST_WAIT / 4)
_GROWING_OVERLOADED = tenacity.wait_random_exponential(multiplier=FIRST_WAIT, max=LONGEST_WAIT)
"""Twice as long each time, with a spread."""
_RETRYING = tenacity.Retrying()
_NOT_THE_IMAGE = ("overloaded", "unreachable")
"""Failures that say nothing of an image: while nobody is answered, they count for none."""
_FAULTS = ("server_error", *_NOT_THE_IMAGE)
"""What a server may get over, so that it is no reason to stop a run in which others were answered."""


class SuspectFailure(NamedTuple):
    """A failure that may be the fault of the setup: whether it speaks of its image shows only beside others."""

    failure: Failure


class RetryState:
    """What one request has met so far. `max_wait` is the seconds that it waits at most because a server wants it so."""

    __slots__ = ("_counted", "_failed", "_max_wait", "_waited")

    def __init__(self, max_wait: float) -> None:
        """Begin with nothing met."""
        self._max_wait = max_wait
        self._counted = self._failed = 0
        self._waited = 0.0

    def wait(
        self, again: RetryLater, asked: float | None, *, alone: bool, unheard: bool = False
    ) -> float | Failure | SuspectFailure:
        """Return the seconds until the next try, or what the request failed with. `asked` is what the server asked for.

        `alone` says that nobody else was answered since this request's last try, `unheard` that nobody ever was.
        """
        seconds = (asked or 0.0) if again.patient else max(self._backoff(again), asked or 0.0)
        self._waited += seconds
        if asked is not None and asked > self._max_wait:
            return SuspectFailure(
                Failure(
                    again.code,
                    f"{again.words}; it asks for {asked:,.0f} s, more than 'max_wait: {self._max_wait:g}'",
                    free=True,
                )
            )
        if self._waited > self._max_wait and (again.patient or again.code in _NOT_THE_IMAGE):
            return SuspectFailure(
                Failure(again.code, f"{again.words}; so for longer than 'max_wait: {self._max_wait:g}'", free=True)
            )
        if not again.patient and not (alone and again.code in _NOT_THE_IMAGE):
            self._counted += 1
        if self._counted < TRIES:
            return seconds
        failure = Failure(again.code, again.words, free=True)
        return SuspectFailure(failure) if unheard or again.code not in _FAULTS else failure

    def _backoff(self, again: RetryLater) -> float:
        """Return a wait that grows with each failure, with a spread."""
        self._failed += 1
        state = tenacity.RetryCallState(_RETRYING, None, (), {})
        state.attempt_number = self._failed
        return (_GROWING_OVERLOADED if again.overloaded else _GROWING)(state)
