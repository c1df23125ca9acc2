import pytest

from svit.boxes import Box
from svit.judge import checks
from svit.judge.annotation_index import places_of
from svit.records import Dialogue, Draft, ImageContext, Object, Prompt, Region, Sampling, Turn

STREET = ImageContext(
    1,
    "street.jpg",
    640,
    480,
    objects=(
        Object(1, "man", Box(0.1, 0.2, 0.3, 0.9)),
        Object(2, "woman", Box(0.6, 0.2, 0.8, 0.9)),
        Object(3, "stop sign", Box(0.4, 0.1, 0.5, 0.2)),
        Object(4, "gizmo", Box(0.4, 0.4, 0.5, 0.5), aliases=("thingamabob",)),
        Object(5, "dog", Box(0.4, 0.7, 0.5, 0.9)),
        Object(6, "jacket", Box(0.1, 0.3, 0.3, 0.6)),
        Object(7, "elderly man", Box(0.1, 0.21, 0.3, 0.9)),
        Object(8, "contraption", Box(0.85, 0.7, 0.95, 0.9)),
        Object(9, "couch", Box(0.0, 0.92, 0.3, 1.0)),
    ),
    regions=(
        Region(1, "two surfers with boards", Box(0.5, 0.1, 0.9, 0.95)),
        Region(2, "the gray sky", Box(0.0, 0.0, 1.0, 0.1)),
    ),
)
MAN, WOMAN, SIGN, GIZMO = "[0.1, 0.2, 0.3, 0.9]", "[0.6, 0.2, 0.8, 0.9]", "[0.4, 0.1, 0.5, 0.2]", "[0.4, 0.4, 0.5, 0.5]"
DOG, JACKET, TOOL, COUCH = (
    "[0.4, 0.7, 0.5, 0.9]",
    "[0.1, 0.3, 0.3, 0.6]",
    "[0.85, 0.7, 0.95, 0.9]",
    "[0.0, 0.92, 0.3, 1.0]",
)
SKY, NOTHING = "[0.0, 0.0, 1.0, 0.1]", "[0.9, 0.2, 0.95, 0.3]"


def codes(check: checks.Check, mention: str) -> list[str]:
    prompt = Prompt("referring", (), Sampling("m", 100), "v", STREET)
    turn = Turn("What is it?", f"It is the {mention}.")
    tidy = [flaw.code for flaw in check(Draft(prompt, (Dialogue((turn,)),)))]
    untidy = Turn("What is it (2)?", turn.answer)
    assert tidy == [flaw.code for flaw in check(Draft(prompt, (Dialogue((untidy,)),)))]
    return tidy


@pytest.mark.parametrize(
    ("name", "box"),
    [
        *(("man", MAN), ("Man", MAN), ("men", MAN), ("tall man in a hat", MAN), ("person", MAN), ("guy", MAN)),
        *(("pedestrian", MAN), ("boy", MAN), ("lady", WOMAN), ("girl", WOMAN), ("sign", SIGN), ("stop signs", SIGN)),
        *(
            ("gizmo", GIZMO),
            ("thingamabob", GIZMO),
            ("widget", GIZMO),
            ("animal", DOG),
            ("puppy", DOG),
            ("coat", JACKET),
        ),
        *(("clothing", JACKET), ("sofa", COUCH), ("surfer", "[0.5, 0.1, 0.9, 0.95]"), ("clouds", SKY), ("sky", SKY)),
        *(("dog", NOTHING), ("dog", "[0.1]"), ("cutlery", "[]")),
    ],
)
def test_a_name_that_annotators_could_give_that_place_fits(name: str, box: str) -> None:
    assert codes(checks.names_fit_their_boxes, f"<st>{name}<ed> {box}") == []


@pytest.mark.parametrize(
    ("name", "box"),
    [
        *(("dog", MAN), ("man", DOG), ("man", SIGN), ("woman", MAN), ("dogs", f"{DOG}, {MAN}"), ("stop sign", JACKET)),
        *(("gizmo", MAN), ("dog", GIZMO), ("elephant", DOG), ("contraption", DOG), ("man", SKY)),
    ],
)
def test_a_box_of_something_else_is_a_mismatch(name: str, box: str) -> None:
    assert codes(checks.names_fit_their_boxes, f"<st>{name}<ed> {box}") == ["box_name_mismatch"]


@pytest.mark.parametrize(
    ("mention", "is_flawed"),
    [
        (f"<st>man<ed> {MAN}, {WOMAN}", True),
        (f"<st>tall man<ed> {MAN}, {DOG}, {WOMAN}", True),
        (f"<st>stop sign<ed> {SIGN}, {DOG}", True),
        (f"<st>man<ed> {MAN}", False),
        (f"<st>men<ed> {MAN}, {WOMAN}", False),
        (f"<st>man<ed> {MAN}, [0.1, 0.21, 0.3, 0.9]", False),
        (f"<st>man and woman<ed> {MAN}, {WOMAN}", False),
        (f"<st>group of people<ed> {MAN}, {WOMAN}", False),
        (f"<st>each person<ed> {MAN}, {WOMAN}", False),
        (f"<st>two sheep<ed> {MAN}, {WOMAN}", False),
        (f"<st>sheep<ed> {MAN}, {WOMAN}", False),
        (f"<st>grass<ed> {MAN}, {WOMAN}", False),
        (f"<st>gizmo<ed> {MAN}, {WOMAN}", False),
    ],
)
def test_a_singular_has_one_place(mention: str, is_flawed: bool) -> None:
    assert codes(checks.singular_names_have_one_box, mention) == ["singular_with_many"] * is_flawed


def test_places_are_kept_for_one_context() -> None:
    other = ImageContext(2, "x.jpg", 1, 1)
    assert places_of(STREET) is places_of(STREET)
    assert places_of(other).annotations == []
    assert [item.words for item in places_of(STREET).beside(0.4)] == ["stop sign", "gizmo thingamabob", "dog"]
    assert [item.words for item in places_of(STREET).beside(0.599, 1)] == ["woman"]
    assert [item.words for item in places_of(STREET).at((0.1, 0.2, 0.3, 0.9))] == ["man"]
    assert [places_of(STREET).at(box) for box in ((0.1, 0.2, 0.301, 0.9), (0.1,), (1e300, 0, 1, 1))] == [()] * 3
