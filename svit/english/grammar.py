"""English forms of the vocabulary: articles, plurals, agreement, lists, numbers, adjectives."""

import re
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import cache
from typing import NamedTuple

from svit.english.lexicon import ALWAYS_PLURAL, MASS, PAIRS, SAME, VOCABULARY, word_set


class Number(Enum):
    """How a noun is counted: one thing, several things, a mass, or one thing with a plural name such as "pants"."""

    ONE = "one"
    MANY = "many"
    MASS = "mass"
    PAIR = "pair"


class Noun(NamedTuple):
    """A noun as written, the singular it stands for, what kind of thing that is, and how it is counted."""

    text: str
    singular: str
    kind: str
    number: Number

    @property
    def same(self) -> str:
        """The singular under which other names of the same sort of thing are filed, too: couch for sofa."""
        return SAME.get(self.singular, self.singular)


_IRREGULAR = {
    "man": "men", "woman": "women", "person": "people", "child": "children", "foot": "feet", "tooth": "teeth",
    "goose": "geese", "mouse": "mice", "knife": "knives", "leaf": "leaves", "shelf": "shelves",
    "bookshelf": "bookshelves",
    "loaf": "loaves", "wolf": "wolves", "calf": "calves", "scarf": "scarves", "hoof": "hooves", "sheep": "sheep",
    "deer": "deer", "fish": "fish", "bison": "bison", "moose": "moose", "shrimp": "shrimp", "potato": "potatoes",
    "tomato": "tomatoes", "mango": "mangoes", "cactus": "cacti", "policeman": "policemen", "gentleman": "gentlemen",
    "fisherman": "fishermen", "cameraman": "cameramen", "aircraft": "aircraft",
}  # fmt: skip
_WRITTEN = {
    "tv": "TV",
    "suv": "SUV",
    "dvd": "DVD",
    "cd": "CD",
    "cpu": "CPU",
    "atm": "ATM",
    "xbox": "Xbox",
    "lego": "Lego",
}
_AN = re.compile(r"(?:hour|honest|heir|[aeio]|u(?!n[io][^n]|s[aeu]|t[ei]|ri|k)|SUV|ATM|Xbox)", re.IGNORECASE)
_NOT_AN = re.compile(r"(?:one\b|once|eu|ewe)", re.IGNORECASE)
_NUMBERS = (
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)


def plural(noun: str) -> str:
    """Return the plural of a singular noun; of several words, the last one changes."""
    before, _, last = noun.rpartition(" ")
    lead = f"{before} " if before else ""
    low = last.lower()
    if noun in MASS or noun in PAIRS or noun in ALWAYS_PLURAL or last in PAIRS:
        return noun
    if low in _IRREGULAR:
        return lead + _IRREGULAR[low]
    if re.search(r"(s|x|z|ch|sh)$", low):
        return f"{noun}es"
    if re.search(r"[^aeiou]y$", low):
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def article(phrase: str) -> str:
    """Return the phrase with "a" or "an" before it, by its sound: an hour, a uniform, an umbrella, an SUV."""
    return f"an {phrase}" if _AN.match(phrase) and not _NOT_AN.match(phrase) else f"a {phrase}"


def joined(parts: Sequence[str], last: str = "and") -> str:
    """Return the parts as a list in words: "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def number_word(count: int) -> str:
    """Return the count in words up to twelve, in digits above."""
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def number_value(word: str) -> int | None:
    """Return the value of a number word or of digits; None for any other word."""
    if word in _NUMBERS:
        return _NUMBERS.index(word)
    return int(word) if word.isascii() and word.isdigit() and len(word) < 5 else None


def sentence(text: str) -> str:
    """Return the text with a capital letter and a full stop, its inner capitals untouched."""
    text = text.strip()
    end = "" if text[-1:] in ".!?" else "."
    return f"{text[:1].upper()}{text[1:]}{end}"


def with_first_letter_small(text: str) -> str:
    """Return the text to be read after a comma: "A man" becomes "a man", "TV" stays."""
    return text if text[1:2].isupper() else f"{text[:1].lower()}{text[1:]}"


def written(noun: str) -> str:
    """Return the noun as it is spelled in running text: TV, SUV, DVD player."""
    if not _WRITTEN.keys().isdisjoint(noun.split()):
        return " ".join(_WRITTEN.get(word, word) for word in noun.split())
    return noun


def generic(singular: str) -> tuple[str, bool]:
    """Return the noun in general, and whether its verb is plural: ("umbrellas", True), ("water", False)."""
    noun = noun_of(singular)
    if noun and noun.number is Number.MASS:
        return written(singular), False
    return plural(written(singular)), True


@cache
def nouns() -> dict[str, Noun]:
    """Return every noun form of the vocabulary, singular and plural, in lower case."""
    forms: dict[str, Noun] = {}
    for kind, words in VOCABULARY.items():
        for word in (entry.replace("_", " ") for entry in words.split()):
            forms.setdefault(word, Noun(written(word), word, kind, _number(word)))
    for noun in list(forms.values()):
        if noun.number is Number.ONE:
            many = plural(noun.singular)
            forms.setdefault(many, Noun(plural(noun.text), noun.singular, noun.kind, Number.MANY))
    forms["glasses"] = Noun("glasses", "glasses", "glass", Number.MANY)
    return forms


def noun_of(text: str) -> Noun | None:
    """Return the vocabulary's noun of that form; None for any other word."""
    return nouns().get(text)


