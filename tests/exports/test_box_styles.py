"""What each box style writes, and that what its model reads from it lies where the box does."""

import re
from collections.abc import Callable, Sequence

import pytest

from svit.boxes import Box
from svit.errors import SvitError
from svit.exports.base import Item, Style, TextGroup
from svit.exports.box_styles import BOX_STYLES, SVIT, box_style_named
from svit.exports.formats import NAMES, format_named
from svit.image_files.image_frames import Resize

Numbers = Sequence[float]
SIZES = [(1600, 100), (90, 2000), (32, 32), (640, 480), (501, 333)]
MAN, MEN = "[0.588, 0.387, 0.692, 0.832]", "[0.588, 0.387, 0.692, 0.832], [0.1, 0.2, 0.5, 0.9]"
SAID = {
    "svit": (f"<st>man<ed> {MAN}", f"<st>men<ed> {MEN}", "<st>sky<ed>"),
    "qwen2-vl": (
        "<|object_ref_start|>man<|object_ref_end|><|box_start|>(588,387),(692,832)<|box_end|>",
        "<|object_ref_start|>men<|object_ref_end|><|box_start|>(588,387),(692,832)<|box_end|>"
        "<|box_start|>(100,200),(500,900)<|box_end|>",
        "<|object_ref_start|>sky<|object_ref_end|>",
    ),
    "qwen2.5-vl": (
        '{"bbox_2d": [379, 184, 446, 396], "label": "man"}',
        '[{"bbox_2d": [379, 184, 446, 396], "label": "men"}, {"bbox_2d": [64, 95, 322, 428], "label": "men"}]',
        "sky",
    ),
    "qwen3-vl": (
        '{"bbox_2d": [588, 387, 692, 832], "label": "man"}',
        '[{"bbox_2d": [588, 387, 692, 832], "label": "men"}, {"bbox_2d": [100, 200, 500, 900], "label": "men"}]',
        "sky",
    ),
    "gemini": (
        '{"box_2d": [387, 588, 832, 692], "label": "man"}',
        '[{"box_2d": [387, 588, 832, 692], "label": "men"}, {"box_2d": [200, 100, 900, 500], "label": "men"}]',
        "sky",
    ),
    "internvl": (
        "<ref>man</ref><box>[[588, 387, 692, 832]]</box>",
        "<ref>men</ref><box>[[588, 387, 692, 832], [100, 200, 500, 900]]</box>",
        "<ref>sky</ref>",
    ),
    "minicpm-v": (
        "<ref>man</ref><box>588 387 692 832</box>",
        "<ref>men</ref><box>588 387 692 832</box><box>100 200 500 900</box>",
        "<ref>sky</ref>",
    ),
    "paligemma": (
        "<loc0396><loc0602><loc0852><loc0709> man",
        "<loc0396><loc0602><loc0852><loc0709> men ; <loc0205><loc0102><loc0922><loc0512> men",
        "sky",
    ),
    "florence-2": (
        "man<loc_588><loc_387><loc_692><loc_832>",
        "men<loc_588><loc_387><loc_692><loc_832><loc_100><loc_200><loc_500><loc_900>",
        "sky",
    ),
    "kosmos-2": (
        "<phrase>man</phrase><object><patch_index_0402><patch_index_0854></object>",
        "<phrase>men</phrase><object><patch_index_0402><patch_index_0854></delimiter_of_multi_objects/>"
        "<patch_index_0195><patch_index_0911></object>",
        "<phrase>sky</phrase>",
    ),
    "molmo-points": (
        '<point x="64.0" y="60.9" alt="man">man</point>',
        '<points x1="64.0" y1="60.9" x2="30.0" y2="55.0" alt="men">men</points>',
        "sky",
    ),
    "none": ("man", "men", "sky"),
}


def item(width: int, height: int, *texts: str) -> Item:
    return Item("1", 1, "1.jpg", width, height, "t", (TextGroup(texts),), printed=True)


@pytest.mark.parametrize("name", BOX_STYLES)
def test_each_style_writes_one_box_several_and_none(name: str) -> None:
    one = item(640, 480, "Who?", f"A <st>man<ed> {MAN}.", f"<st>men<ed> {MEN}", "<st>sky<ed>")
    man, men, sky = SAID[name]
    style = Style(box_style_named(name), resize=Resize(3136, 1_003_520))
    assert list(style.texts(one)) == ["Who?", f"A {man}.", men, sky]


def thousandths(text: str, _width: int, _height: int) -> Numbers:
    return [int(number) / 1000 for number in re.findall(r"(?<![\w.])\d+(?![\w.])", text)]


def location_tokens(text: str, _width: int, _height: int) -> Numbers:
    """PaliGemma's: of 1024, upper and left side first."""
    y1, x1, y2, x2 = (int(number) / 1024 for number in re.findall(r"<loc(\d{4})>", text))
    return x1, y1, x2, y2


