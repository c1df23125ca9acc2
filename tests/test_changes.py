"""What a command would change of a run that is there is said before it does it, and another writer is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from rehearsal import finished, generate, svit
from svit.config import changed
from svit.run.setting_changes import changed_files, changes, switch
from svit.simulate.process import running
from svit.simulate.simulator_options import SimulatorOptions

PAID: dict[str, Any] = {"provider": "openai", "model": "m"}


def dumped(**settings: Any) -> dict[str, Any]:
    return changed(PAID | settings, {}, name="c").model_dump(mode="json")


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({}, {}, []),
        ({"seed": 1}, {"seed": 2}, ["seed 1 -> 2"]),
        ({}, {"tasks": {"referring": {"temperature": 0.2}}}, ["tasks.referring.temperature none -> 0.2"]),
        ({"tasks": {"referring": {"min_pairs": 3}}}, {}, ["tasks.referring.min_pairs 3 -> none"]),
        ({"attempts": 3, "window": 9000}, {"attempts": 1}, ["attempts 3 -> 1", "window 9000 -> 128000"]),
        ({}, {"context_first": True}, ["context_first False -> True"]),
        ({}, {"on_flaw": {"no_mention": "fresh"}}, ["on_flaw.no_mention none -> fresh"]),
        ({}, {"verify": "v"}, []),
        ({"verify": "v"}, {"verify": "w"}, ["verify.model v -> w"]),
        ({"verify": "v"}, {}, ["verify.model v -> none"]),
        ({"verify": {"model": "v", "max_tokens": 9}}, {"verify": "v"}, ["verify.max_tokens 9 -> 2048"]),
        (
            {"base_url": "http://one/v1"},
            {"base_url": "http://two/v1"},
            ["base_url http://one/v1 -> http://two/v1"],
        ),
        ({}, {"in_flight": 1, "rpm": 9, "tpm": 9, "timeout": 1, "max_cost": "3", "key_file": "k", "prompts": "p"}, []),
    ],
)
def test_what_samples_follow_from_is_told_and_nothing_else(
    before: dict[str, Any], after: dict[str, Any], words: list[str]
) -> None:
    assert [str(change) for change in changes(dumped(**before), dumped(**after))] == words


def test_a_header_is_never_shown_nor_a_text_without_end() -> None:
    [header, text] = changes(
        {"x": "a" * 500, "extra_headers": {"K": "secret"}}, {"x": "b", "extra_headers": {"K": "s"}}
    )
    assert str(header) == "extra_headers.K changed"
    assert len(str(text)) < 100


def test_an_address_that_an_older_svit_kept_whole_is_shown_without_its_user_and_query() -> None:
    before = dumped() | {"base_url": "https://me:secret@one/v1?key=secret"}
    assert [str(change) for change in changes(before, dumped(base_url="http://two/v1?key=x"))] == [
        "base_url https://one/v1 -> http://two/v1"
    ]


def test_settings_that_an_older_svit_did_not_have_are_no_change() -> None:
    before = dumped()
    del before["context_first"], before["verify"], before["tasks"]
    assert changes(before, dumped(context_first=True)) == []


def test_a_prompt_file_is_another_one_by_its_text_and_a_new_task_s_is_none() -> None:
    assert changed_files({"a.txt": "1", "b.txt": "1"}, {"a.txt": "2", "b.txt": "1", "c.txt": "1"}) == ["a.txt"]


@pytest.mark.parametrize(
    ("before", "after", "answered", "is_switch"),
    [
        (dumped(), dumped(), True, False),
        (dumped(), dumped(model="n"), True, True),
        (dumped(), dumped(model="n"), False, False),
        (dumped(), changed({}, {}, name="c").model_dump(mode="json"), True, True),
        (dumped(), changed({}, {}, name="c").model_dump(mode="json"), False, True),
        (changed({}, {}, name="c").model_dump(mode="json"), dumped(), True, True),
        (dumped(), dumped(base_url="http://elsewhere/v1", server="vllm", seed=7), True, False),
        ({}, dumped(), True, False),
    ],
)
def test_a_switch_is_another_provider_or_a_model_other_than_that_of_the_answers(
    before: dict[str, Any], after: dict[str, Any], answered: bool, is_switch: bool
) -> None:
    assert bool(switch(before, after, answered=answered)) == is_switch


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in (*(folder / "r").glob("*/*.jsonl"), folder / "r" / "run.json")}


def test_a_paid_run_is_not_replaced_by_another_writer_s_text_without_being_told_to(
    tmp_path: Path, distinct: Path
) -> None:
    words = ("--task", "referring", "--contexts", distinct, "--limit", "4")
    with running(SimulatorOptions(port=0)) as server:
        finished(generate(tmp_path, server, *words), 0, 1)
        before, config = files(tmp_path), (tmp_path / "config.yaml").read_text()
        said = finished(svit(tmp_path, "generate", "--run", "r", *words), 2)
        assert said.startswith(
            "svit: r: this run was made with the model gpt-6-luna; this command would go on with the offline writer"
        )
        assert "--switch" in said
        assert "--config" in said
        (tmp_path / "other.yaml").write_text(config.replace("luna", "terra"))
        said = finished(svit(tmp_path, "generate", "--config", "other.yaml", "--run", "r", *words), 2)
        assert "the model gpt-6-luna; this command would go on with the model gpt-6-terra" in said
        assert files(tmp_path) == before
        finished(svit(tmp_path, "regenerate", "r"), 0, 1)
        assert {**files(tmp_path), tmp_path / "r" / "run.json": b""} == {**before, tmp_path / "r" / "run.json": b""}
    said = finished(svit(tmp_path, "generate", "--run", "r", "--switch", *words), 0)
    assert "provider openai -> offline" in said
    assert "; 1 shard is made again, and 4 answers are asked for again." in said
    assert json.loads((tmp_path / "r" / "run.json").read_bytes())["config"]["provider"] == "offline"


def test_what_changes_is_said_before_it_is_done_and_what_does_not_is_not(tmp_path: Path, distinct: Path) -> None:
    words = ("--contexts", distinct, "--limit", "4", "--task")
    hotter = "tasks: {referring: {temperature: 0.2}}\n"
    with running(SimulatorOptions(port=0)) as server, running(SimulatorOptions(port=0)) as other:
        said = [
            finished(generate(tmp_path, server, *words, "referring"), 0, 1),
            finished(generate(tmp_path, server, *words, "conversation", in_flight=3, more="max_cost: 7\n"), 0, 1),
            finished(generate(tmp_path, server, *words, "referring", "--verify", "gpt-6-terra"), 0, 1),
        ]
        assert not [each for each in said if "Changed since" in each]
        said = [
            finished(generate(tmp_path, server, *words, "referring", more=hotter), 0, 1),
            finished(generate(tmp_path, other, *words, "referring", more=hotter), 0, 1),
            finished(generate(tmp_path, other, *words, "referring", more=hotter + "attempts: 2\n"), 0, 1),
            finished(generate(tmp_path, other, *words, "referring", "-q", more="attempts: 2\n"), 0, 1),
        ]
    changed = [[line for line in each.splitlines() if "Changed since" in line] for each in said]
    made_again = "1 shard is made again, and 4 answers are asked for again."
    assert changed == [
        [
            "Changed since the last command: tasks.referring.temperature none -> 0.2, "
            f"verify.model gpt-6-terra -> none; {made_again}"
        ],
        [f"Changed since the last command: base_url {server.url} -> {other.url}; no shard is made again."],
        ["Changed since the last command: attempts 3 -> 2; 1 shard is made again."],
        [],
    ]


def test_nothing_is_said_of_a_run_without_an_answer_but_another_provider_is_refused(
    tmp_path: Path, distinct: Path
) -> None:
    words = ("--task", "referring", "--contexts", distinct, "--limit", "4")
    with running(SimulatorOptions(port=0)) as server:
        finished(generate(tmp_path, server, *words, "--max-cost", "0"), 3)
        assert "this run was made with" in finished(svit(tmp_path, "generate", "--run", "r", *words), 2)
        said = finished(generate(tmp_path, server, *words, "--seed", "5"), 0, 1)
    assert "Changed since" not in said


def test_an_edited_prompt_file_is_named(tmp_path: Path, distinct: Path) -> None:
    own = tmp_path / "own"
    shutil.copytree(Path(__file__).parents[1] / "prompts", own)
    words = ("--task", "referring", "--contexts", distinct, "--limit", "4", "--prompts", own)
    with running(SimulatorOptions(port=0)) as server:
        finished(generate(tmp_path, server, *words), 0, 1)
        (own / "referring.txt").write_text((own / "referring.txt").read_text() + "\nWrite with care.\n")
        said = finished(generate(tmp_path, server, *words), 0, 1)
    assert "Changed since the last command: the prompt file referring.txt; 1 shard is made again, and 4 " in said
