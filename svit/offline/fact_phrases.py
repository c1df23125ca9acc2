"""Facts of a scene in words: who does what, and the other end of it; facts by their subject and by their target."""

from random import Random

from svit.english.grammar import plural, written
from svit.offline.scene import Scene, SceneFact, Thing, a, unclear

_DEFINITE = frozenset({"ground", "sky", "water", "land", "place"})


def other(scene: Scene, thing: Thing) -> str:
    """Return the thing as the other end of a fact: "the street", "the wall", "an umbrella"."""
    if thing.single and (thing.kind in _DEFINITE or thing.name in ("wall", "ceiling")):
        return f"the {' '.join([*thing.looks, thing.name])}"
    if (
        thing.noun.same in scene.groups
        and thing.kind in ("building", "furniture", "vehicle")
        and (the := scene.the(thing))
    ):
        return the
    return a(thing)


def said(scene: Scene, fact: SceneFact) -> str:
    """Return the fact as what the subject does: "is holding an umbrella"."""
    return f"{fact.link.clause(several=fact.subject.several)} {other(scene, fact.target)}"


def subject(scene: Scene, thing: Thing) -> str:
    """Return the subject of a fact: "the man" where that is clear, otherwise "one of the men" or "a man"."""
    the = scene.the(thing)
    if the or not thing.single:
        return the or a(thing)
    group = scene.groups[thing.noun.same]
    many = len(group) > 1 and not unclear(group) and all(other.single for other in group)
    if many or scene.hints.get(thing.noun.same):
        return f"one of the {plural(written(thing.noun.same))}"
    return a(thing)


def asked(scene: Scene, thing: Thing) -> str:
    """Return the subject of a fact for a question: like `subject`, but "one person" for somebody not told apart."""
    words = subject(scene, thing)
    return "one person" if thing.kind == "person" and words.startswith(("a ", "an ")) else words


def facts(scene: Scene, rng: Random, *links: str) -> list[SceneFact]:
    """Return the facts with one of these verbs or relations, in a new order; all facts without any."""
    found = [fact for fact in scene.facts if not links or fact.link.verb in links or fact.link.text in links]
    rng.shuffle(found)
    return found


def told(fact: SceneFact) -> str:
    """Return what the fact tells, the same for every kind of question that tells it."""
    return f"{fact.subject.key} {fact.link.verb or fact.link.text} {fact.target.key}"


def by_subject(scene: Scene, rng: Random, *links: str) -> list[tuple[Thing, list[Thing]]]:
    """Return each subject of such facts with all its targets, one for each noun."""
    found: dict[int, tuple[Thing, dict[str, Thing]]] = {}
    for fact in facts(scene, rng, *links):
        found.setdefault(fact.subject.key, (fact.subject, {}))[1].setdefault(fact.target.noun.same, fact.target)
    return [(subject_, list(targets.values())) for subject_, targets in found.values()]


def by_target(scene: Scene, rng: Random, *links: str) -> list[tuple[Thing, list[Thing]]]:
    """Return each target of such facts with all its subjects, one for each noun."""
    found: dict[int, tuple[Thing, dict[str, Thing]]] = {}
    for fact in facts(scene, rng, *links):
        if fact.target.placed and fact.subject.kind not in ("person", "animal"):
            found.setdefault(fact.target.key, (fact.target, {}))[1].setdefault(fact.subject.noun.same, fact.subject)
    return [(target, list(subjects.values())) for target, subjects in found.values()]


def is_plain_part(fact: SceneFact) -> bool:
    """Whether it only says that somebody has a head, a nose or the like."""
    return fact.link.text == "with" and fact.target.noun.singular in EVERYBODY_HAS and not fact.target.looks


EVERYBODY_HAS = frozenset(
    {
        "head",
        "face",
        "nose",
        "mouth",
        "ear",
        "eye",
        "arm",
        "leg",
        "hand",
        "foot",
        "neck",
        "hair",
        "finger",
        "toe",
        "chin",
    }
)
