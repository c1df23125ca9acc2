"""Kinds of questions about where things are in the image."""

from collections.abc import Iterator
from itertools import permutations
from random import Random

from svit.english.grammar import joined
from svit.offline.naming import Named, across, cap, distinct, down, gap, half_of, named, pairs_apart, rows_of_three
from svit.offline.sampling import Kind, Pair
from svit.offline.scene import Scene, Thing, above, left_of, listed, where


def _be_at(thing: Thing, the: str) -> str:
    return f"{cap(the)} {thing.is_} {where(thing.box)}"


# Where things are


def location(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask where a thing is."""
    for thing, the in named(scene, rng):
        place = where(thing.box)
        if place and not the.endswith(("left", "right")) and "most " not in the:
            yield Pair(
                (thing.key,),
                (f"Where in the picture {thing.is_} {the}?", f"In which part of the view can one find {the}?"),
                (f"{_be_at(thing, the)} of the picture.", f"One finds {the} {place} of the picture."),
            )


def left_or_right(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask on which side of something a thing is."""
    for (one, the), (other, that) in pairs_apart(scene, rng):
        side = "left" if left_of(one, other) else "right" if left_of(other, one) else ""
        if side:
            yield Pair(
                (one.key, other.key),
                (
                    f"{cap(one.is_)} {the} to the left or to the right of {that}?",
                    f"On which side of {that} {one.is_} {the}?",
                ),
                (f"{cap(the)} {one.is_} to the {side} of {that}.", f"To the {side} of {that}."),
                across(one, other),
            )


def is_left(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask whether a thing is to the left, truly or not."""
    for (one, the), (other, that) in pairs_apart(scene, rng):
        if left_of(one, other):
            reply = (
                f"Yes, {the} {one.is_} further left than {that}.",
                f"Yes, {that} {other.is_} further to the right.",
            )
        elif left_of(other, one):
            reply = (
                f"No, {the} {one.is_} to the right of {that}.",
                f"No, it is the other way round: {that} comes first.",
            )
        else:
            continue
        question = (
            f"Seen from the left, {one.does} {the} come before {that}?",
            f"{cap(one.is_)} {the} left of {that}?",
        )
        yield Pair((one.key, other.key), question, reply, across(one, other))


def higher(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which of two is higher in the image."""
    for (one, the), (other, that) in pairs_apart(scene, rng):
        top = (one, the) if above(one, other) else (other, that) if above(other, one) else None
        if top:
            yield Pair(
                (one.key, other.key),
                (
                    f"Which is higher up in the picture, {the} or {that}?",
                    f"What is nearer to the top edge, {the} or {that}?",
                ),
                (f"{cap(top[1])} {top[0].is_} higher up.", f"It is {top[1]} that can be seen higher up."),
                down(one, other),
            )


def is_below(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask whether a thing is lower in the image, truly or not."""
    for (one, the), (other, that) in pairs_apart(scene, rng):
        low = above(other, one)
        if low or above(one, other):
            yes = f"Yes, {the} {one.is_} lower in the picture than {that}."
            no = f"No, {the} {one.is_} higher up than {that}."
            yield Pair(
                (one.key, other.key),
                (
                    f"{cap(one.is_)} {the} lower in the picture than {that}?",
                    f"Looking from top to bottom, {one.does} {the} come after {that}?",
                ),
                (yes, "Yes, further down.") if low else (no, f"No, {that} {other.is_} further down."),
                down(one, other),
            )


def furthest(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which of three is furthest to one side."""
    for trio in _in_a_row(scene, rng):
        side = rng.choice(("left", "right"))
        end = trio[0] if side == "left" else trio[2]
        names = [the for _, the in rng.sample(trio, 3)]
        yield Pair(
            (end[0].key,),
            (
                f"Which of these is furthest to the {side}: {joined(names, 'or')}?",
                f"Of {joined(names)}, which comes last toward the {side} edge?",
            ),
            (f"{cap(end[1])} {end[0].is_} furthest to the {side}.", f"That would be {end[1]}."),
        )


def _in_a_row(scene: Scene, rng: Random) -> Iterator[list[Named]]:
    return rows_of_three(named(scene, rng)[:9])


def middle_one(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what is between two things."""
    for one, between, other in _in_a_row(scene, rng):
        ends = [one[1], other[1]]
        rng.shuffle(ends)
        yield Pair(
            (between[0].key, one[0].key, other[0].key),
            (f"What is there between {joined(ends)}?", f"Name something that comes between {joined(ends)}."),
            (f"{cap(between[1])} {between[0].is_} between them.", f"For example {between[1]}."),
        )


def row_order(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for the order from left to right."""
    for row in _in_a_row(scene, rng):
        names = [the for _, the in rng.sample(row, 3)]
        first, second, third = (the for _, the in row)
        comes = "come" if row[0][0].several else "comes"
        yield Pair(
            (row[1][0].key,),
            (
                f"In which order do {joined(names)} appear from left to right?",
                f"How are {joined(names)} arranged from one side to the other?",
            ),
            (
                f"From left to right: {first}, {second}, {third}.",
                f"{cap(first)} {comes} first on the left, then {second}, and last {third}.",
            ),
        )


def nearer(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which of two is nearer to a third."""
    for trio in permutations(named(scene, rng)[:7], 3):
        (here, the), (one, first), (other, second) = trio
        near, far = gap(here, one), gap(here, other)
        if len({here.noun.same, one.noun.same, other.noun.same}) == 3 and near + 0.15 < far and near < 0.4:
            names = rng.sample((first, second), 2)
            yield Pair(
                (here.key, one.key),
                (
                    f"Which is nearer to {the} in the picture, {names[0]} or {names[1]}?",
                    f"What is closer to {the}: {names[0]} or {names[1]}?",
                ),
                (f"{cap(first)} {one.is_} nearer.", f"{cap(first)}; {second} {other.is_} further away."),
            )


def found_there(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what is in a part of the image."""
    parts: dict[str, list[Thing]] = {}
    for thing in distinct(list(scene.subjects)):
        if place := where(thing.box):
            parts.setdefault(place, []).append(thing)
    for place, things in rng.sample(sorted(parts.items()), len(parts)):
        seen = listed(things[:2])
        yield Pair(
            tuple(thing.key for thing in things[:2]),
            (f"What can be seen {place} of the picture?", f"Looking {place} of the view, what does one find?"),
            (f"One can see {seen} there.", f"There {things[0].be} {seen}."),
        )


def which_half(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask in which half a thing is."""
    for thing, the in named(scene, rng):
        half = half_of(thing)
        if half:
            yield Pair(
                (thing.key,),
                (
                    f"{cap(thing.is_)} {the} in the left or in the right half of the picture?",
                    f"If the view were divided down the middle, which half would show {the}?",
                ),
                (f"{cap(the)} {thing.is_} entirely in the {half} half.", f"The {half} half."),
            )


def larger(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which of two looks larger."""
    for (one, the), (other, that) in pairs_apart(scene, rng):
        if one.single and other.single and (ratio := one.box.area / other.box.area) and not 0.5 < ratio < 2:
            big, small = (the, that) if ratio > 1 else (that, the)
            yield Pair(
                (one.key, other.key),
                (
                    f"Which takes up more of the picture, {the} or {that}?",
                    f"Comparing {the} with {that}, which one appears larger here?",
                ),
                (f"{cap(big)} takes up more room.", f"{cap(big)} appears larger than {small}."),
            )


COMPARING: tuple[Kind, ...] = (larger,)
"""How much room things take up."""
PLACING: tuple[Kind, ...] = (
    location,
    left_or_right,
    is_left,
    higher,
    is_below,
    furthest,
    middle_one,
    row_order,
    nearer,
    found_there,
    which_half,
    *COMPARING,
)

FOUND_THERE: tuple[Kind, ...] = (found_there,)
"""Kinds whose question does not name the thing that it is about."""
