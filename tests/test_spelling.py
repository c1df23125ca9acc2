"""Names that nobody knows: the nearest one is offered, and nothing where nothing is near."""

from pathlib import Path

import pytest

from svit.datasets.importer import shape_named
from svit.errors import DataError, SvitError
from svit.exports.formats import format_named
from svit.resources import config_path
from svit.run.folder import RunFolder
from svit.spelling import did_you_mean
from svit.tasks import task_named

TASKS = ["complex_reasoning", "conversation", "detail_description", "referring"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("refering", "referring"),
        ("Referring", "referring"),
        ("detail-description", "detail_description"),
        ("conversations", "conversation"),
        ("complex-resoning", "complex_reasoning"),
        ("x", ""),
        ("", ""),
        ("qwerty", ""),
    ],
)
def test_the_nearest_name_is_offered_and_nothing_where_nothing_is_near(given: str, meant: str) -> None:
    assert did_you_mean(given, TASKS) == (f" Did you mean '{meant}'?" if meant else "")


def test_every_name_that_a_person_may_choose_is_looked_up_so() -> None:
    for words, meant, call, given in (
        ("no task 'refering'. Choose one of: complex_", "referring'?", task_named, "refering"),
        ("no format 'qwen2-5-vl'. Choose one of: ", "'qwen2.5-vl'?", format_named, "qwen2-5-vl"),
        ("no format to import 'llava1.5'. Choose one of: svit, ", "'llava-1.5'?", shape_named, "llava1.5"),
        ("no config file 'opena.yaml'. Shipped ones, by name: ", "'openai'?", config_path, "opena.yaml"),
    ):
        with pytest.raises(SvitError) as refused:
            call(given)
        assert words in str(refused.value)
        assert str(refused.value).endswith(meant)


def test_a_run_that_is_not_there_is_told_from_one_that_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    with pytest.raises(DataError, match=r"first: this is no run of svit: there is no run\.json in it\.$"):
        RunFolder(tmp_path / "first").manifest()
    (tmp_path / "first" / "run.json").write_text("{}")
    with pytest.raises(
        DataError, match=r"no such folder\. Did you mean '.*/first'\? 'svit runs' lists what there is\.$"
    ):
        RunFolder(tmp_path / "frist").manifest()
    with pytest.raises(DataError, match=r"no such folder\. 'svit runs' lists what there is\.$"):
        RunFolder(tmp_path / "no" / "where").manifest()
    with pytest.raises(DataError, match=r"no run\.json in it\. Did you mean '.*/first'\?$"):
        RunFolder(tmp_path).manifest()
    with pytest.raises(DataError, match=r"no such folder\. 'svit runs' lists what there is\.$"):
        RunFolder(tmp_path / "entirely-else").manifest()  # a long path in common is no likeness
    (tmp_path / "first" / "run.json").write_text("{")
    with pytest.raises(DataError, match=r"run\.json cannot be read\.$"):
        RunFolder(tmp_path / "first").manifest()


def test_a_config_that_is_not_there_may_be_one_beside_it(tmp_path: Path) -> None:
    for name, words in (
        ("svt.yaml", f"Did you mean '{tmp_path}/svit.yaml'?"),
        ("opena", "Did you mean 'openai'?"),
        (".", f"is a folder: name a file in it. Did you mean '{tmp_path}/svit.yaml'?"),
        ("entirely-else", "Shipped ones, by name: offline, openai, vllm."),
    ):
        (tmp_path / "svit.yaml").write_text("model: m\n")
        with pytest.raises(SvitError) as refused:
            config_path(str(tmp_path / name))
        assert str(refused.value).endswith(words)
