import math

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from svit.boxes import Box

pixels = st.floats(-2000, 4000)
sides = st.integers(1, 3000)


@given(x=pixels, y=pixels, w=pixels, h=pixels, width=sides, height=sides)
def test_a_box_from_pixels_is_inside_and_never_prints_empty(
    x: float, y: float, w: float, h: float, width: int, height: int
) -> None:
    box = Box.from_pixels(x, y, w, h, width=width, height=height)
    if box is not None:
        x1, y1, x2, y2 = box.printed()
        assert 0 <= box.x1 < box.x2 <= 1
        assert 0 <= box.y1 < box.y2 <= 1
        assert x1 < x2
        assert y1 < y2


@given(x=st.integers(0, 499), y=st.integers(0, 499), w=st.integers(1, 500), h=st.integers(1, 500))
def test_a_box_within_the_image_is_kept_where_it_is(x: int, y: int, w: int, h: int) -> None:
    w, h = min(w, 500 - x), min(h, 500 - y)
    assert Box.from_pixels(x, y, w, h, width=500, height=500) == Box(x / 500, y / 500, (x + w) / 500, (y + h) / 500)


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        ((-20, -10, 70, 60), "[0.0, 0.0, 0.5, 0.5]"),
        ((90, 90, 50, 50), "[0.9, 0.9, 1.0, 1.0]"),
        ((100, 0, 10, 10), None),
        ((10, 10, 0, 10), None),
        ((10, 10, -5, 10), None),
        ((10, 10, 0.02, 10), None),
        ((math.inf, 0, 10, 10), None),
    ],
)
def test_boxes_past_the_edge_are_clipped_and_empty_ones_are_none(
    pixels: tuple[float, float, float, float], expected: str | None
) -> None:
    box = Box.from_pixels(*pixels, width=100, height=100)
    assert (None if box is None else str(box)) == expected


@pytest.mark.parametrize(
    ("box", "printed"),
    [
        (Box(0.5884, 0.38651, 0.692, 0.8316), "[0.588, 0.387, 0.692, 0.832]"),
        (Box(0, 0.5, 0.25, 1), "[0.0, 0.5, 0.25, 1.0]"),
        (Box(0.0324, 0.1967, 0.9919, 0.9521), "[0.032, 0.197, 0.992, 0.952]"),
    ],
)
def test_str_is_the_prompt_form(box: Box, printed: str) -> None:
    assert str(box) == printed


ties = st.integers(0, 2000).map(lambda n: n / 2000)
near_ties = st.builds(lambda n, up: math.nextafter(n / 2000, up), st.integers(1, 1999), st.sampled_from([0.0, 1.0]))
coordinates = ties | near_ties | st.floats(0, 1) | st.fractions(0, 1, max_denominator=1280).map(float)


@given(st.lists(coordinates.map(lambda side: side + 0.0), min_size=4, max_size=4))
@example([1 / 2000, 0.0, 1.0, 3 / 2000])
def test_a_box_is_printed_as_it_is_rounded(sides: list[float]) -> None:
    (x1, x2), (y1, y2) = sorted(sides[::2]), sorted(sides[1::2])
    assume(x2 - x1 > 0.001 and y2 - y1 > 0.001)
    box = Box(x1, y1, x2, y2)
    assert str(box) == str(list(box.printed())) == str(Box(x1, y1, x2, y2))


@pytest.mark.parametrize(
    "sides",
    [
        (0.5, 0, 0.5, 1),
        (0.6, 0, 0.5, 1),
        (-0.1, 0, 0.5, 1),
        (0, 0, 1.1, 1),
        (0.1001, 0, 0.1004, 1),
        (math.nan, 0, 1, 1),
    ],
)
def test_what_is_no_box_is_refused(sides: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="is no box"):
        Box(*sides)


def test_json_holds_four_numbers_and_a_wrong_box_names_its_place() -> None:
    assert msgspec.json.decode(b"[0, 0.25, 0.5, 1]", type=Box) == Box(0, 0.25, 0.5, 1)
    with pytest.raises(msgspec.ValidationError, match=r"is no box.*\$\[1\]"):
        msgspec.json.decode(b"[[0, 0, 1, 1], [0, 0, 2, 1]]", type=list[Box])
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b"[0, 0, 1, 1, 1]", type=Box)


def test_iou_is_shared_area_over_covered_area() -> None:
    left, right = Box(0, 0, 0.5, 1), Box(0.25, 0, 0.75, 1)
    assert left.iou(right) == pytest.approx(1 / 3)
    assert left.iou(left) == 1
    assert left.iou(Box(0.5, 0, 1, 1)) == 0
