"""However few requests are open, and whatever breaks, `complete` ends: nothing waits for what never comes."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from served import Clock, Run, Server, completion, error, request, well
from svit.errors import ProviderRefusesError, SvitError
from svit.providers.base import NOT_ASKED, Failure, Reply, Request
from svit.providers.limits import CircuitBreaker, PromptTokens, RateLimit
from svit.records import Prompt

Said = tuple[int, dict[str, str], bytes]


@pytest.mark.parametrize("window", [1, 2, 64])
@pytest.mark.parametrize("number", [1, 2, 3, 20])
@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "invalid_api_key"), (403, "no_access"), (404, "model_not_found"), (429, "insufficient_quota")],
)
def test_a_refusal_ends_the_run_however_few_are_open(status: int, code: str, number: int, window: int) -> None:
    run, clock = Run(Server(lambda _: (status, {}, error(code))), window=window), Clock()
    with pytest.raises(ProviderRefusesError, match=f"HTTP {status}: why"):
        run.of(number)
    assert clock.seconds < 5
    assert [reply.outcome.code for reply in run.replies if isinstance(reply.outcome, Failure)] == [
        NOT_ASKED
    ] * run.pulled


def test_what_is_in_the_air_when_a_refusal_comes_is_awaited() -> None:
    async def some() -> None:
        await run.all(2)

    run = Run(Server(lambda n: (200, {}, completion()) if n == 0 else (401, {}, error("invalid_api_key"))))
    run.server.delay = lambda n: 0.4 if n == 0 else 0.0
    with pytest.raises(ProviderRefusesError):
        asyncio.run(asyncio.wait_for(some(), 20))
    assert sorted(run.codes) == [NOT_ASKED, "ok"], "it is paid for"


class BrokenError(Exception):
    pass


def broken(_: Prompt) -> Any:
    raise BrokenError


def unlikely(_: Prompt) -> Any:
    raise SvitError("m: 'temperature' is not accepted.")


@pytest.mark.parametrize("number", [1, 2, 20])
@pytest.mark.parametrize(
    ("settings", "raised"),
    [
        ({"tokens": broken}, BrokenError),
        ({"body": broken}, BrokenError),
        ({"body": unlikely}, SvitError),
        ({"body": lambda _: {"text": "\ud800"}}, TypeError),
        ({"body": lambda _: {"number": 2**70}}, TypeError),
        ({"key": "sk-with-a-line-end\n"}, SvitError),
        ({"key": "sk-\u200bzero-width"}, SvitError),
        ({"key": "sk-\rreturn"}, SvitError),
    ],
)
def test_an_exception_in_a_request_is_raised_and_nothing_hangs(
    settings: dict[str, Any], raised: type[Exception], number: int
) -> None:
    run, clock = Run(Server(well), **settings), Clock()
    with pytest.raises(raised) as told:
        run.of(number)
    assert clock.seconds < 5
    assert run.server.lines == []
    assert set(run.codes) <= {NOT_ASKED}, "what never left costs nothing"
    assert "sk-" not in str(told.value)


@pytest.mark.parametrize("number", [1, 2, 20])
def test_an_exception_after_an_answer_came_ends_the_run_too(number: int) -> None:
    """No reply tells the requests' source of it: it would wait for ever."""

    class Breaking(PromptTokens):
        def learn(self, estimate: int, reported: int) -> None:
            raise BrokenError

    run, clock = Run(Server(well), sizes=Breaking()), Clock()
    with pytest.raises(BrokenError):
        run.of(number)
    assert clock.seconds < 5


def test_an_exception_in_one_of_many_lets_the_others_be_answered() -> None:
    def sometimes(prompt: Prompt) -> dict[str, object]:
        if prompt.context.image_id == 5:
            raise BrokenError
        return {"n": 1}

    run = Run(Server(well), body=sometimes)
    run.server.delay = lambda _: 0.2
    with pytest.raises(BrokenError):
        run.of(50)
    assert run.codes.count("ok") >= 5
    assert len(run.replies) == run.pulled


@pytest.mark.parametrize("after", [0, 3])
def test_an_error_in_the_requests_themselves_is_raised(after: int) -> None:
    class Breaking(Run):
        async def requests(self, number: int) -> AsyncIterator[Request]:
            for n in range(after):
                yield request(n)
            raise BrokenError

    run = Breaking(Server(well))
    with pytest.raises(BrokenError):
        run.of(after)
    assert run.codes == ["ok"] * after


# --- stopping ---


