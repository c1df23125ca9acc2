"""Kinds of referring questions about places and relative positions."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from random import Random

from svit.boxes import Box
from svit.english.grammar import joined
from svit.offline.box_mentions import an, label, mention, pairs_pointed, pointed, the
from svit.offline.naming import across, cap, down, gap, half_of, rows_of_three
from svit.offline.sampling import Kind, Pair
from svit.offline.scene import Scene, Thing, above, left_of, where


def _row(scene: Scene, rng: Random) -> Iterator[list[Thing]]:
    for row in rows_of_three([(thing, the(thing)) for thing in pointed(scene, rng)[:10]]):
        yield [thing for thing, _ in row]


# Relative positions


def side(scene: Scene, rng: Random) -> Iterator[Pair]:
    """On which side of a thing another is."""
    for one, other in pairs_pointed(scene, rng):
        word = "left" if left_of(one, other) else "right" if left_of(other, one) else ""
        if word:
            yield Pair(
                (one.key, other.key),
                (
                    f"Is {the(one)} to the left or to the right of {the(other)}?",
                    f"On which side of {the(other)} can one see {the(one)}?",
                ),
                (
                    f"{cap(the(one))} is to the {word} of {the(other)}.",
                    f"Seen from {the(other)}, {the(one)} is on the {word}.",
                ),
                across(one, other),
            )


def is_it_left(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask whether a thing is to the left of another, truly or not."""
    for one, other in pairs_pointed(scene, rng):
        yes, no = left_of(one, other), left_of(other, one)
        if yes or no:
            answer = "Yes" if yes else "No"
            word = "left" if yes else "right"
            yield Pair(
                (one.key, other.key),
                (
                    f"Does {the(one)} come before {the(other)} when the picture is read from left to right?",
                    f"Is it true that {the(one)} is further left than {the(other)}?",
                ),
                (
                    f"{answer}, {the(one)} is further to the {word} than {the(other)}.",
                    f"{answer}. Compared with {the(other)}, {the(one)} is on the {word}.",
                ),
                across(one, other),
            )


