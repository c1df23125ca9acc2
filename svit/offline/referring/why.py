"""Kinds of referring questions that call for common sense."""

from collections.abc import Iterator
from random import Random

from svit.english.grammar import generic, joined, sentence
from svit.english.lexicon import ANIMALS, HOLDS, KIND_NAMES, TIPS, USES, WEIGHT
from svit.offline.box_mentions import POINTED, an, pairs_pointed, pointed, the
from svit.offline.naming import cap
from svit.offline.questions.common_knowledge import advised, such, to
from svit.offline.questions.situations import SITUATIONS, Situation
from svit.offline.sampling import Kind, Pair
from svit.offline.scene import Scene, Thing

# Common sense, with the thing that it is about


def _known(scene: Scene, rng: Random, table: dict[str, str]) -> Iterator[tuple[Thing, str, str]]:
    for thing in pointed(scene, rng):
        word = thing.noun.singular if thing.noun.singular in table else thing.noun.same
        if word in table:
            yield thing, word, table[word]


def used_for(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what a thing is for."""
    for thing, word, use in _known(scene, rng, USES):
        name, are = such(word)
        yield Pair(
            (thing.key,),
            (f"What is {the(thing)} good for?", f"For what purpose might people need {the(thing)}?"),
            (
                f"{cap(name)} {are} used to {use}, and {the(thing)} can serve that purpose.",
                f"People would need {the(thing)} to {use}.",
            ),
            f"use {word}",
        )


def serves_to(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which thing serves a purpose, step by step."""
    for thing, word, use in _known(scene, rng, USES):
        name, are = such(word)
        yield Pair(
            (thing.key,),
            (f"Which thing in the picture helps people to {use}?", f"Point to something that is there to {use}."),
            (
                f"{cap(name)} {are} made to {use}. In this picture one can see {an(thing)}, so that is what helps.",
                f"That is {the(thing)}, because {name} {are} there to {use}.",
            ),
            f"use {word}",
        )


def handled(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for advice about a thing."""
    for thing, _, tip in _known(scene, rng, TIPS):
        text = advised(tip, thing)
        advice, _, reason = text.partition(", because ")
        yield Pair(
            (thing.key,),
            (f"What should one keep in mind with {the(thing)}?", f"What advice would you give about {the(thing)}?"),
            (
                f"As for {the(thing)}, it is best {to(advice)}, because {reason}.",
                f"Remember that {reason}. So with {the(thing)}, it is wise {to(advice)}.",
            ),
        )


def holds(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what is probably in a thing."""
    for thing, word, held in _known(scene, rng, HOLDS):
        name, _ = such(word)
        yield Pair(
            (thing.key,),
            (f"What would one expect to find in {the(thing)}?", f"What {thing.is_} {the(thing)} there to hold?"),
            (
                f"Usually {name} hold {held}, so one would expect that of {the(thing)} too.",
                f"{cap(the(thing))} {thing.is_} there to hold {held}.",
            ),
        )


def needs(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what an animal needs."""
    for thing, _, need in _known(scene, rng, ANIMALS):
        yield Pair(
            (thing.key,),
            (
                f"What does an animal like {the(thing)} need, or how does it live?",
                f"What should a keeper of {the(thing)} know?",
            ),
            (
                f"In general, {need}. The same goes for {the(thing)}.",
                f"{sentence(need)} That holds for {the(thing)} too.",
            ),
        )


def weight(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which of two is heavier, step by step."""
    for one, other in pairs_pointed(scene, rng):
        ranks = [WEIGHT.get(thing.noun.same, -1) for thing in (one, other)]
        heavy, light = (one, other) if ranks[0] > ranks[1] else (other, one)
        if min(ranks) >= 0 and max(ranks) >= 2 * min(ranks) + 6:
            yield Pair(
                (heavy.key, light.key),
                (
                    f"Which would be easier to lift, {the(one)} or {the(other)}?",
                    f"One person alone has to move either {the(one)} or {the(other)}. Which should it be?",
                ),
                (
                    f"As a rule, {generic(heavy.noun.singular)[0]} are far heavier than "
                    f"{generic(light.noun.singular)[0]}. So "
                    f"{the(light)} would be easier than {the(heavy)}.",
                    f"It should be {the(light)}, because {the(heavy)} is most likely far heavier.",
                ),
            )


def of_one_kind(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what two things have in common as to their kind."""
    for one, other in pairs_pointed(scene, rng):
        if one.kind == other.kind and one.kind in KIND_NAMES and one.kind not in ("ground", "water", "land"):
            yield Pair(
                (one.key, other.key),
                (
                    f"To which common group of things do {the(one)} and {the(other)} belong?",
                    f"Could one word cover both {the(one)} and {the(other)}?",
                ),
                (
                    f"Both {the(one)} and {the(other)} are {KIND_NAMES[one.kind]}.",
                    f"One could speak of {KIND_NAMES[one.kind]}: {the(one)} is one example, {the(other)} is another.",
                ),
            )


def points_to_place(scene: Scene, _: Random) -> Iterator[Pair]:
    """Ask what kind of place the things point to, step by step."""
    found = scene.place()
    if found:
        place, signs = found
        shown = [thing for thing in signs if thing.placed and thing.noun.number in POINTED][:3]
        if len(shown) == 3:
            names = joined([the(thing) for thing in shown])
            yield Pair(
                tuple(thing.key for thing in shown),
                (
                    f"What kind of place do {names} point to?",
                    f"Seeing {names}, where would you say the picture was taken?",
                ),
                (
                    f"{cap(names)} are often found together. So this is most likely {place.name}.",
                    f"Things like these belong together in {place.name}, so that is the most likely answer.",
                ),
            )


def _situation(situation: Situation) -> Kind:
    def kind(scene: Scene, rng: Random) -> Iterator[Pair]:
        found = [thing for thing in scene.find(noun.replace("_", " ") for noun in situation.nouns.split())
                 if thing.placed and thing.noun.number in POINTED]  # fmt: skip
        if found:
            thing = rng.choice(found[:3])
            yield Pair(
                (thing.key,),
                (situation.brief[0], f"{situation.brief[0]} Point to an example."),
                (
                    f"{situation.because} In the picture there is {an(thing)}, so that would be one answer.",
                    f"That would be {the(thing)}. {situation.because}",
                ),
            )

    kind.__name__ = situation.brief[0]
    return kind


_SITUATED = tuple(_situation(situation) for situation in SITUATIONS if "which" not in situation.brief[0].lower()[:5])
WHY: tuple[Kind, ...] = (used_for, serves_to, handled, holds, needs, weight, of_one_kind, points_to_place)
SITUATED: tuple[Kind, ...] = _SITUATED
