"""Checks of what a text says about the scene against what is annotated there. Annotators don't see all: they warn."""

import re
from collections.abc import Iterable, Iterator, Set
from functools import cache, lru_cache
from itertools import pairwise

from svit.boxes import Box
from svit.english.grammar import Noun, Number, noun_of, nouns, number_value
from svit.english.lexicon import SAME, WIDER, word_set
from svit.judge.checks.base import excerpt
from svit.judge.prefilter import look
from svit.mentions import mentions
from svit.records import Draft, Flaw, ImageContext

_CERTAIN_KINDS = word_set(
    """animal vehicle furniture appliance electronics kitchenware food clothing footwear accessory container sports toy
    music structure"""
)
_MEANS_MORE = word_set(
    """animal insect bear bull duck chicken turkey calf lamb seal kid bat fish fly crane cat dog swan goose vehicle bus
    train carriage coach ship rocket shuttle seat bench bar table counter desk rack bed cabinet closet furniture pew
    range iron fan sink shower heater tub screen monitor remote tablet speaker camera phone radio controller charger
    scanner cup plate pan pot dish fork tray glass food fruit vegetable dessert meal orange apple pepper chip chips
    cream salt sugar sauce fish egg meat bean beans pea nut nuts berry lime roll bun jam date toast pie steak corn
    suit tie coat dress shirt gown clothing clothes outfit uniform vest top boot boots heel heels shoe shoes
    cap hat helmet ring band bow belt watch crown mask bag visor badge patch medal token coin goggles baggage luggage
    box can case bin tank jar bucket package envelope container bottle planter cooler flask
    ball goal bat club kite ski skis net board racket racquet dart dumbbell toy doll balloon swing slide puzzle lego
    drum bass horn
    sign pole post fence wall gate step steps ramp pier deck dock column pillar barrier cone net arch railing bridge
    tunnel cage barricade light stairs staircase awning canopy walk"""
)
"""Nouns that are verbs, colors or parts too, that many a thing may be called, or that a scene has without a word."""
_GENERAL = re.compile(
    r"""
    \b(?: used\ to | usually | often | as\ a\ rule | likely | because | may | might | could | would | should | must
      | can\ (?!be\ seen|see) | if | people | to\ (?:carry|hold|keep|wear|avoid|prevent) | so\ that | such\ as | no
      | not | without | needs? )\b
    | n['’]t\b | ^\W*(?:wear|taking|\w+\ it)\b
    """,
    re.VERBOSE,
)
_SENTENCE = re.compile(r"[^.!?]++")
_COUNTED_KINDS = word_set("animal vehicle furniture appliance electronics sports toy music accessory kitchenware")
_NUMBERS = "two|three|four|five|six|seven|eight|nine|ten"
_COUNT = re.compile(
    r"\b(?:there (?:are|were)|(?:one|you|we|i) can see"
    r"|the (?:image|picture|photo|scene) (?:shows|features|contains|has))"
    rf" (?:exactly |only |a total of )?({_NUMBERS}) ([a-z]+(?: [a-z]+)?)\b"
)
_MAY_COUNT = look(
    rf"(?:there (?:are|were)|can see|shows|features|contains|has) (?:exactly |only |a total of )?(?:{_NUMBERS}) "
)
_APART = 0.1
"""Boxes of one name that overlap by no more are two things."""

_BESIDE = (
    ",? (?:which |that |who )?(?:is|are|stands|sits|lies) "
    "(?:located |positioned |situated |placed |standing |sitting )?(?:just |directly |slightly |far )?"
    "(?:(to the left of|to the right of|left of|right of|above|below|higher than|lower than)"
    "|(?:on|at) the (left|right) side of) (?:the |an? |his |her )?"
)
_SIDE = re.compile(_BESIDE)
_MAY_SIDE = look(rf"\]{_BESIDE}<st>")
_CLEARLY = 0.05
"""As a share of the image, between the centers of two things that lie otherwise than a text says."""


def objects_are_supported(draft: Draft) -> Iterator[Flaw]:
    """Yield unsupported_object, a warning, for an object noun of an answer that nothing in the context speaks of.

    As in CHAIR (arXiv 1809.02156) the nouns are those of a vocabulary, and names, aliases, phrases, captions, the
    questions before it and other words for the same sort of thing support one. Words with other meanings are left out,
    and so are sentences about what is usual, possible or to be done.
    """
    said = _certain_forms() & set(_letters(draft.lowered).split())
    if not said:
        return
    context = draft.prompt.context
    known = _words_of(context)
    unsupported = {word for word in said if not _is_supported(word, known)}
    if not unsupported:
        return
    told: set[str] = set()
    for turn in draft.turns:
        told |= set(_letters(turn.question.lower()).split())
        for word in _claimed(turn.answer.lower(), unsupported):
            if not _is_supported(word, told):
                at = turn.answer.lower().find(word)
                yield Flaw("unsupported_object", f"{word}: {excerpt(turn.answer, at, at + len(word))}"[:120], "warn")
                told.add(word)


def _claimed(answer: str, words: set[str]) -> Iterator[str]:
    """Yield those of the words that the answer says to be in the image."""
    if words.isdisjoint(_letters(answer).split()):
        return
    for sentence in _SENTENCE.findall(answer):
        if not _GENERAL.search(sentence):
            yield from (word for word in _letters(sentence).split() if word in words)


