"""What a SIGKILL costs: nothing is billed again but what was in flight, nothing is lost, and a resume asks at once.

    python -m benchmarks.kills [kills|resume] [--runs 20] [--finished 100000] [--seed N]

`kills` kills runs at random instants, against `svit simulate`, continues each, and compares its journal and its files
with the simulator's books. `resume` measures the seconds from starting `svit generate` on a run of 100,000 finished
requests, to the first request that it sends: with all shards published, and with three that were not.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import orjson

from svit import resources
from svit.config import read_config
from svit.contexts.sources.visual_genome import VisualGenome
from svit.contexts.store import ContextStore, build_store
from svit.providers.base import Reply, Request
from svit.records import ImageContext
from svit.run.folder import RunFolder
from svit.run.generation import Generation
from svit.run.journal import Journal
from svit.setup.run_spending import spending
from svit.setup.task_jobs import jobs
from svit.simulate.process import SimulatorProcess, running
from svit.simulate.simulator_options import SimulatorOptions
from svit.tasks import TASKS, chosen_tasks

IN_FLIGHT = 16
COMMITTING = 8
"""Answers that may have come and not be on the disk yet, while others have taken their places in flight."""
IMAGES = 100
RESUME_BAR = 2.0
"""Seconds."""
CONFIG = """
provider: openai
model: gpt-6-luna
reasoning_effort: none
base_url: {url}
in_flight: {in_flight}
timeout: 20
"""


def contexts(images: int) -> Iterator[ImageContext]:
    """Yield the bundled sample again and again, so that no two prompts agree."""
    with VisualGenome([resources.SAMPLE], captions=[resources.SAMPLE / "captions.json"]) as source:
        sample = list(source)
    for n in range(images):
        context = sample[n % len(sample)]
        captions = (*context.captions, f"A photo numbered {n}.")
        yield msgspec.structs.replace(context, image_id=n, captions=captions)


def start(folder: Path, url: str, *words: str) -> "subprocess.Popen[bytes]":
    """Start `svit generate` in the folder."""
    (folder / "config.yaml").write_text(CONFIG.format(url=url, in_flight=IN_FLIGHT))
    command = [sys.executable, "-m", "svit", "generate", "--config", "config.yaml", "--contexts", "c", "--run", "r"]
    environment = {**os.environ, "OPENAI_API_KEY": "none"}
    return subprocess.Popen([*command, *words], cwd=folder, env=environment, stderr=subprocess.DEVNULL)


# --- kills ---


def kills(runs: int, seed: int) -> bool:
    """Kill and continue so many runs, and return whether each came out whole."""
    chance = random.Random(seed)
    print(f"{runs} runs of {4 * IMAGES} requests, {IN_FLIGHT} in flight, killed at random (seed {seed})")
    with tempfile.TemporaryDirectory() as name:
        store = Path(name) / "c"
        build_store(store, contexts(IMAGES), origin="kills")
        faults = [fault for number in range(runs) for fault in killed_once(store, number, chance.random())]
    for fault in faults:
        print(f"  FAULT {fault}")
    print(f"  {runs} runs whole" if not faults else f"  {len(faults)} faults")
    return not faults


def killed_once(store: Path, number: int, chance: float) -> Iterator[str]:
    """Kill one run and continue it, and yield what is wrong with it after that."""
    with (
        tempfile.TemporaryDirectory() as name,
        running(SimulatorOptions(port=0, latency="lognormal:150ms,0.5", seed=number)) as server,
    ):
        folder = Path(name)
        (folder / "c").symlink_to(store)
        process = start(folder, server.url, "--task", "all")
        wait_for(server, 1)
        time.sleep(5 * chance)
        finished_before = process.poll() is not None
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(1)  # the simulator bills what was in flight
        billed = server.books()["billed"]
        kept = count(folder)
        code = start(folder, server.url, "--task", "all").wait()
        books = server.books()
        again, unknown = books["billed"] - count(folder), count(folder, "unknown")
        print(
            f"  run {number:2}: killed after {kept:3} replies; {unknown:2} under way by its own books; "
            f"{again:2} answers billed and not kept" + (" (it was done)" if finished_before else "")
        )
        if code not in (0, 1):
            yield f"run {number}: exit {code}"
        if again != billed - kept:
            yield f"run {number}: {again} were billed without being kept, and {billed - kept} by the kill"
        if again > unknown:
            yield f"run {number}: {again} were billed without being kept, and {unknown} were under way"
        if again > IN_FLIGHT + COMMITTING:
            yield f"run {number}: {again} were billed without being kept, with {IN_FLIGHT} in flight"
        yield from (f"run {number}: {fault}" for fault in torn(folder))


def torn(folder: Path) -> Iterator[str]:
    """Yield what is wrong with the shards: images lost or twice, lines torn."""
    for task in TASKS:
        ids = []
        for file in (folder / "r" / task).iterdir():
            if not file.name.endswith(".jsonl"):
                yield f"{file} was left behind"
            ids += [json.loads(line)["image_id"] for line in file.read_bytes().splitlines()]
        if sorted(ids) != list(range(IMAGES)):
            yield f"{task}: {len(ids)} lines about {len(set(ids))} images"


def count(folder: Path, table: str = "replies") -> int:
    """Return how many rows a table of the journal has."""
    if not (folder / "r" / "journal.db").exists():
        return 0
    database = sqlite3.connect(folder / "r" / "journal.db")
    try:
        return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    finally:
        database.close()


def wait_for(server: SimulatorProcess, requests: int) -> None:
    """Wait until the simulator was asked so many times."""
    while server.books()["requests"] < requests:
        time.sleep(0.01)


# --- resume ---


class Ready:
    """Answers at once, with what the offline writer makes of each of the sample's images."""

    def __init__(self) -> None:
        """Write all answers."""
        self._bodies = {
            (task.name, context.image): orjson.dumps(
                {
                    "choices": [{"message": {"content": task.write_offline(context, 0)}, "finish_reason": "stop"}],
                    "usage": {"prompt_tokens": 1500, "completion_tokens": 400},
                }
            )
            for task in TASKS.values()
            for context in contexts(8)
        }

    waits_for = ""

    async def complete(
        self,
        requests: AsyncIterator[Request],
        stopping: asyncio.Event | None = None,  # noqa: ARG002 - nothing is ever under way
    ) -> AsyncIterator[Reply]:
        """Yield one reply for each request."""
        async for request in requests:
            yield Reply(request, self._bodies[request.prompt.task, request.prompt.context.image])


