"""What becomes of an image in one task, by the replies that were kept: settled, or to be asked, and why."""

import hashlib
import itertools
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import msgspec

from svit import __version__
from svit.cost.spending import Spending
from svit.prompting.render import PromptRecipe
from svit.providers.base import Failure, Request, read_outcome
from svit.records import Completion, Flaw, ImageContext, Message, Prompt, Rejection, Sample
from svit.run.journal import Journal
from svit.run.journal_rows import Charge, PastRequest, StoredReply
from svit.run.reply_storage import DAMAGED
from svit.run.shards import LINE_FORM
from svit.run.verification import UNVERIFIED, PendingVerification, Verifier, unverified
from svit.tasks.base import Task, provenance_of

_TOO_LONG = "context_length_exceeded"
HOPELESS = frozenset({"empty_context", "context_too_long", _TOO_LONG, "filtered", "bad_request", "truncated"})
"""Flaws that the same request meets again. What has them is asked anew only when its prompt changes."""
REPAIRED = frozenset(
    {
        *("unparsable", "wrong_count", "empty_turn", "names_source", "leaks_coordinates", "special_token"),
        *("no_mention", "mention_without_box", "box_without_mention", "box_malformed", "box_out_of_range"),
        *("box_name_mismatch", "plural_with_one_box", "singular_with_many", "wrong_language"),
    }
)
"""First flaws that a model mends when it is told, unless the config says otherwise. Others are asked about afresh: what
was refused, cut off, empty or invented is better not shown again."""
SECOND_OPINION = "second opinion"
"""Why a sample is asked about again."""
_SHORTER = 0.6
"""What is left of a context's tokens when the endpoint finds the prompt too long. Once: then it is rejected."""

TOKEN_BYTES = 8
"""Bytes of a token of an answer, at most on the average of a text: English has about 4.5."""
_FLAW_BYTES = 300
"""Bytes of the words that show a flaw, and of what is around them, at most."""
_MOST_TOLD = 20
"""Flaws that a model is told of at once."""

Replies = Callable[[Prompt], Sequence[StoredReply]]
"""The replies to a prompt, in the order of their attempts."""


@dataclass(frozen=True)
class Repairs:
    """How an answer is asked for again with its flaws in words, where that helps more than asking afresh.

    `codes` are the flaws for which it does, when one of them is the first; `told` says each flaw in a sentence to the
    model, by its code; `text` has the hole {{flaws}} for them. `room` is the tokens that all messages may take.
    """

    codes: Collection[str]
    told: Mapping[str, str]
    text: str
    room: int

    def prompt(self, base: Prompt, rejection: Rejection, count: Callable[[str], int]) -> Prompt | None:
        """Return the prompt that has this rejected answer mended; None where it is better to ask afresh."""
        flaws = [flaw for flaw in rejection.flaws if flaw.severity == "reject"]
        if not rejection.text.strip() or not flaws or flaws[0].code not in self.codes:
            return None
        lines = dict.fromkeys(f"- {self.told[flaw.code]} ({flaw.words})" for flaw in flaws if flaw.code in self.told)
        asked = self.text.replace("{{flaws}}", "\n".join(list(lines)[:_MOST_TOLD]))
        messages = (*base.messages, Message("assistant", rejection.text), Message("user", asked))
        fits = sum(count(message.content) for message in messages) <= self.room
        return msgspec.structs.replace(base, messages=messages) if fits else None


