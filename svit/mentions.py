"""Mentions: `<st>man<ed> [0.588, 0.387, 0.692, 0.832]`, the way a text names an object and says where it is."""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

_NUMBER = r"[-+]?+(?:\d++(?>(?:\.\d*+)?)|\.\d++)"
_BRACKET = r"\[[^\[\]]*+\]"
_AND = r"\s*+(?>(?:[,;]\s*+)?)(?>(?:and\b\s*+)?)"
_PIECE = re.compile(
    rf"""
    <st>(?P<name>[^<>\[\]]*+)<ed>(?P<boxes>(?>(?:\s*+{_BRACKET}(?>(?:{_AND}{_BRACKET})*))?))
    | (?P<tag> <st> | <ed> )
    | (?P<box> \[\s*+[-+.\dxy][^\[\],]*+,[^\[\]]*+\]?+ | \((?:\s*+{_NUMBER}\s*+,?+){{4}}\) )
    """,
    re.VERBOSE,
)
"""Every run of characters is passed once: no quantifier gives back what it took."""
_MENTION = re.compile(rf"<st>([^<>\[\]]*+)<ed>((?>\s*+{_BRACKET}(?>(?:{_AND}{_BRACKET})*)))")
_BETWEEN = "\n[["
"""Stands between two texts, and nothing that matches reaches over it."""
_ONE_BOX = re.compile(_BRACKET)
_NUMBERS = re.compile(rf"\[\s*+{_NUMBER}(?>(?:\s*+,\s*+{_NUMBER})*)\s*+\]")

_USUAL = 100
"""Characters. The boxes of a mention that are longer are not kept in memory."""

Coordinates = tuple[float, ...]
"""The numbers of a box as the text gives them: any count, any range; none at all where they are no plain numbers."""


class Mention(NamedTuple):
    """A name between `<st>` and `<ed>`, the boxes written right after it, and where all of it stands in the text."""

    name: str
    boxes: tuple[Coordinates, ...]
    start: int
    end: int


class Stray(NamedTuple):
    """A box that follows no mention, or a `<st>` or `<ed>` without its other half."""

    is_tag: bool
    start: int
    end: int


def mentions(text: str) -> tuple[Mention, ...]:
    """Return the mentions of the text in their order; several boxes may be parted by a comma, a space or "and"."""
    return _scan(text)[0]


def strays(text: str) -> tuple[Stray, ...]:
    """Return the boxes and the tags of the text that belong to no mention, in their order."""
    return _scan(text)[1]


def tidy_mentions(texts: Iterable[str]) -> tuple[tuple[str, tuple[Coordinates, ...]], ...] | None:
    """Return name and boxes of every mention of the texts where all have both, and nothing could be a stray; else None.

    This is a cheap look: all `<` are of tags that belong together, all `[` of boxes behind them, and there is no `(`.
    """
    text = _BETWEEN.join(texts)
    found = tuple((name, _boxes(boxes)) for name, boxes in _MENTION.findall(text))
    brackets = sum(len(boxes) for _, boxes in found) + 2 * text.count(_BETWEEN)
    if "(" in text or text.count("<") != 2 * len(found) or text.count("[") != brackets:
        return None
    return found if all(name and not name.isspace() for name, _ in found) else None


def replaced(text: str, change: Callable[[Mention], str]) -> str:
    """Return the text with `change(mention)` in the place of each mention, in one pass."""
    return _PIECE.sub(lambda match: match[0] if match["name"] is None else change(_mention(match)), text)


@lru_cache(maxsize=64)
def _scan(text: str) -> tuple[tuple[Mention, ...], tuple[Stray, ...]]:
    """Read the text once, however many checks ask for it."""
    found: list[Mention] = []
    strays: list[Stray] = []
    for match in _PIECE.finditer(text):
        name, boxes, tag = match.group("name", "boxes", "tag")
        start, end = match.span()
        if name is None:
            strays.append(Stray(tag is not None, start, end))
        else:
            found.append(Mention(name, _boxes(boxes), start, end))
    return tuple(found), tuple(strays)


def _mention(match: re.Match[str]) -> Mention:
    return Mention(match["name"], _boxes(match["boxes"]), match.start(), match.end())


def _boxes(text: str) -> tuple[Coordinates, ...]:
    return _read(text) if len(text) <= _USUAL else _read.__wrapped__(text)


@lru_cache(maxsize=512)
def _read(text: str) -> tuple[Coordinates, ...]:
    """Return the boxes of one mention; a model writes the same ones again and again."""
    return tuple(map(_coordinates, _ONE_BOX.findall(text)))


def _coordinates(box: str) -> Coordinates:
    return tuple(map(float, box[1:-1].split(","))) if _NUMBERS.fullmatch(box) else ()
