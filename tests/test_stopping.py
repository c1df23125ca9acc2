"""How a run comes to its end: in time, whatever it waits for, with the exit code that is true of what it leaves."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from rehearsal import booked, ended, finished, generate, svit
from svit.simulate.process import SimulatorProcess, running
from svit.simulate.simulator_options import SimulatorOptions

STUBBORN = Path(__file__).with_name("stubborn.py")
LATE = 4.0
"""Seconds after the deadline within which a process is gone: two are promised, on a machine that is not busy."""


def stubborn(folder: Path, kind: str, *words: str) -> "subprocess.Popen[str]":
    return svit(folder, "generate", "--task", "referring", "--run", "r", *words, before=(str(STUBBORN), kind))


def told(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "r" / "run.json").read_bytes())
    return read


def sent(server: SimulatorProcess, number: int) -> None:
    """Wait until the server has so many requests."""
    until = time.monotonic() + 30
    while server.books()["requests"] < number:
        assert time.monotonic() < until
        time.sleep(0.02)


# --- a run that stands still ---


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("EndsEarly", "The provider ended, and 5 outcomes are missing: image 4 (referring), image 5"),
        ("Loses", "1 outcomes are missing: image 4 (referring)"),
        ("NeverPulls", "0 requests are with the provider, which waits for nothing, and 5 outcomes are missing"),
        ("Blocks", "the event loop stands still"),
    ],
)
def test_a_run_in_which_nothing_goes_on_ends_with_70_and_says_what_is_open(
    tmp_path: Path, kind: str, words: str
) -> None:
    process = stubborn(tmp_path, kind)
    assert words in finished(process, 70)
    assert told(tmp_path)["finished"] is False
    assert booked(tmp_path)["replies"] >= 3, "what was answered is kept"


@pytest.mark.parametrize("kind", ["Waits", "Clings", "SlowJournal"])
def test_nothing_outlives_the_deadline(tmp_path: Path, kind: str) -> None:
    began = time.monotonic()
    talk = finished(stubborn(tmp_path, kind, "--deadline", "4s"), 5)
    assert time.monotonic() - began < 4 + LATE
    assert "The deadline is reached. The same command continues." in talk
    assert told(tmp_path)["finished"] is False


@pytest.mark.parametrize("kind", ["Waits", "Clings", "SlowJournal"])
def test_the_second_signal_ends_whatever_is_under_way(tmp_path: Path, kind: str) -> None:
    process = stubborn(tmp_path, kind)
    until = time.monotonic() + 30
    while not (tmp_path / "r" / "run.json").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    time.sleep(1.0)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    finished(process, 130)
    assert time.monotonic() - began < LATE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("from svit.system import interrupts; interrupts.end_at_once()", ""),
        ("import svit.cli.messages; svit.cli.process_watchdog.call_off = end", "Interrupted."),
    ],
)
def test_a_signal_before_the_loop_runs_ends_quietly_with_130(number: int, moment: str, words: str) -> None:
    wait = f"import os, sys, time; end = lambda: None; {moment}; "
    raising = "from svit.cli.exit_codes import spoken; "
    act = f"os.kill(os.getpid(), {int(number)}); time.sleep(5)"
    code = wait + (f"{raising}spoken(lambda: exec('{act}', globals()))()" if words else act)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert (done.stdout, words in done.stderr) == ("", True)
    if words:
        assert done.stderr.splitlines()[0] == "svit: Interrupted. The same command continues where this one stopped."
    else:
        assert (done.returncode, done.stderr) == (130, "")


# --- what a request waits for ---

WAITS: dict[str, tuple[dict[str, Any], str]] = {
    "a limit of its own": ({"latency": "50ms"}, "rpm: 6\n"),
    "a 429": ({"faults": ("429=1",)}, ""),
    "a server that is overloaded": ({"faults": ("503=1",)}, ""),
    "an answer": ({"latency": "30s"}, ""),
    "a connection that hangs": ({"faults": ("hang=1",)}, ""),
}


@pytest.mark.parametrize("wait", WAITS)
def test_the_deadline_reaches_what_waits_for(wait: str, tmp_path: Path, distinct: Path) -> None:
    options, more = WAITS[wait]
    with running(SimulatorOptions(port=0, **options)) as server:
        began = time.monotonic()
        words = ("--task", "referring", "--contexts", distinct, "--deadline", "6s")
        talk = finished(generate(tmp_path, server, *words, in_flight=8, timeout=60.0, more=more), 5)
        assert time.monotonic() - began < 6 + LATE
        assert "The deadline is reached" in talk
        books = server.books()
    ours = booked(tmp_path)
    assert (told(tmp_path)["finished"], ours["unknown"]) == (False, 0)
    database = sqlite3.connect(tmp_path / "r" / "journal.db")
    [(silent, least)] = database.execute(
        "SELECT count(*), coalesce(min(worst), 1) FROM requests WHERE request NOT IN (SELECT request FROM replies)"
    ).fetchall()
    database.close()
    if wait in ("an answer", "a connection that hangs"):
        assert min(1, books["requests"]) <= silent <= 8
    else:
        assert silent == 0, "they never left"
    assert least > 0, "what was in the air is kept at its worst case"
    assert books["billed"] <= silent + ours["replies"]


@pytest.mark.parametrize("wait", [name for name in WAITS if name not in ("an answer", "a connection that hangs")])
def test_the_first_signal_ends_what_only_waits(wait: str, tmp_path: Path, distinct: Path) -> None:
    options, more = WAITS[wait]
    with running(SimulatorOptions(port=0, **options)) as server:
        words = ("--task", "referring", "--contexts", distinct)
        process = generate(tmp_path, server, *words, in_flight=8, timeout=60.0, more=more)
        sent(server, 2)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        talk = finished(process, 130)
        assert time.monotonic() - began < LATE
    assert "under way" not in talk, "there is nothing to wait for"
    assert told(tmp_path)["finished"] is False


def test_the_first_signal_says_what_is_awaited_and_sends_nothing_more(tmp_path: Path, distinct: Path) -> None:
    with running(SimulatorOptions(port=0, latency="3s", faults=("refusal=1",))) as server:
        words = ("--task", "all", "--contexts", distinct)
        process = generate(tmp_path, server, *words, in_flight=8, timeout=40.0, more="context_first: true\n")
        sent(server, 8)
        process.send_signal(signal.SIGINT)
        talk = finished(process, 130)
        books = server.books()
    assert "8 under way, at most 40 s; again to stop at once" in talk
    assert books["billed"] == booked(tmp_path)["replies"], "no attempt more, and no follower"


def test_a_process_that_slept_over_its_deadline_reads_what_lies_there(tmp_path: Path, distinct: Path) -> None:
    with running(SimulatorOptions(port=0, latency="1.5s")) as server:
        words = ("--task", "referring", "--contexts", distinct, "--deadline", "10s")
        began = time.monotonic()
        process = generate(tmp_path, server, *words, in_flight=8)
        sent(server, 8)
        process.send_signal(signal.SIGSTOP)
        time.sleep(max(2.0, began + 11.5 - time.monotonic()))
        process.send_signal(signal.SIGCONT)
        woken = time.monotonic()
        finished(process, 5)
        assert time.monotonic() - woken < LATE
        billed = server.books()["billed"]
    assert booked(tmp_path)["replies"] == billed >= 8, "none of them is paid for again"


def test_a_run_whose_last_answer_came_before_its_stop_is_finished(tmp_path: Path) -> None:
    finished(stubborn(tmp_path, "IsStoppedAtLast"), 0)
    assert told(tmp_path)["finished"] is True
    assert ended(tmp_path) == list(range(1, 9))
