"""Checks of a referring text: each name has its box, each box its name, and both are what the annotators saw."""

import re
from collections.abc import Iterator
from itertools import chain

from svit.boxes import DECIMALS, Box
from svit.checks.quoting import Check, excerpt, texts, turns
from svit.mentions import Coordinates, Mention, mentions, strays
from svit.records import Draft, Flaw, ImageContext

_SAME_PLACE = 0.5
"""The intersection over union from which on two boxes are taken for the same thing, as in grounding benchmarks."""

_AFTER_HEAD = re.compile(
    r" (?:of|in|on|with|without|at|near|by|from|for|to|behind|under|over|that|who|wearing|holding|sitting|standing"
    r"|walking|riding|playing|eating|looking|carrying|hanging|lying|parked)\b.*"
)
_SEVERAL = re.compile(r"(?:two|three|four|five|six|seven|eight|nine|ten|several|many|multiple|both)\b")
_PLURALS = frozenset({"men", "women", "children", "people", "feet", "teeth", "geese", "mice", "oxen"})
_SINGULARS = frozenset(
    (
        *("glasses", "eyeglasses", "sunglasses", "goggles", "binoculars", "spectacles", "jeans", "pants", "shorts"),
        *("trousers", "overalls", "tights", "leggings", "slacks", "pajamas", "pyjamas", "clothes", "scissors"),
        *("pliers", "tongs", "tweezers", "headphones", "earphones", "suspenders", "khakis", "stairs", "steps"),
        *("blinds", "bleachers", "handlebars", "curtains", "drapes", "bangs", "reins", "tracks", "gas", "canvas"),
        *("lens", "atlas", "series", "species", "news", "christmas", "texas", "overpass", "chaos", "suds"),
        *("surroundings", "groceries", "remains", "headquarters", "crossroads", "woods", "outskirts", "ruins"),
        *("rapids", "grounds"),
    )
)
"""Names in -s of one thing, or of things that annotators box as one."""


def every_pair_refers(draft: Draft) -> Iterator[Flaw]:
    """Yield no_mention for a turn in which neither the question nor the answer names an object by its box."""
    for turn in turns(draft):
        if not mentions(turn.question) and not mentions(turn.answer):
            yield Flaw("no_mention", excerpt(turn.question))


def every_mention_has_a_box(draft: Draft) -> Iterator[Flaw]:
    """Yield mention_without_box for `<st>..<ed>` without a box behind it, and for a half of the two tags."""
    for text in texts(draft):
        for mention in mentions(text):
            if not mention.boxes or not mention.name.strip():
                yield Flaw("mention_without_box", excerpt(text, mention.start, mention.end))
        for stray in strays(text):
            if stray.is_tag:
                yield Flaw("mention_without_box", excerpt(text, stray.start, stray.end))


def every_box_has_a_mention(draft: Draft) -> Iterator[Flaw]:
    """Yield box_without_mention for a box that doesn't follow a `<st>..<ed>`."""
    for text in texts(draft):
        for stray in strays(text):
            if not stray.is_tag:
                yield Flaw("box_without_mention", excerpt(text, stray.start, stray.end))


def every_box_is_valid(draft: Draft) -> Iterator[Flaw]:
    """Yield box_malformed for what is not four numbers or is empty, box_out_of_range for what leaves the image."""
    for text in texts(draft):
        for mention in mentions(text):
            for code in sorted({_fault(box) for box in mention.boxes} - {""}):
                yield Flaw(code, excerpt(text, mention.start, mention.end))


def boxes_are_annotated(min_iou: float = _SAME_PLACE) -> Check:
    """Return the check that each box overlaps an object or a region of the context by `min_iou` or more."""

    def are_annotated(draft: Draft) -> Iterator[Flaw]:
        known = _by_left_side(draft.prompt.context)
        for text in texts(draft):
            for mention in mentions(text):
                if any(not _is_annotated(box, known, min_iou) for box in map(_box, mention.boxes) if box):
                    yield Flaw("box_not_annotated", excerpt(text, mention.start, mention.end))

    return are_annotated


def plural_names_have_boxes(draft: Draft) -> Iterator[Flaw]:
    """Yield plural_with_one_box for "men" with a single box, unless annotators called that very place so."""
    for text in texts(draft):
        for mention in mentions(text):
            if len(mention.boxes) == 1 and _is_plural(mention) and not _is_named_so(mention, draft.prompt.context):
                yield Flaw("plural_with_one_box", excerpt(text, mention.start, mention.end))


def _fault(coordinates: Coordinates) -> str:
    if len(coordinates) != 4:
        return "box_malformed"
    if min(coordinates) < 0 or max(coordinates) > 1:
        return "box_out_of_range"
    return "" if _box(coordinates) else "box_malformed"


def _box(coordinates: Coordinates) -> Box | None:
    if len(coordinates) != 4:
        return None
    try:
        return Box(*coordinates)
    except ValueError:
        return None


def _by_left_side(context: ImageContext) -> dict[float, list[Box]]:
    """Return the annotated boxes by their printed x1: a copied box is found without a look at the others."""
    known: dict[float, list[Box]] = {}
    for box in (*(item.box for item in context.objects), *(region.box for region in context.regions)):
        known.setdefault(round(box.x1, DECIMALS), []).append(box)
    return known


def _is_annotated(box: Box, known: dict[float, list[Box]], min_iou: float) -> bool:
    near, all_boxes = known.get(box.x1, ()), chain.from_iterable(known.values())
    return any(box.iou(other) >= min_iou for other in chain(near, all_boxes))


def _is_plural(mention: Mention) -> bool:
    name = mention.name.strip().casefold()
    head = _head(name)
    if _SEVERAL.match(name) or head in _PLURALS:
        return True
    return len(head) > 3 and head.endswith("s") and not head.endswith(("ss", "us", "is")) and head not in _SINGULARS


def _is_named_so(mention: Mention, context: ImageContext) -> bool:
    """Whether an object or a region at the mention's place has its noun in its own name."""
    box, head = _box(mention.boxes[0]), _head(mention.name.strip().casefold())
    if not box:
        return True
    named = [(" ".join((item.name, *item.aliases)), item.box) for item in context.objects]
    named += [(region.phrase, region.box) for region in context.regions]
    return any(head in words.casefold().split() and box.iou(other) >= _SAME_PLACE for words, other in named)


def _head(name: str) -> str:
    """Return the noun that a name turns on: "men" of "two men in hats"."""
    return _AFTER_HEAD.sub("", name).rpartition(" ")[2]
