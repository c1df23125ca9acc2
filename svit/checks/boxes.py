"""Checks of a referring text: each name has its box, each box its name, and both are what the annotators saw."""

import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from itertools import chain

from svit.boxes import DECIMALS, Box
from svit.checks.quoting import Check, excerpt
from svit.mentions import Coordinates, Mention, mentions, strays, tidy_mentions
from svit.records import Draft, Flaw, ImageContext

_STEPS = 10**DECIMALS
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


@lru_cache(maxsize=4)
def _tidy(texts: tuple[str, ...]) -> tuple[tuple[str, tuple[Coordinates, ...]], ...] | None:
    """Read the texts of a draft once for all checks; most have nothing astray."""
    return tidy_mentions(texts)


def _mentions_with(draft: Draft, fault: Callable[[Coordinates], str]) -> Iterator[tuple[str, Mention, set[str]]]:
    """Yield the mentions that have boxes with a fault, each with its text and its faults; every box is tried once."""
    tidy = _tidy(draft.texts)
    if tidy is not None and not any(map(fault, {box for _, boxes in tidy for box in boxes})):
        return
    for text in draft.texts:
        for mention in mentions(text):
            if faults := set(map(fault, mention.boxes)) - {""}:
                yield text, mention, faults


def every_pair_refers(draft: Draft) -> Iterator[Flaw]:
    """Yield no_mention for a turn in which neither the question nor the answer names an object by its box."""
    is_tidy = _tidy(draft.texts) is not None and "<st>" not in draft.prompt.question
    for turn in draft.turns:
        if is_tidy and ("<st>" in turn.question or "<st>" in turn.answer):
            continue
        if not mentions(turn.question) and not mentions(turn.answer):
            yield Flaw("no_mention", excerpt(turn.question))


def every_mention_has_a_box(draft: Draft) -> Iterator[Flaw]:
    """Yield mention_without_box for `<st>..<ed>` without a box behind it, and for a half of the two tags."""
    for text in draft.texts if _tidy(draft.texts) is None else ():
        for mention in mentions(text):
            if not mention.boxes or not mention.name.strip():
                yield Flaw("mention_without_box", excerpt(text, mention.start, mention.end))
        for stray in strays(text):
            if stray.is_tag:
                yield Flaw("mention_without_box", excerpt(text, stray.start, stray.end))


def every_box_has_a_mention(draft: Draft) -> Iterator[Flaw]:
    """Yield box_without_mention for a box that doesn't follow a `<st>..<ed>`."""
    for text in draft.texts if _tidy(draft.texts) is None else ():
        for stray in strays(text):
            if not stray.is_tag:
                yield Flaw("box_without_mention", excerpt(text, stray.start, stray.end))


def every_box_is_valid(draft: Draft) -> Iterator[Flaw]:
    """Yield box_malformed for what is not four numbers or is empty, box_out_of_range for what leaves the image."""
    for text, mention, faults in _mentions_with(draft, _fault):
        for code in sorted(faults):
            yield Flaw(code, excerpt(text, mention.start, mention.end))


def boxes_are_annotated(min_iou: float = _SAME_PLACE) -> Check:
    """Return the check that each box overlaps an object or a region of the context by `min_iou` or more."""

    def are_annotated(draft: Draft) -> Iterator[Flaw]:
        is_annotated = _annotated(draft.prompt.context, min_iou)

        @cache
        def fault(coordinates: Coordinates) -> str:
            box = _box(coordinates)
            return "box_not_annotated" if box and not is_annotated(box) else ""

        for text, mention, faults in _mentions_with(draft, fault):
            for code in faults:
                yield Flaw(code, excerpt(text, mention.start, mention.end))

    return are_annotated


def plural_names_have_boxes(draft: Draft) -> Iterator[Flaw]:
    """Yield plural_with_one_box for "men" with a single box, unless annotators called that very place so."""
    tidy = _tidy(draft.texts)
    if tidy is not None and not any(
        _is_plural(name) and len(boxes) == 1 and not _is_named_so(name, boxes[0], draft.prompt.context)
        for name, boxes in tidy
    ):
        return
    for text in draft.texts:
        for name, boxes, start, end in mentions(text):
            if len(boxes) == 1 and _is_plural(name) and not _is_named_so(name, boxes[0], draft.prompt.context):
                yield Flaw("plural_with_one_box", excerpt(text, start, end))


def _fault(coordinates: Coordinates) -> str:
    if _box(coordinates):
        return ""
    if len(coordinates) != 4:
        return "box_malformed"
    if min(coordinates) < 0 or max(coordinates) > 1:
        return "box_out_of_range"
    return "box_malformed"


@lru_cache(maxsize=256)
def _box(coordinates: Coordinates) -> Box | None:
    if len(coordinates) != 4:
        return None
    try:
        return Box(*coordinates)
    except ValueError:
        return None


def _annotated(context: ImageContext, min_iou: float) -> Callable[[Box], bool]:
    """Return the question whether a box overlaps an annotated one; a copied one is found by its left side."""
    boxes = [thing.box for thing in context.objects] + [region.box for region in context.regions]
    by_left = {int(box.x1 * _STEPS + 0.5): box for box in boxes}

    def is_annotated(box: Box) -> bool:
        near = by_left.get(int(box.x1 * _STEPS + 0.5))
        if near and box.iou(near) >= min_iou:
            return True
        left, right = box.x1 - 1 / _STEPS, box.x1 + 1 / _STEPS
        beside = (other for other in boxes if left <= other.x1 <= right)
        return any(box.iou(other) >= min_iou for other in chain(beside, boxes))

    return is_annotated


@lru_cache(maxsize=1024)
def _is_plural(name: str) -> bool:
    name = name.strip().casefold()
    head = _head(name)
    if _SEVERAL.match(name) or head in _PLURALS:
        return True
    return len(head) > 3 and head.endswith("s") and not head.endswith(("ss", "us", "is")) and head not in _SINGULARS


def _is_named_so(name: str, coordinates: Coordinates, context: ImageContext) -> bool:
    """Whether an object or a region at the place of a mention has the mention's noun in its own name."""
    box, head = _box(coordinates), _head(name.strip().casefold())
    if not box:
        return True
    named = chain(
        ((" ".join((item.name, *item.aliases)), item.box) for item in context.objects),
        ((region.phrase, region.box) for region in context.regions),
    )
    return any(
        head in words and head in words.split() and box.iou(other) >= _SAME_PLACE
        for words, other in ((words.casefold(), other) for words, other in named)
    )


def _head(name: str) -> str:
    """Return the noun that a name turns on: "men" of "two men in hats"."""
    return _AFTER_HEAD.sub("", name).rpartition(" ")[2]
