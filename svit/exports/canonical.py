"""Texts in the one form that svit writes mentions in: `<st>man<ed> [0.588, 0.387, 0.692, 0.832], [..]`.

A box that follows no name, as LLaVA's own mix has them, is the mention of nothing: `<st><ed> [..]`. A text in this form
goes through an export as it is, or by one substitution; any other is put into it first.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import Enum, auto

from svit.boxes import Box
from svit.judge.checks import special_token_in
from svit.mentions import Coordinates, Mention, bare_box, mentions, strays

Sides = tuple[str, str, str, str]
"""The left, upper, right and lower side of a box in 0..1 of the image, as the text has them."""
Write = Callable[[str, Sequence[Sides]], str]
"""Turns a name and the boxes that it stands for into the text of a mention; the name is empty where a box has none."""

_SIDE = r"(?:0\.(?:0|\d{0,2}[1-9])|1\.0)"
_BOX = rf"\[{_SIDE}, {_SIDE}, {_SIDE}, {_SIDE}\]"
_PRINTED = re.compile(rf"<st>(?!\s)[^<>\[\]]*+(?<!\s)<ed>((?>(?: {_BOX}(?>(?:, {_BOX})*))?))")
"""A mention whose numbers are printed as `Box` prints them."""
_FIRST = r" \[([^,]*), ([^,]*), ([^,]*), ([^\]]*)\]"
_MENTION = re.compile(rf"<st>([^<>\[\]]*)<ed>(?:{_FIRST}((?:, \[[^\]]*\])*))?")
"""The first box is taken apart at once: most mentions have one."""
_SIDES = re.compile(r"\[([^,]*), ([^,]*), ([^,]*), ([^\]]*)\]")
_BETWEEN = "\n\x1f\n"
"""Stands between texts that are looked at together."""


class TextForm(Enum):
    """What is in texts: nothing that could be a mention, mentions in the canonical form and nothing else, or other."""

    PLAIN = auto()
    PRINTED = auto()
    OTHER = auto()


def form_of(texts: Sequence[str]) -> TextForm:
    """Return the form of texts; those that are printed have their boxes at the printed precision, and none empty."""
    text = _BETWEEN.join(texts)
    if "<" not in text and "[" not in text:
        return TextForm.PLAIN
    found = _PRINTED.findall(text)
    boxes = "".join(found)
    if text.count("<") != 2 * len(found) or text.count("[") != boxes.count("["):
        return TextForm.OTHER
    for x1, y1, x2, y2 in _SIDES.findall(boxes):
        if x1 >= x2 or y1 >= y2:  # numbers of this form, without zeros behind, are in the order of their texts
            return TextForm.OTHER
    return TextForm.PRINTED


def canonical(text: str) -> str:
    """Return the text in the canonical form, boxes with all their decimals.

    Raises ValueError with the code of its flaw for one that no trainer could use: special_token, box_malformed.
    """
    if "<" not in text and "[" not in text:
        return text
    if special_token_in(text):
        raise ValueError("special_token")
    found = [(mention.start, mention.end, _tagged(mention)) for mention in mentions(text)]
    found += [(box.start, box.end, said) for box in strays(text) if (said := _bare(text[box.start : box.end]))]
    pieces, end = [], 0
    for start, after, said in sorted(found):
        pieces += [text[end:start], said]
        end = after
    return "".join([*pieces, text[end:]])


def _tagged(mention: Mention) -> str:
    boxes = ", ".join(map(_exact, mention.boxes))
    return f"<st>{mention.name.strip()}<ed>{' ' if boxes else ''}{boxes}"


def _bare(text: str) -> str:
    """Return a box outside of a mention as the mention of nothing; empty for what is no box in shares."""
    numbers = bare_box(text)
    try:
        return f"<st><ed> {_exact(numbers)}" if numbers else ""
    except ValueError:
        return ""


def _exact(coordinates: Coordinates) -> str:
    try:
        box = Box(*coordinates)
    except (TypeError, ValueError):
        raise ValueError("box_malformed") from None
    return str([float(side) for side in (box.x1, box.y1, box.x2, box.y2)])


def named(texts: Iterable[str]) -> Iterator[tuple[str, list[Sides]]]:
    """Yield the name of each mention in canonical texts, with its boxes."""
    for text in texts:
        for match in _MENTION.finditer(text):
            yield _name_and_boxes(match)


def asks_for_boxes(text: str) -> bool:
    """Whether a canonical answer names something with a box, so that its question is to ask for boxes."""
    return "<ed> [" in text and ("<st><ed>" not in text or "<ed> [" in text.replace("<st><ed> [", ""))


def _name_and_boxes(match: re.Match[str]) -> tuple[str, list[Sides]]:
    name, x1, y1, x2, y2, more = match.groups()
    if x1 is None:
        return name, []
    first = (x1, y1, x2, y2)
    return name, [first, *_SIDES.findall(more)] if more else [first]


def has_boxes(texts: Iterable[str]) -> bool:
    """Whether any of these canonical texts has a mention with a box."""
    return any("<ed> [" in text for text in texts)


def rewritten(texts: Sequence[str], write: Write) -> Sequence[str]:
    """Return canonical texts with each mention as `write` has it."""

    def mention(match: re.Match[str]) -> str:
        return write(*_name_and_boxes(match))

    text = _BETWEEN.join(texts)
    if "<st>" not in text:
        return texts
    parts = _MENTION.sub(mention, text).split(_BETWEEN)
    return parts if len(parts) == len(texts) else [_MENTION.sub(mention, text) for text in texts]
