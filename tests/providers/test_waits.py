"""What a server asks to wait for is told, heeded up to `max_wait`, and beyond it not waited for at all."""

import asyncio
import time
from email.utils import formatdate

import pytest
import tenacity

from served import Clock, Run, Server, completion, error, well
from svit.errors import ProviderRefusesError
from svit.providers.base import NOT_ASKED, Failure
from svit.providers.limits import CircuitBreaker, RateLimit
from svit.providers.openai.retry_policy import TRIES, RetryState, SuspectFailure
from svit.providers.verdicts import RetryLater

Said = tuple[int, dict[str, str], bytes]


def slower(headers: dict[str, str], status: int = 429) -> Server:
    return Server(lambda _: (status, headers, error("slower")))


def stopped_after(run: Run, number: int, seconds: float = 0.5) -> None:
    async def some() -> None:
        stopping = asyncio.Event()
        asking = asyncio.create_task(run.all(number, stopping))
        await asyncio.sleep(seconds)
        stopping.set()
        await asyncio.wait_for(asking, 20)

    asyncio.run(some())


@pytest.mark.parametrize("number", [1, 20])
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "400"}, 400),
        ({"retry-after": "400.5"}, 400),
        ({"retry-after-ms": "400000"}, 400),
        ({"retry-after": "6m40s"}, 400),
        ({"retry-after": "10"}, 10),
        (
            {
                "x-ratelimit-limit-requests": "50",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "6m40s",
            },
            400,
        ),
    ],
)
def test_a_long_wait_is_told_as_it_begins_and_once(headers: dict[str, str], seconds: int, number: int) -> None:
    run = Run(slower(headers))
    stopped_after(run, number)
    assert run.said == [f"The endpoint wants it slower (HTTP 429: why); svit waits {seconds} s, as the endpoint asks."]
    assert set(run.codes) == {NOT_ASKED}


def test_a_wait_until_a_date_is_heeded() -> None:
    headers = {"retry-after": formatdate(time.time() + 400, usegmt=True), "date": formatdate(usegmt=True)}
    run = Run(slower(headers))
    stopped_after(run, 1)
    assert len(run.said) == 1
    assert any(f"waits {seconds} s" in run.said[0] for seconds in (399, 400))


@pytest.mark.parametrize("headers", [{}, {"retry-after": "0"}, {"retry-after": "-5"}, {"retry-after": "soon"}])
def test_a_server_that_does_not_say_how_long_is_asked_less_and_less_often(headers: dict[str, str]) -> None:
    run = Run(slower(headers), window=1)
    stopped_after(run, 1, 3.5)
    assert len(run.server.lines) == 3, "after 1, 2, 4, 8 ... seconds"
    assert run.said == ["The endpoint wants it slower (HTTP 429: why); svit waits 1 s."]


@pytest.mark.parametrize(
    "headers",
    [
        {"retry-after-ms": "1"},
        {"retry-after": "0.01"},
        {
            "x-ratelimit-limit-requests": "50",
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": "12ms",
        },
    ],
)
@pytest.mark.parametrize("window", [1, 50])
def test_a_server_that_asks_for_next_to_nothing_again_and_again_is_not_run_over(
    headers: dict[str, str], window: int
) -> None:
    run = Run(slower(headers), window=window)
    stopped_after(run, window, 2.5)
    assert len(run.server.lines) <= 18 * window, "5 pauses as asked, and then twice as long each time"
    assert set(run.codes) == {NOT_ASKED}


def test_short_pauses_between_answers_are_not_worth_a_word() -> None:
    run = Run(Server(lambda n: (429, {"retry-after-ms": "50"}, error("x")) if n % 2 else well(n)), window=1)
    assert run.of(6) == [completion()] * 6
    assert run.said == []


@pytest.mark.parametrize("number", [1, 2, 3, 20])
@pytest.mark.parametrize("window", [1, 64])
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("said", ["86400", "901", "1000000000000", "9" * 30])
def test_a_wait_beyond_the_longest_is_not_waited_and_ends_the_run(
    said: str, status: int, number: int, window: int
) -> None:
    run, clock = Run(slower({"retry-after": said}, status), window=window), Clock()
    with pytest.raises(ProviderRefusesError, match=f"HTTP {status}: why; it asks for .* s, more than 'max_wait: 900'"):
        run.of(number)
    assert clock.seconds < 8
    assert set(run.codes) == {NOT_ASKED}, "the same command asks them again"
    assert len(run.replies) == run.pulled


def test_one_image_that_is_told_to_wait_for_too_long_fails_with_its_class_and_the_others_go_on() -> None:
    run = Run(Server(lambda n: (429, {"retry-after": "86400"}, error("x")) if n == 4 else well(n)), window=1)
    run.of(12)
    assert run.codes == ["ok"] * 4 + ["rate_limited"] + ["ok"] * 7
    (failure,) = [each for each in run.outcomes if isinstance(each, Failure)]
    assert (failure.free, failure.final) == (True, False)


def test_nothing_but_429s_for_longer_than_the_longest_wait_ends_the_run() -> None:
    run, clock = Run(slower({"retry-after-ms": "300"}), max_wait=1.0), Clock()
    with pytest.raises(ProviderRefusesError, match="for longer than 'max_wait: 1'"):
        run.of(1)
    assert 0.8 < clock.seconds < 8
    assert run.codes == [NOT_ASKED]


def test_a_pause_that_a_503_asks_for_is_kept_though_it_is_longer_than_a_minute() -> None:
    run = Run(slower({"retry-after": "200"}, 503))
    stopped_after(run, 1)
    assert run.said == ["The endpoint cannot answer now (HTTP 503: why); svit waits 200 s, as the endpoint asks."]


def test_a_request_that_is_larger_than_the_limit_is_no_endless_wait() -> None:
    run, clock = Run(Server(well), limits=RateLimit(tpm=100), tokens=lambda _: 10_000), Clock()
    assert run.of(1) == [completion()]
    assert clock.seconds < 5


def test_an_endpoint_that_is_loading_is_waited_for_though_only_one_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("svit.providers.openai.retry_policy._GROWING_OVERLOADED", tenacity.wait_fixed(0.01))
    breaker = CircuitBreaker(failures=2, after=0.0, first_pause=0.01, longest_pause=0.02)
    run = Run(Server(lambda n: (503, {}, error("loading")) if n < 3 * TRIES else well(n)), breaker=breaker)
    assert run.of(1) == [completion()]
    assert ["The endpoint cannot answer now" in words for words in run.said] == [True]


def test_a_request_that_alone_meets_overload_while_others_are_answered_fails() -> None:
    busy, tries = RetryLater("overloaded", "HTTP 503: busy", overloaded=True), RetryState(900.0)
    waits = [tries.wait(busy, None, alone=False) for _ in range(TRIES)]
    assert all(isinstance(wait, float) for wait in waits[:-1])
    assert waits[-1] == Failure("overloaded", "HTTP 503: busy", free=True)


def test_tries_count_faults_and_no_patience() -> None:
    tries = RetryState(900.0)
    slow, fault = RetryLater("rate_limited", "HTTP 429", patient=True), RetryLater("server_error", "HTTP 500")
    assert [tries.wait(slow, 5.0, alone=True) for _ in range(50)] == [5.0] * 50
    waits = [tries.wait(fault, None, alone=True) for _ in range(TRIES)]
    assert all(isinstance(wait, float) and wait <= 15 for wait in waits[:-1])
    assert waits[-1] == Failure("server_error", "HTTP 500", free=True)
    assert isinstance(tries.wait(slow, 700.0, alone=True), SuspectFailure), "950 s in all"
