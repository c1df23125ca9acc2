"""Signals and deadlines at random moments, with few requests open, in good weather and bad: what a run comes to.

    python -m benchmarks.chaos [--runs 20] [--seed N]

Each run of `svit generate` has 1 to 4 requests open at an endpoint (`svit simulate` in a process of its own) that is
well, answers everything with 500, 429 or 401, or is not there. At a random moment it is killed, stopped for longer than
its timeout and continued, or meets its deadline. Then the endpoint is well, and the same command goes on to the end.
Held against the endpoint's own books: a run ends within 2 seconds of its deadline, with the exit code that is
documented; nothing is paid twice but what was open when it was killed; no image is lost and none is there twice.
"""

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kills import contexts, count
from svit.contexts.store import build_store
from svit.simulate.process import SimulatorProcess, running
from svit.simulate.simulator_options import SimulatorOptions

IMAGES = 16
TASK = "detail_description"
TIMEOUT = 4.0
LATENCY = "lognormal:400ms,0.5"
GRACE = 2.0
"""Seconds that a run may take to end after its deadline."""
AFTER_ALL = 120.0
"""Seconds after which a run that has no deadline is called hung."""
BEFALLS = ("SIGKILL", "SIGSTOP", "deadline")
WEATHER = ("well", "500", "429", "401", "down")
KEY = "right"
CONFIG = """
provider: openai
model: gpt-6-luna
reasoning_effort: none
base_url: http://127.0.0.1:{port}/v1
in_flight: {in_flight}
timeout: {timeout}
"""
_OPTIONS = {"well": {}, "500": {"faults": ("500=1",)}, "429": {"faults": ("429=1",)}, "401": {"key": "another"}}


@dataclass
class Trial:
    """What befalls one run: at which moment (seconds), with how many requests open, in which weather."""

    befalls: str
    weather: str
    in_flight: int
    moment: float

    @property
    def codes(self) -> set[int]:
        """The exit codes that are right for it."""
        if self.befalls == "SIGKILL":
            return {-signal.SIGKILL, *({4} if self.weather in ("401", "down") else set())}
        if self.weather == "well":
            return {0, 1} if self.befalls == "SIGSTOP" else {5}
        return {4} if self.weather == "401" and self.befalls == "SIGSTOP" else {4, 5}

    @property
    def deadline(self) -> float | None:
        """The seconds of its deadline; runs that would have no end have one too."""
        if self.befalls == "deadline":
            return self.moment
        return self.moment + TIMEOUT + 4 if self.weather != "well" and self.befalls == "SIGSTOP" else None

    def __str__(self) -> str:
        return f"{self.befalls:8} at {self.moment:3.1f} s, {self.in_flight} open, {self.weather:4}"


@dataclass
class Phase:
    """One run of the command: its exit code, the seconds, and how many seconds too late it ended."""

    code: int
    seconds: float
    late: float = 0.0


