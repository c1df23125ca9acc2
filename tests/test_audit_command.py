"""`svit check` as a process: what it prints, how it ends, and what it never touches."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from published import PAIR, PUBLISHED, YARD, array, blocks
from svit.contexts.store import build_store


@pytest.fixture
def yard(tmp_path: Path) -> Path:
    """A store with one image."""
    path = tmp_path / "yard.contexts"
    build_store(path, [YARD], origin="a test")
    return path


def told(folder: Path, *words: str | Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "svit", "check", *map(str, words)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def test_the_command_shows_the_flaws_and_ends_with_0_whatever_it_finds(tmp_path: Path, yard: Path) -> None:
    path = array(tmp_path, *PUBLISHED.values(), {"image_id": 5})
    done = told(tmp_path, path, "--contexts", yard, "--fix", "out.json", "--examples", "1")
    for words in (
        "8 records of 9 pairs, in SVIT's form",
        "damaged records: 1, in no figure below",
        "record 8 has no 'conversations'",
        "8 records have a context",
        "names_source (detail_description):\n  record 1, image 41: ",
        "No record of 8 could be kept.",
        "Records dropped, by first flaw:",
    ):
        assert words in done.stdout
    assert done.stderr == ""
    assert told(tmp_path, path, "--fix", "out.json", code=2).stderr.startswith("svit: out.json is there already")


def test_json_has_one_shape(tmp_path: Path, yard: Path) -> None:
    path = array(tmp_path, *PUBLISHED.values())
    plain = json.loads(told(tmp_path, path, "--json").stdout)
    full = json.loads(told(tmp_path, path, "--json", "--contexts", yard, "--fix", "o.json").stdout)
    assert list(plain) == list(full) == "file forms records pairs damaged damage contexts tasks fix".split()
    assert (plain["contexts"], plain["fix"], plain["forms"]) == (None, None, {"svit": 8})
    assert list(full["contexts"]) == "file with_context without_context padded".split()
    assert list(full["fix"]) == "file kept changed dropped pairs left_out".split()
    assert list(full["tasks"][0]) == "task records pairs flawed per_100_records flaws".split()
    assert list(full["tasks"][0]["flaws"][0]) == "code severity records per_100_records flaws examples".split()
    assert list(full["tasks"][0]["flaws"][0]["examples"][0]) == "place image_id words".split()


@pytest.mark.parametrize("name", ["data.json", "link.json", "./data.json"])
def test_the_input_is_never_written_over(name: str, tmp_path: Path) -> None:
    path = array(tmp_path, blocks(1, [("So", "No.")]))
    (tmp_path / "link.json").symlink_to(path)
    before = path.read_bytes()
    assert "is the file that is read" in told(tmp_path, path, "--fix", name, code=2).stderr
    assert path.read_bytes() == before


UNREADABLE = {
    "is empty": b" \n",
    "is a zip file": b"PK\x03\x04rest",
    "ends in the middle of its gzip data": gzip.compress(json.dumps([blocks(1, [PAIR])] * 99).encode(), 0)[:900],
    "is damaged gzip data": gzip.compress(json.dumps([blocks(1, [PAIR])]).encode())[:-8] + b"\xff" * 8,
    "has no record": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9,
}


@pytest.mark.parametrize("words", UNREADABLE)
def test_what_cannot_be_read_ends_with_2_and_a_sentence(words: str, tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(UNREADABLE[words])
    assert words in told(tmp_path, "data", "--fix", "out", code=2).stderr
    assert [file.name for file in tmp_path.iterdir()] == ["data"]


def test_no_file_and_a_folder_end_with_2(tmp_path: Path) -> None:
    assert "There is no file" in told(tmp_path, "missing.json", code=2).stderr
    assert "is a folder" in told(tmp_path, tmp_path, code=2).stderr


def test_a_reader_that_has_enough_ends_it_quietly(tmp_path: Path) -> None:
    path = array(tmp_path, *[PUBLISHED["too_short"]] * 200)
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "svit", "check", str(path), "--examples", "200"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")
