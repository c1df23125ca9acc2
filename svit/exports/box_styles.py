"""How models write a name and its boxes. Any of these goes with any format whose texts hold the boxes."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from json import JSONEncoder

from svit.errors import SvitError
from svit.exports.box_frames import Frame, Numbers, whole_pixels
from svit.exports.canonical import Sides, Write
from svit.spelling import unknown

_in_quotes = JSONEncoder(ensure_ascii=False).encode
_LOCATIONS, _BINS, _PATCHES = 1024, 1000, 32
"""Steps along a side: PaliGemma's location tokens, Florence-2's, and the patches of Kosmos-2."""
_HAIR = 1e-9
"""What a product of a side may be off by: 0.283 of 1,000 steps are 282.99999999999994."""


@dataclass(frozen=True)
class BoxStyle:
    """A way to write a mention. `words` say it in a few words, for tables.

    `writer` returns how mentions of a record are written, given its frame; None keeps them as they are. What is
    `relative` counts in shares of the picture as it is padded, so that a frame can be chosen for it; what is `resized`
    counts in pixels of the picture as Qwen2.5-VL scales it.
    """

    name: str
    words: str
    writer: Callable[[Frame], Write]
    relative: bool = True
    resized: bool = False

    @property
    def is_short(self) -> bool:
        """Whether no text in this style has more characters than in svit's."""
        return self in (SVIT, NONE)

    @property
    def has_boxes(self) -> bool:
        """Whether a box stands in the text at all."""
        return self is not NONE


# --- what each writes ---


def _svit(frame: Frame) -> Write:
    def write(name: str, boxes: Sequence[Sides]) -> str:
        numbers = ", ".join([_printed(frame.rounded_share(box)) for box in boxes])
        if not name:
            return numbers
        return f"<st>{name}<ed> {numbers}" if boxes else f"<st>{name}<ed>"

    return write


def _printed(numbers: Numbers) -> str:
    """Return `[0.1, 0.2, 0.3, 0.4]`; a very small number is not written with an exponent."""
    text = str(list(numbers))
    if "e" in text:
        text = "[" + ", ".join(f"{number:.9f}".rstrip("0").removesuffix(".") for number in numbers) + "]"
    return text


def _qwen2_vl(frame: Frame) -> Write:
    def write(name: str, boxes: Sequence[Sides]) -> str:
        named = f"<|object_ref_start|>{name}<|object_ref_end|>" if name else ""
        return named + "".join([box(*frame.thousandths(sides)) for sides in boxes])

    def box(x1: int, y1: int, x2: int, y2: int) -> str:
        return f"<|box_start|>({x1},{y1}),({x2},{y2})<|box_end|>"

    return write


def labelled(numbers: Callable[[Sides], str], key: str = "bbox_2d") -> Write:
    """Return what writes `{"bbox_2d": [1, 2, 3, 4], "label": "man"}`, a list for several boxes, the name for none.

    `numbers` writes the four of a box.
    """

    def write(name: str, boxes: Sequence[Sides]) -> str:
        if not boxes:
            return name
        if not name:
            return ", ".join(map(numbers, boxes))
        label = _in_quotes(name)
        found = [f'{{"{key}": {numbers(box)}, "label": {label}}}' for box in boxes]
        return f"[{', '.join(found)}]" if len(found) > 1 else found[0]

    return write


def _qwen2_5_vl(frame: Frame) -> Write:
    width, height = frame.resize.of(frame.width, frame.height)
    return labelled(lambda box: str(list(whole_pixels(box, width, height))))


def _qwen3_vl(frame: Frame) -> Write:
    thousandths = frame.thousandths

    def numbers(box: Sides) -> str:
        x1, y1, x2, y2 = thousandths(box)
        return f"[{x1}, {y1}, {x2}, {y2}]"

    return labelled(numbers)


def _gemini(frame: Frame) -> Write:
    """Return what writes the upper and left side before the lower and right one, as Google's models do."""

    def numbers(box: Sides) -> str:
        x1, y1, x2, y2 = frame.thousandths(box)
        return f"[{y1}, {x1}, {y2}, {x2}]"

    return labelled(numbers, key="box_2d")


def _internvl(frame: Frame) -> Write:
    def write(name: str, boxes: Sequence[Sides]) -> str:
        found = [list(frame.thousandths(box)) for box in boxes]
        return (f"<ref>{name}</ref>" if name else "") + (f"<box>{found}</box>" if boxes else "")

    return write


def _minicpm_v(frame: Frame) -> Write:
    """Return what writes the name and, for each box, four numbers between blanks."""

    def write(name: str, boxes: Sequence[Sides]) -> str:
        return f"<ref>{name}</ref>" + "".join([numbers(*frame.thousandths(box)) for box in boxes])

    def numbers(x1: int, y1: int, x2: int, y2: int) -> str:
        return f"<box>{x1} {y1} {x2} {y2}</box>"

    return write


def _paligemma(frame: Frame) -> Write:
    """Return what writes y1, x1, y2, x2 as location tokens and the name behind them, several parted by ` ; `."""

    def write(name: str, boxes: Sequence[Sides]) -> str:
        return " ; ".join([f"{tokens(*frame.share(box))} {name}".rstrip() for box in boxes]) or name

    def tokens(x1: float, y1: float, x2: float, y2: float) -> str:
        places = [min(_LOCATIONS - 1, math.floor(_LOCATIONS * side + 0.5)) for side in (y1, x1, y2, x2)]
        return "".join([f"<loc{place:04d}>" for place in places])

    return write


