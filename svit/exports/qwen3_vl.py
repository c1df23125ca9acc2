"""Qwen3-VL, for Qwen's own finetuning code: boxes as JSON, in thousandths of the image whatever size it is shown at."""

from svit.exports.base import Format, Item, Mention, Style, thousandths
from svit.exports.human_gpt import flat
from svit.exports.qwen2_5_vl import as_json


def record(item: Item, _style: Style) -> dict[str, object]:
    """Return `id`, `image`, `width`, `height` and `conversations`."""

    def written(mention: Mention) -> str:
        return as_json(mention.name, [thousandths(item.boxes[place]) for place in mention.boxes])

    return flat(item, written)


FORMAT = Format(
    name="qwen3-vl",
    summary="Qwen3-VL's JSON boxes, for Qwen's own finetuning code",
    boxes='`{"bbox_2d": [..], "label": ".."}`, 0-1000 of the image',
    marks="`<image>` on the first line of the first question",
    record=record,
)
