"""Qwen2.5-VL, for Qwen's own finetuning code: boxes as JSON, in pixels of the picture as the model is shown it.

The numbers hold for training with `--min_pixels 3136 --max_pixels 1003520`, which `resized` follows; that code's own
settings are others (12544 and 451584), and make another picture of one that is larger or smaller than they allow.
"""

import json
import math

from svit.boxes import Box
from svit.exports.base import Format, Item, Mention, Style
from svit.exports.human_gpt import flat
from svit.image_frames import resized


def record(item: Item, _style: Style) -> dict[str, object]:
    """Return `id`, `image`, `width`, `height` (of the image as it is) and `conversations`."""
    size = resized(item.width, item.height)

    def written(mention: Mention) -> str:
        return as_json(mention.name, [_whole(item.boxes[place], *size) for place in mention.boxes])

    return flat(item, written)


def as_json(name: str, boxes: list[tuple[int, int, int, int]]) -> str:
    """Return `{"bbox_2d": [1, 2, 3, 4], "label": "man"}`, a list of them for several boxes, the name for none."""
    found = [json.dumps({"bbox_2d": box, "label": name}, ensure_ascii=False) for box in boxes]
    if len(found) > 1:
        return f"[{', '.join(found)}]"
    return found[0] if found else name


def _whole(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """Return the box in whole pixels of a picture of this size, never empty.

    The right and lower side may be width and height themselves. Qwen's own notebook stops one pixel short of them,
    which takes a fiftieth from a box as wide as the smallest picture.
    """
    x1, x2 = _apart(box.x1 * width, box.x2 * width)
    y1, y2 = _apart(box.y1 * height, box.y2 * height)
    return x1, y1, x2, y2


def _apart(low: float, high: float) -> tuple[int, int]:
    near = math.floor(low + 0.5), math.floor(high + 0.5)
    return near if near[0] < near[1] else (math.floor(low), math.ceil(high))


FORMAT = Format(
    name="qwen2.5-vl",
    summary="Qwen2.5-VL's JSON boxes, for Qwen's own finetuning code",
    boxes='`{"bbox_2d": [..], "label": ".."}`, pixels after its resize, with min_pixels 3136 and max_pixels 1003520',
    marks="`<image>` on the first line of the first question",
    record=record,
)
