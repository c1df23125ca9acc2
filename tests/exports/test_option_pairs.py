"""Every two choices of `svit export` go together into files that are read back, or are refused in one sentence."""

import json
import random
import sys
import tarfile
from collections.abc import Iterator, Sequence
from itertools import combinations, product
from pathlib import Path

import pytest
from typer.testing import CliRunner

from exports.made import png
from svit.cli import app
from svit.exports.box_styles import BOX_STYLES
from svit.exports.formats import NAMES

parquet = pytest.importorskip("pyarrow.parquet")
pytest.importorskip("zstandard")

CHOICES: dict[str, Sequence[tuple[str, ...]]] = {
    "format": [("-f", name) for name in NAMES],
    "boxes": [(), *(("--boxes", name) for name in BOX_STYLES)],
    "split": [(), ("--split", "train=0.6,test=0.4"), ("--split", "train=0.999,test=0.001")],
    "merge": [(), ("--merge-per-image",)],
    "images": [(), ("--images", "pictures")],
    "turns": [(), ("--max-turns", "1")],
    "order": [(), ("--shuffle",)],
    "requests": [(), ("--no-requests",)],
    "layout": [(), ("--image-layout", "flat", "--image-root", "/data")],
}
"""What goes with anything else."""
MORE: dict[str, Sequence[tuple[str, ...]]] = {
    "frame": [(), ("--box-frame", "image"), ("--box-frame", "padded-square")],
    "resize": [(), ("--max-pixels", "50176", "--min-pixels", "784")],
    "packed": [(), ("--zstd",)],
    "output": [("-o", "out"), ("-o", "out.json"), ("-o", "out.jsonl"), ("-o", "out.parquet"), ("-o", "-")],
}
DOG, MAN = "[0.1, 0.2, 0.5, 0.9]", "[0.6, 0.0, 0.9, 0.5]"
REFUSED = ("--images: the records of", "--boxes: coco holds no texts")
Picked = tuple[int, ...]


def pairwise(sizes: Sequence[int]) -> Iterator[Picked]:
    """Yield choices of a place for each size, so that every two places of two sizes are chosen together."""
    chance = random.Random(11)
    left = {
        ((a, x), (b, y))
        for a, b in combinations(range(len(sizes)), 2)
        for x, y in product(range(sizes[a]), range(sizes[b]))
    }
    while left:
        (a, x), (b, y) = min(left)
        best: tuple[int, Picked] = (-1, ())
        for _ in range(12):
            row = [chance.randrange(size) for size in sizes]
            row[a], row[b] = x, y
            covered = sum(((i, row[i]), (j, row[j])) in left for i, j in combinations(range(len(sizes)), 2))
            best = max(best, (covered, tuple(row)))
        yield best[1]
        left -= {((i, best[1][i]), (j, best[1][j])) for i, j in combinations(range(len(sizes)), 2)}


def rows_of(choices: dict[str, Sequence[tuple[str, ...]]]) -> dict[str, list[list[str]]]:
    """Return by format the words of every row."""
    found: dict[str, list[list[str]]] = {name: [] for name in NAMES}
    for row in sorted(pairwise([len(each) for each in choices.values()])):
        words = [word for place, each in zip(row, choices.values(), strict=True) for word in each[place]]
        found[words[1]].append(words)
    return found


FREE = rows_of(CHOICES | {"output": [("-o", "out")]})
ALL = rows_of(CHOICES | MORE)


def test_every_two_choices_are_tried_together() -> None:
    sizes = [5, 3, 2, 4]
    rows = list(pairwise(sizes))
    pairs = {(i, row[i], j, row[j]) for row in rows for i, j in combinations(range(len(row)), 2)}
    assert len(pairs) == sum(a * b for a, b in combinations(sizes, 2))
    assert len(rows) < 5 * 3 * 2 * 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Samples of four images and two tasks, and their pictures."""
    where = tmp_path_factory.mktemp("pairs")
    (where / "pictures").mkdir()
    lines = []
    for image in range(4):
        (where / "pictures" / f"{image}.png").write_bytes(png(40, 20, grey=60 * image))
        for task, question, answer in (
            ("referring", f"Where are the <st>dogs<ed> {DOG}, {MAN}?", f"By the <st>man<ed> {MAN}."),
            ("detail_description", "Describe it.", "A “quiet” street [sic], 5 < 6."),
        ):  # fmt: skip
            turns = [{"from": who, "value": text} for who, text in (("user", question), ("gpt", answer))]
            lines.append({
                "image_id": image, "image": f"vg/{image}.png", "width": 40, "height": 20, "task": task,
                "conversations": [{"content": turns + turns}], "provenance": {"model": "m", "attempt": 1},
            })  # fmt: skip
    (where / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return where


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("choices", ["what goes with anything", "all"])
def test_what_is_written_is_read_and_what_does_not_go_together_is_said(
    choices: str, name: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = (ALL if choices == "all" else FREE)[name]
    assert rows
    for number, words in enumerate(rows):
        here = tmp_path / str(number)
        here.mkdir()
        (here / "pictures").symlink_to(folder / "pictures")
        monkeypatch.chdir(here)
        monkeypatch.setattr(sys, "argv", ["svit", "export", str(folder / "a.jsonl"), *words])
        done = CliRunner().invoke(app, ["export", str(folder / "a.jsonl"), *words])
        left = sorted(path for path in here.rglob("*") if path.name != "pictures" and path.is_file())
        if done.exit_code == 0:
            records = len(lines_in(done.stdout)) if words[-1] == "-" else sum(map(records_in, left))
            assert records >= 4, (words, done.output)
        else:
            assert done.exit_code == 2, (words, done.output, done.exception)
            assert done.output.startswith("svit: "), (words, done.output)
            assert not left, words
            assert choices == "all" or any(why in done.output for why in REFUSED), (words, done.output)


def lines_in(text: str) -> list[object]:
    """Return the records of JSON text, of lines or of one list."""
    if text.lstrip().startswith("["):
        return list(json.loads(text))
    if text.startswith('{"samples":'):
        return list(json.loads(text)["samples"])
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def records_in(path: Path) -> int:
    """Return how many records a file of an export holds, read by what reads such files."""
    if path.suffix == ".parquet":
        return int(parquet.read_table(path).num_rows)
    if path.suffix == ".tar":
        with tarfile.open(path) as tar:
            return sum(member.name.endswith(".json") for member in tar)
    if path.suffix == ".zst":
        import zstandard

        return len(lines_in(zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes()).decode()))
    if path.suffix == ".jsonl":
        return len(lines_in(path.read_text(encoding="utf-8")))
    if path.suffix == ".json":
        content = json.loads(path.read_text(encoding="utf-8"))
        return len(content if isinstance(content, list) else content.get("images", content.get("samples", ())))
    return 0
