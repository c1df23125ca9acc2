import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svit.cost.prices import PriceTable, Tier, dollars, nano_dollars
from svit.errors import SvitError

TEXT = (Path(__file__).parents[1] / "data" / "prices.yaml").read_text(encoding="utf-8")
TABLE = PriceTable.read(TEXT)
TIERS: tuple[Tier, ...] = ("standard", "batch", "flex", "priority")


@dataclass(frozen=True)
class Tokens:
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0


COUNTS = st.integers(min_value=0, max_value=10**6)
TOKENS = st.builds(Tokens, COUNTS, COUNTS, COUNTS, COUNTS)
AMOUNTS = st.integers(min_value=1, max_value=10**9).map(lambda millionths: Decimal(millionths).scaleb(-6))
PERCENTS = st.integers(min_value=1, max_value=100)


@pytest.mark.parametrize(
    ("model", "tokens", "tier", "nano"),
    [
        ("gpt-4o-mini", Tokens(prompt_tokens=1), "standard", 150),
        ("gpt-4o-mini", Tokens(prompt_tokens=1, cached_tokens=1), "standard", 75),
        ("gpt-5.4-nano", Tokens(prompt_tokens=1, cached_tokens=1), "standard", 20),
        ("gpt-4o", Tokens(prompt_tokens=770, completion_tokens=900), "standard", 770 * 2500 + 900 * 10_000),
        ("gpt-4o", Tokens(prompt_tokens=770, completion_tokens=900), "batch", (770 * 2500 + 900 * 10_000) // 2),
        ("gpt-4o", Tokens(prompt_tokens=770), "flex", 770 * 2500),
        ("gpt-4", Tokens(prompt_tokens=10, cached_tokens=10), "standard", 10 * 30_000),
        ("gpt-6-luna", Tokens(prompt_tokens=2000, cached_tokens=1024), "flex", (976 * 100 + 1024 * 10) // 2),
        ("gpt-6-luna", Tokens(prompt_tokens=2000, cache_write_tokens=1024), "standard", 976 * 100 + 1024 * 125),
        ("gpt-5.5", Tokens(prompt_tokens=2000, cache_write_tokens=1024), "standard", 2000 * 5000),
        ("gpt-5-mini", Tokens(prompt_tokens=2, cached_tokens=2), "batch", 25),
        ("gpt-5.5", Tokens(prompt_tokens=2, completion_tokens=1), "priority", 2 * 12_500 + 75_000),
        ("gpt-5-mini", Tokens(prompt_tokens=1, cached_tokens=1), "batch", 13),
    ],
)
def test_a_request_costs_what_the_table_says(model: str, tokens: Tokens, tier: Tier, nano: int) -> None:
    assert TABLE.required(model).cost(tokens, tier) == nano


@pytest.mark.parametrize(
    ("model", "tier", "about"),
    [
        ("gpt-6-luna", "standard", 290),
        ("gpt-6-luna", "batch", 145),
        ("gpt-4o", "standard", 6300),
        ("gpt-4", "standard", 53_000),
    ],
)
def test_visual_genome_times_four_tasks_costs_what_is_known(model: str, tier: Tier, about: int) -> None:
    asked = Tokens(prompt_tokens=770 + 1450, completion_tokens=900)
    cost = 4 * 108_077 * TABLE.required(model).cost(asked, tier)
    assert cost == pytest.approx(about * 10**9, rel=0.03)


def test_every_price_from_gpt_5_6_on_bills_cache_writes_at_five_quarters() -> None:
    newest = {name: price for name, price in TABLE.prices.items() if re.match(r"gpt-(5\.6|6)", name)}
    assert len(newest) == 9
    for name, price in TABLE.prices.items():
        assert price.cache_write * 4 == price.input * (5 if name in newest else 4), name


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, PERCENTS, COUNTS, COUNTS, COUNTS, COUNTS)
def test_money_is_exact_to_the_last_nano_dollar(
    price: Decimal,
    cached: Decimal,
    write: Decimal,
    answer: Decimal,
    percent: int,
    plain: int,
    read: int,
    written: int,
    answered: int,
) -> None:
    table = PriceTable.read(
        f"as_of: 2026-11-21\nmodels:\n  m: {{input: {price:f}, cached: {cached:f}, cache_write: {write:f}, "
        f"output: {answer:f}, batch: {Decimal(percent).scaleb(-2):f}}}"
    )
    tokens = Tokens(plain + read + written, answered, read, written)
    exact = Fraction(plain) * Fraction(price) + read * Fraction(cached) + written * Fraction(write)
    exact = (exact + answered * Fraction(answer)) * 1000
    assert table.required("m").cost(tokens) == ceil(exact)
    assert table.required("m").cost(tokens, "batch") == ceil(exact * percent / 100)


@given(st.sampled_from(sorted(TABLE.prices)), st.sampled_from(TIERS), TOKENS, COUNTS, COUNTS)
def test_no_answer_costs_more_than_the_worst_case(
    model: str, tier: Tier, tokens: Tokens, more_prompt: int, more_answer: int
) -> None:
    price = TABLE.required(model)
    worst = price.worst_case(tokens.prompt_tokens + more_prompt, tokens.completion_tokens + more_answer, tier)
    assert 0 <= price.cost(tokens, tier) <= worst


def test_the_worst_case_is_reached() -> None:
    price = TABLE.required("gpt-6-sol")
    assert price.worst_case(2000, 900) == price.cost(Tokens(2000, 900, cache_write_tokens=2000))


@pytest.mark.parametrize(
    ("told", "read"),
    [
        (Tokens(10, 0, cached_tokens=50), Tokens(10, 0, cached_tokens=10)),
        (Tokens(10, 0, cached_tokens=10, cache_write_tokens=10), Tokens(10, 0, cache_write_tokens=10)),
        (Tokens(10, 5, cached_tokens=-3, cache_write_tokens=-3), Tokens(10, 5)),
        (Tokens(-10, -5), Tokens()),
    ],
)
def test_counts_that_cannot_be_never_make_a_request_cheaper(told: Tokens, read: Tokens) -> None:
    price = TABLE.required("gpt-6-luna")
    assert price.cost(told) == price.cost(read)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("gpt-5.4-mini", "gpt-5.4-mini"),
        ("gpt-5.4-mini-2026-03-17", "gpt-5.4-mini"),
        ("gpt-5-2025-08-07", "gpt-5"),
        ("gpt-4o-2024-05-13", "gpt-4o-2024-05-13"),
        ("gpt-5-unknown", None),
        ("gpt-5.4-mini-2026-03", None),
        ("gpt-5.4-mini-2026-03-17-preview", None),
        ("gpt-4o-mini-audio-2024-12-17", None),
        ("ft:gpt-4o-mini", None),
        ("GPT-4o", None),
        ("gpt-", None),
        ("", None),
    ],
)
def test_a_snapshot_has_the_price_of_its_model_and_nothing_else_has(asked: str, found: str | None) -> None:
    assert TABLE.price(asked) == (TABLE.prices[found] if found else None)


