"""Everyday situations, and which things of a scene would help: the part of reasoning that is common sense.

They are read once from `situations.toml` beside this module, which says what the parts of one are for.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

import msgspec

from svit.english.grammar import joined, number_word, sentence
from svit.offline.sampling import Kind, Pair
from svit.offline.scene import Scene, Thing, a, several_of, where

_HOLE = re.compile(r"\{(\w+)\}")
_PRONOUNS = {
    "it": ("it", "them"),
    "it_works": ("it works", "they work"),
    "it_holds": ("it holds firm", "they hold firm"),
    "it_is": ("it is", "they are"),
}
"""What fills these holes for one thing, and for several."""
_HOLES = frozenset({"the", "The", "any", "Any", *_PRONOUNS})


class Situation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Questions for reasoning, questions for conversation, the nouns that answer them, and the reasons."""

    questions: tuple[str, ...]
    brief: tuple[str, ...]
    nouns: str
    because: str
    so: tuple[str, ...]

    def __post_init__(self) -> None:
        """Raise ValueError where a question or a conclusion is missing, or a hole that nothing fills."""
        if not (self.questions and self.brief and self.so):
            raise ValueError(f"a situation needs questions, brief ones and conclusions: {self}")
        unknown = {hole for text in self.so for hole in _HOLE.findall(text)} - _HOLES
        if unknown:
            raise ValueError(f"nothing fills {{{min(unknown)}}} in the conclusions after '{self.because}'")


def decoded_situations(toml: str) -> tuple[Situation, ...]:
    """Return the situations of a TOML text; ValueError says which one is wrong."""
    return msgspec.toml.decode(toml, type=dict[Literal["situations"], tuple[Situation, ...]])["situations"]


SITUATIONS = decoded_situations(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def reasoned(situation: Situation) -> Kind:
    """Return the kind of question that asks about the situation and answers in steps."""

    def kind(scene: Scene, _: Random) -> Iterator[Pair]:
        found = _answers(scene, situation)
        if found:
            because, there = situation.because, _there(found)
            so = tuple(_filled(text, found) for text in situation.so)
            replies = tuple(
                f"{first} {second} {last}"
                for last in so
                for first, second in ((there, because), (because, f"In this scene t{there[1:]}"))
            )
            yield Pair(tuple(answer.key for answer in found), situation.questions, replies)

    kind.__name__ = situation.brief[0]
    return kind


def planned(situation: Situation) -> Kind:
    """Return the kind of question that asks about the situation and answers shortly."""

    def kind(scene: Scene, rng: Random) -> Iterator[Pair]:
        found = _answers(scene, situation)
        if found:
            names = sentence(joined([answer.first for answer in found[:2]]))
            short = f"{names} {situation.because}"
            plain = (
                _filled(rng.choice(situation.so), found[:2])
                .removeprefix("So ")
                .removeprefix("Therefore ")
                .removeprefix("For that reason ")
            )
            yield Pair(
                tuple(answer.key for answer in found[:2]), situation.brief, (short, f"{names} {sentence(plain)}")
            )

    kind.__name__ = situation.brief[0]
    return kind


class _NamedThing(NamedTuple):
    """A thing, or all things of its name where their number is certain, first and later spoken of."""

    key: int
    first: str
    the: str
    several: bool


def _answers(scene: Scene, situation: Situation) -> list[_NamedThing]:
    found = scene.find(noun.replace("_", " ") for noun in situation.nouns.split())
    if any(thing.kind == "body" for thing in found) and any(thing.kind == "person" for thing in scene.things):
        return []
    return [_answer(scene, thing) for thing in found[:3]]


def _answer(scene: Scene, thing: Thing) -> _NamedThing:
    count = scene.count(thing.noun.same)
    if count and count > 1:
        name = several_of(scene.groups[thing.noun.same])
        return _NamedThing(thing.key, f"{number_word(count)} {name}", f"the {name}", several=True)
    place = where(thing.box) if thing.placed else ""
    first = f"{a(thing)} {place}" if place else a(thing)
    return _NamedThing(thing.key, first, f"the {thing.name}", thing.several)


def _there(found: Sequence[_NamedThing]) -> str:
    are = found[0].several and not found[0].first.startswith("a pair")
    return f"There {'are' if are else 'is'} {joined([answer.first for answer in found])}."


def _filled(text: str, found: Sequence[_NamedThing]) -> str:
    names = [answer.the for answer in found]
    the, either = joined(names), joined(names, "or")
    several = len(found) > 1 or found[0].several
    words = {hole: forms[several] for hole, forms in _PRONOUNS.items()}
    words |= {"the": the, "The": the[:1].upper() + the[1:], "any": either, "Any": either[:1].upper() + either[1:]}
    return _HOLE.sub(lambda hole: words[hole[1]], text)
