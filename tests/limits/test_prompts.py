import pytest
from hypothesis import given
from hypothesis import strategies as st

from svit.providers.limits.prompt_tokens import LEAST, MOST, SIGNS, CutPrompt, PromptTokens


def test_before_anything_is_reported_the_estimate_stands() -> None:
    assert PromptTokens().expected(1_234) == 1_234


@pytest.mark.parametrize("ratio", [0.7, 1.0, 1.3, 2.0])
def test_the_ratio_of_another_tokenizer_is_learned(ratio: float) -> None:
    sizes = PromptTokens()
    for n in range(200):
        estimate = 1_000 + 7 * (n % 100)
        sizes.learn(estimate, round(estimate * ratio))
    assert sizes.ratio == pytest.approx(ratio, rel=0.05)
    assert sizes.cut is None


def test_one_reply_does_not_decide_alone() -> None:
    sizes = PromptTokens()
    sizes.learn(1_000, 3_000)
    assert sizes.ratio < 1.5


def test_what_is_reported_now_counts_more_than_what_was_long_ago() -> None:
    sizes = PromptTokens()
    for ratio in (2.0, 1.0):
        for n in range(1_000):
            sizes.learn(1_000 + n, round((1_000 + n) * ratio))
    assert sizes.ratio == pytest.approx(1.0, rel=0.05)


@given(st.lists(st.tuples(st.integers(-5, 10**9), st.integers(-5, 10**12))))
def test_the_ratio_stays_within_its_bounds_whatever_is_reported(reports: list[tuple[int, int]]) -> None:
    sizes = PromptTokens()
    for estimate, reported in reports:
        sizes.learn(estimate, reported)
        assert LEAST <= sizes.ratio <= MOST
        assert sizes.expected(1_000) >= 500


def test_reports_far_below_what_was_sent_are_a_cut() -> None:
    sizes = PromptTokens()
    for n in range(SIGNS - 1):
        sizes.learn(3_000, 1_024 + n)
    assert sizes.cut is None
    sizes.learn(3_000, 1_023)
    assert sizes.cut == CutPrompt(1_023, 3_000)
    assert sizes.ratio == 1.0, "and the ratio does not follow them"


def test_one_number_for_prompts_of_many_lengths_is_a_cut() -> None:
    sizes = PromptTokens()
    for estimate in (2_400, 3_000, 2_500, 2_900, 3_300):
        sizes.learn(estimate, 2_048)
    assert sizes.cut is not None
    assert sizes.cut.reported == 2_048


@pytest.mark.parametrize(
    "reports",
    [
        [(100, 20)] * 50,  # short prompts
        [(1_500, 0)] * 50,  # nothing: all of it was in the server's cache
        [(1_000 + n, 900) for n in range(50)],  # the same number for prompts of about the same length
        [(1_000 + 300 * (n % 2), 1_500) for n in range(50)],  # a number that means nothing
    ],
)
def test_what_has_another_reason_is_no_cut(reports: list[tuple[int, int]]) -> None:
    sizes = PromptTokens()
    for estimate, reported in reports:
        sizes.learn(estimate, reported)
    assert sizes.cut is None
