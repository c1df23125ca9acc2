"""Writing to a journal beside the event loop: what comes in within a few milliseconds is one transaction."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from svit.run.journal import Journal
from svit.run.journal_file import Change

GATHERED = 0.01
"""Seconds that a transaction waits for company. A commit to a disk costs about as much, whatever is in it."""

_Making = Callable[[], Change]
_Entry = tuple[_Making, "asyncio.Future[None] | None"]


class JournalWriter:
    """A thread that writes to the journal, in the order in which it was told to.

    After an error, wherever in the thread, nothing more is written: the error comes out of every future, also of those
    that are made afterwards, and of `close`.
    """

    def __init__(self, journal: Journal, gathering: Callable[[], float] = lambda: GATHERED) -> None:
        """Write nothing before `start`. `gathering` is asked how many seconds to wait."""
        self._journal = journal
        self._gathering = gathering
        self._entries: SimpleQueue[_Entry | None] = SimpleQueue()
        self._group: list[_Entry | None] = []
        self._error: BaseException | None = None
        self.is_committing = False
        """Whether SQLite has the word: the disk is slow, or another process holds the database."""

    def start(self) -> None:
        """Start the thread. Only within a running event loop."""
        self._loop = asyncio.get_running_loop()
        self._ended = self._loop.create_future()
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    def written(self, change: _Making) -> "asyncio.Future[None]":
        """Have a change written, and return a future that is done once it is on the disk."""
        done: asyncio.Future[None] = self._loop.create_future()
        if self._ended.done():
            _settle([done], self._error or _closed())
        else:
            self._entries.put((change, done))
        return done

    def write(self, change: _Making) -> None:
        """Have a change written with the next ones, and do not wait for it."""
        self._entries.put((change, None))

    async def close(self) -> None:
        """Write what is left and end the thread. Raises what went wrong while writing."""
        self._entries.put(None)
        await asyncio.shield(self._ended)
        if self._error:
            raise self._error

    def _work(self) -> None:
        try:
            while None not in self._group:
                self._gather()
                self._commit()
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            self._error = error
        self._tell(self._end)

    def _gather(self) -> None:
        """Wait for something to write, and a little for its company."""
        self._group = [self._entries.get()]
        if self._group[0] is not None:
            time.sleep(self._gathering())
        while not self._entries.empty():
            self._group.append(self._entries.get())

    def _commit(self) -> None:
        entries = [entry for entry in self._group if entry is not None]
        if not entries:
            return
        changes = [change() for change, _ in entries]
        self.is_committing = True
        try:
            self._journal.commit(changes)
        finally:
            self.is_committing = False
        waiting = [done for _, done in entries if done is not None]
        if waiting:
            self._tell(lambda: _settle(waiting, None))

    def _tell(self, call: Callable[[], None]) -> None:
        """Have the event loop make the call. Where the loop is closed nobody waits any more."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call)

    def _end(self) -> None:
        """Let nobody wait for what is not written any more."""
        left = list(self._group)
        with contextlib.suppress(Empty):
            while True:
                left.append(self._entries.get_nowait())
        _settle([entry[1] for entry in left if entry is not None and entry[1] is not None], self._error or _closed())
        if not self._ended.done():
            self._ended.set_result(None)


def _closed() -> BaseException:
    return RuntimeError("the journal's thread has ended; nothing more is written")


def _settle(waiting: "list[asyncio.Future[None]]", error: BaseException | None) -> None:
    for done in waiting:
        if done.done():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
            done.exception()  # whoever waits gets it; asyncio need not complain where nobody does any more
