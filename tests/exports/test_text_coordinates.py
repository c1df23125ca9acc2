"""A box read back from a record lies where the annotation lies: of all text formats, on wide, tall and tiny images.

Each reader here restates what the model's own side does with the numbers: their frame, its resize or padding. Formats
write whole numbers of some grid, and a side that falls between two of its lines moves by half a step at most. Then an
IoU of 0.98 is certain for boxes of 102 steps and more a side, and boxes on the lines are kept exactly, whatever their
size. A step is 1/1000 of the image (qwen2-vl, qwen3-vl, internvl), at most 1/1000 of the square around it
(llama-factory, when padded: narrow boxes have more decimals), a pixel of the picture as it is shown (qwen2.5-vl), a
hundredth of a pixel (ms-swift).
"""

import json
import re
from collections.abc import Callable
from fractions import Fraction
from math import ceil, sqrt

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from svit.boxes import Box
from svit.exports.base import Format, Item, Style, TextGroup
from svit.exports.box_frames import Numbers
from svit.exports.formats.internvl import FORMAT as INTERNVL
from svit.exports.formats.llama_factory import FORMAT as LLAMA_FACTORY
from svit.exports.formats.ms_swift import FORMAT as MS_SWIFT
from svit.exports.formats.qwen2_5_vl import FORMAT as QWEN2_5_VL
from svit.exports.formats.qwen2_vl import FORMAT as QWEN2_VL
from svit.exports.formats.qwen3_vl import FORMAT as QWEN3_VL
from svit.image_files.image_frames import Resize

STEPS = 102
ENOUGH = 0.98
IMAGES = {
    "wide": (1600, 100),
    "wider than is shown": (8000, 1000),
    "tall": (90, 2000),
    "tiny": (32, 32),
    "tiny and wide": (60, 20),
    "one pixel": (1, 1),
    "of the usual size": (640, 480),
    "odd": (501, 333),
    "large": (4032, 3024),
}
Read = Callable[[str, Item], Numbers]


def thousandths(pattern: str) -> Read:
    """Return what reads the first box that matches, in thousandths, as pixels of the image."""

    def read(text: str, item: Item) -> Numbers:
        x1, y1, x2, y2 = (int(side) / 1000 for side in numbers(pattern, text))
        return x1 * item.width, y1 * item.height, x2 * item.width, y2 * item.height

    return read


def numbers(pattern: str, text: str) -> tuple[str, ...]:
    found = re.search(pattern, text)
    assert found, text
    return found.groups()


def shown_pixels(text: str, item: Item) -> Numbers:
    """Qwen2.5-VL's: pixels of the picture that its image processor makes of the image."""
    w, h = shown_size(item.width, item.height)
    x1, y1, x2, y2 = map(int, numbers(r'"bbox_2d": \[(\d+), (\d+), (\d+), (\d+)\]', text))
    return x1 * item.width / w, y1 * item.height / h, x2 * item.width / w, y2 * item.height / h


def shown_steps(item: Item) -> tuple[int, int]:
    return shown_size(item.width, item.height)


def shown_size(width: int, height: int) -> tuple[int, int]:
    """Say what the image processor does: sides of 28, 3136 to 1003520 pixels, else scaled to that.

    Its order of dividing is kept: 7880 / sqrt(..) / 28 is a hair above 40, and another order has 39.99..
    """
    w, h = (round(Fraction(side, 28)) * 28 for side in (width, height))
    if w * h > 1_003_520:
        beta = sqrt(width * height / 1_003_520)
        return int(width / beta / 28) * 28, int(height / beta / 28) * 28
    if w * h < 3136:
        beta = sqrt(3136 / (width * height))
        return ceil(width * beta / 28) * 28, ceil(height * beta / 28) * 28
    return w, h


def unit(text: str, item: Item) -> Numbers:
    x1, y1, x2, y2 = map(float, numbers(r"\[([\d.]+), ([\d.]+), ([\d.]+), ([\d.]+)\]", text))
    return x1 * item.width, y1 * item.height, x2 * item.width, y2 * item.height


