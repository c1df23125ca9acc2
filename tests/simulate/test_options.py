"""Quantities as people write them, and how long answers take."""

import statistics

import pytest

from svit.errors import SvitError
from svit.simulate.latency import Latency
from svit.simulate.model_list import ModelList
from svit.simulate.simulator_options import SimulatorOptions, quantity, seconds


@pytest.mark.parametrize(("text", "value"), [("2s", 2), ("500ms", 0.5), ("1.5m", 90), ("3", 3), (" 1s ", 1)])
def test_times_are_read(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize(("text", "value"), [("6000", 6000), ("6k", 6000), ("10M", 10_000_000), ("0.5M", 500_000)])
def test_quantities_are_read(text: str, value: int) -> None:
    assert quantity(text) == value


@pytest.mark.parametrize("text", ["", "s", "-1s", "1h", "one", "1 s"])
def test_what_is_no_time_is_said(text: str) -> None:
    with pytest.raises(SvitError, match="is no length of time"):
        seconds(text)


@pytest.mark.parametrize("text", ["", "0", "-1", "1G", "M", "10 M"])
def test_what_is_no_quantity_is_said(text: str) -> None:
    with pytest.raises(SvitError, match="is no quantity"):
        quantity(text)


@pytest.mark.parametrize("text", ["lognormal:1s", "normal:1s,2", "fast", "lognormal:1s,x"])
def test_what_is_no_latency_is_said(text: str) -> None:
    with pytest.raises(SvitError, match=r"is no (latency|length of time)"):
        Latency(SimulatorOptions(latency=text))


def test_a_lognormal_latency_has_its_median_and_its_spread() -> None:
    latency = Latency(SimulatorOptions(latency="lognormal:1.5s,0.6"))
    waits = [latency.wait((n + 0.5) / 1000, 900, 0.0) for n in range(1000)]
    assert statistics.median(waits) == pytest.approx(1.5, rel=0.01)
    assert waits[841] / waits[500] == pytest.approx(2.718**0.6, rel=0.02)
    assert latency.wait(0.0, 900, 0.0) > 0
    assert latency.wait(1.0, 900, 0.0) < 100


def test_an_answer_takes_its_latency_and_the_time_of_its_tokens() -> None:
    assert Latency(SimulatorOptions(latency="2s", tokens_per_second=100)).wait(0.5, 300, 9.0) == 5.0


def test_slots_are_filled_in_order_and_the_rest_queues() -> None:
    latency = Latency(SimulatorOptions(latency="2s", slots=2))
    assert [latency.wait(0.5, 1, 10.0) for _ in range(5)] == [2, 2, 4, 4, 6]
    assert latency.wait(0.5, 1, 13.0) == 3.0
    assert latency.wait(0.5, 1, 100.0) == 2.0


def test_models_are_known_by_name_and_may_end() -> None:
    models = ModelList(("gpt-4o=2027-01-14", "own"))
    assert models.problem("own") is None
    assert models.problem("gpt-4").code == "model_not_found"  # type: ignore[union-attr]
    assert b'"id":"gpt-4o"' in models.listing()
    assert models.listing().count(b'"shutdown_date":"2027-01-14"') == 1
    assert ModelList(()).problem("any") is None
    with pytest.raises(SvitError, match="is no model with its end"):
        ModelList(("gpt-4o=soon",))
