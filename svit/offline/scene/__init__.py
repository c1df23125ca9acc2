"""The scene: what an image's annotations add up to, in terms that sentences can be made of.

Things (each once), facts between them, counts where they are certain, positions with a clear margin, and names that
leave no doubt which thing is meant.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from svit.boxes import Box
from svit.english.grammar import Number, article, joined, number_value, plural, written
from svit.english.lexicon import PLACES, PlaceKind, word_set
from svit.offline.scene.facts import SceneFact, SceneReading, wider
from svit.offline.scene.rows import name_in_row
from svit.offline.scene.things import INSIDE, SAME_THING, UNCLEAR, Thing
from svit.records import ImageContext

__all__ = ["Scene", "SceneFact", "Thing", "a", "above", "left_of", "listed", "several_of", "where"]

MARGIN = 0.08
"""Centers are at least this far apart before anything is called left, right, above or below."""
_OVERLAP = 0.35
"""... and the extents overlap by at most this share of the smaller one."""
MOST_COUNTED = 24
"""Annotators stop counting in crowds; so do we."""
_SIDE = 0.36
_FEW = 6
_MUCH = 1.3
_BROAD = 0.66
_COUNTED = word_set("""person animal vehicle furniture appliance electronics kitchenware accessory sports toy music
        decoration textile
    container drink tool footwear clothing""")
_SUBJECTS = _COUNTED | {"light", "food", "stationery", "plant", "building", "structure", "opening", "land", "water"}
_UNCOUNTED = frozenset(
    {"book", "shelf", "drawer", "cabinet", "rack", "paper", "rope", "chain", "pipe", "animal", "wave"}
)


class Scene:
    """One image as its annotations tell it."""

    def __init__(self, context: ImageContext) -> None:
        """Read the annotations."""
        reading = SceneReading(context)
        self.context = context
        self.hints = reading.hints
        self.things: tuple[Thing, ...] = tuple(reading.things)
        self.facts: tuple[SceneFact, ...] = tuple(reading.facts)
        self.parts = reading.parts
        self.placed = tuple(thing for thing in self.things if thing.placed)
        self.subjects = self._subjects()
        self.groups: dict[str, list[Thing]] = {}
        for thing in self.things:
            group = self.groups.setdefault(thing.noun.same, [])
            if thing.placed or not group:
                group.append(thing)
        self._definite: dict[int, str | None] = {}
        self._counts: dict[str, int | None] = {}

    def _subjects(self) -> tuple[Thing, ...]:
        """Return the things worth speaking of: where there are few, parts, ground and sky as well."""
        chief = tuple(thing for thing in self.placed if thing.kind in _SUBJECTS and thing.key not in self.parts)
        if len({thing.noun.same for thing in chief}) >= _FEW:
            return chief
        more = (t for t in self.placed if t not in chief and t.noun.singular not in ("reflection", "shadow"))
        return (*chief, *more)

    def count(self, same: str) -> int | None:
        """Return how many there are; None where the annotations leave any doubt."""
        if same not in self._counts:
            self._counts[same] = self._count(same)
        return self._counts[same]

    def _count(self, same: str) -> int | None:
        group = self.groups.get(same, [])
        certain = all(thing.single and thing.is_object and thing.kind in _COUNTED for thing in group)
        if not group or not certain or len(group) > MOST_COUNTED or same in _UNCOUNTED or unclear(group):
            return None
        if any(other in self.groups for other in wider(same)) or self._is_wider_elsewhere(same):
            return None
        return len(group) if self._agrees(same, len(group)) else None

    def _is_wider_elsewhere(self, same: str) -> bool:
        return any(same in wider(other) for other in self.groups if other != same)

    def _agrees(self, same: str, count: int) -> bool:
        """Whether no phrase speaks of more of them."""
        for before in self.hints.get(same, ()):
            value = number_value(before)
            too_few = value > count if value is not None else before == "of" and count < _GROUP
            if count == 1 or before in _MANY or too_few:
                return False
        return True

    def counted_groups(self, least: int = 1) -> list[list[Thing]]:
        """Return the groups whose count is certain and at least that, in the order of their things."""
        return [group for same, group in self.groups.items() if len(group) >= least and self.count(same)]

    def the(self, thing: Thing) -> str | None:
        """Return words that can only mean this thing: "the dog", "the red car", "the leftmost chair"; or None."""
        if thing.key not in self._definite:
            self._definite[thing.key] = self._name(thing)
        return self._definite[thing.key]

    def _name(self, thing: Thing) -> str | None:
        rivals = self._rivals(thing)
        hints = self.hints.get(thing.noun.same)
        if not rivals:
            return None if hints and thing.single and thing.kind in _HINTED else f"the {thing.name}"
        told_apart = thing.color and all(other.color and other.color != thing.color for other in rivals)
        if told_apart and not hints:
            return f"the {thing.color} {thing.name}"
        group = self.groups[thing.noun.same]
        return _by_place(thing, group) if self._is_orderly(group, rivals) else None

    def _is_orderly(self, group: Sequence[Thing], rivals: Sequence[Thing]) -> bool:
        """Whether the group is all there is, so that one of it may be called the leftmost or the largest."""
        same = group[0].noun.same
        apart = all(thing.single and thing.is_object for thing in group) and not unclear(group)
        return apart and len(rivals) == len(group) - 1 and (len(group) == 1 or self._agrees(same, len(group)))

    def _rivals(self, thing: Thing) -> list[Thing]:
        if not thing.single:
            return [o for o in self.groups[thing.noun.same] if o is not thing and o.noun.number is thing.noun.number]
        same = thing.noun.same
        could_be = wider(same)
        rivals = [other for other in self.groups[same] if other is not thing]
        for other, group in self.groups.items():
            if other != same and (other in could_be or other.rpartition(" ")[2] == thing.noun.singular):
                rivals.extend(group)
        return rivals

    def find(self, words: Iterable[str]) -> list[Thing]:
        """Return one thing for each of these nouns that is in the image, the largest of its name."""
        found = []
        for word in words:
            group = [thing for thing in self.groups.get(word, ()) if thing.key not in self.parts]
            if group:
                found.append(max(group, key=lambda thing: (thing.placed, thing.box.area)))
        return found

    def place(self) -> tuple[PlaceKind, list[Thing]] | None:
        """Return the kind of place that three things or more point to, ahead of all others; None where none is."""
        votes = Counter({name: len(found) for name, found in self._votes().items()})
        ranked = votes.most_common(2)
        if not ranked or ranked[0][1] < 3 or (len(ranked) > 1 and ranked[1][1] == ranked[0][1]):
            return None
        name = ranked[0][0]
        place = next(place for place in PLACES if place.name == name)
        signs = self.find(sorted(self._votes()[name]))
        return (place, signs) if len(signs) >= 3 else None

    def _votes(self) -> dict[str, list[str]]:
        return {
            name: found
            for name, signs in _signs().items()
            if (found := [same for same in self.groups if same in signs])
        }


def unclear(group: Sequence[Thing]) -> bool:
    """Whether two of them overlap so that they may be one thing, or one a part of the other."""
    for position, one in enumerate(group):
        for other in group[position + 1 :]:
            shared = one.box.intersection(other.box)
            smaller = min(one.box.area, other.box.area)
            if shared > INSIDE * smaller or UNCLEAR < one.box.iou(other.box) <= SAME_THING:
                return True
    return False


def a(thing: Thing, *, plain: bool = False) -> str:
    """Return the thing as it is first spoken of: "a red car", "grass", "trees", "a pair of jeans"."""
    name = thing.name if plain else " ".join([*thing.looks, thing.name])
    if thing.noun.number is Number.ONE:
        return article(name)
    return f"a pair of {name}" if thing.noun.number is Number.PAIR else name


def left_of(one: Thing, other: Thing) -> bool:
    """Whether the first is clearly further to the left in the image."""
    return _before(one.box.x1, one.box.x2, other.box.x1, other.box.x2)


def above(one: Thing, other: Thing) -> bool:
    """Whether the first is clearly higher up in the image."""
    return _before(one.box.y1, one.box.y2, other.box.y1, other.box.y2)


def _before(start: float, end: float, other_start: float, other_end: float) -> bool:
    apart = (other_start + other_end) / 2 - (start + end) / 2
    return apart >= MARGIN and end - other_start <= _OVERLAP * min(end - start, other_end - other_start)


def where(box: Box) -> str:
    """Return the part of the image that the box lies in: "on the left side", "in the upper right"; "" where none."""
    across = _third(box.x1, box.x2)
    down = _third(box.y1, box.y2)
    return _PARTS.get((across, down), "")


def _third(start: float, end: float) -> int | None:
    """Return -1, 0 or 1 for an extent that lies in the first, middle or last part; None for one that spreads."""
    center = (start + end) / 2
    if end - start > _BROAD:
        return None
    if center < _SIDE:
        return -1 if end < 0.56 else None
    if center > 1 - _SIDE:
        return 1 if start > 0.44 else None
    return 0 if 0.42 <= center <= 0.58 else None


_PARTS = {
    (-1, -1): "in the upper left",
    (-1, 0): "on the left side",
    (-1, 1): "in the lower left",
    (-1, None): "on the left side",
    (0, -1): "at the top",
    (0, 0): "in the middle",
    (0, 1): "at the bottom",
    (0, None): "in the middle",
    (1, -1): "in the upper right",
    (1, 0): "on the right side",
    (1, 1): "in the lower right",
    (1, None): "on the right side",
    (None, -1): "in the upper part",
    (None, 1): "in the lower part",
}
_MANY = word_set("several many few multiple various numerous lots")
_GROUP = 3
"""A "group of people" are at least so many."""
_HINTED = frozenset(
    {
        "person",
        "animal",
        "vehicle",
        "furniture",
        "kitchenware",
        "food",
        "electronics",
        "decoration",
        "light",
        "building",
        "opening",
        "structure",
        "accessory",
        "textile",
        "container",
        "appliance",
        "plant",
    }
)


def _by_place(thing: Thing, group: Sequence[Thing]) -> str | None:
    others = [other for other in group if other is not thing]
    name = thing.name if all(other.name == thing.name for other in others) else written(thing.noun.same)
    apart = all((other.box.center[0] < 0.5) is not (thing.box.center[0] < 0.5) for other in others)
    for before, word in ((left_of, "left"), (above, "top")):
        if all(before(thing, other) for other in others):
            return _END_NAMES[word if apart or word == "top" else "further", len(group) == 2][0].format(name)
        if all(before(other, thing) for other in others):
            return _END_NAMES[word if apart or word == "top" else "further", len(group) == 2][1].format(name)
    if all(thing.box.area > _MUCH * other.box.area for other in others):
        return f"the largest {name}"
    if all(_MUCH * thing.box.area < other.box.area for other in others):
        return f"the smallest {name}"
    return name_in_row(thing, group, name)


_END_NAMES = {
    ("left", True): ("the {} on the left", "the {} on the right"),
    ("further", True): ("the {} further left", "the {} further right"),
    ("further", False): ("the leftmost {}", "the rightmost {}"),
    ("left", False): ("the leftmost {}", "the rightmost {}"),
    ("top", True): ("the upper {}", "the lower {}"),
    ("top", False): ("the topmost {}", "the lowest {}"),
}


@cache
def _signs() -> dict[str, frozenset[str]]:
    return {place.name: frozenset(sign.replace("_", " ") for sign in place.signs.split()) for place in PLACES}


def several_of(group: Sequence[Thing]) -> str:
    """Return the plural name of a group: its own name where all share one, else the common one."""
    names = {thing.name for thing in group}
    return plural(names.pop() if len(names) == 1 else written(group[0].noun.same))


def listed(things: Sequence[Thing], *, plain: bool = False) -> str:
    """Return the things as a list: "a red car, two people and grass"."""
    return joined([a(thing, plain=plain) for thing in things])
