"""What an export's folder holds, read without the help of svit or any trainer."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, NoReturn

Record = dict[str, Any]
NUMBER = r"-?\d+(?:\.\d+)?"
BOXES = re.compile(
    rf"\[{NUMBER}(?:, ?{NUMBER}){{3}}\]"
    rf"|<\|box_start\|>\({NUMBER},{NUMBER}\),\({NUMBER},{NUMBER}\)<\|box_end\|>"
    rf"|<box>{NUMBER}(?: {NUMBER}){{3}}</box>"
)
"""A box in any style that has four numbers in a row."""


def stop(sentence: str) -> NoReturn:
    """End with a sentence and exit code 1: an export is not as its trainer wants it."""
    sys.exit(f"check-loaders: {sentence}")


def refuse(sentence: str) -> NoReturn:
    """End with a sentence and exit code 2: the command's words are not those of an export or a trainer."""
    print(f"check-loaders: {sentence}", file=sys.stderr)
    sys.exit(2)


def file_of(given: Path) -> Path:
    """Return the data file that is trained on: the one given, or a folder's train file."""
    if given.is_file():
        return given
    if not given.is_dir():
        refuse(f"{given}: there is no such file or folder")
    found = sorted(given.glob("train.json")) + sorted(given.glob("train.jsonl")) + sorted(given.glob("train*.parquet"))
    return found[0] if found else refuse(f"{given} has no train.json, train.jsonl or train.parquet")


def beside(file: Path, pattern: str) -> Path:
    """Return the one file of this pattern beside the data, which a trainer is started on."""
    found = sorted(file.parent.glob(pattern))
    return found[0] if len(found) == 1 else stop(f"{len(found)} files {pattern} stand beside {file}")


def records_of(file: Path) -> list[Record]:
    """Return the records of a JSON list or of JSON lines."""
    text = file.read_text(encoding="utf-8")
    return list(json.loads(text)) if text.startswith("[") else [json.loads(line) for line in text.splitlines()]


def turns_of(record: Record) -> tuple[list[str], list[str]]:
    """Return the questions, without the image's mark, and the answers."""
    turns = record.get("conversations") or record["messages"]
    texts = [turn.get("value", turn.get("content")) for turn in turns]
    return [text.replace("<image>", "").strip() for text in texts[::2]], texts[1::2]


def boxes_in(text: str) -> int:
    """Return how many boxes a text names."""
    return len(BOXES.findall(text))
