"""Which relationships make sense between which kinds of things, and in which words."""

from svit.english.grammar import Noun, Number
from svit.english.lexicon import word_set
from svit.offline.scene.predicates import Relation

_ANIMATE = frozenset({"person", "animal"})
_SMALL = word_set("""accessory kitchenware food drink sports toy tool stationery container textile plant music
        electronics clothing
    decoration glass light""")
_SOLID = _SMALL | {"furniture", "appliance", "vehicle", "footwear", "structure"}
_STANDS_ON = _SMALL | {
    "furniture",
    "appliance",
    "vehicle",
    "ground",
    "structure",
    "building",
    "land",
    "footwear",
    "animal",
}
_MOVABLE = _SOLID | _ANIMATE
_ANYTHING = _SOLID | _ANIMATE | {"building", "land", "water", "ground", "opening", "sky"}
_WEARABLE = frozenset({"clothing", "footwear", "accessory"})
_RIDEABLE = word_set("""bicycle motorcycle scooter horse elephant pony donkey camel skateboard surfboard snowboard
        skis wave bus train boat
    carriage raft kayak canoe cow moped sled tram""")
_NOT_WORN = frozenset({"suitcase", "briefcase", "umbrella", "luggage", "cane", "wallet", "parasol"})
_ENTERED = frozenset(
    {"container", "vehicle", "building", "place", "water", "kitchenware", "ground", "furniture", "glass"}
)
_NEIGHBORS = frozenset({"next to", "near", "behind", "in front of", "above", "below", "under", "along"})
_POSTURES = frozenset({"sitting", "standing", "lying", "leaning", "kneeling", "perched"})
_PROGRESS = frozenset({"walking", "running", "swimming", "surfing", "sleeping", "skateboarding", "skiing", "climbing"})
_TRAFFIC = frozenset({"parked", "driving", "traveling", "moving"})
_EATEN = frozenset({"food", "drink"})
_OWNED_BY_ANIMATE = _WEARABLE | {"body"}
_PARTS_OF: dict[str, frozenset[str]] = {
    "vehicle": frozenset({"part", "opening", "light", "text"}),
    "building": frozenset({"opening", "part", "structure", "light", "decoration"}),
    "furniture": frozenset({"part"}),
    "electronics": frozenset({"part"}),
    "appliance": frozenset({"part"}),
    "clothing": frozenset({"text"}),
    "plant": frozenset(),
}
_LEAVES_OF = {"plant": "leaf flower branch petal stem trunk tree_trunk".replace("_", " ").split()}


def plausible(subject: Noun, link: Relation, target: Noun) -> bool:
    """Whether the relation may hold between such things: people wear clothes, cars park, walls wear nothing."""
    if link.verb:
        return _acts(subject, link, target)
    if link.text in _NEIGHBORS:
        return subject.kind in _ANYTHING - {"sky", "ground", "water"} and target.kind in _ANYTHING - {"sky"}
    check = _STATIC.get(link.text)
    return check is not None and check(subject, target)


def _acts(subject: Noun, link: Relation, target: Noun) -> bool:
    verb = link.verb
    if verb == "wearing":
        return subject.kind in _ANIMATE and _is_worn(target) and not _one_of_two(target)
    if verb in ("holding", "carrying", "throwing", "catching", "swinging"):
        return subject.kind == "person" and target.kind in _SMALL and target.singular not in _NOT_HELD
    if verb == "riding":
        return subject.kind in _ANIMATE and target.same in _RIDEABLE
    if verb in ("eating", "drinking", "cutting"):
        return subject.kind in _ANIMATE and (target.kind in _EATEN or (target.same == "grass" and verb == "eating"))
    if verb in _POSTURES or verb in _PROGRESS or verb == "waiting":
        return subject.kind in _ANIMATE and target.kind in _ANYTHING - {"sky"} and _not_worn_on(link, target)
    return _acts_rarely(subject, link, target)


def _acts_rarely(subject: Noun, link: Relation, target: Noun) -> bool:
    verb = link.verb
    if verb in _TRAFFIC:
        return subject.kind == "vehicle" and target.kind in {
            "ground",
            "building",
            "structure",
            "vehicle",
            "plant",
            "place",
        }
    if verb == "crossing":
        return subject.kind in _ANIMATE | {"vehicle"} and target.kind == "ground"
    if verb == "reading":
        return subject.kind == "person" and target.singular in {
            "book",
            "newspaper",
            "magazine",
            "menu",
            "map",
            "letter",
        }
    if verb in ("looking", "watching", "facing", "petting", "feeding"):
        return subject.kind in _ANIMATE and target.kind in _ANYTHING and (verb in _LOOKS or target.kind == "animal")
    if verb in ("using", "playing", "pushing", "pulling", "kicking", "hitting", "working"):
        return subject.kind == "person" and target.kind in _SOLID - {"clothing", "light", "decoration", "plant"}
    if verb == "grazing":
        return subject.kind == "animal" and target.kind in {"ground", "plant", "land"}
    if verb == "growing":
        return subject.kind == "plant" and target.kind in _ANYTHING - _ANIMATE
    if verb == "flying":
        return subject.kind in {"animal", "vehicle", "sports"} and target.kind in {"sky", "land", "water", "ground"}
    return _rests(subject, link, target)


