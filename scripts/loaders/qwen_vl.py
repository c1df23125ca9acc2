"""Qwen's qwen-vl-finetune: an entry of its data_dict, turns found by token ids, pixels as its scripts set them."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

from .exported import records_of
from .stand_ins import QWEN, QWEN_FIRST, qwen_processor
from .understood import Tally

IMAGE_PAD = QWEN_FIRST + QWEN.index("<|image_pad|>")
MIN_PIXELS, MAX_PIXELS = 784, 50176
"""scripts/sft.sh, sft_7b.sh and sft_qwen3_4b.sh all set these."""


def check(form: str, file: Path, images: Path, checkout: Path) -> Tally:
    """Run make_supervised_data_module for the format's model."""
    model = form.replace("-", "")
    sys.path.insert(0, str(checkout if (checkout / "qwenvl").is_dir() else checkout / "qwen-vl-finetune"))
    import qwenvl.data
    from qwenvl.data import data_processor

    qwenvl.data.data_dict["svit"] = {"annotation_path": str(file), "data_path": str(images)}
    processor = qwen_processor(16 if model == "qwen3vl" else 14)
    arguments = SimpleNamespace(
        dataset_use="svit", model_type=model, data_packing=False, data_flatten=False, min_pixels=MIN_PIXELS,
        max_pixels=MAX_PIXELS, video_min_pixels=784, video_max_pixels=50176, video_min_frames=4, video_max_frames=8,
        video_fps=2,
    )  # fmt: skip
    module = data_processor.make_supervised_data_module(processor, arguments)
    tally = Tally(lambda ids: str(processor.tokenizer.decode(ids)), ends=("<|im_end|>",))
    rows = module["train_dataset"]
    for number, record in enumerate(records_of(file)):
        batch = module["data_collator"]([rows._get_item([rows.list_data_dict[number]])])
        tally.add(record, batch["labels"][0].tolist(), int((batch["input_ids"] == IMAGE_PAD).sum()))
    return tally
