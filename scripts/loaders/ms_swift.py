"""ms-swift: its loader, then its templates, which put boxes into the text."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from .exported import Record, records_of
from .restated import QWEN_MAX_PIXELS, QWEN_MIN_PIXELS, require, roles
from .understood import Tally


def check(_form: str, file: Path, _images: Path, _checkout: None) -> Tally:
    """Return what the trainer made of the file; it stops at the first difference."""
    return Tally(str, counts=ms_swift(file))


def ms_swift(file: Path) -> Counter[str]:
    """Load the file as ms-swift does, and have its Qwen2.5-VL and Qwen2-VL templates write each conversation."""
    from swift.dataset import load_dataset
    from swift.template import TEMPLATE_MAPPING

    records = records_of(file)
    loaded, _ = load_dataset(str(file), strict=True, load_from_cache_file=False)
    require(len(loaded) == len(records), f"ms-swift loaded {len(loaded)} of {len(records)} records")
    for kind in ("qwen2_5_vl", "qwen2_vl"):
        template = swift_template(TEMPLATE_MAPPING[kind])
        seen: Counter[str] = Counter(records=len(loaded))
        for record, row in zip(records, loaded, strict=True):
            seen += swift_conversation(template, record, row)
    return seen


def swift_template(meta: Any) -> Any:
    """Return a template without its processor, which would be downloaded: it needs no tokens, only texts."""
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

    class Shown(meta.template_cls):
        def replace_tag(self, _media_type: str, index: int, inputs: Any) -> list[str]:
            image = inputs.images[index]
            height, width = smart_resize(
                image.height, image.width, min_pixels=QWEN_MIN_PIXELS, max_pixels=QWEN_MAX_PIXELS
            )
            inputs.images[index] = image.resize((width, height))
            return ["<|vision_start|><|image_pad|><|vision_end|>"]

    template = Shown(None, meta)
    template.model_meta = SimpleNamespace(is_multimodal=True)
    template.root_image_dir, template.bbox_format = None, "legacy"
    return template


def swift_conversation(template: Any, record: Record, row: Record) -> Counter[str]:
    """Have the template write a conversation, and compare its marks and boxes with the record's."""
    from swift.template.template_inputs import StdTemplateInputs

    text = "".join(message["content"] for message in record["messages"])
    refs, boxes = record["objects"]["ref"], record["objects"]["bbox"]
    inputs = StdTemplateInputs.from_dict(row)
    template._preprocess_inputs(inputs)
    template._swift_prepare_inputs(inputs)
    contexts, scales, _ = template._swift_encode(inputs)
    written = "".join(template._simplify_context_list(contexts, scales, inputs)[0])

    require([turn["role"] for turn in row["messages"]] == roles(record, "user", "assistant"), "roles differ", record)
    require(written.count("<|image_pad|>") == text.count("<image>") == len(record["images"]), "<image> differs", record)
    require(written.count("<|object_ref_start|>") == text.count("<ref-object>") == len(refs), "refs differ", record)
    require(written.count("<|box_start|>") == text.count("<bbox>") == len(boxes), "<bbox> differs", record)
    require(not re.search("<image>|<bbox>|<ref-object>", written), "a mark was left in the text", record)
    image = inputs.images[0]
    width, height = (image.width, image.height) if template.norm_bbox == "none" else (1000, 1000)
    for box, ours in zip(inputs.objects["bbox"], boxes, strict=True):
        scaled = [
            side * shown / full for side, shown, full in zip(ours, [width, height] * 2, size_of(record), strict=True)
        ]
        require(all(abs(a - b) <= 0.51 for a, b in zip(box, scaled, strict=True)), f"{ours} became {box}", record)
    return Counter({"<image>": 1, "<ref-object>": len(refs), "<bbox>": len(boxes), "turns": len(row["messages"])})


def size_of(record: Record) -> list[int]:
    """Return width, height, width, height."""
    return [record["width"], record["height"]] * 2
