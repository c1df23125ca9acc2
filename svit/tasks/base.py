"""What a task is: a value made of a renderer, a parser, checks and an offline writer."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Literal, NamedTuple

from svit import __version__
from svit.errors import ParseError
from svit.judge import checks, clean
from svit.judge.checks import Check
from svit.prompting.render import PromptRecipe, shared_context_text, shortened
from svit.records import Completion, Dialogue, Draft, Flaw, ImageContext, Prompt, Provenance, Rejection, Sample, Turn

_CUT_LINES = 12
"""Lines at the end of a text that may belong to the pair in which it was cut off."""

_SHOWN = 4_000
"""Characters that a rejection shows of an answer that is too long to be judged. The whole of it is in the journal."""

_LEAST_TOKENS = 512
"""Room for an answer, however few pairs are asked for: one of them may be long."""

Write = Callable[[ImageContext, int], str]
"""Writes a completion about a context; the number is the seed."""

Repair = Callable[[Draft], tuple[Draft, tuple[Flaw, ...]]]
"""Returns the draft with what could be mended, and what that was: flaws of the severity `repair`."""


class Verdict(NamedTuple):
    """What the judge keeps of a draft, nothing when it rejects it, and why; `dropped` counts what it left out."""

    dialogues: tuple[Dialogue, ...]
    flaws: tuple[Flaw, ...]
    dropped: Mapping[str, int] = {}


@dataclass(frozen=True)
class Task:
    """One kind of instruction data.

    `render` turns a context into the text that the model is shown, unless the context comes first and is shown alike
    for all tasks; `parse` reads the model's answer form or raises ParseError; `dialogues` is how many are asked for:
    conversations, question-answer pairs, or one description. `checks` yield the flaws of what was read, `grounding`
    those that only the annotations show; all of them hold for any part of the dialogues too. `repair` mends what has
    one meaning only, and says what it mended. `write_offline(context, seed)` writes a completion from the annotations
    alone, in that same answer form. `draws_question` says that the model writes the answer alone and the user's
    question is drawn from a file. `answer_tokens` is what an estimate takes a completion to be before one was seen;
    None takes the `max_tokens`. With `min_pairs`, flawless dialogues of a flawed completion make a sample when they
    have so many pairs together; 0 wants all or nothing. `counted` is what a config calls the dialogues where it may ask
    for another number of them, and `writer` then gives the offline writer for that number.
    """

    name: str
    summary: str
    render: Callable[[ImageContext], str]
    parse: Callable[[str], tuple[Dialogue, ...]]
    dialogues: int
    checks: tuple[Check, ...]
    write_offline: Write
    max_tokens: int
    grounding: tuple[Check, ...] = ()
    repair: Repair | None = None
    draws_question: bool = False
    answer_tokens: int | None = None
    min_pairs: int = 0
    counted: Literal["pairs", "conversations", ""] = ""
    writer: Callable[[int], Write] | None = None

    def asking_for(self, number: int) -> "Task":
        """Return the task that asks for so many dialogues; what it needs of them and the room for them grow along."""
        if number == self.dialogues:
            return self
        assert self.writer is not None

        def grown(figure: int) -> int:
            return ceil(figure * number / self.dialogues)

        return replace(
            self,
            dialogues=number,
            write_offline=self.writer(number),
            max_tokens=max(min(_LEAST_TOKENS, self.max_tokens), grown(self.max_tokens)),
            answer_tokens=None if self.answer_tokens is None else grown(self.answer_tokens),
            min_pairs=grown(self.min_pairs),
        )

    def prompt(self, context: ImageContext, recipe: PromptRecipe) -> Prompt:
        """Return the request about this image, its context shortened to the recipe's room when it must be."""
        render = shared_context_text if recipe.context_first else self.render
        shown, left_out = shortened(context, render, recipe)
        text = render(shown)
        return Prompt(
            task=self.name,
            messages=recipe.messages(text),
            sampling=recipe.sampling,
            version=recipe.template.version,
            context=shown,
            left_out=left_out,
            question=recipe.question(context.image_id),
            fits=recipe.has_room_for(text),
            shared=1 if recipe.context_first else 0,
        )

    def judge(self, prompt: Prompt, completion: Completion, attempt: int) -> Sample | Rejection:
        """Return the sample that the completion makes, or the rejection that says why it makes none."""
        verdict = self._read(prompt, completion)
        provenance = provenance_of(prompt, attempt, completion.model)
        if not verdict.dialogues:
            text = completion.text
            shown = text if len(text) <= checks.LONGEST_TEXT else f"{text[:_SHOWN]} ..."
            return Rejection(prompt.context.image_id, self.name, shown, verdict.flaws, provenance)
        return Sample(prompt.context, self.name, verdict.dialogues, provenance, verdict.flaws, verdict.dropped)

    def _read(self, prompt: Prompt, completion: Completion) -> Verdict:
        flaws, text = tuple(checks.unusable(completion)), completion.text.strip()
        if large := tuple(checks.too_large(text)):
            return Verdict((), (*flaws, *large))
        if self.min_pairs and [flaw.code for flaw in flaws] == ["truncated"]:
            return self._before_the_cut(prompt, text, flaws)
        if flaws:
            return Verdict((), flaws)
        try:
            parsed = self.parse(clean.without_boilerplate(text))
        except ParseError as error:
            return Verdict((), (Flaw("unparsable", str(error)),))
        if many := tuple(checks.too_many(parsed)):
            return Verdict((), many)
        return self.verdict(Draft(prompt, cleaned(parsed, prompt.question)))

    def _before_the_cut(self, prompt: Prompt, text: str, flaws: tuple[Flaw, ...]) -> Verdict:
        """Return what is kept of a text that was cut off, without the dialogue that it was cut off in."""
        lines = clean.without_boilerplate(text).split("\n")
        first = max(0, len(lines) - _CUT_LINES)
        for end in range(len(lines), first, -1):
            try:
                parsed = self.parse("\n".join(lines[:end]))
            except ParseError as error:
                if 0 < error.line <= first:
                    break  # what is amiss there stays so, however much of the end is left out
                continue
            if many := tuple(checks.too_many(parsed)):
                return Verdict((), (*flaws, *many))
            kept = self.verdict(Draft(prompt, cleaned(parsed[:-1], prompt.question)))
            if kept.dialogues:
                dropped = {**kept.dropped, "truncated": 1 + kept.dropped.get("truncated", 0)}
                return Verdict(kept.dialogues, (*map(as_warning, flaws), *kept.flaws), dropped)
            break
        return Verdict((), flaws)

    def verdict(self, draft: Draft, *, grounded: bool = True) -> Verdict:
        """Return what is kept of a draft, and its flaws; without `grounded` nothing is compared with annotations."""
        repairs: tuple[Flaw, ...] = ()
        if grounded and self.repair:
            draft, repairs = self.repair(draft)
        flaws = (*self._miscounted(draft), *self.flaws(draft, grounded=grounded))
        if all(flaw.severity != "reject" for flaw in flaws):
            return Verdict(draft.dialogues, flaws + repairs)
        kept, dropped = self.salvaged(draft, grounded=grounded) if self.min_pairs else ((), {})
        if sum(len(dialogue.turns) for dialogue in kept) < max(1, self.min_pairs):
            return Verdict((), flaws)
        known = (*self.flaws_of_part(draft.prompt, kept, grounded=grounded), *repairs)
        return Verdict(kept, known, dropped)

    def flaws(self, draft: Draft, *, grounded: bool = True) -> tuple[Flaw, ...]:
        """Return what is wrong with the dialogues, however many they are."""
        asked = (*self.checks, *self.grounding) if grounded else self.checks
        return tuple(flaw for check in asked for flaw in check(draft))

    def flaws_of_part(
        self, prompt: Prompt, dialogues: tuple[Dialogue, ...], *, grounded: bool = True
    ) -> tuple[Flaw, ...]:
        """Return what a sample of these dialogues, which others were taken out of, has to be warned of."""
        draft = Draft(prompt, dialogues)
        return tuple(map(as_warning, (*self._miscounted(draft), *self.flaws(draft, grounded=grounded))))

    def _miscounted(self, draft: Draft) -> tuple[Flaw, ...]:
        return tuple(checks.exactly(self.dialogues)(draft))

    def salvaged(self, draft: Draft, *, grounded: bool) -> tuple[tuple[Dialogue, ...], Mapping[str, int]]:
        """Return the dialogues without a flaw, as many as are asked for, and how many others there are, by first flaw.

        Each is tried beside those before it: of two pairs that ask the same, the first stays.
        """
        kept: tuple[Dialogue, ...] = ()
        dropped: Counter[str] = Counter()
        for dialogue in draft.dialogues:
            flaws = self.flaws(Draft(draft.prompt, (*kept, dialogue)), grounded=grounded)
            codes = [flaw.code for flaw in flaws if flaw.severity == "reject"]
            if not codes and len(kept) < self.dialogues:
                kept += (dialogue,)
            else:
                dropped[codes[0] if codes else "wrong_count"] += 1
        return kept, dict(dropped)


