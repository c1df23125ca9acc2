r"""Tar shards for WebDataset: a picture and a record of LLaVA's kind under one key, boxes also in pixels.

{"image": "vg/VG_100K/2.jpg", "image_id": 2, "width": 800, "height": 600, "task": "referring",
 "conversations": [{"from": "human", "value": "<image>\nWhere is the dog?"},
                   {"from": "gpt", "value": "<st>dog<ed> [0.1, 0.2, 0.3, 0.4]"}],
 "boxes": [{"name": "dog", "box": [80.0, 120.0, 240.0, 240.0]}]}
"""

from svit.exports.base import IMAGE_MARK, Format, Item, Style, rendered, tagged
from svit.exports.grounding import named_boxes


def _record(item: Item, style: Style) -> dict[str, object]:
    written = tagged(item, style)
    turns: list[dict[str, object]] = []
    for pair in item.pairs:
        mark = "" if turns else f"{IMAGE_MARK}\n"
        turns.append({"from": "human", "value": mark + rendered(pair.question, written)})
        turns.append({"from": "gpt", "value": rendered(pair.answer, written)})
    return {
        "image": item.image,
        "image_id": item.image_id,
        "width": item.width,
        "height": item.height,
        "task": item.task,
        "conversations": turns,
        "boxes": [{"name": name, "box": list(box)} for name, box in named_boxes(item)],
    }


FORMAT = Format(
    name="webdataset",
    summary="tar shards, each record beside its picture",
    boxes="in the text as `<st>dog<ed> [0.1, 0.2, 0.3, 0.4]`, and in pixels under `boxes`",
    marks="`<image>\\n` at the head of the first question",
    record=_record,
    container="tar",
)
