"""A request that is to be made or under way: for which place of the files, why, and what follows its answer."""

from typing import NamedTuple

from svit.providers.base import Request
from svit.records import Prompt
from svit.run.attempts import SECOND_OPINION
from svit.run.shard_assembly import OutcomePlace
from svit.run.verification import PendingVerification, Verifier


class PlannedRequest(NamedTuple):
    """A request that is to be made or under way: for which place, why, and its last attempt.

    `base` is the prompt that the attempts began with. With `doubted` it is for a second opinion on that sample, which
    the answer to `attempt` made. `followers` wait for it: they share the beginning of its prompt.
    """

    request: Request
    base: Prompt
    place: OutcomePlace
    reason: str
    last: int
    shortened: bool = False
    doubted: PendingVerification | None = None
    attempt: "PlannedRequest | None" = None
    followers: tuple["PlannedRequest", ...] = ()

    @property
    def key(self) -> tuple[str, int]:
        """What the journal knows the request by: its prompt and attempt."""
        return key_of(self.request)

    @property
    def is_last(self) -> bool:
        """Whether nothing is asked again after it."""
        return self.request.attempt >= self.last

    def asked_anew(self, made: int) -> "PlannedRequest":
        """Return the same with as many attempts again, after those that were made."""
        return self._replace(last=made + self.last)


def second_opinion(
    verifier: Verifier, attempt: PlannedRequest, doubted: PendingVerification, request: Request, *, again: bool
) -> PlannedRequest:
    """Return the request for a second opinion on what an attempt brought; with `again` it has all its attempts anew."""
    planned = PlannedRequest(
        request,
        attempt.base,
        attempt.place,
        SECOND_OPINION,
        verifier.attempts,
        attempt.shortened,
        doubted,
        attempt,
    )
    return planned.asked_anew(request.attempt - 1) if again else planned


def key_of(request: Request) -> tuple[str, int]:
    """Return what the journal knows a request by: its prompt and attempt."""
    return request.prompt.id, request.attempt
