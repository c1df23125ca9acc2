"""Kinds of questions whose answers are worked out from counts."""

from collections.abc import Iterator
from itertools import combinations
from random import Random

from svit.english.grammar import number_word
from svit.offline.naming import amount, cap
from svit.offline.sampling import Kind, Pair
from svit.offline.scene import Scene, Thing, several_of


def more(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask whether one sort is enough for another."""
    groups = [group for group in scene.counted_groups(1) if group[0].kind not in ("clothing", "footwear")]
    rng.shuffle(groups)
    for one, two in combinations(groups, 2):
        if len(one) != len(two) and one[0].kind == two[0].kind and min(len(one), len(two)) > 1:
            many, few = (one, two) if len(one) > len(two) else (two, one)
            gap_ = len(many) - len(few)
            name, rare = several_of(many), several_of(few)
            yield Pair(
                (many[0].key, few[0].key),
                (
                    f"By how many do the {name} outnumber the {rare}, or is it the other way round?",
                    f"If every one of the {rare} were matched with one of the {name}, what would be left over?",
                ),
                (
                    f"There {_be(few)} {amount(few)} and {amount(many)}. The difference is {len(many)} minus "
                    f"{len(few)}, so "
                    f"there {'is' if gap_ == 1 else 'are'} {number_word(gap_)} more of the {name}.",
                    f"I count {amount(many)} and {amount(few)}. After matching them one to one, "
                    f"{number_word(gap_)} of the "
                    f"{name} would therefore be left over.",
                ),
            )


def total(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask how many of a kind there are together."""
    kinds: dict[str, list[list[Thing]]] = {}
    for group in scene.counted_groups(1):
        if group[0].kind in ("animal", "vehicle", "electronics", "kitchenware", "furniture", "sports"):
            kinds.setdefault(group[0].kind, []).append(group)
    for _, groups in rng.sample(sorted(kinds.items()), len(kinds)):
        if len(groups) > 1:
            one, two = groups[:2]
            number = len(one) + len(two)
            names = f"{several_of(one)} and {several_of(two)}"
            yield Pair(
                (one[0].key, two[0].key),
                (
                    f"If someone counted the {names} together, what would the sum be?",
                    f"How many labels would one need to tag all {names} in the picture?",
                ),
                (
                    f"There {_be(one)} {amount(one)}, and there {_be(two)} {amount(two)}. {len(one)} plus "
                    f"{len(two)} makes "
                    f"{number}, so the sum is {number_word(number)}.",
                    f"First count each sort: {amount(one)} and {amount(two)}. Together that makes "
                    f"{number_word(number)}, so "
                    f"{number_word(number)} labels would be needed.",
                ),
            )


def one_less(scene: Scene, _: Random) -> Iterator[Pair]:
    """Ask how a count would change."""
    for group in scene.counted_groups(2):
        if group[0].kind in (
            "person",
            "animal",
            "vehicle",
            "furniture",
            "electronics",
            "kitchenware",
            "container",
            "toy",
        ):
            name, count = several_of(group), len(group)
            left = f"{number_word(count - 1)} would be left"
            yield Pair(
                (group[0].key, group[1].key),
                (
                    f"One of the {name} is taken away from this scene. How many remain?",
                    f"If one of the {name} left the picture, how many would still be there?",
                ),
                (
                    f"At the moment there are {number_word(count)} {name}. {cap(number_word(count))} minus one is "
                    f"{number_word(count - 1)}, so {left}.",
                    f"I count {number_word(count)} {name}. Take one away, and {left}.",
                ),
            )


def _be(group: list[Thing]) -> str:
    return "is" if len(group) == 1 else "are"


ARITHMETIC: tuple[Kind, ...] = (more, total, one_less)