def unit_of_square(text: str, item: Item) -> Numbers:
    """LLaVA's padding: a square of the longer side, the image in its middle."""
    side = max(item.width, item.height)
    left, top = (side - item.width) // 2, (side - item.height) // 2
    x1, y1, x2, y2 = (float(number) * side for number in numbers(r"\[([\d.]+), ([\d.]+), ([\d.]+), ([\d.]+)\]", text))
    return x1 - left, y1 - top, x2 - left, y2 - top


THOUSAND = (1000, 1000)
QWEN_BOX = r"<\|box_start\|>\((\d+),(\d+)\),\((\d+),(\d+)\)<\|box_end\|>"
FORMATS: dict[str, tuple[Format, Style, Read, Callable[[Item], tuple[float, float]]]] = {
    "qwen2-vl": (QWEN2_VL, QWEN2_VL.style(), thousandths(QWEN_BOX), lambda _: THOUSAND),
    "qwen2.5-vl": (
        QWEN2_5_VL,
        QWEN2_5_VL.style(resize=Resize()),
        shown_pixels,
        lambda item: shown_size(item.width, item.height),
    ),
    "qwen3-vl": (QWEN3_VL, QWEN3_VL.style(), thousandths(r"\[(\d+), (\d+), (\d+), (\d+)\]"), lambda _: THOUSAND),
    "internvl": (
        INTERNVL,
        INTERNVL.style(),
        thousandths(r"\[\[(\d+), (\d+), (\d+), (\d+)\]\]"),
        lambda _: THOUSAND,
    ),
    "llama-factory": (LLAMA_FACTORY, Style(), unit, lambda _: THOUSAND),
    "llama-factory, padded": (
        LLAMA_FACTORY,
        Style(padded=True),
        unit_of_square,
        lambda item: (
            1000 * item.width / max(item.width, item.height),
            1000 * item.height / max(item.width, item.height),
        ),
    ),
    "ms-swift": (MS_SWIFT, MS_SWIFT.style(), unit, lambda item: (100 * item.width, 100 * item.height)),
}


def item_of(width: int, height: int, box: Box) -> Item:
    sides = [float(side) for side in (box.x1, box.y1, box.x2, box.y2)]
    return Item("1", 1, "1.jpg", width, height, "t", (TextGroup(("Where?", f"It is the <st>kite<ed> {sides}.")),))


def read_back(name: str, item: Item) -> Numbers:
    form, style, read, _ = FORMATS[name]
    record = json.loads(json.dumps(form.record(item, style)))
    if form is MS_SWIFT:
        x1, y1, x2, y2 = record["objects"]["bbox"][0]
        return x1, y1, x2, y2
    return read(record["conversations"][1]["value"], item)


def iou(ours: Numbers, theirs: Numbers) -> float:
    w = min(ours[2], theirs[2]) - max(ours[0], theirs[0])
    h = min(ours[3], theirs[3]) - max(ours[1], theirs[1])
    shared = max(w, 0) * max(h, 0)
    return shared / (area(ours) + area(theirs) - shared)


def area(box: Numbers) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def annotated(item: Item) -> Numbers:
    x1, y1, x2, y2 = json.loads(item.texts[1].split("<ed> ")[1].removesuffix("."))
    return x1 * item.width, y1 * item.height, x2 * item.width, y2 * item.height


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("size", IMAGES.values(), ids=IMAGES)
def test_the_whole_image_is_the_whole_image(name: str, size: tuple[int, int]) -> None:
    item = item_of(*size, Box(0, 0, 1, 1))
    assert iou(read_back(name, item), annotated(item)) >= ENOUGH