def counts_are_annotated(draft: Draft) -> Iterator[Flaw]:
    """Yield wrong_count_claim, a warning, for "there are three dogs" where annotators saw others: more, or one only.

    Only a noun that no other name in this image may mean, too, is counted, and a larger number is only wrong where no
    annotator speaks of several, as they often box but a few.
    """
    if not _MAY_COUNT(draft.lowered):
        return
    for turn in draft.turns:
        lowered = turn.answer.lower()
        for match in _COUNT.finditer(lowered) if _MAY_COUNT(lowered) else ():
            noun, count = _counted(match[2]), number_value(match[1])
            if noun and count and _contradicts(draft.prompt.context, noun, count):
                yield Flaw("wrong_count_claim", excerpt(turn.answer, match.start(), match.end()), "warn")


def sides_are_right(draft: Draft) -> Iterator[Flaw]:
    """Yield wrong_side_claim, a warning, for "<st>A<ed> [..] is left of <st>B<ed> [..]" against the boxes' centers."""
    if not _MAY_SIDE(draft.lowered):
        return
    for turn in draft.turns:
        found = mentions(turn.answer) if _MAY_SIDE(turn.answer.lower()) else []
        for one, other in pairwise(found):
            claim = _SIDE.fullmatch(turn.answer[one.end : other.start].lower())
            if claim and len(one.boxes) == len(other.boxes) == 1 and len(one.boxes[0]) == len(other.boxes[0]) == 4:
                side = (claim[1] or claim[2]).replace("to the ", "").split()[0]
                if _is_wrong(side, one.boxes[0], other.boxes[0]):
                    yield Flaw("wrong_side_claim", excerpt(turn.answer, one.start, other.end), "warn")


def _is_wrong(side: str, one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    axis = 0 if side in ("left", "right") else 1
    beyond = (one[axis] + one[axis + 2] - other[axis] - other[axis + 2]) / 2
    return beyond > _CLEARLY if side in ("left", "above", "higher") else beyond < -_CLEARLY


def _counted(words: str) -> Noun | None:
    noun = noun_of(words) or noun_of(words.split()[0])
    return noun if noun and noun.number is Number.MANY and noun.kind in _COUNTED_KINDS else None


def _contradicts(context: ImageContext, noun: Noun, count: int) -> bool:
    names = ((item, item.name.lower()) for item in context.objects)
    there = [(item, known) for item, name in names if (known := noun_of(name) or noun_of(name.rpartition(" ")[2]))]
    ours = [item.box for item, known in there if known.singular == noun.singular]
    if not ours or noun.same in WIDER or any(_may_be(known, noun) for _, known in there):
        return False
    apart = _how_many_apart(ours)
    if apart > count:
        return True
    words = _words_of(context)
    return apart == len(ours) == 1 and noun.text.lower().split()[-1] not in words


def _may_be(known: Noun, noun: Noun) -> bool:
    """Whether another noun of the image may be said of such a thing, too."""
    return known.singular != noun.singular and (
        known.same == noun.same or known.singular == noun.kind or noun.singular in known.singular.split()
    )


def _how_many_apart(boxes: Iterable[Box]) -> int:
    apart: list[Box] = []
    for box in boxes:
        if all(box.iou(other) <= _APART and box.intersection(other) < 0.5 * box.area for other in apart):
            apart.append(box)
    return len(apart)


def _words_of(context: ImageContext) -> frozenset[str]:
    """Return all words of the annotations; they are kept with the context, for the other tasks' answers about it."""
    kept = context.__dict__
    if "_words" not in kept:
        kept["_words"] = frozenset(_letters(" ".join(_texts(context)).lower()).split())
    words: frozenset[str] = kept["_words"]
    return words


def _texts(context: ImageContext) -> Iterator[str]:
    for item in context.objects:
        yield item.name
        yield from item.aliases
        yield from item.attributes
    for region in context.regions:
        yield region.phrase
    yield from context.captions


_MARKS = str.maketrans(dict.fromkeys(".,;:!?\"'()[]<>/\n“”’-0123456789", " "))
"""Digits as well: a box is many words of them, and no name of a thing has any."""
_ASCII_MARKS = bytes(_MARKS.get(byte, chr(byte)).encode()[0] for byte in range(128)) + bytes(range(128, 256))


def _letters(text: str) -> str:
    if text.isascii():
        return text.encode().translate(_ASCII_MARKS).decode()
    return text.translate(_MARKS)


@cache
def _certain_forms() -> frozenset[str]:
    """Return the single words, in the singular and in the plural, that name a thing and nothing else."""
    return frozenset(
        form
        for form, noun in nouns().items()
        if noun.kind in _CERTAIN_KINDS and " " not in form and not {form, noun.singular} & _MEANS_MORE
    )


@cache
def _supporting(word: str) -> frozenset[str]:
    """Return the words of which any supports this one: its forms, other names, and what may be called so."""
    noun = noun_of(word)
    if noun is None:
        return frozenset({word})
    names = {noun.singular, noun.same, *(one for one, other in SAME.items() if other == noun.same)}
    for one, others in WIDER.items():
        group = {other.replace("_", " ") for other in others.split()}
        if noun.same in group or noun.singular in group:
            names.add(one)
        if one in (noun.same, noun.singular):
            names |= group
    if noun_of(noun.kind):
        names.add(noun.kind)
    forms = {form for form, known in nouns().items() if known.singular in names}
    return frozenset(part for name in {*names, *forms, word} for part in _letters(name).split()[-1:])


@lru_cache(maxsize=4096)
def _is_near(word: str, known: str) -> bool:
    return len(word) > 3 and word.rstrip("s") in known


def _is_supported(word: str, known: Set[str]) -> bool:
    return not _supporting(word).isdisjoint(known) or any(_is_near(word, other) for other in known)
