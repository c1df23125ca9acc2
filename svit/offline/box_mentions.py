"""Mentions of things with their boxes: `<st>man<ed> [0.588, 0.387, 0.692, 0.832]`."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from random import Random

from svit.english.grammar import Number, article
from svit.offline.scene import Scene, Thing, several_of
from svit.offline.scene.phrases import words_of

_LEADING = frozenset({"a", "an", "the", "some", "this", "his", "her"})
POINTED = frozenset({Number.ONE, Number.MASS})


@lru_cache(maxsize=1024)
def mention(thing: Thing) -> str:
    """Return the name that the thing was annotated with, and its box."""
    return f"<st>{label(thing)}<ed> {thing.box}"


@lru_cache(maxsize=1024)
def label(thing: Thing) -> str:
    """Return the annotated name without its article and its full stop."""
    words = words_of(thing.label)
    while words[:1] and words[0] in _LEADING:
        words = words[1:]
    label = " ".join(words)
    return thing.name if label == thing.name.lower() else label


def the(thing: Thing) -> str:
    """Return the mention with "the"."""
    return f"the {mention(thing)}"


def an(thing: Thing) -> str:
    """Return the mention with the article of its name, none before a mass."""
    if thing.noun.number is Number.MASS:
        return mention(thing)
    return f"{article(label(thing)).partition(' ')[0]} {mention(thing)}"


def together(group: Sequence[Thing]) -> str:
    """Return one mention of several things, with a box for each, from left to right."""
    ordered = sorted(group, key=lambda thing: thing.box.center[0])
    return f"<st>{several_of(group)}<ed> {', '.join(str(thing.box) for thing in ordered)}"


def pointed(scene: Scene, rng: Random) -> list[Thing]:
    """Return the things that can be pointed at, one box each, in a new order with the telling ones first."""
    found = [thing for thing in scene.placed if thing.noun.number in POINTED]
    rng.shuffle(found)
    found.sort(key=lambda thing: thing.kind in _LESS_TELLING)
    return found


_LESS_TELLING = frozenset({"part", "body", "text", "ground", "sky", "place"})


def pairs_pointed(scene: Scene, rng: Random) -> Iterator[tuple[Thing, Thing]]:
    """Yield pairs of things of different names and boxes, each thing early in few of them."""
    found = pointed(scene, rng)
    for step in range(1, len(found)):
        for at in range(0, len(found) - step, step + 1):
            one, other = found[at], found[at + step]
            if one.box.iou(other.box) < 0.1 or (label(one) != label(other) and one.box != other.box):
                yield one, other
