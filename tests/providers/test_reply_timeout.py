"""A process that slept for longer than `timeout` reads what lies in its sockets before it calls requests lost."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

from served import Clock, Run, Server, completion, well
from svit.providers.base import Failure
from svit.providers.openai.reply_timeout import ReplyTimeout

ROOT = Path(__file__).parents[2]
_ASKING = """
import asyncio, sys, uvloop
sys.path.insert(0, "tests")
from served import Run, Server, well
run = Run(Server(well), window=100, timeout=2.0)
factory = uvloop.new_event_loop if sys.argv[2] == "uvloop" else None
with asyncio.Runner(loop_factory=factory) as runner:
    runner.run(asyncio.wait_for(run.against(sys.argv[1], 100), 60))
print(run.codes.count("ok"), sorted(set(run.codes)))
"""


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_process_that_slept_reads_its_replies_and_pays_for_none_twice(loop: str) -> None:
    """Each reply is more than the sockets hold: the rest of it comes only once the first part is read."""

    async def some() -> str:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, backlog=400)
        origin = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _ASKING, origin, loop, stdout=subprocess.PIPE, cwd=ROOT
        )
        try:
            await asyncio.wait_for(all_asked.wait(), 40)
            process.send_signal(signal.SIGSTOP)
            answer.set()
            await asyncio.sleep(3.5)
            process.send_signal(signal.SIGCONT)
            said, _ = await asyncio.wait_for(process.communicate(), 30)
        finally:
            if process.returncode is None:
                process.kill()
            listening.close()
        return said.decode().strip()

    answer, all_asked = asyncio.Event(), asyncio.Event()
    server = Server(lambda _: (200, {}, completion().replace(b"{", b'{"pad": "%b", ' % (b"x" * 300_000), 1)))

    async def once_asleep(_: int) -> None:
        if len(server.lines) == 100:
            all_asked.set()
        await answer.wait()

    server.before = once_asleep
    assert asyncio.run(asyncio.wait_for(some(), 60)) == "100 ['ok']"
    assert len(server.lines) == 100


def test_a_reply_that_does_not_come_is_lost_in_time() -> None:
    run, clock = Run(Server(well), timeout=0.5, closed=True), Clock()
    run.server.delay = lambda n: 5.0 if n == 1 else 0.0
    run.of(3)
    assert run.codes.count("timeout") == 1
    assert clock.seconds < 2.5
    (failure,) = [each for each in run.outcomes if isinstance(each, Failure)]
    assert (failure.free, failure.words) == (False, "no answer within 0.5 s")


def on(factory: Callable[[], asyncio.AbstractEventLoop] | None, seconds: float, drips: float, sleeps: float) -> float:
    """Return after how long a timeout fires, where bytes come every so often, and everything sleeps at first."""

    async def some() -> None:
        async with ReplyTimeout(seconds) as bound:
            await asyncio.sleep(0)
            time.sleep(sleeps)  # noqa: ASYNC251 - nothing runs: as if the process slept
            while True:
                await asyncio.sleep(drips)
                bound.heard()

    clock = Clock()
    with asyncio.Runner(loop_factory=factory) as runner, pytest.raises(TimeoutError):
        runner.run(asyncio.wait_for(some(), 20))
    return clock.seconds


@pytest.mark.parametrize("factory", [None, uvloop.new_event_loop])
@pytest.mark.parametrize(
    ("drips", "sleeps", "least", "most"),
    [
        (60.0, 0.0, 0.5, 0.9),  # nothing comes
        (0.1, 0.0, 0.5, 0.9),  # a dripping reply is not waited for
        (60.0, 1.5, 2.0, 2.6),  # slept, and nothing comes: the grace alone
        (0.1, 1.5, 2.0, 2.6),  # slept, and bytes come: as long again as the timeout at most
    ],
)
def test_the_grace_is_bounded(
    factory: Callable[[], asyncio.AbstractEventLoop] | None, drips: float, sleeps: float, least: float, most: float
) -> None:
    assert least <= on(factory, 0.5, drips, sleeps) <= most


def test_it_costs_nothing_when_the_reply_comes_in_time() -> None:
    assert Run(Server(well), timeout=0.5).of(20) == [completion()] * 20


def test_a_cancellation_from_outside_stays_one() -> None:
    async def some() -> None:
        async def waiting() -> None:
            async with ReplyTimeout(5.0):
                await asyncio.sleep(10)

        task = asyncio.create_task(waiting())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(some())
