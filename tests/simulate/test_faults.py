"""Which fault befalls which request, and what it does."""

from collections import Counter

import pytest

from svit.errors import SvitError
from svit.simulate.chat_completions import Answer
from svit.simulate.fault_injection import KINDS, NONE, Faults, altered, chance, damaged, rates


def drawn(found: Faults, seed: int, bodies: int = 4000, time: int = 1) -> list[str]:
    return [found.of(chance(seed, key, time).fault, time) for key in range(bodies)]


def test_each_kind_comes_at_its_rate() -> None:
    counts = Counter(drawn(Faults(rates(["500=0.2", "hang=0.05"])), seed=3, bodies=20_000))
    assert counts["500"] == pytest.approx(4000, abs=250)
    assert counts["hang"] == pytest.approx(1000, abs=130)
    assert set(counts) == {"500", "hang", NONE}


def test_the_same_seed_meets_the_same_faults_and_another_seed_others() -> None:
    faults = Faults(rates(["all=0.5"]))
    assert drawn(faults, seed=1) == drawn(faults, seed=1)
    assert drawn(faults, seed=1) != drawn(faults, seed=2)


def test_a_retry_can_succeed() -> None:
    faults = Faults(rates(["500=0.5"]))
    first, second = drawn(faults, seed=1), drawn(faults, seed=1, time=2)
    assert {(a, b) for a, b in zip(first, second, strict=True)} == {
        (a, b) for a in ("500", NONE) for b in ("500", NONE)
    }


def test_faults_can_be_kept_to_the_first_attempts() -> None:
    faults = Faults(rates(["500=1"]), attempts=2)
    assert [faults.of(0.5, time) for time in (1, 2, 3)] == ["500", "500", NONE]


def test_all_is_spread_over_every_kind_that_a_run_meets_and_survives() -> None:
    found = rates(["all=0.1", "500=0.02"])
    assert set(KINDS) - set(found) == {"insufficient_quota", "flex_refused"}
    assert sum(found.values()) == pytest.approx(0.12)
    assert found["429"] == pytest.approx(0.1 / (len(KINDS) - 2))


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (["5oo=0.1"], "There is no fault '5oo'. Choose one of: all, 429, "),
        (["500"], "'' is no rate."),
        (["500=2"], "'2' is no rate."),
        (["500=-0.1"], "'-0.1' is no rate."),
        (["500=nan"], "'nan' is no rate."),
        (["500=0.6", "502=0.6"], "add up to 1.2"),
    ],
)
def test_what_is_no_rate_is_said(texts: list[str], sentence: str) -> None:
    with pytest.raises(SvitError) as error:
        rates(texts)
    assert sentence in str(error.value)


ANSWER = Answer("one two three four", 100, 4)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("none", ANSWER),
        ("no_usage", ANSWER),
        ("drip", ANSWER),
        ("empty", Answer("", 100, 4, reasoning_tokens=4)),
        ("refusal", Answer(None, 100, 9, refusal="I'm sorry, but I can't help with that.")),
        ("length", Answer("one two t", 100, 2, finish_reason="length")),
        ("content_filter", Answer("one two t", 100, 2, finish_reason="content_filter")),
    ],
)
def test_a_fault_of_the_completion_leaves_it_so(kind: str, expected: Answer) -> None:
    assert altered(kind, ANSWER) == expected


def test_only_bad_json_is_damaged() -> None:
    assert damaged("bad_json", b'{"a":1}') == b'{"a"'
    assert damaged("none", b'{"a":1}') == b'{"a":1}'
