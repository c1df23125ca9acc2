"""Writing to a journal beside the event loop: what comes in within a few milliseconds is one transaction."""

import asyncio
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

from svit.journal import Change, Journal

GATHERED = 0.01
"""Seconds that a transaction waits for company. A commit to a disk costs about as much, whatever is in it."""

_Making = Callable[[], Change]
_Entry = tuple[_Making, "asyncio.Future[None] | None"]


class GroupCommit:
    """A thread that writes to the journal, in the order in which it was told to.

    After an error nothing more is written: the error comes out of every future, and of `close`.
    """

    def __init__(self, journal: Journal, gathering: Callable[[], float] = lambda: GATHERED) -> None:
        """Start the thread. Only within a running event loop. `gathering` is asked how many seconds to wait."""
        self._journal = journal
        self._gathering = gathering
        self._loop = asyncio.get_running_loop()
        self._entries: SimpleQueue[_Entry | None] = SimpleQueue()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def written(self, change: _Making) -> "asyncio.Future[None]":
        """Have a change written, and return a future that is done once it is on the disk."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._entries.put((change, done))
        return done

    def write(self, change: _Making) -> None:
        """Have a change written with the next ones, and do not wait for it."""
        self._entries.put((change, None))

    def close(self) -> None:
        """Write what is left and end the thread. Raises what went wrong while writing."""
        self._entries.put(None)
        self._thread.join()
        if self._error:
            raise self._error

    def _work(self) -> None:
        last = False
        while not last:
            group = [self._entries.get()]
            if group[0] is not None:
                time.sleep(self._gathering())
            while not self._entries.empty():
                group.append(self._entries.get())
            entries = [entry for entry in group if entry is not None]
            last = len(entries) < len(group)
            if entries:
                self._commit(entries)

    def _commit(self, entries: list[_Entry]) -> None:
        if self._error is None:
            try:
                self._journal.commit([change() for change, _ in entries])
            except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
                self._error = error
        waiting = [done for _, done in entries if done is not None]
        if waiting:
            self._loop.call_soon_threadsafe(_settle, waiting, self._error)


def _settle(waiting: "list[asyncio.Future[None]]", error: BaseException | None) -> None:
    for done in waiting:
        if done.done():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