def resume(finished: int) -> bool:
    """Measure a resume after so many finished requests, and return whether it kept to the bar."""
    images = finished // 4
    kept_to = True
    with (
        tempfile.TemporaryDirectory() as name,
        running(SimulatorOptions(port=0, answer="fixed:300", latency="1s")) as server,
    ):
        folder = Path(name)
        build_store(folder / "c", contexts(images + 1000), origin="resume")
        (folder / "config.yaml").write_text(CONFIG.format(url=server.url, in_flight=IN_FLIGHT))
        settings = read_config(folder / "config.yaml", {})
        todo = jobs(settings, chosen_tasks(["all"]))
        run = RunFolder(folder / "r")
        with run.locked(), ContextStore(folder / "c") as store, Journal(run.journal) as journal:
            generation = Generation(todo, store, journal, run, limit=images, spending=spending(settings))
            asyncio.run(generation.run(Ready()))
        for title, open_shards in (("whole shards", 0), ("the last 3 shards not published", 3)):
            took = [to_first_request(folder, server, images // 1000 - open_shards) for _ in range(3)]
            seconds = statistics.median(took)
            kept_to = kept_to and seconds <= RESUME_BAR
            print(
                f"{finished:,} finished requests, {title}: {seconds:.2f} s to the first request, median of "
                f"{', '.join(f'{each:.2f}' for each in took)} (bar: {RESUME_BAR:g})"
            )
    return kept_to


def to_first_request(folder: Path, server: SimulatorProcess, shards: int) -> float:
    """Return the seconds from starting svit to its first request, when so many shards of each task are published."""
    database = sqlite3.connect(folder / "r" / "journal.db")
    database.execute("DELETE FROM shards WHERE shard >= ?", [shards])
    database.commit()
    database.close()
    before = server.books()["requests"]
    began = time.perf_counter()
    process = start(folder, server.url, "--task", "all")
    wait_for(server, before + 1)
    seconds = time.perf_counter() - began
    process.send_signal(signal.SIGKILL)
    process.wait()
    return seconds


def main() -> None:
    """Run what is named, or both; exit 1 when something is not as it must be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("part", nargs="?", choices=("kills", "resume"))
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--finished", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    asked = parser.parse_args()
    held = [
        *([kills(asked.runs, asked.seed)] if asked.part != "resume" else []),
        *([resume(asked.finished)] if asked.part != "kills" else []),
    ]
    sys.exit(0 if all(held) else 1)


if __name__ == "__main__":
    main()
