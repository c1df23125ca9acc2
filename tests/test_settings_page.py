"""The page of settings, the commented config and the shipped ones say what the config's schema says."""

import subprocess
from pathlib import Path

import pytest
import yaml

from svit.cli.setting_reference import meanings, settings, settings_page
from svit.cli.starting_config import StartingConfig
from svit.config import RunConfig, TaskSettings, VerifySettings, changed
from svit.resources import CONFIGS

ROOT = Path(__file__).parents[1]


def test_the_page_is_what_the_schema_makes() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    assert page == settings_page().rstrip("\n") + "\n", "run scripts/make-settings-page"


def test_every_setting_is_described_in_a_sentence() -> None:
    named = {(each.group, each.name) for each in settings()}
    models = (("", RunConfig), ("tasks", TaskSettings), ("verify", VerifySettings))
    assert named == {(group, name) for group, model in models for name in model.model_fields}
    for each in settings():
        assert each.meaning.endswith("."), f"{each.name} has no description"
        assert len(each.meaning) < 140
        assert each.kind != "any value", f"{each.name}: its type has no words"


@pytest.mark.parametrize(
    ("name", "kind", "default", "limits"),
    [
        ("in_flight", "whole number", "`64`", "1 - 10,000"),
        ("timeout", "number", "`600`", "above 0"),
        ("context_first", "true or false", "`false`", ""),
        ("caching", "`automatic`, `prefix`, `off`", "`automatic`", ""),
        ("prices", "path", "-", ""),
        ("max_cost", "number", "-", "0 or more"),
        ("extra_headers", "mapping of text", "-", ""),
        ("seed", "whole number", "`0`", ""),
    ],
)
def test_type_default_and_range_are_those_of_the_schema(name: str, kind: str, default: str, limits: str) -> None:
    found = next(each for each in settings() if each.name == name and not each.group)
    assert (found.kind, found.default, found.limits) == (kind, default, limits)


@pytest.mark.parametrize(
    "start",
    [
        StartingConfig("offline", "offline", "https://api.openai.com/v1", "OPENAI_API_KEY"),
        StartingConfig("openai", "gpt-6-luna", "https://api.openai.com/v1", "OPENAI_API_KEY", effort="none"),
        StartingConfig("openai", "Qwen/Qwen3-32B", "http://127.0.0.1:8000/v1", "MY_KEY"),
        StartingConfig("openai", "a: b #c", "http://127.0.0.1:8000/v1", "MY_KEY"),
        StartingConfig("openai", "123", "http://127.0.0.1:8000/v1", "MY_KEY"),
    ],
)
def test_the_commented_config_is_read_back_with_and_without_its_comments(start: StartingConfig) -> None:
    text = start.text(meanings())
    config = changed(yaml.safe_load(text), {}, name="svit.yaml")
    assert (config.provider, config.model, str(config.prompts)) == (start.provider, start.model, "prompts")
    assert (config.base_url, config.reasoning_effort) == (start.base_url, start.effort)
    examples = [line.removeprefix("# ") for line in text.splitlines() if _is_example(line)]
    assert len(examples) >= 3
    changed(yaml.safe_load(text) | yaml.safe_load("\n".join(examples)), {}, name="every example is set")
    assert max(map(len, text.splitlines())) <= 80


def _is_example(line: str) -> bool:
    return line.startswith("# ") and line[2:].partition(":")[0] in RunConfig.model_fields


def test_shipped_configs_have_no_key_that_the_page_lacks() -> None:
    known = {each.name for each in settings() if not each.group}
    for path in CONFIGS.glob("*.yaml"):
        assert set(yaml.safe_load(path.read_text())) <= known


def test_the_script_writes_the_page_and_answers_help(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "make-settings-page"
    told = subprocess.run([script, "--help"], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("usage: scripts/make-settings-page [FILE]")
    subprocess.run([script, tmp_path / "page.md"], check=True, capture_output=True)
    assert (tmp_path / "page.md").read_text() == (ROOT / "docs" / "settings.md").read_text()
