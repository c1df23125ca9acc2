"""Things: annotated objects whose names are understood, each thing once however often it was annotated."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from svit.boxes import Box
from svit.english.grammar import (
    COLORS,
    MATERIALS,
    QUALITIES,
    SHAPES,
    SIZES,
    STATES,
    Noun,
    Number,
    adjective,
    in_order,
    is_color,
)
from svit.offline.scene.phrases import NounPhrase, name_phrase
from svit.records import ImageContext

SAME_THING = 0.5
"""At this IoU two boxes of one name are one thing. ChatterBox's 0.25 would join neighbours in a row; what overlaps
less than this but more than `UNCLEAR` is kept apart and not counted."""
UNCLEAR = 0.12
OTHER_NAME = 0.7
"""At this IoU two names of one kind are two words for one thing (ChatterBox does the same at 0.7)."""
_WHOLE = 0.4
INSIDE = 0.8
"""A box of the same name that lies inside another by this share may be a second look at it, or a part of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """One thing in the image: the label it was annotated with, its noun, its box and what it is like.

    A thing that only a sentence speaks of is not `placed`: its box is the whole image and tells nothing.
    """

    key: int
    label: str
    name: str
    noun: Noun
    box: Box
    adjectives: tuple[str, ...] = ()
    placed: bool = True
    is_object: bool = True
    """False for what only a region shows: the same thing may be shown by several, so it can't be counted."""

    @property
    def several(self) -> bool:
        """Whether the verb is plural: trees, pants."""
        return self.noun.number in (Number.MANY, Number.PAIR)

    @property
    def single(self) -> bool:
        """Whether it is one countable thing with a singular name."""
        return self.noun.number is Number.ONE

    @property
    def kind(self) -> str:
        """What kind of thing it is: furniture, animal, ..."""
        return self.noun.kind

    @property
    def color(self) -> str | None:
        """Its color where annotators agree on one."""
        colors = [word for word in self.adjectives if is_color(word)]
        return colors[0] if len(colors) == 1 else None

    @property
    def material(self) -> str | None:
        """What it is made of, as a noun, where annotators say one thing."""
        found = [MATERIALS[word] for word in self.adjectives if word in MATERIALS]
        return found[0] if len(found) == 1 else None

    @property
    def state(self) -> str | None:
        """A condition such as parked or open."""
        found = [word for word in self.adjectives if word in STATES]
        return found[0] if len(found) == 1 else None

    @property
    def looks(self) -> tuple[str, ...]:
        """The adjectives that may stand before its name, in their order, two at most."""
        before = [word for word in self.adjectives if word not in STATES and not is_color(word)]
        color = self.color
        material = self.material
        kept = [word for word in before if word not in MATERIALS or MATERIALS[word] == material]
        return tuple(in_order([*kept[:1], color] if color else kept[:2]))

    @property
    def is_(self) -> str:
        """The verb "be" after the thing."""
        return "are" if self.several else "is"

    @property
    def does(self) -> str:
        """The verb "do" after the thing."""
        return "do" if self.several else "does"

    @property
    def has(self) -> str:
        """The verb "have" after the thing."""
        return "have" if self.several else "has"

    @property
    def be(self) -> str:
        """The verb after "there": "there is a pair of jeans", "there are trees"."""
        return "are" if self.noun.number is Number.MANY else "is"

    @property
    def it(self) -> str:
        """The pronoun as an object of the sentence."""
        return "them" if self.several else "it"


Naming = tuple[int | None, str, NounPhrase, Box, tuple[str, ...]]
"""The id of an object or None for a region, its label, the phrase that this is, its box and known adjectives."""


def things_of(
    phrases: Iterable[Naming],
) -> tuple[list[Thing], dict[int, int]]:
    """Return the things that the named boxes show, largest first, and the key of the thing that each id belongs to."""
    ordered = sorted(phrases, key=lambda item: (-len(item[2].name.split()), -item[3].area))
    kept: list[tuple[str, NounPhrase, Box, list[str]]] = []
    objects: set[int] = set()
    home: dict[int, int] = {}
    for identity, label, phrase, box, attributes in ordered:
        found = [*phrase.adjectives, *attributes]
        key = next((i for i, other in enumerate(kept) if _is_same(phrase.noun, box, other[1].noun, other[2])), None)
        if key is None:
            key = len(kept)
            kept.append((label, phrase, box, found))
        else:
            kept[key][3].extend(found)
        if identity is not None:
            home[identity] = key
            objects.add(key)
    made = [
        Thing(key, label, phrase.name, phrase.noun, box, _agreeing(found, phrase.noun), is_object=key in objects)
        for key, (label, phrase, box, found) in enumerate(kept)
    ]
    return made, home