@given(data=st.data(), side=st.integers(1, 5000), ratio=st.floats(1 / 190, 190))
@pytest.mark.parametrize("name", FORMATS)
def test_a_box_that_is_large_enough_for_the_grid_is_kept(
    name: str, data: st.DataObject, side: int, ratio: float
) -> None:
    width, height = side, max(1, min(20_000, round(side * ratio)))
    assume(max(width, height) <= 200 * min(width, height))
    columns, rows = FORMATS[name][3](item_of(width, height, Box(0, 0, 1, 1)))
    assume(min(columns, rows) >= STEPS)
    x1, x2 = data.draw(apart(STEPS / columns), label="x")
    y1, y2 = data.draw(apart(STEPS / rows), label="y")
    item = item_of(width, height, Box(x1, y1, x2, y2))
    assert iou(read_back(name, item), annotated(item)) >= ENOUGH


@given(size=st.sampled_from(list(IMAGES.values())), data=st.data())
@pytest.mark.parametrize("name", [name for name in FORMATS if "padded" not in name])
def test_a_box_on_the_grid_is_kept_exactly(name: str, size: tuple[int, int], data: st.DataObject) -> None:
    columns, rows = map(int, FORMATS[name][3](item_of(*size, Box(0, 0, 1, 1))))
    x1, x2 = data.draw(on_lines(columns), label="x")
    y1, y2 = data.draw(on_lines(rows), label="y")
    item = item_of(*size, Box(x1, y1, x2, y2))
    assert read_back(name, item) == pytest.approx(annotated(item), rel=1e-9, abs=1e-9)


@st.composite
def apart(draw: st.DrawFn, least: float) -> tuple[float, float]:
    """Two places in 0..1 that are at least so far apart."""
    least = min(max(least, 0.002), 1)  # a box has some extent at three decimals
    low = draw(st.floats(0, 1 - least))
    high = draw(st.floats(min(1, low + least), 1))
    return low, high


@st.composite
def on_lines(draw: st.DrawFn, steps: int) -> tuple[float, float]:
    """Two lines of a grid in 0..1, which a box that is not empty at three decimals can lie between."""
    thin = max(1, -(-steps // 500))
    low = draw(st.integers(0, max(0, steps - thin)))
    return low / steps, draw(st.integers(min(steps, low + thin), steps)) / steps


SHOWN_SIZES = {
    (1600, 100): (1596, 112),
    (8000, 1000): (2828, 336),
    (90, 2000): (84, 1988),
    (32, 32): (56, 56),
    (60, 20): (112, 56),
    (1, 1): (56, 56),
    (640, 480): (644, 476),
    (4032, 3024): (1148, 840),
    (7880, 6304): (1120, 896),
    (5900, 1180): (2240, 420),
    (70, 42): (56, 56),
    (98, 126): (112, 112),
}
"""What `smart_resize` of transformers 5.19 returned, with 3136 and 1003520 pixels."""


@pytest.mark.parametrize(("size", "shown"), SHOWN_SIZES.items(), ids=str)
def test_the_picture_has_the_size_that_transformers_gives_it(size: tuple[int, int], shown: tuple[int, int]) -> None:
    assert Resize().of(*size) == shown


@given(st.integers(1, 12_000), st.integers(1, 12_000))
def test_the_picture_that_qwen2_5_vl_is_shown_has_sides_of_28_and_few_enough_pixels(width: int, height: int) -> None:
    assume(max(width, height) <= 200 * min(width, height))
    w, h = Resize().of(width, height)
    assert (w, h) == shown_size(width, height)
    assert w % 28 == 0
    assert h % 28 == 0
    assert 56 * 56 <= w * h <= 28 * 28 * 1280


def test_a_box_that_shrinks_to_less_than_half_a_pixel_keeps_a_whole_one() -> None:
    width, height = shown_size(8000, 1000)
    assert (width, height) == (2828, 336)
    item = item_of(8000, 1000, Box(0.25, 0.5002, 0.75, 0.5014))  # 168.07 to 168.47 of 336
    text = QWEN2_5_VL.record(item, QWEN2_5_VL.style(resize=Resize()))["conversations"][1]["value"]  # type: ignore[index]
    assert numbers(r"\[(\d+), (\d+), (\d+), (\d+)\]", text) == ("707", "168", "2121", "169")
