"""What tests of paid runs share: svit as a process, asked of a simulator, and what its run folder holds afterwards."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from svit.simulate.process import SimulatorProcess

KEY = "sk-canary-5d1f0c7e9b"
CONFIG = """
provider: openai
model: gpt-6-luna
reasoning_effort: none
base_url: {url}
key_env: SVIT_TEST_KEY
in_flight: {in_flight}
timeout: {timeout}
"""


def generate(
    folder: Path,
    server: SimulatorProcess,
    *words: str | Path,
    in_flight: int = 16,
    timeout: float = 20.0,
    more: str = "",
) -> "subprocess.Popen[str]":
    """Start `svit generate` in the folder, for the run `r`, with lines of `more` in its config."""
    config = CONFIG.format(url=server.url, in_flight=in_flight, timeout=timeout)
    (folder / "config.yaml").write_text(config + more)
    return svit(folder, "generate", "--config", "config.yaml", "--run", "r", *words)


def svit(folder: Path, *words: str | Path, before: Sequence[str] = ()) -> "subprocess.Popen[str]":
    """Start svit in the folder, with the key of these tests in its environment."""
    return subprocess.Popen(
        [sys.executable, *(before or ("-m", "svit")), *map(str, words)],
        cwd=folder,
        env={**os.environ, "SVIT_TEST_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: "subprocess.Popen[str]", *codes: int) -> str:
    """Wait for the end, see that it is one of these exit codes, and return what was said."""
    out, talk = process.communicate(timeout=120)
    assert process.returncode in codes, f"exit {process.returncode}: {talk}"
    assert "Traceback" not in talk
    assert out == ""
    return talk


def ended(folder: Path, task: str = "referring") -> list[int]:
    """Return the ids of all images that have a sample or a rejection, each as often as it is there."""
    files = sorted((folder / "r" / task).glob("*.jsonl"))
    return sorted(json.loads(line)["image_id"] for file in files for line in file.read_bytes().splitlines())


def booked(folder: Path, run: str = "r") -> dict[str, int]:
    """Return what the run's journal has booked, summed up."""
    database = sqlite3.connect(folder / run / "journal.db")
    try:
        row = database.execute(
            "SELECT sum(prompt_tokens), sum(completion_tokens), sum(cost), count(*), sum(cost IS NULL) FROM replies"
        ).fetchone()
        unknown = database.execute("SELECT count(*), coalesce(sum(worst), 0) FROM unknown").fetchone()
    finally:
        database.close()
    names = ("prompt_tokens", "completion_tokens", "cost", "replies", "unbooked", "unknown", "unknown_cost")
    return dict(zip(names, (*row, *unknown), strict=True))
