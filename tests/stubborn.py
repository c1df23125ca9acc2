"""python stubborn.py KIND WORDS...: svit, with a provider, a journal or a loop that does not do what it should.

What goes wrong is put in where svit reads its config or opens its journal; all else is as it is. A standstill is
noticed after two seconds here.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from svit.cli import main, session, watchdog
from svit.providers.base import Reply, Request
from svit.providers.offline import OfflineProvider
from svit.run.journal import Journal
from svit.run.journal_file import Change
from svit.setup import chosen_provider
from svit.tasks import TASKS

ANSWERED = 3
"""Requests that are answered before anything goes wrong."""


class Stubborn:
    """Answers three requests, and then does what its subclass does."""

    waits_for = ""

    def __init__(self) -> None:
        """Be ready to answer as the offline provider does."""
        self._offline = OfflineProvider({task.name: task.write_offline for task in TASKS.values()})

    async def complete(
        self, requests: AsyncIterator[Request], stopping: asyncio.Event | None = None
    ) -> AsyncIterator[Reply]:
        """Yield three replies, and then what `go_on` yields."""

        async def few() -> AsyncIterator[Request]:
            for _ in range(ANSWERED):
                yield await anext(requests)

        async for reply in self._offline.complete(few()):
            yield reply
        assert stopping is not None
        async for reply in self.go_on(requests, stopping):
            yield reply

    async def go_on(self, requests: AsyncIterator[Request], stopping: asyncio.Event) -> AsyncIterator[Reply]:
        """Go wrong."""
        raise NotImplementedError
        yield


class Loses(Stubborn):
    """Pulls a request and forgets it."""

    async def go_on(self, requests: AsyncIterator[Request], stopping: asyncio.Event) -> AsyncIterator[Reply]:
        await anext(requests)
        async for reply in self._offline.complete(requests, stopping):
            yield reply
        await asyncio.Event().wait()


class NeverPulls(Stubborn):
    """Waits for nothing in particular."""

    async def go_on(self, requests: AsyncIterator[Request], stopping: asyncio.Event) -> AsyncIterator[Reply]:
        await asyncio.Event().wait()
        async for reply in self._offline.complete(requests, stopping):
            yield reply


class EndsEarly(Stubborn):
    """Takes three answers for all of them."""

    async def go_on(self, requests: AsyncIterator[Request], stopping: asyncio.Event) -> AsyncIterator[Reply]:
        return
        yield


class IsStoppedAtLast(Stubborn):
    """Is interrupted when all is answered, and nothing is left but to say so."""

    async def go_on(self, requests: AsyncIterator[Request], stopping: asyncio.Event) -> AsyncIterator[Reply]:
        async for reply in self._offline.complete(requests, stopping):
            yield reply
        os.kill(os.getpid(), signal.SIGTERM)
        await stopping.wait()


class Waits(Stubborn):
    """Waits for an answer that does not come."""

    async def go_on(self, requests: AsyncIterator[Request], stopping: asyncio.Event) -> AsyncIterator[Reply]:
        await anext(requests)
        self.waits_for = "1 answer"
        await asyncio.Event().wait()
        async for reply in self._offline.complete(requests, stopping):
            yield reply


class Clings(Waits):
    """Does not let itself be closed either."""

    async def go_on(self, requests: AsyncIterator[Request], stopping: asyncio.Event) -> AsyncIterator[Reply]:
        while True:
            try:
                async for reply in super().go_on(requests, stopping):
                    yield reply
            except (asyncio.CancelledError, RuntimeError):
                await asyncio.sleep(0.05)


class Blocks(Stubborn):
    """Holds the event loop."""

    async def go_on(self, requests: AsyncIterator[Request], stopping: asyncio.Event) -> AsyncIterator[Reply]:
        await asyncio.sleep(0.3)
        time.sleep(60)  # noqa: ASYNC251 - that is what is wrong with it
        async for reply in self._offline.complete(requests, stopping):
            yield reply


def slow(commit: Callable[[Journal, Iterable[Change]], None]) -> Callable[[Journal, Iterable[Change]], None]:
    """Return a commit that takes a minute once there are replies to write."""

    def slowly(journal: Journal, changes: Iterable[Change]) -> None:
        changes = list(changes)
        if any("INTO replies" in statement for change in changes for statement, _ in change):
            time.sleep(60)
        commit(journal, changes)

    return slowly


def _offline(*_: Any) -> OfflineProvider:
    return OfflineProvider({task.name: task.write_offline for task in TASKS.values()})


if __name__ == "__main__":
    kind = sys.argv[1]
    if kind == "SlowJournal":
        setattr(Journal, "commit", slow(Journal.commit))  # noqa: B010 - mypy knows that it is a method
        setattr(chosen_provider, "provider", _offline)  # noqa: B010
    else:
        setattr(chosen_provider, "provider", lambda *_: globals()[kind]())  # noqa: B010
    session._STALLED = 2.0
    watchdog.STANDSTILL = 2.0
    sys.argv = ["svit", *sys.argv[2:]]
    main()
