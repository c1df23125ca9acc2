"""Relationships in words: annotators' predicates brought to one form."""

from functools import cache
from typing import NamedTuple

from svit.english.lexicon import word_set


class Relation(NamedTuple):
    """What stands between subject and object after "is" or "are": "on", "wearing", "sitting next to"; or "with"."""

    text: str
    verb: str = ""

    def clause(self, *, several: bool) -> str:
        """Return the verb phrase: "is wearing", "are on", "has"."""
        if self.text == "with":
            return "have" if several else "has"
        return f"{'are' if several else 'is'} {self.text}"


_PREPOSITIONS = {
    "on": "on",
    "on top of": "on top of",
    "on top": "on top of",
    "atop": "on top of",
    "upon": "on",
    "in": "in",
    "inside": "inside",
    "inside of": "inside",
    "within": "in",
    "under": "under",
    "underneath": "under",
    "beneath": "under",
    "below": "below",
    "above": "above",
    "over": "above",
    "next to": "next to",
    "beside": "next to",
    "besides": "next to",
    "by": "next to",
    "near": "near",
    "close to": "near",
    "behind": "behind",
    "in back of": "behind",
    "in front of": "in front of",
    "in front": "in front of",
    "against": "against",
    "around": "around",
    "at": "at",
    "with": "with",
    "along": "along",
    "on side of": "on the side of",
    "on the side of": "on the side of",
    "between": "between",
    "of": "of",
    "across from": "across from",
    "from": "from",
    "across": "across",
    "down": "down",
    "up": "up",
    "through": "through",
    "into": "into",
    "onto": "onto",
    "to": "to",
}
_ALONE = frozenset(
    {
        "on",
        "on top of",
        "in",
        "inside",
        "under",
        "below",
        "above",
        "next to",
        "near",
        "behind",
        "in front of",
        "against",
        "with",
        "of",
        "at",
        "along",
        "on the side of",
    }
)
"""Prepositions that may follow "is" by themselves."""
_FORMS = {
    "wearing": "wear wears worn",
    "holding": "hold holds",
    "carrying": "carry carries",
    "riding": "ride rides",
    "sitting": "sit sits seated",
    "standing": "stand stands",
    "walking": "walk walks",
    "running": "run runs",
    "lying": "lie lies laying lay lays",
    "hanging": "hang hangs hung hanged",
    "parked": "parking",
    "leaning": "lean leans",
    "looking": "look looks",
    "crossing": "cross crosses",
    "driving": "drive drives",
    "flying": "fly flies",
    "growing": "grow grows",
    "grazing": "graze grazes",
    "eating": "eat eats",
    "drinking": "drink drinks",
    "reading": "read reads",
    "using": "use uses",
    "playing": "play plays",
    "attached": "attach",
    "mounted": "mount",
    "stacked": "piled",
    "resting": "rest rests",
    "covered": "",
    "surrounded": "",
    "filled": "",
    "catching": "catch",
    "throwing": "throw throws tossing",
    "kicking": "kick kicks",
    "hitting": "hit hits",
    "swinging": "swing swings",
    "pushing": "push pushes",
    "pulling": "pull pulls",
    "petting": "pet pets",
    "feeding": "feed feeds",
    "watching": "watch watches viewing",
    "facing": "face faces",
    "swimming": "swim swims",
    "surfing": "surf",
    "sleeping": "sleep sleeps",
    "traveling": "travel travels travelling",
    "moving": "move moves",
    "placed": "put",
    "displayed": "",
    "skateboarding": "",
    "skiing": "",
    "climbing": "climb",
    "waiting": "wait waits",
    "kneeling": "kneel kneels",
    "cutting": "cut cuts",
    "connected": "",
    "docked": "",
    "perched": "",
    "floating": "",
    "working": "work works",
}
_VERBS = {form: verb for verb, forms in _FORMS.items() for form in (verb, *forms.split())}
_PLACED = "on in at next_to near behind in_front_of under against around"
_MOVED = "on in down up along across through next_to near behind in_front_of under toward"
_AFTER: dict[str, str] = {
    "sitting": _PLACED,
    "standing": _PLACED,
    "lying": _PLACED,
    "resting": "on in against on_top_of",
    "walking": _MOVED,
    "running": _MOVED,
    "hanging": "on from above in over behind",
    "parked": "on in next_to near in_front_of behind along at",
    "leaning": "on against over",
    "looking": "at",
    "driving": "on down along up through in",
    "flying": "in above over",
    "growing": "on in next_to along",
    "grazing": "in on near next_to",
    "playing": "with on in",
    "attached": "to",
    "mounted": "on to",
    "stacked": "on in on_top_of",
    "covered": "with",
    "surrounded": "",
    "filled": "with",
    "swimming": "in",
    "surfing": "on in",
    "sleeping": "on in under",
    "traveling": "on down along",
    "moving": "down along on",
    "placed": "on in next_to on_top_of",
    "displayed": "on in",
    "skateboarding": "on down",
    "skiing": "on down",
    "climbing": "on",
    "waiting": "at near",
    "kneeling": "on next_to",
    "connected": "to",
    "docked": "in at next_to",
    "perched": "on on_top_of",
    "floating": "in on",
    "reading": "",
    "eating": "",
    "working": "on at",
}
_TRANSITIVE = word_set("""wearing holding carrying riding crossing eating drinking reading using catching throwing
        kicking hitting swinging
    pushing pulling petting feeding watching facing climbing playing cutting""")
_AUXILIARIES = frozenset({"is", "are", "was", "were", "be", "being", "that", "who", "which", "also", "seen"})
_TRAILING = frozenset({"a", "an", "the", "his", "her", "their", "its", "some"})


@cache
def relation(predicate: str) -> Relation | None:
    """Return the relation that the predicate names ("wears a", "is sitting ON"); None for anything not understood."""
    words = predicate.lower().replace(".", " ").split()
    while words and words[0] in _AUXILIARIES:
        words.pop(0)
    while words and words[-1] in _TRAILING:
        words.pop()
    if not words:
        return None
    if words[0] in ("has", "have", "having") and len(words) == 1:
        return Relation("with")
    verb = _VERBS.get(words[0])
    if verb is None:
        preposition = _PREPOSITIONS.get(" ".join(words))
        return Relation(preposition) if preposition in _ALONE else None
    return _of_verb(verb, " ".join(words[1:]))


def is_verb(word: str) -> bool:
    """Whether it is a form of a verb that relations know."""
    return word in _VERBS


def _of_verb(verb: str, rest: str) -> Relation | None:
    if not rest or (verb in ("holding", "carrying") and rest == "up"):
        return Relation(verb, verb) if verb in _TRANSITIVE else None
    if verb == "wearing" and rest in ("on", "by"):
        return None
    allowed = [entry.replace("_", " ") for entry in _AFTER.get(verb, "").split()]
    preposition = rest if rest in allowed else _PREPOSITIONS.get(rest)
    return Relation(f"{verb} {preposition}", verb) if preposition in allowed else None