def _florence_2(frame: Frame) -> Write:
    """Return what writes the name and four location tokens: the bins that the sides lie in, of 1000."""

    def write(name: str, boxes: Sequence[Sides]) -> str:
        return name + "".join([tokens(frame.share(box)) for box in boxes])

    def tokens(sides: Numbers) -> str:
        return "".join([f"<loc_{min(_BINS - 1, math.floor(_BINS * side + _HAIR))}>" for side in sides])

    return write


def _kosmos_2(frame: Frame) -> Write:
    """Return what writes the patches, of 32 by 32, that the upper left and the lower right corner lie in."""

    def write(name: str, boxes: Sequence[Sides]) -> str:
        found = "</delimiter_of_multi_objects/>".join([corners(*frame.share(box)) for box in boxes])
        return (f"<phrase>{name}</phrase>" if name else "") + (f"<object>{found}</object>" if boxes else "")

    def corners(x1: float, y1: float, x2: float, y2: float) -> str:
        first = math.floor(y1 * _PATCHES + _HAIR) * _PATCHES + math.floor(x1 * _PATCHES + _HAIR)
        last = (math.ceil(y2 * _PATCHES - _HAIR) - 1) * _PATCHES + math.ceil(x2 * _PATCHES - _HAIR) - 1
        return f"<patch_index_{first:04d}><patch_index_{last:04d}>"

    return write


def _molmo_points(frame: Frame) -> Write:
    """Return what writes the middle of each box, in hundredths of the picture."""

    def write(name: str, boxes: Sequence[Sides]) -> str:
        if not boxes:
            return name
        alt, middles = _escaped(name), [middle(*frame.share(box)) for box in boxes]
        if len(middles) == 1:
            [(x, y)] = middles
            return f'<point x="{x}" y="{y}" alt="{alt}">{name}</point>'
        places = " ".join([f'x{n}="{x}" y{n}="{y}"' for n, (x, y) in enumerate(middles, 1)])
        return f'<points {places} alt="{alt}">{name}</points>'

    def middle(x1: float, y1: float, x2: float, y2: float) -> tuple[float, float]:
        return round(50 * (x1 + x2), 1), round(50 * (y1 + y2), 1)

    return write


def _escaped(name: str) -> str:
    return name.replace("&", "&amp;").replace('"', "&quot;")


def _names(frame: Frame) -> Write:
    """Return what writes the name alone; a box without one stays, as nothing else says what is meant."""
    bare = _svit(frame)
    return lambda name, boxes: name or bare(name, boxes)


SVIT = BoxStyle("svit", "`<st>man<ed> [x1, y1, x2, y2]`, 0 to 1", _svit)
QWEN2_VL = BoxStyle("qwen2-vl", "`<|box_start|>(x1,y1),(x2,y2)<|box_end|>`, 0 to 1000", _qwen2_vl)
QWEN2_5_VL = BoxStyle(
    "qwen2.5-vl",
    '`{"bbox_2d": [x1, y1, x2, y2], "label": "man"}`, pixels after its resize',
    _qwen2_5_vl,
    relative=False,
    resized=True,
)
QWEN3_VL = BoxStyle("qwen3-vl", '`{"bbox_2d": [x1, y1, x2, y2], "label": "man"}`, 0 to 1000', _qwen3_vl)
GEMINI = BoxStyle("gemini", '`{"box_2d": [y1, x1, y2, x2], "label": "man"}`, 0 to 1000', _gemini)
INTERNVL = BoxStyle("internvl", "`<ref>man</ref><box>[[x1, y1, x2, y2]]</box>`, 0 to 1000", _internvl)
MINICPM_V = BoxStyle("minicpm-v", "`<ref>man</ref><box>x1 y1 x2 y2</box>`, 0 to 1000", _minicpm_v)
PALIGEMMA = BoxStyle("paligemma", "`<locY1><locX1><locY2><locX2> man`, of 1024", _paligemma)
FLORENCE_2 = BoxStyle("florence-2", "`man<loc_x1><loc_y1><loc_x2><loc_y2>`, of 1000", _florence_2)
KOSMOS_2 = BoxStyle(
    "kosmos-2", "`<phrase>man</phrase><object><patch_index_..><patch_index_..></object>`, of 32 by 32", _kosmos_2
)
MOLMO_POINTS = BoxStyle("molmo-points", '`<point x="61.5" y="40.4" alt="man">man</point>`, 0 to 100', _molmo_points)
NONE = BoxStyle("none", "no boxes, the names alone", _names, relative=False)

_STYLES = (
    SVIT, QWEN2_VL, QWEN2_5_VL, QWEN3_VL, GEMINI, INTERNVL, MINICPM_V, PALIGEMMA, FLORENCE_2, KOSMOS_2, MOLMO_POINTS,
    NONE,
)  # fmt: skip
BOX_STYLES = {style.name: style for style in _STYLES}


def box_style_named(name: str) -> BoxStyle:
    """Return the box style of this name. Raises SvitError for one that there is not."""
    if name not in BOX_STYLES:
        raise SvitError(unknown("box style", name, tuple(BOX_STYLES)))
    return BOX_STYLES[name]
