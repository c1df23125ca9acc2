"""One thing is never several: the words of commands about a run of one image, and the function that counts."""

import re
from pathlib import Path

import pytest

from rehearsal import svit
from svit.quantities import number_of

_ONE_OF_MANY = re.compile(r"\b1 (images|records|samples|requests|replies|answers|boxes|pairs|runs|prompts)\b")
_OWN = '{"image_id": 1, "image": "a.jpg", "width": 10, "height": 10, "captions": ["A cat sits on a red chair."]}\n'


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 images"), (1, "1 image"), (2, "2 images"), (2000, "2,000 images")],
)
def test_a_number_of_things(count: int, words: str) -> None:
    assert number_of(count, "image") == words
    assert number_of(count, "box", "boxes") == words.replace("images", "boxes").replace("image", "box")


def test_one_image_is_one_image_in_every_command(tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_text(_OWN)
    data = ("--contexts", "own.contexts")
    said = []
    for words in (
        ("contexts", "build", "--jsonl", "own.jsonl", "-o", "own.contexts"),
        ("contexts", "stats", "own.contexts"),
        ("estimate", "--task", "conversation", *data),
        ("generate", "--task", "conversation", *data, "--run", "runs/a", "--preview", "1"),
        ("generate", "--task", "conversation", *data, "--run", "runs/a"),
        ("estimate", "--run", "runs/a"),
        ("status", "runs/a"),
        ("runs",),
        ("check", "runs/a"),
        ("export", "runs/a", "-f", "llava-next", "-o", "train.jsonl"),
    ):
        out, talk = svit(tmp_path, *words).communicate(timeout=120)
        said.append(f"{' '.join(words)}: {out}{talk}")
    assert "own.contexts: contexts of 1 image from own.jsonl." in said[0]
    assert "1 run (" in said[7]
    assert [found for text in said if (found := _ONE_OF_MANY.findall(text))] == []
