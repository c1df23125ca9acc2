"""Kinds of referring questions about what things do and have to do with each other."""

from collections.abc import Iterator
from random import Random

from svit.offline.box_mentions import POINTED, an, the
from svit.offline.naming import cap
from svit.offline.sampling import Kind, Pair
from svit.offline.scene import Scene, SceneFact


def _facts(scene: Scene, rng: Random) -> list[SceneFact]:
    able = {thing.key for thing in scene.placed if thing.noun.number in POINTED}
    found = [f for f in scene.facts if {f.subject.key, f.target.key} <= able and f.subject.box != f.target.box]
    rng.shuffle(found)
    return found


def _clause(fact: SceneFact) -> str:
    text = fact.link.clause(several=False)
    is_new = text == "has" or fact.link.verb in ("wearing", "holding", "carrying")
    return f"{text} {an(fact.target) if is_new else the(fact.target)}"


def what_it_does(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what a person or an animal does."""
    for fact in _facts(scene, rng):
        if fact.subject.kind in ("person", "animal") and fact.link.verb and fact.link.verb != "wearing":
            yield Pair(
                (fact.subject.key, fact.target.key),
                (f"What is {the(fact.subject)} doing?", f"What can be said about the activity of {the(fact.subject)}?"),
                (
                    f"{cap(the(fact.subject))} {_clause(fact)}.",
                    f"One can see that {the(fact.subject)} {_clause(fact)}.",
                ),
            )


def what_is_worn(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what somebody wears."""
    for fact in _facts(scene, rng):
        if fact.link.verb == "wearing":
            look = f", which is {fact.target.color}" if fact.target.color else ""
            yield Pair(
                (fact.subject.key, fact.target.key),
                (
                    f"What is {the(fact.subject)} wearing?",
                    f"Describe a piece of clothing or gear of {the(fact.subject)}.",
                ),
                (f"{cap(the(fact.subject))} {_clause(fact)}{look}.", f"One can see {an(fact.target)}{look}."),
            )


def who_it_is(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask who has to do with a thing."""
    for fact in _facts(scene, rng):
        if fact.subject.kind == "person" and fact.link.text != "with":
            yield Pair(
                (fact.target.key, fact.subject.key),
                (
                    f"Who is {fact.link.text} {the(fact.target)}?",
                    f"Whom does one see {fact.link.text} {the(fact.target)}?",
                ),
                (
                    f"{cap(the(fact.subject))} is.",
                    f"One can see {the(fact.subject)}, who is {fact.link.text} {the(fact.target)}.",
                ),
            )


def how_they_relate(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what two things have to do with each other."""
    for fact in _facts(scene, rng):
        if fact.link.text != "with":
            names = rng.sample((the(fact.subject), the(fact.target)), 2)
            yield Pair(
                (fact.subject.key, fact.target.key),
                (
                    f"What do {names[0]} and {names[1]} have to do with each other?",
                    f"How are {names[0]} and {names[1]} related in this scene?",
                ),
                (f"{cap(the(fact.subject))} {_clause(fact)}.", f"As one can see, {the(fact.subject)} {_clause(fact)}."),
            )


def resting_on(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what is on, in, under or next to a thing."""
    for fact in _facts(scene, rng):
        if not fact.link.verb and fact.link.text not in ("with", "against", "at"):
            text = fact.link.text
            yield Pair(
                (fact.target.key, fact.subject.key),
                (f"What can be seen {text} {the(fact.target)}?", f"Name something {text} {the(fact.target)}."),
                (f"There is {an(fact.subject)} {text} {the(fact.target)}.", f"{cap(an(fact.subject))} is {text} it."),
            )


def details(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what belongs to a thing."""
    for fact in _facts(scene, rng):
        if fact.link.text == "with":
            yield Pair(
                (fact.subject.key, fact.target.key),
                (f"To whom or what does {the(fact.target)} belong?", f"What is {the(fact.target)} a part of?")
                if fact.target.kind in ("part", "opening", "body")
                else (f"To whom or what does {the(fact.target)} belong?",),
                (f"It belongs to {the(fact.subject)}.", f"{cap(the(fact.target))} belongs to {the(fact.subject)}."),
            )


RELATIONSHIPS: tuple[Kind, ...] = (
    what_it_does,
    what_is_worn,
    who_it_is,
    how_they_relate,
    resting_on,
    details,
)
