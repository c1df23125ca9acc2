import math

from svit.providers.limits import CircuitBreaker


def opened(now: float = 100.0) -> CircuitBreaker:
    """Return a breaker that opened just now, after ten seconds of failures."""
    breaker = CircuitBreaker(failures=3, after=10, first_pause=5, longest_pause=30, give_up=200)
    for at in (now - 10, now - 5, now):
        breaker.failed(at, "503 The server is overloaded")
    assert breaker.is_open
    return breaker


def test_it_opens_after_enough_failures_over_enough_time() -> None:
    breaker = CircuitBreaker(failures=3, after=10)
    for _ in range(500):
        breaker.failed(1.0, "refused")
    assert not breaker.is_open
    assert breaker.allows(1.0)
    breaker.failed(11.0, "refused")
    assert breaker.is_open
    breaker = CircuitBreaker(failures=3, after=10)
    breaker.failed(1.0, "refused")
    breaker.failed(99.0, "refused")
    assert not breaker.is_open


def test_it_opens_at_once_where_each_failure_may_cost_money() -> None:
    breaker = CircuitBreaker(failures=3, after=10)
    for _ in range(3):
        assert not breaker.is_open
        breaker.failed(1.0, "broken off", paid=True)
    assert breaker.is_open


def test_a_success_in_between_begins_anew() -> None:
    breaker = CircuitBreaker(failures=3, after=10)
    breaker.failed(0.0, "refused")
    breaker.failed(5.0, "refused")
    breaker.succeeded()
    breaker.failed(20.0, "refused")
    breaker.failed(25.0, "refused")
    assert not breaker.is_open


def test_it_says_what_happened() -> None:
    breaker = opened()
    assert breaker.outage is not None
    assert (breaker.outage.failures, breaker.outage.since, breaker.outage.until) == (3, 90.0, 100.0)
    said = "3 requests in a row failed within 10 seconds; the last one: 503 The server is overloaded"
    assert str(breaker.outage) == said
    breaker.failed(390.0, "no route to host")
    assert str(breaker.outage) == "4 requests in a row failed within 5 minutes; the last one: no route to host"


def test_while_open_one_request_leaves_after_each_growing_pause() -> None:
    breaker, probes, now = opened(), [], 100.0
    while now < 260:
        if breaker.allows(now):
            probes.append(now)
            assert not breaker.allows(now)
        breaker.failed(now, "refused")
        now += 1
    assert probes == [105, 115, 135, 165, 195, 225, 255]
    assert breaker.next_at(260.0) == 285


def test_a_probe_that_is_answered_closes_it_and_the_next_pause_is_short_again() -> None:
    breaker = opened()
    assert breaker.allows(105.0)
    breaker.succeeded()
    assert breaker.outage is None
    assert breaker.allows(105.0)
    assert breaker.allows(105.0)
    assert breaker.next_at(105.0) == 105.0
    for at in (106.0, 110.0, 116.0):
        breaker.failed(at, "refused")
    assert breaker.next_at(116.0) == 121.0


def test_it_gives_up() -> None:
    breaker = opened()
    assert not breaker.gives_up(299.0)
    assert breaker.gives_up(300.0)
    assert not breaker.allows(300.0)
    assert breaker.next_at(300.0) == math.inf
    assert not CircuitBreaker().gives_up(1e9)
