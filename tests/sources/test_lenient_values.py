import math

import pytest

from svit.contexts.fields.lenient_values import identifier, items, number, whole_number, words

NONE: list[object] = [None, True, float("nan"), math.inf, "", "a few", "1,5", [], {}, [1]]


@pytest.mark.parametrize("value", [42, 42.0, "42", " 42 ", "42.0", "+42"])
def test_a_whole_number_in_any_spelling(value: object) -> None:
    assert whole_number(value) == 42


@pytest.mark.parametrize("value", [*NONE, 42.5, "42.5", 2**63, 1e300, "9" * 30, "٤٢"])
def test_what_is_no_whole_number(value: object) -> None:
    assert whole_number(value) is None


@pytest.mark.parametrize(("value", "meant"), [(1, 1.0), (1.5, 1.5), ("1.5", 1.5), (" 1e2 ", 100.0), (-1e-9, -1e-9)])
def test_a_number(value: object, meant: float) -> None:
    assert number(value) == meant


@pytest.mark.parametrize("value", [*NONE, "nan", "inf", 10**400])
def test_what_is_no_number(value: object) -> None:
    assert number(value) is None


def test_an_id_is_a_whole_number_or_a_text_as_it_stands() -> None:
    assert [identifier(value) for value in (7, 7.0, "7", "img a", "")] == [7, 7, "7", "img a", None]
    assert [identifier(value) for value in (None, True, 7.5, float("nan"), [7])] == [None] * 5


def test_words_and_items() -> None:
    texts: list[object] = [" a\u00a0 dog\n", " ", None, 7, float("nan")]
    assert [words(value) for value in texts] == ["a dog", None, None, None, None]
    lists: list[object] = [None, [1], (1,), "ab", {}, 7]
    assert [items(value) for value in lists] == [[], [1], [1], None, None, None]
