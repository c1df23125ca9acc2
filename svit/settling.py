"""What becomes of an image in one task, by the replies that were kept: settled, or to be asked, and why."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import msgspec

from svit import __version__
from svit.entries import Asked, Booked, Kept
from svit.journal import Journal
from svit.providers.base import Failure, Request, read_outcome
from svit.records import Completion, Flaw, ImageContext, Prompt, Rejection, Sample
from svit.render import Recipe
from svit.spending import Spending
from svit.tasks.base import Task, provenance_of

_TOO_LONG = "context_length_exceeded"
HOPELESS = frozenset({"empty_context", "context_too_long", _TOO_LONG, "filtered", "bad_request", "truncated"})
"""Flaws that the same request meets again. What has them is asked anew only when its prompt changes."""
_SHORTER = 0.6
"""What is left of a context's tokens when the endpoint finds the prompt too long. Once: then it is rejected."""

Replies = Callable[[Prompt], Sequence[Kept]]
"""The replies to a prompt, in the order of their attempts."""


@dataclass(frozen=True)
class Job:
    """One task of a run and how it is asked."""

    task: Task
    recipe: Recipe
    attempts: int

    def fingerprint(self, contexts: str) -> str:
        """Return a hash of all that a shard of this job follows from, beside the replies: 32 hexadecimal digits."""
        recipe = self.recipe
        made_from = (
            *(__version__, contexts, self.task.name, recipe.template.version, recipe.sampling, recipe.room),
            *(recipe.tokens.exact, recipe.seed, recipe.questions, self.attempts),
            *((recipe.lead,) if recipe.context_first else ()),
        )
        return hashlib.blake2b(msgspec.json.encode(made_from), digest_size=16).hexdigest()


class Standing(NamedTuple):
    """Where an image stands: what came of it so far, if anything, and the request that is to be made, if any.

    `shortened` says that the endpoint found the first prompt too long, and that this is about a shorter one.
    """

    result: Sample | Rejection | None
    request: Request | None
    shortened: bool = False

    def reason(self, history: Sequence[Asked]) -> str:
        """Return why the request is made, by what was asked about the image before."""
        assert self.request is not None
        prompt = self.request.prompt
        if isinstance(self.result, Rejection):
            return f"rejected: {self.result.flaws[0].code}"
        of_task = [asked for asked in history if asked.task == prompt.task]
        if any(asked.prompt_id == prompt.id for asked in of_task):
            return "unknown outcome"
        return "changed prompt" if of_task else "new prompt"


def standing(job: Job, context: ImageContext, replies: Replies, *, again: bool = False) -> Standing:
    """Return where this image stands. With `again` a rejection is asked about anew, however often that was done."""
    prompt = job.task.prompt(context, job.recipe)
    if context.is_empty:
        return Standing(_unanswered(prompt, 0, Flaw("empty_context", "no captions, objects or regions")), None)
    if not prompt.fits:
        return Standing(_unanswered(prompt, 0, Flaw("context_too_long", "longer than the window, even cut down")), None)
    found = _answered_so_far(job, prompt, replies(prompt), again=again)
    if isinstance(found.result, Rejection) and (short := shorter(job, prompt, found.result)):
        after = _answered_so_far(job, short, replies(short), again=again)
        return Standing(after.result or found.result, after.request, shortened=True)
    return found


def _answered_so_far(job: Job, prompt: Prompt, kept: Sequence[Kept], *, again: bool) -> Standing:
    result: Sample | Rejection | None = None
    for reply in kept:
        read = read_outcome(reply.body, reply.failure)
        result = judged(job.task, prompt, read, reply.attempt)
        if isinstance(result, Sample):
            return Standing(result, None)
    last = kept[-1].attempt if kept else 0
    if isinstance(result, Rejection) and (is_hopeless(result) or (last >= job.attempts and not again)):
        return Standing(result, None)
    return Standing(result, Request(prompt, last + 1))


def is_hopeless(rejection: Rejection) -> bool:
    """Whether the same request would be rejected again."""
    return rejection.flaws[0].code in HOPELESS


def shorter(job: Job, prompt: Prompt, rejection: Rejection) -> Prompt | None:
    """Return the prompt with a shorter context when the endpoint found it too long; None when that is no help."""
    if rejection.flaws[0].code != _TOO_LONG:
        return None
    recipe = job.recipe
    room = int(_SHORTER * recipe.tokens.count(job.task.render(prompt.context)))
    short = job.task.prompt(prompt.context, replace(recipe, room=room))
    return short if short.fits and short.id != prompt.id else None


def judged(task: Task, prompt: Prompt, read: Completion | Failure, attempt: int) -> Sample | Rejection:
    """Return what becomes of a reply: the judge's word on a completion, a rejection for a failure."""
    if isinstance(read, Failure):
        return _unanswered(prompt, attempt, Flaw(read.code, read.words))
    return task.judge(prompt, read, attempt)


def _unanswered(prompt: Prompt, attempt: int, flaw: Flaw) -> Rejection:
    where = provenance_of(prompt, attempt, prompt.sampling.model)
    return Rejection(prompt.context.image_id, prompt.task, "", (flaw,), where)


def recovered(journal: Journal, spending: Spending) -> int:
    """Bring the books in order after a stop of any kind, and return how many requests will never be heard of.

    Only for the process that holds the run's lock.
    """
    unknown = journal.settle_unknown()
    journal.book([booked_for(kept, worst, spending) for kept, worst in journal.unbooked()])
    return unknown


def booked_for(kept: Kept, worst: int, spending: Spending, read: Completion | Failure | None = None) -> Booked:
    """Return what a reply was billed. What may have been billed without our knowing is booked at its worst case.

    `read` is the reply as `read_outcome` reads it, where that was done already.
    """
    read = read or read_outcome(kept.body, kept.failure)
    if isinstance(read, Failure):
        return Booked(kept.prompt_id, kept.attempt, None, None, 0 if read.free else worst)
    usage = read.usage
    prompt_tokens, completion_tokens = (usage.prompt_tokens, usage.completion_tokens) if usage else (None, None)
    cost = 0 if kept.reused else spending.cost(read, worst)
    return Booked(kept.prompt_id, kept.attempt, prompt_tokens, completion_tokens, cost)
