r"""Tar shards for WebDataset: a picture and a record of LLaVA's kind under one key, boxes also in pixels.

{"image": "vg/VG_100K/2.jpg", "image_id": 2, "width": 800, "height": 600, "task": "referring",
 "conversations": [{"from": "human", "value": "<image>\nWhere is the dog?"},
                   {"from": "gpt", "value": "<st>dog<ed> [0.1, 0.2, 0.3, 0.4]"}],
 "boxes": [{"name": "dog", "box": [80.0, 120.0, 240.0, 240.0]}]}
"""

from svit.exports.base import Format, Item, Style
from svit.exports.formats.human_gpt import conversations
from svit.exports.grounded_objects import named_boxes


def _record(item: Item, style: Style) -> dict[str, object]:
    return {
        "image": item.image,
        "image_id": item.image_id,
        "width": item.width,
        "height": item.height,
        "task": item.task,
        "conversations": conversations(item, style),
        "boxes": [{"name": name, "box": list(box)} for name, box in named_boxes(item)],
    }


FORMAT = Format(
    name="webdataset",
    summary="tar shards, each record beside its picture",
    also="in pixels under `boxes`",
    marks="`<image>\\n` at the head of the first question",
    record=_record,
    recipe="no trainer of its own: shards",
    start="""\
python -c "import glob, webdataset as wds
for sample in wds.WebDataset(sorted(glob.glob('$DATA/train-*.tar')), shardshuffle=False).decode('pil'):
    print(sample['__key__'], sample['json']['task'])\"""",
    container="tar",
    in_pixels=True,
)
