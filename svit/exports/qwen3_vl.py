"""Qwen3-VL, for Qwen's own finetuning code: boxes as JSON, in thousandths of the image whatever size it is shown at."""

from svit.exports.base import Format
from svit.exports.box_styles import QWEN3_VL
from svit.exports.human_gpt import flat

FORMAT = Format(
    name="qwen3-vl",
    summary="Qwen3-VL's JSON boxes, for Qwen's own finetuning code",
    marks="`<image>` on the first line of the first question",
    record=flat,
    boxes=QWEN3_VL,
)
