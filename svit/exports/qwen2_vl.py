"""Qwen2-VL, for Qwen's own finetuning code: grounding in its special tokens, in thousandths of the image.

A mention is `<|object_ref_start|>man<|object_ref_end|><|box_start|>(588,387),(692,832)<|box_end|>`, with a further pair
of `<|box_start|>` and `<|box_end|>` for each further box.
"""

from svit.exports.base import Format
from svit.exports.box_styles import QWEN2_VL
from svit.exports.human_gpt import flat

FORMAT = Format(
    name="qwen2-vl",
    summary="Qwen2-VL's special tokens, for Qwen's own finetuning code",
    marks="`<image>` on the first line of the first question",
    record=flat,
    boxes=QWEN2_VL,
)
