"""LLaMA-Factory: its dataset_info.json, its loader, and its plugin for Qwen2-VL."""

from __future__ import annotations

import importlib
import json
import sys
import tempfile
from collections import Counter
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace

from .exported import records_of
from .restated import require, roles
from .understood import Tally


def check(_form: str, file: Path, _images: Path, _checkout: None) -> Tally:
    """Return what the trainer made of the file; it stops at the first difference."""
    return Tally(str, counts=llama_factory(file))


def llama_factory(file: Path) -> Counter[str]:
    """Load the file by its entry in the dataset_info.json beside it, and have the plugin put image tokens in."""
    without_torchaudio()
    from llamafactory.data.loader import _load_single_dataset
    from llamafactory.data.mm_plugin import get_mm_plugin
    from llamafactory.data.parser import get_dataset_list
    from llamafactory.hparams import DataArguments, ModelArguments
    from transformers import Seq2SeqTrainingArguments
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    records = records_of(file)
    info = json.loads((file.parent / "dataset_info.json").read_text(encoding="utf-8"))
    names = [name for name, entry in info.items() if entry["file_name"] == file.name]
    require(len(names) == 1, f"{len(names)} entries of dataset_info.json name {file.name}")
    (attributes,) = get_dataset_list(names, str(file.parent))
    with tempfile.TemporaryDirectory() as scratch:
        loaded = _load_single_dataset(
            attributes,
            ModelArguments(model_name_or_path="none", cache_dir=scratch),
            DataArguments(dataset=names[0], dataset_dir=str(file.parent), media_dir=""),
            Seq2SeqTrainingArguments(output_dir=scratch, use_cpu=True),
        ).to_list()
    require(len(loaded) == len(records), f"LLaMA-Factory loaded {len(loaded)} of {len(records)} records")
    plugin = get_mm_plugin("qwen2_vl", image_token="<|image_pad|>", video_token="<|video_pad|>")
    processor = SimpleNamespace(image_processor=Qwen2VLImageProcessorPil(), video_processor=object())
    seen: Counter[str] = Counter(records=len(loaded))
    for record, row in zip(records, loaded, strict=True):
        messages, images = row["_prompt"] + row["_response"], row["_images"] or []
        texts = [turn["value"] for turn in record["conversations"]]
        require([turn["role"] for turn in messages] == roles(record, "user", "assistant"), "roles differ", record)
        require([turn["content"] for turn in messages] == texts, "texts differ", record)
        require(images == record["images"], "images differ", record)
        written = "".join(t["content"] for t in plugin.process_messages(messages, images, [], [], processor))
        require(written.count("<|vision_start|>") == "".join(texts).count("<image>") == 1, "<image> differs", record)
        seen += Counter({"<image>": 1, "turns": len(messages)})
    return seen


def without_torchaudio() -> None:
    """LLaMA-Factory imports torchaudio, which has no build for every machine; pictures do not need it."""
    try:
        importlib.import_module("torchaudio")
    except (ImportError, OSError):
        stand_in = ModuleType("torchaudio")
        stand_in.__spec__ = ModuleSpec("torchaudio", None)
        sys.modules["torchaudio"] = stand_in
