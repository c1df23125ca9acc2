"""Things with names that leave no doubt, how many they are and in what condition, and facts that are told once."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from random import Random

from svit.english.grammar import number_word
from svit.offline.scene import Scene, Thing, left_of, several_of

Named = tuple[Thing, str]
"""A thing with the words that can only mean it."""


def named(scene: Scene, rng: Random) -> list[Named]:
    """Return the things that can be spoken of without doubt, in a new order."""
    found = [(thing, the) for thing in scene.subjects if (the := scene.the(thing))]
    rng.shuffle(found)
    return found


def cap(text: str) -> str:
    """Return the text with a capital letter at its start."""
    return text[:1].upper() + text[1:]


def pairs_apart(scene: Scene, rng: Random) -> Iterator[tuple[Named, Named]]:
    """Yield pairs of named things of different nouns, each thing early in few of them."""
    found = named(scene, rng)
    for step in range(1, len(found)):
        for at in range(0, len(found) - step, step + 1):
            one, other = found[at], found[at + step]
            if one[0].noun.same != other[0].noun.same or not (_is_relative(one[1]) or _is_relative(other[1])):
                yield one, other


def _is_relative(the: str) -> bool:
    """Whether the name says by itself where the thing is, so that asking would be idle."""
    return not _RELATIVE.isdisjoint(the.split())


_RELATIVE = frozenset({"left", "right", "row", "leftmost", "rightmost", "topmost", "lowest", "upper", "lower"})


def rows_of_three(found: Sequence[Named]) -> Iterator[list[Named]]:
    """Yield each three that stand apart from each other, from left to right."""
    for trio in combinations(found, 3):
        row = sorted(trio, key=lambda item: item[0].box.center[0])
        if left_of(row[0][0], row[1][0]) and left_of(row[1][0], row[2][0]):
            yield row


def distinct(things: list[Thing]) -> list[Thing]:
    """Return the first thing of each noun."""
    return list({thing.noun.same: thing for thing in reversed(things)}.values())[::-1]


def across(one: Thing, other: Thing) -> str:
    """Return the fact of how two things are placed from left to right."""
    return f"across {min(one.key, other.key)} {max(one.key, other.key)}"


def down(one: Thing, other: Thing) -> str:
    """Return the fact of how two things are placed from top to bottom."""
    return f"down {min(one.key, other.key)} {max(one.key, other.key)}"


def gap(one: Thing, other: Thing) -> float:
    """Return the distance between the edges of the two boxes, 0 where they touch."""
    across = max(0.0, one.box.x1 - other.box.x2, other.box.x1 - one.box.x2)
    down = max(0.0, one.box.y1 - other.box.y2, other.box.y1 - one.box.y2)
    return float((across**2 + down**2) ** 0.5)


def half_of(thing: Thing) -> str:
    """Return left or right where the thing lies wholly on one side of the middle."""
    return "left" if thing.box.x2 <= 0.49 else "right" if thing.box.x1 >= 0.51 else ""


def so(rng: Random) -> str:
    """Return a word that begins a conclusion."""
    return rng.choice(("Therefore", "So", "For that reason", "It follows that", "Hence"))


def share(part: float) -> str:
    """Return the share in words: "about 25 percent"."""
    return f"about {max(1, round(part * 100))} percent"


def amount(group: Sequence[Thing]) -> str:
    """Return how many there are: "one dog", "three cups"."""
    return f"one {group[0].name}" if len(group) == 1 else f"{number_word(len(group))} {several_of(group)}"


def state_words(thing: Thing) -> str | None:
    """Return the thing's condition as it stands after "is": "open", "switched on"; None where it has none."""
    return {"on": "switched on", "off": "switched off"}.get(thing.state or "", thing.state)


STABLE_SIZE = frozenset({"person", "animal", "vehicle", "furniture", "sports"})
"""Kinds whose things have about one real size, so that what looks larger is nearer."""
