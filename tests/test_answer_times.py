"""Whether one more answer can be awaited before the deadline, and that a request leaves by what is known then."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from svit.contexts.store import ContextStore, build_store
from svit.providers.base import Reply, Request
from svit.run.answer_times import AnswerTimes
from svit.run.folder import RunFolder
from svit.run.generation import Generation
from svit.run.journal import Journal
from test_pipeline import body, image, job


@pytest.mark.parametrize(
    ("took", "now", "late"),
    [
        ([], 99.0, False),
        ([], 99.8, True),
        ([10.0], 80.0, False),
        ([10.0, 1.0], 89.0, True),
        ([135.0], 0.0, True),
        ([50.0, *[1.0] * 64], 90.0, False),
    ],
)
def test_it_is_too_late_when_the_slowest_of_late_would_come_too_late(took: list[float], now: float, late: bool) -> None:
    times = AnswerTimes(100.0)
    for seconds in took:
        times.add(seconds)
    assert times.too_late(now) is late
    assert times.is_late is late


def test_without_a_deadline_it_is_never_too_late_and_once_late_is_late() -> None:
    assert not AnswerTimes().too_late(1e9)
    times = AnswerTimes(10.0)
    assert times.too_late(10.0)
    assert times.too_late(0.0)


def test_what_leaves_in_the_place_of_the_first_answer_knows_how_long_that_took(tmp_path: Path) -> None:
    class TwoPlaces:
        waits_for = ""

        async def complete(
            self, requests: AsyncIterator[Request], stopping: asyncio.Event | None = None
        ) -> AsyncIterator[Reply]:
            async for request in requests:
                pulled.append(request)
                yield Reply(request, body("good"), took=60.0)

    pulled: list[Request] = []
    build_store(tmp_path / "some", (image(n) for n in range(1, 6)), origin="test")
    with ContextStore(tmp_path / "some") as contexts, Journal(tmp_path / "journal.db") as journal:
        deadline = time.monotonic() + 30
        generation = Generation([job()], contexts, journal, RunFolder(tmp_path), deadline=deadline)
        asyncio.run(asyncio.wait_for(generation.run(TwoPlaces()), 30))
    assert len(pulled) == 1
    assert generation.is_late
    assert not generation.is_done
