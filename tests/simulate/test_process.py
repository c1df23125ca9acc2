"""The simulator as a process: the one that tests start, and the one that people start."""

import http.client
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from svit.simulate.process import running
from svit.simulate.simulator_options import SimulatorOptions

BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "captions:\nA man rides a horse."}]})
COMMAND = [sys.executable, "-c", "import typer; from svit.cli.simulate import simulate; typer.run(simulate)"]


def ask(origin: str) -> int:
    connection = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=30)
    connection.request("POST", "/v1/chat/completions", BODY)
    status = connection.getresponse().status
    connection.close()
    return status


def test_it_runs_while_the_block_does() -> None:
    with running(SimulatorOptions(port=0, faults=("500=1",), fault_attempts=1)) as server:
        assert [ask(server.origin) for _ in range(2)] == [500, 200]
        books = server.books()
        assert (books["admitted"], books["billed"]) == (2, 1)
        assert list(books["bodies"].values()) == [[2, 1]]
    assert server.process.returncode == 0
    with pytest.raises(ConnectionRefusedError):
        ask(server.origin)


def test_the_key_is_not_in_the_list_of_processes() -> None:
    with running(SimulatorOptions(port=0, key="sk-canary")) as server:
        assert ask(server.origin) == 401
        assert b"sk-canary" not in Path(f"/proc/{server.process.pid}/cmdline").read_bytes()


@pytest.mark.parametrize(
    "options", [SimulatorOptions(port=0, faults=("x=1",)), SimulatorOptions(port=0, batch_faults=("x=1",))]
)
def test_why_it_does_not_start_is_said(options: SimulatorOptions) -> None:
    with pytest.raises(RuntimeError, match="There is no fault 'x'"), running(options):
        pass


def test_books_that_cannot_be_written_are_said_at_once() -> None:
    with (
        pytest.raises(RuntimeError, match="no such folder"),
        running(SimulatorOptions(port=0, books="/none/books.json")),
    ):
        pass


def test_it_ends_when_its_starter_is_killed() -> None:
    code = (
        "import time; from svit.simulate.process import running\n"
        "with running() as server: print(server.origin, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        origin = starter.stdout.readline().strip()
        assert ask(origin) == 200
        starter.kill()
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            ask(origin)
        except OSError:
            return
        time.sleep(0.05)
    pytest.fail("it is still there")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_people_are_told_the_address_and_find_the_books_at_the_end(tmp_path: Path, number: int) -> None:
    words = ["--port", "0", "--books", "books.json", "--rpm", "6k", "--tpm", "10M", "--fault", "no_usage=1"]
    words += ["--batch-time", "1s", "--batch-tokens", "2M", "--batch-fault", "lost=0.1", "--no-cache"]
    words += ["--context-window", "8192", "--cut-prompts", "4096"]
    with subprocess.Popen([*COMMAND, *words], cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        origin = line.removeprefix("listening on ").partition("/v1 ")[0]
        assert line.startswith("listening on http://127.0.0.1:")
        assert f"base_url: {origin}/v1" in line
        assert ask(origin) == 200
        process.send_signal(number)
        _, talk = process.communicate(timeout=30)
    assert (process.returncode, talk) == (0, "")
    books = json.loads((tmp_path / "books.json").read_text())
    assert books["kinds"]["no_usage"]["billed"] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["books.json"]


def test_the_help_names_every_fault() -> None:
    from svit.simulate.fault_injection import KINDS

    done = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True)
    assert not [kind for kind in KINDS if kind not in done.stdout]
