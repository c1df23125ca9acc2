"""Qwen2-VL, for Qwen's own finetuning code: grounding in its special tokens, in thousandths of the image.

A mention is `<|object_ref_start|>man<|object_ref_end|><|box_start|>(588,387),(692,832)<|box_end|>`, with a further pair
of `<|box_start|>` and `<|box_end|>` for each further box.
"""

from svit.exports import context_windows
from svit.exports.base import Format
from svit.exports.box_styles import QWEN2_VL
from svit.exports.formats.human_gpt import flat
from svit.exports.role_marks import breaks_qwen
from svit.image_files.image_frames import QWEN_SCRIPTS

FORMAT = Format(
    name="qwen2-vl",
    summary="Qwen2-VL's special tokens, for Qwen's own finetuning code",
    marks="`<image>` on the first line of the first question",
    record=flat,
    boxes=QWEN2_VL,
    resize=QWEN_SCRIPTS,
    breaks=breaks_qwen,
    window=context_windows.QWEN,
    recipe="Qwen's own scripts, at any size of pictures",
    start="""\
# in qwen-vl-finetune/ of Qwen's checkout
echo "data_dict['NAME'] = {'annotation_path': '$DATA/TRAIN', 'data_path': '$PICTURES'}" >> qwenvl/data/__init__.py
torchrun --nproc_per_node=8 qwenvl/train/train_qwen.py --deepspeed scripts/zero3.json \\
  --model_name_or_path Qwen/Qwen2-VL-7B-Instruct --dataset_use NAME --data_flatten True \\
  --min_pixels MIN_PIXELS --max_pixels MAX_PIXELS --model_max_length 8192 \\
  --tune_mm_vision False --tune_mm_mlp True --tune_mm_llm True --bf16 --num_train_epochs 1 \\
  --per_device_train_batch_size 4 --gradient_accumulation_steps 4 --learning_rate 2e-7 \\
  --gradient_checkpointing True --output_dir output/NAME""",
)