def _number(word: str) -> Number:
    name = word.replace(" ", "_")
    if name in MASS:
        return Number.MASS
    if name in PAIRS:
        return Number.PAIR
    return Number.MANY if name in ALWAYS_PLURAL else Number.ONE


COLORS = word_set("""white black red blue brown green yellow gray silver tan orange beige purple pink gold golden
        maroon blonde ivory
    burgundy lavender turquoise teal khaki cream""")
SHADES = frozenset({"light", "dark", "bright", "pale", "navy"})
MATERIALS: dict[str, str] = {
    "wooden": "wood", "metal": "metal", "glass": "glass", "plastic": "plastic", "brick": "brick", "leather": "leather",
    "stone": "stone", "steel": "steel", "stainless steel": "stainless steel", "ceramic": "ceramic",
    "concrete": "concrete", "granite": "granite", "wicker": "wicker", "porcelain": "porcelain", "iron": "iron",
    "brass": "brass", "cardboard": "cardboard", "marble": "marble", "chrome": "chrome", "velvet": "velvet",
    "cement": "cement", "clay": "clay", "hardwood": "hardwood", "wrought iron": "wrought iron",
}  # fmt: skip
"""Adjective -> the material's noun."""
SIZES = frozenset({"large", "huge", "small", "tall", "long", "short", "wide", "narrow", "tiny", "thin", "thick"})
SHAPES = frozenset({"round", "square", "rectangular", "oval", "curved", "flat", "circular"})
PATTERNS = frozenset(
    {
        "striped",
        "plaid",
        "checkered",
        "floral",
        "patterned",
        "colorful",
        "multicolored",
        "printed",
        "flowered",
        "spotted",
    }
)
QUALITIES = word_set("""old new clean dirty shiny wet dry dark bright clear fresh ripe folded framed faded
        decorated painted paved cloudy
    cluttered calm young elderly bald smiling stuffed sliced potted upholstered tiled carpeted fluffy furry modern
    antique busy crowded leafy bare grassy sandy snowy rocky muddy decorative blank tidy rusty worn broken""")
STATES = word_set("""parked open closed empty full lit off on standing sitting walking running sleeping lying
        jumping hanging stacked
    locked moving flying swimming""")
"""Conditions that stand after the verb: "the car is parked"."""
_SPELLED = {
    "grey": "gray", "wood": "wooden", "big": "large", "little": "small", "huge": "huge", "metallic": "metal",
    "seated": "sitting", "shut": "closed", "illuminated": "lit", "turned off": "off", "switched off": "off",
    "turned on": "on", "switched on": "on", "opened": "open", "blond": "blonde", "multi-colored": "multicolored",
    "multi colored": "multicolored", "colourful": "colorful", "checked": "checkered", "bricks": "brick",
    "made of bricks": "brick", "made of wood": "wooden", "made of glass": "glass", "made of metal": "metal",
    "woods": "wooden", "older": "old", "powered off": "off", "not on": "off", "laying": "lying", "asleep": "sleeping",
    "rectangle": "rectangular", "metalic": "metal", "in color": "", "stainless": "stainless steel",
}  # fmt: skip
_COLOR_TAIL = re.compile(r"[ -]?(?:colou?red|in colou?r|colou?r)$")
_ORDER = (SIZES, QUALITIES, SHAPES, PATTERNS)


@cache
def adjective(text: str) -> str | None:
    """Return the adjective in its one spelling (grey is gray, wood is wooden); None where its grammar isn't known."""
    text = _COLOR_TAIL.sub("", text.lower().strip(" .,"))
    text = _SPELLED.get(text, text)
    if is_color(text) or text in MATERIALS or text in STATES or any(text in words for words in _ORDER):
        return text
    return None


def is_color(text: str) -> bool:
    """Whether it is a color word, with or without a shade: red, dark red."""
    shade, _, color = text.rpartition(" ")
    return color in COLORS and (not shade or shade in SHADES)


def in_order(adjectives: Iterable[str]) -> list[str]:
    """Return the adjectives as they stand before a noun: size, quality, shape, pattern, color, material."""
    return sorted(adjectives, key=_rank)


def _rank(text: str) -> int:
    for rank, words in enumerate(_ORDER):
        if text in words:
            return rank
    return len(_ORDER) + (text in MATERIALS)
