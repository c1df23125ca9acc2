import random
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svit.judge import checks
from svit.judge.checks.questions import _surely_differ
from svit.records import Dialogue, Draft, ImageContext, Prompt, Sampling, Turn

PROMPT = Prompt("conversation", (), Sampling("m", 100), "v", ImageContext(1, "x.jpg", 1, 1))


def codes(check: checks.Check, *turns: tuple[str, str]) -> list[str]:
    dialogue = Dialogue(tuple(Turn(question, answer) for question, answer in turns))
    return [flaw.code for flaw in check(Draft(PROMPT, (dialogue,)))]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is it?", "what is  it"),
        ("What color is the dog?", "What is the color of the dog?"),
        ("Which color does the dog have?", "What color is the dog in the image?"),
        ("What are the men doing?", "Can you tell me what the men are doing in this picture?"),
        ("What is the dogs' favorite place?", "What is the dog's favourite place?"),
        ("Is it the café's?", "Is it the café’s?"),
        ("Is there a <st>dog<ed> [0.1, 0.2]?", "Is there the <st>dog<ed> [0.1, 0.2]"),
    ],
)
def test_nearly_the_same_question_is_the_same(one: str, other: str) -> None:
    assert codes(checks.asks_nothing_twice, (one, "a"), ("What else?", "b"), (other, "c")) == ["duplicate_question"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is on the left?", "What is on the right?"),
        ("What color is the dog?", "What color is the cat?"),
        ("What color is the car?", "What color is the cart?"),
        ("Is the dog left of the cat?", "Is the cat left of the dog?"),
        ("How many dogs are there?", "How many cats are there?"),
        ("What is under the table?", "What is on the table?"),
        ("What is the man doing?", "What is the man on the bench doing?"),
        ("Is <st>it<ed> [0.1, 0.2] red?", "Is <st>it<ed> [0.1, 0.3] red?"),
        ("What could one do?", "What should one do?"),
        ("Is player 11 red?", "Is player 12 red?"),
        ("What is it?", "What is this?"),
        ("Is it?", "Was this?"),
        ("", ""),
    ],
)
def test_another_thing_side_or_number_is_another_question(one: str, other: str) -> None:
    assert codes(checks.asks_nothing_twice, (one, "a"), (other, "b")) == []


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("What color is the red car?", "The car is red.", 1),
        ("Why is the man holding an umbrella?", "The man is holding an umbrella.", 1),
        ("In this garden, where is the sleeping dog?", "It is a sleeping dog.", 1),
        ("What color is the car?", "The car is red.", 0),
        ("Is the red car on the left?", "The red car is on the left.", 0),
        ("Which is larger, the dog or the cat?", "The dog.", 0),
        ("Of the dog and the cat, which is larger?", "The dog is larger.", 0),
        ("Who is between the dog and the man?", "The man.", 0),
        ("Which of the two dogs is asleep?", "One of the dogs.", 0),
        ("Which dog is asleep?", "The <st>dog<ed> [0.1, 0.2, 0.3, 0.4].", 0),
        ("What do you see?", "It is there.", 0),
        ("How many dogs are there?", "There are two dogs.", 0),
        ("", "", 0),
    ],
)
def test_an_answer_says_more_than_its_question(question: str, answer: str, expected: int) -> None:
    assert codes(checks.answers_say_more_than_questions, (question, answer)) == ["question_gives_answer"] * expected


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        (["Yes."] * 6, ["6 of 6 answers are yes"]),
        (["No, it is red."] * 8 + ["Yes"], ["8 of 9 answers are no"]),
        (["Yes."] * 5 + ["Two."] * 9, []),
        (["Yes."] * 6 + ["No."], []),
        (["Yes."] * 8 + ["No."] * 2, []),
        (["Nobody is.", "Yesterday."] * 5, []),
    ],
)
def test_answers_that_are_nearly_all_yes_or_no(answers: list[str], words: list[str]) -> None:
    turns = tuple(Turn(f"Is it number {n}?", answer) for n, answer in enumerate(answers))
    flaws = list(checks.answers_are_balanced(Draft(PROMPT, (Dialogue(turns),))))
    assert [flaw.words for flaw in flaws] == words
    assert all((flaw.code, flaw.severity) == ("yes_no_bias", "warn") for flaw in flaws)


@pytest.mark.parametrize(
    "text",
    [
        "Der Hund schläft unter dem Tisch.",
        "El perro duerme debajo de la mesa porque hace calor.",
        "De hond slaapt onder de tafel, omdat het heel warm is.",
        "Koira nukkuu pöydän alla, koska puutarhassa tuntuu tänään todella kuumalta eikä tuule lainkaan.",
        "Собака спит под столом.",
        "狗在桌子下面睡觉,因为今天非常热。",
        "The dog: 狗在桌子下面睡觉,因为今天非常热,没有风吹过来。",
    ],
)
def test_another_language_than_the_prompts(text: str) -> None:
    assert codes(checks.is_in_english, ("What is it?", text)) == ["wrong_language"]
    assert codes(checks.is_in_english, ("What is it?", "A dog is there."), (text, "It is a dog.")) == ["wrong_language"]


@pytest.mark.parametrize(
    "text",
    [
        *("Two.", "Red, white, blue, green.", "Apples", "A man in a hat on a bench by a lake, on a hill, in a park."),
        *(
            "The sign says 出口, 入口 and 営業中です here.",
            "It is the “狗在桌子下面睡觉,因为今天非常热” of the poem.",
            "Café Müller",
        ),
        *("The restaurant is called La Casa de las Flores.", "A café in Rue de la Paix.", "Yes, Der Spiegel is on it."),
        "The <st>собака спит под столом<ed> [0.1, 0.2, 0.3, 0.4] is a dog.",
    ],
)
def test_english_with_names_and_signs_is_english(text: str) -> None:
    assert codes(checks.is_in_english, ("What is it?", text)) == []


QUESTION_WORDS = st.sampled_from(
    """what which is are the a in on of from image picture pictures photo scene this can could you please tell me say
    describe explain dog dogs there cat color left right one two man's men behind table tables, not? is""".split()
)


@given(st.lists(st.lists(QUESTION_WORDS, max_size=7).map(" ".join), max_size=5), st.randoms(use_true_random=False))
def test_the_coarse_look_passes_over_no_duplicate(questions: list[str], rng: random.Random) -> None:
    asked = [
        *questions,
        *(rng.choice(["{}", "{}?", "Can you tell me {}", "{} in the image"]).format(q) for q in questions),
    ]
    rng.shuffle(asked)
    if _surely_differ(asked):
        with patch("svit.judge.checks.questions._surely_differ", return_value=False):
            assert codes(checks.asks_nothing_twice, *((question, "a") for question in asked)) == []
