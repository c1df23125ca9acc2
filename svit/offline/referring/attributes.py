"""Kinds of referring questions about size, number and looks."""

from collections.abc import Iterator
from itertools import combinations
from random import Random

from svit.english.grammar import number_word
from svit.offline.box_mentions import label, pairs_pointed, pointed, the, together
from svit.offline.naming import STABLE_SIZE, cap, state_words
from svit.offline.sampling import Kind, Pair
from svit.offline.scene import Scene, Thing, left_of, several_of

# Size and number


def bigger(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which of two takes up more room."""
    for one, other in pairs_pointed(scene, rng):
        ratio = one.box.area / other.box.area
        if not 0.4 < ratio < 2.5:
            big, small = (one, other) if ratio > 1 else (other, one)
            yield Pair(
                (one.key, other.key),
                (
                    f"Which takes up more room in the picture, {the(one)} or {the(other)}?",
                    f"Comparing {the(one)} with {the(other)}, which one looks larger in the picture?",
                ),
                (
                    f"{cap(the(big))} takes up more room than {the(small)}.",
                    f"{cap(the(big))} looks larger; {the(small)} takes up less than half as much.",
                ),
            )


def standing_taller(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which of two is taller in the image, step by step."""
    for one, other in pairs_pointed(scene, rng):
        high, low = one.box.y2 - one.box.y1, other.box.y2 - other.box.y1
        if high > 1.8 * low and high > 0.1:
            names = rng.sample((the(one), the(other)), 2)
            yield Pair(
                (one.key, other.key),
                (
                    f"Measured from top to bottom in the picture, which is taller: {names[0]} or {names[1]}?",
                    f"Which of these two spans more of the picture's height, {names[0]} or {names[1]}?",
                ),
                (
                    f"{cap(the(one))} spans about {round(100 * high)} percent of the height and {the(other)} about "
                    f"{max(1, round(100 * low))} percent. So {the(one)} is taller in the picture.",
                    f"{cap(the(one))} does, since {the(other)} reaches over a smaller part of the height.",
                ),
            )


def counted(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask how many there are, and where."""
    for group in _groups(scene, rng):
        many, count = several_of(group), number_word(len(group))
        yield Pair(
            tuple(thing.key for thing in group[:2]),
            (f"How many {many} are there, and where are they?", f"Count the {many} and point each of them out."),
            (f"There are {count} {together(group)}.", f"I can count {count} of them: {together(group)}."),
        )


def _groups(scene: Scene, rng: Random) -> list[list[Thing]]:
    found = [
        group
        for group in scene.counted_groups(2)
        if len({str(thing.box) for thing in group}) == len(group) and len({label(thing) for thing in group}) == 1
    ]
    rng.shuffle(found)
    return found


def end_of_group(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which of several like things is furthest to one side."""
    for group in _groups(scene, rng):
        ordered = sorted(group, key=lambda thing: thing.box.center[0])
        word = rng.choice(("left", "right"))
        end, rest = (ordered[0], ordered[1:]) if word == "left" else (ordered[-1], ordered[:-1])
        clear = all(left_of(end, thing) if word == "left" else left_of(thing, end) for thing in rest)
        if clear:
            yield Pair(
                (end.key, rest[0].key),
                (
                    f"Which of the {together(group)} is furthest to the {word}?",
                    f"Of the {together(group)}, which one is nearest to the {word} edge?",
                ),
                (f"It is {the(end)}.", f"{cap(the(end))} is furthest to the {word}."),
            )


def nearest_to_camera(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which of several like things is probably nearest, step by step."""
    for group in _groups(scene, rng):
        ranked = sorted(group, key=lambda thing: -thing.box.area)
        big, small = ranked[0], ranked[1]
        if big.box.area > 2 * small.box.area and big.box.y2 >= small.box.y2 and big.kind in STABLE_SIZE:
            yield Pair(
                (big.key, small.key),
                (
                    f"Which of the {together(group)} is probably closest to the camera, and why?",
                    f"Judging by size, which of the {together(group)} was the photographer nearest to?",
                ),
                (
                    f"Things of one sort look smaller the further away they are. {cap(the(big))} looks larger than "
                    "all others, so it "
                    f"is probably the closest.",
                    f"Most likely {the(big)}: it takes up more than twice the room of any other, and closeness "
                    "makes things look "
                    f"large.",
                ),
            )


def differing(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask how two like things differ."""
    for group in _groups(scene, rng):
        for one, other in combinations(group, 2):
            if one.color and other.color and one.color != other.color:
                yield Pair(
                    (one.key, other.key),
                    (
                        f"How do {the(one)} and {the(other)} differ in color?",
                        f"How can one tell {the(one)} from {the(other)}?",
                    ),
                    (
                        f"{cap(the(one))} is {one.color}, whereas {the(other)} is {other.color}.",
                        f"By their colors: {the(one)} is {one.color} and {the(other)} is {other.color}.",
                    ),
                )


# Looks


def of_color(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for the color of a thing."""
    for thing in pointed(scene, rng):
        if thing.color and thing.color not in label(thing).split():
            yield Pair(
                (thing.key,),
                (f"What color is {the(thing)}?", f"What can be said about the color of {the(thing)}?"),
                (f"{cap(the(thing))} is {thing.color}.", f"The color of {the(thing)} is {thing.color}."),
            )


def colors_compared(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask whether two things share their color."""
    colored = [thing for thing in pointed(scene, rng) if thing.color][:8]
    for one, other in combinations(colored, 2):
        if label(one) != label(other) and one.color == other.color:
            yield Pair(
                (one.key, other.key),
                (
                    f"What do {the(one)} and {the(other)} have in common?",
                    f"In what way are {the(one)} and {the(other)} alike?",
                ),
                (
                    f"Both {the(one)} and {the(other)} are {one.color}.",
                    f"They share their color: {the(one)} is {one.color}, and so is {the(other)}.",
                ),
            )


def made_from(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for the material of a thing."""
    for thing in pointed(scene, rng):
        if thing.material and thing.material not in the(thing).split("<ed>")[0]:
            yield Pair(
                (thing.key,),
                (f"What is {the(thing)} made of?", f"Which material was used for {the(thing)}?"),
                (f"{cap(the(thing))} is made of {thing.material}.", f"For {the(thing)}, {thing.material} was used."),
            )


def in_state(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for the condition of a thing."""
    for thing in pointed(scene, rng):
        state = state_words(thing)
        if state and thing.kind not in ("person", "animal"):
            yield Pair(
                (thing.key,),
                (f"What condition is {the(thing)} in?", f"Can anything be said about the state of {the(thing)}?"),
                (f"{cap(the(thing))} is {state}.", f"One can see that {the(thing)} is {state}."),
            )


ATTRIBUTES: tuple[Kind, ...] = (
    bigger,
    standing_taller,
    counted,
    end_of_group,
    nearest_to_camera,
    differing,
    of_color,
    colors_compared,
    made_from,
    in_state,
)
