"""`-j` and `--json` wherever a table or a record is printed: one JSON value on stdout, and nothing beside it."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from svit.cli import app
from svit.cli.examples import EXAMPLES
from svit.tasks import TASKS

WITHOUT = {
    *("", "init", "generate", "regenerate", "rebuild", "report", "simulate", "config", "config settings"),
    *("contexts", "contexts build", "contexts schema"),
}
"""Commands that print no table: those that make something, and whose talk is JSON with --log-json, and groups."""
GIVEN = {
    "config list": "config list",
    "config show": "config show offline",
    "config check": "config check offline",
    "estimate": "estimate",
    "runs": "runs .",
    "status": "status r",
    "check": "check r",
    "export": "export r -f llava-next -o train.jsonl",
    "formats": "formats",
    "import": "import own.json --format svit -o own.jsonl",
    "contexts stats": "contexts stats r/contexts.db",
    "contexts show": "contexts show r/contexts.db 1",
    "tasks": "tasks",
    "prompt": "prompt --task referring",
    "show": "show r 1",
}
KEYS = {
    "runs": "run state model tasks images samples rejected dollars changed fault",
    "export": "format output files others left_out long image_ids",
    "formats": "format summary boxes marks container",
    "import": "file records pairs tasks left_out unanswered without_size without_image stray_boxes",
    "tasks": "task summary",
    "prompt": "image_id task prompt_id prompt_version messages question left_out",
    "show": "image_id task asked prompt attempts",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("json")
    done = CliRunner().invoke(app, ["generate", "--task", "all", "--run", str(made / "r"), "-q"])
    assert done.exit_code == 0, done.output
    content = [{"content": [{"from": "user", "value": "What is it?"}, {"from": "gpt", "value": "A dog on a mat."}]}]
    (made / "own.json").write_text(json.dumps([{"image_id": 1, "conversations": content}]))
    return made


def printed(words: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(app, words.split())
    assert done.exit_code == 0, done.output
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


@pytest.mark.parametrize("flag", ["-j", "--json"])
@pytest.mark.parametrize("command", GIVEN)
def test_a_table_is_one_json_value_too(command: str, flag: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "train.jsonl").unlink(missing_ok=True)
    (folder / "own.jsonl").unlink(missing_ok=True)
    found = printed(f"{GIVEN[command]} {flag}", folder, monkeypatch)
    first = found[0] if isinstance(found, list) else found
    if command in KEYS:
        assert list(first) == KEYS[command].split()


def test_no_command_is_forgotten() -> None:
    names = set()
    root: Any = typer.main.get_command(app)
    for name, command in root.commands.items():
        names |= {name} | {f"{name} {inner}" for inner in getattr(command, "commands", {})}
    with_option = {name for name in names if _has_json(root, name)}
    assert with_option == names - WITHOUT
    assert with_option >= GIVEN.keys()
    assert EXAMPLES.keys() == names | {""}


def _has_json(command: Any, words: str) -> bool:
    for word in words.split():
        command = command.commands[word]
    return any({"-j", "--json"} <= {*parameter.opts} for parameter in command.params)


def test_show_tells_machines_what_it_tells_people(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = printed("show r 1 -j", folder, monkeypatch)
    assert [each["task"] for each in found] == list(TASKS)
    for each in found:
        [attempt] = each["attempts"]
        assert (attempt["attempt"], attempt["result"], attempt["failure"], attempt["flaws"]) == (1, "sample", None, [])
        assert attempt["dialogues"]
        assert attempt["text"]
        assert each["asked"] == [{"attempt": 1, "reason": "new prompt"}]
        assert next(message["role"] for message in each["prompt"]["messages"]) == "system"
    sent = printed("prompt --task referring --contexts r/contexts.db --image 1 --json", folder, monkeypatch)
    assert sent["messages"] == next(each["prompt"]["messages"] for each in found if each["task"] == "referring")


@pytest.mark.parametrize("words", ["export r -f llava-next -o - -j", "import own.json --format svit -o - -j"])
def test_records_and_figures_do_not_share_stdout(words: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(app, words.split())
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith("svit: --json: the ")
