"""The first hour: a config is written and checked, a few images are looked at, and what fails leaves nothing behind."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal import booked, svit
from svit.resources import PROMPTS, SAMPLE
from svit.simulate.process import SimulatorProcess, running
from svit.simulate.simulator_options import SimulatorOptions

URL = "http://127.0.0.1:1/v1"
"""Nobody is there."""


@pytest.fixture(scope="module")
def server() -> Iterator[SimulatorProcess]:
    with running(SimulatorOptions(port=0, models=("gpt-6-luna",), key="sk-canary-5d1f0c7e9b")) as found:
        yield found


def ended(process: "subprocess.Popen[str]", code: int) -> tuple[str, str]:
    """Return what was written to stdout and said, once the process ended with this code."""
    out, talk = process.communicate(timeout=300)
    assert process.returncode == code, f"exit {process.returncode}: {out[-1000:]}{talk[-2000:]}"
    assert "Traceback" not in talk
    return out, talk


def test_init_previews_and_its_last_line_goes_on_without_paying_twice(tmp_path: Path, server: SimulatorProcess) -> None:
    words = ("init", "mine", "--model", "gpt-6-luna", "--base-url", server.url, "--key-env", "SVIT_TEST_KEY")
    out, talk = ended(svit(tmp_path, *words, "--preview", "2", "--task", "referring,conversation"), 0)
    assert (tmp_path / "mine" / "svit.yaml").read_text().count("reasoning_effort: none") == 1
    assert {file.name for file in (tmp_path / "mine" / "prompts").iterdir()} == {f.name for f in PROMPTS.glob("*.txt")}
    for words_of_a_check in (
        "key       SVIT_TEST_KEY is set",
        f"endpoint  {server.url} answers",
        "gpt-6-luna is listed",
    ):
        assert words_of_a_check in talk
    assert re.findall(r"^=== (\w+), image (\d+)", out, re.MULTILINE) == [
        (task, image) for image in "12" for task in ("conversation", "referring")
    ]
    assert "--- completion, attempt 1 ---" in out
    rest = re.search(r"^all +(\d+) +([\d,]+) +([\d,]+) +\$(0\.\d+)$", out, re.MULTILINE)
    assert rest
    assert rest[1] == "12"
    run = "mine/runs/sample-conversation+referring-svit"
    before = booked(tmp_path, run)
    assert (before["replies"], before["unbooked"]) == (4, 0)
    assert re.search(rf"Spent so far: \${before['cost'] / 1e9:.4f}\.", out)
    command = re.search(r"^  svit (generate .*)$", talk, re.MULTILINE)
    assert command
    assert command[1] == f"generate --task conversation,referring --config mine/svit.yaml --run {run}"
    ended(svit(tmp_path, *command[1].split()), 0)
    assert booked(tmp_path, run)["replies"] == 16


def test_init_overwrites_nothing_and_says_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "referring.txt").write_text("mine")
    _, talk = ended(svit(tmp_path, "init"), 2)
    assert talk.startswith("svit: prompts/referring.txt is there already, and nothing was written.")
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["referring.txt"]


def test_init_without_a_model_is_the_offline_writer(tmp_path: Path) -> None:
    _, talk = ended(svit(tmp_path, "init", "deep/er"), 0)
    assert "the offline writer: no model, no key, no cost" in talk
    assert "svit generate --task all --config deep/er/svit.yaml --run deep/er/runs/sample-all --preview 3" in talk


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--model", "m", "--base-url", URL), 4, r"svit: Nobody answers at http://127\.0\.0\.1:1 "),
        (("--model", "m", "--key-env", "SVIT_NO_SUCH_KEY"), 2, r"svit: There is no API key: set SVIT_NO_SUCH_KEY"),
        (("--model", "m", "--base-url", URL, "--preview", "1"), 4, "svit: Nobody answers"),
    ],
)
def test_a_failed_check_keeps_what_was_written(
    tmp_path: Path, words: tuple[str, ...], code: int, sentence: str
) -> None:
    _, talk = ended(svit(tmp_path, "init", *words), code)
    assert re.search(sentence, talk)
    assert "The files are written: svit.yaml is where to put it right." in talk
    assert "  svit config check svit.yaml --endpoint" in talk
    assert sorted(path.name for path in tmp_path.iterdir()) == ["prompts", "svit.yaml"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--base-url", URL), "--base-url: name the model too"),
        (("--provider", "offline", "--model", "m"), "asks no model"),
        (("--provider", "vllm", "--model", "m"), "'vllm' is none of offline, openai"),
        (("--model", "m", "--base-url", "127.0.0.1:1/v1"), "did you mean http://127.0.0.1:1/v1"),
        (("--model", "m", "--key-env", "sk-proj-abcdefghijkl1234"), "looks like a key itself"),
    ],
)
def test_init_writes_nothing_from_options_that_are_wrong(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    _, talk = ended(svit(tmp_path, "init", *words), 2)
    assert sentence in talk
    assert not list(tmp_path.iterdir())


def test_a_preview_stops_at_the_ceiling_and_shows_what_is_rejected(tmp_path: Path) -> None:
    with running(SimulatorOptions(port=0, faults=("refusal=1",))) as server:
        asked = ("--task", "referring", "--model", "gpt-6-luna", "--base-url", server.url)
        out, talk = ended(svit(tmp_path, "generate", *asked, "--run", "r", "--preview", "1"), 1)
        assert "--- result: rejected ---" in out
        assert "The rest of 8 images" in out
        assert f"svit generate {' '.join(asked)} --run r" in talk
        out, talk = ended(svit(tmp_path, "generate", *asked, "--run", "s", "--preview=4", "--max-cost", "0.002"), 3)
        assert "=== referring, image 1 " in out
        assert f"svit generate {' '.join(asked)} --run s --preview=4 --max-cost DOLLARS" in talk


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--model", "m", "--base-url", URL), 4),
        (("--model", "m", "--base-url", URL, "--preview", "2"), 4),
        (("--contexts", "none"), 2),
        (("--visual-genome", "none"), 2),
        (("--visual-genome", str(SAMPLE), "--model", "m", "--base-url", URL), 4),
        (("--config", "none"), 2),
        (("--model", "m", "--base-url", "REFUSED"), 4),
        (("--model", "gpt-7", "--base-url", "SERVER"), 4),
    ],
)
def test_a_failed_command_leaves_no_folder(
    tmp_path: Path, server: SimulatorProcess, words: tuple[str, ...], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-5d1f0c7e9b" if "SERVER" in words else "sk-another-0000000")
    urls = {"REFUSED": server.url, "SERVER": server.url}
    _, talk = ended(svit(tmp_path, "generate", "--task", "referring", *(urls.get(w, w) for w in words)), code)
    assert not list(tmp_path.iterdir())
    assert ("config check" in talk) == (code == 4)
    if "--visual-genome" in words:
        assert "contexts of" not in talk, "nothing is read for an endpoint that is not there"


def test_a_failed_command_removes_nothing_that_was_there_or_was_paid(tmp_path: Path, server: SimulatorProcess) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "notes.txt").write_text("mine")
    asked = ("generate", "--task", "referring", "--model", "m", "--base-url", URL)
    ended(svit(tmp_path, *asked, "--run", "r"), 4)
    assert (tmp_path / "r" / "notes.txt").is_file()
    with running(SimulatorOptions(port=0, faults=("insufficient_quota=0.5",), seed=3)) as quota:
        words = ("--base-url", quota.url, "--run", "p", "--limit", "8")
        ended(svit(tmp_path, "generate", "--task", "all", "--model", "gpt-6-luna", *words), 4)
    assert booked(tmp_path, "p")["replies"] > 0
    assert json.loads((tmp_path / "p" / "run.json").read_bytes())["replies"] > 0


def test_another_model_on_the_command_line_needs_a_switch(tmp_path: Path) -> None:
    with running(SimulatorOptions(port=0)) as anybody:
        asked = ("generate", "--task", "referring", "--base-url", anybody.url, "--run", "r", "--limit", "1")
        ended(svit(tmp_path, *asked, "--model", "a"), 0)
        _, talk = ended(svit(tmp_path, *asked, "--model", "b"), 2)
        assert "was made with the model a; this command would go on with the model b" in talk
        ended(svit(tmp_path, *asked, "--model", "b", "--switch"), 0)


def test_a_preview_of_a_stopped_run_leaves_it_stopped_and_asks_nothing_again(tmp_path: Path) -> None:
    ended(svit(tmp_path, "generate", "--task", "referring", "--run", "r", "-q"), 0)
    summary = json.loads((tmp_path / "r" / "run.json").read_bytes())
    (tmp_path / "r" / "run.json").write_text(json.dumps({**summary, "finished": False}))
    out, talk = ended(svit(tmp_path, "generate", "--task", "referring", "--run", "r", "--preview", "1"), 0)
    assert out.count("=== referring, image ") == 1
    assert "Nothing is left to ask." in out
    assert "All of it was done already; nothing was asked." in talk
    assert json.loads((tmp_path / "r" / "run.json").read_bytes())["finished"] is False
    ended(svit(tmp_path, "generate", "--task", "referring", "--run", "r", "-q"), 0)
    assert json.loads((tmp_path / "r" / "run.json").read_bytes())["finished"] is True


def test_what_nobody_answered_has_no_table(
    tmp_path: Path, server: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-5d1f0c7e9b")
    asked = ("generate", "--task", "referring", "--model", "gpt-7", "--base-url", server.url)
    _, talk = ended(svit(tmp_path, *asked), 4)
    assert "samples  rejected" not in talk
    assert "Next:" in talk
    right = ("generate", "--task", "referring", "--model", "gpt-6-luna", "--base-url", server.url)
    _, talk = ended(svit(tmp_path, *right, "--limit", "1"), 0)
    assert re.search(r"^task +samples  rejected\nreferring +1 +0$", talk, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("prompt", "--task", "referring", "--image", "99"), "svit: The bundled sample has no image 99. The nearest"),
        (("generate", "--task", "referring", "--max-cost", "five"), "svit: --max-cost five: Input should be a valid"),
        (("generate", "--task", "referring", "--max-cost", "-1"), "svit: --max-cost -1: Input should be greater"),
        (("estimate", "--max-cost-per-month", "$5"), "svit: --max-cost-per-month $5: Input should be a valid"),
    ],
)
def test_what_is_wrong_is_called_as_it_was_given(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    """Neither by a file that svit made on its way, nor by a config that somebody else wrote."""
    _, talk = ended(svit(tmp_path, *words), 2)
    assert talk.startswith(sentence)
    assert len(talk.splitlines()) == 1
