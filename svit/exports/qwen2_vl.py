"""Qwen2-VL, for Qwen's own finetuning code: grounding in its special tokens, in thousandths of the image.

A mention is `<|object_ref_start|>man<|object_ref_end|><|box_start|>(588,387),(692,832)<|box_end|>`, with a further pair
of `<|box_start|>` and `<|box_end|>` for each further box.
"""

from svit.exports.base import Format, Item, Mention, Style, thousandths
from svit.exports.human_gpt import flat


def record(item: Item, _style: Style) -> dict[str, object]:
    """Return `id`, `image`, `width`, `height` and `conversations`."""

    def written(mention: Mention) -> str:
        boxes = "".join(_box(*thousandths(item.boxes[place])) for place in mention.boxes)
        return f"<|object_ref_start|>{mention.name}<|object_ref_end|>{boxes}"

    return flat(item, written)


def _box(x1: int, y1: int, x2: int, y2: int) -> str:
    return f"<|box_start|>({x1},{y1}),({x2},{y2})<|box_end|>"


FORMAT = Format(
    name="qwen2-vl",
    summary="Qwen2-VL's special tokens, for Qwen's own finetuning code",
    boxes="`<|box_start|>(x1,y1),(x2,y2)<|box_end|>`, 0-1000 of the image",
    marks="`<image>` on the first line of the first question",
    record=record,
)
