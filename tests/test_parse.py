import contextlib
import re
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from svit.errors import ParseError
from svit.judge import parse
from svit.judge.parse import conversations, description, question_answer_pairs
from svit.records import Dialogue, Turn

CATS = [("How many cats?", "Two."), ("What do they do?", "They sleep.")]

PAIR_FORMS = {
    "words": "Question: {}\nAnswer: {}\n\nQuestion: {}\nAnswer: {}",
    "letters": "Q: {}\nA: {}\nQ: {}\nA: {}",
    "any case": "q: {}\na: {}\nQUESTION: {}\nanswer : {}",
    "numbered letters": "Q1: {}\nA1: {}\nQ2. {}\nA2. {}",
    "numbers in brackets": "Q1) {}\nA1) {}\n(2) Question: {}\nAnswer: {}",
    "numbered words": "Question 1: {}\nAnswer 1: {}\nQuestion #2 - {}\nAnswer #2 - {}",
    "numbers before": "1. Question: {}\n   Answer: {}\n2. Question: {}\n   Answer: {}",
    "lone numbers": "Question: {}\nAnswer: {}\n\n2.\nQuestion: {}\nAnswer: {}",
    "bold": "1) **Question:** {}\n**Answer:** {}\n2) **Question**: {}\n**Answer**: {}",
    "headings": "### Question 1\n{}\n### Answer 1\n{}\n## Question 2:\n{}\n**Answer**\n{}",
    "bullets": "- Question: {}\n  - Answer: {}\n* Question: {}\n  * Answer: {}",
    "quotes": "> Question: {}\n> Answer: {}\n\n> Question: {}\n> Answer: {}",
    "speakers": "User: {}\nGPT: {}\nHuman: {}\nAssistant: {}",
    "names of models": "User: {}\nGPT-4: {}\nHuman: {}\nChatGPT: {}",
    "llava": "Question:\n===\n{}\n===\nAnswer:\n===\n{}\n===\nQuestion:\n{}\n===\nAnswer:\n{}\n===",
    "one line each": "Question: {} Answer: {}\n1. Q: {}  A: {}",
    "all on one line": "Q1: {} A1: {} **Q2:** {} **A2:** {}",
    "crlf": "Question: {}\r\nAnswer: {}\r\n\r\nQuestion: {}\r\nAnswer: {}\r\n",
    "cr": "Question: {}\rAnswer: {}\r\rQuestion: {}\rAnswer: {}\r",
    "wide colon": "Question： {}\nAnswer：{}\nQuestion: {}\nAnswer: {}",
    "headings of pairs": "### Pair 1\nQ: {}\nA: {}\n\n**Q&A Pair 2:**\nQ: {}\nA: {}",
    "rules": "Question: {}\nAnswer: {}\n\n---\n\nQuestion: {}\nAnswer: {}\n* * *",
    "asides": "Question 1 (counting): {}\nAnswer: {}\n**Question 2 (actions)**: {}\nAnswer: {}",
}


def pairs(text: str) -> list[tuple[str, str]]:
    dialogues = question_answer_pairs(text)
    assert all(dialogue.topic is None and len(dialogue.turns) == 1 for dialogue in dialogues)
    return [(dialogue.turns[0].question, dialogue.turns[0].answer) for dialogue in dialogues]


