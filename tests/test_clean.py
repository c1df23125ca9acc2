import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from svit.judge.clean import _INVISIBLE, _peeled, are_plain, plain, without_boilerplate

PAIR = "Question: Is it a cat?\nAnswer: Yes."

OPENINGS = [
    "Sure!",
    "Sure! Here are ten question-answer pairs:",
    "Certainly, here are the question-answer pairs you asked for:",
    "Of course. I'd be happy to help!",
    "Below are 10 question-answer pairs about the image:",
    "The following are three conversations:",
    "Here is a detailed description of the image:",
    "**Here are the conversations:**",
    "Based on the given captions, here are 15 questions and answers:",
    "I have generated ten question-answer pairs for you.",
    "I’ve written three conversations:",
    "Okay",
    "Great!\n\nHere are your 3 conversations:",
    "### Question-Answer Pairs",
    "**Complex reasoning questions and answers:**",
    "---",
    "\ufeff\u200b",
]
CLOSINGS = [
    "I hope this helps!",
    "Let me know if you need more questions.",
    "Please let me know if anything should change.",
    "Feel free to ask for more.",
    "Note: all answers follow from the image.",
    "**Note:** The positions are approximate.",
    "(Note: The positions are approximate.)",
    "*Please note that some details may differ.*",
    "If you would like any changes, let me know.",
    "These questions cover counts, colours and positions.",
    "Would you like me to write more?",
    "[End of conversation]",
    "---",
    "===\nI hope these conversations help.",
]


@pytest.mark.parametrize("opening", OPENINGS)
def test_openings_are_taken_off(opening: str) -> None:
    assert without_boilerplate(f"{opening}\n\n{PAIR}") == PAIR


@pytest.mark.parametrize("closing", CLOSINGS)
def test_closings_are_taken_off(closing: str) -> None:
    assert without_boilerplate(f"{PAIR}\n\n{closing}\n") == PAIR


@pytest.mark.parametrize("fence", ["```", "```text", "```markdown"])
def test_a_fence_around_the_whole_text_is_taken_off(fence: str) -> None:
    assert without_boilerplate(f"Here are the pairs:\n\n{fence}\n{PAIR}\n```\n\nI hope this helps!") == PAIR


def test_talk_on_the_line_of_the_answer_is_taken_off() -> None:
    assert without_boilerplate("Sure! Here is the description: A cat sleeps. I hope this helps!") == "A cat sleeps."
    assert without_boilerplate(f"Sure! {PAIR}") == PAIR
    assert without_boilerplate("Detailed description:\nA cat sleeps.") == "A cat sleeps."


@pytest.mark.parametrize(
    "text",
    [
        PAIR,
        "Topic: Here are two cats:\nUser: How many?\nGPT: Two.",
        "### Question 1\nAre there answers on the board?\n### Answer 1\nNo.",
        "**Question 1: Where are the pairs of shoes?**\nAnswer: Here.",
        "Here are two cats on a chair: a black one and a white one.\n\nThey sleep.",
        "Here is a cat. It sleeps.",
        "I can see a pair of shoes on the floor.\nThey are red.",
        "This is a busy street. People walk by.",
        "Sure, the cat sleeps.",
        "A cat sleeps.\n\nIf you want to cross the street, wait.",
        "A cat sleeps.\n\nNote the small dog in the corner.",
        "A cat sleeps.\n\n---\n\nSure! Here are the pairs:\n\nA dog barks.",
        "```\na\n```\nb\n```\nc\n```",
        "Note: this is all there is.",
        "GPT: I hope this helps!",
    ],
)
def test_what_is_no_talk_stays(text: str) -> None:
    assert without_boilerplate(text) == text


@pytest.mark.parametrize(
    "closing",
    [
        *("I hope this helps!", "I hope these answers help.", "I hope that description is what you want."),
        *("Let me know if you need more.", "Please let me know if there is more to say!"),
    ],
)
def test_a_closing_sentence_is_taken_off(closing: str) -> None:
    assert without_boilerplate(f"A cat sleeps. {closing}") == "A cat sleeps."


def test_talk_alone_leaves_nothing() -> None:
    assert without_boilerplate("Sure!\n\nHere are the pairs:\n---\n") == ""


