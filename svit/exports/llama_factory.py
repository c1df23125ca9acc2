"""LLaMA-Factory: conversations in the `sharegpt` form, and the entry of its `dataset_info.json`.

It leaves boxes in a text as they are, so they are written as SVIT writes them.
"""

from collections.abc import Sequence

from svit.exports.base import IMAGE_MARK, Format, Item, Style, Written
from svit.exports.human_gpt import conversations, datasets

DATASETS = "dataset_info.json"


def record(item: Item, style: Style) -> dict[str, object]:
    """Return `id`, `conversations`, `images`, `width` and `height`."""
    return {
        "id": item.key,
        "conversations": conversations(item, style, IMAGE_MARK),
        "images": [item.image],
        "width": item.width,
        "height": item.height,
    }


def dataset_info(written: Sequence[Written], style: Style) -> dict[str, object]:
    """Return the `dataset_info.json` with an entry for each file."""
    return {
        DATASETS: {
            name: {
                "file_name": file.name,
                "formatting": "sharegpt",
                "columns": {"messages": "conversations", "images": "images"},
                "tags": {"role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt"},
            }
            for name, file in datasets(written, style).items()
        }
    }


FORMAT = Format(
    name="llama-factory",
    summary="LLaMA-Factory's sharegpt form, with its dataset_info.json",
    marks="`<image>` at the head of the first question",
    record=record,
    sidecars=dataset_info,
)
