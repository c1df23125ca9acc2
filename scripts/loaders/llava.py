"""LLaVA's llava/train/train.py: a JSON list, pictures below --image_folder, padded as its v1.5 scripts ask."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

from .exported import records_of, turns_of
from .stand_ins import clip_processor, llama_tokenizer, with_names, without
from .understood import Tally

IMAGE, PATCHES = -200, 576


def check(_form: str, file: Path, images: Path, checkout: Path) -> Tally:
    """Run make_supervised_data_module with the template and padding of scripts/v1_5/finetune.sh."""
    import transformers.trainer

    without("deepspeed", "flash_attn", "bitsandbytes")
    with_names(transformers.trainer, "ALL_LAYERNORM_LAYERS")
    sys.path.insert(0, str(checkout))
    from llava import conversation
    from llava.train import train

    conversation.default_conversation = conversation.conv_templates["v1"]
    records = records_of(file)
    with tempfile.TemporaryDirectory() as scratch:
        tokenizer = llama_tokenizer(
            (text for each in records for part in turns_of(each) for text in part), Path(scratch)
        )
        arguments = SimpleNamespace(
            data_path=str(file), image_folder=str(images), image_aspect_ratio="pad", is_multimodal=True,
            mm_use_im_start_end=False, image_processor=clip_processor(),
        )  # fmt: skip
        module = train.make_supervised_data_module(tokenizer, arguments)
        tally = Tally(lambda ids: str(tokenizer.decode(ids, skip_special_tokens=True)))
        for record, row in zip(records, module["train_dataset"], strict=True):
            batch = module["data_collator"]([row])
            marks = int((batch["input_ids"] == IMAGE).sum())
            tally.add(record, batch["labels"][0].tolist(), PATCHES * marks if len(batch["images"]) == marks else 0)
    return tally
