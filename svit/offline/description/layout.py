"""Sentences about where things are: on what, beside what, on which side, and in front of which surroundings."""

from svit.english.grammar import Number, article, joined
from svit.offline.description.draft import DescriptionDraft
from svit.offline.fact_phrases import by_target
from svit.offline.naming import distinct, gap
from svit.offline.scene import Thing, a, above, left_of, listed, where


def surfaces(draft: DescriptionDraft) -> None:
    """Say what is on tables, shelves and the like."""
    for target, things in by_target(draft.scene, draft.rng, "on", "on top of", "in", "inside")[:5]:
        fresh = draft.fresh(things)[:4]
        link = next(
            (f.link.text for f in draft.scene.facts if f.target is target and fresh and f.subject is fresh[0]), None
        )
        if (
            link
            and fresh
            and target.kind in ("furniture", "ground", "kitchenware", "container", "appliance", "vehicle", "structure")
        ):
            _place(draft, target, fresh, link)


def _place(draft: DescriptionDraft, target: Thing, things: list[Thing], link: str) -> None:
    same = [
        t
        for t in things
        if any(f.subject is t and f.target is target and f.link.text == link for f in draft.scene.facts)
    ]
    that, be = draft.other(target), "are" if len(same) > 1 or same[0].noun.number is Number.MANY else "is"
    draft.add(
        f"{link} {that} {be} {listed(same)}",
        f"{listed(same)} {be} {link} {that}",
        f"{link} {that} one can see {listed(same)}",
    )
    draft.mark([*same, target])
    draft.told.update((thing.key, link) for thing in same)


def neighbors(draft: DescriptionDraft) -> None:
    """Say what is beside, above or below something that was named before."""
    known = [t for t in draft.scene.subjects if t.key in draft.said and t.single and draft.scene.the(t)]
    fresh = [t for t in draft.fresh(draft.scene.subjects) if t.single]
    for thing in draft.rng.sample(fresh, len(fresh))[:4]:
        anchor = next((t for t in known if gap(t, thing) < 0.15 and side_of(thing, t)), None)
        if anchor and thing.key not in draft.said and thing.noun.same not in draft.names:
            side, the = side_of(thing, anchor), draft.scene.the(anchor)
            draft.add(
                f"{side} {the} is {a(thing)}",
                f"{side} {the} one can see {a(thing)}",
                f"{a(thing)} can be seen {side} {the}",
            )
            draft.mark([thing])
            draft.pairs.add(frozenset({thing.noun.same, anchor.noun.same}))
            known.remove(anchor)


def sides(draft: DescriptionDraft) -> None:
    """Say what else is on which side."""
    parts: dict[str, list[Thing]] = {}
    for thing in distinct(draft.fresh(draft.scene.subjects)):
        if place := where(thing.box):
            parts.setdefault(place, []).append(thing)
    ranked = sorted(parts.items(), key=lambda item: -len(item[1]))
    for number, (place, things) in enumerate(ranked[:3]):
        shown = listed(things[:3])
        be = "are" if len(things[:3]) > 1 or things[0].noun.number is Number.MANY else "is"
        wordings = (f"{place} there {be} {shown}", f"{shown} {be} {place}", f"{place}, one notices {shown}")
        draft.add(wordings[(number + len(shown)) % 3])
        draft.mark(things[:3])


def background(draft: DescriptionDraft) -> None:
    """Say what the ground, the sky and the like are."""
    rest = [t for t in draft.scene.placed if t.kind in ("ground", "sky", "water", "land", "plant")]
    found = distinct(draft.fresh(rest))[:4]
    if found:
        shown = joined([_surrounding(thing) for thing in found])
        be = "are" if len(found) > 1 or found[0].noun.number is Number.MANY else "is"
        draft.add(
            f"{shown} {be} part of the scene as well",
            f"the surroundings include {shown}",
            f"{shown} can be seen, too",
        )
        draft.mark(found)


def _surrounding(thing: Thing) -> str:
    name = " ".join([*thing.looks, thing.name])
    if (
        thing.single
        and thing.kind in ("ground", "sky")
        and thing.name not in ("field", "path", "crosswalk", "road", "street")
    ):
        return f"the {name}"
    return article(name) if thing.single else name


def side_of(thing: Thing, anchor: Thing) -> str:
    """Return on which side of the anchor the thing is: "to the left of", "above"; empty where that is unclear."""
    if left_of(thing, anchor):
        return "to the left of"
    if left_of(anchor, thing):
        return "to the right of"
    if above(thing, anchor):
        return "above"
    return "below" if above(anchor, thing) else ""
