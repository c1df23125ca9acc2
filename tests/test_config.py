from pathlib import Path

import pytest

from svit.config import chosen_tasks, jobs, read_config
from svit.errors import SvitError
from svit.resources import CONFIGS, config_path


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_config_can_be_run(path: Path) -> None:
    assert jobs(read_config(path, {}), chosen_tasks(["all"]))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("attemps: 3", "'attemps'"),
        ("attempts: 0", "'attempts'"),
        ("tasks: {referring: {temperature: 3}}", "'tasks.referring.temperature'"),
        ("tasks: {refering: {}}", "no task 'refering'"),
        ("provider: oracle", "'provider'"),
        ("- a list", "'key: value'"),
        ("a: [", "not YAML"),
    ],
)
def test_a_wrong_config_is_refused_with_file_and_key(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(text)
    with pytest.raises(SvitError) as refused:
        read_config(path, {})
    assert complaint in str(refused.value)


def test_the_command_line_goes_before_the_file(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("seed: 3\nattempts: 5")
    config = read_config(path, {"seed": 4, "prompts": None})
    assert (config.seed, config.attempts) == (4, 5)


def test_a_window_that_leaves_no_room_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("window: 3000")
    with pytest.raises(SvitError, match=r"leaves [0-9]+ for the context"):
        jobs(read_config(path, {}), chosen_tasks(["complex_reasoning"]))


def test_own_prompt_files_replace_only_their_own_task(tmp_path: Path) -> None:
    (tmp_path / "referring.txt").write_text("Refer to things.")
    config = read_config(config_path("offline"), {"prompts": str(tmp_path)})
    plain = {job.task.name: job for job in jobs(read_config(config_path("offline"), {}), chosen_tasks(["all"]))}
    for job in jobs(config, chosen_tasks(["all"])):
        version = plain[job.task.name].recipe.template.version
        assert (job.recipe.template.version == version) == (job.task.name != "referring")


def test_tasks_are_chosen_once_each_in_the_order_they_are_asked() -> None:
    names = [task.name for task in chosen_tasks(["referring", "conversation", "referring"])]
    assert names == ["conversation", "referring"]
    assert len(chosen_tasks(["all", "referring"])) == 4
    with pytest.raises(SvitError, match=r"There is no task 'refering'\. Choose one of: "):
        chosen_tasks(["refering"])


def test_the_detail_question_is_one_of_the_shipped_ones() -> None:
    [detail, referring] = jobs(
        read_config(config_path("offline"), {}), chosen_tasks(["detail_description", "referring"])
    )
    assert len(set(detail.recipe.questions)) == 34
    assert referring.recipe.questions == ()


def test_an_unknown_config_names_the_shipped_ones() -> None:
    with pytest.raises(SvitError, match=r"'offlin'\. Shipped ones, by name: .*offline"):
        config_path("offlin")
