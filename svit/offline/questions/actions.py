"""Kinds of questions about what things have to do with each other: who does what, wears what, and what is on what."""

from collections.abc import Iterator
from random import Random

from svit.english.grammar import Number, joined
from svit.english.lexicon import word_set
from svit.offline.fact_phrases import EVERYBODY_HAS, by_subject, by_target, facts, other, said, subject, told
from svit.offline.naming import cap
from svit.offline.sampling import Kind, Pair
from svit.offline.scene import Scene, SceneFact, a

_MOTION = word_set("""riding walking running standing sitting lying leaning kneeling swimming surfing skiing
        skateboarding climbing
    crossing eating drinking reading using playing throwing catching kicking hitting swinging pushing pulling petting
    feeding watching looking grazing sleeping waiting working cutting flying facing""")


def _keys(fact: SceneFact) -> tuple[int, ...]:
    return (fact.subject.key, fact.target.key)


def doing(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what somebody does."""
    for fact in facts(scene, rng, *sorted(_MOTION)):
        the = scene.the(fact.subject)
        if the and fact.subject.kind in ("person", "animal"):
            does = said(scene, fact)
            yield Pair(
                _keys(fact),
                (f"What {fact.subject.is_} {the} doing?", f"What activity {fact.subject.is_} {the} engaged in?"),
                (f"{cap(the)} {does}.", f"As far as one can see, {the} {does}."),
                told(fact),
            )


def who(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask who does something."""
    for fact in facts(scene, rng, *sorted(_MOTION), "holding", "carrying"):
        if fact.subject.kind == "person" and _alone(scene, fact):
            does = said(scene, fact)
            yield Pair(
                _keys(fact),
                (f"Who is {does.partition(' ')[2]}?",),
                (f"{cap(subject(scene, fact.subject))}.", f"It is {subject(scene, fact.subject)}."),
                told(fact),
            )


def _alone(scene: Scene, fact: SceneFact) -> bool:
    return not any(
        f is not fact and f.link.verb == fact.link.verb and f.target.noun.same == fact.target.noun.same
        for f in scene.facts
    )


def anybody(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask whether anybody does or wears something."""
    for fact in facts(scene, rng, *sorted(_MOTION), "holding", "carrying", "wearing"):
        if fact.subject.kind == "person":
            what = f"{fact.link.text} {other(scene, fact.target)}"
            who_is = subject(scene, fact.subject)
            yield Pair(
                _keys(fact),
                (f"Is anybody {what}?", f"Can one see somebody {what}?"),
                (f"Yes, {who_is} {fact.subject.is_}.", f"Yes, {who_is} {fact.subject.is_} {what}."),
                told(fact),
            )


def wearing(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what somebody wears."""
    for person, worn in by_subject(scene, rng, "wearing"):
        the = scene.the(person)
        if the:
            things = joined([other(scene, thing) for thing in worn[:3]])
            yield Pair(
                (person.key, *(thing.key for thing in worn[:3])),
                (f"What {person.is_} {the} wearing?", f"How {person.is_} {the} dressed?"),
                (f"{cap(the)} {person.is_} wearing {things}.", f"I can see {the} in {things}."),
                f"{person.key} wearing {worn[0].key}",
            )


def holding(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what somebody holds."""
    for person, held in by_subject(scene, rng, "holding", "carrying"):
        the = scene.the(person)
        if the:
            things = joined([other(scene, thing) for thing in held[:2]])
            yield Pair(
                (person.key, *(thing.key for thing in held[:2])),
                (
                    f"What {person.does} {the} hold or carry?",
                    f"What {person.has} {the} brought along, as far as one sees?",
                ),
                (f"{cap(the)} {person.has} {things}.", f"One can see {the} with {things}."),
                f"{person.key} holding {held[0].key}",
            )


def clothes_color(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for the color of what somebody wears."""
    for fact in facts(scene, rng, "wearing"):
        the, shade = scene.the(fact.subject), fact.target.color
        if the and shade and _only_one_worn(scene, fact):
            name, are = fact.target.name, fact.target.is_
            yield Pair(
                _keys(fact),
                (
                    f"What color {are} the {name} that {the} {fact.subject.is_} wearing?",
                    f"Which color did {the} choose for the {name}?",
                ),
                (f"The {name} {are} {shade}.", f"{cap(shade)}."),
            )


def _only_one_worn(scene: Scene, fact: SceneFact) -> bool:
    same = fact.target.noun.same
    return (
        sum(f.subject is fact.subject and f.target.noun.same == same and f.link == fact.link for f in scene.facts) == 1
    )


def placed_on(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask where a thing has been put."""
    for fact in facts(scene, rng, *_RESTING):
        the = scene.the(fact.subject)
        if the and fact.subject.kind not in ("person", "animal"):
            does = said(scene, fact)
            yield Pair(
                _keys(fact),
                (f"Where exactly {fact.subject.is_} {the}?", f"What can you say about the place of {the}?"),
                (f"{cap(the)} {does}.", f"As one can see, {the} {does}."),
                told(fact),
            )


_RESTING = (
    "on",
    "on top of",
    "in",
    "inside",
    "under",
    "below",
    "above",
    "hanging",
    "mounted",
    "attached",
    "stacked",
    "against",
    "parked",
    "leaning",
    "docked",
    "next to",
    "near",
    "behind",
    "in front of",
)


def what_is_on(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what is on something."""
    for target, things in by_target(scene, rng, "on", "on top of"):
        that = scene.the(target) or (other(scene, target) if target.kind == "ground" else None)
        if that and things[0].kind not in ("person", "animal"):
            seen = joined([a(thing) for thing in things[:3]])
            be = "are" if len(things) > 1 or things[0].noun.number is Number.MANY else "is"
            yield Pair(
                (target.key, *(thing.key for thing in things[:3])),
                (f"What is there on {that}?", f"Name something that can be seen on {that}."),
                (f"{cap(seen)} {be} on {that}.", f"On {that} one can see {seen}."),
            )


def beside(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what is next to, behind or in front of something."""
    for fact in facts(scene, rng, "next to", "near", "behind", "in front of", "under", "above", "inside"):
        that = scene.the(fact.target)
        if that and fact.subject.noun.same != fact.target.noun.same:
            seen, text = subject(scene, fact.subject), fact.link.text
            yield Pair(
                (fact.target.key, fact.subject.key),
                (f"What is {text} {that}?", f"Which thing or person can be seen {text} {that}?"),
                (f"{cap(seen)} {fact.subject.is_} {text} {that}.", f"One can see {seen} {text} {that}."),
                told(fact),
            )


def owns(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what somebody or something has."""
    for owner, parts in by_subject(scene, rng, "with"):
        the = scene.the(owner)
        parts = [thing for thing in parts if thing.looks or thing.noun.singular not in EVERYBODY_HAS]
        if the and parts:
            seen = joined([a(thing) for thing in parts[:2]])
            yield Pair(
                (owner.key,),
                (f"Which details of {the} can be made out?", f"What belongs to {the}, as far as one can see?"),
                (f"{cap(the)} {owner.has} {seen}.", f"One can make out {seen}."),
            )


def told_more(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for anything about a person or an animal."""
    for fact in facts(scene, rng):
        the = scene.the(fact.subject)
        if (
            the
            and fact.subject.kind in ("person", "animal")
            and fact.link.verb != "wearing"
            and fact.link.text != "with"
        ):
            yield Pair(
                _keys(fact),
                (f"What else can be said about {the}?", f"Tell me something about {the}."),
                (f"{cap(the)} {said(scene, fact)}.", f"I can see that {the} {said(scene, fact)}."),
                told(fact),
            )


NAMELESS_ACTS: tuple[Kind, ...] = (who, anybody)
APPEARING: tuple[Kind, ...] = (clothes_color, told_more, owns)
"""What somebody or something looks like and has."""
ACTING: tuple[Kind, ...] = (doing, who, anybody, wearing, holding, *APPEARING)
ARRANGING: tuple[Kind, ...] = (placed_on, what_is_on, beside)