def test_a_model_without_a_price_is_not_free() -> None:
    with pytest.raises(SvitError, match=r"no price for the model 'my-llama'.*'free: true'"):
        TABLE.required("my-llama")


def test_a_users_own_file_replaces_whole_entries_and_adds_free_ones() -> None:
    own = "as_of: 2026-12-01\nmodels:\n  gpt-4o: {input: 3, output: 9}\n  my-llama: {free: true}\n"
    table = PriceTable.read(TEXT, own)
    assert (table.as_of, table.own_as_of) == (date(2026, 11, 21), date(2026, 12, 1))
    assert table.required("gpt-4o").cost(Tokens(100, 10, cached_tokens=100), "batch") == 100 * 3000 + 10 * 9000
    assert table.required("my-llama").worst_case(10**9, 10**9) == 0
    assert table.price("gpt-4o-mini") == TABLE.price("gpt-4o-mini")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("as_of: 2026-11-21\nmodels: {m: {input: 1}}", r"'models\.m': needs 'input' and 'output', or 'free: true'\."),
        ("models: {m: {input: 1, output: 1}}", "'as_of' is missing"),
        ("as_of: November\nmodels: {}", "'as_of': Input should be a valid date"),
        ("as_of: 2026-11-21\nmodels: {m: {input: cheap, output: 1}}", r"'models\.m\.input': "),
        ("as_of: 2026-11-21\nmodels: {m: {input: 0, output: 1}}", r"'models\.m\.input': .* greater than 0"),
        ("as_of: 2026-11-21\nmodels: {m: {input: -1, output: 1}}", r"'models\.m\.input': "),
        ("as_of: 2026-11-21\nmodels: {m: {input: .nan, output: 1}}", r"'models\.m\.input': "),
        ("as_of: 2026-11-21\nmodels: {m: {input: 0.0000001, output: 1}}", r"'models\.m\.input': .* 6 decimal"),
        ("as_of: 2026-11-21\nmodels: {m: {input: 1, output: 1, batch: 50}}", r"'models\.m\.batch': "),
        ("as_of: 2026-11-21\nmodels: {m: {input: 1, output: 1, priority: 0.5}}", r"'models\.m\.priority': "),
        (
            "as_of: 2026-11-21\nmodels: {m: {input: 1, output: 1, cashed: 1}}",
            r"'models\.m\.cashed': there is no such key",
        ),
        ("as_of: 2026-11-21\nmodels: {m: {input: 1, output: 1, free: true}}", r"'models\.m': is free and has"),
        ("models: [", "this is not YAML"),
        ("- 1", "Input should be"),
    ],
)
def test_a_wrong_entry_is_told_with_file_and_key(text: str, words: str) -> None:
    with pytest.raises(SvitError, match=rf"^data/prices\.yaml: {words}"):
        PriceTable.read(text)