def which_is_higher(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which of two is higher."""
    for one, other in pairs_pointed(scene, rng):
        top, low = (one, other) if above(one, other) else (other, one)
        if above(top, low):
            yield Pair(
                (one.key, other.key),
                (
                    f"Which is higher up in the picture, {the(one)} or {the(other)}?",
                    f"Going down from the top edge, does one meet {the(one)} or {the(other)} first?",
                ),
                (
                    f"{cap(the(top))} is higher up than {the(low)}.",
                    f"One meets {the(top)} first; {the(low)} is further down.",
                ),
                down(one, other),
            )


def is_it_below(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask whether a thing is lower than another, truly or not."""
    for one, other in pairs_pointed(scene, rng):
        yes, no = above(other, one), above(one, other)
        if yes or no:
            yield Pair(
                (one.key, other.key),
                (
                    f"Is {the(one)} lower in the picture than {the(other)}?",
                    f"Looking from top to bottom, does {the(one)} come after {the(other)}?",
                ),
                (
                    f"{'Yes' if yes else 'No'}, {the(one)} is {'lower' if yes else 'higher up'} in the picture than "
                    f"{the(other)}.",
                    f"{'Yes' if yes else 'No'}. It is {the(other if yes else one)} that comes first from the top.",
                ),
                down(one, other),
            )


def nearest(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which of two is nearer to a third."""
    found = pointed(scene, rng)[:8]
    for here in found:
        others = [thing for thing in found if thing is not here and gap(here, thing) < 0.6]
        for one, two in combinations(others, 2):
            near, far = (one, two) if gap(here, one) < gap(here, two) else (two, one)
            if gap(here, near) + 0.15 < gap(here, far) and len({label(here), label(one), label(two)}) == 3:
                yield Pair(
                    (here.key, near.key, far.key),
                    (
                        f"Which is closer to {the(here)}, {the(one)} or {the(two)}?",
                        f"Looking at {the(here)}, what is next to come into view: {the(one)} or {the(two)}?",
                    ),
                    (
                        f"{cap(the(near))} is closer, while {the(far)} is further away.",
                        f"It is {the(near)}. The way to {the(far)} is clearly longer.",
                    ),
                )
                break


def in_order(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for the order of three from left to right."""
    for row in _row(scene, rng):
        names = joined([the(thing) for thing in rng.sample(row, 3)])
        first, second, third = map(the, row)
        yield Pair(
            (row[0].key, row[1].key, row[2].key),
            (f"In which order do {names} appear from left to right?", f"Sort {names} by how far to the left they are."),
            (
                f"First comes {first}, then {second}, and last {third}.",
                f"{cap(first)} is left of {second}, and {second} is left of {third}. So the order is {_bare(row)}.",
            ),
        )


def _bare(row: Sequence[Thing]) -> str:
    return joined([mention(thing) for thing in row])


def in_between(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what is between two things."""
    for one, middle, other in _row(scene, rng):
        ends = rng.sample((the(one), the(other)), 2)
        yield Pair(
            (middle.key, one.key, other.key),
            (
                f"Name something that comes between {joined(ends)} from left to right.",
                f"Moving the eyes sideways from {ends[0]} to {ends[1]}, what does one come past?",
            ),
            (
                f"{cap(the(middle))} comes between them.",
                f"One comes past {the(middle)}, because it is to the right of {the(one)} and to the left of "
                f"{the(other)}.",
            ),
        )


def outermost(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which of three is furthest to one side."""
    for row in _row(scene, rng):
        word = rng.choice(("left", "right"))
        end = row[0] if word == "left" else row[2]
        names = joined([the(thing) for thing in rng.sample(row, 3)], "or")
        yield Pair(
            (end.key, row[1].key),
            (
                f"Which one is closest to the {word} edge of the picture: {names}?",
                f"A curtain is drawn over the picture from the {word}. Which does it cover first: {names}?",
            ),
            (
                f"{cap(the(end))} is, since the others are further to the {'right' if word == 'left' else 'left'}.",
                f"It is {the(end)} that comes first from that side.",
            ),
        )


def something_beside(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for a thing on a given side of another."""
    for one, other in pairs_pointed(scene, rng):
        if left_of(one, other) and gap(one, other) < 0.3:
            word, here, found = rng.choice((("left", other, one), ("right", one, other)))
            yield Pair(
                (here.key, found.key),
                (
                    f"Name something that is to the {word} of {the(here)}.",
                    f"What can be found to the {word} of {the(here)}?",
                ),
                (f"{cap(an(found))} is to the {word} of it.", f"For example {an(found)}."),
            )


def part_of_picture(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask where in the image a thing is."""
    for thing in pointed(scene, rng):
        if place := where(thing.box):
            yield Pair(
                (thing.key,),
                (
                    f"In which part of the picture is {the(thing)}?",
                    f"Where would you tell somebody to look for {the(thing)}?",
                ),
                (
                    f"{cap(the(thing))} is {place} of the picture.",
                    f"One has to look {place} of the picture for {the(thing)}.",
                ),
            )


def half(scene: Scene, rng: Random) -> Iterator[Pair]:
    """In which half a thing is, step by step."""
    for thing in pointed(scene, rng):
        if word := half_of(thing):
            yield Pair(
                (thing.key,),
                (
                    f"If the picture were folded down the middle, in which half would {the(thing)} be?",
                    f"Two people cut the photo into a left and a right half and share it. Who gets {the(thing)}?",
                ),
                (
                    f"{cap(the(thing))} does not reach across the middle line. It is entirely on the {word}, so it "
                    "would be in the "
                    f"{word} half.",
                    f"Since {the(thing)} is entirely on one side of the middle, it goes to whoever takes the "
                    f"{word} half.",
                ),
            )


def reflected(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for the side of a thing in a mirror image, step by step."""
    for one, other in pairs_pointed(scene, rng):
        if left_of(one, other):
            yield Pair(
                (one.key, other.key),
                (
                    f"If the photo were seen in a mirror, on which side of {the(other)} would {the(one)} be?",
                    f"Printed the wrong way round, would the photo show {the(one)} to the left of {the(other)}?",
                ),
                (
                    f"In the real picture {the(one)} is to the left of {the(other)}. A mirror swaps the sides, so "
                    "it would be on the "
                    f"right there.",
                    f"No. As it is, {the(one)} is to the left of {the(other)}, and turning the picture round swaps "
                    "left and right.",
                ),
                across(one, other),
            )


def _overlap(one: Box, other: Box) -> float:
    return one.intersection(other) / min(one.area, other.area)


def touching(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask whether two things overlap in the image."""
    for one, other in pairs_pointed(scene, rng):
        apart = gap(one, other)
        if apart > 0.03 or (
            one.kind in _BODIES and other.kind in _BODIES and 0.25 < _overlap(one.box, other.box) < 0.9
        ):
            yes = apart == 0
            yield Pair(
                (one.key, other.key),
                (
                    f"Is there a gap between {the(one)} and {the(other)} in the picture?",
                    f"Do {the(one)} and {the(other)} share any part of the picture, or are they apart?",
                ),
                (
                    f"No, in the picture {the(one)} and {the(other)} reach into the same area.",
                    f"They share a part of it: {the(one)} and {the(other)} reach into the same area.",
                )
                if yes
                else (
                    f"There is a gap: {the(one)} and {the(other)} do not touch each other in the picture.",
                    f"They are apart; between {the(one)} and {the(other)} some space is left.",
                ),
            )


_BODIES = frozenset({"person", "animal", "vehicle", "furniture"})
WHERE: tuple[Kind, ...] = (
    side,
    is_it_left,
    which_is_higher,
    is_it_below,
    nearest,
    in_order,
    in_between,
    outermost,
    something_beside,
    part_of_picture,
    half,
    reflected,
    touching,
)
