"""A table that `datasets.load_dataset` reads: one row a record, boxes also as columns.

{"image": "vg/VG_100K/2.jpg", "image_id": "2", "width": 800, "height": 600, "task": "referring",
 "conversations": [{"topic": None, "content": [{"from": "user", "value": "Where is the dog?"},
                                               {"from": "gpt", "value": "<st>dog<ed> [0.1, 0.2, 0.3, 0.4]"}]}],
 "names": ["dog"], "boxes": [[80.0, 120.0, 240.0, 240.0]]}
"""

from svit.exports.base import Format, Item, Pair, Style, rendered, tagged
from svit.exports.grounding import named_boxes
from svit.exports.tables import IMAGE, NUMBER, TEXT, WHOLE_NUMBER


def _record(item: Item, style: Style) -> dict[str, object]:
    named = named_boxes(item)
    return {
        "image": item.image,
        "image_id": str(item.image_id),
        "width": item.width,
        "height": item.height,
        "task": item.task,
        "conversations": [
            {"topic": talk.topic, "content": [part for pair in talk.pairs for part in _said(pair, item, style)]}
            for talk in item.talks
        ],
        "names": [name for name, _ in named],
        "boxes": [list(box) for _, box in named],
    }


def _said(pair: Pair, item: Item, style: Style) -> tuple[dict[str, object], ...]:
    written = tagged(item, style)
    return (
        {"from": "user", "value": rendered(pair.question, written)},
        {"from": "gpt", "value": rendered(pair.answer, written)},
    )


FORMAT = Format(
    name="hf",
    summary="parquet for Hugging Face datasets",
    boxes="in the text as `<st>dog<ed> [0.1, 0.2, 0.3, 0.4]`, and in pixels as columns `names` and `boxes`",
    marks="none; the picture is the column `image`, by path or embedded",
    record=_record,
    container="parquet",
    in_pixels=True,
    features={
        "image": IMAGE,
        "image_id": TEXT,
        "width": WHOLE_NUMBER,
        "height": WHOLE_NUMBER,
        "task": TEXT,
        "conversations": [{"topic": TEXT, "content": [{"from": TEXT, "value": TEXT}]}],
        "names": [TEXT],
        "boxes": [[NUMBER]],
    },
)
