"""Instruction data in the shapes that others publish, in words of our own, with the faults that theirs has."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from svit.boxes import Box
from svit.records import ImageContext, Object

Entry = dict[str, Any]
Pair = tuple[str, str]

YARD = ImageContext(
    image_id=41,
    image="vg/VG_100K/41.jpg",
    width=400,
    height=300,
    objects=(
        Object(1, "man", Box(0.1, 0.2, 0.3, 0.8)),
        Object(2, "man", Box(0.5, 0.2, 0.7, 0.8)),
        Object(3, "ladder", Box(0.4, 0.1, 0.5, 0.9)),
    ),
)
MAN, OTHER, LADDER = "[0.1, 0.2, 0.3, 0.8]", "[0.5, 0.2, 0.7, 0.8]", "[0.4, 0.1, 0.5, 0.9]"
LONG = (
    "A man in a grey coat leans a wooden ladder against the wall of a barn. Behind him a second man carries a bucket "
    "across the yard. Two hens pick at the straw beside the gate, and the sky over the roof is clear."
)


PAIR = ("Why is the man careful?", "The ladder is old and might slip.")


def blocks(image_id: int | str, *blocks: Sequence[Pair], topic: str | None = None) -> Entry:
    """A record in SVIT's published shape, one block for each list of pairs."""
    said = [
        {"content": [turn for q, a in block for turn in ({"from": "user", "value": q}, {"from": "gpt", "value": a})]}
        for block in blocks
    ]
    return {"image_id": image_id, "conversations": [{"topic": topic, **block} if topic else block for block in said]}


def llava(name: str, *pairs: Pair) -> Entry:
    """A record in LLaVA's published shape."""
    turns = [turn for q, a in pairs for turn in ({"from": "human", "value": q}, {"from": "gpt", "value": a})]
    return {"id": name, "image": f"coco/train2017/{name}.jpg", "conversations": turns}


def own(task: str, *dialogues: Sequence[Pair], topic: str | None = None, **more: Any) -> Entry:
    """A record in our own shape."""
    provenance = {"model": "m", "prompt_id": "p", "prompt_version": "v", "attempt": 1}
    entry = blocks(41, *dialogues, topic=topic)
    return {"image": "vg/VG_100K/41.jpg", "task": task, "provenance": provenance, **entry, **more}


def array(folder: Path, *entries: Entry) -> Path:
    path = folder / "data.json"
    path.write_text(json.dumps(entries, indent=1, ensure_ascii=False), encoding="utf-8")
    return path


def lines(folder: Path, *entries: Entry) -> Path:
    path = folder / "data.jsonl"
    path.write_text("".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries), encoding="utf-8")
    return path


def referring(question: str, answer: str = f"The <st>ladder<ed> {LADDER} does.") -> Entry:
    return blocks(41, [(question, answer)])


PUBLISHED = {
    "answers_empty_message": blocks(
        41, [("Describe this image in detail.", f"It seems that your message is empty. {LONG}")]
    ),
    "names_source": blocks(41, [("Describe this image in detail.", f"{LONG} The captions mention a barn as well.")]),
    "box_malformed": referring(f"Who stands beside the <st>man<ed> [0.1, 0.2, 0.3.5, 0.8] and the <st>man<ed> {MAN}?"),
    "box_out_of_range": referring("Who stands beside the <st>man<ed> [0.1, 0.2, 3.0, 0.8]?"),
    "box_without_mention": referring(f"Who stands beside the man {MAN}?"),
    "mention_without_box": referring("Who stands beside the <st>man<ed> in the yard?"),
    "plural_with_one_box": referring(f"What do the <st>men<ed> {MAN} carry across the yard?"),
    "too_short": blocks(41, [("Why?", LONG), ("So", LONG.replace("hens", "geese"))]),
}
"""The faults that the authors of SVIT and its readers found in the published data, in words of our own."""
