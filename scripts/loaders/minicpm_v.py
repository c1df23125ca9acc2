"""MiniCPM-V's finetune/dataset.py: a JSON list of role and content, pictures in slices of 448."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

from .exported import records_of, stop
from .stand_ins import LONG, qwen_tokenizer
from .understood import Tally

MARKS = {
    "im_start": "<image>", "im_end": "</image>", "slice_start": "<slice>", "slice_end": "</slice>",
    "im_id_start": "<image_id>", "im_id_end": "</image_id>",
}  # fmt: skip
QUERIES = 64


def check(_form: str, file: Path, _images: Path, checkout: Path) -> Tally:
    """Run SupervisedDataset and data_collator for llm_type qwen; a picture is opened by the record's own path."""
    from torchvision import transforms

    sys.path.insert(0, str(checkout / "finetune"))
    import dataset

    random.randint = refused  # type: ignore[assignment]  # of a record that fails, it would draw another
    tokenizer, records = marked_tokenizer(), records_of(file)
    slices = {"max_slice_nums": 9, "scale_resolution": 448, "patch_size": 14}
    rows = dataset.SupervisedDataset(
        records, transforms.ToTensor(), tokenizer, slices, llm_type="qwen", query_nums=QUERIES, batch_vision=True,
        max_length=LONG,
    )  # fmt: skip
    tally = Tally(lambda ids: str(tokenizer.decode(ids)), ends=("<|im_end|>",))
    for number, record in enumerate(records):
        batch = dataset.data_collator([rows[number]], max_length=LONG)
        tally.add(record, batch["labels"][0].tolist(), QUERIES * len(batch["image_bound"][0]))
    return tally


def refused(_first: int, _last: int) -> int:
    """Stop where MiniCPM-V would take another record."""
    return stop("MiniCPM-V refuses a record: see the exception above it")


def marked_tokenizer() -> Any:
    """Return Qwen's tokenizer with the marks of pictures as attributes, as MiniCPM-V's own has."""
    tokenizer = qwen_tokenizer(*MARKS.values(), "<ref>", "</ref>", "<box>", "</box>", "<unk>")
    tokenizer.unk_token = "<unk>"
    for name, mark in MARKS.items():
        setattr(tokenizer, name, mark)
        setattr(tokenizer, f"{name}_id", tokenizer.convert_tokens_to_ids(mark))
    tokenizer.eos_id = tokenizer.eos_token_id
    return tokenizer
