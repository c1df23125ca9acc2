"""`svit config`: which configs there are, what one comes to, and whether it is right."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from rehearsal import svit
from svit.cli.config_checks import ConfigCheck, config_checks, exit_code
from svit.cli.config_options import config_with, file_name_of
from svit.config import RunConfig, changed
from svit.errors import SvitError
from svit.resources import config_path
from svit.simulate.process import SimulatorProcess, running
from svit.simulate.simulator_options import SimulatorOptions
from test_first_hour import ended


@pytest.fixture(scope="module")
def server() -> Iterator[SimulatorProcess]:
    with running(SimulatorOptions(port=0, models=("gpt-6-luna", "gpt-6-terra"), key="sk-canary-5d1f0c7e9b")) as found:
        yield found


def online(**given: object) -> RunConfig:
    return changed({"provider": "openai", "model": "gpt-6-luna", "key_env": "SVIT_TEST_KEY", **given}, {}, name="c")


def found_of(config: RunConfig, *, ask: bool = False) -> dict[str, list[ConfigCheck]]:
    found: dict[str, list[ConfigCheck]] = {}
    for each in config_checks(config, ask=ask):
        found.setdefault(each.subject, []).append(each)
    return found


def test_shipped_configs_and_those_of_a_folder_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.yaml").write_text("# Mine. More of it.\n\n# Not that.\nprovider: openai\nmodel: m\n")
    (tmp_path / "wrong.yml").write_text("# Wrong.\nmodel: m\nrmp: 3\n")
    (tmp_path / "compose.yaml").write_text("services: {a: {image: b}}\nmodel: c\nvolumes: {}\n")
    (tmp_path / "list.yaml").write_text("- a\n")
    out, _ = ended(svit(tmp_path, "config", "list"), 0)
    assert [line.split() for line in out.splitlines() if line[0] != " "] == [
        ["offline", "offline", "offline"],
        ["openai", "openai", "gpt-6-luna"],
        ["vllm", "openai", "Qwen/Qwen3-32B"],
        ["mine.yaml", "openai", "m"],
        ["wrong.yml"],
    ]
    assert "\n    wrong: 'rmp': there is no such key: did you mean 'rpm'?" in out, "no word of it is cut off"
    assert max(map(len, out.splitlines())) <= 80
    monkeypatch.setenv("COLUMNS", "200")
    wide, _ = ended(svit(tmp_path, "config", "list"), 0)
    assert [line.split()[0] for line in wide.splitlines()] == ["offline", "openai", "vllm", "mine.yaml", "wrong.yml"]
    out, _ = ended(svit(tmp_path, "config", "list", "-j"), 0)
    listed = {each["name"]: each for each in json.loads(out)}
    assert listed["mine.yaml"]["purpose"] == "Mine."
    assert listed["wrong.yml"]["error"] == "'rmp': there is no such key: did you mean 'rpm'?"


def test_a_config_is_shown_as_yaml_that_means_the_same_and_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "provider: openai\nmodel: m\nbase_url: https://me:sk-canary1@host.example/v1?token=sk-canary2&api-version=1\n"
        "max_cost: 20\nextra_headers: {X-Key: '${MY_KEY}'}\ntasks: {referring: {temperature: 0.5}}\n"
    )
    out, _ = ended(svit(tmp_path, "config", "show", "c.yaml"), 0)
    assert "canary" not in out
    assert "in_flight: 64  # default" in out.splitlines()
    assert "max_cost: 20.0" in out.splitlines()
    shown = changed({**yaml.safe_load(out), "base_url": "https://a/v1"}, {}, name="shown")
    assert shown.tasks["referring"].temperature == 0.5
    out, _ = ended(svit(tmp_path, "config", "show", "c.yaml", "--no-defaults", "--json", "--model", "n"), 0)
    assert json.loads(out)["model"] == "n"
    assert "in_flight" not in json.loads(out)
    assert "canary" not in out


def test_a_right_config_is_checked_with_its_endpoint(tmp_path: Path, server: SimulatorProcess) -> None:
    (tmp_path / "c.yaml").write_text(
        f"provider: openai\nmodel: gpt-6-luna\nbase_url: {server.url}\nkey_env: SVIT_TEST_KEY\n"
    )
    out, talk = ended(svit(tmp_path, "config", "check", "c.yaml"), 0)
    assert "asks the endpoint, too" in talk
    assert "answers" not in out
    out, _ = ended(svit(tmp_path, "config", "check", "c.yaml", "--endpoint"), 0)
    assert f"{server.url} answers" in out
    assert max(map(len, out.splitlines())) <= 80
    out, _ = ended(svit(tmp_path, "config", "check", "c.yaml", "--endpoint", "-j"), 0)
    assert [each["state"] for each in json.loads(out)["checks"]] == ["right"] * 7
    out, talk = ended(
        svit(tmp_path, "config", "check", "c.yaml", "--endpoint", "--base-url", "http://127.0.0.1:1/v1"), 4
    )
    assert "WRONG  endpoint  Nobody answers at http://127.0.0.1:1 " in out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("temprature: 1", "did you mean 'temperature'"),
        ("prompts: nowhere", "no such folder of prompts"),
        ("window: 300", "Raise 'window' or lower 'max_tokens'"),
        ("provider: openai\nmodel: unpriced\nbase_url: http://127.0.0.1:1/v1\nmax_cost: 3", "no price for the model"),
        ("provider: openai\nmodel: gpt-4o\nreasoning_effort: high", "reasoning_effort"),
        ("provider: openai\nmodel: m\nkey_env: SVIT_NO_SUCH_KEY", "There is no API key"),
        ("prices: nowhere.yaml\nprovider: openai\nmodel: m\nbase_url: http://127.0.0.1:1/v1", "cannot be read"),
    ],
)
def test_what_is_wrong_with_a_config_is_said_with_exit_2(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "c.yaml").write_text(text)
    out, talk = ended(svit(tmp_path, "config", "check", "c.yaml"), 2)
    assert words in " ".join((out + talk).split())
    out, _ = ended(svit(tmp_path, "config", "check", "c.yaml", "-j"), 2)
    assert not json.loads(out)["right"]


def test_what_need_not_be_wrong_is_a_note(
    tmp_path: Path, server: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SVIT_TEST_KEY", "sk-canary-5d1f0c7e9b")
    (tmp_path / "refering.txt").write_text("x")
    (tmp_path / "referring.txt").write_text("About {{context}}.")
    found = found_of(online(base_url=server.url, prompts=str(tmp_path), model="gpt-6-lune"), ask=True)
    assert found["prompts"][0].words.endswith("; edited: referring.txt")
    assert found["prompts"][1].words.startswith("refering.txt is read by nothing.")
    assert found["price"][0].words.startswith("none is known of gpt-6-lune")
    assert "did you mean 'gpt-6-luna'?" in found["model"][0].words
    states = [each.state for checks in found.values() for each in checks]
    assert states.count("warning") == 3
    assert exit_code([each for checks in found.values() for each in checks]) == 0


def test_a_wrong_key_is_the_endpoints_refusal(server: SimulatorProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SVIT_TEST_KEY", "sk-another-0000000")
    found = found_of(online(base_url=server.url), ask=True)
    assert (found["endpoint"][-1].state, found["endpoint"][-1].exit_code) == ("wrong", 4)


def test_a_key_is_told_by_its_variable_and_never_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SVIT_TEST_KEY", "sk-canary-5d1f0c7e9b")
    assert found_of(online())["key"] == [ConfigCheck("key", "right", "SVIT_TEST_KEY is set")]
    (tmp_path / "key").write_text("sk-canary-5d1f0c7e9b\n")
    (tmp_path / "key").chmod(0o644)
    read, open_to_others = found_of(online(key_file=str(tmp_path / "key")))["key"]
    assert read.words == f"read from {tmp_path / 'key'}"
    assert open_to_others.state == "warning"
    assert "canary" not in read.words + open_to_others.words


def test_a_model_that_takes_less_than_the_window_is_said() -> None:
    found = found_of(online(model="gpt-5.4-mini", key_env="HOME", window=500_000))
    assert (
        found["window"][-1].words
        == "gpt-5.4-mini takes 400,000 tokens, and the config says 500,000: set 'window: 400000'."
    )


def test_the_command_line_makes_the_offline_writer_an_online_one() -> None:
    said: list[str] = []
    offline, openai = config_path("offline"), config_path("openai")
    asked = config_with(offline, {"seed": 4}, model="m", base_url="http://127.0.0.1:1/v1", say=said.append)
    assert (asked.provider, asked.model, asked.base_url, asked.seed) == ("openai", "m", "http://127.0.0.1:1/v1", 4)
    assert said == ["The offline writer is left out: m is asked at http://127.0.0.1:1/v1."]
    assert config_with(offline, {}, model="m").base_url == "https://api.openai.com/v1"
    assert config_with(openai, {}, model="m", say=said.append).model == "m"
    assert config_with(openai, {}, base_url="http://a/v1", say=said.append).model == "gpt-6-luna"
    assert config_with(offline, {}, say=said.append).provider == "offline"
    assert len(said) == 1
    with pytest.raises(SvitError, match="name the model too"):
        config_with(offline, {}, base_url="http://a/v1")


@pytest.mark.parametrize(
    ("model", "name"),
    [("Qwen/Qwen3-32B", "Qwen-Qwen3-32B"), ("gpt-4.1", "gpt-4.1"), ("../..", "model"), ("a:b c", "a-b-c")],
)
def test_a_models_name_fits_into_a_files(model: str, name: str) -> None:
    assert file_name_of(model) == name
