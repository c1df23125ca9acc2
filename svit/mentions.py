"""Mentions: `<st>man<ed> [0.588, 0.387, 0.692, 0.832]`, the way a text names an object and says where it is."""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import msgspec

Coordinates = tuple[float, ...]
"""The numbers of a box as the text gives them: any count, any range; none at all where they are no plain numbers."""

_NUMBER = r"[-+]?+(?:\d++(?>(?:\.\d*+)?)|\.\d++)"
_BRACKET = r"\[[^\[\]]*+\]"
_TO = r"\s*+:?+\s*+"
_AND = r"\s*+(?>(?:[,;]\s*+)?)(?>(?:and\b\s*+)?)"
_PIECE = re.compile(
    rf"""
    <st>(?P<name>[^<>\[\]]*+)<ed>(?P<boxes>(?>(?:{_TO}{_BRACKET}(?>(?:{_AND}{_BRACKET})*))?))
    | (?P<tag> <st> | <ed> )
    | (?P<box> \[\s*+[-+.\dxy][^\[\],]*+,[^\[\]]*+\]?+ | \((?:\s*+{_NUMBER}\s*+,?+){{4}}\) )
    """,
    re.VERBOSE,
)
"""Every run of characters is passed once: no quantifier gives back what it took."""
_MENTION = re.compile(rf"<st>([^<>\[\]]*+)<ed>((?>{_TO}{_BRACKET}(?>(?:{_AND}{_BRACKET})*)))")
_BETWEEN = "\n[["
"""Stands between two texts, and nothing that matches reaches over it."""
_JSON_BOXES = msgspec.json.Decoder(tuple[tuple[Coordinates, ...], ...])
_ONE_BOX = re.compile(_BRACKET)
_SHARE = r"\s*+([01]?\.\d++|[01]\.?+)\s*+"
_BARE = re.compile(rf"\[{_SHARE},{_SHARE},{_SHARE},{_SHARE}\]")
_NUMBERS = re.compile(rf"\[\s*+{_NUMBER}(?>(?:\s*+,\s*+{_NUMBER})*)\s*+\]")


class Mention(NamedTuple):
    """A name between `<st>` and `<ed>`, the boxes written right after it, and where all of it stands in the text."""

    name: str
    boxes: tuple[Coordinates, ...]
    start: int
    end: int


class TidyMentions(NamedTuple):
    """The different mentions of texts that have no stray: name and boxes of each, and all their boxes."""

    named: frozenset[tuple[str, tuple[Coordinates, ...]]]
    boxes: frozenset[Coordinates]


class StrayBox(NamedTuple):
    """A box that follows no mention, or a `<st>` or `<ed>` without its other half."""

    is_tag: bool
    start: int
    end: int


def mentions(text: str) -> tuple[Mention, ...]:
    """Return the mentions of the text in their order.

    Several boxes may be parted by a space, a comma, a semicolon or "and", and a colon may stand before the first.
    """
    return _scan(text)[0]


def strays(text: str) -> tuple[StrayBox, ...]:
    """Return the boxes and the tags of the text that belong to no mention, in their order."""
    return _scan(text)[1]


def bare_box(text: str) -> Coordinates:
    """Return the four numbers of a box that is nothing but `[0.1, 0.2, 0.3, 0.4]`, in 0..1; none of any other text."""
    found = _BARE.fullmatch(text)
    return tuple(map(float, found.groups())) if found else ()


def tidy_mentions(texts: Iterable[str]) -> TidyMentions | None:
    """Return the mentions of the texts where all have a name and boxes, and nothing could be a stray; else None.

    This is a cheap look: all `<` are of tags that belong together, all `[` of boxes behind them, and there is no `(`.
    """
    text = _BETWEEN.join(texts)
    pieces = _MENTION.findall(text)
    brackets = "".join([boxes for _, boxes in pieces]).count("[") + 2 * text.count(_BETWEEN)
    if "(" in text or text.count("<") != 2 * len(pieces) or text.count("[") != brackets:
        return None
    distinct = set(pieces)
    read = _read({boxes for _, boxes in distinct})
    named = frozenset([(name, read[boxes]) for name, boxes in distinct])
    if not all(map(str.strip, {name for name, _ in named})):
        return None
    return TidyMentions(named, frozenset(chain.from_iterable(read.values())))


def in_one_form(mention: str, change: Callable[[Coordinates, str], str]) -> str:
    """Return a mention's own text as `<st>men<ed> [..], [..]`, with `change(coordinates, as written)` for each box."""
    end = mention.index("<ed>") + len("<ed>")
    boxes = [change(_coordinates(box), box) for box in _ONE_BOX.findall(mention, end)]
    return f"{mention[:end]} {', '.join(boxes)}" if boxes else mention


def replaced(text: str, change: Callable[[Mention], str]) -> str:
    """Return the text with `change(mention)` in the place of each mention, in one pass."""
    return _PIECE.sub(lambda match: match[0] if match["name"] is None else change(_mention(match)), text)


tidy_once = lru_cache(maxsize=4)(tidy_mentions)
"""`tidy_mentions` of a tuple of texts, for all that ask for the same draft's."""


@lru_cache(maxsize=64)
def _scan(text: str) -> tuple[tuple[Mention, ...], tuple[StrayBox, ...]]:
    """Read the text once, however many checks ask for it."""
    found: list[Mention] = []
    strays: list[StrayBox] = []
    for match in _PIECE.finditer(text):
        if match["name"] is None:
            strays.append(StrayBox(match["tag"] is not None, match.start(), match.end()))
        else:
            found.append(_mention(match))
    return tuple(found), tuple(strays)


def _mention(match: re.Match[str]) -> Mention:
    return Mention(match["name"], _boxes(match["boxes"]), match.start(), match.end())


def _boxes(text: str) -> tuple[Coordinates, ...]:
    if text.count("[") == 1:
        return (_coordinates(text[text.index("[") :]),)
    return tuple(map(_coordinates, _ONE_BOX.findall(text)))


def _read(written: Iterable[str]) -> dict[str, tuple[Coordinates, ...]]:
    """Return what `_boxes` does for each text; well written boxes are JSON, and are all decoded at once."""
    written = list(written)
    text = f"[[{'],['.join(written)}]]".replace("] and [", "],[").replace("], and [", "],[")
    if written and text.isascii() and "e" not in text and "E" not in text:
        with suppress(msgspec.DecodeError):
            return dict(zip(written, _JSON_BOXES.decode(text), strict=True))
    return {boxes: _boxes(boxes) for boxes in written}


def _coordinates(box: str) -> Coordinates:
    """Return the numbers; what `float` makes of other characters than these is for the pattern to refuse."""
    numbers = box[1:-1]
    if numbers.strip("0123456789., ") and not _NUMBERS.fullmatch(box):
        return ()
    try:
        return tuple(map(float, numbers.split(",")))
    except ValueError:
        return ()
