"""Whatever a reply says, its cost is never booked too low."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svit.cost.prices import PriceTable, Tier
from svit.cost.spending import Spending
from svit.providers.base import read_completion
from svit.records import Completion, ImageContext, Message, Prompt, Sampling, Usage

TABLE = PriceTable.read((Path(__file__).parents[1] / "data" / "prices.yaml").read_text(encoding="utf-8"))
LUNA = TABLE.required("gpt-6-luna")
USED = Usage(prompt_tokens=2000, completion_tokens=900)
FULL = 2000 * 100 + 900 * 500
WORST = 10**7


def prompt(*texts: str, max_tokens: int = 900) -> Prompt:
    messages = tuple(Message("user", text) for text in texts)
    return Prompt("t", messages, Sampling("gpt-6-luna", max_tokens), "v", ImageContext(1, "a", 9, 9))


def answer(tier: str = "", usage: Usage | None = USED) -> Completion:
    return Completion("text", "stop", "gpt-6-luna", usage, service_tier=tier)


@pytest.mark.parametrize(
    ("asked", "served", "cost"),
    [
        ("flex", "flex", FULL // 2),
        ("flex", "", FULL // 2),
        ("flex", "default", FULL),
        ("flex", "scale", FULL),
        ("flex", "priority", FULL * 5 // 2),
        ("standard", "", FULL),
        ("standard", "default", FULL),
        ("standard", "standard", FULL),
        ("standard", "on_demand", FULL),
        ("standard", "auto", FULL),
        ("standard", "flex", FULL // 2),
        ("standard", "fast", FULL * 5 // 2),
        ("standard", "unheard_of", WORST),
        ("batch", "", FULL // 2),
        ("batch", "default", FULL // 2),
        ("batch", "flex", FULL // 2),
    ],
)
def test_an_answer_is_paid_by_the_tier_that_served_it(asked: Tier, served: str, cost: int) -> None:
    assert Spending(LUNA, asked).cost(answer(served), WORST, "referring") == cost


def test_an_unheard_of_tier_costs_no_less_than_the_dearest_known_one() -> None:
    assert Spending(LUNA).cost(answer("ultrafast"), 1, "referring") == FULL * 5 // 2


def test_an_answer_without_its_usage_costs_its_worst_case() -> None:
    assert Spending(LUNA, "flex").cost(answer("flex", None), WORST, "referring") == WORST


def test_without_a_price_nothing_costs_anything() -> None:
    assert Spending().worst(prompt("a")) == Spending().cost(answer("priority"), WORST, "referring") == 0


@given(
    st.lists(st.text(), min_size=1, max_size=3),
    st.integers(1, 5000),
    st.sampled_from(["standard", "flex", "batch"]),
    st.sampled_from(["", "default", "flex", "auto"]),
    st.data(),
)
def test_no_tier_that_can_be_asked_for_costs_more_than_was_reserved(
    texts: list[str], most: int, asked: Tier, served: str, data: st.DataObject
) -> None:
    made = prompt(*texts, max_tokens=most)
    told = data.draw(st.integers(0, sum(len(text.encode()) + 16 for text in texts)))
    written = data.draw(st.integers(0, told))
    used = Usage(told, data.draw(st.integers(0, most)), told - written, written)
    spending = Spending(LUNA, asked)
    assert spending.cost(answer(served, used), WORST, "referring") <= spending.worst(made)


def test_flex_is_reserved_at_the_full_price_and_a_batch_at_half() -> None:
    full = Spending(LUNA).worst(prompt("a" * 984))
    assert full == 1000 * 125 + 900 * 500
    assert (Spending(LUNA, "flex").worst(prompt("a" * 984)), Spending(LUNA, "batch").worst(prompt("a" * 984))) == (
        full,
        full // 2,
    )


@pytest.mark.parametrize(("said", "tier"), [(', "service_tier": "default"', "default"), (', "service_tier": null', "")])
def test_the_tier_is_read_from_the_reply(said: str, tier: str) -> None:
    read = read_completion(b'{"choices": [{"message": {"content": "Hi"}}]%b}' % said.encode())
    assert isinstance(read, Completion)
    assert read.service_tier == tier
