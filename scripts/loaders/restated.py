"""Rules of Qwen's and InternVL's finetuning code, restated: for where no checkout is at hand."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

from .exported import Record, records_of, stop
from .understood import Tally

QWEN_MIN_PIXELS, QWEN_MAX_PIXELS = 56 * 56, 28 * 28 * 1280
BBOX_2D = re.compile(r'"bbox_2d": \[(\d+), (\d+), (\d+), (\d+)\]')


def require(holds: bool, what: str, record: Record | None = None) -> None:
    """Stop with a sentence where something does not hold."""
    if not holds:
        stop(f"{what} ({record.get('id')})" if record else what)


def roles(record: Record, asks: str, answers: str) -> list[str]:
    """Return who is to speak in a conversation as long as the record's."""
    turns = record.get("messages") or record["conversations"]
    return [asks, answers] * (len(turns) // 2)


def qwen(file: Path) -> Counter[str]:
    """Put pictures for the marks of questions one by one: none may be left over, and answers are text alone."""
    seen: Counter[str] = Counter()
    for record in records_of(file):
        turns = record["conversations"]
        require([turn["from"] for turn in turns] == roles(record, "human", "gpt"), "roles differ", record)
        images = [record["image"]] if isinstance(record["image"], str) else record["image"]
        marks = sum(turn["value"].count("<image>") for turn in turns[::2])
        require(marks == len(images), "<image> differs", record)
        require(not any(re.search("<image>|<video>", turn["value"]) for turn in turns[1::2]), "an image in an answer")
        require(all(Path(image).is_file() for image in images), "there is no such picture", record)
        text = "".join(turn["value"] for turn in turns)
        boxes = text.count("<|box_start|>") + len(BBOX_2D.findall(text))
        require(text.count("<|box_start|>") == text.count("<|box_end|>"), "a box is not closed", record)
        seen += Counter({"records": 1, "<image>": marks, "boxes": boxes, "turns": len(turns)})
    return seen


def qwen2_5_vl(file: Path) -> Counter[str]:
    """Besides, hold every box against the picture that the model's image processor makes of the image."""
    from PIL import Image
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    processor = Qwen2VLImageProcessorPil(
        size={"shortest_edge": QWEN_MIN_PIXELS, "longest_edge": QWEN_MAX_PIXELS}, patch_size=14, merge_size=2
    )
    for record in records_of(file):
        with Image.open(record["image"]) as image:
            require(image.size == (record["width"], record["height"]), "the picture has another size", record)
            grid = processor(images=[image.convert("RGB")])["image_grid_thw"]
        _, rows, columns = (int(side) for side in grid[0])
        for turn in record["conversations"]:
            for x1, y1, x2, y2 in (map(int, box) for box in BBOX_2D.findall(turn["value"])):
                inside = 0 <= x1 < x2 <= columns * 14 and 0 <= y1 < y2 <= rows * 14
                require(inside, f"[{x1}, {y1}, {x2}, {y2}] is outside", record)
    return qwen(file)


def internvl(file: Path) -> Counter[str]:
    """Compare the meta file with the data; a record has one picture, below the root, and one mark for it."""
    records = records_of(file)
    meta = json.loads((file.parent / "meta.json").read_text(encoding="utf-8"))
    entries = [entry for entry in meta.values() if entry["annotation"] == file.name]
    require(len(entries) == 1, f"{len(entries)} entries of meta.json name {file.name}")
    require(file.suffix == ".jsonl" and entries[0]["length"] == len(records), "the length is another in meta.json")
    require(entries[0]["repeat_time"] >= 1 and not entries[0]["data_augment"], "meta.json does not say once, as it is")
    seen: Counter[str] = Counter()
    for record in records:
        turns = record["conversations"]
        text = "".join(turn["value"] for turn in turns)
        require([turn["from"] for turn in turns] == roles(record, "human", "gpt"), "roles differ", record)
        require(text.count("<image>") == turns[0]["value"].count("<image>") == 1, "<image> differs", record)
        require(Path(entries[0]["root"], record["image"]).is_file(), "there is no such picture", record)
        boxes = [json.loads(found) for found in re.findall(r"<box>(.*?)</box>", text)]
        require(len(boxes) == text.count("<box>") == text.count("</box>"), "a box is not closed", record)
        for box in (box for found in boxes for box in found):
            require(0 <= box[0] < box[2] <= 1000 and 0 <= box[1] < box[3] <= 1000, f"{box} is no box", record)
        seen += Counter({"records": 1, "<image>": 1, "boxes": sum(map(len, boxes)), "turns": len(turns)})
    return seen


def check(form: str, file: Path, _images: Path, _checkout: None) -> Tally:
    """Return what the rules count in the file; they stop at the first record that breaks one."""
    rules = {"qwen2.5-vl": qwen2_5_vl, "internvl": internvl}
    return Tally(str, counts=rules.get(form, qwen)(file))