def open_at_once() -> CircuitBreaker:
    return CircuitBreaker(failures=1, after=0.0, first_pause=60.0)


Answer = Callable[[int], Said | None]
_WAITS: list[tuple[str, Answer, Callable[[], dict[str, Any]], str]] = [
    ("a 429", lambda _: (429, {"retry-after": "400"}, error("slower")), dict, "400 s, as the endpoint asks"),
    (
        "a 429 again and again",
        lambda _: (429, {"retry-after-ms": "300"}, error("slower")),
        dict,
        "as the endpoint asks",
    ),
    ("a 429 of its own", lambda _: (429, {}, error("slower")), dict, "as the endpoint asks"),
    ("a back-off", lambda _: (503, {"retry-after": "400"}, error("busy")), dict, "could not answer"),
    (
        "an open breaker",
        lambda _: (503, {}, error("busy")),
        lambda: {"breaker": open_at_once()},
        "does not answer|could not answer",
    ),
    ("the rate limit", lambda n: (200, {}, completion()), lambda: {"limits": RateLimit(rpm=1)}, "the rate limit"),
    ("the token limit", lambda n: (200, {}, completion()), lambda: {"limits": RateLimit(tpm=60)}, "the rate limit"),
    ("a failure held back", lambda _: (400, {}, error("odd")), lambda: {"window": 1}, "shows whether"),
]


@pytest.mark.parametrize(("what", "answer", "settings", "waits_for"), _WAITS, ids=[row[0] for row in _WAITS])
@pytest.mark.parametrize("number", [1, 2])
def test_once_it_is_to_stop_nobody_waits_any_more(
    what: str, answer: Answer, settings: Callable[[], dict[str, Any]], waits_for: str, number: int
) -> None:
    async def some() -> None:
        stopping = asyncio.Event()
        asking = asyncio.create_task(run.all(3 if "limit" in what else number, stopping))
        await asyncio.sleep(0.7)
        assert run.provider
        said.append(run.provider.waits_for)
        stopping.set()
        clock = Clock()
        await asyncio.wait_for(asking, 20)
        assert clock.seconds < 1

    said: list[str] = []
    run = Run(Server(answer), **settings())
    asyncio.run(some())
    assert set(run.codes) <= {NOT_ASKED, "ok"}
    assert NOT_ASKED in run.codes
    assert len(run.replies) == run.pulled

    assert re.search(waits_for, said[0]), said


@pytest.mark.parametrize("number", [1, 4])
def test_once_it_is_to_stop_what_is_in_the_air_is_awaited_and_no_more_leaves(number: int) -> None:
    async def some() -> None:
        stopping = asyncio.Event()
        asking = asyncio.create_task(run.all(10, stopping))
        await asyncio.sleep(0.4)
        assert run.provider
        assert run.provider.waits_for == ("1 answer" if number == 1 else "4 answers")
        stopping.set()
        await asyncio.wait_for(asking, 20)
        assert run.provider.waits_for == ""

    run = Run(Server(well), window=number)
    run.server.delay = lambda _: 1.0
    asyncio.run(some())
    assert run.codes == ["ok"] * number
    assert len(run.server.lines) == number


def test_whoever_closes_the_replies_breaks_off_what_is_in_the_air() -> None:
    async def some() -> None:
        asking = asyncio.create_task(run.all(10))
        await asyncio.sleep(0.4)
        asking.cancel()
        clock = Clock()
        await asyncio.wait({asking}, timeout=10)
        assert clock.seconds < 1

    run = Run(Server(well))
    run.server.delay = lambda _: 5.0
    asyncio.run(some())
    assert run.replies == []


def test_it_may_be_stopped_before_it_begins() -> None:
    async def some() -> None:
        stopping = asyncio.Event()
        stopping.set()
        await asyncio.wait_for(run.all(5, stopping), 10)

    run = Run(Server(well))
    asyncio.run(some())
    assert len(run.replies) == run.pulled
    assert run.server.lines == []


def test_a_refusal_after_it_is_to_stop_is_no_refusal() -> None:
    async def some() -> list[Reply]:
        stopping = asyncio.Event()
        asking = asyncio.create_task(run.all(2, stopping))
        await asyncio.sleep(0.3)
        stopping.set()
        await asyncio.wait_for(asking, 10)
        return run.replies

    run = Run(Server(lambda _: (401, {}, error("key"))))
    run.server.delay = lambda _: 0.8
    asyncio.run(some())
    assert run.codes == [NOT_ASKED] * 2
