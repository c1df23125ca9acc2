"""Mentions: `<st>man<ed> [0.588, 0.387, 0.692, 0.832]`, the way a text names an object and says where it is."""

import re
from collections.abc import Callable
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
_ONE_BOX = re.compile(_BRACKET)
_NUMBERS = re.compile(rf"\[\s*+{_NUMBER}(?>(?:\s*+,\s*+{_NUMBER})*)\s*+\]")

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


def replaced(text: str, change: Callable[[Mention], str]) -> str:
    """Return the text with `change(mention)` in the place of each mention, in one pass."""
    return _PIECE.sub(lambda match: match[0] if match["name"] is None else change(_mention(match)), text)


@lru_cache(maxsize=256)
def _scan(text: str) -> tuple[tuple[Mention, ...], tuple[Stray, ...]]:
    """Read the text once, however many checks ask for it."""
    found: list[Mention] = []
    strays: list[Stray] = []
    for match in _PIECE.finditer(text):
        if match["name"] is None:
            strays.append(Stray(match["tag"] is not None, match.start(), match.end()))
        else:
            found.append(_mention(match))
    return tuple(found), tuple(strays)


def _mention(match: re.Match[str]) -> Mention:
    name, boxes = match["name"], match["boxes"]
    return Mention(name, tuple(map(_coordinates, _ONE_BOX.findall(boxes))), match.start(), match.end())


def _coordinates(box: str) -> Coordinates:
    return tuple(map(float, box[1:-1].split(","))) if _NUMBERS.fullmatch(box) else ()
