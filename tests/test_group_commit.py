"""The journal's thread: whatever goes wrong in it is heard of, and nobody waits for it in vain."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path

import pytest

from svit.errors import StorageError
from svit.run.journal import Journal
from svit.run.journal_file import Change
from svit.run.journal_writer import JournalWriter


def within(seconds: float, doing: Coroutine[None, None, None]) -> None:
    asyncio.run(asyncio.wait_for(doing, seconds))


def template(number: int) -> Change:
    return [("INSERT INTO templates VALUES (?, ?)", [(str(number), "text")])]


def out_of_memory() -> Change:
    raise MemoryError


def no_such_table() -> Change:
    return [("INSERT INTO nothing VALUES (1)", [()])]


def unlike_any_error() -> Change:
    raise SystemExit(3)


def test_what_is_written_is_on_the_disk_in_order_and_what_is_left_is_written_at_the_end(tmp_path: Path) -> None:
    async def some(journal: Journal) -> None:
        writing = JournalWriter(journal)
        writing.start()
        await writing.written(lambda: template(1))
        assert journal.template("1") == "text"
        for number in range(2, 50):
            writing.write(partial(template, number))
        await writing.close()
        assert journal.template("49") == "text"

    with Journal(tmp_path / "journal.db") as journal:
        within(10, some(journal))


@pytest.mark.parametrize("change", [out_of_memory, no_such_table, unlike_any_error])
def test_an_error_comes_out_of_every_future_and_of_the_end(tmp_path: Path, change: Callable[[], Change]) -> None:
    async def failing(journal: Journal) -> None:
        writing = JournalWriter(journal)
        writing.start()
        writing.write(change)
        for number in (1, 2, 3):
            with pytest.raises((StorageError, MemoryError, SystemExit)) as seen:
                await writing.written(partial(template, number))
        with pytest.raises(type(seen.value)):
            await writing.close()
        with pytest.raises(type(seen.value)):
            await writing.close()
        assert journal.template("3") is None

    with Journal(tmp_path / "journal.db") as journal:
        within(10, failing(journal))


def test_what_waits_when_the_thread_dies_is_told(tmp_path: Path) -> None:
    """The error is in what is asked how long to wait: nothing that was given to write is to blame."""
    gathered = 0

    def gathering() -> float:
        nonlocal gathered
        gathered += 1
        if gathered == 2:
            raise ZeroDivisionError
        return 0.2

    async def dying(journal: Journal) -> None:
        writing = JournalWriter(journal, gathering)
        writing.start()
        await writing.written(lambda: template(1))
        waiting = [writing.written(partial(template, number)) for number in (2, 3)]
        for future in waiting:
            with pytest.raises(ZeroDivisionError):
                await future
        afterwards = writing.written(lambda: template(4))
        assert afterwards.done(), "it fails at once"
        assert isinstance(afterwards.exception(), ZeroDivisionError)
        with pytest.raises(ZeroDivisionError):
            await writing.close()

    with Journal(tmp_path / "journal.db") as journal:
        within(10, dying(journal))


def test_nothing_is_taken_for_written_after_the_end(tmp_path: Path) -> None:
    async def late(journal: Journal) -> None:
        writing = JournalWriter(journal)
        writing.start()
        await writing.close()
        with pytest.raises(RuntimeError, match="the journal's thread has ended"):
            await writing.written(lambda: template(1))

    with Journal(tmp_path / "journal.db") as journal:
        within(10, late(journal))


def test_a_loop_that_is_closed_ends_the_thread_without_a_word(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async def leaving(journal: Journal) -> JournalWriter:
        writing = JournalWriter(journal, lambda: 0.2)
        writing.start()
        writing.written(lambda: template(1))
        writing._entries.put(None)
        return writing

    with Journal(tmp_path / "journal.db") as journal:
        writing = asyncio.run(leaving(journal))
        writing._thread.join(10)
        assert not writing._thread.is_alive()
        assert journal.template("1") == "text"
    assert capfd.readouterr().err == ""


def test_the_loop_goes_on_while_the_end_waits_for_a_slow_disk(tmp_path: Path) -> None:
    async def slow(journal: Journal) -> None:
        writing = JournalWriter(journal, lambda: 0.5)
        writing.start()
        writing.write(lambda: template(1))
        ending = asyncio.ensure_future(writing.close())
        for _ in range(10):
            await asyncio.sleep(0.02)
        assert not ending.done()
        await ending

    with Journal(tmp_path / "journal.db") as journal:
        within(10, slow(journal))
