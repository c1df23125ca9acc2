"""A second opinion: a model reads the annotations and says of each answer of a sample whether it can stand."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from svit.judge.checks import LONGEST_TEXT
from svit.prompting.render import context_text, version_of
from svit.providers.base import Failure
from svit.records import VERIFY, Completion, Dialogue, Flaw, Message, Prompt, Rejection, Sample, Sampling, Turn
from svit.tasks.base import Task

HOLE = "{{answers}}"
UNVERIFIED = "unverified"
"""The flaw of a sample that no opinion came to."""
CONTRADICTED = "contradicted"
"""The flaw of an answer that the verifier finds wrong."""
_FORM = "answers:"
_MARKS = r"(?:[^\w\n]|_)"
_SAYS = re.compile(
    rf"^{_MARKS}*(?:(?:answer|question|pair|number|no\.){_MARKS}*)?(?P<number>\d{{1,4}}){_MARKS}+"
    rf"(?P<word>yes|no)\b{_MARKS}*(?P<why>.*)$",
    re.MULTILINE | re.IGNORECASE,
)
_SAYS_OF_ONE = re.compile(rf"^{_MARKS}*(?P<word>yes|no)\b{_MARKS}*(?P<why>.*)", re.IGNORECASE)
_LONGEST = 120


class PendingVerification(NamedTuple):
    """What a second opinion is asked about: a sample, and the prompt, attempt and completion that it was made of."""

    sample: Sample
    prompt: Prompt
    attempt: int
    text: str


@dataclass(frozen=True)
class Verifier:
    """Who is asked for a second opinion, and how: `text` follows the context, and has the hole {{answers}}.

    A reply that says nothing of some answer, or says two things of one, is no opinion: it is asked for `attempts` times
    at most, and then the sample is rejected as unverified.
    """

    text: str
    sampling: Sampling
    attempts: int

    def prompt(self, sample: Sample) -> Prompt:
        """Return the request about all answers of the sample; the context comes first, alike for an image's tasks."""
        context = sample.context
        return Prompt(
            task=VERIFY,
            messages=(
                Message("system", context_text(context, region_boxes=True)),
                Message("user", self.text.replace(HOLE, numbered(sample.dialogues))),
            ),
            sampling=self.sampling,
            version=version_of(self.text),
            context=context,
            shared=1,
        )

    def opinion(self, sample: Sample, read: Completion | Failure) -> Mapping[int, str] | Flaw:
        """Return the numbers of the answers that cannot stand, each with the reason; a flaw where that is not said."""
        if isinstance(read, Failure):
            return Flaw(UNVERIFIED, f"{read.code}: {read.words}")
        if len(read.text) > LONGEST_TEXT:
            return Flaw(
                UNVERIFIED, f"an opinion of {len(read.text):,} characters, where at most {LONGEST_TEXT:,} are read"
            )
        count = sum(len(dialogue.turns) for dialogue in sample.dialogues)
        said = [(int(found["number"]), found) for found in _SAYS.finditer(read.text)]
        if not said and count == 1 and (only := _SAYS_OF_ONE.match(read.text)):
            said = [(1, only)]
        if sorted(number for number, _ in said) != list(range(1, count + 1)):
            words = " ".join(read.text.split())[:_LONGEST]
            return Flaw(UNVERIFIED, f"no yes or no for each of {count}: {words}")
        return {number: " ".join(found["why"].split()) for number, found in said if found["word"].lower() == "no"}

    def verdict(
        self, task: Task, doubted: PendingVerification, wrong: Mapping[int, str], model: str
    ) -> Sample | Rejection:
        """Return the sample without what cannot stand, or its rejection when too little is left.

        With its first turn a conversation falls, as the others build on it; a later turn falls alone.
        """
        sample = doubted.sample
        if not wrong:
            return msgspec.structs.replace(sample, verified_by=model)
        kept, dropped = _without(sample.dialogues, wrong)
        if not task.min_pairs or sum(len(dialogue.turns) for dialogue in kept) < task.min_pairs:
            return Rejection(
                sample.context.image_id, sample.task, doubted.text, tuple(_told(sample, wrong)), sample.provenance
            )
        repairs = (flaw for flaw in sample.warnings if flaw.severity == "repair")
        return msgspec.structs.replace(
            sample,
            dialogues=kept,
            warnings=(*task.flaws_of_part(doubted.prompt, kept), *repairs),
            dropped={**sample.dropped, CONTRADICTED: dropped},
            verified_by=model,
        )


def unverified(doubted: PendingVerification, flaw: Flaw) -> Rejection:
    """Return the rejection of a sample that no opinion came to."""
    sample = doubted.sample
    return Rejection(sample.context.image_id, sample.task, doubted.text, (flaw,), sample.provenance)


def numbered(dialogues: Sequence[Dialogue]) -> str:
    """Return all questions and answers, numbered from 1; those of a conversation of several turns under its title."""
    lines, number = [_FORM], 0
    for place, dialogue in enumerate(dialogues, 1):
        if len(dialogue.turns) > 1:
            lines.append(f"conversation {place}:")
        for turn in dialogue.turns:
            number += 1
            lines += [f"{number}. Question: {_on_one_line(turn.question)}", f"Answer: {_on_one_line(turn.answer)}"]
    return "\n".join(lines)


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


def _without(dialogues: Sequence[Dialogue], wrong: Mapping[int, str]) -> tuple[tuple[Dialogue, ...], int]:
    """Return the dialogues without what is wrong, and how many dialogues and later turns that was."""
    kept: list[Dialogue] = []
    first, dropped = 1, 0
    for dialogue in dialogues:
        turns = tuple(turn for number, turn in enumerate(dialogue.turns, first) if number not in wrong)
        if first in wrong:
            dropped += 1
        else:
            dropped += len(dialogue.turns) - len(turns)
            kept.append(msgspec.structs.replace(dialogue, turns=turns))
        first += len(dialogue.turns)
    return tuple(kept), dropped


def _told(sample: Sample, wrong: Mapping[int, str]) -> Iterator[Flaw]:
    turns: list[Turn] = [turn for dialogue in sample.dialogues for turn in dialogue.turns]
    for number, why in sorted(wrong.items()):
        yield Flaw(CONTRADICTED, f"{_on_one_line(turns[number - 1].answer)[:_LONGEST]} ({why[:_LONGEST] or 'no'})")
