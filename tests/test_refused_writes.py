"""What the disk refuses is said of the file that a person named: no file of ours beside it, no folder left behind."""

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from svit.cli.exit_codes import _refused
from svit.system.write_errors import known_name, why_refused

SVIT = [sys.executable, "-m", "svit"]
OURS = re.compile(r"\.part\b|\.building|\.tmp|/tmp\w|svit-\w{8}|[0-9a-f]{8}\.")
PICTURES = Path(__file__).parents[1] / "data" / "sample"
COMMANDS = {
    "contexts build": ("contexts", "build", "--jsonl", "own.jsonl", "-o", "{}x.contexts"),
    "export to a file": ("export", "r", "-f", "llava-next", "-o", "{}x.jsonl"),
    "export of a list": ("export", "r", "-f", "llava-1.5", "-o", "{}x.json"),
    "export of a table": ("export", "r", "-f", "hf", "-o", "{}x.parquet"),
    "export to a folder": ("export", "r", "-f", "hf", "-o", "{}x"),
    "export of archives": ("export", "r", "-f", "webdataset", "--images", str(PICTURES), "-o", "{}x"),
    "import": ("import", "theirs.json", "--format", "svit", "-o", "{}x.jsonl"),
    "import, packed": ("import", "theirs.json", "--format", "svit", "-o", "{}x.jsonl.gz"),
    "check --fix": ("check", "theirs.json", "--fix", "{}x.json"),
    "report": ("report", "r", "-o", "{}x.html"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("refused")
    subprocess.run([*SVIT, "generate", "--task", "all", "--run", "r", "-q"], cwd=made, check=True)
    turns = [{"from": "user", "value": "What is it?"}, {"from": "gpt", "value": "A dog lies on a mat beside a chair."}]
    records = [{"image_id": n, "conversations": [{"content": turns}]} for n in range(400)]
    (made / "theirs.json").write_text(json.dumps(records))
    own = {"width": 9, "height": 9, "captions": ["A dog lies on a mat."]}
    (made / "own.jsonl").write_text(
        "".join(json.dumps({"image_id": n, "image": f"{n}.jpg", **own}) + "\n" for n in range(900))
    )
    return made


def failed(folder: Path, *words: str, limit: int | None = None, **environment: str) -> str:
    """Return the sentence that the command ends with; no file may grow beyond `limit` bytes."""

    def few_bytes() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    before = sorted(folder.iterdir())
    done = subprocess.run(
        [*SVIT, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        preexec_fn=few_bytes,
        env={**os.environ, **environment},
    )
    assert (done.returncode, done.stdout) == (2, ""), done
    sentence = done.stderr.splitlines()[-1]
    assert sentence.startswith("svit: ")
    assert not OURS.search(done.stderr.replace("/tmp/pytest", "")), done.stderr
    assert sorted(folder.iterdir()) == before, "nothing is left behind"
    return sentence


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_a_full_disk_is_said_of_the_file_that_was_named(words: tuple[str, ...], folder: Path) -> None:
    sentence = failed(folder, *words[:-1], words[-1].format(""), limit=512)
    assert re.match(r"svit: x\S*: cannot be written: File too large\.|svit: x\S* cannot be written: ", sentence)


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_a_folder_that_is_a_file_is_called_so(words: tuple[str, ...], folder: Path) -> None:
    sentence = failed(folder, *words[:-1], words[-1].format("own.jsonl/"))
    assert "own.jsonl is a file, not a folder" in sentence


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_a_folder_that_takes_no_file_is_said_with_the_system_s_words(words: tuple[str, ...], folder: Path) -> None:
    sentence = failed(folder, *words[:-1], words[-1].format("/proc/"))
    assert "/proc/x" in sentence
    assert "cannot be written: No such file or directory" in sentence
    assert "Make room" not in sentence


@pytest.mark.parametrize("words", [("prompt", "--task", "referring"), ("estimate", "--task", "all")])
def test_what_is_made_on_the_way_has_no_name_either(words: tuple[str, ...], folder: Path, tmp_path: Path) -> None:
    sentence = failed(folder, *words, limit=512, TMPDIR=str(tmp_path))
    assert sentence == (
        f"svit: {tmp_path}, the folder for temporary files: there is no room for what is made on the way. "
        "Name another one in TMPDIR."
    )


def test_an_export_that_fails_in_its_second_file_leaves_none(folder: Path) -> None:
    words = ["export", "r", "-f", "llava-next", "-o", "deep/er/data", "--split", "train=0.3,test=0.7"]
    sentence = failed(folder, *words, limit=24_000)
    assert re.match(r"svit: deep/er/data/\w+\.jsonl: cannot be written: File too large\.", sentence)
    (folder / "empty").mkdir()
    failed(folder, "export", "r", "-f", "hf", "-o", "empty", limit=512)
    assert not list((folder / "empty").iterdir())


@pytest.mark.parametrize(
    ("draft", "name"),
    [
        ("a/.vg.contexts.1a2b3c4d.building", "a/vg.contexts"),
        (".train.jsonl.part", "train.jsonl"),
        ("/r/.00000.jsonl.part", "/r/00000.jsonl"),
        ("/.books.part", "/books"),
        ("mine.part", "mine.part"),
        ("r/journal.db-wal", "r/journal.db-wal"),
        ("my.building", "my.building"),
        ("", ""),
    ],
)
def test_a_draft_has_the_name_that_it_gets_in_the_end(draft: str, name: str) -> None:
    assert known_name(draft) == name


def test_what_nobody_caught_is_said_by_that_name_too() -> None:
    full = OSError(28, "No space left on device", "r/.00000.jsonl.part")
    many = OSError(24, "Too many open files", b"/x/.a.contexts.00ff00ff.building")
    assert _refused(full) == "r/00000.jsonl cannot be written: No space left on device."
    assert _refused(many).startswith("/x/a.contexts ")
    assert _refused(OSError(28, "No space left on device")) == "stdout cannot be written: No space left on device."


def test_why_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = FileExistsError(17, "File exists")
    assert why_refused(error, tmp_path / "file" / "x" / "y") == f"{tmp_path / 'file'} is a file, not a folder"
    assert why_refused(error, tmp_path / "y") == "File exists"
    assert why_refused(OSError(), tmp_path / "y") == "Input/output error"