@pytest.mark.parametrize("form", PAIR_FORMS)
def test_pairs_are_read_in_every_form(form: str) -> None:
    assert pairs(PAIR_FORMS[form].format(*chain.from_iterable(CATS))) == CATS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Q: a?\nA: One.\n\nTwo.\n- x\n- y\n\nQ: b?\nA: c", [("a?", "One.\n\nTwo.\n- x\n- y"), ("b?", "c")]),
        ("**Question: a?**\nAnswer: b", [("**a?**", "b")]),
        ("Q: How many?\nA: 4", [("How many?", "4")]),
        ("Q: How many?\nA:\n4.", [("How many?", "4.")]),
        ("Q: Which?\nA: The road\na1. It is wide.", [("Which?", "The road\na1. It is wide.")]),
        ("Q: Which?\nA: These:\n\n1.", [("Which?", "These:\n\n1.")]),
        ("Q:\nA: b\nQ: c\nA: d", [("", "b"), ("c", "d")]),
        ("Q: a?\nA:\nQ: c\nA: d", [("a?", ""), ("c", "d")]),
        (
            "Q: What does the sign say?\nA: It says: Question everything.",
            [("What does the sign say?", "It says: Question everything.")],
        ),
        (
            "Q: Who is the user?\nA: A man: tall.\nUsers like him.",
            [("Who is the user?", "A man: tall.\nUsers like him.")],
        ),
        ("Q: Is 2. A b?\nA: 5 Q: no", [("Is 2. A b?", "5 Q: no")]),
    ],
)
def test_what_a_label_covers(text: str, expected: list[tuple[str, str]]) -> None:
    assert pairs(text) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no label"),
        ("  \n\n", "no label"),
        ("Two cats sleep on a chair.", "line 1: text before the first label: 'Two cats sleep"),
        ("Some cats.\nQ: a?\nA: b", "line 1: text before the first label: 'Some cats.'"),
        ("\n\n# Questions\nQ: a?\nA: b", "line 3: text before the first label"),
        ("Q: a?\nA: b\nQ: c?", "line 3: a question without an answer: 'c\\?'"),
        ("Q: a?\nA: b\nQ: c?\nA:", "line 4: the text ends after a label"),
        ("Q: a?\nQ: c?\nA: b", "line 1: a question without an answer: 'a\\?'"),
        ("A: a", "line 1: an answer without a question: 'a'"),
        ("Q: a?\nA: b\nA: c", "line 3: an answer without a question: 'c'"),
        ("Q: What? Answer: 42.\nA: b", "line 2: an answer without a question: 'b'"),
        (
            "Q: a?\nA: b\n---\nMore about cats.\nQ: c?\nA: d",
            "line 4: text without a label after a separator: 'More about",
        ),
        ("Q: a?\nA: b\n\n### The weather\nQ: c?\nA: d", "line 2: the answer ends in a heading"),
        ("Q: a?\nA: b\n\n**The weather:**\nQ: c?\nA: d", "line 2: the answer ends in a heading"),
        ("Topic: Cats\nQ: a?\nA: b", "line 1: a topic label where"),
        ("### Conversation 1\nQ: a?\nA: b", "line 1: a conversation label where"),
        ("Q1: a?\nA2: b", "line 2: question 1 is followed by answer 2"),
        ("Pair 1: counting\nQ: a?\nA: b", "line 1: text without a label: 'counting'"),
    ],
)
def test_pairs_are_never_guessed(text: str, says: str) -> None:
    with pytest.raises(ParseError, match=says):
        question_answer_pairs(text)


TWO_TALKS = [("Cats", CATS), ("Dogs", [("Is it a dog?", "Yes.")])]
TALK_FORMS = {
    "topics": "Topic: {}\nUser: {}\nGPT: {}\nUser: {}\nGPT: {}\n\nTopic: {}\nUser: {}\nGPT: {}",
    "numbers": "1. Topic: {}\n\nUser: {}\nGPT: {}\nUser: {}\nGPT: {}\n\n2. Topic: {}\n\nUser: {}\nGPT: {}",
    "bold": "**Topic:** {}\n**User:** {}\n**GPT:** {}\n**User:** {}\n**GPT:** {}\n---\n"
    "**Topic:** {}\n**User:** {}\n**GPT:** {}",
    "headings": "### Conversation 1: {}\nHuman: {}\nAssistant: {}\nHuman: {}\nAssistant: {}\n"
    "### Conversation 2: {}\nHuman: {}\nAssistant: {}",
    "heading and topic": "Conversation 1:\nTopic: {}\nUser: {}\nGPT: {}\nUser: {}\nGPT: {}\n===\n"
    "**Conversation 2**\nTopic: {}\nUser: {}\nGPT: {}",
    "topic in heading": "## Conversation 1: Topic: {}\nQ: {}\nA: {}\nQ: {}\nA: {}\n"
    "## Conversation 2 ({}):\nQ: {}\nA: {}",
    "own headings": "## {}\nUser: {}\nGPT: {}\nUser: {}\nGPT: {}\n\n## {}\nUser: {}\nGPT: {}",
    "rules in turns": "Topic: {}\nUser: {}\n===\nGPT: {}\nUser: {}\n===\nGPT: {}\n"
    "Topic: {}\nUser: {}\n===\nGPT: {}\n===",
    "crlf": "Topic: {}\r\nUser: {}\r\nGPT: {}\r\nUser: {}\r\nGPT: {}\r\n\r\nTopic: {}\r\nUser: {}\r\nGPT: {}\r\n",
}


