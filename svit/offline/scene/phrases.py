"""Reading short English phrases: noun phrases, "A is red", "A on B". Only what is understood to the end is returned."""

import re
from functools import lru_cache
from typing import NamedTuple

from svit.english.grammar import Noun, Number, adjective, is_color, noun_of, nouns, number_value
from svit.english.lexicon import word_set
from svit.offline.scene.predicates import Relation, is_verb, relation

_WORDS = re.compile(r"[a-z0-9]+(?:[-'][a-z0-9]+)*")
_STRANGE = re.compile(r"[^A-Za-z0-9 ,.'\-]")
_OPENING = re.compile(
    r"^(?:there (?:is|are)|there's|this is|these are|it is|it's|the (?:photo|picture|image) (?:is of|shows)) "
)
_CLOSING = re.compile(
    r"(?:,? (?:is|are|can be))?(?: (?:seen|visible|present|shown|here|there))?"
    r" (?:in|on) (?:the|this) (?:photo|picture|image|photograph|scene|background|foreground|distance)$"
    r"| (?:is|are) (?:visible|seen|here|present|there|shown)$| (?:seen )?here$"
)
_DETERMINERS = word_set("a an the this that these those some his her their its my one")
_VAGUE = word_set("several many few multiple various numerous lots")
_GOES_ON = word_set("""on in at with and near next by behind under over above below of for to is are that who which
        while beside inside
    against along through as during into from around between across down up""")


_REMEMBERED = 4096
"""Names and phrases come back within an image, and from image to image."""


_JOINS = frozenset({"of", "on", "in", "with"})
"""In names such as "arm of a person" and "paper on desk"."""


class NounPhrase(NamedTuple):
    """A noun with its adjectives: `name` is the noun with the nouns before it, `how_many` what a number word says."""

    name: str
    noun: Noun
    adjectives: tuple[str, ...]
    how_many: int | None
    end: int


class Clause(NamedTuple):
    """A subject, and either what it is like (adjectives, no target) or what it has to do with the target."""

    subject: NounPhrase
    adjectives: tuple[str, ...] = ()
    link: Relation | None = None
    target: NounPhrase | None = None
    is_whole: bool = True


def words_of(text: str) -> list[str]:
    """Return the words in lower case; none at all for text with signs that no plain phrase has."""
    return [] if _STRANGE.search(text) else _WORDS.findall(text.lower())


@lru_cache(maxsize=_REMEMBERED)
def name_phrase(name: str) -> NounPhrase | None:
    """Return the noun phrase that an object's name is; None where it is anything else, or not understood."""
    if len(name) > 40:
        return None
    words = words_of(name)
    phrase = _noun_phrase(words, 0)
    if phrase and phrase.end < len(words):
        rest = _noun_phrase(words, phrase.end + 1) if words[phrase.end] in _JOINS else None
        return phrase if rest and rest.end == len(words) else None
    return phrase


@lru_cache(maxsize=_REMEMBERED)
def clause(text: str) -> Clause | None:
    """Return what the phrase says; None where it is not understood."""
    if len(text) > 160:
        return None
    plain = _CLOSING.sub("", _OPENING.sub("", text.lower().strip(" .,")).strip(" .,"))
    words = words_of(plain) if "," not in plain else []
    subject = _noun_phrase(words, 0)
    if subject is None:
        return None
    if subject.end == len(words):
        return Clause(subject)
    return _described(subject, words) or _related(subject, words)


@lru_cache(maxsize=_REMEMBERED)
def plurals_of(text: str) -> tuple[tuple[str, str], ...]:
    """Return each plural noun of the text by its singular, with the word that stands before it."""
    words = _WORDS.findall(text.lower())
    forms = nouns()
    found = []
    for position, word in enumerate(words):
        noun = forms.get(word)
        if noun and noun.number is Number.MANY:
            pair = forms.get(f"{words[position - 1]} {word}") if position else None
            before = _counting_word(words, position)
            found.append(((pair or noun).singular, before))
    return tuple(found)


def is_known(word: str) -> bool:
    """Whether it is a noun, an adjective, a verb form or a small word that is known here."""
    small = word in _DETERMINERS or word in _GOES_ON or word in _VAGUE or number_value(word) is not None
    return small or word in nouns() or adjective(word) is not None or is_verb(word) or word in _SMALL


