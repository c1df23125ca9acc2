"""The counters of the report: what they bound, what they estimate, what they draw."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svit.report.bounded_counters import CommonestCounts, DistinctCount, LengthCounts, RandomDraw


def test_a_tally_keeps_the_commonest_and_says_how_much_it_forgot() -> None:
    tally: CommonestCounts[str] = CommonestCounts(100)
    truth: Counter[str] = Counter()
    for n in range(2000):
        words = ["the", f"rare {n}", "the", "of"]
        truth.update(words)
        tally.add(words)
    assert len(tally.counts) <= 101
    assert tally.counts["the"] == truth["the"] == 4000
    assert tally.counts["of"] == 2000
    assert tally.pruned > 1800
    assert tally.counts.total() + tally.pruned == truth.total()


def test_distinct_texts_are_exact_while_they_are_few_and_near_when_they_are_many() -> None:
    few = DistinctCount(most=100)
    few.add(["a", "b", "a", "c", "a"])
    assert (few.total, few.different, few.is_exact) == (5, 3, True)
    assert few.repeated == pytest.approx(2 / 5)
    many = DistinctCount(most=2000)
    for n in range(30_000):
        many.add([f"question {n % 20_000}"])
    assert not many.is_exact
    assert many.total == 30_000
    assert many.different == pytest.approx(20_000, rel=0.1)
    assert many.repeated == pytest.approx(1 / 3, abs=0.04)


@given(st.lists(st.integers(), unique=True, max_size=60), st.randoms())
def test_a_lot_draws_the_same_in_any_order(things: list[int], order: random.Random) -> None:
    straight, mixed = RandomDraw[int](7, seed=3), RandomDraw[int](7, seed=3)
    for thing in things:
        straight.offer(thing, thing)
    order.shuffle(shuffled := list(things))
    for thing in shuffled:
        mixed.offer(thing, thing)
    assert sorted(straight.drawn()) == sorted(mixed.drawn())
    assert straight.drawn() == [thing for thing in things if thing in set(straight.drawn())]
    assert len(straight.drawn()) == min(7, len(things))


def test_another_seed_draws_others_and_all_are_drawn_alike() -> None:
    def drawn(seed: int) -> list[int]:
        lot = RandomDraw[int](10, seed)
        for n in range(100):
            lot.offer(n, n)
        return lot.drawn()

    often = Counter(n for seed in range(300) for n in drawn(seed))
    assert drawn(1) != drawn(2)
    assert set(often) == set(range(100))
    assert 8 < min(often.values()) <= max(often.values()) < 60


def test_lengths_have_quantiles_and_bins_that_hold_them_all() -> None:
    lengths = LengthCounts(most=1000)
    lengths.update([*range(1, 101), 5000])
    assert (lengths.quantile(0.5), lengths.quantile(0.05), lengths.quantile(1.0)) == (51, 6, 1000)
    bins = lengths.bins(30)
    assert len(bins) <= 30
    assert [(each.low, each.high) for each in bins[:2]] == [(0, 4), (5, 9)]
    assert sum(each.times for each in bins) == 101
    assert [each.open for each in bins] == [False] * (len(bins) - 1) + [True]
    assert LengthCounts().bins() == []
    assert LengthCounts().quantile(0.5) == 0


@given(st.lists(st.integers(min_value=0, max_value=3000), min_size=1, max_size=80))
def test_bins_hold_each_length_once(numbers: list[int]) -> None:
    lengths = LengthCounts()
    lengths.update(numbers)
    bins = lengths.bins(12)
    assert len(bins) <= 12
    for each in bins:
        inside = sum(each.low <= n and (n <= each.high or each.open) for n in numbers)
        assert inside == each.times
    assert sum(each.times for each in bins) == len(numbers)
