"""InternVL's internvl_chat_finetune.py: started on meta.json, tiles of 448 as its 2nd_finetune scripts ask."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace

from .exported import beside, records_of, stop
from .stand_ins import qwen_tokenizer, with_names, without
from .understood import Tally

MARKS = [
    "<img>", "</img>", "<IMG_CONTEXT>", "<quad>", "</quad>", "<ref>", "</ref>", "<box>", "</box>",
]  # fmt: skip
PATCHES = 256


def check(_form: str, file: Path, _images: Path, checkout: Path) -> Tally:
    """Run build_datasets with internvl2_5 and dynamic tiles up to 12; images lie where meta.json says."""
    import torch
    import transformers.trainer

    without("deepspeed", "flash_attn", "petrel_client", "bitsandbytes", "apex", "tensorboardX")
    with_names(transformers.trainer, "ALL_LAYERNORM_LAYERS", "LENGTH_GROUPED_SAMPLER")
    sys.path.insert(0, str(checkout if (checkout / "internvl").is_dir() else checkout / "internvl_chat"))
    from internvl.train import internvl_chat_finetune as trainer

    torch.distributed.get_rank, torch.distributed.get_world_size = lambda: 0, lambda: 1
    tokenizer = qwen_tokenizer(*MARKS)
    arguments = SimpleNamespace(
        meta_path=str(beside(file, "meta*.json")), conv_style="internvl2_5", force_image_size=448, pad2square=False,
        use_packed_ds=False, use_data_resampling=False,
    )  # fmt: skip
    refuse_missing_pictures(beside(file, "meta*.json"), file)
    model = SimpleNamespace(num_image_token=PATCHES)
    rows = trainer.build_datasets(
        arguments, tokenizer, None, model, group_by_length=True, dynamic_image_size=True, use_thumbnail=True,
        min_dynamic_patch=1, max_dynamic_patch=12,
    )  # fmt: skip
    tally = Tally(lambda ids: str(tokenizer.decode(ids)), ends=("<|im_end|>",))
    context = tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>")
    for record, row in zip(records_of(file), rows, strict=True):
        marks = int((row["input_ids"] == context).sum())
        tally.add(record, row["labels"].tolist(), marks if marks == PATCHES * len(row["pixel_values"]) else 0)
    return tally


def refuse_missing_pictures(meta: Path, file: Path) -> None:
    """End with a sentence where a picture does not lie below the root of meta.json: the trainer skips it in silence."""
    roots = [Path(entry["root"]) for entry in json.loads(meta.read_text(encoding="utf-8")).values()]
    for record in records_of(file):
        if "image" in record and not any((root / record["image"]).is_file() for root in roots):
            stop(f"{record['image']} is not below the root of {meta}: export with --image-root, the folder of pictures")
