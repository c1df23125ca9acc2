"""2U1's Qwen2-VL-Finetune, src/dataset/sft_dataset.py: a JSON list; JSON lines it cannot read."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

from .exported import records_of
from .qwen_vl import IMAGE_PAD
from .stand_ins import qwen_processor, without
from .understood import Tally


def check(_form: str, file: Path, images: Path, checkout: Path) -> Tally:
    """Run make_supervised_data_module at the pixels of finetune_lora_vision.sh."""
    without("deepspeed", "liger_kernel", "trl")
    sys.path.insert(0, str(checkout))
    from src.dataset import sft_dataset

    processor = qwen_processor()
    arguments = SimpleNamespace(
        data_path=str(file), image_folder=str(images), eval_path=None, image_min_pixels=256 * 784,
        image_max_pixels=1280 * 784, video_min_pixels=None, video_max_pixels=None, image_resized_width=None,
        image_resized_height=None, video_resized_width=None, video_resized_height=None, fps=None, nframes=None,
    )  # fmt: skip
    module = sft_dataset.make_supervised_data_module("Qwen/Qwen2.5-VL-7B-Instruct", processor, arguments)
    tally = Tally(lambda ids: str(processor.tokenizer.decode(ids)), ends=("<|im_end|>",))
    for record, row in zip(records_of(file), module["train_dataset"], strict=True):
        batch = module["data_collator"]([row])
        tally.add(record, batch["labels"][0].tolist(), int((batch["input_ids"] == IMAGE_PAD).sum()))
    return tally
