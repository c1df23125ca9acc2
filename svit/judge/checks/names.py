"""Checks of a mention's name against its boxes: one box or several, and of such a thing as the name says."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import chain, pairwise

from svit.english.grammar import Noun, Number, noun_of
from svit.english.lexicon import WIDER, word_set
from svit.judge.annotation_index import places_of
from svit.judge.checks.base import excerpt
from svit.judge.checks.grounding import SAME_PLACE, box_of
from svit.mentions import Coordinates, mentions, tidy_once
from svit.records import Draft, Flaw, ImageContext

_NEARLY_THERE = 0.3
"""The intersection over union from which on an annotation can still vouch for a name."""
_ONE_THING = 0.25
"""Boxes of one name that overlap by more are one thing that was annotated twice, as in ChatterBox's cleaning."""

_AFTER_HEAD = re.compile(
    r" (?:of|in|on|with|without|at|near|by|from|for|to|behind|under|over|that|who|wearing|holding|sitting|standing"
    r"|walking|riding|playing|eating|looking|carrying|hanging|lying|parked)\b.*"
)
_SEVERAL = re.compile(r"(?:two|three|four|five|six|seven|eight|nine|ten|several|many|multiple|both)\b")
_MAY_BE_SEVERAL = re.compile(r"\b(?:and|&|each|every|all|any|or|pair|set|group|row|\d+)\b|,")
_PLURALS = frozenset({"men", "women", "children", "people", "feet", "teeth", "geese", "mice", "oxen"})
_SINGULARS = frozenset(
    (
        *("glasses", "eyeglasses", "sunglasses", "goggles", "binoculars", "spectacles", "jeans", "pants", "shorts"),
        *("trousers", "overalls", "tights", "leggings", "slacks", "pajamas", "pyjamas", "clothes", "scissors"),
        *("pliers", "tongs", "tweezers", "headphones", "earphones", "suspenders", "khakis", "stairs", "steps"),
        *("blinds", "bleachers", "handlebars", "curtains", "drapes", "bangs", "reins", "tracks", "gas", "canvas"),
        *("lens", "atlas", "series", "species", "news", "christmas", "texas", "overpass", "chaos", "suds"),
        *("surroundings", "groceries", "remains", "headquarters", "crossroads", "woods", "outskirts", "ruins"),
        *("rapids", "grounds"),
    )
)
"""Names in -s of one thing, or of things that annotators box as one."""

_MALE = word_set("man boy groom cowboy policeman fisherman cameraman")
_FEMALE = word_set("woman girl bride waitress")
_LOOSE = tuple(
    map(
        word_set,
        (
            "car truck van suv jeep taxi vehicle ambulance police_car trailer bus",
            "train locomotive wagon carriage tram trolley",
            "motorcycle scooter bicycle",
            "boat ship ferry canoe kayak raft sailboat",
            "table desk counter shelf",
            "chair couch armchair bench stool seat",
            "cabinet drawer dresser closet shelf bookshelf wardrobe",
            "bag handbag backpack suitcase shopping_bag paper_bag plastic_bag tote_bag",
            "cup glass wine_glass bottle jar vase pot drink",
            "plate bowl dish platter tray saucer",
            "tree bush plant flower leaf branch hedge grass trunk ivy fern forest woods",
            "rock stone boulder cliff mountain hill",
            "jacket coat shirt sweater hoodie sweatshirt vest blouse dress suit uniform t-shirt tank_top jersey robe "
            "clothing clothes outfit top",
            "pants shorts skirt dress leggings sweatpants clothing clothes outfit uniform suit",
            "hat helmet visor hood beanie",
            "shoe boot sneaker sandal slipper cleat flip-flop foot",
            "head face hair forehead",
            "hand arm wrist finger thumb",
            "leg foot knee paw hoof",
            "horse pony donkey",
            "cow bull calf bison",
            "sheep lamb goat",
            "dog puppy",
            "cat kitten",
            "computer laptop monitor keyboard tv",
            "wall building house roof tower shop church hotel",
            "fence railing gate rail barrier guard_rail",
            "window door glass doorway entrance curtain blinds",
            "pole street_light traffic_light sign street_sign lamp light post",
            "bed mattress blanket sheet bedspread comforter quilt bedding pillow",
            "towel cloth napkin tablecloth rug",
            "book magazine paper newspaper notebook menu",
            "picture poster mirror sign frame",
            "skis ski pole ski_pole",
            "sky cloud",
        ),
    )
)
"""Words that annotators use for one thing, or for the whole and what one sees of it."""
_STUFF = frozenset({"ground", "water", "land", "place", "sky"})
"""Kinds without edges: where the street ends and the road begins is anybody's guess."""
_GENERAL = {
    **{"animal": "animal", "vehicle": "vehicle", "furniture": "furniture", "food": "food", "plant": "plant"},
    **{"clothing": "clothing", "clothes": "clothing", "outfit": "clothing", "building": "building", "toy": "toy"},
    **{"drink": "drink", "beverage": "drink", "fruit": "food", "vegetable": "food", "dessert": "food"},
}
"""Words for everything of a kind."""
_WIDER = {word: frozenset(wider.replace("_", " ") for wider in words.split()) for word, words in WIDER.items()}


