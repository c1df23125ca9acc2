"""Checks that count and compare: how many turns, how long, how often the same."""

import re
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

from svit.judge.checks.base import Check, excerpt
from svit.records import Dialogue, Draft, Flaw

SHORTEST_QUESTION = 4
"""Characters. SVIT's published data has questions of fewer, all of them broken."""
_LOOP = 3
"""A text that says the same so often is stuck in a loop."""
_PHRASE = 10
"""Words. Shorter phrases may come back by chance: "in the lower left part of the image"."""

_PART, _STEP = 3, 8
"""Of so many words at every eighth place one part lies within any phrase, and is there as often as the phrase is."""
_LOOKED_THROUGH = 1000
"""Words of a text in which each part is looked for: the time that takes grows with the square."""

_BOX = re.compile(r"\s*+\[[^\[\]]*+\],?")
"""Its numbers are no words: a text may name the same giraffes three times."""


LONGEST_TEXT = 20_000
"""Characters of an answer that are judged. No task asks for half as many: what is longer is a loop or no answer, and
the judge, slow over some texts, holds up all other replies meanwhile."""
MOST_LINES = 500
"""Lines of an answer that are judged; the tasks ask for 60 or so."""
MOST_TURNS = 100
"""Pairs of an answer that are judged; the tasks ask for 15 at most."""
MOST_BOXES = 300
"""Boxes of an answer that are judged: each is compared with all annotations."""


def too_large(text: str) -> Iterator[Flaw]:
    """Yield too_large for an answer that is longer than any that was asked for, or has more lines or boxes."""
    for what, size, most in (
        ("characters", len(text), LONGEST_TEXT),
        ("lines", text.count("\n"), MOST_LINES),
        ("boxes", text.count("["), MOST_BOXES),
    ):
        if size > most:
            yield Flaw("too_large", f"an answer of {size:,} {what}, where at most {most:,} are read")
            return


def too_many(dialogues: tuple[Dialogue, ...]) -> Iterator[Flaw]:
    """Yield too_large for more pairs than any task asks for."""
    turns = sum(len(dialogue.turns) for dialogue in dialogues)
    if turns > MOST_TURNS:
        yield Flaw("too_large", f"an answer of {turns:,} pairs, where at most {MOST_TURNS:,} are read")


def exactly(count: int) -> Check:
    """Return the check that there are `count` dialogues: question-answer pairs, or one description."""

    def has_that_many(draft: Draft) -> Iterator[Flaw]:
        if len(draft.dialogues) != count:
            yield Flaw("wrong_count", f"{len(draft.dialogues)} instead of {count}")

    return has_that_many


def turns_each(turns: int) -> Check:
    """Return the check that each dialogue has so many turns."""

    def has_that_many(draft: Draft) -> Iterator[Flaw]:
        for number, dialogue in enumerate(draft.dialogues, 1):
            if len(dialogue.turns) != turns:
                yield Flaw("wrong_count", f"conversation {number}: {len(dialogue.turns)} turns instead of {turns}")

    return has_that_many


def has_no_empty_turn(draft: Draft) -> Iterator[Flaw]:
    """Yield empty_turn where a question or an answer says nothing."""
    for turn in draft.turns:
        if not turn.question:
            yield Flaw("empty_turn", f"no question before: {excerpt(turn.answer)}")
        if not turn.answer:
            yield Flaw("empty_turn", f"no answer after: {excerpt(turn.question)}")


def is_long_enough(draft: Draft) -> Iterator[Flaw]:
    """Yield too_short for a question of under four characters and for an answer without a letter or a digit."""
    for turn in draft.turns:
        if 0 < len(turn.question) < SHORTEST_QUESTION:
            yield Flaw("too_short", turn.question)
        answer = turn.answer
        if answer and not answer[0].isalnum() and not any(map(str.isalnum, answer)):
            yield Flaw("too_short", excerpt(turn.answer))


def is_at_most(words: int) -> Check:
    """Return the check that no answer has more than `words` words."""

    def is_no_longer(draft: Draft) -> Iterator[Flaw]:
        for turn in draft.turns:
            if len(turn.answer) > 2 * words and (count := len(turn.answer.split())) > words:
                yield Flaw("too_long", f"{count} words: {excerpt(turn.answer)}")

    return is_no_longer


def describes_at_length(min_words: int) -> Check:
    """Return the check that each answer has `min_words` words or more."""

    def is_no_shorter(draft: Draft) -> Iterator[Flaw]:
        for turn in draft.turns:
            if turn.answer and (count := len(turn.answer.split(maxsplit=min_words))) < min_words:
                yield Flaw("too_short", f"{count} words: {excerpt(turn.answer)}")

    return is_no_shorter


def repeats_no_text(draft: Draft) -> Iterator[Flaw]:
    """Yield repeated_text where an answer says a sentence or a phrase three times, or three answers are the same."""
    answers = [turn.answer for turn in draft.turns]
    for answer in answers:
        repeated = _repeated(answer)
        if repeated and ("[" not in answer or _repeated(_BOX.sub("", answer))):
            yield Flaw("repeated_text", excerpt(repeated))
    if _is_varied(answers):
        return
    for answer, times in Counter(answers).items():
        if times >= _LOOP and len(answer.split()) >= _PHRASE:
            yield Flaw("repeated_text", excerpt(answer))


def _is_varied(said: Sequence[Hashable]) -> bool:
    """Whether too much of it is different for any to be there three times."""
    return len(set(said)) > len(said) - _LOOP + 1


def _repeated(text: str) -> str:
    return _repeated_sentence(text) or _repeated_phrase(text)


def _repeated_sentence(text: str) -> str:
    if "\n" in text or "! " in text or "? " in text:
        text = text.replace("\n", ". ").replace("! ", ". ").replace("? ", ". ")
    if text.count(". ") < _LOOP - 1:
        return ""
    sentences = text.rstrip(".!? ").split(". ")
    if _is_varied(sentences):
        return ""
    said, times = Counter(sentences).most_common(1)[0]
    return said if times >= _LOOP and said.count(" ") >= 2 else ""


def _repeated_phrase(text: str) -> str:
    if text.count(" ") + text.count("\n") < _LOOP * _PHRASE - 1:
        return ""
    words = text.split()
    if len(words) < _LOOP * _PHRASE or (len(words) <= _LOOKED_THROUGH and not _has_part_of_phrase(words)):
        return ""
    phrases = list(zip(*(words[shift:] for shift in range(_PHRASE)), strict=False))
    if _is_varied(phrases):
        return ""
    phrase, times = Counter(phrases).most_common(1)[0]
    return " ".join(phrase) if times >= _LOOP else ""


def _has_part_of_phrase(words: list[str]) -> bool:
    """Whether a few words are there three times that would be if a phrase was: a look at an eighth of the text."""
    text = " ".join(words)
    parts = [" ".join(words[at : at + _PART]) for at in range(0, len(words) - _PART + 1, _STEP)]
    return max(map(text.count, parts)) >= _LOOP