def drawn(runs: int, seed: int) -> list[Trial]:
    """Return what befalls so many runs: every pair in turn, half of them when all is well."""
    chance = random.Random(seed)
    pairs = [(befalls, weather) for weather in WEATHER[1:] for befalls in BEFALLS]
    chance.shuffle(pairs)
    trials = []
    for number in range(runs):
        befalls, weather = (BEFALLS[number // 2 % 3], "well") if number % 2 else pairs[number // 2 % len(pairs)]
        trials.append(Trial(befalls, weather, chance.randint(1, 4), chance.uniform(0.5, 3.0)))
    return trials


class Place:
    """A folder for a run and a port for its endpoint."""

    def __init__(self, folder: Path, trial: Trial, startup: float) -> None:
        """Write the config. `startup` is the seconds that a Python with svit takes to begin."""
        self.folder, self.trial, self.startup = folder, trial, startup
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        words = CONFIG.format(port=self.port, in_flight=trial.in_flight, timeout=TIMEOUT)
        (folder / "config.yaml").write_text(words)

    def start(self, *words: str) -> "subprocess.Popen[bytes]":
        """Start `svit generate`."""
        base = [sys.executable, "-m", "svit", "generate", "--config", "config.yaml", "--contexts", "c", "--run", "r"]
        environment = {**os.environ, "OPENAI_API_KEY": KEY, "SVIT_LEDGER": str(self.folder / "ledger.db")}
        with (self.folder / "talk").open("wb") as talk:
            command = [*base, "--task", TASK, *words]
            return subprocess.Popen(command, cwd=self.folder, env=environment, stdout=talk, stderr=talk)

    def endpoint(self, weather: str, seed: int) -> SimulatorOptions:
        """Return the options of an endpoint at the port."""
        return SimulatorOptions(port=self.port, latency=LATENCY, seed=seed, **_OPTIONS[weather])  # type: ignore[arg-type]

    def disturbed(self) -> Phase:
        """Run until what befalls it has befallen it and it has ended."""
        trial, began = self.trial, time.monotonic()
        deadline = trial.deadline
        process = self.start(*(() if deadline is None else ("--deadline", f"{deadline:.2f}s")))
        frozen = 0.0
        if trial.befalls != "deadline":
            wait_out(process, self.startup + trial.moment)
            if process.poll() is None:
                process.send_signal(getattr(signal, trial.befalls))
            if trial.befalls == "SIGSTOP":
                time.sleep(TIMEOUT + 1.5)
                frozen = time.monotonic() - began
                process.send_signal(signal.SIGCONT)
        until = max(began + (AFTER_ALL if deadline is None else deadline), began + frozen)
        return self.ended(process, began, until)

    def ended(self, process: "subprocess.Popen[bytes]", began: float, until: float) -> Phase:
        """Wait for the end, at most a minute after it is due."""
        try:
            code = process.wait(max(0.1, until + 60 - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            code = 124
        return Phase(code, time.monotonic() - began, max(0.0, time.monotonic() - until))


def wait_out(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    """Sleep so long, or until the process has ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        time.sleep(0.01)


def tried(store: Path, number: int, trial: Trial, startup: float) -> list[str]:
    """Try one run and return what is wrong with it."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as open_until_the_end:
        folder = Path(name)
        (folder / "c").symlink_to(store)
        place = Place(folder, trial, startup)
        billed = 0
        server: SimulatorProcess | None = None
        if trial.weather == "well":
            server = open_until_the_end.enter_context(running(place.endpoint("well", number)))
            first = place.disturbed()
            settled(server)
        elif trial.weather == "down":
            first = place.disturbed()
        else:
            with running(place.endpoint(trial.weather, number)) as failing:
                first = place.disturbed()
                settled(failing)
                billed = failing.books()["billed"]
        talk = (folder / "talk").read_text(errors="replace")
        lost_at_once = (server.books()["billed"] if server else billed) - answers(folder)
        rejected = refused_for_good(folder) if trial.weather != "well" else 0
        server = server or open_until_the_end.enter_context(running(place.endpoint("well", number)))
        began = time.monotonic()
        second = place.ended(place.start(), began, began + AFTER_ALL)
        settled(server)
        billed += server.books()["billed"]
        lost = billed - answers(folder)
        found = list(faults(folder, trial, first, second, lost_at_once, lost, rejected, talk))
    print(
        f"  {number + 1:2} {trial}: exit {first.code:3} after {first.seconds:4.1f} s, then {second.code}; "
        f"{billed:2} billed, {lost} of them not kept{''.join(f'; {fault}' for fault in found)}",
        flush=True,
    )
    return found


def faults(
    folder: Path, trial: Trial, first: Phase, second: Phase, at_once: int, lost: int, rejected: int, talk: str
) -> Iterator[str]:
    """Yield what is not as it must be. `at_once`, `lost`: answers billed and not kept."""
    if first.code not in trial.codes:
        yield f"exit {first.code}, not {' or '.join(map(str, sorted(trial.codes)))}"
    if first.late > GRACE:
        yield f"{first.late:.1f} s late"
    if "Traceback" in talk:
        yield "a traceback"
    if second.code not in (0, 1):
        yield f"exit {second.code} of the run that goes on"
    may_be_lost = trial.in_flight if trial.befalls != "SIGSTOP" else 0
    if lost > at_once:
        yield f"{lost - at_once} answers were lost after what befell it"
    if at_once > may_be_lost:
        yield f"{at_once} answers were billed and are lost, {may_be_lost} may be"
    if rejected:
        yield f"{rejected} images were rejected for good by an endpoint that was not well"
    ids = [json.loads(line)["image_id"] for file in shards(folder) for line in file.read_bytes().splitlines()]
    if sorted(ids) != list(range(IMAGES)):
        yield f"{len(ids)} lines about {len(set(ids))} of {IMAGES} images"
    if left := [
        file.name for file in (folder / "r" / TASK).iterdir() if ".partial." in file.name or file.suffix != ".jsonl"
    ]:
        yield f"{', '.join(left)} left behind"


def shards(folder: Path) -> list[Path]:
    """Return the files of the run."""
    return sorted((folder / "r" / TASK).glob("*.jsonl"))


def answers(folder: Path) -> int:
    """Return how many answers the journal holds, replies without one not counted."""
    return count(folder, "replies WHERE failure IS NULL")


def refused_for_good(folder: Path) -> int:
    """Return how many images have a rejection now."""
    return sum(len(file.read_bytes().splitlines()) for file in shards(folder) if ".rejected" in file.name)


def settled(server: SimulatorProcess) -> None:
    """Wait until the endpoint has billed what was open."""
    until = time.monotonic() + 20
    while server.books()["in_flight"] and time.monotonic() < until:
        time.sleep(0.05)


def seconds_to_begin() -> float:
    """Return how long a Python with svit takes to begin, the longest of three."""
    took = []
    for _ in range(3):
        began = time.monotonic()
        subprocess.run([sys.executable, "-c", "import svit.cli, svit.run.generation, svit.config"], check=True)
        took.append(time.monotonic() - began)
    return max(took)


def main() -> None:
    """Try so many runs; exit 1 when one is not as it must be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    asked = parser.parse_args()
    startup = seconds_to_begin()
    print(f"{asked.runs} runs of {IMAGES} images (seed {asked.seed}); a run takes {startup:.1f} s to begin")
    with tempfile.TemporaryDirectory() as name:
        store = Path(name) / "c"
        build_store(store, contexts(IMAGES), origin="chaos")
        trials = drawn(asked.runs, asked.seed)
        whole = sum(not tried(store, number, trial, startup) for number, trial in enumerate(trials))
    print(f"{whole} of {asked.runs} runs as they must be")
    sys.exit(0 if whole == asked.runs else 1)


if __name__ == "__main__":
    main()
