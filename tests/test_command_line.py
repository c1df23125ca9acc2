"""The command line as a whole: help with examples, refusals of one sentence, and what a shell completes."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from svit.cli import app
from svit.cli.completion import matching_tasks
from svit.cli.examples import EXAMPLES
from svit.tasks import TASKS

ROOT: Any = typer.main.get_command(app)


def commands(command: Any = ROOT, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield every group and command with the words that lead to it."""
    yield " ".join(words), command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*words, name))


ALL = dict(commands())


def parsed(words: list[str]) -> str:
    """Return the words that lead to the command of this command line. Raises what typer raises when it is none."""
    context = ROOT.make_context("svit", [*words], resilient_parsing=False)
    path = []
    while hasattr(context.command, "commands"):
        rest = [*getattr(context, "_protected_args", ()), *context.args]
        name, command, rest = context.command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)
        path.append(name)
    return " ".join(path)


@pytest.mark.parametrize("words", ALL)
def test_each_command_answers_h_with_examples_that_stand_on_lines_of_their_own(words: str) -> None:
    runner = CliRunner(env={"COLUMNS": "80", "TERMINAL_WIDTH": None})
    short, long = (runner.invoke(app, [*words.split(), flag]) for flag in ("-h", "--help"))
    assert short.exit_code == long.exit_code == 0
    assert short.output == long.output
    lines = short.output.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines.index("Examples:")
    for example in EXAMPLES[words]:
        assert f"  {example}" in lines


@pytest.mark.parametrize(("words", "example"), [(words, each) for words, lines in EXAMPLES.items() for each in lines])
def test_each_example_is_one_that_the_command_line_takes(words: str, example: str) -> None:
    program, *rest = shlex.split(example, comments=True)
    assert program == "svit"
    taken = parsed(list(takewhile(lambda word: word not in (">", "|"), rest)))
    assert taken == words or (hasattr(ALL[words], "commands") and taken.startswith(words))


def test_an_example_with_an_option_that_is_none_would_be_seen() -> None:
    with pytest.raises(typer.BadParameter.__bases__[0]):
        parsed(["generate", "--task", "referring", "--limits", "3"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("genrate", "No such command 'genrate'. Did you mean 'generate', 'regenerate'? See 'svit --help'."),
        ("contexts biuld", "No such command 'biuld'. Did you mean 'build'? See 'svit contexts --help'."),
        ("generate --limt 3", "No such option: --limt. Did you mean '--limit'? See 'svit generate --help'."),
        ("contexts stats --jsn x", "No such option: --jsn. Did you mean '--json'? See 'svit contexts stats --help'."),
        ("generate", "Missing option '--task'. See 'svit generate --help'."),
        ("status", "Missing argument 'RUN'. See 'svit status --help'."),
        ("show r", "Missing argument 'IMAGE_ID'. See 'svit show --help'."),
        ("check f --examples", "Option '--examples' requires an argument."),
    ],
)
def test_what_is_not_understood_is_one_sentence_with_what_was_meant_and_exit_2(words: str, sentence: str) -> None:
    done = CliRunner().invoke(app, words.split(), prog_name="svit")
    assert done.exit_code == 2
    assert done.stderr.replace("'--task' / '--tasks'", "'--task'") == f"svit: {sentence}\n"
    assert done.stdout == ""


def test_a_machine_is_refused_in_json() -> None:
    words = ["generate", "--log-json", "--limt", "3"]
    done = subprocess.run([sys.executable, "-m", "svit", *words], capture_output=True, text=True)
    [event] = map(json.loads, done.stderr.splitlines())
    assert (done.returncode, event["event"], event["exit"]) == (2, "error", 2)
    assert "Did you mean '--limit'?" in event["words"]


def completed(words: str) -> list[str]:
    """Return what bash is offered at the end of this line."""
    given = shlex.split(words)
    count = len(given) - (not words.endswith(" "))
    asked = {"_SVIT_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(count)}
    done = subprocess.run(
        [sys.executable, "-c", "from svit.cli import app; app(prog_name='svit')"],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_a_shell_completes_commands_options_and_names() -> None:
    assert "regenerate" in completed("svit re")
    assert "--max-cost-per-month" in completed("svit generate --max")
    assert completed("svit export --format qwen2") == ["qwen2-vl", "qwen2.5-vl"]
    assert completed("svit prompt --config o") == ["offline", "openai"]
    assert completed("svit contexts st") == ["stats"]


def test_tasks_are_completed_by_their_names_one_after_the_other() -> None:
    assert matching_tasks("") == [*TASKS, "all"]
    assert matching_tasks("referring,") == [f"referring,{name}" for name in TASKS if name != "referring"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_for_the_shell_is_printed(shell: str) -> None:
    env = {**os.environ, "_SVIT_COMPLETE": f"source_{shell}"}
    done = subprocess.run(
        [sys.executable, "-c", "from svit.cli import app; app(prog_name='svit')"],
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "_SVIT_COMPLETE" in done.stdout
