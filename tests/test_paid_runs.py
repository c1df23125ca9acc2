"""Runs against a real endpoint on loopback: what is paid, what is asked again, and what stops a run."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from svit.ledger import Ledger, month_of
from svit.records import ImageContext
from svit.simulate.options import Options
from svit.simulate.process import Running, running
from svit.sources.contexts import build_store

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


@pytest.fixture(scope="session")
def distinct(sample: dict[int, ImageContext], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 60 images whose prompts all differ."""
    path = tmp_path_factory.mktemp("distinct") / "distinct.contexts"

    def contexts() -> Iterator[ImageContext]:
        for n in range(60):
            context = sample[n % 8 + 1]
            yield msgspec.structs.replace(context, image_id=n, captions=(*context.captions, f"A photo numbered {n}."))

    build_store(path, contexts(), origin="distinct")
    return path


def svit(
    folder: Path, server: Running, *words: str | Path, in_flight: int = 16, timeout: float = 20.0
) -> "subprocess.Popen[str]":
    (folder / "config.yaml").write_text(CONFIG.format(url=server.url, in_flight=in_flight, timeout=timeout))
    command = [sys.executable, "-m", "svit", "generate", "--config", "config.yaml", "--run", "r", *map(str, words)]
    return subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, "SVIT_TEST_KEY": KEY},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(process: "subprocess.Popen[str]", *codes: int) -> str:
    out, talk = process.communicate(timeout=120)
    assert process.returncode in codes, f"exit {process.returncode}: {talk}"
    assert "Traceback" not in talk
    assert out == ""
    return talk


def ended(folder: Path, task: str = "referring") -> list[int]:
    files = sorted((folder / "r" / task).glob("*.jsonl"))
    return sorted(json.loads(line)["image_id"] for file in files for line in file.read_bytes().splitlines())


def booked(folder: Path) -> dict[str, int]:
    database = sqlite3.connect(folder / "r" / "journal.db")
    try:
        row = database.execute(
            "SELECT sum(prompt_tokens), sum(completion_tokens), sum(cost), count(*), sum(cost IS NULL) FROM replies"
        ).fetchone()
        unknown = database.execute("SELECT count(*), coalesce(sum(worst), 0) FROM unknown").fetchone()
    finally:
        database.close()
    names = ("prompt_tokens", "completion_tokens", "cost", "replies", "unbooked", "unknown", "unknown_cost")
    return dict(zip(names, (*row, *unknown), strict=True))


def luna(books: dict[str, Any]) -> int:
    """Return what gpt-6-luna costs, in nano-dollars: plain tokens, and what the cache gives off and costs more."""
    plain = 100 * books["prompt_tokens"] + 500 * books["completion_tokens"]
    return int(plain - 90 * books["cached_tokens"] + 25 * books["cache_write_tokens"])


def test_a_run_pays_for_each_answer_once_and_books_what_the_endpoint_billed(tmp_path: Path, distinct: Path) -> None:
    with running(Options(port=0, key=KEY)) as server:
        talk = finished(svit(tmp_path, server, "--task", "referring", "--contexts", distinct), 0, 1)
        again = finished(svit(tmp_path, server, "--task", "referring", "--contexts", distinct), 0, 1)
        books = server.books()
    assert ended(tmp_path) == list(range(60))
    ours = booked(tmp_path)
    assert ours["prompt_tokens"] == books["prompt_tokens"]
    assert ours["completion_tokens"] == books["completion_tokens"]
    assert ours["replies"] == books["billed"]
    assert (ours["unknown"], ours["unbooked"]) == (0, 0)
    assert "Cost so far: $" in talk
    assert "nothing was asked" in again


def test_with_mixed_faults_every_image_ends_and_nothing_billed_goes_unbooked(tmp_path: Path, distinct: Path) -> None:
    options = Options(port=0, faults=("all=0.2",), fault_attempts=2)
    with running(options) as server:
        finished(svit(tmp_path, server, "--task", "referring", "--contexts", distinct, timeout=3.0), 0, 1)
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
    options = Options(port=0, latency="lognormal:150ms,0.5")
    with running(options) as server:
        process = svit(tmp_path, server, "--task", "all", "--contexts", distinct, in_flight=8)
        until = time.monotonic() + 30
        while server.books()["billed"] == 0:
            assert time.monotonic() < until
            time.sleep(0.02)
        time.sleep(moment)
        process.kill()
        process.communicate()
        finished(svit(tmp_path, server, "--task", "all", "--contexts", distinct, in_flight=64), 0, 1)
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
    with running(Options(port=0)) as server:
        talk = finished(svit(tmp_path, server, "--task", "referring", "--contexts", distinct, "--max-cost", "0.02"), 3)
        assert "$0.02" in talk
        billed = server.books()
        cost = luna(billed)
        assert 0 < cost <= 20_000_000
        assert booked(tmp_path)["cost"] == cost
        again = finished(svit(tmp_path, server, "--task", "referring", "--contexts", distinct, "--max-cost", "0.02"), 3)
        assert server.books()["billed"] == billed["billed"], f"nothing more is asked: {again}"
        finished(svit(tmp_path, server, "--task", "referring", "--contexts", distinct, "--max-cost", "5"), 0, 1)
        assert server.books()["billed"] == booked(tmp_path)["replies"]
    assert ended(tmp_path) == list(range(60))


