"""Who writes the answers: the tasks' own writers from what the prompt tells, or the same text again and again."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from random import Random
from typing import Protocol

from svit.errors import SvitError
from svit.prompting.tokens import estimated_tokens
from svit.records import ImageContext
from svit.simulate.chat_completions import Answer, cut_short
from svit.simulate.prompt_limit import Counted
from svit.simulate.prompt_reading import BOXED_LINE, PromptContent, asked_number, asked_task, doubted, told
from svit.simulate.simulator_options import quantity

Write = Callable[[ImageContext, int, int | None], str]
"""Writes about a context, with a seed, and so many pairs or conversations, where the prompt says how many."""

_NOTHING_TOLD = "It seems that your message is empty. Please provide the image."
_DOUBTS = 0.04
"""The share of answers that a second opinion finds wrong."""
_FIXED_TOKENS = 900
"""About what GPT-4 writes for a task of SVIT."""


class AnswerWriter(Protocol):
    """Counts prompts and answers them; the same answer for the same seed."""

    def count(self, text: str) -> float:
        """Return the tokens of the text of a message."""
        ...

    def answer(self, prompt: Counted, cap: int | None, seed: int) -> Answer:
        """Return the answer, of no more than `cap` tokens."""
        ...


def writer(text: str, writers: Mapping[str, Write]) -> AnswerWriter:
    """Return the writer that `offline` or `fixed:TOKENS` names. Raises SvitError for anything else."""
    kind, _, tokens = text.partition(":")
    if text == "offline":
        return OfflineAnswers(writers)
    if kind == "fixed":
        return FixedAnswers(quantity(tokens) if tokens else _FIXED_TOKENS)
    raise SvitError(f"'{text}' is no answer that can be simulated. Choose offline or fixed:{_FIXED_TOKENS} (tokens).")


def seed_of(seed: int, key: int, time: int) -> int:
    """Return the seed of the answer to a body, the how-manieth time that it is answered."""
    return int.from_bytes(hashlib.blake2b(f"{seed}/{key}/{time}".encode(), digest_size=4).digest())


class OfflineAnswers:
    """Reads the prompt and lets the task's own writer answer from the context in it."""

    def __init__(self, writers: Mapping[str, Write]) -> None:
        """Keep the writers, by task name."""
        self._writers = writers

    def count(self, text: str) -> float:
        """Return about how many tokens a model would count."""
        return estimated_tokens(text)

    def answer(self, prompt: Counted, cap: int | None, seed: int) -> Answer:
        """Return what the task's writer says; a prompt without a context is answered as a model would."""
        text = opinions(prompt.texts, seed)
        if not text:
            found = told(prompt.texts)
            text = self._written(found, seed) if found else _NOTHING_TOLD
        answer = Answer(text, prompt.tokens, estimated_tokens(text))
        return cut_short(answer, cap) if cap else answer

    def _written(self, found: PromptContent, seed: int) -> str:
        return self._writers[asked_task(found.around)](found.context, seed, asked_number(found.around))


class FixedAnswers:
    """Gives the same text for each task, in its answer form; referring names the first thing that the prompt tells."""

    def __init__(self, tokens: int) -> None:
        """Write the texts, of about so many tokens each."""
        self._texts = {task: _filled(form, pairs, tokens) for task, (form, pairs) in _FORMS.items()}
        self._tokens = {task: estimated_tokens(text) for task, text in self._texts.items()}

    def count(self, text: str) -> float:
        """Return a fourth of the characters."""
        return len(text) / 4

    def answer(self, prompt: Counted, cap: int | None, seed: int) -> Answer:
        """Return the text of the task that is asked for."""
        if said := opinions(prompt.texts, seed):
            return Answer(said, prompt.tokens, estimated_tokens(said))
        task = asked_task("\n".join(prompt.texts))
        text, tokens = self._texts[task], self._tokens[task]
        if task == "referring":
            text = text.replace(_ANYTHING, _first_mention(prompt.texts))
        answer = Answer(text, prompt.tokens, tokens)
        return cut_short(answer, cap) if cap else answer


def opinions(texts: Sequence[str], seed: int) -> str:
    """Return a yes or no to each answer that a second opinion is asked about, a few of them no; else nothing."""
    lot = Random(seed)  # noqa: S311 - the same opinion for the same seed
    return "\n".join(
        f"{number}: no, nothing speaks of it" if lot.random() < _DOUBTS else f"{number}: yes"
        for number in doubted(texts)
    )


def _first_mention(texts: Sequence[str]) -> str:
    """Return the mention of the first thing with a box that the last of the messages to have one tells of."""
    for text in reversed(texts):
        if match := BOXED_LINE.search(text):
            name, _, box = match.group().rpartition(": ")
            return f"<st>{name}<ed> {box}"
    return _ANYTHING


_ANYTHING = "<st>thing<ed> [0.001, 0.001, 0.999, 0.999]"
_NAMES = [f"the {look} {what}" for look in ("red", "old", "tall") for what in ("bench", "door", "lamp", "tree", "sign")]
_VERBS = ("stands near", "leans on", "hides", "faces", "touches", "covers", "follows")
_PLACES = ("a wall", "some grass", "the road", "two chairs", "a window", "the water", "an open gate", "a low fence")
_FORMS: dict[str, tuple[Callable[[int, str], str], int]] = {
    "conversation": (
        lambda n, words: (
            ("" if n % 5 else f"\nTopic: Part {n // 5 + 1}\n") + f"User: What is {_NAMES[n]}?\nGPT: {words}"
        ),
        15,
    ),
    "complex_reasoning": (lambda n, words: f"Question: Why is there {_NAMES[n]}?\nAnswer: {words}\n", 15),
    "detail_description": (lambda _, words: words, 1),
    "referring": (lambda n, words: f"Question: Is {_NAMES[n]} near the {_ANYTHING}?\nAnswer: {words}\n", 10),
}
"""By task: how one pair is written, and how many there are."""


def _filled(form: Callable[[int, str], str], pairs: int, tokens: int) -> str:
    """Return the pairs, of about so many tokens together. No sentence comes twice."""
    frame = estimated_tokens("\n".join(form(n, "") for n in range(pairs)))
    room = max(0, tokens - frame) // pairs
    sentences = _sentences()
    return "\n".join(form(n, _paragraph(sentences, room)) for n in range(pairs)).strip()


def _paragraph(sentences: Iterator[str], room: int) -> str:
    words = next(sentences)
    while (longer := f"{words} {next(sentences)}") and estimated_tokens(longer) <= room:
        words = longer
    return words


def _sentences() -> Iterator[str]:
    """Yield sentences; the lists' lengths have no common divisor, so that 840 are made before one would come again."""
    for number in count():
        again = number // (len(_NAMES) * len(_VERBS) * len(_PLACES))
        with_another = f"{_NAMES[again % len(_NAMES)]} and " if again else ""
        name, verb, place = (words[number % len(words)] for words in (_NAMES, _VERBS, _PLACES))
        yield f"Here {with_another}{name} {verb} {place}."
