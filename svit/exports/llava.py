"""LLaVA's shapes: `id`, `image` and turns of `human` and `gpt`, with `<image>` before the first question."""

from dataclasses import replace

from svit.exports.base import Format, Item, Style
from svit.exports.human_gpt import flat


def _record(item: Item, style: Style) -> dict[str, object]:
    record = flat(item, style)
    record["image_id"] = item.image_id
    return record


LLAVA_1_5 = Format(
    name="llava-1.5",
    summary="LLaVA-1.5: a JSON list",
    marks="`<image>` and a line end before the first question",
    record=_record,
    padded=True,
    container="json",
)
LLAVA_NEXT = replace(LLAVA_1_5, name="llava-next", summary="LLaVA-NeXT: JSON lines", padded=False, container="jsonl")