def _rests(subject: Noun, link: Relation, target: Noun) -> bool:
    if link.verb in ("covered", "filled"):
        return subject.kind in {"furniture", "ground", "kitchenware", "container", "land"} and target.kind in _SMALL | {
            "ground"
        }
    things = _SOLID - {"vehicle"} | {"opening"}
    if link.verb in ("hanging", "mounted", "attached", "stacked", "resting", "placed", "displayed", "connected"):
        supports = _STANDS_ON | {"opening"} if link.verb != "stacked" else _STANDS_ON
        return subject.kind in things - {"opening", "animal"} and target.kind in supports - _ANIMATE
    return link.verb in ("docked", "floating") and subject.kind == "vehicle" and target.kind in {"water", "structure"}


_LOOKS = frozenset({"looking", "watching", "facing"})
_NOT_HELD = frozenset(
    {
        "shirt",
        "pants",
        "jeans",
        "shorts",
        "dress",
        "skirt",
        "curtain",
        "carpet",
        "rug",
        "fireplace",
        "street light",
        "headlight",
        "planter",
        "tank",
    }
)


def _is_worn(noun: Noun) -> bool:
    worn = noun.kind in _WEARABLE or noun.singular in (
        "glasses",
        "baseball glove",
        "mitt",
        "skis",
        "crown",
        "roller skate",
    )
    return worn and noun.singular not in _NOT_WORN and "bag" not in noun.singular.split()


def _one_of_two(noun: Noun) -> bool:
    """Whether it is a single shoe or glove: true, but nobody says that somebody wears a shoe."""
    pairwise = noun.kind == "footwear" or noun.singular in ("sock", "glove", "mitten", "earring", "knee pad")
    return pairwise and noun.number is Number.ONE


def _not_worn_on(link: Relation, target: Noun) -> bool:
    if link.text.endswith((" on", " in")):
        return target.kind not in _WEARABLE | {"person", "stationery", "decoration", "sports", "food"}
    return True


def _on(subject: Noun, target: Noun) -> bool:
    if subject.kind in _ANIMATE:
        return target.kind in {"furniture", "ground", "vehicle", "structure", "sports", "textile", "land"} or (
            subject.kind == "person" and target.same in _RIDEABLE
        )
    if subject.kind in {"structure", "opening", "light", "decoration", "text"} and target.kind in {
        "building",
        "structure",
    }:
        return subject.singular != target.singular
    supports = _STANDS_ON - {"stationery", "plant", "accessory", "clothing", "animal", "music"}
    return subject.kind in _SOLID - {"footwear", "clothing"} and target.kind in supports and subject.same != target.same


def _in(subject: Noun, target: Noun) -> bool:
    if subject.kind == "sky" or target.singular in ("sky", "glasses"):
        return subject.kind in {"sky", "animal"} and target.singular == "sky" and subject.singular != "sky"
    fits = subject.kind in _MOVABLE | {"plant"} and target.kind in _ENTERED and subject.same != target.same
    if subject.kind in _ANIMATE or subject.kind in {"vehicle", "furniture"}:
        return fits and target.kind not in {"container", "kitchenware", "glass"}
    return fits and not (subject.kind == "structure" and target.kind == "vehicle")


def _has(subject: Noun, target: Noun) -> bool:
    if subject.kind in _ANIMATE:
        return target.kind in _OWNED_BY_ANIMATE if subject.kind == "person" else target.kind == "body"
    if subject.kind == "plant":
        return target.singular in _LEAVES_OF["plant"] and target.same != subject.same
    return target.kind in _PARTS_OF.get(subject.kind, ()) and target.number is not Number.MASS and _not_vague(target)


def _not_vague(noun: Noun) -> bool:
    return noun.singular not in ("shadow", "reflection", "ceiling", "line", "plank", "magnet", "arrow", "stripe")


def _at(subject: Noun, target: Noun) -> bool:
    return subject.kind in _ANIMATE and target.kind in {"furniture", "place", "structure"}


def _inside(subject: Noun, target: Noun) -> bool:
    return _in(subject, target) and target.kind != "ground"


def _against(subject: Noun, target: Noun) -> bool:
    return subject.kind in _SOLID and target.kind in {"structure", "building", "furniture"}


def _on_side(subject: Noun, target: Noun) -> bool:
    return subject.kind in {"structure", "vehicle", "plant", "text", "light"} and target.kind in {
        "building",
        "ground",
        "vehicle",
    }


_STATIC = {
    "on": _on,
    "on top of": _on,
    "in": _in,
    "inside": _inside,
    "with": _has,
    "at": _at,
    "against": _against,
    "on the side of": _on_side,
}


def turned(subject: Noun, link: Relation, target: Noun) -> tuple[Noun, Relation, Noun] | None:
    """Return the relation seen from its other end, where annotators like to write it that way round; else None.

    "jacket on man" is "man wearing jacket", "handle of door" is "door with handle", "shirt" in "man in shirt" is worn.
    """
    if link.text in ("on", "of") and target.kind in _ANIMATE and _is_worn(subject):
        return target, Relation("wearing", "wearing"), subject
    if link.text == "of" and target.kind in _ANIMATE and subject.kind == "body":
        return target, Relation("with"), subject
    if link.text in ("of", "on") and _has(target, subject) and target.kind not in _ANIMATE:
        return target, Relation("with"), subject
    return None


def rephrased(subject: Noun, link: Relation, target: Noun) -> Relation:
    """Return the relation in the words that fit these things: a lamp "sitting on" a desk is "on" it."""
    if subject.kind not in _ANIMATE and link.verb in ("sitting", "standing", "lying", "resting", "placed"):
        return Relation(link.text.partition(" ")[2])
    if subject.kind == "person" and link.text in ("in", "with") and _is_worn(target):
        return Relation("wearing", "wearing")
    return link
