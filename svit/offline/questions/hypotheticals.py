"""Kinds of questions about the picture changed in thought: mirrored, cut, turned, covered, with a sticker on it."""

from collections.abc import Iterator
from random import Random

from svit.english.grammar import number_word
from svit.offline.naming import cap, distinct, half_of, named, pairs_apart, share, so
from svit.offline.sampling import Kind, Pair
from svit.offline.scene import Scene, a, above, listed, where


def mirrored(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask where a thing would be in a mirror image."""
    for thing, the in named(scene, rng):
        half = half_of(thing)
        if half and "left" not in the and "right" not in the:
            across = "right" if half == "left" else "left"
            yield Pair(
                (thing.key,),
                (
                    "If the picture were printed the wrong way round, as a mirror image, on which side would "
                    f"{the} appear?",
                    f"Imagine the photo as seen in a mirror. Where would one have to look for {the} then?",
                ),
                (
                    f"Now {the} {thing.is_} in the {half} half. A mirror swaps left and right. "
                    f"{so(rng)} {the} would appear in the {across} half.",
                    f"A mirror image turns left into right. Since {the} {thing.is_} in the {half} half of "
                    "the real picture, "
                    f"one would have to look in the {across} half of the reversed one.",
                ),
            )


def cut(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what would be lost with a part of the picture."""
    for side in rng.sample(("left", "right"), 2):
        sole = [s for s in scene.subjects if half_of(s) == side and len(scene.groups[s.noun.same]) == 1]
        lost = distinct(sole)
        gone = rng.sample(lost, min(2, len(lost)))
        kept = [
            s for s in scene.subjects if half_of(s) not in ("", side) and s.noun.same not in {t.noun.same for t in gone}
        ]
        if lost and kept:
            rest = rng.choice(kept)
            across = "left" if side == "right" else "right"
            yield Pair(
                (gone[0].key, rest.key),
                (
                    f"Suppose only the {side} half of this photo had to be cut away. Name something that would be "
                    "lost, and why.",
                    f"The {side} half of the picture gets covered by a hand. What could one no longer see?",
                ),
                (
                    f"In the {side} half one finds {listed(gone)}, while {a(rest)} {rest.is_} in the "
                    f"{across} half. What is "
                    f"entirely on the {side} goes with that half, so {listed(gone, plain=True)} would be gone, but "
                    "not the "
                    f"{rest.name}.",
                    f"{cap(listed(gone))} can be found entirely on the {side}. Therefore that much would disappear "
                    "from view, "
                    f"whereas {a(rest)} in the {across} half would stay visible.",
                ),
            )


def crop(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask where to point the camera."""
    for thing, the in named(scene, rng):
        place = where(thing.box)
        if thing.box.area < 0.08 and place and place != "in the middle" and "left" not in the and "right" not in the:
            yield Pair(
                (thing.key,),
                (
                    f"A photographer wants a close-up of {the} alone. In which direction should the camera turn "
                    "from here?",
                    f"{cap(the)} should become the center of a new picture. How must the camera move?",
                ),
                (
                    f"At the moment {the} {thing.is_} {place} of the picture and rather small. To bring "
                    "something into the middle, "
                    f"one turns toward it, so the camera has to turn {_turn(place)} and zoom in.",
                    f"A camera is turned toward what it should show. Since {the} {thing.is_} {place}, the "
                    "camera should turn "
                    f"{_turn(place)}.",
                ),
            )


def _turn(place: str) -> str:
    across = "to the left" if "left" in place else "to the right" if "right" in place else ""
    down = "up" if "upper" in place or "top" in place else "down" if "lower" in place or "bottom" in place else ""
    return " and ".join(filter(None, (across, down)))


def highest(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what a slowly rising frame would cover last."""
    for (one, the), (two, that) in pairs_apart(scene, rng):
        if above(one, two):
            names = rng.sample((the, that), 2)
            yield Pair(
                (two.key, one.key),
                (
                    f"A sheet of paper is pushed over the photo from below. Which gets covered first, {names[0]} "
                    f"or {names[1]}?",
                    f"Water is painted into the photo, rising from its lower edge. Does it reach {names[0]} or "
                    f"{names[1]} first?",
                ),
                (
                    f"{cap(that)} {two.is_} lower in the picture than {the}. What comes from below meets "
                    "the lower thing first, "
                    f"so it is {that}.",
                    f"Coming from the lower edge, one meets {that} before {the}, which {one.is_} higher up. "
                    "Therefore the "
                    f"answer is {that}.",
                ),
            )


def fits_across(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask how many copies of a thing would fill the picture's width."""
    for thing, the in named(scene, rng):
        wide = thing.box.x2 - thing.box.x1
        times = int(1 / wide)
        if thing.single and 2 <= times <= 9 and 1 / wide - times < 0.5:
            yield Pair(
                (thing.key,),
                (
                    f"How many copies of {the}, side by side and as large as here, would fit across the picture?",
                    f"If {the} were repeated in a row from the left edge to the right, how often would there be "
                    "room for it?",
                ),
                (
                    f"{cap(the)} takes up {share(wide)} of the picture's width. {cap(number_word(times))} times "
                    "that is "
                    f"{share(times * wide)}, and one more would not fit. So there is room for {number_word(times)}.",
                    f"The width of {the} is {share(wide)} of the whole, and {number_word(times)} of them make "
                    f"{share(times * wide)}. "
                    f"Therefore it would be {number_word(times)} times.",
                ),
            )


def kept_by_crop(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask whether a thing would survive a crop to the middle."""
    for thing, the in named(scene, rng):
        box = thing.box
        kept = box.x1 >= 0.26 and box.x2 <= 0.74 and box.y1 >= 0.26 and box.y2 <= 0.74
        gone = box.x2 <= 0.24 or box.x1 >= 0.76 or box.y2 <= 0.24 or box.y1 >= 0.76
        if kept or gone:
            place = "near the middle" if kept else where(box) or "away from the middle"
            yield Pair(
                (thing.key,),
                (
                    f"If a quarter of the picture were cut off on each of its four sides, would {the} still be there?",
                    "Only the middle of the photo, half as wide and half as high, gets printed. Does that include "
                    f"{the}?",
                ),
                (
                    f"{cap(the)} {thing.is_} {place} of the picture. Cutting off the margins leaves only "
                    "what is near the middle. "
                    f"{so(rng)} {the} would {'still be there' if kept else 'be gone'}.",
                    f"{'Yes' if kept else 'No'}. Such a print keeps only what is near the middle, and {the} "
                    f"{thing.is_} {place} of "
                    f"the picture, {'well inside' if kept else 'outside'} that part.",
                ),
            )


def upside_down(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask how two things are placed when the photo is turned."""
    for (one, the), (two, that) in pairs_apart(scene, rng):
        if above(one, two):
            yield Pair(
                (one.key, two.key),
                (
                    f"The photo lies upside down on the table. {cap(one.is_)} {the} now above or below {that}?",
                    f"Someone turns the picture on its head. Which of the two ends up higher, {that} or {the}?",
                ),
                (
                    f"The right way up, {the} {one.is_} higher than {that}. Turning the photo swaps up and "
                    f"down. {so(rng)} {the} "
                    f"{one.is_} now below {that}.",
                    f"Normally {the} {one.is_} higher up than {that}. On its head, everything is reversed, "
                    f"so {that} "
                    f"{'end' if two.several else 'ends'} up higher.",
                ),
            )


def corner_sticker(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask which of two is nearer to a corner."""
    for (one, the), (two, that) in pairs_apart(scene, rng):
        for name, x, y in rng.sample(_CORNERS, len(_CORNERS)):
            far = [((t.box.center[0] - x) ** 2 + (t.box.center[1] - y) ** 2) ** 0.5 for t in (one, two)]
            if far[0] + 0.3 < far[1]:
                names = rng.sample((the, that), 2)
                yield Pair(
                    (one.key, two.key),
                    (
                        f"A sticker is put into the {name} corner of the photo. Is it closer to {names[0]} or to "
                        f"{names[1]}?",
                        f"The {name} corner of the photo gets wet. Which is in danger sooner, {names[0]} or "
                        f"{names[1]}?",
                    ),
                    (
                        f"Measured from the {name} corner, the way to {that} is longer than the way to {the}. "
                        f"{so(rng)} the sticker "
                        f"is closer to {the}.",
                        f"Water spreads from the corner, and {the} {one.is_} closer to it than {that}. So {the} "
                        f"{one.is_} in danger sooner.",
                    ),
                )
                break


_CORNERS = (("upper left", 0, 0), ("upper right", 1, 0), ("lower left", 0, 1), ("lower right", 1, 1))


IMAGINED: tuple[Kind, ...] = (mirrored, cut, crop, highest, fits_across, kept_by_crop, upside_down, corner_sticker)
