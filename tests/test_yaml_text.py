from decimal import Decimal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from svit.errors import SvitError
from svit.yaml_files import checked, read_yaml


class Ware(BaseModel):
    model_config = ConfigDict(extra="forbid")
    price: Decimal = Field(default=Decimal(1), gt=0)


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "{}"])
def test_a_file_that_says_nothing_is_all_defaults(text: str) -> None:
    assert checked(Ware, read_yaml(text, name="w.yaml"), name="w.yaml") == Ware()


def test_plain_values_stay_as_they_are_written() -> None:
    assert read_yaml("a: 010\nb: 0.10\nc: 2026-11-21", name="w.yaml", plain=True) == {
        "a": "010",
        "b": "0.10",
        "c": "2026-11-21",
    }


@pytest.mark.parametrize("text", ["a: [", "a: !!python/object/apply:os.getcwd []", "a: 2026-13-45"])
def test_what_is_no_yaml_is_told_with_the_file(text: str) -> None:
    with pytest.raises(SvitError, match=r"^w\.yaml: this is not YAML: [^\n]+\.$"):
        read_yaml(text, name="w.yaml")


def test_a_tag_makes_nothing_of_a_plain_value() -> None:
    assert read_yaml("a: !!python/object/apply:os.getcwd []", name="w.yaml", plain=True) == {"a": []}


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"price": -1}, "w.yaml: 'price': Input should be greater than 0."),
        ({"prise": 1}, "w.yaml: 'prise': there is no such key: did you mean 'price'?"),
    ],
)
def test_the_first_wrong_key_is_named(values: dict[str, int], sentence: str) -> None:
    with pytest.raises(SvitError) as refused:
        checked(Ware, values, name="w.yaml")
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    "text",
    ["a: sk-canary5d1f: 1", "a: 'sk-canary5d1f", "a: [sk-canary5d1f", "a: sk-canary5d1f\n\tb: 1", "{sk-canary5d1f"],
)
def test_a_fault_is_told_by_its_place_and_not_by_its_line(text: str) -> None:
    with pytest.raises(SvitError, match=r"this is not YAML: .* \(line [12], column \d+\)\.$") as refused:
        read_yaml(text, name="w.yaml")
    assert "canary" not in str(refused.value)


class Shelf(BaseModel):
    """What the next test reads: wares by their name, and one that stands alone."""

    model_config = ConfigDict(extra="forbid")
    wares: dict[str, Ware] = {}
    first: Ware | None = None
    length: int = 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"lenght": 1}, "'lenght': there is no such key: did you mean 'length'?"),
        ({"wares": {"a": {"prise": 1}}}, "'wares.a.prise': there is no such key: did you mean 'price'?"),
        ({"first": {"prise": 1}}, "'first.prise': there is no such key: did you mean 'price'?"),
        ({"price": 1}, "'price': there is no such key: did you mean 'price', which stands under 'wares'?"),
        (
            {"wares": {"a": {"price": 1, "lenth": 1}}},
            "'wares.a.lenth': there is no such key: did you mean 'length', which stands outside of all others?",
        ),
        ({"first": {}, "zzz": 1}, "'zzz': there is no such key."),
    ],
)
def test_a_wrong_key_gets_a_suggestion_wherever_it_stands(values: dict[str, object], words: str) -> None:
    with pytest.raises(SvitError) as refused:
        checked(Shelf, values, name="w.yaml")
    assert str(refused.value) == f"w.yaml: {words}"
