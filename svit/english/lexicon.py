"""What everybody knows about the things that pictures show, read once from `lexicon.toml` beside this module.

General knowledge about a sort of thing, never about one picture. The nouns are the frequent object names of Visual
Genome (arXiv 1602.07332) and the categories of MS-COCO (arXiv 1405.0312); the sentences are our own.
"""

from pathlib import Path

import msgspec


def word_set(words: str) -> frozenset[str]:
    """Return the words of a list in a string; an underscore joins the words of one entry."""
    return frozenset(word.replace("_", " ") for word in words.split())


class PlaceKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of place: what points to it, and what people do there. `inside` is False outdoors."""

    name: str
    signs: str
    activity: str
    visitor: str
    inside: bool


class Lexicon(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tables of `lexicon.toml`; it says there what each is for."""

    mass: str
    pairs: str
    always_plural: str
    vocabulary: dict[str, str]
    same: dict[str, str]
    wider: dict[str, str]
    uses: dict[str, str]
    tips: dict[str, str]
    made_of: dict[str, str]
    holds: dict[str, str]
    animals: dict[str, str]
    worn: dict[str, str]
    carried: dict[str, str]
    ridden: dict[str, str]
    weight: dict[str, int]
    kind_names: dict[str, str]
    places: tuple[PlaceKind, ...]

    def __post_init__(self) -> None:
        """Raise ValueError for a noun of two kinds, and for an entry whose sentence lacks one of its halves."""
        kinds: dict[str, str] = {}
        for kind, words in self.vocabulary.items():
            for word in words.split():
                if word in kinds:
                    raise ValueError(f"vocabulary: '{word}' stands in '{kinds[word]}' and in '{kind}'")
                kinds[word] = kind
        for kind in self.kind_names:
            if kind not in self.vocabulary:
                raise ValueError(f"kind_names: '{kind}' is no kind of the vocabulary")
        for name, table, mark in (
            ("tips", self.tips, ", because "),
            ("worn", self.worn, "|"),
            ("carried", self.carried, "|"),
        ):
            for word, text in table.items():
                if not all(half.strip() for half in text.partition(mark)):
                    raise ValueError(f"{name}: '{word}' needs a text on either side of '{mark.strip()}'")


def decoded_lexicon(toml: str) -> Lexicon:
    """Return the lexicon of a TOML text; ValueError says which table or word is wrong."""
    return msgspec.toml.decode(toml, type=Lexicon)


_LEXICON = decoded_lexicon(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))

VOCABULARY = _LEXICON.vocabulary
"""Every noun that a writer may use, by kind; an underscore joins the words of one noun."""
MASS = word_set(_LEXICON.mass)
"""Nouns without a plural and without "a"."""
PAIRS = word_set(_LEXICON.pairs)
"""Nouns that are plural though one thing: "a pair of pants"."""
ALWAYS_PLURAL = word_set(_LEXICON.always_plural)
"""Nouns that are only used in the plural, with no count."""
SAME = _LEXICON.same
"""Words that may be two names for one thing; they are counted together, or not at all."""
WIDER = _LEXICON.wider
"""A word, and the words that "the word" could mean as well when both are in the picture."""
USES = _LEXICON.uses
"""Completes "... are used to ...": the purpose of things of that name."""
TIPS = _LEXICON.tips
"""Advice: an imperative with its reason. `{it}` is it or them."""
MADE_OF = _LEXICON.made_of
"""Completes "... are usually made of ..."."""
HOLDS = _LEXICON.holds
"""What things of that name usually contain."""
ANIMALS = _LEXICON.animals
"""What an animal of that name needs or does."""
WORN = _LEXICON.worn
"""What wearing it tells: a general sentence, and a careful conclusion."""
CARRIED = _LEXICON.carried
"""What holding or carrying it tells: a general sentence, and a careful conclusion."""
RIDDEN = _LEXICON.ridden
"""What riding it means."""
WEIGHT = _LEXICON.weight
"""A rough rank by usual weight; only far-apart ranks are compared."""
KIND_NAMES = _LEXICON.kind_names
"""How a whole kind is called."""
PLACES = _LEXICON.places
"""Kinds of places."""
