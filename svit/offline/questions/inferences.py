"""Kinds of questions whose answers follow from what people and things do, wear and hold."""

from collections.abc import Iterator
from random import Random

from svit.english.lexicon import CARRIED, RIDDEN, WORN, word_set
from svit.offline.fact_phrases import asked, by_subject, facts, other, said, subject
from svit.offline.naming import cap, so
from svit.offline.questions.conditions import CONDITIONS
from svit.offline.sampling import Kind, Pair
from svit.offline.scene import Scene, a

_BREAKABLE = word_set("vase glass cup plate bowl bottle wine_glass monitor laptop lamp tv mirror teapot jar")


def worn(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what clothes tell."""
    for fact in facts(scene, rng, "wearing"):
        entry = WORN.get(fact.target.noun.singular) or WORN.get(fact.target.noun.same)
        if entry:
            who, (general, then) = subject(scene, fact.subject), entry.split("|")
            they = asked(scene, fact.subject)
            yield Pair(
                (fact.subject.key, fact.target.key),
                (
                    f"What can be concluded from the way {they} {fact.subject.is_} dressed?",
                    f"Does the outfit of {they} tell anything about the weather or the occasion?",
                ),
                (
                    f"{cap(who)} {said(scene, fact)}. {general}. {so(rng)} {then}.",
                    f"{general}, and {who} {said(scene, fact)}. That suggests that {then}.",
                ),
            )


def carried(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what things at hand tell."""
    for fact in facts(scene, rng, "holding", "carrying", "swinging"):
        entry = CARRIED.get(fact.target.noun.singular) or CARRIED.get(fact.target.noun.same)
        if entry and fact.subject.kind == "person":
            who, (general, then) = subject(scene, fact.subject), entry.split("|")
            they = asked(scene, fact.subject)
            yield Pair(
                (fact.subject.key, fact.target.key),
                (
                    f"Judging by what {they} {fact.subject.has} at hand, what is probably going on?",
                    f"What might {they} be about to do, and what gives it away?",
                ),
                (
                    f"{cap(who)} {said(scene, fact)}. {general}. {so(rng)} {then}.",
                    f"{general}. Since {who} {said(scene, fact)}, {then}.",
                ),
            )


def ridden(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask how somebody gets about, and what follows."""
    for fact in facts(scene, rng, "riding"):
        entry = RIDDEN.get(fact.target.noun.same)
        if entry:
            who, they = subject(scene, fact.subject), asked(scene, fact.subject)
            yield Pair(
                (fact.subject.key, fact.target.key),
                (
                    f"What does the way in which {they} {fact.subject.is_} getting about demand or make possible?",
                    f"What should {they} pay attention to at the moment, and why?",
                ),
                (
                    f"{cap(who)} {said(scene, fact)}. {entry}.",
                    f"One can see that {who} {said(scene, fact)}. {entry}. That is what counts right now.",
                ),
            )


def resting(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what would happen if a support were moved."""
    for fact in facts(scene, rng, "on", "on top of"):
        thing, support = fact.subject, fact.target
        the = scene.the(support)
        movable = support.kind == "furniture" and support.noun.same not in ("shelf", "counter", "cabinet", "bookshelf")
        if the and movable and thing.kind not in ("person", "animal", "structure", "furniture", "appliance"):
            delicate = thing.noun.same.replace(" ", "_") in _BREAKABLE
            end = "might break" if delicate else "might fall off"
            what = scene.the(thing) or a(thing)
            pronoun = "they" if thing.several else "it"
            yield Pair(
                (support.key, thing.key),
                (
                    f"Someone wants to pull {the} aside. What should be looked after first?",
                    f"Why might it be unwise to give {the} a hard push?",
                ),
                (
                    f"{cap(what)} {said(scene, fact)}. Whatever rests on something moves or slips along with it. "
                    f"{so(rng)} {pronoun} should be put elsewhere first, or {pronoun} {end}.",
                    f"A push is passed on to whatever stands on top, and {what} {said(scene, fact)}. So {pronoun} "
                    f"{end}.",
                ),
            )


def shared_action(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what somebody's posture allows."""
    for fact in facts(scene, rng, "sitting", "standing", "walking", "running", "lying", "crossing", "leaning"):
        entry = _POSTURES.get(fact.link.verb)
        if fact.subject.kind == "person" and entry:
            who, they = subject(scene, fact.subject), asked(scene, fact.subject)
            yield Pair(
                (fact.subject.key, fact.target.key),
                (f"Is {they} in a hurry or at rest, and how can one tell?", f"What does the posture of {they} reveal?")
                if not fact.subject.several
                else (
                    f"Are {they} in a hurry or at rest, and how can one tell?",
                    f"What does the posture of {they} reveal?",
                ),
                (
                    f"{cap(who)} {said(scene, fact)}. {entry[0]}. {so(rng)} {entry[1]}.",
                    f"{entry[0]}. As {who} {said(scene, fact)}, {entry[1]}.",
                ),
            )


_POSTURES = {
    "sitting": ("People sit down to rest, to wait or to do something with their hands", "there seems to be no hurry"),
    "standing": ("People who stand are ready to move on at any time", "the stop is probably a short one"),
    "walking": (
        "Walking is the usual pace of somebody who has somewhere to go but is not late",
        "there is probably no great hurry",
    ),
    "running": ("Running takes effort and is done for sport or because time is short", "speed seems to matter"),
    "lying": ("Lying down takes the weight off the whole body", "this looks like a rest"),
    "crossing": ("To cross, one has to keep moving and to watch the traffic", "this is no moment for a rest"),
    "leaning": ("Leaning takes some weight off the legs", "this looks like a relaxed moment"),
}


def watching(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what has somebody's attention."""
    for fact in facts(scene, rng, "looking", "watching", "facing", "reading", "using"):
        who, they = subject(scene, fact.subject), asked(scene, fact.subject)
        if fact.subject.kind in ("person", "animal"):
            yield Pair(
                (fact.subject.key, fact.target.key),
                (
                    f"What seems to have the attention of {they}?",
                    f"What would {they} notice first if something changed?",
                ),
                (
                    f"{cap(who)} {said(scene, fact)}. Attention follows the eyes and the hands. {so(rng)} a change "
                    "there would be "
                    f"noticed first.",
                    f"Attention follows the eyes and the hands, and {who} {said(scene, fact)}. So that is where "
                    "the attention is.",
                ),
            )


def hidden(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask what stands between a thing and the viewer."""
    for fact in facts(scene, rng, "in front of", "behind"):
        front, back = (fact.subject, fact.target) if fact.link.text == "in front of" else (fact.target, fact.subject)
        near, far = scene.the(front), scene.the(back)
        if near and far:
            yield Pair(
                (front.key, back.key),
                (
                    f"Which of the two would have to be moved to get a free view, {near} or {far}?",
                    f"Does {near} or {far} come first when one walks up from the front?",
                )
                if not front.several
                else (f"Which of the two would have to be moved to get a free view, {near} or {far}?",),
                (
                    f"{cap(near)} {front.is_} in front of {far}. What is in front comes first and hides "
                    "what is behind. "
                    f"{so(rng)} it is {near}.",
                    f"It is {near}: {far} {back.is_} behind, and one always comes upon the front one first.",
                ),
            )


def who_could_help(scene: Scene, rng: Random) -> Iterator[Pair]:
    """Ask whom to ask."""
    people = [
        (person, targets)
        for person, targets in by_subject(scene, rng)
        if person.kind == "person" and scene.the(person) and person.single
    ]
    for person, targets in people:
        target = next((t for t in targets if t.kind not in ("clothing", "footwear", "body", "ground", "part")), None)
        if target and target.kind not in ("sky", "land", "water"):
            fact = next(f for f in scene.facts if f.subject is person and f.target.noun.same == target.noun.same)
            the = scene.the(person)
            yield Pair(
                (person.key, target.key),
                (
                    f"Somebody wants to know more about {other(scene, target)} in the scene. Who could be asked?",
                    f"Who is in the best position to deal with {other(scene, target)}?",
                ),
                (
                    f"{cap(the or '')} {said(scene, fact)}. Whoever is closest to a thing usually knows most about it. "
                    f"{so(rng)} {the} would be the one to ask.",
                    f"That would be {the}, because {the} {said(scene, fact)}, and nobody needs a long way from there.",
                ),
            )


RELATIONS: tuple[Kind, ...] = (
    worn,
    carried,
    ridden,
    resting,
    *CONDITIONS,
    shared_action,
    watching,
    hidden,
    who_could_help,
)
