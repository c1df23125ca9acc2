"""`svit status`: what it tells of a run that goes on, was killed, is done, or is damaged."""

import json
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from run_json import summary_of, write_summary
from svit.cli import app
from svit.errors import DataError
from svit.run.folder import RunFolder
from svit.run.journal import Journal
from svit.run.journal_rows import Charge, Intent, Shard, StoredReply
from svit.run.run_status import read_status
from svit.simulate.process import SimulatorProcess, running
from svit.simulate.simulator_options import SimulatorOptions

CONFIG = "provider: openai\nmodel: gpt-6-luna\nreasoning_effort: none\nbase_url: {url}\nin_flight: 4\ntimeout: 20\n"
KEYS = (
    "run state model tasks opinions opinions_failed in_flight unknown replies prompt_tokens completion_tokens "
    "dollars max_cost max_cost_per_month dollars_left deadline per_minute seconds_left last_active stopped_by "
    "stop_words in_wal"
)
TASK_KEYS = "task images samples rejected answered open in_flight failed"


def told(folder: Path, *words: str, code: int = 0) -> str:
    command = [sys.executable, "-m", "svit", "status", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout or done.stderr


def status(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(told(folder, "r", "--json"))
    assert sorted(found) == sorted(KEYS.split())
    assert all(sorted(task) == sorted(TASK_KEYS.split()) for task in found["tasks"])
    return found


def generate(folder: Path, server: SimulatorProcess, *words: str) -> "subprocess.Popen[str]":
    (folder / "c.yaml").write_text(CONFIG.format(url=server.url))
    command = [sys.executable, "-m", "svit", "generate", "--task", "all", "--config", "c.yaml", "--run", "r", *words]
    return subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)


def test_a_run_is_watched_while_it_goes_on_after_a_kill_and_when_it_is_done(tmp_path: Path) -> None:
    with running(SimulatorOptions(port=0, latency="400ms")) as server:
        process = generate(tmp_path, server, "--max-cost", "5")
        until = time.monotonic() + 60
        while server.books()["billed"] < 4:
            assert time.monotonic() < until
            time.sleep(0.02)
        during = status(tmp_path)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed = status(tmp_path)
        words = told(tmp_path, "r")
        generate(tmp_path, server).communicate(timeout=120)
        done = status(tmp_path)
        books = server.books()
    assert (during["state"], killed["state"], done["state"]) == ("running", "stopped", "finished")
    assert 0 < during["in_flight"] == sum(task["in_flight"] for task in during["tasks"])
    assert during["unknown"] == 0
    assert during["max_cost"] == 5
    assert during["replies"] > 0
    assert during["per_minute"] > 0
    assert during["seconds_left"] > 0
    assert sum(task["answered"] for task in during["tasks"]) > 0
    assert sum(task["open"] + task["answered"] for task in during["tasks"]) == 32
    assert (killed["in_flight"], killed["per_minute"], killed["seconds_left"]) == (0, None, None)
    assert killed["unknown"] > 0
    assert "of unknown outcome" in words
    assert "continues it" in words
    assert done["unknown"] == killed["unknown"]
    assert done["replies"] + done["unknown"] >= books["billed"] >= done["replies"]
    assert done["dollars"] >= (100 * books["prompt_tokens"] + 500 * books["completion_tokens"]) / 10**9
    for task in done["tasks"]:
        assert task["samples"] + sum(task["rejected"].values()) == task["images"] == 8
        assert (task["answered"], task["open"], task["in_flight"]) == (0, 0, 0)


def test_failures_are_counted_by_their_class(tmp_path: Path) -> None:
    with running(SimulatorOptions(port=0, faults=("reset_body=0.3",), fault_attempts=1)) as server:
        generate(tmp_path, server).communicate(timeout=120)
        resets = server.books()["kinds"]["reset_body"]["billed"]
    found = status(tmp_path)
    failed = [count for task in found["tasks"] for count in task["failed"].values()]
    assert sum(failed) == resets > 0
    assert "Requests that got no answer, by class:" in told(tmp_path, "r")


@pytest.fixture
def made(tmp_path: Path) -> RunFolder:
    """A run of one task and 5,000 images: a whole shard, 30 answers of the next, 2 requests without a reply."""
    folder = RunFolder(tmp_path / "r")
    config = {"provider": "openai", "model": "gpt-6-luna", "max_cost": "1.5"}
    contexts = {"file": "x", "digest": "d", "images": 5000}
    folder.path.mkdir()
    write_summary(folder, {"config": config, "contexts": contexts, "prompts": {"referring": "v2"}, "finished": False})
    folder.samples("referring", 0).parent.mkdir()
    folder.samples("referring", 0).write_bytes(b"\n")
    with Journal(folder.journal) as journal:
        flaws = {"empty_context": 10, "wrong_count": 5}
        journal.published(Shard("referring", 0, "recipe", 1000, 985, flaws, 1))
        keys = [f"{n:04}" for n in range(990 + 32)]
        journal.intend(Intent(key, 1, "referring", n, "v2", 1000) for n, key in enumerate(keys))
        journal.intend([Intent("0000", 2, "referring", 0, "v2", 1000), Intent("old", 1, "referring", 1, "v1", 1000)])
        failure = b'{"code":"timeout","words":"no answer"}'
        journal.keep(
            [StoredReply("0000", 1, None, failure), StoredReply("0000", 2, b"{}"), StoredReply("old", 1, b"{}")]
        )
        journal.keep(StoredReply(key, 1, b"{}") for key in keys[1:-2])
        journal.book(Charge(key, 1, 100, 10, 500) for key in keys[:-2])
    return folder


def test_what_is_answered_beyond_whole_shards_is_told_apart(made: RunFolder) -> None:
    found = read_status(made, time.time())
    [task] = found.tasks
    assert (task.samples, task.rejected) == (985, {"empty_context": 10, "wrong_count": 5})
    assert (task.images, task.answered, task.open) == (5000, 30, 3970), "neither retries nor old prompts count twice"
    assert task.failed == {"timeout": 1}
    assert (found.state, found.unknown, found.in_flight) == ("stopped", 2, 0)
    assert found.dollars == pytest.approx((1020 * 500 + 2 * 1000 + 2 * 1000) / 10**9), "what is not booked too"
    with made.locked():
        running_now = read_status(made, time.time())
    assert (running_now.state, running_now.unknown, running_now.in_flight) == ("running", 0, 2)
    assert running_now.dollars == pytest.approx((1020 * 500 + 2 * 1000) / 10**9)


def test_what_is_written_down_and_never_left_is_no_answer(made: RunFolder) -> None:
    with made.locked(), Journal(made.journal) as journal:
        journal.follow_departures()
        journal.intend(Intent(f"next {n}", 1, "referring", 2000 + n, "v2", 1000) for n in range(9))
        journal.left("next 0", 1)
        found = read_status(made, time.time())
        [task] = found.tasks
        assert (task.answered, task.open, found.in_flight) == (30, 3970, 3)


def test_a_run_without_files_is_told_so_by_those_who_read_them(made: RunFolder) -> None:
    made.samples("referring", 0).unlink()
    words = ("export", str(made.path), "--format", "llava-next", "-o", str(made.path / "e.jsonl"))
    said = CliRunner().invoke(app, words).stderr
    assert "Nothing was exported: there is no sample of these tasks.\n" in said
    assert "what is in its journal and in no file yet is not exported" in said
    assert "e.jsonl" not in said
    said = CliRunner().invoke(app, ["check", str(made.path)]).stderr
    assert "no sample of this run is in a file. See 'svit status" in said


def test_a_failure_that_is_damaged_is_counted_as_such(made: RunFolder) -> None:
    with Journal(made.journal) as journal:
        journal._db.execute('UPDATE replies SET failure = CAST(\'{"code":"ti\' AS BLOB) WHERE failure IS NOT NULL')
    [task] = read_status(made, time.time()).tasks
    assert task.failed == {"damaged_reply": 1}


def test_the_rate_is_that_of_the_last_five_minutes_and_gives_the_time_left(made: RunFolder) -> None:
    with Journal(made.journal) as journal:
        journal._db.execute("UPDATE replies SET received_at = rowid")
        [(last,)] = journal.read("SELECT max(received_at) FROM replies", ())
    with made.locked():
        found = read_status(made, last + 100)
        much_later = read_status(made, last + 1000)
    assert found.per_minute == pytest.approx(60 * 201 / 300, rel=0.01)
    assert found.per_minute is not None
    assert found.seconds_left == pytest.approx(3970 / found.per_minute * 60, rel=0.01)
    assert (much_later.per_minute, much_later.seconds_left) == (0, None)


def test_a_limit_in_run_json_bounds_what_is_open(made: RunFolder) -> None:
    write_summary(made, {**summary_of(made), "limit": 1200})
    [task] = read_status(made, time.time()).tasks
    assert (task.images, task.open) == (1200, 170)


def test_requests_of_long_ago_are_still_of_unknown_outcome(made: RunFolder) -> None:
    with Journal(made.journal) as journal:
        journal._db.execute("UPDATE requests SET sent_at = sent_at - 86400")
        journal._db.execute("UPDATE replies SET received_at = received_at - 86400")
    assert read_status(made, time.time()).unknown == 2


def test_a_model_without_a_price_has_no_cost(made: RunFolder) -> None:
    with Journal(made.journal) as journal:
        journal._db.execute("UPDATE replies SET cost = 0")
        journal._db.execute("UPDATE requests SET worst = 0")
    assert read_status(made, time.time()).dollars is None
    assert "there is no price for gpt-6-luna" in told(made.path.parent, "r")
    assert "$" not in told(made.path.parent, "r")


def test_it_only_reads(made: RunFolder) -> None:
    def files() -> dict[str, bytes]:
        there = (path for path in made.path.rglob("*") if path.is_file())
        kept = (path for path in there if not path.name.endswith(("-shm", "-wal")))
        return {path.name: path.read_bytes() for path in kept}

    before = files()
    shown = told(made.path.parent, "r")
    assert files() == before
    assert max(map(len, shown.splitlines())) <= 100
    assert "985" in shown
    assert "$1.50" in shown


def test_a_folder_that_nobody_may_write_to_is_read(made: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read_status(made, 1e9)
    for path in made.path.glob("journal.db-*"):
        path.unlink()

    class Refusing(sqlite3.Connection):
        def execute(self, *_: Any) -> sqlite3.Cursor:
            raise sqlite3.OperationalError("unable to open database file")

    def connect(target: str, **options: Any) -> sqlite3.Connection:
        return real(target, factory=Refusing if target.endswith("mode=ro") else sqlite3.Connection, **options)

    real = sqlite3.connect
    monkeypatch.setattr("svit.run.journal_file.sqlite3.connect", connect)
    assert msgspec.structs.replace(read_status(made, 1e9), run="") == msgspec.structs.replace(whole, run="")
    assert not list(made.path.glob("journal.db-*"))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda run: (run / "run.json").unlink(), "this is no run of svit"),
        (lambda run: (run / "run.json").write_text("{"), "this is no run of svit"),
        (lambda run: (run / "run.json").write_text('{"config": {}}'), "another svit than this one wrote it"),
        (
            lambda run: (run / "journal.db").write_bytes(b"not a database, and long enough to be seen" * 99),
            "no journal",
        ),
        (lambda run: (run / "journal.db").unlink(), "the journal is missing"),
    ],
)
def test_what_is_no_run_or_damaged_is_said(made: RunFolder, damage: Any, words: str) -> None:
    for path in made.path.glob("journal.db-*"):
        path.unlink()
    damage(made.path)
    with pytest.raises(DataError, match=words):
        read_status(made, time.time())
    assert "svit: r" in told(made.path.parent, "r", code=2)


