"""A table that `datasets.load_dataset` reads: one row a record, boxes also as columns.

{"image": "vg/VG_100K/2.jpg", "image_id": "2", "width": 800, "height": 600, "task": "referring",
 "conversations": [{"topic": None, "content": [{"from": "user", "value": "Where is the dog?"},
                                               {"from": "gpt", "value": "<st>dog<ed> [0.1, 0.2, 0.3, 0.4]"}]}],
 "names": ["dog"], "boxes": [[80.0, 120.0, 240.0, 240.0]]}
"""

from svit.exports.base import Format, Item, Style
from svit.exports.formats.svit_json import blocks
from svit.exports.grounded_objects import named_boxes
from svit.exports.parquet_files import IMAGE, NUMBER, TEXT, WHOLE_NUMBER


def _record(item: Item, style: Style) -> dict[str, object]:
    named = named_boxes(item)
    return {
        "image": item.image,
        "image_id": str(item.image_id),
        "width": item.width,
        "height": item.height,
        "task": item.task,
        "conversations": blocks(item, style),
        "names": [name for name, _ in named],
        "boxes": [list(box) for _, box in named],
    }


FORMAT = Format(
    name="hf",
    summary="parquet for Hugging Face datasets",
    also="in pixels as columns `names` and `boxes`",
    marks="none; the picture is the column `image`, by path or embedded",
    record=_record,
    recipe="no trainer of its own: a table",
    start="""\
python -c "from datasets import load_dataset; print(load_dataset('$DATA')['SPLIT'][0])\"""",
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
