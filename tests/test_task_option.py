"""Tasks are named alike in every command."""

import subprocess
import sys
from pathlib import Path

import pytest

from svit.cli.existing_run import PastRun
from svit.cli.task_option import one_task_name, task_names
from svit.errors import SvitError
from svit.run.folder import RunFolder


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["referring", "conversation"], ["conversation", "referring"]),
        (["referring,conversation"], ["conversation", "referring"]),
        ([" referring , conversation,"], ["conversation", "referring"]),
        (["referring,referring", "referring"], ["referring"]),
        (["all,referring"], ["conversation", "complex_reasoning", "detail_description", "referring"]),
        ([], []),
        (None, []),
    ],
)
def test_tasks_are_repeated_or_listed_with_commas(words: list[str] | None, names: list[str]) -> None:
    assert task_names(words) == names


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("refering", r"There is no task 'refering'\. Choose one of: .*\. Did you mean 'referring'\?"),
        ("referring,conversations", r"no task 'conversations'\. .* Did you mean 'conversation'\?"),
        ("detail", r"There is no task 'detail'\. Choose one of: [a-z_, ]+\.$"),
        (",", r"No task is named\. Choose one of: complex_reasoning, .*, or all\."),
    ],
)
def test_a_wrong_task_gets_a_suggestion(word: str, sentence: str) -> None:
    with pytest.raises(SvitError, match=sentence):
        task_names([word])


def test_where_one_task_is_wanted_two_are_refused() -> None:
    assert one_task_name(["referring"]) == "referring"
    assert one_task_name(None) is None
    with pytest.raises(SvitError, match="Name one task, not 2"):
        one_task_name(["referring,conversation"])


@pytest.mark.parametrize(
    "words",
    [
        ["--task", "referring,conversation"],
        ["--tasks", "conversation,referring"],
        ["--task=referring", "--tasks=conversation"],
    ],
)
def test_every_way_to_name_two_tasks_makes_the_same_run(tmp_path: Path, words: list[str]) -> None:
    command = [sys.executable, "-m", "svit", "generate", "-q", *words]
    assert subprocess.run(command, cwd=tmp_path, timeout=300).returncode == 0
    run = tmp_path / "runs" / "sample-conversation+referring"
    assert sorted(path.name for path in run.iterdir() if path.is_dir()) == ["conversation", "referring"]
    past = PastRun.read(run)
    assert past.folder.path == RunFolder(run).path
    assert (
        past.chosen() == past.chosen("all") == past.chosen(["referring,conversation"]) == ["conversation", "referring"]
    )
    assert past.chosen(["referring"]) == ["referring"]
    with pytest.raises(SvitError, match="this run has no task 'detail_description'"):
        past.chosen(["detail_description"])