def test_a_run_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert "nowhere" in told(tmp_path, "nowhere", code=2)
    assert not list(tmp_path.iterdir())


def test_an_offline_run_costs_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "svit", "generate", "--task", "referring", "--run", "r", "-q"]
    subprocess.run(command, cwd=tmp_path, check=True)
    found = status(tmp_path)
    assert (found["state"], found["dollars"], found["replies"]) == ("finished", 0, 8)
    assert "r: finished; last active" in told(tmp_path, "r")


ENDS = {
    "ceiling": (3, "The limit of $1.50 for this run is reached: $1.49 are spent.", "stopped at the ceiling of $1.50"),
    "month": (3, "The limit of $9.00 for all runs of the month 2026-11 is reached.", "stopped at the month's ceiling"),
    "deadline": (5, "The time is over.", "stopped at its deadline"),
    "refusal": (4, "The endpoint refuses: HTTP 401.", "stopped: the provider refused to go on"),
    "interrupt": (130, "", "stopped by a signal"),
    "fault": (2, "The disk is full.", "stopped, not finished"),
}


@pytest.mark.parametrize("stopped_by", ENDS)
def test_why_a_run_stopped_is_told(stopped_by: str, made: RunFolder) -> None:
    code, words, headline = ENDS[stopped_by]
    write_summary(made, {**summary_of(made), "stop": {"exit": code, "words": words}})
    found = read_status(made, time.time())
    assert (found.stopped_by, found.stop_words) == (stopped_by, words)
    text = told(made.path.parent, "r")
    assert headline in text
    assert words in " ".join(text.split())
    with made.locked():
        assert read_status(made, time.time()).stopped_by is None, "it goes on"
    write_summary(made, {**summary_of(made), "finished": True})
    assert read_status(made, time.time()).stopped_by is None


