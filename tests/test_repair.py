from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svit.boxes import Box
from svit.judge.box_repair import repaired_boxes
from svit.mentions import mentions
from svit.records import Dialogue, Draft, ImageContext, Object, Prompt, Region, Sampling, Turn
from svit.tasks import TASKS

PARK = ImageContext(
    1,
    "park.jpg",
    640,
    480,
    objects=(
        Object(1, "man", Box(0.1, 0.2, 0.3, 0.9)),
        Object(2, "man", Box(0.5, 0.2, 0.7, 0.9)),
        Object(3, "dog", Box(0.7, 0.6, 0.9, 0.95)),
        Object(4, "dog", Box(0.704, 0.6, 0.9, 0.95)),
        Object(5, "button", Box(0.2, 0.4, 0.21, 0.41)),
        Object(6, "hat", Box(0.0625, 0.0, 0.2, 0.1)),
        Object(7, "lawn", Box(0.0, 0.8, 1.0, 1.0)),
    ),
    regions=(Region(1, "two men and a dog", Box(0.05, 0.15, 0.95, 0.99)),),
)
ONE, TWO = "[0.1, 0.2, 0.3, 0.9]", "[0.5, 0.2, 0.7, 0.9]"


def draft(*texts: str) -> Draft:
    turns = tuple(Turn(text, text) for text in texts)
    return Draft(Prompt("referring", (), Sampling("m", 100), "v", PARK), (Dialogue(turns),))


def repaired(text: str) -> tuple[str, list[str]]:
    """The answer after the repair, and the codes of what was done in it and in the question before it."""
    mended, flaws = repaired_boxes(draft(text))
    assert all(flaw.severity == "repair" and flaw.words for flaw in flaws)
    assert mended.turns[0].question == mended.turns[0].answer
    return mended.turns[0].answer, [flaw.code for flaw in flaws[::2]]


@pytest.mark.parametrize(
    "written",
    [
        f"<st>men<ed> {ONE} {TWO}",
        f"<st>men<ed> {ONE}{TWO}",
        f"<st>men<ed> {ONE},{TWO}",
        f"<st>men<ed> {ONE}; {TWO}",
        f"<st>men<ed> {ONE} and {TWO}",
        f"<st>men<ed> {ONE}, and {TWO}",
        f"<st>men<ed>: {ONE}, {TWO}",
        f"<st>men<ed>{ONE}, {TWO}",
        f"<st>men<ed> :\n{ONE} {TWO}",
    ],
)
def test_several_boxes_are_written_in_one_form(written: str) -> None:
    assert repaired(f"The {written} sit.") == (f"The <st>men<ed> {ONE}, {TWO} sit.", ["boxes_joined"])


def test_a_colon_before_no_box_and_a_sentence_between_boxes_are_left_alone() -> None:
    for text in (f"The <st>man<ed>: he sits {ONE}.", f"<st>man<ed> {ONE} beside {TWO}", f"<st>man<ed> ({ONE[1:-1]})"):
        assert repaired(text) == (text, [])


@pytest.mark.parametrize(
    ("box", "meant"),
    [
        ("[0.1, 0.2, 0.301, 0.9]", ONE),
        ("[0.105, 0.195, 0.305, 0.895]", ONE),
        ("[0.06, 0.0, 0.2, 0.1]", "[0.062, 0.0, 0.2, 0.1]"),
        ("[0.0, 0.8, 1.004, 1.0]", "[0.0, 0.8, 1.0, 1.0]"),
        ("[-0.002, 0.8, 1.0, 1.0]", "[0.0, 0.8, 1.0, 1.0]"),
    ],
)
def test_a_box_that_just_misses_the_only_one_there_is_snapped_to_it(box: str, meant: str) -> None:
    assert repaired(f"The <st>thing<ed> {box} is big.") == (f"The <st>thing<ed> {meant} is big.", ["box_snapped"])


