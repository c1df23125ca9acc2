"""LLaVA's shapes: `id`, `image` and turns of `human` and `gpt`, with `<image>` before the first question."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

import yaml

from svit.exports import context_windows
from svit.exports.base import ExportedFile, Format, Item, Style, to_train_on
from svit.exports.formats.human_gpt import flat
from svit.exports.role_marks import breaks_llava

DATASETS = "data.yaml"


def _record(item: Item, style: Style) -> dict[str, object]:
    record = flat(item, style)
    record["image_id"] = item.image_id
    return record


LLAVA_1_5 = Format(
    name="llava-1.5",
    summary="LLaVA-1.5: a JSON list",
    marks="`<image>` and a line end before the first question",
    record=_record,
    padded=True,
    breaks=breaks_llava,
    window=context_windows.LLAVA_1_5,
    recipe="LLaVA v1.5's scripts and Bunny's, which pad pictures to a square (--image_aspect_ratio pad)",
    start="""\
# in LLaVA's checkout, after its pretraining or with its projector
deepspeed llava/train/train_mem.py --deepspeed scripts/zero3.json \\
  --model_name_or_path lmsys/vicuna-7b-v1.5 --version v1 \\
  --data_path $DATA/TRAIN --image_folder $PICTURES --image_aspect_ratio pad \\
  --vision_tower openai/clip-vit-large-patch14-336 --mm_projector_type mlp2x_gelu \\
  --pretrain_mm_mlp_adapter checkpoints/llava-v1.5-7b-pretrain/mm_projector.bin \\
  --mm_vision_select_layer -2 --mm_use_im_start_end False --mm_use_im_patch_token False \\
  --group_by_modality_length True --lazy_preprocess True --model_max_length 2048 --bf16 True \\
  --num_train_epochs 1 --per_device_train_batch_size 16 --learning_rate 2e-5 --output_dir checkpoints/NAME""",
    container="json",
)


def _named_by_yaml(written: Sequence[ExportedFile], style: Style) -> dict[str, str]:
    """Return the YAML that LLaVA-NeXT takes as `--data_path`: it reads lines of JSON through it alone."""
    named = [
        {"json_path": str(PurePath(style.folder, file.name)), "sampling_strategy": "all"}
        for file in to_train_on(written)
    ]
    return {DATASETS: yaml.safe_dump({"datasets": named}, sort_keys=False)} if named else {}


LLAVA_NEXT = replace(
    LLAVA_1_5,
    name="llava-next",
    summary="LLaVA-NeXT: JSON lines, with its YAML",
    padded=False,
    container="jsonl",
    sidecars=_named_by_yaml,
    window=context_windows.LLAVA_NEXT,
    recipe="LLaVA-NeXT's and LLaVA-OneVision's scripts, which do not pad (--image_aspect_ratio anyres ..)",
    start="""\
# in LLaVA-NeXT's checkout; data.yaml names this folder: change it there when the folder moves
torchrun --nproc_per_node=8 llava/train/train_mem.py --deepspeed scripts/zero3.json \\
  --model_name_or_path lmms-lab/llava-onevision-qwen2-7b-si --version qwen_1_5 \\
  --data_path $DATA/data.yaml --image_folder $PICTURES --image_aspect_ratio anyres_max_9 \\
  --image_grid_pinpoints "(1x1),...,(6x6)" --mm_patch_merge_type spatial_unpad \\
  --mm_tunable_parts mm_vision_tower,mm_mlp_adapter,mm_language_model --mm_vision_tower_lr 2e-6 \\
  --vision_tower google/siglip-so400m-patch14-384 --mm_projector_type mlp2x_gelu --mm_vision_select_layer -2 \\
  --mm_use_im_start_end False --mm_use_im_patch_token False --group_by_modality_length True --bf16 True \\
  --num_train_epochs 1 --per_device_train_batch_size 1 --learning_rate 1e-5 --model_max_length 32768 \\
  --gradient_checkpointing True --lazy_preprocess True --output_dir checkpoints/NAME""",
)
