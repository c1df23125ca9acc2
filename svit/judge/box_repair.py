"""Mending of a draft before it is checked: only what has one meaning, and each repair is told as a flaw."""

from collections.abc import Callable, Iterable

from svit.boxes import Box
from svit.judge.annotation_index import STEPS, places_of
from svit.mentions import Coordinates, Mention, in_one_form, replaced, tidy_once
from svit.records import Dialogue, Draft, Flaw, ImageContext, Turn

_SLACK = 5
"""Steps of a printed coordinate, that is thousandths: what a model loses that writes two decimals for three."""
_NO_DOUBT = 0.8
"""The intersection over union under which a box, small ones above all, may be meant for another place."""
_LONGEST = 110
Snap = Callable[[Coordinates], Box | None]


def repaired_boxes(draft: Draft) -> tuple[Draft, tuple[Flaw, ...]]:
    """Return the draft with its mentions in the form `<st>men<ed> [..], [..]` and its boxes on annotated ones.

    The repairs are boxes_joined, for several boxes with something else than commas between them or a box after a
    colon, and box_snapped, for a box up to five thousandths off, on each side, from the only annotated one there.
    Nothing else is touched, and a box that is as annotated keeps its characters.
    """
    snap = _snapping(draft.prompt.context)
    if _are_in_one_form(draft.texts) and not _any_snaps(draft, snap):
        return draft, ()
    repairs: list[Flaw] = []

    def mended(text: str) -> str:
        return replaced(text, lambda mention: _mended(text, mention, snap, repairs)) if "<st>" in text else text

    dialogues = tuple(
        Dialogue(tuple(Turn(mended(turn.question), mended(turn.answer)) for turn in dialogue.turns), dialogue.topic)
        for dialogue in draft.dialogues
    )
    return (Draft(draft.prompt, dialogues), tuple(repairs)) if repairs else (draft, ())


def _are_in_one_form(texts: Iterable[str]) -> bool:
    """Whether all brackets stand where they should: a cheap look, as few texts have any elsewhere."""
    text = "\n".join(texts)
    return text.count("[") == text.count("<ed> [") + text.count("], [")


def _any_snaps(draft: Draft, snap: Snap) -> bool:
    tidy = tidy_once(draft.texts)
    return tidy is None or any(map(snap, tidy.boxes))


def _mended(text: str, mention: Mention, snap: Snap, repairs: list[Flaw]) -> str:
    written = text[mention.start : mention.end]

    def changed(coordinates: Coordinates, box: str) -> str:
        meant = snap(coordinates)
        if meant:
            repairs.append(Flaw("box_snapped", f"{box} is {meant}"[:_LONGEST], "repair"))
        return str(meant or box)

    joined = in_one_form(written, lambda _, box: box)
    if joined != written:
        repairs.append(Flaw("boxes_joined", " ".join(written.split())[:_LONGEST], "repair"))
    return in_one_form(joined, changed)


def _snapping(context: ImageContext) -> Snap:
    """Return the function that gives the annotated box which coordinates just miss; None for right and far ones."""
    places = places_of(context)

    def snap(coordinates: Coordinates) -> Box | None:
        if len(coordinates) != 4 or places.at(coordinates) or not all(-1 < side < 2 for side in coordinates):
            return None
        near = (box for box, _ in places.beside(coordinates[0], _SLACK + 1))
        meant = {str(box): box for box in near if _is_near(box, coordinates)}
        if len(meant) != 1:
            return None
        (box,) = meant.values()
        return box if box.printed() != coordinates and _overlap(coordinates, box) >= _NO_DOUBT else None

    return snap


def _is_near(box: Box, coordinates: Coordinates) -> bool:
    return all(
        abs(round(STEPS * one) - round(STEPS * other)) <= _SLACK
        for one, other in zip(box.printed(), coordinates, strict=True)
    )


def _overlap(coordinates: Coordinates, box: Box) -> float:
    """Return the intersection over union with what of the written box lies in the image; 0 where nothing does."""
    try:
        return Box(*(min(1.0, max(0.0, side)) for side in coordinates)).iou(box)
    except ValueError:
        return 0.0
