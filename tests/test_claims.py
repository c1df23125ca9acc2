import pytest

from svit.boxes import Box
from svit.judge import checks
from svit.records import Dialogue, Draft, Flaw, ImageContext, Object, Prompt, Region, Sampling, Turn

YARD = ImageContext(
    1,
    "yard.jpg",
    640,
    480,
    captions=("A couple of horses behind a house",),
    objects=(
        Object(1, "dog", Box(0.1, 0.2, 0.2, 0.3)),
        Object(2, "dog", Box(0.3, 0.2, 0.4, 0.3)),
        Object(3, "brown dog", Box(0.5, 0.2, 0.6, 0.3)),
        Object(4, "elephant", Box(0.6, 0.5, 0.9, 0.9), aliases=("statue",)),
        Object(5, "horse", Box(0.0, 0.5, 0.1, 0.6)),
        Object(6, "sofa", Box(0.2, 0.6, 0.5, 0.8), attributes=("leather",)),
        Object(7, "keyboard", Box(0.2, 0.9, 0.3, 0.95)),
        Object(9, "bird", Box(0.7, 0.0, 0.8, 0.1)),
        Object(8, "keyboard", Box(0.205, 0.9, 0.305, 0.95)),
    ),
    regions=(Region(1, "a laptop on the sofa", Box(0.2, 0.6, 0.5, 0.8)),),
)


def flaws(check: checks.Check, *turns: tuple[str, str]) -> list[Flaw]:
    prompt = Prompt("conversation", (), Sampling("m", 100), "v", YARD)
    found = list(check(Draft(prompt, (Dialogue(tuple(Turn(*turn) for turn in turns)),))))
    assert all(flaw.severity == "warn" for flaw in found)
    return found


@pytest.mark.parametrize(
    ("answer", "nouns"),
    [
        ("There is a zebra behind the house.", ["zebra"]),
        ("A zebra and two umbrellas. The zebra is small.", ["zebra", "umbrellas"]),
        ("A dog sits on the couch with a laptop.", []),
        ("The elephants and a horse are statues.", []),
        ("Such a computer is fast.", []),
        ("One might see a zebra in the zoo. There is no zebra. Umbrellas are used to keep dry.", []),
        ("A red light.", []),
    ],
)
def test_a_thing_of_which_nothing_speaks_is_told(answer: str, nouns: list[str]) -> None:
    found = flaws(checks.objects_are_supported, ("What is there?", answer))
    assert [flaw.words.split(":")[0] for flaw in found] == nouns
    assert {flaw.code for flaw in found} <= {"unsupported_object"}


def test_what_a_question_before_it_names_is_supported() -> None:
    asked = ("Where would a zebra stand?", "The zebra stands behind the house.")
    assert flaws(checks.objects_are_supported, asked, ("Why?", "The zebra likes grass.")) == []
    assert len(flaws(checks.objects_are_supported, ("What is there?", asked[1]), asked)) == 1


@pytest.mark.parametrize(
    ("answer", "is_wrong"),
    [
        ("There are two dogs in the yard.", True),
        ("There are three dogs in the yard.", False),
        ("There are four dogs in the yard.", False),
        ("Two dogs are asleep.", False),
        ("There are two elephants.", True),
        ("One can see three elephants here.", True),
        ("There are two horses.", False),
        ("There are four keyboards.", False),
        ("There are two animals.", False),
        ("There are two birds.", False),
        ("There are three zebras.", False),
        ("There are two big elephants.", False),
    ],
    ids=str,
)
def test_a_count_against_what_annotators_saw_is_told(answer: str, is_wrong: bool) -> None:
    assert [flaw.code for flaw in flaws(checks.counts_are_annotated, ("What?", answer))] == [
        "wrong_count_claim"
    ] * is_wrong


LEFT, RIGHT, LOW = (
    "<st>dog<ed> [0.1, 0.2, 0.2, 0.3]",
    "<st>dog<ed> [0.5, 0.2, 0.6, 0.3]",
    "<st>sofa<ed> [0.1, 0.6, 0.2, 0.8]",
)


@pytest.mark.parametrize(
    ("answer", "is_wrong"),
    [
        (f"The {RIGHT} is to the left of the {LEFT}.", True),
        (f"The {LEFT} is to the left of the {RIGHT}.", False),
        (f"The {LEFT}, which is located just right of a {RIGHT}, sleeps.", True),
        (f"The {LEFT} sits on the right side of the {RIGHT}.", True),
        (f"The {LOW} is above the {LEFT}.", True),
        (f"The {LOW} is below the {LEFT}.", False),
        (f"The {LEFT} is lower than the {LOW}.", True),
        (f"The {LEFT} is above the {RIGHT}.", False),
        (f"The {RIGHT} is not to the left of the {LEFT}.", False),
        (f"The {RIGHT} barks. Left of the {LEFT} is nothing.", False),
        ("The <st>dogs<ed> [0.5, 0.2, 0.6, 0.3], [0.6, 0.2, 0.7, 0.3] is to the left of the " + LEFT, False),
        (f"The <st>dog<ed> [0.5] is to the left of the {LEFT}", False),
    ],
)
def test_a_side_against_the_boxes_is_told(answer: str, is_wrong: bool) -> None:
    found = flaws(checks.sides_are_right, (f"Is the {RIGHT} to the left of the {LEFT}?", answer))
    assert [flaw.code for flaw in found] == ["wrong_side_claim"] * is_wrong
