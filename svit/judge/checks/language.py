"""The check that a text is in English, the language of every prompt."""

import re
from collections.abc import Iterator

from svit.english.lexicon import word_set
from svit.judge.checks.base import excerpt
from svit.judge.prefilter import look
from svit.records import Draft, Flaw

_LETTERS = 12
"""Letters of another script: fewer are a name or a sign."""
_WORDS = 12
"""A text of so many words without one of English's most frequent is in another language."""
_FOREIGN_SHARE = 0.2

_QUOTED = re.compile(r'"[^"\n]{0,200}"|“[^”\n]{0,200}”|«[^»\n]{0,200}»|「[^」\n]{0,200}」|<st>[^<>]{0,200}<ed>')
_OTHER_SCRIPT = re.compile(r"[^\W\d_A-Za-z\u00aa-\u024f\u1e00-\u1eff]")
_WORD = re.compile(r"[^\W\d_]+")
_ENGLISH = word_set(
    """the and are it that with this from not but they you he his its which there what how where who why would could can
    will has been were these those than then if when while also both other two into out about near next behind front
    left right yes more most"""
)
_HOMOGRAPHS = word_set(
    "a an in on is to of by at for be was as no or i we her she their over one some up so do had have me"
)
"""Frequent in English, and words of other languages too."""
_FOREIGN = word_set(
    """der das und ist nicht mit ein eine einen dem den auf sich im auch sind wird zu von
    de la le les des est une dans et du au sur pour qui que avec il elle sont ne pas ce
    el los las es un una con por en su se al y del como para hay está
    il di che è della nel sono gli una per si
    o os uma com em na da não são um ao
    het een van en op zijn niet naar onder omdat heel om uit
    i w na się jest z nie do że są
    og er på med til som av det ett och på är
    bir ve bu için ile olan var
    yang dan di ini itu dengan untuk pada adalah"""
)
_TELLING = _FOREIGN - _ENGLISH - _HOMOGRAPHS - word_set("en se die per si na us w z y van di un la de com sur to med")
"""Of the frequent words of other languages those that no English text has, names aside."""

_HAS_OTHERS_WORDS = look(rf"(?:^|[^a-z])(?:{'|'.join(sorted(_TELLING))})(?:[^a-z]|$)")
"""Of ASCII text in small letters. Word boundaries would cost that engine six times as much."""
_HAS_ENGLISH = look(rf"(?i)\b(?:{'|'.join(sorted(_ENGLISH))})\b")


def is_in_english(draft: Draft) -> Iterator[Flaw]:
    """Yield wrong_language for a text that is mostly in another script, or in the words of another language.

    Names, and words of other languages in quotation marks or between `<st>` and `<ed>`, are spared.
    """
    is_plain = draft.lowered.isascii() and not _HAS_OTHERS_WORDS(draft.lowered)
    for text in draft.texts:
        if is_plain and (len(text) < 2 * _WORDS - 1 or " the " in text or " and " in text or _HAS_ENGLISH(text)):
            continue
        bare = _QUOTED.sub(" ", text)
        if _is_in_another_script(bare) or _is_in_another_language(bare):
            yield Flaw("wrong_language", excerpt(text))


def _is_in_another_script(text: str) -> bool:
    if text.isascii():
        return False
    others = len(_OTHER_SCRIPT.findall(text))
    return others >= _LETTERS and 2 * others > sum(map(str.isalpha, text))


def _is_in_another_language(text: str) -> bool:
    words = _WORD.findall(text.lower())
    english = sum(word in _ENGLISH for word in words)
    foreign = sum(word in _FOREIGN for word in words)
    telling = len(_TELLING.intersection(words))
    if english:
        return telling >= 2 and foreign > 2 * english and foreign >= _FOREIGN_SHARE * len(words)
    if len(words) >= _WORDS and _HOMOGRAPHS.isdisjoint(words):
        return True
    return telling >= 2 or (telling == 1 and foreign >= 3)
