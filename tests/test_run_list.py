"""`svit runs`: which folders are runs, how each stands, and what it costs to look."""

import json
import os
import pty
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from run_json import write_summary
from svit.cli import app
from svit.run.folder import RunFolder
from svit.run.journal import Journal
from svit.run.journal_rows import Charge, Intent, Shard, StoredReply
from svit.run.run_overview import overview, runs_below
from svit.run.run_status import read_status
from svit.simulate.process import running
from svit.simulate.simulator_options import SimulatorOptions

PAID = {"provider": "openai", "model": "gpt-6-luna"}


def made(path: Path, *, finished: bool = False, **more: object) -> RunFolder:
    """A run of one task and 3,000 images: a whole shard, 2 answers beyond it, and a request that was never answered."""
    folder = RunFolder(path)
    folder.samples("referring", 0).parent.mkdir(parents=True)
    folder.samples("referring", 0).write_bytes(b"\n")
    write_summary(
        folder,
        {
            "config": PAID,
            "contexts": {"images": 3000},
            "prompts": {"referring": "v"},
            "finished": finished,
            "tasks": {"referring": {"images": 1000, "samples": 990, "rejected": {"wrong_count": 10}}},
            **more,
        },
    )
    with Journal(folder.journal) as journal:
        journal.published(Shard("referring", 0, "recipe", 1000, 990, {"wrong_count": 10}, 1))
        journal.intend(Intent(str(n), 1, "referring", n, "v", 5000) for n in range(3))
        journal.keep(StoredReply(str(n), 1, b"{}") for n in range(2))
        journal.book(Charge(str(n), 1, 100, 10, 700) for n in range(2))
    return folder


def listed(*words: object, code: int = 0) -> list[dict[str, Any]]:
    done = CliRunner().invoke(app, ["runs", *map(str, words), "-j"])
    assert done.exit_code == code, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_runs_are_found_below_a_folder_and_what_is_no_run_is_skipped(tmp_path: Path) -> None:
    made(tmp_path / "first")
    made(tmp_path / "a" / "b" / "deep")
    made(tmp_path / "first" / "within", finished=True)
    made(tmp_path / ".hidden" / "run")
    made(tmp_path / "1" / "2" / "3" / "4" / "too-deep")
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "run.json").write_text('{"loss": 3}')
    (tmp_path / "run.json.d").mkdir()
    (tmp_path / "another-name").symlink_to("first")
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "out").symlink_to(made(tmp_path.parent / f"{tmp_path.name}-elsewhere" / "x").path.parent)
    found = sorted(run["run"].removeprefix(f"{tmp_path}/") for run in listed(tmp_path))
    assert found == ["a/b/deep", "first", "out/x"]
    assert [run["run"] for run in listed(tmp_path / "first")] == [str(tmp_path / "first")]
    assert listed(tmp_path / "empty") == []


def test_a_run_stands_as_status_says_whatever_state_it_is_in(tmp_path: Path) -> None:
    folder = made(tmp_path / "r", dollars=9.0)
    stopped, status = overview(folder), read_status(folder, time.time())
    assert (stopped.state, stopped.images, stopped.samples, stopped.rejected) == ("stopped", 3000, 990, 10)
    assert stopped.dollars == status.dollars == pytest.approx((2 * 700 + 5000) / 10**9), "not what run.json says"
    with folder.locked():
        goes_on, status = overview(folder), read_status(folder, time.time())
    assert goes_on.state == "running"
    assert goes_on.dollars == status.dollars == pytest.approx(2 * 700 / 10**9), "what is in flight is not lost yet"
    assert overview(made(tmp_path / "limited", limit=1200)).images == 1200


