"""Sentences for images of which little else can be said: other facts, positions, sizes, and what else there is."""

from svit.english.grammar import joined
from svit.offline.description.draft import DescriptionDraft
from svit.offline.description.layout import side_of
from svit.offline.fact_phrases import is_plain_part
from svit.offline.naming import distinct
from svit.offline.scene import a, left_of, listed, several_of, where

FEW_WORDS = 75
VERY_FEW_WORDS = 40
"""Where two boxes are all that is known, a comparison of them is what else is certain."""


def supplements(draft: DescriptionDraft) -> None:
    """Say more where little has been said: other facts, positions, and what else there is."""
    steps = (_more_facts, _plurals, _positions, _extras, _row, _extents)
    for step in steps:
        if draft.words() < FEW_WORDS:
            step(draft)
    if draft.words() < VERY_FEW_WORDS:
        _comparison(draft)


def _more_facts(draft: DescriptionDraft) -> None:
    """Tell the other facts, two of one subject in one sentence, and none from both of its ends."""
    told: set[frozenset[str]] = set()
    clauses: dict[str, list[str]] = {}
    for fact in draft.scene.facts[:16]:
        the, pair = draft.scene.the(fact.subject), frozenset({fact.subject.noun.same, fact.target.noun.same})
        known = (
            pair in told
            or pair in draft.pairs
            or (fact.subject.key, fact.link.text) in draft.told
            or is_plain_part(fact)
        )
        if the and not known:
            told.add(pair)
            clause = fact.link.clause(several=fact.subject.several)
            clauses.setdefault(the, []).append(f"{clause} {draft.other(fact.target)}")
    for the, said in clauses.items():
        if draft.words() < FEW_WORDS:
            draft.add(f"{the} {joined(said[:2])}")


def _positions(draft: DescriptionDraft) -> None:
    found = [(t, the, where(t.box)) for t in draft.scene.subjects if (the := draft.scene.the(t)) and where(t.box)]
    found = [item for item in found if draft.simple(item[0])] or found
    for (one, the, place), (two, that, there) in zip(found[:6:2], found[1:6:2], strict=False):
        first, second = "are" if one.several else "is", "are" if two.several else "is"
        draft.add(f"{the} {first} {place} of the picture, and {that} {second} {there}")


def _row(draft: DescriptionDraft) -> None:
    named = sorted(
        ((t, the) for t in draft.scene.subjects if (the := draft.scene.the(t))),
        key=lambda item: item[0].box.center[0],
    )
    row = named[:1]
    for item in named[1:]:
        if left_of(row[-1][0], item[0]):
            row.append(item)
    if len(row) > 2:
        draft.add(f"from left to right one comes across {joined([the for _, the in row[:5]])}")


def _plurals(draft: DescriptionDraft) -> None:
    """Name the groups that could not be counted."""
    for group in draft.scene.groups.values():
        sure = len(group) > 1 and all(thing.single and thing.placed for thing in group)
        if sure and group[0].key not in draft.said and group[0].noun.same not in draft.names:
            shades = {thing.color for thing in group}
            shade = f"{next(iter(shades))} " if len(shades) == 1 and None not in shades else ""
            draft.add(f"there are {shade}{several_of(group)}", f"one can also make out {shade}{several_of(group)}")
            draft.mark(group)


def _extents(draft: DescriptionDraft) -> None:
    """Say how much room the largest things take up."""
    for thing in sorted(draft.scene.subjects, key=lambda thing: -thing.box.area)[:2]:
        the = draft.scene.the(thing)
        wide = next((text for least, text in _EXTENTS if thing.box.area >= least), "")
        if the and thing.single and wide:
            draft.add(f"{the} takes up {wide} of the picture", f"{wide} of the picture is taken up by {the}")


def _comparison(draft: DescriptionDraft) -> None:
    """Say how the two largest things lie to each other, and which one takes up more room."""
    ranked = sorted((t for t in draft.scene.subjects if t.single and t.placed), key=lambda thing: -thing.box.area)
    named = [(thing, the) for thing in ranked if (the := draft.scene.the(thing))][:2]
    if len(named) < 2:
        return
    (one, the), (two, that) = named
    if side := side_of(one, two):
        draft.add(f"{the} is {side} {that}")
    if one.box.area > _CLEARLY_LARGER * two.box.area:
        draft.add(f"of these two, it is {the} that takes up more room in the picture")
    else:
        draft.add(f"{the} and {that} take up about the same room in the picture")


def _extras(draft: DescriptionDraft) -> None:
    rest = distinct([t for t in draft.scene.things if t.key not in draft.said and t.noun.same not in draft.names])[:5]
    if len(rest) > 1 or (rest and rest[0].several):
        draft.add(f"further details are {listed(rest)}", f"in addition, one can make out {listed(rest)}")
    elif rest:
        draft.add(f"a further detail is {a(rest[0])}", f"in addition, one can make out {a(rest[0])}")


_CLEARLY_LARGER = 1.3
_EXTENTS = ((0.8, "nearly all"), (0.55, "more than half"), (0.45, "about half"), (0.3, "about a third"))