def test_the_month_s_ceiling_holds_over_runs_at_once_and_one_of_them_killed(
    tmp_path: Path, distinct: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SVIT_LEDGER", str(tmp_path / "ledger.db"))
    folders = [tmp_path / name for name in ("a", "b", "c")]
    words = ("--task", "all", "--contexts", distinct, "--max-cost-per-month", "0.02")
    with running(Options(port=0, latency="lognormal:100ms,0.5", cache=False)) as server:
        for folder in folders:
            folder.mkdir()
        processes = [svit(folder, server, *words) for folder in folders]
        until = time.monotonic() + 60
        while server.books()["billed"] < 10:
            assert time.monotonic() < until
            time.sleep(0.02)
        processes[0].kill()
        processes[0].communicate()
        for process in processes[1:]:
            assert "for all runs of the month" in finished(process, 3)
        for folder in folders:
            finished(svit(folder, server, *words), 3)
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
        finished(svit(folders[0], server, "--task", "referring", "--contexts", distinct), 0, 1)


def test_a_ledger_that_cannot_be_written_is_said_before_anything_is_paid(
    tmp_path: Path, distinct: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SVIT_LEDGER", str(tmp_path / "file" / "ledger.db"))
    with running(Options(port=0)) as server:
        words = ("--task", "referring", "--contexts", distinct)
        talk = finished(svit(tmp_path, server, *words, "--max-cost-per-month", "5"), 2)
        assert server.books()["requests"] == 0
        assert "the ledger of what all runs spend in a month cannot be used" in talk
        talk = finished(svit(tmp_path, server, *words), 0, 1)
    assert "the ledger of what all runs spend in a month cannot be used" in talk
    assert "This run goes on without" in talk


def test_a_ceiling_without_a_price_is_refused(tmp_path: Path, distinct: Path) -> None:
    with running(Options(port=0)) as server:
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
    with running(Options(port=0, latency="50ms", **options)) as server:
        talk = finished(svit(tmp_path, server, "--task", "referring", "--contexts", distinct), 4)
        books = server.books()
    assert words in talk
    assert "The same command continues" in talk
    ours = booked(tmp_path)
    assert ours["replies"] == books["billed"]
    assert ours["unknown"] == 0
    with running(Options(port=0)) as server:
        finished(svit(tmp_path, server, "--task", "referring", "--contexts", distinct), 0, 1)
    assert booked(tmp_path)["unknown"] == 0, "what the endpoint refused is not booked as perhaps paid"
    assert ended(tmp_path) == list(range(60))


def test_the_first_signal_lets_what_is_under_way_be_answered(tmp_path: Path, distinct: Path) -> None:
    with running(Options(port=0, latency="300ms")) as server:
        process = svit(tmp_path, server, "--task", "all", "--contexts", distinct, in_flight=8)
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
    with running(Options(port=0, rpm=1200, limit_span=1.0)) as server:
        process = svit(tmp_path, server, "--task", "referring", "--contexts", distinct, in_flight=60)
        finished(process, 0, 1)
        books = server.books()
    assert ended(tmp_path) == list(range(60))
    assert books["statuses"].get("429", 0) <= 3
    assert booked(tmp_path)["replies"] == books["billed"]


def test_the_key_is_written_nowhere(tmp_path: Path, distinct: Path) -> None:
    with running(Options(port=0, key=KEY, faults=("all=0.2",), fault_attempts=1)) as server:
        talk = finished(svit(tmp_path, server, "--task", "referring", "--contexts", distinct, timeout=3.0), 0, 1)
    with running(Options(port=0, key="another")) as server:
        talk += finished(svit(tmp_path, server, "--task", "conversation", "--contexts", distinct), 4)
    shown = subprocess.run(
        [sys.executable, "-m", "svit", "show", "r", "1"], cwd=tmp_path, capture_output=True, text=True
    )
    assert shown.returncode == 0
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 5
    assert not any(KEY.encode() in content for content in [*written, talk.encode(), shown.stdout.encode()])


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
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        until = time.monotonic() + 60
        while not (tmp_path / "r" / "run.json").exists() and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, talk = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in talk