def test_of_a_finished_run_the_journal_is_not_read(tmp_path: Path) -> None:
    folder = made(tmp_path / "r", finished=True, dollars=0.25)
    folder.journal.write_bytes(b"no database")
    found = overview(folder)
    assert (found.state, found.samples, found.rejected, found.dollars) == ("finished", 990, 10, 0.25)
    assert overview(made(tmp_path / "unpriced", finished=True, dollars=None)).dollars is None
    older = overview(made(tmp_path / "older", finished=True))
    assert older.dollars == pytest.approx((2 * 700 + 5000) / 10**9), "run.json of an older svit names no cost"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("run.json", b'{"half', "run.json cannot be read"),
        ("run.json", b"{}", "run.json names no task"),
        ("run.json", b'{"prompts": {"referring": "v"}, "limit": "many"}', "not what svit writes: limit"),
        ("run.json", None, "there is no run.json in it"),
        ("journal.db", b"no database" * 900, "journal.db"),
    ],
)
def test_a_damaged_run_is_named_with_what_is_wrong(
    name: str, content: bytes | None, words: str, tmp_path: Path
) -> None:
    made(tmp_path / "good")
    bad = made(tmp_path / "bad").path / name
    bad.unlink() if content is None else bad.write_bytes(content)
    runs = {run["run"]: run for run in listed(tmp_path)}
    found = runs[str(tmp_path / "bad")]
    assert (found["state"], runs[str(tmp_path / "good")]["state"]) == ("damaged", "stopped")
    assert words in found["fault"]
    shown = CliRunner().invoke(app, ["runs", str(tmp_path)]).stdout
    assert f"{tmp_path / 'bad'}: " in shown
    assert "2 runs" in shown


def test_a_folder_that_may_not_be_read_is_said_and_the_others_are_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(tmp_path / "good")
    said: list[str] = []
    assert [run.state for run in runs_below(tmp_path, said.append)] == ["stopped"]
    assert runs_below(tmp_path / "not-there", said.append) == []
    assert said == [f"{tmp_path / 'not-there'}: this folder cannot be looked into: No such file or directory."]


def test_without_a_folder_it_is_runs_or_else_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path / "here")
    monkeypatch.chdir(tmp_path)
    assert [run["run"] for run in listed()] == ["here"]
    made(tmp_path / "runs" / "there")
    assert [run["run"] for run in listed()] == ["runs/there"]
    assert "no such folder" in CliRunner().invoke(app, ["runs", "nowhere"]).stderr
    (tmp_path / "none").mkdir()
    done = CliRunner().invoke(app, ["runs", "none"])
    assert (done.exit_code, done.stdout) == (0, "")
    assert "There is no run in none. The first one: svit generate" in done.stderr
    monkeypatch.chdir(tmp_path / "none")
    assert CliRunner().invoke(app, ["runs"]).stderr.startswith("There is no run here. The first one:")


def test_columns_in_the_environment_are_a_width_and_a_file_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "a-name-that-says-what-this-run-was-made-for-and-when"
    made(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    [_, row, *_] = CliRunner().invoke(app, ["runs"]).stdout.splitlines()
    assert row.startswith(f"{name}  stopped"), "a row a run, for grep"
    monkeypatch.setenv("COLUMNS", "80")
    lines = CliRunner().invoke(app, ["runs"]).stdout.splitlines()
    assert lines[1] == name
    assert max(map(len, lines)) <= 80


def test_what_a_finished_run_cost_is_in_run_json_and_is_what_status_says(tmp_path: Path) -> None:
    with running(SimulatorOptions(port=0)) as server:
        (tmp_path / "c.yaml").write_text(
            f"provider: openai\nmodel: gpt-6-luna\nreasoning_effort: none\nbase_url: {server.url}\n"
        )
        words = ["generate", "--task", "referring", "--config", "c.yaml", "--run", "r", "-q"]
        subprocess.run([sys.executable, "-m", "svit", *words], cwd=tmp_path, check=False)
    folder = RunFolder(tmp_path / "r")
    written = json.loads(folder.summary.read_bytes())
    assert written["finished"]
    found, status = overview(folder), read_status(folder, time.time())
    assert found.dollars == written["dollars"] == pytest.approx(status.dollars)
    assert found.dollars
    assert (found.state, found.samples) == ("finished", sum(task.samples for task in status.tasks))
    assert set(msgspec.to_builtins(found)) == set(listed(tmp_path)[0])


def test_on_a_terminal_of_80_columns_no_line_is_longer(tmp_path: Path) -> None:
    made(tmp_path / "r")
    made(tmp_path / "a-name-that-says-what-this-run-was-made-for-and-when")
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    command = [sys.executable, "-m", "svit", "runs", "."]
    with subprocess.Popen(command, cwd=tmp_path, stdout=theirs) as process:
        process.wait()
    os.close(theirs)
    lines = os.read(ours, 65536).decode().splitlines()
    os.close(ours)
    assert max(map(len, lines)) <= 80
    assert "a-name-that-says-what-this-run-was-made-for-and-when" in lines, "it can be copied"
    assert sum("stopped" in line for line in lines) == 3, "two rows and the total"
