"""LLaVA's shapes: `id`, `image` and turns of `human` and `gpt`, with `<image>` before the first question."""

from collections.abc import Mapping
from dataclasses import replace

from svit.exports.base import IMAGE_MARK, Format, Item, Style, rendered, tagged


def turns(item: Item, style: Style) -> list[Mapping[str, str]]:
    """Return all pairs as the turns of one conversation, the image's mark at its head."""
    write = tagged(item, style)
    found: list[Mapping[str, str]] = []
    for number, pair in enumerate(item.pairs):
        mark = f"{IMAGE_MARK}\n" if number == 0 else ""
        found.append({"from": "human", "value": mark + rendered(pair.question, write)})
        found.append({"from": "gpt", "value": rendered(pair.answer, write)})
    return found


def _record(item: Item, style: Style) -> Mapping[str, object]:
    return {
        "id": item.key,
        "image_id": item.image_id,
        "image": item.image,
        "width": item.width,
        "height": item.height,
        "conversations": turns(item, style),
    }


LLAVA_1_5 = Format(
    name="llava-1.5",
    summary="LLaVA-1.5: a JSON list",
    boxes="`<st>man<ed> [x1, y1, x2, y2]`, 0 to 1; of the padded square with --box-frame padded-square",
    marks="`<image>` and a line end before the first question",
    record=_record,
    container="json",
)
LLAVA_NEXT = replace(LLAVA_1_5, name="llava-next", summary="LLaVA-NeXT: JSON lines", container="jsonl")
