import re
from dataclasses import replace
from pathlib import Path

import pytest

from svit.boxes import Box
from svit.config import TaskSettings, read_config
from svit.errors import SvitError
from svit.records import ImageContext, Region, Sampling
from svit.resources import CONFIGS, config_path
from svit.run.attempts import Repairs
from svit.setup.chosen_provider import check_requests
from svit.setup.run_spending import month_limit, spending
from svit.setup.task_jobs import jobs
from svit.tasks import TASKS, chosen_tasks


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_config_can_be_run_and_its_model_takes_every_task(path: Path) -> None:
    config = read_config(path, {})
    todo = jobs(config, chosen_tasks(["all"]))
    assert [job.task.name for job in todo] == list(TASKS)
    check_requests(config, todo)


def test_a_request_that_its_model_does_not_take_is_refused_before_any_is_sent() -> None:
    config = read_config(config_path("vllm"), {"caching": "prefix"})
    with pytest.raises(SvitError, match=r"'caching: prefix' is not accepted\. Choose one of: automatic"):
        check_requests(config, jobs(config, chosen_tasks(["referring"])))


def test_with_the_context_first_every_task_has_the_room_of_the_least(tmp_path: Path) -> None:
    (tmp_path / "referring.txt").write_text("See {{context}} twice: {{context}} " + "and refer to things " * 300)
    longest = {"conversation": TaskSettings(max_tokens=4000)}
    settings = {"prompts": str(tmp_path), "window": 9000, "tasks": longest, "context_first": True}
    config = read_config(config_path("offline"), settings)
    rooms = [job.recipe.room for name in TASKS for job in jobs(config, chosen_tasks([name]))]
    assert len(set(rooms)) == 1, "also when a task is asked alone"
    left = []
    for job in jobs(config, chosen_tasks(["all"])):
        made = job.task.prompt(ImageContext(1, "a", 9, 9, captions=("A man.",)), job.recipe)
        left.append(9000 - job.recipe.sampling.max_tokens - job.recipe.tokens.count(made.messages[-1].content))
    assert rooms[0] == min(left)


def test_the_sentences_that_come_after_the_context_can_be_own_ones(tmp_path: Path) -> None:
    own = tmp_path / "context_first.txt"
    own.write_text("Look up.\n")
    config = read_config(config_path("offline"), {"prompts": str(tmp_path), "context_first": True})
    [job] = jobs(config, chosen_tasks(["referring"]))
    made = job.task.prompt(ImageContext(1, "a", 9, 9, captions=("A man.",)), job.recipe)
    assert made.messages[-1].content.startswith("Look up.\n\nYou are looking at an image.")
    own.write_text(" \n")
    with pytest.raises(SvitError, match=r"context_first\.txt: the prompt file is empty"):
        jobs(config, chosen_tasks(["referring"]))
    own.write_text("{{context}} is above.")
    with pytest.raises(SvitError, match=r"context_first\.txt: .* no hole to fill\. Leave out '\{\{'"):
        jobs(config, chosen_tasks(["referring"]))


def test_another_layout_makes_the_shards_anew() -> None:
    config = read_config(config_path("offline"), {})
    [plain] = jobs(config, chosen_tasks(["referring"]))
    first = replace(plain, recipe=replace(plain.recipe, lead="Look up."))
    assert first.fingerprint("contexts") != plain.fingerprint("contexts")


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
        ("seed: 2026-13-45", "not YAML"),
        (f"seed: {2**63}", "'seed'"),
        (f"window: {10**30}", "'window'"),
        (f"tasks: {{referring: {{max_tokens: {10**30}}}}}", "'tasks.referring.max_tokens'"),
        ("timeout: .inf", "'timeout': Input should be a finite number"),
        ("max_wait: .inf", "'max_wait': Input should be a finite number"),
        ("max_wait: .nan", "'max_wait': Input should be"),
        ("tasks: {detail_description: {temperature: .inf}}", "finite number"),
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


def test_what_is_written_down_is_what_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(
        "{model: m, seed: 3, attempts: 5, window: 9000, "
        "tasks: {referring: {max_tokens: 70, temperature: 0.5, top_p: 0.25}}}"
    )
    [job] = jobs(read_config(path, {}), chosen_tasks(["referring"]))
    recipe = job.recipe
    assert recipe.sampling == Sampling("m", 70, temperature=0.5, top_p=0.25, seed=3)
    assert (job.attempts, recipe.seed) == (5, 3)
    assert recipe.room == 9000 - 70 - recipe.tokens.count(recipe.template.text)


def test_a_prompt_file_that_shows_the_context_twice_has_half_the_room(tmp_path: Path) -> None:
    (tmp_path / "referring.txt").write_text("### system\nSee {{context}}\n### user\n{{context}}")
    config = read_config(config_path("offline"), {"prompts": str(tmp_path), "window": 4000})
    [job] = jobs(config, chosen_tasks(["referring"]))
    wall = tuple(Region(n, f"brick {n} of the wall", Box(0, 0, 0.1 + n / 1000, 1)) for n in range(500))
    made = job.task.prompt(ImageContext(1, "a", 9, 9, regions=wall), job.recipe)
    said = sum(job.recipe.tokens.count(message.content) for message in made.messages)
    assert 3000 < said + made.sampling.max_tokens <= 4000


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


def test_a_folder_without_any_prompt_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "reffering.txt").write_text("Refer to things.")
    with pytest.raises(SvitError, match=r"no prompt file in it\. Their names are .*referring\.txt"):
        jobs(read_config(config_path("offline"), {"prompts": str(tmp_path)}), chosen_tasks(["referring"]))


