"""scripts/*: each answers --help with its usage and does nothing else, and says what it does not understand."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"
NAMES = sorted(path.name for path in SCRIPTS.iterdir() if path.is_file())


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree that has the scripts and nothing else: what one of them makes or misses is seen."""
    shutil.copytree(SCRIPTS, tmp_path / "scripts")
    return tmp_path


def run(tree: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HOME": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [str(tree / "scripts" / words[0]), *words[1:]]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize("name", NAMES)
def test_each_script_says_what_it_is_for_and_does_nothing_else(name: str, flag: str, tree: Path) -> None:
    done = run(tree, name, flag)
    assert (done.returncode, done.stderr) == (0, "")
    usage = [line for line in done.stdout.splitlines() if line.startswith("usage: ")]
    assert len(usage) == 1
    assert name in usage[0]
    told = [line for line in done.stdout.splitlines() if line and line not in usage]
    assert any(line[0].isupper() and len(line.split()) > 5 for line in told), "a sentence says what it does"
    assert "set -e" not in done.stdout
    assert [path.name for path in tree.iterdir()] == ["scripts"]


@pytest.mark.parametrize(
    "words",
    [
        ("bench", "no-such-benchmark"),
        ("bench", "--all"),
        ("bench-judge", "--fast"),
        ("check", "--fix"),
        ("check-exports", "--all"),
        ("check-exports", "run", "pictures", "more"),
        ("check-loaders", "llava", "file"),
        ("check-servers", "--everything"),
        ("cron-regenerate", "--logs", "x", "run"),
        ("cron-regenerate",),
        ("download-coco",),
        ("download-coco", "--into", "x"),
        ("download-visual-genome", "a", "b"),
        ("download-visual-genome", "--dir"),
        ("draw-sample",),
        ("install", "--force"),
        ("lint", "--mend"),
        ("make-settings-page", "--all"),
        ("lint", "--fix", "more"),
    ],
)
def test_what_a_script_does_not_take_is_exit_2_and_nothing_is_done(words: tuple[str, ...], tree: Path) -> None:
    done = run(tree, *words)
    assert done.returncode == 2, done
    assert words[0] in done.stderr
    assert [path.name for path in tree.iterdir()] == ["scripts"]


@pytest.mark.parametrize(
    ("checkout", "sentence"),
    [
        ("internvl=nowhere", "check-loaders: --checkout internvl=nowhere: there is no such folder"),
        ("LLAVA-NEXT=nowhere", "check-loaders: --checkout LLAVA-NEXT=nowhere: there is no such folder"),
        ("TinyLLaVa=.", "check-loaders: TinyLLaVA does not read internvl"),
        ("llama=nowhere", "check-loaders: --checkout llama=nowhere: choose "),
    ],
)
def test_a_checkout_is_named_in_whatever_letters(checkout: str, sentence: str, tree: Path) -> None:
    (tree / "train.jsonl").write_text("")
    done = run(tree, "check-loaders", "internvl", "train.jsonl", "--checkout", checkout)
    assert done.returncode == 2
    assert done.stderr.startswith(sentence)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("qwen3-vl", "nowhere"), "check-loaders: nowhere: there is no such file or folder"),
        (("qwen3-vl", "scripts"), "check-loaders: scripts has no train.json, train.jsonl or train.parquet"),
        (("llava-1.5", "train.jsonl"), "check-loaders: llava-1.5 needs --checkout NAME=DIR, NAME one of "),
    ],
)
def test_what_is_no_export_and_what_needs_a_checkout_is_exit_2(
    words: tuple[str, ...], sentence: str, tree: Path
) -> None:
    (tree / "train.jsonl").write_text("")
    done = run(tree, "check-loaders", *words)
    assert done.returncode == 2
    assert done.stderr.startswith(sentence)


def test_a_picture_that_internvl_would_pass_over_is_named(tree: Path) -> None:
    (tree / "train.jsonl").write_text('{"image": "a.jpg", "conversations": []}\n')
    (tree / "meta.json").write_text('{"train": {"root": "", "annotation": "train.jsonl"}}')
    code = "from pathlib import Path; from loaders.internvl import refuse_missing_pictures as refuse; "
    command = [sys.executable, "-c", f"{code} refuse(Path('meta.json'), Path('train.jsonl'))"]
    environment = {**os.environ, "PYTHONPATH": str(tree / "scripts"), "PYTHONDONTWRITEBYTECODE": "1"}
    missing = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=60)
    assert missing.stderr.strip() == (
        "check-loaders: a.jpg is not below the root of meta.json: export with --image-root, the folder of pictures"
    )
    (tree / "a.jpg").touch()
    found = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=60)
    assert (found.returncode, found.stderr) == (0, "")
