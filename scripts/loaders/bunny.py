"""Bunny's bunny/util/data_utils.py: LLaVA's file, padded as script/train/finetune_lora.sh asks, Phi-2's tokenizer."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

from .exported import records_of
from .llava import IMAGE
from .stand_ins import phi_tokenizer, siglip_processor
from .understood import Tally

PATCHES = 729


def check(_form: str, file: Path, images: Path, checkout: Path) -> Tally:
    """Run make_supervised_data_module with the template bunny."""
    sys.path.insert(0, str(checkout))
    from bunny import conversation
    from bunny.util import data_utils

    conversation.default_conversation = conversation.conv_templates["bunny"]
    tokenizer = phi_tokenizer()
    arguments = SimpleNamespace(
        data_path=str(file), image_folder=str(images), image_aspect_ratio="pad", is_multimodal=True,
        image_processor=siglip_processor(),
    )  # fmt: skip
    module = data_utils.make_supervised_data_module(tokenizer, arguments)
    tally = Tally(lambda ids: str(tokenizer.decode(ids, skip_special_tokens=True)))
    for record, row in zip(records_of(file), module["train_dataset"], strict=True):
        batch = module["data_collator"]([row])
        marks = int((batch["input_ids"] == IMAGE).sum())
        tally.add(record, batch["labels"][0].tolist(), PATCHES * marks if len(batch["images"]) == marks else 0)
    return tally
