"""Names of files and folders whose bytes are no UTF-8, in every command; and any name where the locale is ASCII."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from svit.cli import app
from svit.resources import CONFIGS, PROMPTS, SAMPLE
from svit.system.path_address import in_utf8, on_disk, path_address, path_at

LATIN_1, GBK, SHIFT_JIS = os.fsdecode(b"donn\xe9es"), os.fsdecode(b"\xd5\xd5\xc6\xac"), os.fsdecode(b"\x89\xe6\x91\x9c")
MIXED = os.fsdecode("caf\u00e9 ".encode() + b"\xff%41")


@given(st.lists(st.binary(min_size=1, max_size=9).filter(lambda b: not set(b) & {0, 47}), min_size=1))
def test_a_path_comes_back_byte_for_byte(names: list[bytes]) -> None:
    path = Path(os.fsdecode(b"/".join(names)))
    for each in (path, "/" / path):
        told = path_address(each)
        told.encode()
        assert os.fsencode(path_at(told)) == os.fsencode(each)


@pytest.mark.parametrize("text", ["/a/b", "a b", "caf\u00e9", "50%41", "file:/x", "~/x"])
def test_a_path_as_people_write_it_stays_as_it_is(text: str) -> None:
    assert str(path_at(text)) == text
    assert path_address(Path(text)) == text


def test_what_no_json_can_hold_is_none() -> None:
    assert [in_utf8(words) for words in ("caf\u00e9", LATIN_1, "\ud800")] == ["caf\u00e9", None, None]
    assert on_disk(LATIN_1) == LATIN_1


def svit(*words: object, codes: tuple[int, ...] = (0,)) -> str:
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code in codes, done.output
    done.output.encode()
    return done.stdout


@pytest.mark.parametrize("name", [LATIN_1, GBK, SHIFT_JIS, MIXED])
def test_every_command_takes_a_name_that_is_no_utf_8(name: str, tmp_path: Path) -> None:
    here = tmp_path / name
    for part in ("prompts", "images"):
        (here / part).mkdir(parents=True)
    shutil.copy(PROMPTS / "detail_description.txt", here / "prompts")
    shutil.copy(CONFIGS / "offline.yaml", here / "c.yaml")
    shutil.copytree(SAMPLE / "images", here / "images" / name)
    run, contexts = here / "r", here / "o.contexts"
    svit("generate", "--task", "referring", "--run", tmp_path / "plain", "-q")
    shutil.copy(tmp_path / "plain" / "contexts.db", contexts)
    asked = ("--task", "referring", "--task", "detail_description", "--contexts", contexts)
    settings = ("--prompts", here / "prompts", "--config", here / "c.yaml")
    svit("generate", *asked, *settings, "--run", run)
    told = json.loads((run / "run.json").read_bytes())
    assert path_at(told["contexts"]["file"]) == contexts
    assert path_at(told["config"]["prompts"]) == here / "prompts"
    before = {file: file.read_bytes() for file in run.glob("*/*.jsonl")}
    svit("regenerate", run)
    svit("rebuild", run)
    assert {file: file.read_bytes() for file in run.glob("*/*.jsonl")} == before
    json.loads(svit("status", run, "--json"))
    svit("status", run, "--check")
    svit("show", run, 7)
    svit("prompt", "--task", "referring", "--contexts", contexts, *settings)
    json.loads(svit("estimate", *asked, *settings, "--run", run, "--json"))
    svit("report", run, "--images", here / "images" / name)
    assert b"data:image/" in (run / "report.html").read_bytes()
    json.loads(svit("check", run, "--json"))
    shard = run / "referring" / "00000.jsonl"
    json.loads(svit("check", shard, "--contexts", contexts, "--fix", here / "fixed.jsonl", "--json"))
    svit("export", run, "-f", "llava-next", "-o", here / "x.jsonl", "-q")
    svit("export", run, "-f", "webdataset", "-o", here / "w", "--images", here / "images" / name)
    svit("export", run, "-f", "hf", "-o", here / "hf", "--images", here / "images" / name)
    svit("export", run, "-f", "svit", "-o", here / "s.json")
    svit("import", here / "s.json", "--format", "svit", "-o", here / "own.jsonl", "--contexts", contexts)
    svit("generate", *asked, "--run", here / "r2", "--reuse", run)
    for option in ("--name", "--image-root"):
        said = svit("export", run, "-f", "llama-factory", "-o", here / "lf", option, name, codes=(2,))
        assert said == ""


def test_where_the_locale_is_ascii_every_name_is_taken(tmp_path: Path) -> None:
    here = tmp_path / "donn\u00e9es \u5199"
    shutil.copytree(SAMPLE / "images", here / "images")
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG", "PYTHON"))}
    environ |= {"LANG": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "SVIT_LEDGER": str(tmp_path / "l.db")}

    def asciied(*words: object) -> str:
        command = [sys.executable, "-m", "svit", *map(str, words)]
        done = subprocess.run(command, capture_output=True, env=environ, cwd=Path(__file__).parents[1], check=False)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        return done.stdout.decode()

    asciied("generate", "--task", "referring", "--run", here / "r")
    assert here.name in asciied("status", here / "r")
    assert json.loads(asciied("status", here / "r", "--json"))["run"] == str(here / "r")
    asciied("report", here / "r", "--images", here / "images")
    assert b"data:image/" in (here / "r" / "report.html").read_bytes()
    out = here / "lf"
    asciied(
        "export", here / "r", "-f", "llama-factory", "-o", out, "--image-root", here / "images", "--name", "d\u00e9"
    )
    assert "d\u00e9" in (out / "dataset_info.json").read_text(encoding="utf-8")
    assert str(here / "images") in (out / "train.jsonl").read_text(encoding="utf-8")