def test_a_wrong_entry_of_the_users_own_is_told_with_its_own_file() -> None:
    with pytest.raises(SvitError, match=r"^mine\.yaml: 'models\.m\.input': "):
        PriceTable.read(TEXT, "models: {m: {input: cheap, output: 1}}", own_name="mine.yaml")


def test_amounts_are_read_as_they_are_written() -> None:
    table = PriceTable.read("as_of: 2026-11-21\nmodels: {m: {input: 010, output: 0.000001}}")
    assert table.required("m").cost(Tokens(1)) == 10_000
    assert table.required("m").cost(Tokens(completion_tokens=1000)) == 1


def test_a_model_is_gone_from_its_last_day_on() -> None:
    price = TABLE.required("gpt-5-mini")
    assert not price.is_gone(date(2026, 12, 10))
    assert price.is_gone(date(2026, 12, 11))
    assert not TABLE.required("gpt-6-luna").is_gone(date(9999, 1, 1))


@pytest.mark.parametrize(
    ("nano", "words"),
    [
        (0, "$0.00"),
        (1, "$0.000000001"),
        (46_200, "$0.000046"),
        (99_999, "$0.000100"),
        (12_300_000, "$0.0123"),
        (500_000_000, "$0.5000"),
        (999_949_999, "$0.9999"),
        (999_950_000, "$1.00"),
        (1_004_999_999, "$1.00"),
        (1_005_000_000, "$1.01"),
        (1_234_500_000_000, "$1,234.50"),
        (-12_300_000, "-$0.0123"),
    ],
)
def test_money_for_people(nano: int, words: str) -> None:
    assert dollars(nano) == words


@given(st.integers(min_value=1, max_value=10**18))
def test_money_for_people_is_close_and_never_nothing(nano: int) -> None:
    shown = Fraction(dollars(nano).replace("$", "").replace(",", "")) * 10**9
    assert shown > 0
    assert abs(shown - nano) <= Fraction(nano, 20)


@pytest.mark.parametrize(
    ("written", "nano"), [("300", 300 * 10**9), ("0.1", 10**8), (5, 5 * 10**9), ("0.000000001", 1), ("0", 0)]
)
def test_dollars_are_read_exactly(written: str | int, nano: int) -> None:
    assert nano_dollars(written) == nano


@pytest.mark.parametrize("written", ["", "cheap", "-1", "nan", "inf", "0.0000000001", "$5"])
def test_what_is_no_amount_of_dollars_is_refused(written: str) -> None:
    with pytest.raises(SvitError, match="is not an amount of dollars"):
        nano_dollars(written)
