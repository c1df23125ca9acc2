"""Kinds of questions whose answers join what is there with common sense."""

from collections.abc import Iterator
from random import Random

from svit.english.grammar import article, generic, plural, written
from svit.english.lexicon import ANIMALS, HOLDS, MADE_OF, TIPS, USES
from svit.offline.naming import cap, so
from svit.offline.questions.common_knowledge import advised, known, such, to, weighed
from svit.offline.sampling import Kind, Pair
from svit.offline.scene import Scene, a, where


def loss(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what would be missed."""
    for thing, word, use in known(scene, rng, USES):
        the = scene.the(thing)
        if the and thing.kind not in _NOT_PUT_THERE:
            name, are = such(word)
            yield Pair(
                (thing.key,),
                (
                    f"What would become harder in this place if {the} were missing?",
                    f"Why did somebody probably want to have {the} here?",
                ),
                (
                    f"{cap(name)} {are} used to {use}. {so(rng)} it would be harder to {use} here without {thing.it}.",
                    f"Consider what {name} {are} for: to {use}. That is probably why {the} {thing.is_} part "
                    "of this scene.",
                ),
                f"use {word}",
            )


_NOT_PUT_THERE = frozenset({"body", "part", "plant", "animal", "land", "water", "opening", "building"})


def careful(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for advice that the scene calls for."""
    for thing, _, tip in known(scene, rng, TIPS):
        text = advised(tip, thing)
        advice, _, reason = text.partition(", because ")
        place = where(thing.box) if thing.placed else ""
        at = f"{a(thing)}{' ' if place else ''}{place}"
        yield Pair(
            (thing.key,),
            (
                "Looking at this scene, what is one piece of practical advice for the people who are here?",
                "What might a careful person remind the others of in this place?",
            ),
            (
                f"There {thing.be} {at}. {cap(reason)}. {so(rng)} it is wise {to(advice)}.".replace(
                    "It follows that it is", "Hence it is"
                ),
                f"With {a(thing)} in view, a careful person would say: {advice}, because {reason}.",
            ),
            f"tip {thing.noun.same}",
        )


def two_reminders(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for advice about one particular thing."""
    for thing, _, tip in known(scene, rng, TIPS):
        the = scene.the(thing)
        if the:
            advice, _, reason = advised(tip, thing).partition(", because ")
            yield Pair(
                (thing.key,),
                (
                    f"Which mistake should be avoided with {the}?",
                    f"How should people handle or treat {the}, and for what reason?",
                ),
                (
                    f"The point to remember is this: {reason}. {so(rng)} people should {advice}.",
                    f"People should {advice}. The reason is simple: {reason}.",
                ),
                f"tip {thing.noun.same}",
            )


def heaviest(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which of two is heavier, in steps."""
    for (one, the, rank), (two, that, _) in weighed(scene, rng):
        if rank < _HARD_TO_LIFT:
            continue
        names = rng.sample((the, that), 2)
        yield Pair(
            (one.key, two.key),
            (
                f"A helper can carry only one of two things, {names[0]} or {names[1]}. Which one should it be?",
                f"If both {names[0]} and {names[1]} had to be moved, for which would one call for help first?",
            ),
            (
                f"{cap(generic(one.noun.singular)[0])} usually weigh far more than {generic(two.noun.singular)[0]}. "
                f"{so(rng)} {that} can be managed alone, while {the} would call for help or a machine.",
                f"Compare the usual weights: {article(one.noun.text)} is much heavier than "
                f"{article(two.noun.text)}. So {that} is "
                f"the easy part, and help is needed for {the}.",
            ),
        )


_HARD_TO_LIFT = 20


def inside_it(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what is probably in a container."""
    for thing, word, held in known(scene, rng, HOLDS):
        the = scene.the(thing)
        if the and thing.state != "empty":
            name, _ = such(word)
            yield Pair(
                (thing.key,),
                (
                    f"What might be found by somebody who looks into {the}?",
                    f"What {thing.is_} {the} probably there to hold?",
                ),
                (
                    f"As a rule, {name} hold {held}. Nothing speaks against it here, so {held} would be a fair guess.",
                    f"One can't see everything, but {name} usually hold {held}. {so(rng)} that is what one may expect.",
                ),
            )


def made(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what a thing is made of, and whether it would burn or break."""
    for thing, word, stuff in known(scene, rng, MADE_OF):
        the = scene.the(thing)
        if the and thing.single:
            name, are = such(word)
            material = thing.material or ""
            start = f"{cap(the)} is made of {material}" if material else f"{cap(name)} {are} usually made of {stuff}"
            group = next((text for key, text in _MATTER.items() if key in (material or stuff).split(" or ")[0]), "")
            if group:
                yield Pair(
                    (thing.key,),
                    (
                        f"How would {the} stand up to rain, fire or a fall?",
                        f"Which kind of damage would {the} suffer most easily?",
                    ),
                    (
                        f"{start}. {group[0].upper()}{group[1:]}. So this is what one should protect it from.",
                        f"It depends on the material: {start[0].lower()}{start[1:]}. Since {group}, that is the "
                        "main danger.",
                    ),
                )


_MATTER = {
    "glass": "glass cracks when it falls or gets hit",
    "ceramic": "ceramic shatters when it falls",
    "porcelain": "porcelain chips and cracks when something hard hits it",
    "wood": "wood burns and swells when it stays wet",
    "paper": "paper burns easily and softens in water",
    "fabric": "fabric tears, stains and burns",
    "cotton": "cotton stains easily and burns",
    "plastic": "plastic melts or warps when it gets hot",
    "steel": "steel stands a fall but rusts where water gets at it",
    "metal": "metal gets dented by hard blows, and much of it rusts",
    "leather": "leather dries out and cracks without care",
    "brick": "brick is hard but its joints suffer from frost",
    "cardboard": "cardboard goes soft in the rain",
}


def creature(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what an animal in the scene needs."""
    for thing, _, need in known(scene, rng, ANIMALS):
        the = scene.the(thing) or f"the {plural(written(thing.noun.singular))}"
        where_ = where(thing.box) if thing.placed else ""
        yield Pair(
            (thing.key,),
            (
                "Somebody is responsible for the living creature in this scene. What do they have to think of?",
                f"What does {the} depend on from day to day?"
                if the.endswith(thing.name) and not thing.several
                else f"What do {the} depend on from day to day?",
            ),
            (
                f"There is {a(thing)}{' ' if where_ else ''}{where_}. As a rule, {need}. {so(rng)} these needs "
                "have to be met here too.",
                f"In general, {need}. The same will hold for the one in this scene, so that is what matters.",
            ),
        )


SENSE: tuple[Kind, ...] = (loss, careful, two_reminders, heaviest, inside_it, made, creature)