@dataclass(frozen=True)
class Job:
    """One task of a run and how it is asked."""

    task: Task
    recipe: PromptRecipe
    attempts: int
    repairs: Repairs | None = None
    verifier: Verifier | None = None

    @cached_property
    def mending(self) -> "Job":
        """The same job as one that has every answer mended whose flaws can be told."""
        return replace(self, repairs=self.repairs and replace(self.repairs, codes=self.repairs.told))

    @property
    def longest_repair(self) -> int:
        """The bytes by which a prompt that has an answer mended is longer than the first one, at most."""
        if self.repairs is None or not self.repairs.codes:
            return 0
        told = sum(len(words.encode()) + _FLAW_BYTES for words in self.repairs.told.values())
        return TOKEN_BYTES * self.recipe.sampling.max_tokens + len(self.repairs.text.encode()) + told

    def following(self, base: Prompt, result: Sample | Rejection | None) -> Prompt:
        """Return the prompt of the next attempt: the first one again, or one that has the last answer mended."""
        if self.repairs is None or not isinstance(result, Rejection):
            return base
        return self.repairs.prompt(base, result, self.recipe.tokens.count) or base

    def fingerprint(self, contexts: str) -> str:
        """Return a hash of all that a shard of this job follows from, beside the replies: 32 hexadecimal digits."""
        recipe = self.recipe
        made_from = (
            *(__version__, LINE_FORM, contexts, self.task.name, recipe.template.version, recipe.sampling, recipe.room),
            *(recipe.tokens.exact, recipe.seed, recipe.questions, self.attempts),
            *((recipe.lead,) if recipe.context_first else ()),
            *((self.task.min_pairs,) if self.task.min_pairs else ()),
            *((self.verifier.text, self.verifier.sampling) if self.verifier else ()),
        )
        return hashlib.blake2b(msgspec.json.encode(made_from), digest_size=16).hexdigest()


class ImageState(NamedTuple):
    """Where an image stands: what came of it so far, if anything, and the request that is to be made, if any.

    `base` is the prompt that its attempts begin with; `shortened` says that the endpoint found the first prompt too
    long, and that this is a shorter one. With `doubted` the request is for a second opinion on that attempt's sample.
    """

    result: Sample | Rejection | None
    request: Request | None
    base: Prompt
    shortened: bool = False
    doubted: PendingVerification | None = None

    def reason(self, history: Sequence[PastRequest]) -> str:
        """Return why the request is made, by what was asked about the image before."""
        assert self.request is not None
        prompt = self.request.prompt
        if self.doubted:
            return SECOND_OPINION
        if isinstance(self.result, Rejection):
            return f"rejected: {self.result.flaws[0].code}"
        of_task = [asked for asked in history if asked.task == prompt.task]
        if any(asked.prompt_id == prompt.id for asked in of_task):
            return "unknown outcome"
        return "changed prompt" if of_task else "new prompt"


def standing(job: Job, context: ImageContext, replies: Replies, *, again: bool = False) -> ImageState:
    """Return where this image stands. With `again` a rejection is asked about anew, however often that was done."""
    prompt = job.task.prompt(context, job.recipe)
    if context.is_empty:
        flaw = Flaw("empty_context", "no captions, objects or regions")
        return ImageState(_unanswered(prompt, 0, flaw), None, prompt)
    if not prompt.fits:
        flaw = Flaw("context_too_long", "longer than the window, even cut down")
        return ImageState(_unanswered(prompt, 0, flaw), None, prompt)
    found = _answered_so_far(job, prompt, replies, again=again)
    if isinstance(found.result, Rejection) and (short := shorter(job, prompt, found.result)):
        after = _answered_so_far(job, short, replies, again=again)
        return after._replace(result=after.result or found.result, shortened=True)
    return found


def _answered_so_far(job: Job, base: Prompt, replies: Replies, *, again: bool) -> ImageState:
    result: Sample | Rejection | None = None
    last = 0
    for tried in attempts_so_far(job, base, replies, again=again):
        if tried.doubted and tried.opinion:
            return ImageState(None, tried.opinion.request, base, doubted=tried.doubted)
        result, last = tried.result, tried.kept.attempt
        if isinstance(result, Sample):
            return ImageState(result, None, base)
    if isinstance(result, Rejection) and (is_settled(result) or (not again and (last >= job.attempts or lost(result)))):
        return ImageState(result, None, base)
    return ImageState(result, Request(job.following(base, result), last + 1), base)


class Attempt(NamedTuple):
    """An attempt that was answered: the prompt that was sent, the reply, and what became of it.

    With `doubted` the result is what the judge alone made of it, and a second opinion is still to be asked for.
    """

    prompt: Prompt
    kept: StoredReply
    read: Completion | Failure
    result: Sample | Rejection
    opinion: "VerifierOpinion | None" = None
    doubted: PendingVerification | None = None