@pytest.mark.parametrize(
    "box",
    [
        *(ONE, "[0.10,0.2,0.3,0.90]", "[0.062, 0.0, 0.2, 0.1]", "[0.704, 0.6, 0.9, 0.95]", "[0.7, 0.6, 0.9, 0.95]"),
        *("[0.106, 0.2, 0.3, 0.9]", "[0.702, 0.6, 0.9, 0.95]", "[0.203, 0.403, 0.213, 0.413]", "[0.4, 0.4, 0.5, 0.5]"),
        *("[0.3, 0.2, 0.1, 0.9]", "[0.1, 0.2, 0.3]", "[]", "[100, 200, 300, 900]", "[0.1, 0..2, 0.3, 0.9]"),
    ],
    ids=[
        *("right", "right in other characters", "right after rounding", "right beside another", "right beside one"),
        *("six thousandths off", "between two", "too small", "far off", "corners swapped", "three numbers", "none"),
        *("pixels", "two dots"),
    ],
)
def test_what_is_right_or_in_doubt_is_left_alone(box: str) -> None:
    assert repaired(f"The <st>thing<ed> {box} is big.") == (f"The <st>thing<ed> {box} is big.", [])


def test_every_box_is_converted_once_and_both_repairs_are_told() -> None:
    text = "The <st>men<ed>: [0.101, 0.2, 0.3, 0.9] and [0.501, 0.2, 0.7, 0.9] sit."
    mended, flaws = repaired_boxes(draft(text))
    assert mended.turns[0].answer == f"The <st>men<ed> {ONE}, {TWO} sit."
    assert [flaw.code for flaw in flaws[:3]] == ["boxes_joined", "box_snapped", "box_snapped"]
    assert flaws[1].words == f"[0.101, 0.2, 0.3, 0.9] is {ONE}"


def test_a_draft_without_a_repair_is_the_same_draft() -> None:
    right = draft(f"The <st>man<ed> {ONE} sits.", "No one.", f"<st>men<ed> {ONE}, {TWO}")
    assert repaired_boxes(right) == (right, ())
    assert repaired_boxes(right)[0] is right


ANNOTATED = [item.box for item in PARK.objects] + [region.box for region in PARK.regions]
SIDES = st.integers(0, 1000).map(lambda steps: steps / 1000)
KNOWN = st.sampled_from([str(box) for box in ANNOTATED])
MOVED = st.tuples(st.sampled_from(PARK.objects), *[st.integers(-8, 8)] * 4).map(
    lambda moved: str([round(side + by / 1000, 3) for side, by in zip(moved[0].box.printed(), moved[1:], strict=True)])
)
BOXES = KNOWN | MOVED | st.tuples(SIDES, SIDES, SIDES, SIDES).map(lambda sides: str(list(sides)))
JOINTS = st.sampled_from([", ", " ", "; ", " and ", ", and ", ",", ""])
WRITTEN = st.tuples(
    st.sampled_from(["<ed> ", "<ed>: ", "<ed>"]), st.lists(st.tuples(BOXES, JOINTS), min_size=1, max_size=4)
)


def _written(mention: tuple[str, list[tuple[str, str]]]) -> str:
    end, boxes = mention
    return f"The <st>thing{end}{''.join(box + joint for box, joint in boxes[:-1])}{boxes[-1][0]} here"


@given(st.lists(WRITTEN.map(_written), min_size=1, max_size=4))
def test_a_repair_is_made_once_and_changes_no_right_box(texts: list[str]) -> None:
    mended, _ = repaired_boxes(draft(*texts))
    assert repaired_boxes(mended) == (mended, ())
    right = {box.printed() for box in ANNOTATED}
    for before, after in zip(texts, (turn.answer for turn in mended.turns), strict=True):
        ((name, old, *_),), ((same_name, new, *_),) = mentions(before), mentions(after)
        assert (name, len(old)) == (same_name, len(new))
        for box, other in zip(old, new, strict=True):
            assert other == box or (box not in right and other in right)


def test_the_referring_task_repairs_before_it_checks() -> None:
    task = replace(TASKS["referring"], dialogues=1)
    kept = task.verdict(draft(f"Are the <st>men<ed>: [0.101, 0.2, 0.3, 0.9] and {TWO}, <st>man<ed> {ONE}?"))
    assert [flaw.code for flaw in kept.flaws] == ["boxes_joined", "box_snapped"] * 2
    assert kept.dialogues[0].turns[0].answer == f"Are the <st>men<ed> {ONE}, {TWO}, <st>man<ed> {ONE}?"
