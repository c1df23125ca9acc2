"""Figures in words."""

import pytest

from svit.report.figures_in_words import listed, per_thousand, percent, plural, time_of


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.5, "50.0 %"), (0.00001, "< 0.1 %"), (0.99999, "> 99.9 %"), (None, "–")],
)
def test_only_none_is_nothing_and_only_all_is_everything(share: float | None, text: str) -> None:
    assert percent(share).replace("\N{NO-BREAK SPACE}", " ") == text


def test_words() -> None:
    assert (plural(1, "sample"), plural(2000, "sample")) == ("1 sample", "2,000 samples")
    assert (listed([]), listed(["a"]), listed(["a", "b", "c"])) == ("", "a", "a, b and c")
    assert time_of("2026-11-21T17:32:50+00:00") == "21 November 2026, 17:32"
    assert time_of("<b>") == "<b>"
    assert (per_thousand(2_000_000_000, 4000), per_thousand(None, 4), per_thousand(5, 0)) == ("$0.5000", "–", "–")
