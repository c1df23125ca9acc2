"""Kinds of questions whose answers are worked out from positions and sizes."""

from collections.abc import Iterator
from itertools import combinations
from random import Random

from svit.english.grammar import joined, number_word
from svit.offline.naming import STABLE_SIZE, cap, distinct, gap, half_of, named, pairs_apart, rows_of_three, share, so
from svit.offline.questions.arithmetic import ARITHMETIC
from svit.offline.sampling import Kind, Pair
from svit.offline.scene import Scene, Thing, several_of, where


def sweep(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask for the order in which a gaze meets things."""
    for row in rows_of_three(named(scene, rng)[:9]):
        names = joined([the for _, the in rng.sample(row, 3)])
        (one, first), (two, second), (_, third) = row
        yield Pair(
            (one.key, two.key),
            (
                f"A gaze wanders across the picture from left to right. In which order does it meet {names}?",
                f"Someone lists {names} by how far left each one is. How would the list begin and end?",
            ),
            (
                f"{cap(first)} {one.is_} further left than {second}, and {second} {two.is_} "
                f"further left than {third}. "
                f"{so(rng)} the order is {first}, then {second}, then {third}.",
                f"Compare them in pairs: {second} {two.is_} to the right of {first}, but to the left of "
                f"{third}. "
                f"Therefore {first} comes first, {second} second and {third} last.",
            ),
        )


def closer_copy(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which of two like things is nearer to the camera."""
    for group in scene.counted_groups(2):
        ranked = sorted(group, key=lambda thing: -thing.box.area)
        near, far = ranked[0], ranked[-1]
        names = scene.the(near), scene.the(far)
        lower = near.box.y2 >= far.box.y2
        if near.box.area > 2.2 * far.box.area and lower and names[0] and names[1] and near.kind in STABLE_SIZE:
            many = several_of(group)
            yield Pair(
                (near.key, far.key),
                (
                    f"Which of the {many} is probably closest to the camera, and how can one tell?",
                    f"The {many} may not all be equally far away. Which one seems to be nearest?",
                ),
                (
                    f"{cap(names[0])} looks much larger than {names[1]}. Things of one sort have roughly the same "
                    "real size, "
                    f"and they look smaller with distance. {so(rng)} {names[0]} is probably nearer.",
                    f"Distance makes things look smaller. {cap(names[0])} takes up far more of the picture than "
                    f"{names[1]}, "
                    f"so it is most likely the one nearest to the camera.",
                ),
            )


def between(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what would be passed on the way from one thing to another."""
    for row in rows_of_three(named(scene, rng)[:9]):
        if max(t.box.center[1] for t, _ in row) - min(t.box.center[1] for t, _ in row) < 0.25:
            (one, first), (mid, second), (two, third) = row
            yield Pair(
                (mid.key, one.key, two.key),
                (
                    f"An insect flies straight from {first} to {third} across the picture. What is it likely to "
                    "pass on its way?",
                    f"Draw a straight line from {third} to {first} in the photo. What would the line come near to?",
                ),
                (
                    f"{cap(first)} {one.is_} on the left of {second}, and {third} on the right of {second}, "
                    "all at about the same "
                    f"height. {so(rng)} anything that goes straight from one to the other comes near to {second}.",
                    f"The two ends are at a similar height in the picture, and {second} {mid.is_} between "
                    "them. So it is "
                    f"{second} that comes next to the way.",
                ),
            )


def near_or_far(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which thing is nearest to another."""
    found = named(scene, rng)[:7]
    for here, the in found:
        ranked = sorted(((gap(here, t), t, n) for t, n in found if t.noun.same != here.noun.same), key=lambda x: x[0])
        if len(ranked) > 1 and ranked[0][0] + 0.15 < ranked[1][0] and ranked[0][0] < 0.3:
            (_, near, name), (_, far, rest) = ranked[:2]
            names = rng.sample((name, rest), 2)
            yield Pair(
                (here.key, near.key),
                (
                    f"A label next to {the} must not cover its neighbors. Which is more in the way, {names[0]} or "
                    f"{names[1]}?",
                    f"Somebody points at {the} in the photo. What is closer to the fingertip, {names[0]} or "
                    f"{names[1]}?",
                ),
                (
                    f"In the picture, {name} {near.is_} close to {the}, while {rest} {far.is_} "
                    "clearly further away. What is "
                    f"nearer matters more, so the answer is {name}.",
                    f"Compare the two distances: the way from {the} to {rest} is clearly longer than the way to "
                    f"{name}. "
                    f"Therefore it is {name}.",
                ),
            )


def tallest(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which of two reaches over more of the picture's height."""
    for (one, the), (two, that) in pairs_apart(scene, rng):
        high, low = (one.box.y2 - one.box.y1), (two.box.y2 - two.box.y1)
        if one.single and two.single and high > 2 * low:
            times = "about twice" if high < 2.6 * low else "about three times" if high < 3.5 * low else "several times"
            names = rng.sample((the, that), 2)
            yield Pair(
                (one.key, two.key),
                (
                    f"Measured on the photo with a ruler, which would be taller, {names[0]} or {names[1]}, and by "
                    "how much?",
                    f"How does the height of {the} on the photo compare with that of {that}?",
                ),
                (
                    f"{cap(the)} reaches from its lowest to its highest point over {share(high)} of the picture's "
                    "height, "
                    f"{that} over {share(low)}. {so(rng)} {the} comes out {times} as tall on the photo.",
                    f"On the photo {the} takes up {share(high)} of the height and {that} only {share(low)}. That "
                    f"makes {the} "
                    f"{times} as tall here, whatever the real sizes are.",
                ),
            )


def rule_of_thirds(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask whether the main thing is in the center."""
    ranked = sorted(((t, n) for t, n in named(scene, rng) if t.kind in ("person", "animal", "vehicle", "food")),
                    key=lambda item: -item[0].box.area)  # fmt: skip
    for thing, the in ranked[:1]:
        place = where(thing.box)
        if place:
            what, fact, end = _CENTERED if place == "in the middle" else _OFF_CENTER
            yield Pair(
                (thing.key,),
                (
                    f"What does the position of {the} in the frame do for the picture?",
                    f"Did the photographer put {the} in the very center, and what is the effect?",
                ),
                (
                    f"{cap(the)} {thing.is_} {place} of the picture. {fact}, so this position {end}.",
                    f"One finds {the} {place}. {what}, and therefore the position {end}.",
                ),
            )


_CENTERED = ("That is the center", "What is in the center is noticed first", "draws the eye straight to it")
_OFF_CENTER = (
    "That is away from the center",
    "A subject away from the center gives space",
    "leaves room for the rest of the scene",
)


def fullest_side(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which side of the picture holds more of certain things."""
    sided = distinct([thing for thing in scene.subjects if half_of(thing) and thing.single])
    left, right = [t for t in sided if half_of(t) == "left"][:3], [t for t in sided if half_of(t) == "right"][:3]
    if len(left) != len(right) and left and right:
        things = rng.sample([*left, *right], len(left) + len(right))
        names = joined([f"the {thing.name}" for thing in things])
        side = "left" if len(left) > len(right) else "right"
        if all(scene.the(thing) for thing in things):
            yield Pair(
                (left[0].key, right[0].key),
                (
                    f"Consider {names}. On which side of the picture are more of them?",
                    f"If {names} were weights on a scale, one side of the picture each, which side would go down?",
                ),
                (
                    f"In the left half there {_verb(left)} {_the(left)}; in the right half there {_verb(right)} "
                    f"{_the(right)}. "
                    f"{cap(number_word(max(len(left), len(right))))} is more than "
                    f"{number_word(min(len(left), len(right)))}, so it "
                    f"is the {side} side.",
                    f"{cap(_the(left))} {_verb(left)} in the left half and {_the(right)} in the right half. "
                    f"Therefore the {side} "
                    f"side has the larger number.",
                ),
            )


def _the(things: list[Thing]) -> str:
    return joined([f"the {thing.name}" for thing in things])


def _verb(things: list[Thing]) -> str:
    return "is" if len(things) == 1 else "are"


def stands_out(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which of two shows up better against a light or a dark background."""
    toned = [(thing, the, tone) for thing, the in named(scene, rng) if (tone := _tone(thing))]
    for (one, the, tone), (two, that, other_tone) in combinations(toned, 2):
        if tone != other_tone and one.kind != "person" != two.kind:
            dark, light = ((one, the), (two, that)) if tone == "dark" else ((two, that), (one, the))
            names = rng.sample((the, that), 2)
            yield Pair(
                (one.key, two.key),
                (
                    f"Which would be easier to make out in dim light, {names[0]} or {names[1]}?",
                    f"On which would white dust or lint show more clearly, on {names[0]} or on {names[1]}?",
                ),
                (
                    f"{cap(light[1])} {light[0].is_} {light[0].color}, while {dark[1]} {dark[0].is_} "
                    f"{dark[0].color}. Light colors "
                    f"throw back more of what little light there is. {so(rng)} {light[1]} would be easier to make out.",
                    f"White shows best against dark. {cap(dark[1])} {dark[0].is_} {dark[0].color} and "
                    f"{light[1]} {light[0].is_} "
                    f"{light[0].color}, so the dust would show more clearly on {dark[1]}.",
                ),
            )


def _tone(thing: Thing) -> str:
    shade = (thing.color or "").rpartition(" ")[2]
    return "dark" if shade in ("black", "brown") else "light" if shade in ("white", "yellow", "ivory", "cream") else ""


GEOMETRY: tuple[Kind, ...] = (
    sweep,
    closer_copy,
    *ARITHMETIC,
    between,
    near_or_far,
    tallest,
    rule_of_thirds,
    fullest_side,
    stands_out,
)