_SMALL = word_set("it and or but out off there their group full each other his her some while very all top")


def _counting_word(words: list[str], position: int) -> str:
    for back in range(1, 4):
        word = words[position - back] if position >= back else ""
        if number_value(word) is not None or word in _VAGUE:
            return word
        if word == "of" or word in _DETERMINERS or not word:
            return word
    return ""


def _noun_phrase(words: list[str], start: int) -> NounPhrase | None:
    at, count = start, None
    while at < len(words) and (words[at] in _DETERMINERS or number_value(words[at]) is not None):
        value = number_value(words[at])
        count = value if value is not None else count
        at += 1
    if at < len(words) and words[at] in _VAGUE:
        at, count = at + 1, 0
    adjectives, at = _adjectives(words, at)
    chain = at + _compound(words, at)
    while chain < len(words) and words[chain] in nouns() and chain < at + 3:
        chain += 1
    if chain == at:
        return None
    return _named(words[at:chain], adjectives, count, chain)


def _named(chain: list[str], adjectives: list[str], count: int | None, end: int) -> NounPhrase | None:
    for size in (3, 2, 1):
        noun = noun_of(" ".join(chain[-size:])) if size <= len(chain) else None
        if noun:
            before = chain[:-size]
            if any(_is_no_modifier(word) for word in before):
                return None
            return NounPhrase(" ".join([*before, noun.text]), noun, tuple(adjectives), count, end)
    return None


def _is_no_modifier(word: str) -> bool:
    noun = noun_of(word)
    return noun is None or noun.kind in ("person", "body", "animal", "text", "part") or noun.number is not Number.ONE


def _adjectives(words: list[str], at: int) -> tuple[list[str], int]:
    found: list[str] = []
    while at < len(words) and not _compound(words, at):
        pair = adjective(" ".join(words[at : at + 2])) if at + 1 < len(words) else None
        if pair and at + 2 < len(words):
            found.append(pair)
            at += 2
            continue
        one = adjective(words[at])
        if not one or one in ("on", "off") or (words[at] in nouns() and not _begins_noun(words, at + 1)):
            break
        found.append(one)
        at += 1
        next_word = words[at] if at < len(words) else ""
        pair_of_colors = next_word == "and" and is_color(one) and adjective(" ".join(words[at + 1 : at + 2]))
        at += bool(pair_of_colors or next_word == "colored")
    return found, at


def _compound(words: list[str], at: int) -> int:
    """Return how many words the noun of several words has that begins here: "flat screen tv"; 0 where none does."""
    fits = (size for size in (3, 2) if at + size <= len(words) and " ".join(words[at : at + size]) in nouns())
    return next(fits, 0)


def _begins_noun(words: list[str], at: int) -> bool:
    return at < len(words) and (words[at] in nouns() or adjective(words[at]) is not None)


def _described(subject: NounPhrase, words: list[str]) -> Clause | None:
    """Read "the wall is white (in color)" and "the monitor is turned off"."""
    if words[subject.end] not in ("is", "are"):
        return None
    rest = words[subject.end + 1 :]
    if len(rest) > 2 and rest[-2] == "in" and rest[-1] in ("color", "colour"):
        rest = rest[:-2]
    while rest and rest[0] in ("very", "color", "colour", "so", "all"):
        rest = rest[1:]
    whole = adjective(" ".join(rest))
    found = [whole] if whole else [adjective(word) for word in rest if word != "and"]
    if not found or len(found) > 3:
        return None
    kept = tuple(word for word in found if word)
    return Clause(subject, kept) if len(kept) == len(found) else None


def _related(subject: NounPhrase, words: list[str]) -> Clause | None:
    start = subject.end
    for size in (5, 4, 3, 2, 1):
        if start + size >= len(words):
            continue
        link = relation(" ".join(words[start : start + size]))
        target = _noun_phrase(words, start + size) if link else None
        if link and target:
            whole = target.end == len(words)
            if whole or words[target.end] in _GOES_ON:
                return Clause(subject, (), link, target, is_whole=whole)
            return None
    return None
