"""Qwen2.5-VL, for Qwen's own finetuning code: boxes as JSON, in pixels of the picture as the model is shown it.

The numbers hold for training with `--min_pixels 3136 --max_pixels 1003520`, which `resized` follows; that code's own
settings are others (12544 and 451584), and make another picture of one that is larger or smaller than they allow.
"""

from svit.exports.base import Format
from svit.exports.box_styles import QWEN2_5_VL
from svit.exports.human_gpt import flat

FORMAT = Format(
    name="qwen2.5-vl",
    summary="Qwen2.5-VL's JSON boxes, for Qwen's own finetuning code",
    marks="`<image>` on the first line of the first question",
    record=flat,
    boxes=QWEN2_5_VL,
)