def test_own_questions_replace_the_shipped_ones(tmp_path: Path) -> None:
    config = read_config(config_path("offline"), {"prompts": str(tmp_path)})
    (tmp_path / "detail_description.questions.txt").write_text("\n What is it?\n\nAnd that?\n")
    [detail] = jobs(config, chosen_tasks(["detail_description"]))
    assert detail.recipe.questions == ("What is it?", "And that?")
    (tmp_path / "detail_description.questions.txt").write_text("\n \n")
    with pytest.raises(SvitError, match=r"questions\.txt: there is no question in it"):
        jobs(config, chosen_tasks(["detail_description"]))


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


def test_a_model_without_a_price_refuses_a_ceiling_of_either_kind(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("provider: openai\nmodel: my-model\n")
    assert spending(read_config(path, {})).price is None
    for ceiling in ("max_cost", "max_cost_per_month"):
        with pytest.raises(SvitError, match="There is no price for the model 'my-model'"):
            spending(read_config(path, {ceiling: "1"}))


def test_a_ceiling_for_the_month_is_read_in_dollars() -> None:
    assert month_limit(read_config(config_path("openai"), {"max_cost_per_month": "0.25"})) == 250_000_000
    assert month_limit(read_config(config_path("openai"), {})) is None
    with pytest.raises(SvitError, match=r"^--max-cost-per-month -1: "):
        read_config(config_path("openai"), {"max_cost_per_month": "-1"})


def repairs(tmp_path: Path, text: str, **files: str) -> Repairs:
    """Return the repairs of a run with this config, and prompt files of these names in its own folder."""
    for name, content in files.items():
        (tmp_path / f"{name}.txt").write_text(content)
    prompts = f"prompts: {tmp_path}\n" if files else ""
    (tmp_path / "c.yaml").write_text(f"provider: openai\nmodel: gpt-4o\n{prompts}{text}")
    [job] = jobs(read_config(tmp_path / "c.yaml", {}), [TASKS["referring"]])
    assert job.repairs is not None
    return job.repairs


def test_flaws_are_mended_or_asked_about_afresh_as_the_config_says(tmp_path: Path) -> None:
    default = repairs(tmp_path, "")
    assert "wrong_count" in default.codes
    assert "box_not_annotated" not in default.codes
    own = repairs(tmp_path, "on_flaw: {wrong_count: fresh, box_not_annotated: repair, refusal: fresh}")
    assert set(own.codes) == {*default.codes, "box_not_annotated"} - {"wrong_count"}
    assert set(own.codes) <= set(own.told)


def test_own_words_take_the_place_of_the_shipped_ones(tmp_path: Path) -> None:
    own = repairs(tmp_path, "", repair="Again:\n{{flaws}}", flaws="wrong_count: Too many or too few.\n\n")
    assert own.text == "Again:\n{{flaws}}"
    assert own.told == {"wrong_count": "Too many or too few."}
    assert set(own.codes) == {"wrong_count"}, "what has no words is asked about afresh"


@pytest.mark.parametrize(
    ("text", "files", "words"),
    [
        ("on_flaw: {wrong_cuont: repair}", {}, "no words for 'wrong_cuont'"),
        ("on_flaw: {wrong_count: often}", {}, "on_flaw"),
        ("", {"repair": "Again."}, "{{flaws}}"),
        ("", {"flaws": "wrong_count"}, "no line 'code: what is wrong'"),
    ],
)
def test_a_wrong_word_about_flaws_is_said(tmp_path: Path, text: str, files: dict[str, str], words: str) -> None:
    with pytest.raises(SvitError, match=re.escape(words)):
        repairs(tmp_path, text, **files)


def test_the_pairs_that_are_enough_are_a_setting_of_the_task(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("tasks: {referring: {min_pairs: 7}}")
    referring, conversation = jobs(read_config(tmp_path / "c.yaml", {}), [TASKS["referring"], TASKS["conversation"]])
    assert referring.task.min_pairs == 7
    assert conversation.task is TASKS["conversation"]
    assert referring.repairs is None, "the offline writer reads no prompts"


def test_a_path_in_a_config_is_one_beside_it_from_wherever_svit_is_called(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    path = tmp_path / "svit.yaml"
    path.write_text(f"prompts: own\nprices: ../p.yaml\nmodels: {tmp_path}/m.yaml\nkey_file: ~/key\n")
    config = read_config(path, {})
    assert config.prompts == tmp_path / "own"
    assert config.prices == tmp_path / "../p.yaml"
    assert config.models == tmp_path / "m.yaml"
    assert config.key_file == Path.home() / "key"
    assert read_config(path, {"prompts": "given"}).prompts == Path("given"), "the command line's are its own"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("temprature: 1", r"'temprature': .* did you mean 'temperature', which stands under 'tasks'\?"),
        ("tasks: {referring: {max_token: 1}}", r"did you mean 'max_tokens'\?"),
        ("tasks: {refering: {}}", r"c\.yaml: 'tasks': There is no task 'refering'\. .* Did you mean 'referring'\?"),
        ("verify: {modl: m}", r"'verify\.modl': there is no such key: did you mean 'model'\?"),
        ("bas_url: http://a/v1", r"did you mean 'base_url'\?"),
    ],
)
def test_a_mistyped_setting_gets_a_suggestion(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(SvitError, match=sentence):
        read_config(path, {})
