"""Checks of a referring text: each name has its box, each box its name, and both are what the annotators saw."""

from collections.abc import Callable, Iterator
from functools import lru_cache

from svit.boxes import Box
from svit.judge.annotation_index import places_of
from svit.judge.checks.base import Check, excerpt
from svit.mentions import Coordinates, Mention, mentions, strays, tidy_once
from svit.records import Draft, Flaw

SAME_PLACE = 0.5
"""The intersection over union from which on two boxes are taken for the same thing, as in grounding benchmarks."""


def _mentions_with(draft: Draft, fault: Callable[[Coordinates], str]) -> Iterator[tuple[str, Mention, set[str]]]:
    """Yield the mentions that have boxes with a fault, each with its text and its faults; every box is tried once."""
    tidy = tidy_once(draft.texts)
    boxes = tidy.boxes if tidy else {box for text in draft.texts for found in mentions(text) for box in found.boxes}
    faults = {box: code for box in boxes if (code := fault(box))}
    for text in draft.texts if faults else ():
        for mention in mentions(text):
            if codes := {faults[box] for box in mention.boxes if box in faults}:
                yield text, mention, codes


def every_pair_refers(draft: Draft) -> Iterator[Flaw]:
    """Yield no_mention for a turn in which neither the question nor the answer names an object by its box."""
    is_tidy = tidy_once(draft.texts) is not None and "<st>" not in draft.prompt.question
    for turn in draft.turns:
        if is_tidy and ("<st>" in turn.question or "<st>" in turn.answer):
            continue
        if not mentions(turn.question) and not mentions(turn.answer):
            yield Flaw("no_mention", excerpt(turn.question))


def every_mention_has_a_box(draft: Draft) -> Iterator[Flaw]:
    """Yield mention_without_box for `<st>..<ed>` without a box behind it, and for a half of the two tags."""
    for text in draft.texts if tidy_once(draft.texts) is None else ():
        for mention in mentions(text):
            if not mention.boxes or not mention.name.strip():
                yield Flaw("mention_without_box", excerpt(text, mention.start, mention.end))
        for stray in strays(text):
            if stray.is_tag:
                yield Flaw("mention_without_box", excerpt(text, stray.start, stray.end))


def every_box_has_a_mention(draft: Draft) -> Iterator[Flaw]:
    """Yield box_without_mention for a box that doesn't follow a `<st>..<ed>`."""
    for text in draft.texts if tidy_once(draft.texts) is None else ():
        for stray in strays(text):
            if not stray.is_tag:
                yield Flaw("box_without_mention", excerpt(text, stray.start, stray.end))


def every_box_is_valid(draft: Draft) -> Iterator[Flaw]:
    """Yield box_malformed for what is not four numbers or is empty, box_out_of_range for what leaves the image."""
    for text, mention, faults in _mentions_with(draft, _fault):
        for code in sorted(faults):
            yield Flaw(code, excerpt(text, mention.start, mention.end))


def boxes_are_annotated(min_iou: float = SAME_PLACE) -> Check:
    """Return the check that each box overlaps an object or a region of the context by `min_iou` or more."""

    def are_annotated(draft: Draft) -> Iterator[Flaw]:
        places = places_of(draft.prompt.context)

        def fault(coordinates: Coordinates) -> str:
            if places.at(coordinates) or not (box := box_of(coordinates)):
                return ""
            return "" if any(box.iou(other) >= min_iou for other, _ in places.annotations) else "box_not_annotated"

        for text, mention, faults in _mentions_with(draft, fault):
            for code in faults:
                yield Flaw(code, excerpt(text, mention.start, mention.end))

    return are_annotated


def _fault(coordinates: Coordinates) -> str:
    if box_of(coordinates):
        return ""
    if len(coordinates) != 4:
        return "box_malformed"
    if min(coordinates) < 0 or max(coordinates) > 1:
        return "box_out_of_range"
    return "box_malformed"


@lru_cache(maxsize=256)
def box_of(coordinates: Coordinates) -> Box | None:
    """Return the box of these coordinates; None where they are none."""
    if len(coordinates) != 4:
        return None
    try:
        return Box(*coordinates)
    except ValueError:
        return None
