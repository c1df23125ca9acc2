"""scripts/cron-regenerate, in the bare environment that cron gives, with a svit that writes down what it was told."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "cron-regenerate"
FAKE = """#!{python}
import json, os, signal, sys, time
here = {here!r}
with open(here + "/told.json", "w") as file:
    json.dump({{"words": sys.argv[1:], "stdin": sys.stdin.read(), "nice": os.nice(0)}}, file)
sys.stderr.write({talk!r})
sys.stdout.write("a record\\n")
sys.stdout.flush()
if {waits!r}:
    seen = []
    signal.signal(signal.SIGTERM, lambda *_: seen.append(1))
    signal.signal(signal.SIGINT, lambda *_: seen.append(1))
    open(here + "/ready", "w").close()
    while len(seen) < {waits!r}:
        time.sleep(0.01)
    time.sleep(0.3)
    sys.stderr.write(f"signals: {{len(seen)}}\\n")
sys.exit({code!r})
"""


def error(words: str, code: int) -> str:
    return json.dumps({"time": "2026-11-05T00:00:00Z", "event": "error", "words": words, "exit": code}) + "\n"


def fake(folder: Path, code: int = 0, talk: str = "", waits: int = 0) -> Path:
    """Make a svit that says this and ends so, perhaps only after so many signals."""
    path = folder / "bin" / "svit"
    path.parent.mkdir(exist_ok=True)
    path.write_text(FAKE.format(python=sys.executable, here=str(folder), talk=talk, waits=waits, code=code))
    path.chmod(0o755)
    (folder / "a run").mkdir(exist_ok=True)
    return path


def started(folder: Path, *words: str | Path, **environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [str(SCRIPT), *map(str, words)],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )


def cron(folder: Path, *words: str | Path, **environment: str) -> tuple[int, str]:
    """Return exit code and mail."""
    process = started(folder, *words, **environment)
    out, mail = process.communicate(timeout=60)
    assert out == ""
    return process.returncode, mail


def test_cron_is_told_nothing_and_the_log_all(tmp_path: Path) -> None:
    svit = fake(tmp_path, talk='{"event": "start"}\n')
    for _ in range(2):
        assert cron(tmp_path, "--svit", svit, "a run", "--max-cost", "5") == (0, "")
    told = json.loads((tmp_path / "told.json").read_text())
    assert told["words"] == ["regenerate", "a run", "--log-json", "--deadline", "55m", "--max-cost", "5"]
    assert told["stdin"] == "", "there is nobody to ask"
    assert told["nice"] == min(19, os.nice(0) + 10)
    lines = (tmp_path / "a run" / "cron.log").read_text().splitlines()
    assert lines[:2] == ['{"event": "start"}', "a record"]
    assert json.loads(lines[2])["exit"] == 0
    assert len(lines) == 6


@pytest.mark.parametrize("code", [0, 1, 5, 75])
def test_what_needs_no_person_is_a_quiet_success(code: int, tmp_path: Path) -> None:
    svit = fake(tmp_path, code, talk=error("Said.", code))
    assert cron(tmp_path, "--svit", svit, "a run") == (0, "")
    assert json.loads((tmp_path / "a run" / "cron.log").read_text().splitlines()[-1])["exit"] == code


@pytest.mark.parametrize("code", [2, 3, 4, 70, 130])
def test_what_needs_a_person_is_one_line_of_mail(code: int, tmp_path: Path) -> None:
    talk = error("Not this.", 0) + error('The key is "wrong" \\ é.\n', code)
    svit = fake(tmp_path, code, talk=talk + '{"event": "warning", "words": "nor this"}\n')
    returned, mail = cron(tmp_path, "--svit", svit, "a run")
    assert returned == code
    assert mail.startswith(f'cron-regenerate: a run: exit {code}: The key is "wrong" \\ \\u00e9.')
    assert mail.endswith("(a run/cron.log)\n")
    assert mail.count("\n") == 1


def test_words_that_are_no_json_are_told_too_and_old_ones_are_not(tmp_path: Path) -> None:
    cron(tmp_path, "--svit", fake(tmp_path, 4, talk=error("The last time.", 4)), "a run")
    svit = fake(tmp_path, 2)
    assert cron(tmp_path, "--svit", svit, "a run") == (2, "cron-regenerate: a run: exit 2: a record (a run/cron.log)\n")


def test_the_deadline_comes_from_the_line_or_the_environment(tmp_path: Path) -> None:
    svit = fake(tmp_path)
    cron(tmp_path, "a run", SVIT=str(svit), SVIT_DEADLINE="2h")
    assert json.loads((tmp_path / "told.json").read_text())["words"][2:] == ["--log-json", "--deadline", "2h"]
    for own in (["--deadline", "30s"], ["--deadline=30s"]):
        cron(tmp_path, "a run", *own, SVIT=str(svit), SVIT_DEADLINE="2h")
        assert json.loads((tmp_path / "told.json").read_text())["words"][2:] == ["--log-json", *own]


def test_svit_is_found_on_the_path_and_the_log_goes_where_it_is_wanted(tmp_path: Path) -> None:
    svit, script = fake(tmp_path), tmp_path / "elsewhere" / "cron-regenerate"
    script.parent.mkdir()
    script.write_bytes(SCRIPT.read_bytes())
    script.chmod(0o755)
    words = [str(script), "--log", "logs/of/svit", "a run"]
    path = f"{svit.parent}:/usr/bin:/bin"
    done = subprocess.run(words, cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "a record" in (tmp_path / "logs" / "of" / "svit" / "cron.log").read_text()
    done = subprocess.run(words, cwd=tmp_path, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        2,
        "cron-regenerate: there is no svit: name it with --svit VENV/bin/svit.\n",
    )


def test_a_log_that_has_grown_large_is_put_aside_once(tmp_path: Path) -> None:
    svit, log = fake(tmp_path), tmp_path / "a run" / "cron.log"
    log.write_bytes(b"x" * (10 * 1024 * 1024 + 1))
    assert cron(tmp_path, "--svit", svit, "a run") == (0, "")
    assert (tmp_path / "a run" / "cron.log.1").stat().st_size > 10 * 1024 * 1024
    assert log.read_text().startswith("a record\n")


@pytest.mark.parametrize(
    ("words", "mail"),
    [
        ([], "usage: "),
        (["--svit"], "usage: "),
        (["--sivt", "x", "a run"], "usage: "),
        (["no run"], "no run: there is no such run folder.\n"),
        (["--svit", "/no/svit", "a run"], "/no/svit: there is no such program.\n"),
        (["--svit", "bin/svit", "--log", "bin/svit/x", "a run"], "bin/svit/x/cron.log: the log cannot be written.\n"),
    ],
)
def test_a_wrong_line_in_the_crontab_is_said(words: list[str], mail: str, tmp_path: Path) -> None:
    fake(tmp_path)
    returned, said = cron(tmp_path, *words)
    assert returned == 2
    assert said.startswith(f"cron-regenerate: {mail}")
    assert said.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("times", [1, 2])
def test_a_signal_is_passed_on_once_and_the_end_is_waited_for(number: int, times: int, tmp_path: Path) -> None:
    svit = fake(tmp_path, 130, waits=times)
    process = started(tmp_path, "--svit", svit, "a run")
    until = time.monotonic() + 30
    while not (tmp_path / "ready").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    for _ in range(times):
        # Ctrl-C is for the whole process group.
        (os.killpg if number == signal.SIGINT else os.kill)(process.pid, number)
        time.sleep(0.2)
    _, mail = process.communicate(timeout=60)
    assert process.returncode == 130
    assert mail == f"cron-regenerate: a run: exit 130: signals: {times} (a run/cron.log)\n"
