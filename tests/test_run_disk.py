"""A run as a process, and what happens to its files meanwhile: nothing is lost, and nothing more is sent."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from rehearsal import booked, ended, finished, generate
from svit.simulate.process import SimulatorProcess, running
from svit.simulate.simulator_options import SimulatorOptions


@pytest.fixture
def slow() -> Iterator[SimulatorProcess]:
    """An endpoint that takes a third of a second for each answer."""
    with running(SimulatorOptions(port=0, latency="300ms")) as server:
        yield server


def wait_for(server: SimulatorProcess, billed: int) -> None:
    until = time.monotonic() + 60
    while server.books()["billed"] < billed:
        assert time.monotonic() < until
        time.sleep(0.02)


def deleted(run: Path) -> Path:
    (run / "journal.db").unlink()
    return run / "journal.db.saved"


def moved(run: Path) -> Path:
    (run / "journal.db").rename(run / "elsewhere.db")
    return run / "elsewhere.db"


def replaced(run: Path) -> Path:
    shutil.copy(run / "journal.db", run / "copy.db")
    (run / "copy.db").replace(run / "journal.db")
    return run / "journal.db.saved"


def without_its_wal(run: Path) -> Path:
    (run / "journal.db-wal").unlink()
    return run / "journal.db"


@pytest.mark.parametrize("taken", [deleted, moved, replaced, without_its_wal])
def test_a_journal_that_is_taken_away_stops_the_run_and_loses_nothing(
    taken: Callable[[Path], Path], slow: SimulatorProcess, distinct: Path, tmp_path: Path
) -> None:
    process = generate(tmp_path, slow, "--task", "referring", "--contexts", distinct, "--limit", "30", in_flight=2)
    wait_for(slow, 4)
    kept = taken(tmp_path / "r")
    began = time.monotonic()
    talk = finished(process, 2)
    assert time.monotonic() - began < 15
    assert "was moved, deleted or replaced while the run went on. Put it back" in talk
    books = slow.books()
    assert books["requests"] < 25, "nothing more is sent"
    database = sqlite3.connect(kept)
    assert database.execute("SELECT count(*), count(cost) FROM replies").fetchone() == (books["billed"],) * 2
    database.close()
    if kept.name != "journal.db":
        (tmp_path / "r" / "journal.db").unlink(missing_ok=True)
        for suffix in ("-wal", "-shm"):
            (tmp_path / "r" / f"journal.db{suffix}").unlink(missing_ok=True)
        kept.rename(tmp_path / "r" / "journal.db")
    finished(generate(tmp_path, slow, "--task", "referring", "--contexts", distinct, "--limit", "30"), 0, 1)
    assert ended(tmp_path) == list(range(30))
    assert slow.books()["billed"] == booked(tmp_path)["replies"], "nothing is paid for twice"


def test_after_a_kill_all_that_left_is_of_unknown_outcome_and_nothing_else(
    slow: SimulatorProcess, distinct: Path, tmp_path: Path
) -> None:
    words = ("--task", "referring", "--contexts", distinct)
    process = generate(tmp_path, slow, *words, in_flight=3)
    wait_for(slow, 6)
    process.kill()
    process.communicate()
    time.sleep(0.6)  # the simulator bills what was in flight
    lost = slow.books()["billed"] - booked(tmp_path)["replies"]
    finished(generate(tmp_path, slow, *words), 0, 1)
    assert max(1, lost) <= booked(tmp_path)["unknown"] <= 3 + lost, "of more than 15 whose intents were committed"
    assert slow.books()["billed"] == booked(tmp_path)["replies"] + lost


@pytest.mark.parametrize(("file", "seconds"), [("journal.db", 6), ("ledger.db", 2)])
def test_another_process_that_holds_a_database_costs_nothing_but_the_time(
    file: str, seconds: int, slow: SimulatorProcess, distinct: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SVIT_LEDGER", str(tmp_path / "r" / "ledger.db"))
    process = generate(tmp_path, slow, "--task", "referring", "--contexts", distinct, "--limit", "20", in_flight=2)
    wait_for(slow, 2)
    with closing(sqlite3.connect(tmp_path / "r" / file, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN EXCLUSIVE")
        time.sleep(seconds)
        assert process.poll() is None
        other.execute("ROLLBACK")
    talk = finished(process, 0, 1)
    if file == "journal.db":
        assert "waits for another process that holds" in talk
    assert ended(tmp_path) == list(range(20))
    assert slow.books()["billed"] == booked(tmp_path)["replies"] == 20
    assert booked(tmp_path)["unknown"] == 0


def test_a_ledger_that_is_held_does_not_hold_the_run_from_its_end(
    slow: SimulatorProcess, distinct: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SVIT_LEDGER", str(tmp_path / "ledger.db"))
    words = ("--task", "referring", "--contexts", distinct, "--max-cost-per-month", "50")
    process = generate(tmp_path, slow, *words, in_flight=2)
    wait_for(slow, 2)
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN EXCLUSIVE")
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        finished(process, 130)
        assert time.monotonic() - began < 12
    assert slow.books()["billed"] == booked(tmp_path)["replies"]


def without_a_home(words: list[str], folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run svit as somebody who is in no list of users: `docker run -u 54321`."""
    environment = {"PATH": "/usr/bin:/bin", "OPENAI_API_KEY": "none", "PYTHONPATH": str(Path(__file__).parents[1])}
    program = (
        "import pwd, sys\n"
        "def nobody(_):\n    raise KeyError('no such user')\n"
        "pwd.getpwuid = nobody\n"
        "from svit.cli import main\n"
        "main()\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )


def test_somebody_without_a_home_is_told_to_name_the_ledger(tmp_path: Path) -> None:
    with running(SimulatorOptions(port=0)) as server:
        config = f"provider: openai\nmodel: gpt-6-luna\nreasoning_effort: none\nbase_url: {server.url}\n"
        (tmp_path / "c.yaml").write_text(config)
        words = ["generate", "--task", "referring", "--config", "c.yaml", "--run", "r", "--limit", "2"]
        done = without_a_home([*words, "--max-cost-per-month", "5"], tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert "There is no home folder: name the ledger's file in SVIT_LEDGER." in done.stderr
        assert server.books()["requests"] == 0
        done = without_a_home(words, tmp_path)
        assert done.returncode in (0, 1), done.stderr
        assert (
            "Warning: There is no home folder: name the ledger's file in SVIT_LEDGER. This run goes on" in done.stderr
        )


REFUSED = {
    "few files": ("ulimit -n 64", "in_flight: 500 requests at once need", "r"),
    "fewer files": ("ulimit -n 40", "in_flight: 500 requests at once need", "r"),
    "fewest files": ("ulimit -n 8", "Too many open files", "r"),
    "no room for the journal": ("ulimit -f 8", "r/", "r"),
    "a folder in which nobody may write": ("true", "/proc/r: the run folder cannot be used", "/proc/r"),
    "a file in the folder's place": ("touch r", "r: the run folder cannot be used", "r"),
    "a name that is too long": ("true", "cannot be written: File name too long", "r" * 300),
    "a lock that is a folder": ("mkdir -p r/run.lock", "r: the run folder cannot be used: Is a directory", "r"),
}


@pytest.mark.parametrize(("before", "words", "run"), REFUSED.values(), ids=REFUSED)
def test_what_the_system_refuses_is_a_sentence(before: str, words: str, run: str, tmp_path: Path) -> None:
    config = "provider: openai\nmodel: gpt-6-luna\nreasoning_effort: none\nbase_url: http://127.0.0.1:9/v1\n"
    (tmp_path / "c.yaml").write_text(config + "in_flight: 500\n")
    command = f"{before}; exec {sys.executable} -m svit generate --task referring --config c.yaml --run {run}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=tmp_path,
        env={**os.environ, "OPENAI_API_KEY": "none"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
