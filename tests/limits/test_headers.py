import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svit.providers.limits import LimitReading, reading
from svit.providers.limits.limit_headers import retry_after, seconds

NAMES = [f"x-ratelimit-{what}-{kind}" for what in ("limit", "remaining", "reset") for kind in ("requests", "tokens")]
NAMES += ["retry-after", "retry-after-ms", "date"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("6m0s", 360.0),
        ("12ms", 0.012),
        ("2m59.56s", 179.56),
        ("1h2m3s", 3723.0),
        ("1d", 86_400.0),
        ("250us", 0.00025),
        ("250µs", 0.00025),
        ("5m", 300.0),
        ("5ms", 0.005),
        ("17", 17.0),
        ("0.25", 0.25),
        (" 3 ", 3.0),
        ("0", 0.0),
        ("0s", 0.0),
        ("-1", None),
        ("", None),
        (None, None),
        ("soon", None),
        ("6m0", None),
        ("6 m", None),
        ("nan", None),
        ("inf", None),
        ("1e9", None),
        ("٣", None),
        ("9" * 400, None),
    ],
)
def test_spans_are_read_as_seconds(text: str | None, expected: float | None) -> None:
    assert seconds(text) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "20s"}, 20.0),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "2"}, 2.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:25 GMT"}, 5.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:27:00 GMT"}, 0.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 -0000"}, 30.0),
        ({"retry-after": "Wed, 32 Foo 2026"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_retry_after_is_seconds_from_now(headers: dict[str, str], expected: float | None) -> None:
    assert retry_after(headers, wall=1_792_567_680.0) == expected


def test_a_date_without_a_zone_is_not_the_local_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        assert retry_after({"retry-after": "Wed, 21 Oct 2026 07:28:30 -0000"}, wall=1_792_567_680.0) == 30.0
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_date_needs_a_clock() -> None:
    assert retry_after({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}) is None


def test_the_limits_of_a_reply() -> None:
    headers = {
        "x-ratelimit-limit-requests": "6000",
        "x-ratelimit-limit-tokens": "10000000",
        "x-ratelimit-remaining-requests": "5999",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-requests": "10ms",
        "x-ratelimit-reset-tokens": "6m0s",
    }
    assert reading(headers) == LimitReading(6_000, 10_000_000, 5_999, 0, 360.0)
    assert reading({**headers, "retry-after": "1"}).wait == 1.0


@pytest.mark.parametrize("nothing", ["-1", "0", "", "many", "1.5", "1e6", "6,000"])
def test_a_limit_that_is_none_makes_what_is_left_of_it_unbelievable(nothing: str) -> None:
    headers = {"x-ratelimit-limit-requests": nothing, "x-ratelimit-remaining-requests": "0"}
    headers |= {"x-ratelimit-reset-requests": "60"}
    assert reading(headers) == LimitReading()


@given(headers=st.dictionaries(st.sampled_from(NAMES), st.text() | st.from_regex(r"[-0-9.]{0,30}m?s?")))
def test_no_header_is_ever_too_strange(headers: dict[str, str]) -> None:
    said = reading(headers, wall=0.0)
    numbers = (said.request_limit, said.token_limit, said.requests_left, said.tokens_left, said.wait)
    assert all(number is None or (number >= 0 and math.isfinite(number)) for number in numbers)
    assert said.request_limit != 0
    assert said.token_limit != 0
