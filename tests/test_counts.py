"""After every kind of stop all commands tell of the same samples and rejections, and nothing paid is out of reach."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rehearsal import booked, finished, generate, svit
from svit.contexts.store import build_store
from svit.datasets.audit import audit
from svit.exports.samples import SampleReader
from svit.records import ImageContext
from svit.report.report_data import gathered
from svit.run.folder import RunFolder
from svit.run.run_status import RunStatus, read_status
from svit.simulate.process import SimulatorProcess, running
from svit.simulate.simulator_options import SimulatorOptions

Counts = dict[str, tuple[int, int]]
"""The samples and rejections of each task."""
TASKS = ("complex_reasoning", "conversation", "detail_description", "referring")


def in_files(run: Path) -> Counts:
    """Count the lines, and see that no image is in two of them."""
    counts = {}
    for task in TASKS:
        lines: dict[bool, list[int]] = {True: [], False: []}
        for path in (run / task).glob("*.jsonl"):
            lines["rejected" in path.name] += [json.loads(line)["image_id"] for line in path.read_bytes().splitlines()]
        both = lines[True] + lines[False]
        assert len(set(both)) == len(both)
        counts[task] = len(lines[False]), len(lines[True])
    return counts


def of_status(run: Path) -> Counts:
    tasks = read_status(RunFolder(run), time.time()).tasks
    return {task.task: (task.samples, sum(task.rejected.values())) for task in tasks}


def of_run_json(run: Path) -> Counts:
    tasks = json.loads((run / "run.json").read_bytes())["tasks"]
    nothing: dict[str, Any] = {"samples": 0, "rejected": {}}
    found = {task: tasks.get(task, nothing) for task in TASKS}
    return {task: (each["samples"], sum(each["rejected"].values())) for task, each in found.items()}


def of_report(run: Path) -> Counts:
    return {task.task: (task.samples, task.rejected) for task in gathered(RunFolder(run)).tasks}


def of_export(run: Path) -> Counts:
    items = [item.task for item in SampleReader([run]).items()]
    return {task: (items.count(task), in_files(run)[task][1]) for task in TASKS}


def of_check(run: Path) -> Counts:
    judged = {task.task: task.records for task in audit(run).tasks}
    return {task: (judged.get(task, 0), in_files(run)[task][1]) for task in TASKS}


def of_table(said: str) -> Counts:
    """Return what the last table of a command says."""
    rows = re.findall(r"^(\w+) +([\d,]+) +([\d,]+)$", said[said.rindex("task  ") :], re.MULTILINE)
    return {task: (int(samples), int(rejected)) for task, samples, rejected in rows}


def billed(server: SimulatorProcess, count: int) -> None:
    until = time.monotonic() + 60
    while server.books()["billed"] < count:
        assert time.monotonic() < until
        time.sleep(0.02)


def ends(process: "subprocess.Popen[str]", server: SimulatorProcess) -> str:
    return finished(process, 1)


def is_killed(process: "subprocess.Popen[str]", server: SimulatorProcess) -> str:
    billed(server, 60)
    process.kill()
    return process.communicate()[1] and ""


def signalled(process: "subprocess.Popen[str]", server: SimulatorProcess) -> str:
    billed(server, 60)
    process.send_signal(signal.SIGTERM)
    return finished(process, 130)


def signalled_twice(process: "subprocess.Popen[str]", server: SimulatorProcess) -> str:
    billed(server, 60)
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    return finished(process, 130)


STOPS: dict[
    str, tuple[SimulatorOptions, tuple[str, ...], Callable[["subprocess.Popen[str]", SimulatorProcess], str]]
] = {
    "end": (SimulatorOptions(port=0), (), ends),
    "ceiling": (SimulatorOptions(port=0), ("--max-cost", "0.05"), lambda process, _: finished(process, 3)),
    "refusal": (
        SimulatorOptions(port=0, faults=("insufficient_quota=0.02",)),
        (),
        lambda process, _: finished(process, 4),
    ),
    "deadline": (
        SimulatorOptions(port=0, latency="600ms"),
        ("--deadline", "7s"),
        lambda process, _: finished(process, 5),
    ),
    "SIGTERM": (SimulatorOptions(port=0, latency="300ms"), (), signalled),
    "SIGINT twice": (SimulatorOptions(port=0, latency="2s"), (), signalled_twice),
    "SIGKILL": (SimulatorOptions(port=0, latency="300ms"), (), is_killed),
}


@pytest.fixture(scope="module", params=STOPS)
def stopped(
    request: pytest.FixtureRequest, distinct: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path, str]:
    """A run that was stopped so, and what was said."""
    folder = tmp_path_factory.mktemp("stopped")
    options, words, stop = STOPS[request.param]
    faulty = SimulatorOptions(**{**vars_of(options), "faults": (*options.faults, "refusal=0.1")})
    with running(faulty) as server:
        process = generate(
            folder, server, "--task", "all", "--contexts", distinct, *words, in_flight=20, more="attempts: 1\n"
        )
        said = stop(process, server)
    return request.param, folder / "r", said


def vars_of(options: SimulatorOptions) -> dict[str, Any]:
    return {name: getattr(options, name) for name in options.__struct_fields__}


@pytest.mark.parametrize("count", [of_status, of_run_json, of_report, of_export, of_check])
def test_every_command_tells_of_the_same_samples(
    count: Callable[[Path], Counts], stopped: tuple[str, Path, str]
) -> None:
    how, run, _ = stopped
    there = in_files(run)
    if how == "SIGKILL":
        assert sum(samples for samples, _ in there.values()) == 0, "no shard was whole"
        if count is of_check:
            return  # there is no record to judge
    else:
        assert sum(samples for samples, _ in there.values()) > 0
    assert count(run) == there


def test_what_was_paid_for_is_in_files_or_told_to_be_in_the_journal_only(stopped: tuple[str, Path, str]) -> None:
    how, run, said = stopped
    there = in_files(run)
    status = read_status(RunFolder(run), time.time())
    answered = sum(map(sum, there.values())) + sum(task.answered for task in status.tasks)
    assert answered == status.replies == booked(run.parent)["replies"], "one attempt each"
    only_in_the_journal = sum(task.answered for task in status.tasks)
    if how == "SIGKILL":
        assert only_in_the_journal > 0
        return
    assert only_in_the_journal == 0
    assert of_table(said) == there
    if how != "end":
        [hint] = re.findall(r"^  svit (export .*?)   ?\w", said, re.MULTILINE)
        finished(svit(run.parent, *hint.split()), 0)
        with (run.parent / "train.jsonl").open() as file:
            assert len(file.readlines()) == sum(samples for samples, _ in there.values())


def test_an_export_of_a_killed_run_has_what_its_journal_has_settled_as_after_a_rebuild(
    distinct: Path, tmp_path: Path
) -> None:
    with running(SimulatorOptions(port=0, latency="300ms")) as server:
        process = generate(tmp_path, server, "--task", "all", "--contexts", distinct)
        is_killed(process, server)
    before: RunStatus = read_status(RunFolder(tmp_path / "r"), time.time())
    only = sum(task.answered for task in before.tasks)
    said = svit(tmp_path, "export", "r", "-f", "llava-next", "-o", "x.jsonl").communicate(timeout=60)[1]
    records = sorted((tmp_path / "x.jsonl").read_text().splitlines())
    assert records
    assert f"{len(records)} samples came from the journal of a run that is not finished" in " ".join(said.split())
    finished(svit(tmp_path, "rebuild", "r"), 1)
    there = in_files(tmp_path / "r")
    assert sum(map(sum, there.values())) == only
    assert {path.name for path in (tmp_path / "r").glob("*/*.jsonl")} <= {
        *("00000.partial.jsonl", "00000.partial.rejected.jsonl")
    }
    assert of_status(tmp_path / "r") == of_run_json(tmp_path / "r") == there
    assert sum(task.answered for task in read_status(RunFolder(tmp_path / "r"), time.time()).tasks) == 0
    said = svit(tmp_path, "export", "r", "-f", "llava-next", "-o", "y.jsonl").communicate(timeout=60)[1]
    assert "came from the journal" not in said
    assert sorted((tmp_path / "y.jsonl").read_text().splitlines()) == records


def test_a_run_that_is_killed_between_shards_is_told_of_alike(sample: dict[int, ImageContext], tmp_path: Path) -> None:
    contexts = (msgspec.structs.replace(sample[n % 8 + 1], image_id=n) for n in range(3000))
    build_store(tmp_path / "many.contexts", contexts, origin="many")
    process = svit(tmp_path, "generate", "--task", "referring", "--contexts", "many.contexts", "--run", "r")
    until = time.monotonic() + 60
    while not (tmp_path / "r" / "referring" / "00000.jsonl").exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    time.sleep(0.15)  # what follows a shard takes milliseconds
    process.kill()
    process.communicate()
    there = in_files(tmp_path / "r")["referring"]
    assert there[0] >= 1000
    for count in (of_status, of_run_json, of_report, of_export, of_check):
        assert count(tmp_path / "r")["referring"] == there, count.__name__
