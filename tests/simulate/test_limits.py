"""The simulator's limits, with a clock of the test's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svit.simulate.minute_limits import Limits, retry_headers, spoken


def test_a_span_is_let_in_at_once_and_then_as_fast_as_it_fills() -> None:
    limits = Limits(rpm=600, tpm=None, span=1.0, now=5.0)
    assert [limits.admit(1, 5.0) for _ in range(10)] == [None] * 10
    refused = limits.admit(1, 5.0)
    assert refused is not None
    assert (refused.kind, refused.limit) == ("requests", 600)
    assert refused.wait == pytest.approx(0.1)
    assert limits.admit(1, 5.1) is None
    assert limits.admit(1, 5.1) is not None


def test_a_refused_request_takes_what_is_left_of_the_requests_but_no_tokens() -> None:
    limits = Limits(rpm=60, tpm=600, span=60.0, now=0.0)
    assert limits.admit(600, 0.0) is None
    refused = limits.admit(100, 0.0)
    assert refused is not None
    assert (refused.kind, refused.used, refused.requested) == ("tokens", 600, 100)
    assert refused.wait == pytest.approx(10)
    assert b"x-ratelimit-remaining-requests: 58\r\n" in limits.headers()


def test_who_keeps_asking_while_refused_is_not_let_in() -> None:
    limits = Limits(rpm=60, tpm=None, span=1.0, now=0.0)
    admitted = [limits.admit(1, now) is None for now in (0.0, 0.6, 1.2, 1.8, 2.9)]
    assert admitted == [True, False, False, False, True]


def test_an_idle_hour_saves_no_more_than_a_span() -> None:
    limits = Limits(rpm=600, tpm=6000, span=1.0, now=0.0)
    assert [limits.admit(5, 3600.0) is None for _ in range(12)] == [True] * 10 + [False] * 2
    limits = Limits(rpm=None, tpm=6000, span=1.0, now=0.0)
    assert [limits.admit(50, 3600.0) is None for _ in range(3)] == [True, True, False]


def test_the_headers_tell_limit_rest_and_reset() -> None:
    limits = Limits(rpm=6000, tpm=60_000, span=60.0, now=0.0)
    limits.admit(1500, 0.0)
    assert limits.headers().decode().split("\r\n")[:-1] == [
        "x-ratelimit-limit-requests: 6000",
        "x-ratelimit-remaining-requests: 5999",
        "x-ratelimit-reset-requests: 10ms",
        "x-ratelimit-limit-tokens: 60000",
        "x-ratelimit-remaining-tokens: 58500",
        "x-ratelimit-reset-tokens: 1.5s",
    ]
    assert Limits(None, None, 60.0, 0.0).headers() == b""


def test_more_than_a_span_holds_is_let_in_when_nothing_is_missing_and_more_than_a_minute_never() -> None:
    limits = Limits(rpm=None, tpm=6000, span=1.0, now=0.0)
    assert limits.admit(500, 0.0) is None
    waits = limits.admit(500, 1.0)
    assert waits is not None
    assert waits.wait == pytest.approx(4.0)
    assert limits.admit(500, 5.0) is None
    hopeless = limits.admit(6001, 60.0)
    assert hopeless is not None
    assert hopeless.wait is None


@given(
    st.integers(1, 600),
    st.sampled_from([1.0, 10.0, 60.0]),
    st.lists(st.tuples(st.floats(0, 3), st.integers(1, 300)), max_size=60),
)
def test_no_more_is_let_in_than_a_full_span_and_what_grows(
    tpm: int, span: float, steps: list[tuple[float, int]]
) -> None:
    limits, now, taken = Limits(None, tpm, span, 0.0), 0.0, 0
    most = max(1.0, tpm * span / 60)
    for pause, tokens in steps:
        now += pause
        if limits.admit(tokens, now) is None:
            taken += tokens
            overdraft = max(0.0, tokens - most)
            assert taken <= most + now * tpm / 60 + overdraft + 1e-6


@given(st.integers(1, 6000), st.sampled_from([1.0, 10.0, 60.0]), st.lists(st.integers(1, 6000), max_size=20))
def test_who_waits_as_told_is_let_in(tpm: int, span: float, tokens: list[int]) -> None:
    limits, now = Limits(None, tpm, span, 0.0), 0.0
    for each in tokens:
        if (excess := limits.admit(each, now)) and excess.wait is not None:
            now += excess.wait + 1e-6
            assert limits.admit(each, now) is None


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0ms"), (0.012, "12ms"), (1, "1s"), (59.9999, "1m0s"), (179.56, "2m59.56s"), (360, "6m0s")],
)
def test_times_are_written_as_openai_writes_them(seconds: float, words: str) -> None:
    assert spoken(seconds) == words


def test_the_time_to_wait_is_never_told_too_short() -> None:
    assert retry_headers(0.0001) == b"retry-after-ms: 1\r\nretry-after: 1\r\n"
    assert retry_headers(1.0001) == b"retry-after-ms: 1001\r\nretry-after: 2\r\n"
