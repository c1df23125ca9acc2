"""The gate on event loops that hand out what they like, and with a clock that is read late."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from svit.providers.admission import Admission
from svit.providers.limits import CircuitBreaker, RateLimit


class Plain:
    """What `call_at` of uvloop returns for a time that has come: it can be cancelled, and that is all."""

    _source_traceback = None  # asyncio's own call_later looks for it

    def __init__(self, handle: asyncio.Handle) -> None:
        self._handle = handle

    def cancel(self) -> None:
        self._handle.cancel()


class Sparing(asyncio.SelectorEventLoop):
    """Hands out no timers, as far as anybody can tell."""

    def call_at(self, *args: Any, **more: Any) -> Any:  # type: ignore[override]
        return Plain(super().call_at(*args, **more))


async def pass_through(limits: RateLimit, number: int, late: float) -> int:
    def slow() -> None:
        time.sleep(late)

    gate = Admission(limits, CircuitBreaker(), lambda _: None, slow)

    async def one() -> None:
        ticket = await gate.turn(1)
        assert ticket
        await asyncio.sleep(0)
        gate.settle(ticket, 1)

    await asyncio.wait_for(asyncio.gather(*(one() for _ in range(number))), 20)
    return gate.waiting


@pytest.mark.parametrize("loop", ["asyncio", "uvloop", "sparing"])
@pytest.mark.parametrize("late", [0.0, 0.003])
def test_turns_come_on_any_event_loop_however_late_it_is(loop: str, late: float) -> None:
    """Fails with a bell that is asked for its time: exit 70 in long runs at thousands of requests a minute."""
    import uvloop

    factories: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
        "asyncio": asyncio.SelectorEventLoop,
        "uvloop": uvloop.new_event_loop,
        "sparing": Sparing,
    }
    with asyncio.Runner(loop_factory=factories[loop]) as runner:
        assert runner.run(pass_through(RateLimit(rpm=20_000), 300, late)) == 0