def plural_names_have_boxes(draft: Draft) -> Iterator[Flaw]:
    """Yield plural_with_one_box for "men" with a single box, unless annotators called that very place so."""
    context = draft.prompt.context

    def lacks_boxes(name: str, boxes: tuple[Coordinates, ...]) -> bool:
        return len(boxes) == 1 and _is_plural(name) and not _is_named_so(name, boxes[0], context)

    return _flaws(draft, "plural_with_one_box", lacks_boxes)


def singular_names_have_one_box(draft: Draft) -> Iterator[Flaw]:
    """Yield singular_with_many for "man" with boxes of several places; "group of men" and "man and dog" are spared."""
    return _flaws(draft, "singular_with_many", lambda name, boxes: len(boxes) > 1 and _is_one(name) and _apart(boxes))


def names_fit_their_boxes(draft: Draft) -> Iterator[Flaw]:
    """Yield box_name_mismatch where a box is annotated as something else than its mention's noun says.

    An object's name or alias or a region's phrase that is about there vouches for a noun by the same word, by another
    word for such a thing or by a wider one. A noun for which none does is a flaw when this image has such a thing in
    another place, or when all that is annotated there are known words for other things. What the vocabulary doesn't
    know, and this image has nowhere, is spared.
    """
    fits = _fitting(draft.prompt.context)
    return _flaws(draft, "box_name_mismatch", lambda name, boxes: not all(fits(name, box) for box in boxes))


def _flaws(draft: Draft, code: str, fault: Callable[[str, tuple[Coordinates, ...]], bool]) -> Iterator[Flaw]:
    """Yield the mentions with that fault; each name with its boxes is tried once."""
    tidy = tidy_once(draft.texts)
    named = tidy.named if tidy else {found[:2] for text in draft.texts for found in mentions(text)}
    faulty = {mention for mention in named if fault(*mention)}
    for text in draft.texts if faulty else ():
        for name, boxes, start, end in mentions(text):
            if (name, boxes) in faulty:
                yield Flaw(code, excerpt(text, start, end))


@lru_cache(maxsize=1024)
def _is_plural(name: str) -> bool:
    name = name.strip().casefold()
    head = _head(name)
    if _SEVERAL.match(name) or head in _PLURALS:
        return True
    return len(head) > 3 and head.endswith("s") and not head.endswith(("ss", "us", "is")) and head not in _SINGULARS


def _is_one(name: str) -> bool:
    name = name.strip().casefold()
    noun = _noun(name)
    if not noun or noun.number is not Number.ONE or _SEVERAL.match(name):
        return False
    return not _MAY_BE_SEVERAL.search(_AFTER_HEAD.sub("", name)) and noun.singular not in _UNCHANGED


_UNCHANGED = word_set("sheep deer fish bison moose shrimp aircraft furniture group pair")
"""Nouns whose plural looks like the singular."""


