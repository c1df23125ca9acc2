"""Runs against a real endpoint on loopback: what is paid, what is asked again, and what stops a run."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from rehearsal import KEY, booked, ended, finished, generate
from svit.cost.ledger import Ledger, month_of
from svit.simulate.process import running
from svit.simulate.simulator_options import SimulatorOptions


def luna(books: dict[str, Any]) -> int:
    """Return what gpt-6-luna costs, in nano-dollars: plain tokens, and what the cache gives off and costs more."""
    plain = 100 * books["prompt_tokens"] + 500 * books["completion_tokens"]
    return int(plain - 90 * books["cached_tokens"] + 25 * books["cache_write_tokens"])


def test_a_run_pays_for_each_answer_once_and_books_what_the_endpoint_billed(tmp_path: Path, distinct: Path) -> None:
    with running(SimulatorOptions(port=0, key=KEY)) as server:
        talk = finished(generate(tmp_path, server, "--task", "referring", "--contexts", distinct), 0, 1)
        again = finished(generate(tmp_path, server, "--task", "referring", "--contexts", distinct), 0, 1)
        books = server.books()
    assert ended(tmp_path) == list(range(60))
    ours = booked(tmp_path)
    assert ours["prompt_tokens"] == books["prompt_tokens"]
    assert ours["completion_tokens"] == books["completion_tokens"]
    assert ours["replies"] == books["billed"]
    assert (ours["unknown"], ours["unbooked"]) == (0, 0)
    cost = ours["cost"] / 1e9
    assert f"Cost so far: ${cost:.4f}" in talk
    assert f"; {round(60 / cost):,} samples a dollar" in talk
    assert "nothing was asked" in again


def test_with_mixed_faults_every_image_ends_and_nothing_billed_goes_unbooked(tmp_path: Path, distinct: Path) -> None:
    options = SimulatorOptions(port=0, faults=("all=0.2",), fault_attempts=2)
    with running(options) as server:
        finished(generate(tmp_path, server, "--task", "referring", "--contexts", distinct, timeout=3.0), 0, 1)
        books = server.books()
    assert ended(tmp_path) == list(range(60))
    heard = {"prompt_tokens": 0, "completion_tokens": 0}
    silent = 0
    for kind, sums in books["kinds"].items():
        if kind in ("reset_body", "drip", "truncated", "bad_json", "no_usage"):
            silent += sums["billed"]
        else:
            for name in heard:
                heard[name] += sums[name]
    ours = booked(tmp_path)
    assert {name: ours[name] for name in heard} == heard, "what came with its usage is booked to the token"
    assert silent > 0, "and what was billed without our hearing of it happened too"
    assert ours["cost"] >= luna(books), "what may have been billed unheard is booked at its worst case"


@pytest.mark.parametrize("moment", [0.3, 0.6, 1.0])
def test_after_sigkill_nothing_is_paid_twice_but_what_was_in_flight(
    tmp_path: Path, distinct: Path, moment: float
) -> None:
    options = SimulatorOptions(port=0, latency="lognormal:150ms,0.5")
    with running(options) as server:
        process = generate(tmp_path, server, "--task", "all", "--contexts", distinct, in_flight=8)
        until = time.monotonic() + 30
        while server.books()["billed"] == 0:
            assert time.monotonic() < until
            time.sleep(0.02)
        time.sleep(moment)
        process.kill()
        process.communicate()
        finished(generate(tmp_path, server, "--task", "all", "--contexts", distinct, in_flight=64), 0, 1)
        books = server.books()
    for task in ("conversation", "complex_reasoning", "detail_description", "referring"):
        assert ended(tmp_path, task) == list(range(60))
    ours = booked(tmp_path)
    assert 0 < ours["unknown"] <= 8 + 16 + 8, "what was under way, and what was about to leave or to be written down"
    assert books["billed"] - ours["replies"] <= 8 + 8, (
        "only requests in flight at the kill were billed without an answer"
    )
    assert ours["unknown_cost"] > 0


def test_the_ceiling_on_money_is_never_passed_and_the_run_can_go_on(tmp_path: Path, distinct: Path) -> None:
    with running(SimulatorOptions(port=0)) as server:
        words = ("--task", "referring", "--contexts", distinct, "--max-cost")
        talk = finished(generate(tmp_path, server, *words, "0.02"), 3)
        assert "$0.02" in talk
        billed = server.books()
        cost = luna(billed)
        assert 0 < cost <= 20_000_000
        assert booked(tmp_path)["cost"] == cost
        again = finished(generate(tmp_path, server, *words, "0.02"), 3)
        assert server.books()["billed"] == billed["billed"], f"nothing more is asked: {again}"
        finished(generate(tmp_path, server, *words, "5"), 0, 1)
        assert server.books()["billed"] == booked(tmp_path)["replies"]
    assert ended(tmp_path) == list(range(60))


def test_the_month_s_ceiling_holds_over_runs_at_once_and_one_of_them_killed(
    tmp_path: Path, distinct: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SVIT_LEDGER", str(tmp_path / "ledger.db"))
    folders = [tmp_path / name for name in ("a", "b", "c")]
    words = ("--task", "all", "--contexts", distinct, "--max-cost-per-month", "0.02")
    with running(SimulatorOptions(port=0, latency="lognormal:100ms,0.5", cache=False)) as server:
        for folder in folders:
            folder.mkdir()
        processes = [generate(folder, server, *words) for folder in folders]
        until = time.monotonic() + 60
        while server.books()["billed"] < 10:
            assert time.monotonic() < until
            time.sleep(0.02)
        processes[0].kill()
        processes[0].communicate()
        for process in processes[1:]:
            assert "for all runs of the month" in finished(process, 3)
        for folder in folders:
            finished(generate(folder, server, *words), 3)
        books = server.books()
        cost = 100 * books["prompt_tokens"] + 500 * books["completion_tokens"]
        assert 0 < cost <= 20_000_000
        ours = [booked(folder) for folder in folders]
        assert not any(run["unbooked"] for run in ours)
        truly = sum((run["cost"] or 0) + run["unknown_cost"] for run in ours)
        assert cost <= truly <= 20_000_000
        with Ledger(tmp_path / "ledger.db") as ledger:
            total = ledger.total(month_of(time.time()))
        assert total.spent == total.held == truly
        finished(generate(folders[0], server, "--task", "referring", "--contexts", distinct), 0, 1)


def test_a_ledger_that_cannot_be_written_is_said_before_anything_is_paid(
    tmp_path: Path, distinct: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SVIT_LEDGER", str(tmp_path / "file" / "ledger.db"))
    with running(SimulatorOptions(port=0)) as server:
        words = ("--task", "referring", "--contexts", distinct)
        talk = finished(generate(tmp_path, server, *words, "--max-cost-per-month", "5"), 2)
        assert server.books()["requests"] == 0
        assert "the ledger of what all runs spend in a month cannot be used" in talk
        talk = finished(generate(tmp_path, server, *words), 0, 1)
    assert "the ledger of what all runs spend in a month cannot be used" in talk
    assert "This run goes on without" in talk


def test_a_ceiling_without_a_price_is_refused(tmp_path: Path, distinct: Path) -> None:
    with running(SimulatorOptions(port=0)) as server:
        (tmp_path / "own.yaml").write_text(f"provider: openai\nmodel: my-model\nbase_url: {server.url}")
        command = [
            sys.executable,
            "-m",
            "svit",
            "generate",
            "--task",
            "referring",
            "--config",
            "own.yaml",
            "--max-cost",
            "1",
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert server.books()["requests"] == 0
    assert done.returncode == 2
    assert "There is no price for the model 'my-model'" in done.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"faults": ("insufficient_quota=0.2",)}, "no credit"),
        ({"key": "another"}, "refuses"),
        ({"models": ("gpt-4",)}, "refuses"),
        ({"refused": ("max_completion_tokens",)}, "max_completion_tokens"),
    ],
)
def test_what_no_request_would_pass_stops_the_run_with_4_and_what_was_paid_is_kept(
    tmp_path: Path, distinct: Path, options: dict[str, Any], words: str
) -> None:
    (tmp_path / "r").mkdir()  # a folder that a refused command has made does not stay
    with running(SimulatorOptions(port=0, latency="50ms", **options)) as server:
        talk = finished(generate(tmp_path, server, "--task", "referring", "--contexts", distinct), 4)
        books = server.books()
    assert words in talk
    assert "The same command continues" in talk
    ours = booked(tmp_path)
    assert ours["replies"] == books["billed"]
    assert ours["unknown"] == 0
    with running(SimulatorOptions(port=0)) as server:
        finished(generate(tmp_path, server, "--task", "referring", "--contexts", distinct), 0, 1)
    assert booked(tmp_path)["unknown"] == 0, "what the endpoint refused is not booked as perhaps paid"
    assert ended(tmp_path) == list(range(60))


def test_the_first_signal_lets_what_is_under_way_be_answered(tmp_path: Path, distinct: Path) -> None:
    with running(SimulatorOptions(port=0, latency="300ms")) as server:
        process = generate(tmp_path, server, "--task", "all", "--contexts", distinct, in_flight=8)
        until = time.monotonic() + 30
        while server.books()["billed"] == 0:
            assert time.monotonic() < until
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        talk = finished(process, 130)
        books = server.books()
    assert "The same command continues" in talk
    assert booked(tmp_path)["replies"] == books["billed"]


def test_limits_that_only_the_headers_tell_are_kept_and_a_429_costs_no_attempt(tmp_path: Path, distinct: Path) -> None:
    with running(SimulatorOptions(port=0, rpm=1200, limit_span=1.0)) as server:
        process = generate(tmp_path, server, "--task", "referring", "--contexts", distinct, in_flight=60)
        finished(process, 0, 1)
        books = server.books()
    assert ended(tmp_path) == list(range(60))
    assert books["statuses"].get("429", 0) <= 3
    assert booked(tmp_path)["replies"] == books["billed"]


def test_nobody_there_is_said_and_the_run_can_go_on(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("provider: openai\nmodel: m\nbase_url: http://127.0.0.1:9/v1\nattempts: 1\n")
    command = [
        sys.executable,
        "-m",
        "svit",
        "generate",
        "--task",
        "referring",
        "--config",
        "own.yaml",
        "--limit",
        "2",
        "--run",
        "r",
    ]
    for _ in range(2):
        began = time.monotonic()
        done = subprocess.run(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, timeout=60)
        assert done.returncode == 4
        assert "Nobody answers at http://127.0.0.1:9 (Connection refused): is the server running" in done.stderr
        assert time.monotonic() - began < 20
    assert "Traceback" not in done.stderr