def talks(text: str) -> list[tuple[str | None, list[tuple[str, str]]]]:
    return [
        (dialogue.topic, [(turn.question, turn.answer) for turn in dialogue.turns]) for dialogue in conversations(text)
    ]


@pytest.mark.parametrize("form", TALK_FORMS)
def test_conversations_are_read_in_every_form(form: str) -> None:
    said = [word for topic, turns in TWO_TALKS for word in (topic, *chain.from_iterable(turns))]
    assert talks(TALK_FORMS[form].format(*said)) == TWO_TALKS


@pytest.mark.parametrize(
    "separator", ["---", "===", "***", "- - -", "Conversation 2", "### Conversation 2", "**Conversation 2**:"]
)
def test_a_separator_parts_conversations_without_topics(separator: str) -> None:
    text = f"User: a?\nGPT: b\nUser: c?\nGPT: d\n\n{separator}\n\nUser: e?\nGPT: f"
    assert talks(text) == [(None, [("a?", "b"), ("c?", "d")]), (None, [("e?", "f")])]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no label"),
        ("They talk about cats.\nUser: a?\nGPT: b", "line 1: text before the first label"),
        ("Topic: Cats\nUser: a?\nUser: b?\nGPT: c", "line 2: a question without an answer: 'a\\?'"),
        ("Topic: Cats\nGPT: a\nUser: b?\nGPT: c", "line 2: an answer without a question: 'a'"),
        ("Topic: Cats\nUser: a?\n\nTopic: Dogs\nUser: b?\nGPT: c", "line 2: a question without an answer"),
        ("Topic: Cats\nUser: a?\nGPT: b\nTopic: Dogs", "line 4: a topic without turns: 'Dogs'"),
        ("Topic: Cats\nTopic: Dogs\nUser: a?\nGPT: b", "line 2: a second topic before the first turn: 'Dogs'"),
        ("Topic: Cats\nWe see two.\nUser: a?\nGPT: b", "line 1: text between a topic and its first turn"),
        ("## Cats\nWe see two.\nUser: a?\nGPT: b", "line 1: text between a topic and its first turn"),
        ("User: a?\n---\nGPT: b\n---\nUser: c?\n---\nGPT: d", "line 3: separators stand within turns"),
        ("User: a?\nGPT: b\n---\nThe second one\nUser: c?\nGPT: d", "line 4: text without a label after a separator"),
        ("User: a?\nGPT: b\n\n**Dogs**\nUser: c?\nGPT: d", "line 2: the answer ends in a heading"),
        ("Topic: Cats\nUser: a?\nGPT:", "line 3: the text ends after a label"),
    ],
)
def test_conversations_are_never_guessed(text: str, says: str) -> None:
    with pytest.raises(ParseError, match=says):
        conversations(text)


def test_a_description_is_one_turn_with_its_paragraphs() -> None:
    text = "\nA cat sleeps.\n\nA dog: it barks. A: one. The topic is cats.\n"
    assert description(text) == (Dialogue((Turn("", text.strip()),)),)


@pytest.mark.parametrize(
    "text",
    ["", " \n", "Question: a?\nAnswer: b", "Here they talk.\n\n**User:** a?\nGPT: b", "Q1. a?\nA1. b", "Topic: Cats"],
)
def test_turns_are_no_description(text: str) -> None:
    with pytest.raises(ParseError):
        description(text)


LINES = (
    st.from_regex(r"[A-Za-z0-9 ,.'’<>é漢]{0,40}[a-z.?!]", fullmatch=True)
    .map(str.strip)
    .filter(re.compile(r"(?![QAqa] *\d).*[a-z]").match)
)
PARAGRAPHS = st.lists(LINES, min_size=1, max_size=3).map("\n\n".join)
TURNS = st.builds(Turn, LINES, PARAGRAPHS)
LABELS = st.sampled_from(
    ["Question:|Answer:", "**Q{}:**|**A{}:**", "### Question {}|### Answer {}", "- User: |- GPT: "]
)


def _rendered(turns: tuple[Turn, ...], labels: str) -> str:
    asks, answers = labels.split("|")
    return "\n\n".join(
        f"{asks.format(number)}\n{turn.question}\n{answers.format(number)}\n{turn.answer}"
        for number, turn in enumerate(turns, 1)
    )


