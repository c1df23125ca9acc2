"""How many pairs or conversations are asked for is a setting: prompt, offline writer, judge and room follow it."""

from collections.abc import Mapping
from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from svit.cli import app
from svit.config import RunConfig, changed
from svit.errors import SvitError
from svit.records import Completion, ImageContext, Rejection, Sample
from svit.resources import PROMPTS
from svit.run.attempts import Job
from svit.setup.task_jobs import jobs
from svit.tasks import TASKS

KEYS = {"complex_reasoning": "pairs", "referring": "pairs", "conversation": "conversations"}
NUMBERS = [(task, number) for task in KEYS for number in (1, 3, TASKS[task].dialogues, 20)]
ASKS = {
    ("complex_reasoning", 1): ["Write 1 question about this image", "nothing but the one pair, in"],
    ("complex_reasoning", 3): ["Write 3 questions about", "Make the 3 questions as", "nothing but the 3 pairs, in"],
    ("complex_reasoning", 20): ["Write 20 questions about", "Make the 20 questions as", "nothing but the 20 pairs, in"],
    ("referring", 1): ["Write 1 question about specific", "a definite answer.\n", "nothing but the one pair, in"],
    ("referring", 3): ["Write 3 questions about specific", "nothing but the 3 pairs, in"],
    ("referring", 20): ["Write 20 questions about specific", "nothing but the 20 pairs, in"],
    ("conversation", 1): [
        "Write one conversation between",
        "down. Take it from",
        "nothing but the conversation, in",
        "all)",
    ],
    ("conversation", 3): ["Write three separate conversations", "The three topics are", "in all, then the next topic)"],
    ("conversation", 20): ["Write 20 separate conversations", "The 20 topics are different"],
}


def config(task: str, settings: Mapping[str, object], **more: object) -> RunConfig:
    return changed({"tasks": {task: settings}, **more}, {}, name="c.yaml")


def job_of(asked: RunConfig, task: str) -> Job:
    (job,) = jobs(asked, [TASKS[task]])
    return job


@pytest.mark.parametrize(("task", "number"), NUMBERS)
@pytest.mark.parametrize("context_first", [False, True])
def test_prompt_writer_and_judge_go_by_the_number(
    task: str, number: int, context_first: bool, sample: dict[int, ImageContext]
) -> None:
    job = job_of(config(task, {KEYS[task]: number}, context_first=context_first), task)
    prompt = job.task.prompt(sample[1], job.recipe)
    text = "\n".join(message.content for message in prompt.messages)
    assert [words for words in ASKS.get((task, number), []) if words not in text] == []
    assert "{{" not in text
    answer = Completion(job.task.write_offline(sample[1], 7), "stop", "m")
    result = job.task.judge(prompt, answer, 1)
    if (task, number) == ("conversation", 20):  # the annotations of one image have no 100 questions in them
        assert isinstance(result, Rejection)
        assert "instead of 20" in result.flaws[0].words
        return
    assert isinstance(result, Sample), result.flaws
    written = len(TASKS[task].parse(answer.text))
    assert len(result.dialogues) == written
    assert written == number or (number == 20 and written > TASKS[task].dialogues)
    another = TASKS[task].asking_for(number % 20 + 1).write_offline(sample[1], 7)
    miscounted = job.task.judge(prompt, Completion(another, "stop", "m"), 1)
    if isinstance(miscounted, Rejection):
        assert "wrong_count" in {flaw.code for flaw in miscounted.flaws}
    else:
        assert "wrong_count" in miscounted.dropped
        assert len(miscounted.dialogues) == number


@pytest.mark.parametrize("task", KEYS)
def test_the_number_that_is_asked_for_anyway_changes_nothing(task: str, sample: dict[int, ImageContext]) -> None:
    plain, same = (job_of(config(task, given), task) for given in ({}, {KEYS[task]: TASKS[task].dialogues}))
    other = job_of(config(task, {KEYS[task]: 2}), task)
    prompts = [job.task.prompt(sample[1], job.recipe) for job in (plain, same, other)]
    assert prompts[0].id == prompts[1].id != prompts[2].id
    assert plain.recipe.template.version == same.recipe.template.version != other.recipe.template.version
    assert plain.fingerprint("c") == same.fingerprint("c") != other.fingerprint("c")


