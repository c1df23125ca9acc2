"""The sockets, the clock and the signals around the endpoint."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from svit.errors import SvitError
from svit.records import ImageContext
from svit.simulate.answers import Write
from svit.simulate.endpoint import SimulatedEndpoint
from svit.simulate.http import ServerConnection
from svit.simulate.request_counts import RequestCounts
from svit.simulate.simulator_options import SimulatorOptions
from svit.system.event_loop import on_signals
from svit.system.operating_system import allow_open_files, open_files

if TYPE_CHECKING:
    from svit.tasks.base import Task

_BACKLOG = 4096
_PAUSE = 0.02
"""Seconds between two looks at the batches."""


@dataclass(frozen=True)
class Server:
    """A simulator that listens. `origin` is `http://127.0.0.1:PORT`, `url` what a client takes for its base_url."""

    origin: str
    books: RequestCounts

    @property
    def url(self) -> str:
        """The address of the API."""
        return f"{self.origin}/v1"


@asynccontextmanager
async def serving(options: SimulatorOptions, writers: Mapping[str, Write] | None = None) -> AsyncIterator[Server]:
    """Listen while the block runs, in this process. Without `writers` the tasks' own write.

    Raises SvitError for an option that is not in its form and for a port that cannot be had.
    """
    loop = asyncio.get_running_loop()
    endpoint = SimulatedEndpoint(options, task_writers() if writers is None else writers, loop.time())
    connections: set[ServerConnection] = set()

    def connection() -> ServerConnection:
        return ServerConnection(lambda request: endpoint.reply(request, loop.time()), connections, options.drip)

    try:
        listener = await loop.create_server(connection, options.host, options.port, backlog=_BACKLOG)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error
        raise SvitError(f"{options.host}:{options.port} cannot be listened on: {why}. Try another --port.") from error
    host, port = listener.sockets[0].getsockname()[:2]
    worker = asyncio.create_task(_go_on(endpoint))
    try:
        yield Server(f"http://{f'[{host}]' if ':' in host else host}:{port}", endpoint.books)
    finally:
        worker.cancel()
        listener.close()
        for each in list(connections):
            each.abort()
        with suppress(asyncio.CancelledError):
            await worker


async def _go_on(endpoint: SimulatedEndpoint) -> None:
    """Answer the lines of batches in between, a few at a time."""
    loop = asyncio.get_running_loop()
    while True:  # noqa: ASYNC110 - what it waits for is the time
        await asyncio.sleep(0 if endpoint.advance(loop.time()) else _PAUSE)


async def serve(
    options: SimulatorOptions, announce: Callable[[Server], None], stop: asyncio.Event | None = None
) -> None:
    """Listen until SIGTERM, SIGINT or `stop`; then write the books where the options say."""
    _refuse_missing_folder(options.books)
    loop = asyncio.get_running_loop()
    stop = stop or asyncio.Event()
    on_signals(loop, (signal.SIGTERM, signal.SIGINT), stop.set)
    # A shell's 1,024 open files are fewer than a run keeps in flight.
    allow_open_files(open_files()[1])
    async with serving(options) as server:
        announce(server)
        await stop.wait()
        if options.books:
            _write(Path(options.books), server.books)


def task_writers() -> dict[str, Write]:
    """Return the offline writers of all tasks."""
    from svit.tasks import TASKS

    def writer(task: "Task") -> Write:
        def write(context: ImageContext, seed: int, number: int | None) -> str:
            asked = task.asking_for(number) if number and task.counted else task
            return asked.write_offline(context, seed)

        return write

    return {name: writer(task) for name, task in TASKS.items()}


def _refuse_missing_folder(books: str | None) -> None:
    if books and not Path(books).absolute().parent.is_dir():
        raise SvitError(f"{books}: there is no such folder to write the books to.")


def _write(path: Path, books: RequestCounts) -> None:
    beside = path.with_name(f"{path.name}.part")
    try:
        beside.write_bytes(orjson.dumps(books.report(), option=orjson.OPT_INDENT_2))
        beside.replace(path)
    except OSError as error:
        raise SvitError(f"{path}: the books cannot be written: {error.strerror}.") from error
