"""Captions whose grammar is certain, so that they can be part of a text."""

import re
from collections import Counter
from collections.abc import Sequence

from svit.english.grammar import noun_of
from svit.english.lexicon import word_set
from svit.offline.scene.phrases import is_known

_STARTS = re.compile(r"(?:A|An|Two|Three|Four|Five|Several|Some|The|Many) [a-z]")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z ,'\-]+[a-z]")
_UNFIT = re.compile(
    r"\b(?:picture|photo|photograph|image|view|caption|shown|there|it|this|that|who|which|what|we|you|i)\b", re.I
)
_FINITE = word_set("""sits stands rides holds wears walks plays flies eats looks lies leans jumps swings hits
        drives runs carries reads
    sleeps waits rests grazes poses throws catches kicks hangs watches travels has contains features shows crosses skis
    surfs smiles uses talks works""")
_NO_VERBS = word_set(
    """his its across as various dress glass grass bus tennis us less class chess cross pass boss press moss canvas
    gas towards besides always is"""
)


def usable_captions(captions: Sequence[str]) -> list[tuple[str, bool]]:
    """Return the captions whose form is certain, the most telling first, each with whether it is a clause.

    A noun phrase may follow "the picture shows"; a clause stands alone. Captions that repeat each other are left out.
    """
    formed = [
        (text, form) for caption in captions if (text := caption.strip(" .")) and (form := _form(text)) is not None
    ]
    spoken = Counter(word for caption in captions for word in set(_words(caption)))
    formed.sort(key=lambda item: (_doubts(item[0], spoken), -min(len(item[0].split()), 14), item[0]))
    kept: list[tuple[str, bool]] = []
    known: set[str] = set()
    for text, form in formed:
        words = {word[:4] for word in text.lower().split() if len(word) > 3}
        if len(words - known) >= max(3, 0.6 * len(words)):
            kept.append((text, form))
            known |= words
    return kept


def _words(text: str) -> list[str]:
    return [word.strip(" ,.").lower() for word in text.split()]


def _doubts(text: str, spoken: Counter[str]) -> int:
    """Return how many words only this caption has that nobody knows: typing errors are seldom made twice."""
    return sum(spoken[word] < 2 and not is_known(word) for word in _words(text))


def _form(text: str) -> bool | None:
    """Return True for a clause, False for a noun phrase, None where that isn't certain."""
    words = text.split()
    if not 5 <= len(words) <= 25 or not _PLAIN.fullmatch(text) or not _STARTS.match(text) or _UNFIT.search(text):
        return None
    low = [word.strip(",").lower() for word in words]
    if any(len(word) == 1 and word != "a" for word in low):
        return None
    verbs = [word for word in low if word in _FINITE or word in ("is", "are")]
    doubtful = [
        word
        for word in low
        if word.endswith("s") and word not in _FINITE | _NO_VERBS and word != "is" and noun_of(word) is None
    ]
    if doubtful or len(verbs) > 1:
        return None
    if verbs:
        return True
    return None if _hides_a_verb(low) else False


_BARE_VERBS = word_set("""sit stand ride hold wear walk play fly eat look lie lean jump swing hit drive run carry
        read sleep wait rest graze
    pose throw catch kick hang watch travel have were was can grin relax gather stare am be do ski surf smile""")


def _hides_a_verb(words: Sequence[str]) -> bool:
    """Return whether a plural subject may have a finite verb that no -s gives away: "two people sit"."""
    return any(
        word in _BARE_VERBS and words[i - 1] not in ("to", "a", "the", "and") for i, word in enumerate(words) if i
    )
