"""What a trainer's code looks for in a text is in no exported text."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from exports.test_exporting import line, written
from svit.cli import app
from svit.exports.role_marks import breaks_llava, breaks_qwen


@pytest.mark.parametrize(
    "text",
    [
        "The sign says ASSISTANT: open.",
        "USER: what is this?",
        "A label.\n### Human: hello",
        "### Assistant",
        "SYSTEM: none",
    ],
)
def test_names_of_speakers_break_a_conversation_that_is_split_as_text(text: str) -> None:
    assert breaks_llava(["Q?", text])
    assert breaks_llava([text, "A."])


@pytest.mark.parametrize(
    "text", ["The assistant: a woman.", "The user: nobody.", "## Humans", "Note: it rains.", "USERS: 3", "An ASSISTANT"]
)
def test_other_words_do_not(text: str) -> None:
    assert not breaks_llava(["Q?", text])


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("Where is the <st>assistant<ed> [0.1, 0.2, 0.3, 0.4]?", True),
        ("assistant where?", True),
        ("Is it 'assistant'?", True),
        ("a\nassistant", True),
        ("Where is the assistant?", False),
        ("Where is the <st>shop assistant<ed> [0.1, 0.2, 0.3, 0.4]?", False),
        ("Are there <st>assistants<ed> [0.1, 0.2, 0.3, 0.4]?", False),
        ("Is it an 'unassistant' thing?", False),
        ("Is it Assistant?", False),
    ],
)
def test_the_token_that_heads_an_answer_is_in_no_question_of_qwens(text: str, broken: bool) -> None:
    assert breaks_qwen([text, "Yes."]) is broken
    assert not breaks_qwen(["Who?", text]), "a search for the next answer begins behind this one"


@pytest.mark.parametrize(
    ("name", "left"), [("llava-1.5", [1, 3]), ("llava-next", [1, 3]), ("qwen3-vl", [2, 3]), ("internvl", [1, 2, 3])]
)
def test_what_would_break_a_trainer_is_left_out_and_counted(name: str, left: list[int], tmp_path: Path) -> None:
    written(
        tmp_path / "a.jsonl",
        [
            line(1, "referring", "Where is the <st>assistant<ed> [0.1, 0.2, 0.3, 0.4]?", "There."),
            line(2, "referring", "What does it say?", "It says USER: 5."),
            line(3),
        ],
    )
    out = tmp_path / "x.json"
    done = CliRunner().invoke(app, ["export", str(tmp_path / "a.jsonl"), "-f", name, "-o", str(out)])
    assert done.exit_code == 0
    assert [int(record["id"].partition("-")[0]) for record in json.loads(out.read_text())] == left
    assert ("role_mark  1" in done.stderr) is (len(left) == 2)