def named_objects(context: ImageContext) -> Iterable[Naming]:
    """Yield the id, label, understood name, box and known adjectives of each object."""
    for thing in context.objects:
        phrase = name_phrase(thing.name)
        if phrase and phrase.how_many is None and not _is_the_image(phrase, thing.box):
            yield thing.id, thing.name, phrase, thing.box, tuple(filter(None, map(adjective, thing.attributes)))


def _is_the_image(phrase: NounPhrase, box: Box) -> bool:
    """Whether a "photo", or a "picture" over much of the image, is the image itself, as some annotators have it."""
    name = phrase.noun.singular
    return name in ("photo", "photograph") or (name in ("picture", "painting") and box.area > _WHOLE)


def with_adjectives(thing: Thing, more: Iterable[str]) -> Thing:
    """Return the thing with what else was said of it."""
    found = _agreeing([*thing.adjectives, *more], thing.noun)
    return replace(thing, adjectives=found)


def _is_same(noun: Noun, box: Box, other: Noun, other_box: Box) -> bool:
    if noun.kind != other.kind:
        return False
    overlap = box.iou(other_box)
    if noun.same == other.same:
        return overlap > SAME_THING
    return overlap > OTHER_NAME


_PERSONAL = frozenset({"tall", "small", "young", "elderly", "bald", "smiling", "old"}) | STATES
_ONLY_PEOPLE = frozenset(
    {"young", "elderly", "bald", "smiling", "walking", "running", "sleeping", "jumping", "swimming"}
)
_STATE_KINDS: dict[str, frozenset[str]] = {
    "on": frozenset({"electronics", "light", "appliance"}),
    "off": frozenset({"electronics", "light", "appliance"}),
    "lit": frozenset({"light", "structure"}),
    "parked": frozenset({"vehicle"}),
    "moving": frozenset({"vehicle"}),
    "locked": frozenset({"vehicle", "opening"}),
    "open": frozenset({"opening", "furniture", "container", "stationery", "accessory", "textile", "electronics"}),
    "closed": frozenset({"opening", "furniture", "container", "stationery", "accessory", "textile", "appliance"}),
    "empty": frozenset({"furniture", "kitchenware", "container", "glass", "ground"}),
    "full": frozenset({"container", "kitchenware", "furniture"}),
    "flying": frozenset({"animal", "vehicle"}),
    "swimming": frozenset({"animal", "person"}),
    "stacked": frozenset({"stationery", "kitchenware", "container"}),
    "hanging": frozenset({"decoration", "textile", "clothing", "light", "structure", "kitchenware"}),
    "standing": frozenset({"person", "animal"}),
    "sitting": frozenset({"person", "animal"}),
    "lying": frozenset({"person", "animal"}),
}
_OPPOSITES = (
    frozenset({"open", "closed"}), frozenset({"on", "off", "lit"}), frozenset({"empty", "full"}),
    frozenset({"large", "small", "huge", "tiny"}), frozenset({"tall", "short"}), frozenset({"long", "short"}),
    frozenset({"old", "new", "young", "modern", "antique"}), frozenset({"clean", "dirty"}), frozenset({"wet", "dry"}),
    frozenset({"dark", "bright", "clear"}), frozenset({"standing", "sitting", "lying", "walking", "running"}),
    frozenset({"parked", "moving"}), frozenset({"round", "square", "rectangular", "oval", "circular"}),
    frozenset({"wide", "narrow"}), frozenset({"thick", "thin"}), frozenset({"cluttered", "tidy"}), frozenset(COLORS),
)  # fmt: skip
_SOFT = frozenset({"person", "animal", "body", "food", "drink", "plant", "ground", "water", "sky", "land"})


def _agreeing(found: Iterable[str], noun: Noun) -> tuple[str, ...]:
    """Return the adjectives that suit the noun, without those that contradict each other."""
    words = list(dict.fromkeys(word for word in found if _suits(word, noun)))
    if len(words) > 1:
        for opposed in _OPPOSITES:
            clash = [word for word in words if word.rpartition(" ")[2] in opposed]
            if len(clash) > 1:
                agree = len({word.rpartition(" ")[2] for word in clash}) == 1
                words = [word for word in words if word not in clash[agree:]]
    return tuple(words)


def _suits(word: str, noun: Noun) -> bool:
    if word == noun.singular or word == noun.text:
        return False
    if word in _STATE_KINDS:
        return noun.kind in _STATE_KINDS[word]
    if noun.kind == "person":
        return word in _PERSONAL
    if word in _ONLY_PEOPLE:
        return noun.kind == "animal" and word not in ("bald", "elderly", "smiling")
    if word in MATERIALS:
        return noun.kind not in _SOFT and not word.startswith(noun.singular)
    if word in ("blonde",):
        return noun.singular in ("hair", "beard", "ponytail")
    return word in SIZES | SHAPES | QUALITIES or noun.kind not in ("text",) or is_color(word)
