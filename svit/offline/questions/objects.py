"""Kinds of questions that a look answers: what there is, and how many."""

from collections.abc import Iterator
from itertools import combinations
from random import Random

from svit.english.grammar import Number, joined, number_word, sentence, written
from svit.english.lexicon import KIND_NAMES
from svit.offline.naming import amount, cap, distinct
from svit.offline.sampling import Kind, Pair
from svit.offline.scene import Scene, Thing, a, listed, several_of, where


def prominent(scene: Scene, _: Random) -> Iterator[Pair]:
    """Ask for the main things."""
    chief = distinct([thing for thing in sorted(scene.subjects, key=lambda t: -t.box.area) if thing.box.area > 0.01])[
        :3
    ]
    if len(chief) > 2:
        yield Pair(
            tuple(thing.key for thing in chief),
            ("What are the most prominent things in the picture?", "Which things catch the eye first?"),
            (f"The eye falls on {listed(chief)}.", f"{sentence(listed(chief))[:-1]} stand out most."),
        )


def of_a_kind(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which vehicles, animals or pieces of furniture there are."""
    for kind, things in _kinds(scene, rng):
        if len(things) > 1:
            name = KIND_NAMES[kind]
            seen = listed(things[:3])
            yield Pair(
                tuple(thing.key for thing in things[:3]),
                (f"Which {name} can be made out in the picture?", f"What {name} does this scene include?"),
                (f"I can see {seen}.", f"There {things[0].be} {seen}."),
            )


def any_of_a_kind(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask whether there is anything of a kind."""
    for kind, things in _kinds(scene, rng):
        seen = a(things[0])
        place = where(things[0].box)
        name = KIND_NAMES[kind]
        yield Pair(
            (things[0].key,),
            (f"Are there any {name} to be seen?", f"Can one see any {name} here?"),
            (
                f"Yes, for example {seen}{' ' if place else ''}{place}.",
                f"Yes, there {things[0].be} {seen}, for instance.",
            ),
        )


def _kinds(scene: Scene, rng: Random) -> list[tuple[str, list[Thing]]]:
    kinds: dict[str, list[Thing]] = {}
    for thing in distinct(list(scene.subjects)):
        if thing.kind in KIND_NAMES and thing.kind not in ("person", "ground", "water"):
            kinds.setdefault(thing.kind, []).append(thing)
    found = list(kinds.items())
    rng.shuffle(found)
    return found


def how_many(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for a count of two or more."""
    for group in _groups(scene, rng, 2):
        many, count = several_of(group), number_word(len(group))
        yield Pair(
            tuple(thing.key for thing in group[:2]),
            (f"How many {many} are there?", f"What is the number of {many} in the picture?"),
            (f"There are {count} {many}.", f"I count {count} {many}."),
            f"count {group[0].noun.same}",
        )


def how_many_one(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for a count where there is one."""
    for group in _groups(scene, rng, 1, 1):
        thing = group[0]
        yield Pair(
            (thing.key,),
            (f"Is there more than one {thing.name}?", f"Can more than one {thing.name} be seen?"),
            (f"No, there is just one {thing.name}.", f"No, one {thing.name} is all I can see."),
            f"count {thing.noun.same}",
        )


def more_than_one(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask whether there are several of something."""
    for group in _groups(scene, rng, 2):
        name, many, count = written(group[0].noun.same), several_of(group), number_word(len(group))
        yield Pair(
            tuple(thing.key for thing in group[:2]),
            (f"Is there only one {name}?", f"Does the picture show just a single {name}?"),
            (f"No, there are {count} {many}.", f"No, {count} {many} can be seen."),
            f"count {group[0].noun.same}",
        )


def more_or_fewer(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Compare two counts."""
    for one, other in combinations(_groups(scene, rng, 1), 2):
        if (
            len(one) != len(other)
            and one[0].kind == other[0].kind
            and {one[0].noun.number, other[0].noun.number} == {Number.ONE}
        ):
            more, fewer = (one, other) if len(one) > len(other) else (other, one)
            first, second = amount(more), amount(fewer)
            yield Pair(
                (more[0].key, fewer[0].key),
                (
                    f"Are there more {several_of(one)} or more {several_of(other)}?",
                    f"Which are more numerous, the {several_of(one)} or the {several_of(other)}?",
                ),
                (
                    f"There are more {several_of(more)}: {first} against {second}.",
                    f"The {several_of(more)}, since there are {first} and only {second}.",
                ),
            )


def _groups(scene: Scene, rng: Random, least: int, most: int = 99) -> list[list[Thing]]:
    found = [group for group in scene.counted_groups(least) if len(group) <= most and group[0].kind not in _DULL]
    rng.shuffle(found)
    return found


_DULL = frozenset({"clothing", "footwear"})


def people_counted(scene: Scene, _: Random) -> Iterator[Pair]:
    """Ask for the number of all people."""
    groups = {same: group for same, group in scene.groups.items() if group[0].kind == "person"}
    if groups and all(scene.count(same) for same in groups):
        people = [thing for group in groups.values() for thing in group]
        total = f"one person, {a(people[0])}" if len(people) == 1 else f"{number_word(len(people))} people"
        who = joined([amount(group) for group in groups.values()])
        tail = f": {who}" if len(groups) > 1 else ""
        are = "is" if len(people) == 1 else "are"
        yield Pair(
            tuple(thing.key for thing in people[:3]),
            ("How many people are in the picture?", "Is anybody in the picture, and if so, how many people?"),
            (f"There {are} {total}{tail}.", f"I can make out {total}{tail}."),
        )


def biggest(scene: Scene, _: Random) -> Iterator[Pair]:
    """Ask what takes up most room."""
    ranked = sorted(scene.subjects, key=lambda thing: -thing.box.area)
    if len(ranked) > 1 and ranked[0].box.area > 1.4 * ranked[1].box.area and ranked[0].single:
        top = ranked[0]
        the = scene.the(top) or a(top)
        yield Pair(
            (top.key,),
            ("Which single thing takes up the most room in the picture?", "What fills the largest part of the view?"),
            (f"That is {the}.", f"{cap(the)} fills more of the view than anything else I can name."),
        )


def surface(scene: Scene, _: Random) -> Iterator[Pair]:
    """Ask what the ground is."""
    found = distinct([thing for thing in scene.placed if thing.kind == "ground" and not _bare_ground(thing)])[:2]
    if found:
        yield Pair(
            tuple(thing.key for thing in found),
            ("What kind of ground can be seen?", "What is there underfoot in this scene?"),
            (f"One can see {listed(found)}.", f"Underfoot there {found[0].be} {listed(found)}."),
        )


def _bare_ground(thing: Thing) -> bool:
    return thing.name in ("ground", "mound", "line", "curb")


def growing(scene: Scene, _: Random) -> Iterator[Pair]:
    """Ask for plants."""
    found = distinct([thing for thing in scene.placed if thing.kind == "plant" or thing.name == "grass"])[:2]
    if found:
        place = where(found[0].box) if len(found) == 1 else ""
        yield Pair(
            tuple(thing.key for thing in found),
            ("Is anything growing here?", "Can one see any greenery?"),
            (
                f"Yes, there {found[0].be} {listed(found)}{' ' if place else ''}{place}.",
                f"Yes, I can see {listed(found)}.",
            ),
        )


def worn_things(scene: Scene, _: Random) -> Iterator[Pair]:
    """Ask for clothes."""
    found = distinct([thing for thing in scene.placed if thing.kind in ("clothing", "footwear")])[:3]
    if len(found) > 1:
        yield Pair(
            tuple(thing.key for thing in found),
            ("What clothes can be seen?", "Which pieces of clothing can you name?"),
            (f"I can see {listed(found)}.", f"Among others, {listed(found)}."),
        )


COUNTING: tuple[Kind, ...] = (
    prominent,
    of_a_kind,
    how_many,
    how_many_one,
    more_than_one,
    more_or_fewer,
    people_counted,
    any_of_a_kind,
    biggest,
    surface,
    growing,
    worn_things,
)
