import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.limits import LOADS, Asker, Load, answered, of_best
from svit.providers.limits import AdaptiveConcurrency, RequestEnd


@pytest.mark.parametrize("name", LOADS)
def test_the_throughput_is_within_15_percent_of_the_best_fixed_number(name: str) -> None:
    share, allowed, best = of_best(name)
    assert share > 0.85
    assert allowed > best / 4


def test_it_grows_to_500_quickly() -> None:
    load = Load(slots=500, initial=1, most=1_024)
    asker = Asker(load, None)
    asker.clock.run(250)
    assert asker.allowed[0] == 1
    assert max(asker.allowed) >= 500
    from_eight = Asker(Load(slots=500), None)
    from_eight.clock.run(100)  # 25 answers, one after the other
    assert max(from_eight.allowed) >= 500


def test_it_does_not_grow_while_it_is_not_used_up() -> None:
    limits, now = AdaptiveConcurrency(initial=8), 0.0
    for _ in range(6):
        limits.started()
    for _ in range(1_000):
        now += 0.1
        limits.finished(now, 0.6, RequestEnd.ANSWERED, 100)
        limits.started()
    assert limits.limit == 8


def test_one_round_trip_of_overload_is_one_cut() -> None:
    limits = AdaptiveConcurrency(initial=100)
    for _ in range(100):
        limits.started()
    for i in range(100):
        limits.finished(1.0 + i / 1_000, 1.0, RequestEnd.OVERLOADED)
    assert 50 <= limits.limit <= 80


@pytest.mark.parametrize("outcome", [RequestEnd.OTHER, RequestEnd.OVERLOADED])
def test_everyday_faults_do_not_cut(outcome: RequestEnd) -> None:
    limits, now = AdaptiveConcurrency(initial=100, most=100), 0.0
    for i in range(10_000):
        now += 0.01
        limits.started()
        often = outcome is RequestEnd.OTHER or i % 50 == 0
        limits.finished(now, 0.01, outcome if often else RequestEnd.ANSWERED, 10)
    assert limits.limit == 100


def test_a_server_that_only_gets_slower_does_not_bring_it_down_to_one() -> None:
    load = Load(slots=50, noise=1.0)
    asker = Asker(load, None)
    asker.clock.run(1_500)
    assert min(asker.allowed[300:]) > 15


def test_long_answers_are_no_slow_server() -> None:
    asker = Asker(Load(slots=100, long_after=600.0), None)
    asker.clock.run(2_000)
    assert min(asker.allowed[300:]) > 60


def test_it_is_worth_having() -> None:
    load = LOADS["thrashing above 40"][0]
    assert answered(load)[0] > 2 * answered(load, 400)[0]
    assert answered(load)[0] > 2 * answered(load, 8)[0]


@given(
    acts=st.lists(
        st.tuples(st.floats(0, 100), st.sampled_from(RequestEnd), st.integers(0, 10_000), st.booleans()), max_size=300
    ),
    bounds=st.tuples(st.integers(1, 20), st.integers(0, 20), st.integers(0, 40)),
)
def test_it_stays_within_its_bounds(
    acts: list[tuple[float, RequestEnd, int, bool]], bounds: tuple[int, int, int]
) -> None:
    least, more, most = bounds[0], bounds[0] + bounds[1], bounds[0] + bounds[1] + bounds[2]
    limits, now = AdaptiveConcurrency(initial=more, least=least, most=most), 0.0
    for latency, outcome, tokens, used_up in acts:
        while limits.free and (used_up or not limits.in_flight):
            limits.started()
        now += latency / 10
        limits.finished(now, latency, outcome, tokens)
        assert least <= limits.limit <= most
        assert limits.in_flight >= 0


def test_bounds_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="least"):
        AdaptiveConcurrency(initial=10, most=5)
