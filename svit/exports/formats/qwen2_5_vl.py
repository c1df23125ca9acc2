"""Qwen2.5-VL, for Qwen's own finetuning code: boxes as JSON, in pixels of the picture as the model is shown it.

The numbers hold for one resize alone. All of that code's scripts say `--min_pixels 784 --max_pixels 50176`; its
arguments' own defaults are others (12544 and 451584), and so are the processor's (3136 and 12845056).
"""

from svit.exports import context_windows
from svit.exports.base import Format
from svit.exports.box_styles import QWEN2_5_VL
from svit.exports.formats.human_gpt import flat
from svit.exports.role_marks import breaks_qwen
from svit.image_files.image_frames import QWEN_SCRIPTS

FORMAT = Format(
    name="qwen2.5-vl",
    summary="Qwen2.5-VL's JSON boxes, for Qwen's own finetuning code",
    marks="`<image>` on the first line of the first question",
    record=flat,
    boxes=QWEN2_5_VL,
    resize=QWEN_SCRIPTS,
    breaks=breaks_qwen,
    window=context_windows.QWEN,
    recipe="Qwen's own scripts as they are (--min_pixels 784 --max_pixels 50176: as many pixels as 224 by 224)",
    start="""\
# in qwen-vl-finetune/ of Qwen's checkout
echo "data_dict['NAME'] = {'annotation_path': '$DATA/TRAIN', 'data_path': '$PICTURES'}" >> qwenvl/data/__init__.py
torchrun --nproc_per_node=8 qwenvl/train/train_qwen.py --deepspeed scripts/zero3.json \\
  --model_name_or_path Qwen/Qwen2.5-VL-7B-Instruct --dataset_use NAME --data_flatten True \\
  --min_pixels MIN_PIXELS --max_pixels MAX_PIXELS --model_max_length 8192 \\
  --tune_mm_vision False --tune_mm_mlp True --tune_mm_llm True --bf16 --num_train_epochs 1 \\
  --per_device_train_batch_size 4 --gradient_accumulation_steps 4 --learning_rate 2e-7 \\
  --gradient_checkpointing True --output_dir output/NAME""",
)
