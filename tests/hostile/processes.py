"""Many runs of the command line, each in a process of its own, forked from one that has everything imported.

A fresh `svit` spends a second on its imports; a forked one begins at once, and is the same in all else: its own
signals, exit code, files and standard error. Run as a script this file is the process that forks. It reads a line of
JSON for each run, {"number", "words", "folder"} or {"number", "signal"}, and writes {"number", "code", "seconds"}.
"""

import asyncio
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

_IMPORTED = (
    *(
        "svit.cli",
        "svit.cli.run_execution",
        "svit.config",
        "svit.run.generation",
        "svit.cost.ledger",
        "svit.run.journal",
        "svit.prompting.tokens",
    ),
    *("svit.providers.openai.online", "openai", "uvloop", "svit.contexts.sources.visual_genome"),
)
_TALK = "talk"


class Ended(NamedTuple):
    """How a run ended: its exit code, negative for a signal, the seconds that it took and what it said."""

    code: int
    seconds: float
    talk: str


class Forks:
    """The process that forks."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Keep it."""
        self._process = process
        self._runs: dict[int, asyncio.Future[dict[str, float]]] = {}
        self._last = 0

    async def svit(self, folder: Path, *words: str, patience: float) -> Ended:
        """Run svit in the folder and return how it ended. After `patience` seconds it is killed: -9."""
        self._last += 1
        number = self._last
        self._runs[number] = asyncio.get_running_loop().create_future()
        self._say({"number": number, "words": words, "folder": str(folder)})
        try:
            async with asyncio.timeout(patience):
                ended = await asyncio.shield(self._runs[number])
        except TimeoutError:
            self._say({"number": number, "signal": signal.SIGKILL})
            ended = await self._runs[number]
        return Ended(int(ended["code"]), ended["seconds"], (folder / _TALK).read_text(errors="replace"))

    def _say(self, line: dict[str, object]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(line).encode() + b"\n")

    async def listen(self) -> None:
        """Take in what ended until the process is gone."""
        assert self._process.stdout
        while line := await self._process.stdout.readline():
            said = json.loads(line)
            self._runs[said["number"]].set_result(said)


@asynccontextmanager
async def forks(environment: dict[str, str]) -> AsyncIterator[Forks]:
    """Start the process that forks; it and all of its children are gone after the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    forking = Forks(process)
    listening = asyncio.create_task(forking.listen())
    try:
        yield forking
    finally:
        assert process.stdin
        process.stdin.close()
        await process.wait()
        await listening


def _child(words: Sequence[str], folder: str) -> int:
    """Become svit. Never returns to the loop that forked it."""
    os.chdir(folder)
    talk = os.open(_TALK, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for number in (1, 2):
        os.dup2(talk, number)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    sys.argv = ["svit", *words]
    try:
        importlib.import_module("svit.cli").main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


def _fork(words: Sequence[str], folder: str) -> int:
    child = os.fork()
    if child == 0:
        code = 99
        try:
            code = _child(words, folder)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    return child


def _warm() -> None:
    """Have the tables read that all runs share: prices, models, words of English."""
    with tempfile.TemporaryDirectory() as folder:
        words = ["generate", "--task", "detail_description", "--limit", "2", "--quiet", "--run", f"{folder}/r"]
        with contextlib.suppress(SystemExit):
            importlib.import_module("svit.cli").app(words)
        config = importlib.import_module("svit.config")
        (Path(folder) / "c").write_text("provider: openai\nmodel: gpt-6-luna\nreasoning_effort: none\n")
        settings = config.read_config(Path(folder) / "c", {})
        chosen = importlib.import_module("svit.tasks").chosen_tasks(["all"])
        jobs = importlib.import_module("svit.setup.task_jobs").jobs(settings, chosen)
        importlib.import_module("svit.setup.chosen_provider").check_requests(settings, jobs)
        importlib.import_module("svit.setup.run_spending").spending(settings)


def _ended(under_way: dict[int, tuple[int, float]]) -> None:
    """Tell of each run that has ended."""
    for process in list(under_way):
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            number, began = under_way.pop(process)
            code = os.waitstatus_to_exitcode(status)
            said = {"number": number, "code": code, "seconds": time.monotonic() - began}
            os.write(1, json.dumps(said).encode() + b"\n")


def _heeded(line: dict[str, Any], under_way: dict[int, tuple[int, float]]) -> None:
    """Start a run, or signal one."""
    if "words" in line:
        under_way[_fork(line["words"], line["folder"])] = line["number"], time.monotonic()
    for process, (number, _) in under_way.items():
        if "signal" in line and number == line["number"]:
            os.kill(process, line["signal"])


def _main() -> None:
    for name in _IMPORTED:
        importlib.import_module(name)
    _warm()
    gc.collect()
    gc.freeze()
    under_way: dict[int, tuple[int, float]] = {}  # process -> number of the run, begin
    rest = b""
    while True:
        if select.select([0], [], [], 0.01 if under_way else None)[0]:
            read = os.read(0, 65536)
            if not read:
                break
            *lines, rest = (rest + read).split(b"\n")
            for line in lines:
                _heeded(json.loads(line), under_way)
        _ended(under_way)
    for process in under_way:
        os.kill(process, signal.SIGKILL)


if __name__ == "__main__":
    _main()
