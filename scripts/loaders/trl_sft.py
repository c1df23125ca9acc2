"""TRL's collator for vision models: rows as `datasets` loads the parquet, labels as SFTTrainer makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .stand_ins import qwen_processor
from .understood import Tally


def check(_form: str, file: Path, _images: Path, _checkout: None) -> Tally:
    """Collate each row: `messages`, or `prompt` and `completion` with the loss on completions alone."""
    import datasets
    from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

    processor = qwen_processor()
    rows = datasets.load_dataset("parquet", data_files=str(file), split="train")
    split = "prompt" in rows.column_names
    collate = DataCollatorForVisionLanguageModeling(processor, max_length=None, completion_only_loss=split)
    image = processor.tokenizer.convert_tokens_to_ids("<|image_pad|>")
    tally = Tally(lambda ids: str(processor.tokenizer.decode(ids)), ends=("<|im_end|>",))
    for number, row in enumerate(rows):
        batch = collate([row])
        turns = row["prompt"] + row["completion"] if split else row["messages"]
        questions = [text_of(turn) for turn in turns if turn["role"] == "user"]
        learned = row["completion"] if split else [turn for turn in turns if turn["role"] == "assistant"]
        answers = [text_of(turn) for turn in learned]
        marks = int((batch["input_ids"] == image).sum())
        tally.say(str(row.get("id", number)), questions, answers, batch["labels"][0].tolist(), marks)
    return tally


def text_of(turn: dict[str, Any]) -> str:
    """Return a turn's text without its parts that are pictures."""
    if isinstance(turn["content"], str):
        return str(turn["content"])
    return "".join(part["text"] or "" for part in turn["content"] if part["type"] == "text")