@pytest.mark.parametrize(
    ("task", "number", "least", "room", "assumed"),
    [
        ("complex_reasoning", 5, 3, 1024, 500),
        ("complex_reasoning", 1, 1, 512, 100),
        ("complex_reasoning", 20, 11, 4096, 2000),
        ("referring", 20, 10, 4096, 2300),
        ("conversation", 1, 4, 683, 187),
        ("conversation", 6, 20, 4096, 1120),
    ],
)
def test_what_is_enough_and_the_room_grow_along(task: str, number: int, least: int, room: int, assumed: int) -> None:
    job = job_of(config(task, {KEYS[task]: number}), task)
    assert (job.task.min_pairs, job.recipe.sampling.max_tokens, job.task.answer_tokens) == (least, room, assumed)
    own = job_of(config(task, {KEYS[task]: number, "max_tokens": 900, "min_pairs": 2}), task)
    assert (own.task.min_pairs, own.recipe.sampling.max_tokens) == (2, 900)


@pytest.mark.parametrize("number", [0, 21, -1, "many", 2.5, [3]])
@pytest.mark.parametrize(("task", "key"), [*KEYS.items()])
def test_a_wrong_number_is_refused_by_its_name(task: str, key: str, number: object) -> None:
    with pytest.raises(SvitError, match=f"tasks.{task}.{key}"):
        config(task, {key: number})


@pytest.mark.parametrize(
    ("task", "key", "says"),
    [
        ("detail_description", "pairs", "this task writes one description, not pairs. Leave that out."),
        ("detail_description", "conversations", "this task writes one description, not conversations."),
        ("conversation", "pairs", "this task writes conversations, not pairs. Set 'conversations' there."),
        ("referring", "conversations", "this task writes pairs, not conversations. Set 'pairs' there."),
    ],
)
def test_a_number_of_what_a_task_does_not_write_is_refused(task: str, key: str, says: str) -> None:
    with pytest.raises(SvitError, match=f"tasks.{task}.{key}: {says}"):
        config(task, {key: 2})


def test_a_file_of_ones_own_says_the_number_or_the_setting_is_refused(tmp_path: Path) -> None:
    for name, text in (("referring", "Write a dozen questions."), ("conversation", "Write {{conversations}} talks.")):
        (tmp_path / f"{name}.txt").write_text(text)
    with pytest.raises(SvitError, match=r"referring.txt: the config asks for 5 pairs, and this .* no \{\{pairs\}\}"):
        job_of(config("referring", {"pairs": 5}, prompts=str(tmp_path)), "referring")
    job_of(config("referring", {"pairs": 10}, prompts=str(tmp_path)), "referring")
    job = job_of(config("conversation", {"conversations": 13}, prompts=str(tmp_path)), "conversation")
    assert job.recipe.template.text == "Write 13 talks."
    (tmp_path / "referring.txt").write_text("Write {{conversations}} talks.")
    with pytest.raises(SvitError, match=r"nothing fills \{\{conversations\}\}"):
        job_of(config("referring", {}, prompts=str(tmp_path)), "referring")
    assert all("{{" in (PROMPTS / f"{task}.txt").read_text().replace("{{context}}", "") for task in KEYS)


def test_a_run_of_other_numbers_is_made_again_and_checked_alike(tmp_path: Path) -> None:
    numbers = "tasks: {referring: {pairs: 4}, complex_reasoning: {pairs: 6}, conversation: {conversations: 2}}"
    (tmp_path / "c.yaml").write_text(f"provider: offline\n{numbers}\n")
    run = tmp_path / "r"

    def svit(*words: str | Path) -> str:
        ended = CliRunner().invoke(app, [str(word) for word in words])
        assert ended.exit_code == 0, ended.output
        return ended.output

    svit("generate", "--config", tmp_path / "c.yaml", "--task", "all", "--run", run)
    for task, number in (("referring", 4), ("complex_reasoning", 6), ("conversation", 2)):
        (shard,) = [path for path in (run / task).glob("*.jsonl") if "rejected" not in path.name]
        written = shard.read_bytes()
        assert [len(orjson.loads(line)["conversations"]) for line in written.splitlines()] == [number] * 8
        shard.unlink()
        svit("rebuild", run)
        assert shard.read_bytes() == written
    assert "wrong_count" not in svit("check", run)
    assert "wrong_count" not in svit("check", run / "referring" / "00000.jsonl")
    (tmp_path / "referring.jsonl").write_bytes((run / "referring" / "00000.jsonl").read_bytes())
    ended = CliRunner().invoke(app, ["check", str(tmp_path / "referring.jsonl")])
    assert "wrong_count" in ended.output, "away from its run nothing says that four were asked for"