def attempts_so_far(job: Job, base: Prompt, replies: Replies, *, again: bool = False) -> Iterator[Attempt]:
    """Yield the attempts that began with this prompt, in their order: those that asked afresh, and those that mended.

    Whatever the settings are now, both are looked for: nothing that was paid for is passed over. With `again` a second
    opinion that could not be had is asked for anew.
    """
    afresh = {kept.attempt: kept for kept in replies(base)}
    before: Sample | Rejection | None = None
    for attempt in itertools.count(1):
        found = [(base, afresh[attempt])] if attempt in afresh else []
        mended = job.mending.following(base, before) if before else base
        if mended.id != base.id:
            found += [(mended, kept) for kept in replies(mended) if kept.attempt == attempt]
        if not found and attempt > max(afresh, default=0):
            return
        for prompt, kept in found:
            read = read_outcome(kept.body, kept.failure)
            before = judged(job.task, prompt, read, attempt)
            tried = Attempt(prompt, kept, read, before)
            if job.verifier and isinstance(before, Sample) and isinstance(read, Completion):
                doubted = PendingVerification(before, prompt, attempt, read.text)
                opinion = opinion_so_far(job.verifier, job.task, doubted, replies, again=again)
                before = opinion.result or before
                tried = tried._replace(result=before, opinion=opinion, doubted=None if opinion.result else doubted)
            yield tried


class VerifierOpinion(NamedTuple):
    """What second opinions made of a sample: its end, or what is to be asked; `heard` are the replies."""

    result: Sample | Rejection | None
    request: Request | None
    heard: Sequence[Completion | Failure]


def opinion_so_far(
    verifier: Verifier, task: Task, doubted: PendingVerification, replies: Replies, *, again: bool = False
) -> VerifierOpinion:
    """Return what the second opinions on a sample come to. Two attempts may bring the same: it is verified once."""
    prompt = verifier.prompt(doubted.sample)
    heard: list[Completion | Failure] = []
    result: Sample | Rejection | None = None
    last = 0
    for kept in replies(prompt):
        last = kept.attempt
        heard.append(read_outcome(kept.body, kept.failure))
        read = heard[-1]
        is_last = last >= verifier.attempts or (isinstance(read, Failure) and read.code == DAMAGED)
        result = after_opinion(verifier, task, doubted, read, is_last=is_last)
        if isinstance(result, Sample) or (result and result.flaws[0].code != UNVERIFIED):
            return VerifierOpinion(result, None, heard)
    if result and not again:
        return VerifierOpinion(result, None, heard)
    return VerifierOpinion(None, Request(prompt, last + 1), heard)


def after_opinion(
    verifier: Verifier, task: Task, doubted: PendingVerification, read: Completion | Failure, *, is_last: bool
) -> Sample | Rejection | None:
    """Return what a second opinion makes of a sample; None where it is none, and is to be asked for again."""
    said = verifier.opinion(doubted.sample, read)
    if isinstance(said, Flaw):
        is_final = is_last or (isinstance(read, Failure) and read.code in HOPELESS)
        return unverified(doubted, said) if is_final else None
    assert isinstance(read, Completion)
    return verifier.verdict(task, doubted, said, read.model)


def is_settled(rejection: Rejection) -> bool:
    """Whether another answer to the same request would fare no better, or is not wanted: only an opinion is missing."""
    return rejection.flaws[0].code in HOPELESS or rejection.flaws[0].code == UNVERIFIED


def lost(rejection: Rejection) -> bool:
    """Whether the journal no longer holds the answer that was paid for. It is paid for again only on request."""
    return rejection.flaws[0].code == DAMAGED


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
    journal.book([booked_for(kept, worst, spending, task) for kept, worst, task in journal.unbooked()])
    return unknown


def booked_for(
    kept: StoredReply, worst: int, spending: Spending, task: str, read: Completion | Failure | None = None
) -> Charge:
    """Return what a reply was billed. What may have been billed without our knowing is booked at its worst case.

    `read` is the reply as `read_outcome` reads it, where that was done already.
    """
    read = read or read_outcome(kept.body, kept.failure)
    if isinstance(read, Failure):
        return Charge(kept.prompt_id, kept.attempt, None, None, 0 if read.free else worst)
    usage = read.usage
    prompt_tokens, completion_tokens = (usage.prompt_tokens, usage.completion_tokens) if usage else (None, None)
    cost = 0 if kept.reused else spending.cost(read, worst, task)
    return Charge(kept.prompt_id, kept.attempt, prompt_tokens, completion_tokens, cost)
