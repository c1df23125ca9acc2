"""A referring expression and its one box a line, as Qwen-VL's and InternVL's `evaluate_grounding.py` read RefCOCO.

{"image": "vg/VG_100K/2.jpg", "sent": "Where is the dog?", "bbox": [80.0, 120.0, 240.0, 240.0],
 "width": 800, "height": 600, "id": "2-referring-1"}

`bbox` is the left, upper, right and lower side in pixels of the image. A record is made of each question whose answer
has exactly one box; names in the question stand without theirs, which would give the answer away.
"""

from svit.datasets.box_requests import without_request
from svit.exports.base import Format, Item, Style
from svit.exports.box_styles import NONE
from svit.exports.canonical import named
from svit.exports.formats.single_boxes import each_pair, has_one_box
from svit.exports.grounded_objects import rounded


def record(item: Item, style: Style) -> dict[str, object]:
    """Return `image`, `sent`, `bbox`, `width`, `height` and `id`."""
    [box] = [box for _, boxes in named(item.texts[1:]) for box in boxes]
    return {
        "image": item.image,
        "sent": without_request(style.texts(item)[0]),
        "bbox": list(rounded(style.frame(item).pixels(box))),
        "width": item.width,
        "height": item.height,
        "id": item.key,
    }


FORMAT = Format(
    name="refcoco",
    summary="evaluation lines as for RefCOCO: an expression and its box",
    boxes=NONE,
    also="the answer's in pixels under `bbox`: x1, y1, x2, y2",
    marks="none; the evaluator puts the picture in",
    record=record,
    pieces=each_pair(has_one_box),
    passes_over="not_one_box",
    recipe="any model that is evaluated by IoU: the boxes are pixels of the image",
    start="""\
# in internvl_chat/ of InternVL's checkout, TRAIN named in ds_collections of eval/refcoco/evaluate_grounding.py
torchrun --nproc_per_node=8 eval/refcoco/evaluate_grounding.py --checkpoint OpenGVLab/InternVL2_5-8B --dynamic \
  --datasets NAME
# 'NAME': '$DATA/TRAIN' is the entry; run it where the records' paths begin""",
)
