"""Sentences about how many things there are, which parts they have, and what they look like."""

from svit.english.grammar import joined, number_word
from svit.offline.description.actors import targets
from svit.offline.description.draft import DescriptionDraft
from svit.offline.fact_phrases import is_plain_part
from svit.offline.naming import state_words
from svit.offline.scene import SceneFact, listed, several_of


def counts(draft: DescriptionDraft) -> None:
    """Say how many there are of what can be counted."""
    groups = [g for g in draft.scene.counted_groups(2) if g[0].noun.same not in draft.names and g[0].kind != "footwear"]
    parts = []
    for group in groups[:3]:
        colors = {thing.color for thing in group}
        shade = colors.pop() if len(colors) == 1 else None
        parts.append(f"{number_word(len(group))} {shade + ' ' if shade else ''}{several_of(group)}")
        draft.mark(group)
    if parts:
        draft.add(
            f"there are {joined(parts)}",
            f"{joined(parts)} can be seen",
            f"altogether there are {joined(parts)} in view",
        )


def holders(draft: DescriptionDraft) -> None:
    """Say what has which details."""
    owners: dict[int, list[SceneFact]] = {}
    for fact in draft.scene.facts:
        if fact.link.text == "with" and fact.subject.kind not in ("person", "animal"):
            owners.setdefault(fact.subject.key, []).append(fact)
    for facts in list(owners.values())[:2]:
        parts = draft.fresh(targets(fact for fact in facts if not is_plain_part(fact)))[:3]
        draft.told.update((fact.subject.key, fact.link.text) for fact in facts)
        if parts:
            have = "have" if facts[0].subject.several else "has"
            draft.add(f"{draft.known(facts[0].subject)} {have} {listed(parts)}")
            draft.mark([*parts, facts[0].subject])


def looks(draft: DescriptionDraft) -> None:
    """Say what things look like that have a color or a condition."""
    colored = [t for t in draft.scene.subjects if t.single and t.color and draft.simple(t) and t.key not in draft.said]
    draft.rng.shuffle(colored)
    for one, two in zip(colored[:4:2], colored[1:4:2], strict=False):
        names = draft.scene.the(one), draft.scene.the(two)
        if one.color == two.color:
            draft.add(f"{names[0]} and {names[1]} are both {one.color}")
        else:
            draft.add(
                f"{names[0]} is {one.color}, and {names[1]} is {two.color}",
                f"{names[0]} is {one.color} while {names[1]} is {two.color}",
            )
        draft.mark([one, two])
    for thing in draft.scene.subjects:
        the = draft.scene.the(thing)
        if the and thing.state and thing.kind not in ("person", "animal"):
            draft.add(f"{the} {'are' if thing.several else 'is'} {state_words(thing)}")
            draft.mark([thing])
            break
