"""Sentences about people and animals: what they do, wear and have."""

from collections.abc import Iterable

from svit.english.grammar import joined
from svit.offline.description.draft import DescriptionDraft
from svit.offline.fact_phrases import is_plain_part
from svit.offline.scene import SceneFact, Thing, a, listed, where


def actors(draft: DescriptionDraft) -> None:
    """Say what the five largest people and animals do."""
    able = [thing for thing in draft.scene.placed if thing.kind in ("person", "animal")]
    seen: dict[str, int] = {}
    for thing in sorted(able, key=lambda thing: -thing.box.area)[:5]:
        does = _deeds(draft, thing)
        if does:
            who = _who(draft, thing, seen)
            draft.add(f"{who} {(', and ' if ' and ' in does[0] else ' and ').join(does)}")
            draft.mark([thing])


def _who(draft: DescriptionDraft, thing: Thing, seen: dict[str, int]) -> str:
    nth = seen[thing.noun.same] = seen.get(thing.noun.same, 0) + 1
    the = draft.scene.the(thing)
    if the and (thing.key in draft.said or thing.noun.same in draft.names):
        return the
    if thing.key in draft.said and thing.single:
        return f"the {thing.name}"
    place = where(thing.box)
    if thing.several:
        return f"{a(thing)} {place}".strip()
    name = a(thing) if nth == 1 else f"another {thing.name}" if nth == 2 else f"yet another {thing.name}"
    return f"{name} {place}".strip()


def _deeds(draft: DescriptionDraft, thing: Thing) -> list[str]:
    facts = [fact for fact in draft.scene.facts if fact.subject is thing]
    have = "have" if thing.several else "has"
    worn = targets(fact for fact in facts if fact.link.verb == "wearing")[:3]
    parts = targets(f for f in facts if f.link.text == "with" and f.target.kind == "body" and not is_plain_part(f))[:2]
    acts = [fact for fact in facts if fact.link.verb and fact.link.verb != "wearing"][:2]
    found = [f"wearing {listed(worn)}"] if worn else []
    done: set[str] = set()
    for fact in acts:
        if fact.link.verb not in done:
            done.add(fact.link.verb)
            found.append(f"{fact.link.text} {draft.other(fact.target)}")
    draft.mark([*worn, *parts, *(fact.target for fact in acts)])
    draft.told.update((fact.subject.key, fact.link.text) for fact in facts)
    if thing.state and not done and thing.state in ("sitting", "standing", "walking", "running", "sleeping", "smiling"):
        found.insert(0, thing.state)
    deeds = [f"{'are' if thing.several else 'is'} {joined(found)}"] if found else []
    if parts:
        deeds.append(f"{have} {listed(parts)}")
    return deeds


def targets(facts: Iterable[SceneFact]) -> list[Thing]:
    """Return what the facts lead to, one thing for each noun."""
    return list({fact.target.noun.same: fact.target for fact in facts}.values())
