"""The next step that fits, after each way in which a run ends."""

from pathlib import Path

import pytest

from svit.cli.next_steps import after_end, after_stop, same_command, steps_text
from svit.errors import BudgetReachedError, DeadlineReachedError, ProviderRefusesError, StorageError

CALLED = ["generate", "--task", "all", "--max-cost", "5", "--run", "my run"]
RUN = Path("my run")


def test_a_finished_run_is_shown_reported_and_exported() -> None:
    commands = [command for command, _ in after_end(RUN, 7, rejected=False)]
    assert commands == [
        "svit show 'my run' 7",
        "svit report 'my run'",
        "svit export 'my run' -f llava-next -o train.jsonl",
    ]


def test_a_run_with_rejections_is_regenerated_first() -> None:
    commands = [command for command, _ in after_end(RUN, 7, rejected=True)]
    assert [command.split()[1] for command in commands] == ["regenerate", "report", "export"]


@pytest.mark.parametrize(
    ("error", "commands"),
    [
        (
            BudgetReachedError("The limit of $5.00 for this run is reached"),
            ["estimate --run 'my run'", "generate --task all --run 'my run' --max-cost DOLLARS", "status 'my run'"],
        ),
        (
            BudgetReachedError("The limit of $5.00 for this month is reached"),
            [
                "estimate --run 'my run'",
                "generate --task all --max-cost 5 --run 'my run' --max-cost-per-month DOLLARS",
                "status 'my run'",
            ],
        ),
        (
            ProviderRefusesError("wrong key"),
            ["config check c --endpoint", "generate --task all --max-cost 5 --run 'my run'"],
        ),
        (DeadlineReachedError("over"), ["generate --task all --max-cost 5 --run 'my run'", "status 'my run'"]),
        (KeyboardInterrupt(), ["generate --task all --max-cost 5 --run 'my run'", "status 'my run'"]),
        (StorageError("full"), []),
    ],
)
def test_each_stop_has_its_way_on(error: BaseException, commands: list[str]) -> None:
    steps = after_stop(error, RUN, "svit config check c --endpoint", CALLED, has_samples=False)
    assert [command.removeprefix("svit ") for command, _ in steps] == commands


def test_samples_so_far_can_be_exported() -> None:
    steps = after_stop(DeadlineReachedError("over"), RUN, "", CALLED, has_samples=True)
    assert steps[-1][0] == "svit export 'my run' -f llava-next -o train.jsonl"


@pytest.mark.parametrize(
    ("called", "line"),
    [
        (["generate", "--preview", "3", "--task", "a"], "svit generate --task a"),
        (["generate", "--preview=3", "--task", "a"], "svit generate --task a"),
        (["generate", "--task", "a b", "--preview", "3"], "svit generate --task 'a b'"),
    ],
)
def test_an_option_is_taken_out_with_its_value(called: list[str], line: str) -> None:
    assert same_command(called, without=("--preview",)) == line


def test_steps_stand_in_80_columns_where_their_commands_leave_room() -> None:
    long = "svit export " + "x" * 60
    text = steps_text([("svit show r 1", "one image"), ("svit report r", "one page"), (long, "the samples")])
    assert text.splitlines() == [
        "Next:",
        "  svit show r 1  one image",
        "  svit report r  one page",
        f"  {long}",
        "      the samples",
    ]