def _apart(boxes: tuple[Coordinates, ...]) -> bool:
    """Whether two of the boxes are of different places."""
    places = [box for box in map(box_of, boxes) if box]
    return any(one.iou(other) <= _ONE_THING for one in places[:1] for other in places[1:])


def _is_named_so(name: str, coordinates: Coordinates, context: ImageContext) -> bool:
    """Whether an object or a region at the place of a mention has the mention's noun in its own name."""
    box, head = box_of(coordinates), _head(name.strip().casefold())
    if not box:
        return True
    return any(
        head in words and head in words.split() and box.iou(other) >= SAME_PLACE
        for other, words in places_of(context).annotations
    )


def _head(name: str) -> str:
    """Return the noun that a name turns on: "men" of "two men in hats"."""
    return _AFTER_HEAD.sub("", name).rpartition(" ")[2]


def _fitting(context: ImageContext) -> Callable[[str, Coordinates], bool]:
    """Return the question whether a box may have this name; a copied one is found by its left side."""
    places = places_of(context)

    def fits(name: str, coordinates: Coordinates) -> bool:
        word = _singular(name)
        for _, words in places.at(coordinates):
            if word in words:
                return True
        box = box_of(coordinates)
        if not box:
            return True
        there = [
            (words, overlap) for other, words in places.annotations if (overlap := box.iou(other)) >= _NEARLY_THERE
        ]
        if all(overlap < SAME_PLACE for _, overlap in there) or any(_vouches(words, name) for words, _ in there):
            return True
        if any(_is_of(name, item.name) for item in context.objects):
            return False
        objects = [item.name for item in context.objects if box.iou(item.box) >= SAME_PLACE]
        return not (_noun(name.strip().casefold()) and objects and all(_noun(words.casefold()) for words in objects))

    return fits


@lru_cache(maxsize=4096)
def _singular(name: str) -> str:
    """Return the noun of a name in the singular, in small letters."""
    noun = _noun(name.strip().casefold())
    return noun.singular if noun else _head(name.strip().casefold()) or name


@lru_cache(maxsize=4096)
def _vouches(words: str, name: str) -> bool:
    """Whether the annotators' words have the noun of the name in them, or one that may mean the same thing."""
    name = name.strip().casefold()
    head, noun = _head(name), _noun(name)
    stem = head.rstrip("s")
    if len(stem) > 2 and stem in words:
        return True
    return noun is not None and any(_may_be_one(noun, other) for other in _nouns(words))


def _is_of(name: str, annotated: str) -> bool:
    """Whether an object's name is the mention's noun, in the singular or in the plural."""
    one, other = _noun(name.strip().casefold()), _noun(annotated.casefold())
    if one and other:
        return one.same == other.same
    return _head(name.strip().casefold()).rstrip("s") == _head(annotated.casefold()).rstrip("s")


@lru_cache(maxsize=4096)
def _noun(name: str) -> Noun | None:
    """Return the vocabulary's noun at the end of a name, of two words where it has one: "stop sign"."""
    words = _AFTER_HEAD.sub("", name).split()
    return noun_of(" ".join(words[-2:])) or noun_of(words[-1]) if words else None


@lru_cache(maxsize=4096)
def _nouns(words: str) -> tuple[Noun, ...]:
    parts = words.replace(",", " ").replace(".", " ").split()
    found = map(noun_of, chain(parts, map(" ".join, pairwise(parts))))
    return tuple(noun for noun in found if noun)


@lru_cache(maxsize=4096)
def _may_be_one(noun: Noun, other: Noun) -> bool:
    """Whether two nouns may be said of one thing."""
    a, b = noun.same, other.same
    if a == b or b in _WIDER.get(a, ()) or a in _WIDER.get(b, ()):
        return True
    if noun.kind == other.kind == "person":
        return not ((a in _MALE and b in _FEMALE) or (a in _FEMALE and b in _MALE))
    if {noun.kind, other.kind} <= _STUFF or _GENERAL.get(a) == other.kind or _GENERAL.get(b) == noun.kind:
        return True
    if not set(a.split()).isdisjoint(b.split()):
        return True
    return any({a, b} <= loose or {noun.singular, other.singular} <= loose for loose in _LOOSE)
