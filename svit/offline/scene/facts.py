"""Reading an image's annotations into things and facts: objects, relationships, regions and captions."""

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from svit.boxes import Box
from svit.english.lexicon import SAME, WIDER
from svit.offline.scene.phrases import Clause, NounPhrase, clause, plurals_of
from svit.offline.scene.plausibility import plausible, rephrased, turned
from svit.offline.scene.predicates import Relation, relation
from svit.offline.scene.things import Naming, Thing, named_objects, things_of, with_adjectives
from svit.records import ImageContext

_EVERYWHERE = Box(0, 0, 1, 1)
_SHOWN = 0.7
"""A region speaks of a thing that lies inside it by at least this share."""
_ENOUGH_NOUNS = 10
_MOST_PHRASES = 150
_PICTURE_OF = re.compile(
    r"^(?:an? |the )?(?:[a-z ]{0,16})?(?:photo|picture|image|view|shot|photograph|close[ -]?up) of "
)
_CLAUSE_END = re.compile(r" (?:while|as|when|that|who|which|and (?:is|are|has|was)) .*$|,.*$")


class SceneFact(NamedTuple):
    """Something annotated about two things: the man (subject) is holding (link) an umbrella (target)."""

    subject: Thing
    link: Relation
    target: Thing


class SceneReading:
    """What the annotations say, collected in their order: objects first, then relationships, regions and captions."""

    def __init__(self, context: ImageContext) -> None:
        """Read everything."""
        named = list(named_objects(context))
        regions = [(region.box, clause(region.phrase)) for region in context.regions[:_MOST_PHRASES]]
        found = [(box, said) for box, said in regions if said]
        named.extend(_from_regions(found, {item[2].noun.same for item in named}))
        self.things, self._home = things_of(named)
        self.facts: list[SceneFact] = []
        self._parts: set[int] = set()
        self._known: set[tuple[int, str, int | str]] = set()
        self._adjectives: dict[int, list[str]] = {}
        self._by_same: dict[str, list[Thing]] = {}
        for thing in self.things:
            self._by_same.setdefault(thing.noun.same, []).append(thing)
        self.hints = _plural_hints([r.phrase for r in context.regions[:_MOST_PHRASES]] + list(context.captions))
        self._relationships(context)
        for box, said in found:
            self._said(said, box)
        for caption in context.captions:
            self._said_of_image(caption)
        self._finish()

    def _relationships(self, context: ImageContext) -> None:
        for link in context.relationships:
            ends = self._home.get(link.subject), self._home.get(link.object)
            meant = relation(link.predicate)
            if meant and ends[0] is not None and ends[1] is not None:
                if meant.text == "of":
                    self._parts.add(ends[0])
                self._add(self.things[ends[0]], meant, self.things[ends[1]])

    @property
    def parts(self) -> frozenset[int]:
        """The keys of what annotators call a part of something else: the bowl of a spoon is no bowl."""
        return frozenset(self._parts)

    def _said(self, said: Clause, box: Box) -> None:
        subject = self._shown(said.subject, box) or self._new(said.subject)
        if subject is None:
            return
        self._adjectives.setdefault(subject.key, []).extend((*said.subject.adjectives, *said.adjectives))
        if said.link and said.target:
            target = self._shown(said.target, box)
            if target is None and said.link.verb not in _OWN and said.link.text != "with":
                target = self._only(said.target)
            if target is None:
                target = self._mentioned(said.target)
            elif said.target.adjectives:
                self._adjectives.setdefault(target.key, []).extend(said.target.adjectives)
            if target is not None:
                self._add(subject, said.link, target)

    def _said_of_image(self, caption: str) -> None:
        text = _CLAUSE_END.sub("", _PICTURE_OF.sub("", caption.lower().strip(" .")))
        said = clause(text)
        if said is None:
            return
        subject = self._only(said.subject) or self._mentioned(said.subject)
        if subject is not None and said.link and said.target:
            target = self._only(said.target) or self._mentioned(said.target)
            if target is not None:
                self._add(subject, said.link, target)

    def _add(self, subject: Thing, link: Relation, target: Thing) -> None:
        swapped = turned(subject.noun, link, target.noun)
        if swapped:
            subject, link, target = target, swapped[1], subject
        link = rephrased(subject.noun, link, target.noun)
        known = (subject.key, link.text, target.key if target.placed else target.noun.same)
        if subject.key == target.key or known in self._known or not plausible(subject.noun, link, target.noun):
            return
        if _fits_the_boxes(subject, link, target):
            self._known.add(known)
            self.facts.append(SceneFact(subject, link, target))

    def _compatible(self, phrase: NounPhrase) -> list[Thing]:
        same = phrase.noun.same
        found = list(self._by_same.get(same, ()))
        for other in _kin().get(same, ()):
            found.extend(self._by_same.get(other, ()))
        return [thing for thing in found if thing.noun.number is phrase.noun.number]

    def _shown(self, phrase: NounPhrase, box: Box) -> Thing | None:
        """Return the one thing of that name that the region shows; None where there is none, or a choice."""
        if phrase.how_many not in (None, 1):
            return None
        inside = [
            thing
            for thing in self._compatible(phrase)
            if thing.placed and thing.box.intersection(box) >= _SHOWN * thing.box.area
        ]
        exact = [thing for thing in inside if thing.noun.same == phrase.noun.same] or inside
        if len(exact) > 1:
            best = [thing for thing in exact if thing.box.iou(box) > 2 * _SHOWN / 3]
            exact = best if len(best) == 1 else []
        return exact[0] if exact else None

    def _only(self, phrase: NounPhrase) -> Thing | None:
        found = self._compatible(phrase)
        found = [thing for thing in found if thing.placed] or found
        return found[0] if len(found) == 1 and phrase.how_many in (None, 1) else None

    def _new(self, phrase: NounPhrase) -> Thing | None:
        """Return a thing for the first phrase that speaks of such a thing at all, where no object does."""
        return None if self._compatible(phrase) or phrase.noun.kind in _PARTS else self._mentioned(phrase)

    def _mentioned(self, phrase: NounPhrase) -> Thing | None:
        """Return a new thing that has no place in the image, for something only a sentence speaks of."""
        is_thing = phrase.noun.kind not in ("part", "text") and phrase.noun.same != "picture"
        if phrase.how_many not in (None, 1) or not is_thing:
            return None
        thing = Thing(
            len(self.things), phrase.name, phrase.name, phrase.noun, _EVERYWHERE, placed=False, is_object=False
        )
        self.things.append(with_adjectives(thing, phrase.adjectives))
        self._by_same.setdefault(phrase.noun.same, []).append(self.things[-1])
        return self.things[-1]

    def _finish(self) -> None:
        for key, more in self._adjectives.items():
            self.things[key] = with_adjectives(self.things[key], more)
        self.facts = [SceneFact(self.things[s.key], link, self.things[t.key]) for s, link, t in self.facts]