BOX = "<st>old_man *a*<ed> [0.1, 0.2, 0.3, 0.4]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A **black** cat and a *white* one.", "A black cat and a white one."),
        ("A ***very*** big `cat` is __here__, _there_ and ~~gone~~.", "A very big cat is here, there and gone."),
        ("Is it a cat?**", "Is it a cat?"),
        ("**3**rd **man**'s", "3rd man's"),
        ("**A *nested* one**", "A nested one"),
        ("2 * 3 * 4 and 2*3*4 and 2**3", "2 * 3 * 4 and 2*3*4 and 2**3"),
        ("snake_case_name and a 5* hotel, A* and B*", "snake_case_name and a 5* hotel, A* and B*"),
        ("a*b* c and snake_case_ c", "a*b* c and snake_case_ c"),
        ("It says ____ here.", "It says ____ here."),
        (BOX, BOX),
        (f"**the {BOX}**", f"the {BOX}"),
        ("**<st>cat<ed>** [0.1, 0.2, 0.3, 0.4]", "<st>cat<ed> [0.1, 0.2, 0.3, 0.4]"),
        ("<st> black\n cat <ed>\n[0.1,\n0.2]", "<st>black cat<ed> [0.1, 0.2]"),
        ("# The cats", "The cats"),
        ("### The cats\nThey sleep.", "The cats\n\nThey sleep."),
        ("> A cat.", "A cat."),
        ("#1 fan, 1.5 metres", "#1 fan, 1.5 metres"),
        ("- A cat.", "A cat."),
        ("• A cat.", "A cat."),
        ("1. Is it a cat?", "Is it a cat?"),
        ("(2) Is it a cat?", "Is it a cat?"),
        ("1.5 metres", "1.5 metres"),
        ("2023 was hot.", "2023 was hot."),
        ('"It is a cat."', "It is a cat."),
        ("“It’s a cat.”", "It’s a cat."),
        ("'It's a cat.'", "It's a cat."),
        ('"Stop" and "Go"', '"Stop" and "Go"'),
        ('It says "Stop"', 'It says "Stop"'),
        ("A\x00 cat\x07\u200b\u202e\ufeff is\u00a0here\ud800.", "A cat is here."),
        ("  A   cat\tsleeps.  ", "A cat sleeps."),
        ("A cat\nsleeps.\r\n\r\n\r\nA dog\r\nbarks.", "A cat sleeps.\n\nA dog barks."),
        ("Steps:\n1. Wait.\n2. Go\non.", "Steps:\n1. Wait.\n2. Go on."),
        ("* One\n* Two", "- One\n- Two"),
        ("A cat.\n---\nA dog.", "A cat.\n\nA dog."),
        ("```\nA cat.\n```", "A cat."),
        ("a < b and c > d", "a < b and c > d"),
        ("**", ""),
        ("", ""),
    ],
)
def test_plain_text(text: str, expected: str) -> None:
    assert plain(text) == expected


MARKS = [
    *("**", "*", "_", "__", "`", "```", "~~", "#", ">", "-", "--", "1.", "2)", "3", '"', "'", "“", "”", "–"),
    *("a", "word", ".", "<st>", "<ed>", "[0.1,0.2]", "\u200b", "\ue000", "---"),
]
MARKED = st.lists(st.sampled_from([*MARKS, "\n", "\n\n", " ", "  ", "\r", "\x85"]), max_size=14).map("".join)


@given(MARKED | st.text())
@example("<**st> a **<ed>")
def test_plain_text_is_plain(text: str) -> None:
    assert plain(plain(text)) == plain(text)


@given(MARKED | st.text())
def test_the_cheap_look_lets_only_plain_text_pass(text: str) -> None:
    assert plain(text) != text or _peeled(text) == text


@given(st.lists(MARKED | st.text("ab \n-1.*é“"), max_size=4))
@example(["One.\n\nTwo.", "Is it?"])
@example(["a", "", "b"])
@example(["one\n\n- two"])
def test_texts_that_are_plain_together_are_plain_each(texts: list[str]) -> None:
    assert not are_plain(texts) or all(_peeled(text) == text for text in texts)


def test_usual_texts_are_plain() -> None:
    assert are_plain(["Is it a cat’s <st>toy<ed> [0.1, 0.2, 0.3, 0.4]?", "It is (so far).\n\nA new one."])
    assert are_plain([])
    for text in ("a  b", "*", "`a", "1. a", "a\nb", "a\n\n\nb", "<st> a<ed>", "a ", "\u200b", "a\ud800", "“a”", ""):
        assert not are_plain(["A cat.", text]), text


@given(st.text(st.characters(max_codepoint=0x2070) | st.sampled_from("\ufeff\ud800\ue000")))
def test_what_nobody_sees_is_gone(text: str) -> None:
    assert not _INVISIBLE.search(without_boilerplate(f"{text} a"))


@given(st.text("abc .,?é", max_size=20), st.text("abc .,?é", max_size=20))
def test_a_mention_keeps_its_characters(before: str, after: str) -> None:
    assert BOX in plain(f"**{before}{BOX}{after}**")


HOSTILE = [
    "*",
    "* ",
    "**a",
    "*a ",
    "_a",
    "`",
    '"',
    "'a",
    "# ",
    "> ",
    "- ",
    "1. ",
    "1.\n",
    "a\n",
    "\n",
    " ",
    "~~a",
    "<st>",
    "[",
]


@pytest.mark.parametrize(
    "piece", [*HOSTILE, "Sure!\n", "Note: a\n", "Here are ", "given , here ", "```\n", "---\n", ". "]
)
def test_hostile_text_is_cleaned_all_the_same(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    assert len(plain(text)) <= len(text)
    assert len(without_boilerplate(text)) <= len(text)
