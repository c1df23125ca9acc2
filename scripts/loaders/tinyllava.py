"""TinyLLaVA's tinyllava/data/dataset.py: LLaVA's file, pictures stretched (square) as its finetune.sh asks."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from types import SimpleNamespace

from .exported import records_of
from .llava import IMAGE
from .stand_ins import hashable_defaults, phi_tokenizer, siglip_processor, without
from .understood import Tally

PATCHES = 729


def check(_form: str, file: Path, images: Path, checkout: Path) -> Tally:
    """Run make_supervised_data_module with the template phi."""
    without("deepspeed")
    sys.path.insert(0, str(checkout))
    plain, dataclasses.dataclass = dataclasses.dataclass, hashable_defaults(dataclasses.dataclass)
    from tinyllava.data import dataset  # its templates have defaults that Python 3.11 asks to be hashable

    dataclasses.dataclass = plain

    tokenizer = phi_tokenizer()
    arguments = SimpleNamespace(
        data_path=str(file), image_folder=str(images), image_aspect_ratio="square", is_multimodal=True,
        conv_version="phi", image_processor=siglip_processor(),
    )  # fmt: skip
    module = dataset.make_supervised_data_module(tokenizer, arguments)
    tally = Tally(lambda ids: str(tokenizer.decode(ids, skip_special_tokens=True)))
    for record, row in zip(records_of(file), module["train_dataset"], strict=True):
        batch = module["data_collator"]([row])
        marks = int((batch["input_ids"] == IMAGE).sum())
        tally.add(record, batch["labels"][0].tolist(), PATCHES * marks if len(batch["images"]) == marks else 0)
    return tally