@pytest.mark.parametrize("stop", [None, 3, {}, {"exit": "3"}, {"words": "x"}, []])
def test_a_run_of_an_older_svit_or_one_that_was_killed_has_just_stopped(stop: object, made: RunFolder) -> None:
    write_summary(made, {**summary_of(made), "stop": stop})
    found = read_status(made, time.time())
    assert (found.state, found.stopped_by, found.stop_words) == ("stopped", None, "")
    assert "stopped, not finished" in told(made.path.parent, "r")


def test_what_remains_costs_what_the_others_cost(made: RunFolder) -> None:
    found = read_status(made, time.time())
    [task] = found.tasks
    assert found.dollars_left == pytest.approx(task.open * 500 / 10**9, rel=0.01)
    text = " ".join(told(made.path.parent, "r").split())
    assert "What remains, 3,970 answers, costs about $0.0020 at what others cost; the ceiling leaves room" in text
    write_summary(made, {**summary_of(made), "config": {**summary_of(made)["config"], "max_cost": "0.001"}})
    text = " ".join(told(made.path.parent, "r").split())
    assert "costs about $0.0020 at what others cost: about $0.0015 more than the ceiling leaves." in text
    write_summary(made, {**summary_of(made), "limit": 1000})
    assert read_status(made, time.time()).dollars_left == 0
    assert "What remains" not in told(made.path.parent, "r")


@pytest.mark.parametrize("ceiling", ["--max-cost", "--max-cost-per-month"])
def test_a_run_that_came_to_its_ceiling_says_so(ceiling: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SVIT_LEDGER", str(tmp_path / "ledger.db"))
    with running(SimulatorOptions(port=0)) as server:
        process = generate(tmp_path, server, ceiling, "0.004")
        _, said = process.communicate(timeout=60)
        assert process.returncode == 3, said
        found = status(tmp_path)
        assert found["stopped_by"] == ("ceiling" if ceiling == "--max-cost" else "month")
        assert found["state"] == "stopped"
        assert "and the next request may cost up to" in found["stop_words"]
        text = told(tmp_path, "r")
        assert f"ceiling of $0.0040 ({ceiling})" in text
        assert "What remains, " in text
        process = generate(tmp_path, server, ceiling, "5")
        _, said = process.communicate(timeout=60)
        assert process.returncode in (0, 1), said
    done = status(tmp_path)
    assert (done["state"], done["stopped_by"], done["dollars_left"]) == ("finished", None, 0)
