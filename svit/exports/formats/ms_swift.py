"""ms-swift: boxes beside the text, in pixels of the image; ms-swift writes them as the model that it trains wants them.

A text says `<ref-object>` for a name and `<bbox>` for each of its boxes; `objects` has the names and the boxes in the
order of these marks. With boxes as JSON, for training with `QWENVL_BBOX_FORMAT=new`, a text has the names itself and
a `<bbox>` for each box. Where nothing is named the lists are empty. A record with boxes comes first: `datasets`, which
ms-swift reads the file with, takes empty lists for lists of nothing where it sees no others in the first 10 MB.
"""

from collections.abc import Sequence
from dataclasses import replace

from svit.exports import context_windows
from svit.exports.base import IMAGE_MARK, Format, Item, Style
from svit.exports.box_frames import Frame
from svit.exports.box_styles import QWEN2_5_VL, QWEN3_VL, BoxStyle, labelled
from svit.exports.canonical import Sides, Write, named
from svit.exports.formats.human_gpt import turns
from svit.exports.grounded_objects import rounded


def record(item: Item, style: Style) -> dict[str, object]:
    """Return `id`, `messages`, `images`, `objects`, `width` and `height`."""
    style = replace(style, boxes=_AS_JSON) if style.boxes in (QWEN2_5_VL, QWEN3_VL) else style
    found = list(named(item.texts)) if style.boxes in (MARKS, _AS_JSON) else []
    frame = style.frame(item)
    return {
        "id": item.key,
        "messages": turns(style.texts(item), IMAGE_MARK, ("user", "assistant"), ("role", "content")),
        "images": [item.image],
        "objects": {
            "ref": [name for name, _ in found if name] if style.boxes is MARKS else [],
            "bbox": [list(rounded(frame.pixels(box))) for _, boxes in found for box in boxes],
            "bbox_type": "real",
        },
        "width": item.width,
        "height": item.height,
    }


def _marks(_frame: Frame) -> Write:
    def write(name: str, boxes: Sequence[Sides]) -> str:
        return ("<ref-object>" if name else "") + "<bbox>" * len(boxes)

    return write


def _labelled_marks(_frame: Frame) -> Write:
    return labelled(lambda _box: "<bbox>")


MARKS = BoxStyle(
    "ms-swift",
    "`<ref-object><bbox>` in the text; names, and boxes in pixels of the image, in `objects`",
    _marks,
    relative=False,
)
_AS_JSON = BoxStyle("ms-swift-json", '`{"bbox_2d": <bbox>, "label": "man"}`', _labelled_marks, relative=False)

FORMAT = Format(
    name="ms-swift",
    summary="ms-swift's messages with objects, for any model that it trains",
    marks="`<image>` at the head of the first user message",
    record=record,
    boxes=MARKS,
    window=context_windows.MS_SWIFT,
    recipe="any model at its own sizes: ms-swift scales the boxes itself",
    start="""\
ROOT_IMAGE_DIR=$PICTURES swift sft --model Qwen/Qwen2.5-VL-7B-Instruct --dataset $DATA/TRAIN \\
  --max_length 4096 --num_train_epochs 1 --per_device_train_batch_size 1 --gradient_accumulation_steps 8 \\
  --learning_rate 1e-4 --torch_dtype bfloat16 --output_dir output/NAME""",
    leads=lambda item: item.has_boxes,
)
