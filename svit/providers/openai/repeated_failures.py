"""Failures that may be the fault of the setup: held back until it shows whether they speak of their images. Pure.

Nobody has a list of how all servers refuse a wrong model, a parameter or an account. What tells a broken setup from an
odd image is the company: when the first requests fail alike, or many in a row do, or the last ones in the same words,
no other would fare better. Where a run is continued with one or two images left there is no company: then the answers
of before speak for the setup.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field

import msgspec

from svit.providers.base import NOT_ASKED, Failure, Reply

FIRST = 3
"""Failures before anything succeeded that stop a run, also one whose task was answered before it was continued."""
LAST = 3
"""Failures in the same words, with nothing after them that succeeded, that stop a run at its end: an account that was
frozen on the way is likelier than that just the last images are odd."""
IN_A_ROW = 8
"""Failures since the last success that stop a run: as many odd images in a row are less likely than a broken setup."""
_NUMBERS = re.compile(r"[\w-]*\d[\w-]*")
"""What differs in words that mean the same: numbers, and the ids of requests."""


@dataclass
class _OfTask:
    succeeded: bool = False
    trusted: int = 0
    """Failures that were handed on for the answers of before, without one in this process."""
    held: list[Reply] = field(default_factory=list)

    @property
    def is_broken(self) -> bool:
        """Whether so much has failed that it is the setup's fault."""
        if self.succeeded:
            return len(self.held) >= IN_A_ROW
        return self.trusted + len(self.held) >= FIRST

    @property
    def is_trusted(self) -> bool:
        """Whether the few that are held are their images' fault, by the answers of before."""
        answered_before = bool(self.held) and self.held[-1].request.answered_before
        return answered_before and not self.succeeded and not self.is_broken


class RepeatedFailures:
    """What is held back, by task: the tasks differ in what they ask for, and the verifier's in the model too."""

    def __init__(self) -> None:
        """Begin with nothing held."""
        self._tasks: dict[str, _OfTask] = defaultdict(_OfTask)

    def __len__(self) -> int:
        """Return how many are held."""
        return sum(len(of_task.held) for of_task in self._tasks.values())

    def hold(self, reply: Reply) -> str | None:
        """Hold a failure back. Return why the run should stop, None while it may go on."""
        of_task = self._tasks[reply.request.prompt.task]
        of_task.held.append(reply)
        return _why(of_task) if of_task.is_broken else None

    def succeeded(self, task: str) -> list[Reply]:
        """Note an answer that speaks of its image; return what was held of this task: that speaks of its images too."""
        of_task = self._tasks[task]
        of_task.succeeded, of_task.trusted = True, 0
        held, of_task.held = of_task.held, []
        return held

    def settled(self) -> tuple[list[Reply], tuple[str, Reply] | None]:
        """Return what is handed on once nothing more is asked, and why the run should stop, with the last failure.

        Where nothing has succeeded, a few are handed on if the task was answered before the run was continued.
        """
        handed_on: list[Reply] = []
        why = None
        for of_task in self._tasks.values():
            if (of_task.succeeded and not _ends_alike(of_task)) or of_task.is_trusted:
                handed_on += of_task.held
                of_task.trusted += 0 if of_task.succeeded else len(of_task.held)
                of_task.held = []
            elif of_task.held:
                why = why or (_why(of_task), of_task.held[-1])
        return handed_on, why

    def taken_back(self) -> list[Reply]:
        """Return what is held, as never asked: a later run asks it again."""
        taken = [each for of_task in self._tasks.values() for each in of_task.held]
        for of_task in self._tasks.values():
            of_task.held = []
        return [msgspec.structs.replace(reply, outcome=Failure(NOT_ASKED, _words(reply), free=True)) for reply in taken]


def _why(of_task: _OfTask) -> str:
    count, words = of_task.trusted + len(of_task.held), _words(of_task.held[-1])
    if of_task.succeeded and count < IN_A_ROW:
        return f"The endpoint refused the last {count} requests alike: {words}"
    if of_task.succeeded:
        return f"The endpoint refused {count} requests in a row: {words}"
    return f"The endpoint refused the first {f'{count} requests alike' if count > 1 else 'request'}: {words}"


def _ends_alike(of_task: _OfTask) -> bool:
    return len(of_task.held) >= LAST and len({_NUMBERS.sub("#", _words(each)) for each in of_task.held}) == 1


def _words(reply: Reply) -> str:
    assert isinstance(reply.outcome, Failure)
    return reply.outcome.words