@given(st.lists(TURNS, min_size=1, max_size=4), LABELS)
def test_rendered_pairs_are_read_back(turns: list[Turn], labels: str) -> None:
    assert question_answer_pairs(_rendered(tuple(turns), labels)) == tuple(Dialogue((turn,)) for turn in turns)


@given(
    st.lists(
        st.builds(Dialogue, st.lists(TURNS, min_size=1, max_size=3).map(tuple), LINES | st.none()),
        min_size=1,
        max_size=3,
    ),
    LABELS,
)
def test_rendered_conversations_are_read_back(dialogues: list[Dialogue], labels: str) -> None:
    text = "\n\n".join(
        (f"Topic: {dialogue.topic}" if dialogue.topic else "---") + "\n\n" + _rendered(dialogue.turns, labels)
        for dialogue in dialogues
    )
    assert conversations(text) == tuple(dialogues)


PLAIN_LINES = st.lists(
    st.tuples(
        st.sampled_from(
            ["Question: ", "Answer: ", "Question: ", "Answer: ", "Topic: ", "User: ", "GPT: ", "A: ", "- Q: ", ""]
        ),
        st.sampled_from(
            [
                "Is it?",
                "It is.",
                "at 10:30",
                "So. Answer: yes.",
                "One.” Q1: b",
                "a Q：b",
                "x. **A:** b",
                "",
                " ",
                "*a",
                "1.",
            ]
        ),
        st.sampled_from(["\n", "\n\n", "\n\n", "\n\n\n", " \n", "\r\n", "\n---\n", ""]),
    ),
    max_size=8,
).map(lambda lines: "".join(chain.from_iterable(lines)))


@given(PLAIN_LINES)
@example("Topic: a\nTopic: b\nUser: c\nGPT: d")
@example("Question: a\rb\nAnswer: c")
@example("Question: So. A：b\nAnswer: c")
@example("User: a\nGPT: b\nTopic: c\nUser: d\nGPT: e\n")
@example("Question: a\nAnswer: b\n\nAnswer: c")
def test_plain_text_is_read_as_any_other(text: str) -> None:
    for parser in (question_answer_pairs, conversations):
        with pytest.MonkeyPatch.context() as patch:
            plain = _result(parser, text)
            patch.setattr(parse, "_plain_turns", lambda text: None)
            assert _result(parser, text) == plain


def _result(parser: Callable[[str], tuple[Dialogue, ...]], text: str) -> tuple[Dialogue, ...] | str:
    try:
        return parser(text)
    except ParseError as error:
        return str(error)


def test_the_usual_forms_are_plain() -> None:
    pairs = "Question: How many?\nAnswer: Two: a and b.\n\nQuestion: Where?\nAnswer: At 10:30, here."
    talk = "Topic: Cats\nUser: How many?\nGPT: Two.\nUser: Where?\nGPT: Here.\n\nTopic: Dogs\nUser: Who?\nGPT: He."
    assert parse._plain_turns(pairs) is not None
    assert parse._plain_turns(talk) is not None


@given(st.text("QA12:.\n*#-= aquestionuserTopic[]<>"))
def test_any_text_is_read_or_refused(text: str) -> None:
    for parser in (question_answer_pairs, conversations, description):
        with contextlib.suppress(ParseError):
            assert all(dialogue.turns for dialogue in parser(text))


HOSTILE = [
    "Question:",
    "Question: a.\nAnswer: b.\n",
    "Q: a\n",
    "1.\n",
    "1. ",
    "**",
    "\n",
    " ",
    "- ",
    "#",
    "Q1 ",
    "?  ",
    "<st>",
    "[",
]


@pytest.mark.parametrize("parser", [question_answer_pairs, conversations, description])
@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_is_read_in_one_pass(piece: str, parser: Callable[[str], tuple[Dialogue, ...]]) -> None:
    text = piece * (1_000_000 // len(piece))
    with contextlib.suppress(ParseError):
        assert sum(len(dialogue.turns) for dialogue in parser(text)) <= len(text)


def test_no_pattern_repeats_a_group_possessively() -> None:
    """Python before 3.11.5 matches those wrongly (CPython issue 106052); an atomic group means the same."""
    for path in (Path(__file__).parents[1] / "svit").rglob("*.py"):
        assert not re.search(r"\)(?:[?*+]|\{[\d,]+\})\+", path.read_text(encoding="utf-8")), path
