"""The simulator in a process of its own, for tests and benchmarks."""

import http.client
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import msgspec
import orjson

from svit.simulate.simulator_options import SimulatorOptions

_PATIENCE = 30.0


class SimulatorProcess:
    """A simulator that runs in another process."""

    def __init__(self, process: "subprocess.Popen[str]", origin: str) -> None:
        """Keep the process and its address."""
        self.process = process
        self.origin = origin
        self.url = f"{origin}/v1"

    def books(self) -> dict[str, Any]:
        """Return what it has counted so far."""
        connection = http.client.HTTPConnection(urlsplit(self.origin).netloc, timeout=_PATIENCE)
        try:
            connection.request("GET", "/simulator/books")
            read: dict[str, Any] = orjson.loads(connection.getresponse().read())
        finally:
            connection.close()
        return read

    def stop(self, signal_number: int = signal.SIGTERM) -> int:
        """End it as a person would, and return its exit code."""
        self.process.send_signal(signal_number)
        return self.process.wait(_PATIENCE)


@contextmanager
def running(options: SimulatorOptions | None = None) -> Iterator[SimulatorProcess]:
    """Start a simulator, on a free port if the options name none, and end it after the block.

    It ends too when this process dies. Raises RuntimeError with its last words when it does not start.
    """
    options = options or SimulatorOptions(port=0)
    command = [sys.executable, "-m", "svit.simulate.standalone"]
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            process.stdin.write(f"{msgspec.json.encode(options).decode()}\n")
            process.stdin.flush()
            origin = process.stdout.readline().strip()
            if not origin:
                raise RuntimeError(process.stderr.read())
            yield SimulatorProcess(process, origin)
        finally:
            process.terminate()
            try:
                process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