def wider(same: str) -> frozenset[str]:
    """Return the words that the word could mean as well: a person may be a man."""
    return _wider().get(same, frozenset())


@cache
def _wider() -> dict[str, frozenset[str]]:
    return {word: frozenset(other.replace("_", " ") for other in others.split()) for word, others in WIDER.items()}


@cache
def _kin() -> dict[str, frozenset[str]]:
    """Return for each word those that are wider or narrower."""
    kin: dict[str, set[str]] = {}
    for word, others in _wider().items():
        for other in others - {word}:
            kin.setdefault(word, set()).add(other)
            kin.setdefault(other, set()).add(word)
    return {word: frozenset(others) for word, others in kin.items()}


def _from_regions(found: Iterable[tuple[Box, Clause]], objects: set[str]) -> Iterable[Naming]:
    """Yield what regions show, where there are few nouns among the objects and not this one.

    A region of a noun phrase, of "the sink is silver" or of "canoe floating in the water" has its subject's box.
    """
    if len(objects) >= _ENOUGH_NOUNS:
        return
    for box, said in found:
        phrase = said.subject
        about_one = said.link is None or (said.link.verb and said.link.verb not in _HELD_APART)
        if (
            about_one
            and phrase.how_many in (None, 1)
            and phrase.noun.same not in objects
            and phrase.noun.kind not in _PARTS
        ):
            yield None, phrase.name, phrase, box, said.adjectives


_PARTS = frozenset({"part", "body", "text"})
_OWN = frozenset({"wearing", "holding", "carrying"})
"""Two people don't wear one jacket: what a phrase says of such a thing holds for no other."""
_HELD_APART = frozenset({"looking", "watching", "facing"})


def _plural_hints(texts: Iterable[str]) -> dict[str, set[str]]:
    hints: dict[str, set[str]] = {}
    for text in texts:
        for singular, before in plurals_of(text):
            hints.setdefault(SAME.get(singular, singular), set()).add(before)
    return hints


_NEAR = 0.12


def _fits_the_boxes(subject: Thing, link: Relation, target: Thing) -> bool:
    """Whether the boxes allow it: what is above lies higher, what is near is not far."""
    if not (subject.placed and target.placed):
        return True
    one, other = subject.box, target.box
    if link.text == "above":
        return one.center[1] < other.center[1]
    if link.text in ("below", "under"):
        return one.center[1] > other.center[1]
    gap = max(one.x1 - other.x2, other.x1 - one.x2, one.y1 - other.y2, other.y1 - one.y2)
    if link.text in ("next to", "near", "behind", "in front of") or link.verb in (
        "looking",
        "watching",
        "facing",
        "waiting",
    ):
        return gap < 2 * _NEAR
    return gap < _NEAR