def of_gemini(text: str, width: int, height: int) -> Numbers:
    """Google's page on boxes: `[y_min, x_min, y_max, x_max]`, of 1000."""
    y1, x1, y2, x2 = thousandths(text, width, height)
    return x1, y1, x2, y2


def middles_of_bins(text: str, _width: int, _height: int) -> Numbers:
    """Florence-2's: its processor takes the middle of a bin of the picture."""
    return [(int(number) + 0.5) / 1000 for number in re.findall(r"<loc_(\d+)>", text)]


def patches(text: str, _width: int, _height: int) -> Numbers:
    """Kosmos-2's: from the upper left of the first patch to the lower right of the last."""
    first, last = (divmod(int(number), 32) for number in re.findall(r"patch_index_(\d{4})", text))
    return first[1] / 32, first[0] / 32, (last[1] + 1) / 32, (last[0] + 1) / 32


def shown_pixels(text: str, width: int, height: int) -> Numbers:
    w, h = Resize().of(width, height)
    x1, y1, x2, y2 = (int(number) for number in re.findall(r"(?<![\w.])\d+(?![\w.])", text))
    return x1 / w, y1 / h, x2 / w, y2 / h


def shares(text: str, _width: int, _height: int) -> Numbers:
    return [float(number) for number in re.findall(r"\d\.\d+", text)]


READ: dict[str, tuple[Callable[[str, int, int], Numbers], float]] = {
    "svit": (shares, 0.98),
    "qwen2-vl": (thousandths, 0.98),
    "qwen2.5-vl": (shown_pixels, 0.95),  # 56 pixels of a tiny picture
    "qwen3-vl": (thousandths, 0.98),
    "gemini": (of_gemini, 0.98),
    "internvl": (thousandths, 0.98),
    "minicpm-v": (thousandths, 0.98),
    "paligemma": (location_tokens, 0.98),
    "florence-2": (middles_of_bins, 0.98),
    "kosmos-2": (patches, 0.75),  # a grid of 32 by 32
}
BOXES = [(0.0, 0.0, 1.0, 1.0), (0.283, 0.29, 0.57, 0.583), (0.1, 0.2, 0.5, 0.9), (0.7, 0.05, 0.999, 0.61)]


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_what_a_model_reads_lies_where_the_box_does(name: str, size: tuple[int, int]) -> None:
    read, enough = READ[name]
    style = Style(box_style_named(name), resize=Resize())
    for numbers in BOXES:
        text = style.texts(item(*size, "Where?", f"<st>kite<ed> {list(numbers)}"))[1]
        x1, y1, x2, y2 = read(text.replace("kite", ""), *size)
        assert Box(x1, y1, min(1.0, x2), min(1.0, y2)).iou(Box(*numbers)) >= enough, (numbers, text)


@pytest.mark.parametrize("name", [name for name, style in BOX_STYLES.items() if style.relative and style is not SVIT])
def test_shares_are_of_the_square_where_the_picture_is_padded(name: str) -> None:
    one = item(400, 200, "Where?", "<st>kite<ed> [0.25, 0.0, 0.75, 1.0]")
    square = item(400, 400, "Where?", "<st>kite<ed> [0.25, 0.25, 0.75, 0.75]")
    style = box_style_named(name)
    assert Style(style, padded=True).texts(one) == Style(style).texts(square)


def test_a_point_is_the_middle_of_its_box() -> None:
    text = Style(box_style_named("molmo-points")).texts(item(400, 200, "?", '<st>a "b" & c<ed> [0.1, 0.2, 0.5, 0.9]'))[
        1
    ]
    assert text == '<point x="30.0" y="55.0" alt="a &quot;b&quot; &amp; c">a "b" & c</point>'


def test_an_unknown_style_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(SvitError, match="Did you mean 'qwen3-vl'"):
        box_style_named("qwen3vl")


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("coco", "refcoco")])  # no boxes in texts
def test_every_format_takes_every_style(name: str) -> None:
    form = format_named(name)
    one = item(640, 480, "Who?", f"A <st>man<ed> {MAN}.")
    for boxes, (man, *_) in SAID.items():
        resize = Resize(3136, 1_003_520) if boxes == "qwen2.5-vl" else None
        style = form.style(boxes=boxes, padded=False if BOX_STYLES[boxes].relative else None, resize=resize)
        told = str(form.record(one, style))
        if form.name == "ms-swift" and boxes in ("qwen2.5-vl", "qwen3-vl"):
            assert '{"bbox_2d": <bbox>, "label": "man"}' in told
            assert "[376.32, 185.76, 442.88, 399.36]" in told
        else:
            assert repr(man)[1:-1] in told
