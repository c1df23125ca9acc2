"""Checks that count and compare: how many turns, how long, how often the same."""

import re
from collections import Counter
from collections.abc import Iterator

from svit.checks.quoting import Check, excerpt, turns
from svit.records import Draft, Flaw

SHORTEST_QUESTION = 4
"""Characters. SVIT's published data has questions of fewer, all of them broken."""
_LOOP = 3
"""A text that says the same so often is stuck in a loop."""
_PHRASE = 10
"""Words. Shorter phrases may come back by chance: "in the lower left part of the image"."""

_PUNCTUATION = re.compile(r"[\W_]+")


def exactly(count: int) -> Check:
    """Return the check that there are `count` dialogues: question-answer pairs, or one description."""

    def has_that_many(draft: Draft) -> Iterator[Flaw]:
        if len(draft.dialogues) != count:
            yield Flaw("wrong_count", f"{len(draft.dialogues)} instead of {count}")

    return has_that_many


def conversations_of(count: int, turns: int) -> Check:
    """Return the check that there are `count` conversations of `turns` turns each."""

    def has_that_many(draft: Draft) -> Iterator[Flaw]:
        if len(draft.dialogues) != count:
            yield Flaw("wrong_count", f"{len(draft.dialogues)} conversations instead of {count}")
        for number, dialogue in enumerate(draft.dialogues, 1):
            if len(dialogue.turns) != turns:
                yield Flaw("wrong_count", f"conversation {number}: {len(dialogue.turns)} turns instead of {turns}")

    return has_that_many


def has_no_empty_turn(draft: Draft) -> Iterator[Flaw]:
    """Yield empty_turn where a question or an answer says nothing."""
    for turn in turns(draft):
        if not turn.question:
            yield Flaw("empty_turn", f"no question before: {excerpt(turn.answer)}")
        if not turn.answer:
            yield Flaw("empty_turn", f"no answer after: {excerpt(turn.question)}")


def is_long_enough(draft: Draft) -> Iterator[Flaw]:
    """Yield too_short for a question of under four characters and for an answer without a letter or a digit."""
    for turn in turns(draft):
        if 0 < len(turn.question) < SHORTEST_QUESTION:
            yield Flaw("too_short", turn.question)
        if turn.answer and not any(map(str.isalnum, turn.answer)):
            yield Flaw("too_short", excerpt(turn.answer))


def is_at_most(words: int) -> Check:
    """Return the check that no answer has more than `words` words."""

    def is_no_longer(draft: Draft) -> Iterator[Flaw]:
        for turn in turns(draft):
            if len(turn.answer) > 2 * words and (count := len(turn.answer.split())) > words:
                yield Flaw("too_long", f"{count} words: {excerpt(turn.answer)}")

    return is_no_longer


def describes_at_length(min_words: int) -> Check:
    """Return the check that each answer has `min_words` words or more."""

    def is_no_shorter(draft: Draft) -> Iterator[Flaw]:
        for turn in turns(draft):
            if turn.answer and (count := len(turn.answer.split())) < min_words:
                yield Flaw("too_short", f"{count} words: {excerpt(turn.answer)}")

    return is_no_shorter


def asks_nothing_twice(draft: Draft) -> Iterator[Flaw]:
    """Yield duplicate_question where a question comes back in the same image, whatever its case and punctuation."""
    seen: set[str] = set()
    for turn in turns(draft):
        question = _folded(turn.question)
        if question in seen:
            yield Flaw("duplicate_question", excerpt(turn.question))
        elif question:
            seen.add(question)


def repeats_no_text(draft: Draft) -> Iterator[Flaw]:
    """Yield repeated_text where an answer says a sentence or a phrase three times, or three answers are the same."""
    answers: Counter[str] = Counter()
    for turn in turns(draft):
        repeated = _repeated_sentence(turn.answer) or _repeated_phrase(turn.answer)
        if repeated:
            yield Flaw("repeated_text", excerpt(repeated))
        answers[turn.answer] += 1
    for answer, times in answers.items():
        if times >= _LOOP and len(answer.split()) >= _PHRASE:
            yield Flaw("repeated_text", excerpt(answer))


def _repeated_sentence(text: str) -> str:
    sentences = text.replace("\n", ". ").replace("! ", ". ").replace("? ", ". ").rstrip(".!? ").split(". ")
    if len(set(sentences)) > len(sentences) - _LOOP + 1:
        return ""
    said, times = Counter(sentences).most_common(1)[0]
    return said if times >= _LOOP and said.count(" ") >= 2 else ""


def _repeated_phrase(text: str) -> str:
    words = text.split()
    if len(words) < _LOOP * _PHRASE:
        return ""
    phrases = list(zip(*(words[shift:] for shift in range(_PHRASE)), strict=False))
    if len(set(phrases)) > len(phrases) - _LOOP + 1:
        return ""
    phrase, times = Counter(phrases).most_common(1)[0]
    return " ".join(phrase) if times >= _LOOP else ""


def _folded(text: str) -> str:
    return _PUNCTUATION.sub(" ", text.casefold()).strip()
