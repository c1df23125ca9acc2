import math
from collections import deque
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.limits import Bucket, Fixed, Sliding, Traffic, use
from svit.providers.limits import LimitReading, RateLimit, Ticket
from svit.providers.limits.rate_limit import SHARE, TRIM

Booking = tuple[float, int]
EDGE = 1e-9
"""Seconds by which sums of floats miss the edge of a window."""


def drain(limit: RateLimit, now: float = 0.0, until: float = math.inf) -> list[tuple[float, Ticket]]:
    """Admit all that waits, each at its earliest time."""
    left: list[tuple[float, Ticket]] = []
    while now < until:
        left.extend((now, ticket) for ticket in limit.admit(now))
        then = limit.next_at(now)
        assert then > now
        now = then
    return left


def most_in_a_window(bookings: list[Booking], span: float) -> int:
    """Return the largest sum of any half-open window of the span that ends with a booking."""
    window: deque[Booking] = deque()
    total = most = 0
    for at, amount in bookings:
        window.append((at, amount))
        total += amount
        while window[0][0] + span <= at + EDGE:
            total -= window.popleft()[1]
        most = max(most, total)
    return most


class Books:
    """Plays with a limiter, and writes down every booking."""

    def __init__(self, limit: RateLimit) -> None:
        self.limit = limit
        self.now = 0.0
        self.waiting: deque[Ticket] = deque()
        self.under_way: list[Ticket] = []
        self.requests: list[Booking] = []
        self.tokens: list[Booking] = []
        self.used = 0

    def ask(self, tokens: int) -> None:
        self.waiting.append(self.limit.ask(tokens))

    def go(self, seconds: float) -> None:
        """Let time pass, and let leave what may then."""
        self.now += seconds
        for ticket in self.limit.admit(self.now):
            assert ticket is self.waiting.popleft()
            self.under_way.append(ticket)
            self.requests.append((self.now, 1))
            self.tokens.append((self.now, ticket.tokens))

    def next(self) -> None:
        then = self.limit.next_at(self.now)
        if then < math.inf:
            self.go(max(0.0, then - self.now))

    def settle(self, share: float) -> None:
        if self.under_way:
            ticket = self.under_way.pop(len(self.under_way) // 2)
            used = round(ticket.tokens * share)
            self.tokens.append((self.now, used - ticket.tokens))
            self.used += used
            self.limit.settle(ticket, used, self.now)

    def cancel(self) -> None:
        if self.under_way:
            ticket = self.under_way.pop()
            self.requests.append((self.now, -1))
            self.tokens.append((self.now, -ticket.tokens))
            self.limit.cancel(ticket, self.now)

    def withdraw(self) -> None:
        if self.waiting:
            ticket = self.waiting[len(self.waiting) // 2]
            self.waiting.remove(ticket)
            self.limit.cancel(ticket, self.now)

    def pause(self, seconds: float) -> None:
        self.limit.pause_until(self.now + seconds)


def acts(most: float = 1.0) -> st.SearchStrategy[list[Any]]:
    """Return what can happen to a limiter; settlements use at most that share of the estimate."""
    return st.lists(
        st.tuples(st.just("ask"), st.integers(0, 1_500))
        | st.tuples(st.just("go"), st.floats(0, 2))
        | st.tuples(st.sampled_from(["next", "cancel", "withdraw"]))
        | st.tuples(st.just("settle"), st.floats(0, most))
        | st.tuples(st.just("pause"), st.floats(0, 1)),
        max_size=300,
    )


@settings(max_examples=300, deadline=None)
@given(acts=acts(), rpm=st.sampled_from([600, 6_000, None]), span=st.sampled_from([1.0, 2.5]), burst=st.floats(0.1, 9))
def test_no_window_of_the_span_holds_more_than_the_allowance(
    acts: list[Any], rpm: int | None, span: float, burst: float
) -> None:
    books = Books(RateLimit(rpm, 6_000_000, span=span, burst=burst))
    books.ask(1_500)
    for act, *values in acts:
        getattr(books, act)(*values)
        for _ in range(50 * (act == "ask")):
            books.ask(*values)
    for meter, bookings in ((books.limit.requests, books.requests), (books.limit.tokens, books.tokens)):
        assert meter.limit is None or most_in_a_window(bookings, meter.span) <= meter.limit * meter.span / 60


@settings(deadline=None)
@given(acts=acts(most=3.0))
def test_whatever_settlements_add_nothing_leaves_into_a_full_window(acts: list[Any]) -> None:
    books = Books(RateLimit(None, 6_000_000))
    for act, *values in acts:
        books.ask(1_500)
        getattr(books, act)(*values)
        if books.under_way and books.under_way[-1].left_at == books.now and act in ("go", "next"):
            assert sum(amount for at, amount in books.tokens if at > books.now - 1 + EDGE) <= 100_000


@settings(deadline=None)
@given(acts=acts())
def test_the_books_hold_what_was_used_and_everyone_leaves_in_turn(acts: list[Any]) -> None:
    books = Books(RateLimit(6_000, 6_000_000))
    for act, *values in acts:
        getattr(books, act)(*values)
    while books.waiting:
        books.next()
    assert books.limit.next_at(books.now) == math.inf
    assert books.limit.waiting == 0
    while books.under_way:
        books.settle(0.5)
    assert books.limit.tokens.booked == books.used == sum(amount for _, amount in books.tokens)
    assert books.limit.requests.booked == sum(amount for _, amount in books.requests)


@pytest.mark.parametrize("late", [0.0, 0.001, 0.02])
@pytest.mark.parametrize("tokens", [100, 1_500, 5_000])
def test_a_steady_queue_uses_the_allowance(tokens: int, late: float) -> None:
    limit = RateLimit(6_000, 10_000_000)
    now, left = 0.0, 0
    while now < 60:
        while limit.waiting < 100:
            limit.ask(tokens)
        left += len(limit.admit(now))
        now = limit.next_at(now) + late
    assert max(left / 6_000, left * tokens / 10_000_000) > 0.975


@pytest.mark.parametrize(
    ("rpm", "tpm", "tokens", "expected"),
    [(3, None, 0, 3), (60, None, 0, 59), (None, 30_000, 1_700, 17), (None, 200_000, 1_700, 115), (500, 10_000, 9, 492)],
)
def test_small_limits_lose_no_more_than_part_of_a_request(
    rpm: int | None, tpm: int | None, tokens: int, expected: int
) -> None:
    limit = RateLimit(rpm, tpm)
    for _ in range(6_000):
        limit.ask(tokens)
    times = [at for at, _ in drain(limit, until=660)]
    assert len([at for at in times if 60 <= at < 660]) / 10 >= expected * 0.97
    for meter, each in ((limit.requests, 1), (limit.tokens, tokens)):
        if meter.limit:
            assert most_in_a_window([(at, each) for at in times], 60) <= meter.limit


@pytest.mark.parametrize("late", [0.0, 0.1, 0.7, 1.5])
def test_a_late_caller_catches_up_within_the_window(late: float) -> None:
    limit = RateLimit(6_000, span=1, burst=5)
    now, bookings = 0.0, list[Booking]()
    while now < 60:
        while limit.waiting < 1_000:
            limit.ask(0)
        bookings.extend((now, 1) for _ in limit.admit(now))
        now = limit.next_at(now) + (late if len(bookings) % 3 else 0)
    assert most_in_a_window(bookings, 1) <= 100
    assert late > 0.5 or len(bookings) > 0.9 * 6_000


def test_a_large_request_that_waited_is_not_paid_for_a_second_time() -> None:
    limit = RateLimit(None, 200_000)
    for i in range(10_000):
        limit.ask(150_000 if i % 100 == 50 else 1_000)
    used = sum(ticket.tokens for _, ticket in drain(limit, until=600))
    assert used / 2_000_000 > 0.75


def test_requests_are_spread_and_not_bunched() -> None:
    limit = RateLimit(6_000)
    for _ in range(1_000):
        limit.ask(0)
    times = [at for at, _ in drain(limit)]
    assert all(b - a > 0.0099 for a, b in pairwise(times[1:]))


def test_a_large_request_is_not_overtaken() -> None:
    limit = RateLimit(None, 600_000)
    for _ in range(50):
        limit.ask(100)
    large = limit.ask(300_000)
    for _ in range(5_000):
        limit.ask(100)
    left = drain(limit)
    assert [ticket for _, ticket in left].index(large) == 50
    assert left[50][0] < 1


@settings(deadline=None)
@given(sizes=st.lists(st.integers(0, 3_000_000), max_size=30), rpm=st.none() | st.integers(1, 100))
def test_a_request_larger_than_the_limit_leaves_alone_and_never_blocks(sizes: list[int], rpm: int | None) -> None:
    limit = RateLimit(rpm, 1_000_000)
    for size in sizes:
        limit.ask(size)
    left = drain(limit)
    assert [ticket.tokens for _, ticket in left] == sizes
    for at, ticket in left:
        assert ticket.oversized == (ticket.tokens > 1_000_000)
        if ticket.oversized:
            others = [
                then for then, other in left if other is not ticket and abs(then - at) < 60 - EDGE and other.tokens
            ]
            assert not others


def test_what_was_reserved_too_much_lets_the_next_one_leave_at_once() -> None:
    limit = RateLimit(None, 60_000, burst=1)
    first, second = limit.ask(1_000), limit.ask(1_000)
    assert limit.admit(0.0) == [first]
    then = limit.next_at(0.0)
    limit.settle(first, 0, 0.25)
    assert limit.next_at(0.25) <= 0.25 < then
    assert limit.admit(0.25) == [second]


def test_what_was_used_beyond_the_estimate_is_paid_back_first() -> None:
    limit = RateLimit(None, 60_000)
    first = limit.ask(100)
    assert limit.admit(0.0) == [first]
    limit.settle(first, 5_100, 0.0)
    limit.ask(100)
    assert limit.next_at(0.0) == pytest.approx(5_100 / (1_000 * SHARE), abs=0.25)


def test_a_request_that_never_left_costs_nothing() -> None:
    limits = RateLimit(60, 60_000), RateLimit(60, 60_000)
    for limit in limits:
        limit.ask(900)
        limit.admit(1.0)
    limits[0].cancel(asked := limits[0].ask(900), 5.0)
    limits[0].cancel(asked, 5.0)
    third = limits[0].ask(900)
    assert limits[0].admit(5.0) == [third]
    limits[0].cancel(third, 5.0)
    for limit in limits:
        limit.ask(900)
        limit.ask(900)
    assert [at for at, _ in drain(limits[0], 5.0)] == pytest.approx([at for at, _ in drain(limits[1], 5.0)])


def test_settling_twice_or_before_leaving_is_a_mistake() -> None:
    limit = RateLimit(None, 60_000)
    ticket = limit.ask(10)
    with pytest.raises(ValueError, match="is waiting"):
        limit.settle(ticket, 10, 0.0)
    limit.admit(0.0)
    limit.settle(ticket, 10, 0.0)
    with pytest.raises(ValueError, match="is closed"):
        limit.settle(ticket, 10, 0.0)
    booked = limit.tokens.booked
    limit.cancel(ticket, 0.0)
    assert limit.tokens.booked == booked


@pytest.mark.parametrize("limits", [{"rpm": 0}, {"tpm": -1}])
def test_a_limit_of_nothing_is_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="lets nothing leave"):
        RateLimit(**limits)


def test_a_pause_holds_everyone_and_only_grows() -> None:
    limit = RateLimit()
    limit.pause_until(10.0)
    limit.pause_until(5.0)
    tickets = [limit.ask(1), limit.ask(1)]
    assert limit.admit(9.99) == []
    assert limit.next_at(0.0) == 10.0
    assert limit.admit(10.0) == tickets


def test_after_a_pause_what_was_missed_is_not_caught_up() -> None:
    limit = RateLimit(6_000)
    limit.pause_until(30.0)
    for _ in range(1_000):
        limit.ask(0)
    left = drain(limit, until=31)
    assert 98 <= len(left) <= 100


def test_without_limits_everything_leaves_at_once() -> None:
    limit = RateLimit()
    tickets = [limit.ask(10**9) for _ in range(5_000)]
    assert limit.admit(0.0) == tickets
    assert not any(ticket.oversized for ticket in tickets)


def pace(limit: RateLimit, now: float) -> float:
    """Return the requests a second that leave."""
    for _ in range(100_000):
        limit.ask(0)
    left = len(drain(limit, now, now + 10)) / 10
    while limit.waiting:
        limit.cancel(limit._queue.pop(), now)
    return left


def test_headers_lower_the_limit_and_never_raise_it() -> None:
    limit = RateLimit(600)
    (ticket,) = [limit.ask(0)] and limit.admit(1.0)
    limit.observe(LimitReading(request_limit=6_000, token_limit=1_000), ticket, 1.0)
    assert (limit.requests.limit, limit.tokens.limit) == (600, 1_000)
    limit.observe(LimitReading(request_limit=60), ticket, 1.0)
    assert limit.requests.limit == 60
    assert pace(limit, 100.0) == pytest.approx(1, rel=0.1)
    limit.observe(LimitReading(request_limit=6_000), ticket, 200.0)
    assert limit.requests.limit == 600


def test_headers_set_a_limit_that_nobody_configured_and_follow_it() -> None:
    limit = RateLimit()
    (ticket,) = [limit.ask(0)] and limit.admit(1.0)
    limit.observe(LimitReading(request_limit=600), ticket, 1.0)
    assert pace(limit, 10.0) == pytest.approx(10, rel=0.1)
    limit.observe(LimitReading(request_limit=1_200), ticket, 100.0)
    assert pace(limit, 110.0) == pytest.approx(20, rel=0.1)


def test_what_a_server_says_is_left_lowers_the_balance() -> None:
    limit = RateLimit(60, burst=5)
    (ticket,) = [limit.ask(0)] and limit.admit(100.0)
    limit.observe(LimitReading(requests_left=0), ticket, 100.0)
    limit.ask(0)
    assert limit.next_at(100.0) > 101.0
    limit.observe(LimitReading(requests_left=50), ticket, 100.0)
    assert limit.next_at(100.0) > 101.0


@pytest.mark.parametrize("latency", [0.001, 0.5, 5.0])
def test_a_server_that_always_says_nothing_is_left_takes_little_of_the_pace(latency: float) -> None:
    limit = RateLimit(6_000)
    under_way: deque[tuple[float, Ticket]] = deque()
    now, left = 0.0, 0
    while now < 30:
        while limit.waiting < 100:
            limit.ask(0)
        admitted = limit.admit(now)
        left += len(admitted)
        under_way.extend((now + latency, ticket) for ticket in admitted)
        while under_way and under_way[0][0] <= now:
            limit.observe(LimitReading(requests_left=0), under_way.popleft()[1], now)
        now = min(limit.next_at(now), under_way[0][0] if under_way else math.inf)
    assert left / 3_000 > 0.95


def test_refusals_and_slow_down_lower_the_pace_for_a_while() -> None:
    limit = RateLimit(6_000)
    limit.refused(1.5, 10.0)
    limit.ask(0)
    assert limit.next_at(10.0) == 11.5
    limit.slow_down(20.0)
    limit.slow_down(20.5)
    assert pace(limit, 21.0) == pytest.approx(49.25 * TRIM, rel=0.02)
    limit.admit(500.0)
    assert 65 < pace(limit, 501.0) < 80
    limit.admit(2_000.0)
    assert pace(limit, 2_001.0) == pytest.approx(98.5, rel=0.02)


SERVERS = [(Bucket, 1), (Bucket, 60), (Sliding, 10), (Sliding, 60), (Fixed, 10), (Fixed, 60)]


@pytest.mark.parametrize(("server", "span"), SERVERS)
@pytest.mark.parametrize("traffic", [{}, {"tokens": 3_000, "estimate": 1.3}, {"stall": 0.2}], ids=str)
def test_enforced_limits_are_used_and_hardly_any_request_is_refused(
    server: type[Bucket] | type[Sliding] | type[Fixed], span: float, traffic: dict[str, Any]
) -> None:
    used = use(Traffic(server, span, seconds=40, **traffic))
    assert used.share >= 0.97
    assert used.refused < 0.005


@pytest.mark.parametrize("traffic", [{}, {"bunched": True}, {"tokens": 3_000, "estimate": 0.8}], ids=str)
def test_a_server_that_counts_each_second_refuses_little(traffic: dict[str, Any]) -> None:
    used = use(Traffic(Sliding, 1, **traffic))
    assert used.share > 0.85
    assert used.refused < 0.005


def test_limits_that_are_believed_too_high_are_corrected_by_headers_or_by_refusals() -> None:
    told = (12_000, None)
    assert use(Traffic(Bucket, 1, told=told, headers=True)).refused < 0.005
    assert use(Traffic(Bucket, 1, told=told, seconds=300)).refused < 0.05


def test_what_is_remembered_is_no_more_than_left_within_a_span() -> None:
    limit = RateLimit(6_000, 10_000_000)
    for _ in range(2_000):
        limit.ask(1_000)
    for _, ticket in drain(limit):
        limit.settle(ticket, 900, ticket.left_at + 5)
    assert len(limit.tokens._window) <= 110
    assert len(limit.requests._window) <= 110