def as_warning(flaw: Flaw) -> Flaw:
    """Return the flaw as one that its sample may have."""
    return flaw if flaw.severity != "reject" else Flaw(flaw.code, flaw.words, "warn")


def provenance_of(prompt: Prompt, attempt: int, model: str) -> Provenance:
    """Return where the answer to this prompt comes from, as it is written into every sample and rejection."""
    return Provenance(
        model=model,
        prompt_id=prompt.id,
        prompt_version=prompt.version,
        attempt=attempt,
        seed=prompt.sampling.seed,
        source=prompt.context.source,
        left_out=prompt.left_out,
        svit=__version__,
    )


def cleaned(parsed: tuple[Dialogue, ...], question: str) -> tuple[Dialogue, ...]:
    """Return the dialogues in plain text, with our question where the model wrote none."""
    texts = [text for dialogue in parsed for turn in dialogue.turns for text in (turn.question, turn.answer)]
    texts += [dialogue.topic for dialogue in parsed if dialogue.topic]
    if all(texts) and clean.are_plain(texts):
        return parsed
    return tuple(_plain(dialogue, question) for dialogue in parsed)


def _plain(dialogue: Dialogue, question: str) -> Dialogue:
    turns = tuple(Turn(clean.plain(turn.question) or question, clean.plain(turn.answer)) for turn in dialogue.turns)
    return Dialogue(turns, clean.plain(dialogue.topic) if dialogue.topic is not None else None)
