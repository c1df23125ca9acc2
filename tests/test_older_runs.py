"""A run that an earlier version left half done is continued: what it paid for is judged, and nothing is asked twice."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from svit.simulate.process import SimulatorProcess, running

RUNS = Path(__file__).with_name("older_runs")
SVIT = [sys.executable, "-m", "svit"]


@pytest.fixture(params=sorted(folder.name for folder in RUNS.iterdir()))
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return a copy of a run that this version left, stopped by its ceiling, with the contexts beside it."""
    shutil.copytree(RUNS / request.param, tmp_path / "copy")
    return tmp_path / "copy"


def svit(folder: Path, *words: str) -> str:
    environ = {**os.environ, "OPENAI_API_KEY": "sk-not-a-real-one"}
    done = subprocess.run([*SVIT, *words], cwd=folder, env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def asked(folder: Path) -> dict[tuple[str, int], bytes]:
    """Return the stored bytes of each reply by its prompt and attempt; an attempt that stands there twice fails."""
    with sqlite3.connect(folder / "run" / "journal.db") as journal:
        rows = journal.execute(
            "SELECT prompt_id, attempt, bytes FROM requests JOIN replies USING (request) "
            "LEFT JOIN bodies USING (request)"
        ).fetchall()
    journal.close()
    found = {(prompt, attempt): body for prompt, attempt, body in rows}
    assert len(found) == len(rows)
    return found


def samples(folder: Path) -> dict[tuple[str, str], bytes]:
    """Return the lines of all samples in files, by task and image."""
    lines = [line for path in (folder / "run").glob("*/*[0-9].*jsonl") for line in path.read_bytes().splitlines()]
    read = [(orjson.loads(line), line) for line in lines]
    return {(record["task"], str(record["image_id"])): line for record, line in read if "conversations" in record}


def continued(folder: Path, server: SimulatorProcess) -> None:
    words = ["--task", "all", "--contexts", "sample.contexts", "--config", "openai", "--base-url", server.url]
    svit(folder, "generate", *words, "--run", "run", "--verify", "gpt-4.1", "--max-cost", "5")


def test_a_run_of_an_older_version_is_continued_and_nothing_is_asked_twice(folder: Path) -> None:
    before, settled = asked(folder), samples(folder)
    assert before
    assert settled
    with running() as server:
        continued(folder, server)
        billed = server.books()["billed"]
    after = asked(folder)
    assert before.items() <= after.items()
    assert billed == len(after) - len(before)
    assert settled.items() <= samples(folder).items()
    assert len(samples(folder)) > len(settled)


def test_a_run_of_an_older_version_can_be_looked_at_and_exported(folder: Path) -> None:
    assert '"stopped_by"' in svit(folder, "status", "run", "--json")
    svit(folder, "export", "run", "-f", "llava-next", "-o", "train.json")
    assert len(orjson.loads((folder / "train.json").read_bytes())) == len(samples(folder))
