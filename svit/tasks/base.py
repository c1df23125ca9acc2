"""What a task is: a value made of a renderer, a parser, checks and an offline writer."""

from collections.abc import Callable
from dataclasses import dataclass

from svit import __version__, checks, clean
from svit.checks import Check
from svit.errors import ParseError
from svit.records import Completion, Dialogue, Draft, Flaw, ImageContext, Prompt, Provenance, Rejection, Sample, Turn
from svit.render import Recipe, shared_context_text, shortened


@dataclass(frozen=True)
class Task:
    """One kind of instruction data.

    `render` turns a context into the text that the model is shown, unless the context comes first and is shown alike
    for all tasks; `parse` reads the model's answer form or raises
    ParseError, `checks` yield the flaws of what was read, `write_offline(context, seed)` writes a completion from
    the annotations alone, in that same answer form. `draws_question` says that the model writes the answer alone and
    the user's question is drawn from a file. `answer_tokens` is what an estimate takes a completion to be before one
    was seen; None takes the `max_tokens`.
    """

    name: str
    summary: str
    render: Callable[[ImageContext], str]
    parse: Callable[[str], tuple[Dialogue, ...]]
    checks: tuple[Check, ...]
    write_offline: Callable[[ImageContext, int], str]
    max_tokens: int
    draws_question: bool = False
    answer_tokens: int | None = None

    def prompt(self, context: ImageContext, recipe: Recipe) -> Prompt:
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
        provenance = provenance_of(prompt, attempt, completion.model)
        dialogues, flaws = self._read(prompt, completion)
        if any(flaw.severity == "reject" for flaw in flaws):
            return Rejection(prompt.context.image_id, self.name, completion.text, tuple(flaws), provenance)
        return Sample(prompt.context, self.name, dialogues, provenance, tuple(flaws))

    def _read(self, prompt: Prompt, completion: Completion) -> tuple[tuple[Dialogue, ...], list[Flaw]]:
        flaws = list(checks.unusable(completion))
        if flaws:
            return (), flaws
        try:
            parsed = self.parse(clean.without_boilerplate(completion.text))
        except ParseError as error:
            return (), [Flaw("unparsable", str(error))]
        dialogues = _cleaned(parsed, prompt.question)
        draft = Draft(prompt, dialogues)
        return dialogues, [flaw for check in self.checks for flaw in check(draft)]


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


def _cleaned(parsed: tuple[Dialogue, ...], question: str) -> tuple[Dialogue, ...]:
    """Return the dialogues in plain text, with our question where the model wrote none."""
    texts = [text for dialogue in parsed for turn in dialogue.turns for text in (turn.question, turn.answer)]
    texts += [dialogue.topic for dialogue in parsed if dialogue.topic]
    if all(texts) and clean.are_plain(texts):
        return parsed
    return tuple(_plain(dialogue, question) for dialogue in parsed)


def _plain(dialogue: Dialogue, question: str) -> Dialogue:
    turns = tuple(Turn(clean.plain(turn.question) or question, clean.plain(turn.answer)) for turn in dialogue.turns)
    return Dialogue(turns, clean.plain(dialogue.topic) if dialogue.topic is not None else None)
