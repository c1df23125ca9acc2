"""Checks of what is asked beside what is answered: nothing twice, nothing given away, not always the same answer."""

import re
import string
from collections import defaultdict
from collections.abc import Iterator

from rapidfuzz.distance import Indel

from svit.english.lexicon import word_set
from svit.judge.checks.base import excerpt
from svit.records import Draft, Flaw

_LONG = 5
"""Letters. Shorter words that differ by one are other words: "car" and "cart"."""
_COMPARED = 60
"""Questions of one shape that a question is compared with: no prompt asks for so many, but a hostile text has more."""
_MANY = 6
"""Yes or no answers of an image: fewer may all be the same by chance."""
_FEW = 8
"""Of so many, one may be different and it is still nearly always the same answer."""

_FIRST_WORDS = 16

_PUNCTUATION = re.compile(r"[^\w\n']+|_+")
_MARKS = bytes(32 if chr(byte) in f"{string.punctuation}\t" else byte for byte in range(128)) + bytes(range(128, 256))
_REQUESTS = tuple(
    f"{polite} you {please}{verb}{me} "
    for polite in ("can", "could")
    for please in ("please ", "")
    for verb in ("tell", "say", "describe", "explain")
    for me in (" me", "")
)
_THIS_IMAGE = re.compile(r" this (?=(?:image|picture|photo|photograph|scene)\b)")
_WITHIN = word_set("in on of from")
_IMAGES = word_set("image picture photo photograph scene")
_FILLER = word_set("the a an is are was were be being do does did has have of there please")
"""Words that a question keeps its meaning without."""
_COARSE = (
    _FILLER
    | _WITHIN
    | _IMAGES
    | {f"{image}s" for image in _IMAGES}
    | word_set("this can could you me tell tells say says describe describes explain explains")
)
_ASKING = re.compile(r"(?:[a-z ]+, )?(?:what|who|whom|whose|where|why|when|how|which)\b")
_CHOICE = re.compile(
    r" (?:or|and)\b|:|\bwhich (?:half|side|end|one|of)\b|\b(?:which|whom?|whose)\b.* (?:between|among)\b"
)
_SAYS_NOTHING = word_set(
    """the a an is are was were be being been do does did has have had of it its it's he she they them him her his
    their this that these those there here to in on at so and one image picture photo photograph scene shown seen
    visible indeed can will would i you we"""
)
_YES_OR_NO = re.compile(r"\W*(yes|no)\b", re.IGNORECASE)


def asks_nothing_twice(draft: Draft) -> Iterator[Flaw]:
    """Yield duplicate_question where a question comes back in the same image in the same or nearly the same words.

    Case, punctuation, articles, "in the image" and a letter more or less in a long word make no other question; another
    thing, side, number or box does.
    """
    questions = [turn.question for turn in draft.turns]
    if _surely_differ(questions):
        return
    bare = _bare(questions)
    shapes = [" ".join([word[0] for word in words]) for words in bare]
    if len(set(shapes)) == len(shapes):
        return
    seen: dict[str, list[list[str]]] = defaultdict(list)
    for turn, shape, words in zip(draft.turns, shapes, bare, strict=True):
        if any(all(map(_is_one_word, words, others)) for others in seen[shape][-_COMPARED:]):
            yield Flaw("duplicate_question", excerpt(turn.question))
        elif words:
            seen[shape].append(words)


def answers_say_more_than_questions(draft: Draft) -> Iterator[Flaw]:
    """Yield question_gives_answer for an answer all of whose words are the question's own: "the red car" is "red".

    Only what asks with a "what" or a "why" can give its answer away; a choice names the answer among others.
    """
    for turn in draft.turns:
        last, question = turn.answer.rstrip(" .!?").rpartition(" ")[2].lower(), turn.question.lower()
        if last not in question and last not in _SAYS_NOTHING:
            continue
        if not _ASKING.match(question) or _says_more(answer := turn.answer.lower(), question):
            continue
        if not _CHOICE.search(question) and _is_within(answer, question):
            yield Flaw("question_gives_answer", excerpt(both := f"{turn.question} {turn.answer}", 0, len(both)))


def answers_are_balanced(draft: Draft) -> Iterator[Flaw]:
    """Yield yes_no_bias, a warning, where six or more questions of an image are nearly all answered yes, or no."""
    firsts = [match[1].lower() for turn in draft.turns if (match := _YES_OR_NO.match(turn.answer))]
    if len(firsts) < _MANY:
        return
    rarer = min(firsts.count("yes"), firsts.count("no"))
    if rarer <= (len(firsts) >= _FEW):
        more = max(("yes", "no"), key=firsts.count)
        yield Flaw("yes_no_bias", f"{len(firsts) - rarer} of {len(firsts)} answers are {more}", "warn")


def _says_more(answer: str, question: str) -> bool:
    """Whether one of the first words surely is the answer's own: a cheap look, as nearly all answers have one."""
    for word in answer.split(maxsplit=_FIRST_WORDS)[:_FIRST_WORDS]:
        if word not in question and word.isalpha() and word not in _SAYS_NOTHING:
            return True
    return False


def _is_within(answer: str, question: str) -> bool:
    """Whether the answer has words of its own to say, and all of them are the question's."""
    said = set(_PUNCTUATION.split(answer)) - _SAYS_NOTHING - {""}
    return bool(said) and said <= set(_PUNCTUATION.split(question))


def _surely_differ(questions: list[str]) -> bool:
    """Whether no two questions are of one shape, by a coarser and cheaper look than `_bare`."""
    words = _spaced(questions).replace("\n", " \n ").split(" ")
    shapes = "".join([word[0] for word in words if word and word not in _COARSE]).split("\n")
    return len(set(shapes)) == len(shapes)


def _spaced(questions: list[str]) -> str:
    """Return the questions in small letters, a line each, without punctuation, and "which" as "what"."""
    text = "\n".join([question.replace("\n", " ") for question in questions]).casefold()
    text = text if text.isascii() else _PUNCTUATION.sub(" ", text.replace("’", ""))
    text = text.encode(errors="replace").translate(_MARKS, b"'").decode()
    return text.replace("which ", "what ")


def _bare(questions: list[str]) -> list[list[str]]:
    """Return the words of each question that tell it from others; all its words where none does."""
    text = _spaced(questions)
    if " this " in text:
        text = _THIS_IMAGE.sub(" ", text)
    if "can you " in text or "could you " in text:
        for request in _REQUESTS:
            text = text.replace(request, "")
    lines = [line.split() for line in text.split("\n")]
    return [_telling([word for word in words if word not in _FILLER]) or words for words in lines]


def _telling(words: list[str]) -> list[str]:
    """Return the words without "in (the) image"."""
    if _IMAGES.isdisjoint(words):
        return words
    return [
        word
        for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False)
        if not (word in _IMAGES and before in _WITHIN) and not (word in _WITHIN and after in _IMAGES)
    ]


def _is_one_word(one: str, other: str) -> bool:
    if one == other:
        return True
    if not (one.isalpha() and other.isalpha()):
        return False
    if f"{one}s" == other or f"{other}s" == one:
        return True
    return min(len(one), len(other)) >= _LONG and Indel.distance(one, other, score_cutoff=1) <= 1
