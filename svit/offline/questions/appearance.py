"""Kinds of questions about what things look like: colors, materials and conditions."""

from collections.abc import Iterator
from itertools import combinations
from random import Random

from svit.english.grammar import article, joined
from svit.english.lexicon import word_set
from svit.offline.naming import cap, distinct, named, state_words
from svit.offline.sampling import Kind, Pair
from svit.offline.scene import Scene, Thing


def color(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for a color."""
    for thing, the in named(scene, rng):
        if thing.color and thing.color not in the.split():
            yield Pair(
                (thing.key,),
                (f"What color {thing.is_} {the}?", f"Which color {thing.does} {the} have?"),
                (f"{cap(the)} {thing.is_} {thing.color}.", f"{cap(thing.color)}."),
                f"color {thing.key}",
            )


def is_color(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask whether a thing has a color, truly or not."""
    colored = [(thing, the) for thing, the in named(scene, rng) if thing.color and thing.color not in the.split()]
    for position, (thing, the) in enumerate(colored):
        other = colored[position - 1][0].color
        asked = other if other and not _close(other, thing.color) and position % 2 else thing.color
        reply = f"Yes, {the} {thing.is_} {asked}." if asked == thing.color else f"No, {the} {thing.is_} {thing.color}."
        short = f"Yes, {asked}." if asked == thing.color else f"No, not {asked} but {thing.color}."
        yield Pair(
            (thing.key,),
            (f"{cap(thing.is_)} {the} {asked}?", f"Would you say that {the} {thing.is_} {asked}?"),
            (reply, short),
            f"color {thing.key}",
        )


_ALIKE = (
    word_set("gray silver white black chrome"),
    word_set("brown tan beige gold golden orange yellow cream khaki ivory white"),
    word_set("red maroon burgundy pink orange purple lavender"),
    word_set("blue navy turquoise teal green purple"),
)


def _close(one: str, other: str | None) -> bool:
    first, second = one.rpartition(" ")[2], (other or "").rpartition(" ")[2]
    return any(first in alike and second in alike for alike in _ALIKE)


def same_color(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for a color that two things share, or don't."""
    colored = [(thing, the) for thing, the in named(scene, rng) if thing.color]
    for (one, the), (other, that) in combinations(colored, 2):
        if one.color == other.color:
            reply = (f"Yes, both are {one.color}.", f"Yes, {one.color} in both cases.")
        elif not _close(one.color or "", other.color):
            reply = (
                f"No, {the} {one.is_} {one.color} and {that} {other.is_} {other.color}.",
                f"No: {the} {one.is_} {one.color}, while {that} {other.is_} {other.color}.",
            )
        else:
            continue
        yield Pair(
            (one.key, other.key),
            (f"Do {the} and {that} have the same color?", f"Are {the} and {that} alike in color?"),
            reply,
        )


def of_that_color(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for something of a color."""
    colored: dict[str, list[Thing]] = {}
    for thing in distinct([thing for thing in scene.subjects if thing.color]):
        colored.setdefault(thing.color or "", []).append(thing)
    for shade, things in rng.sample(sorted(colored.items()), len(colored)):
        seen = joined([_without(thing, shade) for thing in things[:2]])
        yield Pair(
            tuple(thing.key for thing in things[:2]),
            (f"What {shade} things can be seen?", f"Name something {shade} in the picture."),
            (f"I can see {seen} of that color.", f"For example {seen}."),
            f"color {things[0].key}",
        )


def _without(thing: Thing, shade: str) -> str:
    name = " ".join([*(look for look in thing.looks if look != shade), thing.name])
    return article(name) if thing.single else name


def material(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for the material."""
    for thing, the in named(scene, rng):
        if thing.material and thing.single:
            yield Pair(
                (thing.key,),
                (f"What is {the} made of?", f"Which material is {the} made from?"),
                (f"It is made of {thing.material}.", f"{cap(the)} is made of {thing.material}."),
            )


def condition(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for a state such as open or closed."""
    for thing, the in named(scene, rng):
        ask = _CHOICES.get(thing.state or "")
        if ask:
            yield Pair(
                (thing.key,),
                (f"{cap(thing.is_)} {the} {ask}?", f"Can one tell whether {the} {thing.is_} {ask}?"),
                (
                    f"{cap(the)} {thing.is_} {state_words(thing)}.",
                    f"{cap(_they(thing))} {thing.is_} {state_words(thing)}.",
                ),
            )


def _they(thing: Thing) -> str:
    return "they" if thing.several else "it"


_CHOICES = {
    "open": "open or closed", "closed": "open or closed", "on": "switched on or off", "off": "switched on or off",
    "lit": "lit or dark", "empty": "empty or in use", "full": "full or empty", "parked": "moving or parked",
    "moving": "moving or parked", "locked": "locked or open",
}  # fmt: skip
NAMELESS: tuple[Kind, ...] = (of_that_color,)
"""Kinds whose question does not name the thing that it is about."""
COLORING: tuple[Kind, ...] = (color, is_color, same_color, of_that_color, material, condition)
