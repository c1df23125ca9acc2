"""LLaVA-NeXT's llava/train/train.py: started on the YAML beside the data, pictures in tiles as finetune_ov.sh asks."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

from .exported import beside, file_of, records_of, stop
from .llava import IMAGE
from .stand_ins import qwen_tokenizer, with_names, without
from .understood import Tally

PATCHES = 729
GRID = [(384 * wide, 384 * tall) for wide in range(1, 7) for tall in range(1, 7)]


def check(_form: str, file: Path, images: Path, checkout: Path) -> Tally:
    """Run make_supervised_data_module with the template qwen_1_5 and anyres_max_9."""
    import transformers.modeling_utils
    import transformers.trainer

    without("deepspeed", "flash_attn", "bitsandbytes", "open_clip", "tyro", "wandb")
    with_names(transformers.trainer, "ALL_LAYERNORM_LAYERS", "GradientAccumulationPlugin")
    dropped = ("apply_chunking_to_forward", "find_pruneable_heads_and_indices", "prune_linear_layer")
    with_names(transformers.modeling_utils, *dropped)
    sys.path.insert(0, str(checkout))
    from llava import conversation
    from llava.model.multimodal_encoder.siglip_encoder import SigLipImageProcessor
    from llava.train import train

    conversation.default_conversation = conversation.conv_templates["qwen_1_5"]
    tokenizer = qwen_tokenizer(additional=("<|im_start|>", "<|im_end|>"))
    arguments = SimpleNamespace(
        data_path=str(beside(file, "*.yaml")), image_folder=str(images), image_aspect_ratio="anyres_max_9",
        image_grid_pinpoints=GRID, is_multimodal=True, mm_use_im_start_end=False,
        image_processor=SigLipImageProcessor(),
    )  # fmt: skip
    module = train.make_supervised_data_module(tokenizer, arguments)
    tally = Tally(lambda ids: str(tokenizer.decode(ids)), ends=("<|im_start|>assistant", "<|im_start|>", "<|im_end|>"))
    rows, records = module["train_dataset"], records_of(file_of(file))
    if len(rows) != len(records):
        stop(f"LLaVA-NeXT reads {len(rows)} records where {file} has {len(records)}")
    for number, record in enumerate(records):
        batch = module["data_collator"]([rows._get_item(number)])
        marks = int((batch["input_ids"] == IMAGE).sum())
        tiles = sum(len(picture) for picture in batch["images"]) if len(batch["images"]) == marks else 0
        tally.add(record, batch["labels"][0].tolist(), PATCHES * tiles)
    return tally
