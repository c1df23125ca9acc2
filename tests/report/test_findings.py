"""What the report counts, against texts whose figures are known."""

import msgspec
import pytest

from report.made import context, record, rejection
from svit.report.findings import Grounding, Image, Names, TaskFindings, TextVariety, spoken, words
from svit.run.shards import RejectionLine, SampleLine

CONTEXT = context(
    1,
    [
        ("cat", [0.1, 0.1, 0.5, 0.5]),
        ("Traffic Light", [0.6, 0.6, 0.9, 0.9]),
        ("bus", [0.0, 0.0, 0.2, 0.1]),
        ("man", [0.2, 0.2, 0.3, 0.9]),
    ],
)


def sample(*pairs: tuple[str, str], image_id: int = 1, task: str = "conversation", **more: object) -> SampleLine:
    return msgspec.convert(record(image_id, task, pairs, **more), SampleLine)


def refused(*codes: str, severity: str = "reject") -> RejectionLine:
    flaws = [{"code": code, "words": "w", "severity": severity} for code in codes]
    return msgspec.convert(rejection(2, "conversation", "text", *flaws), RejectionLine)


def findings(*samples: SampleLine, asks: bool = True, image: Image | None = None) -> TaskFindings:
    found = TaskFindings("conversation", asks=asks, seed=0)
    for each in samples:
        found.add(each, image)
    return found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What's the cat's colour?", ["what's", "the", "cat's", "colour"]),
        ("Red, blue-green; 2 cats!", ["red", "blue", "green", "2", "cats"]),
        ("Un café à gauche", ["un", "café", "à", "gauche"]),
        ("snake_case [0.1] \x00x", ["snake_case", "0", "1", "x"]),
        ("...", []),
    ],
)
def test_words(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_of_a_mention_only_the_name_is_a_word() -> None:
    assert spoken("The <st>red cats<ed> [0.1, 0.1, 0.5, 0.5], [0, 0, 1, 1] sit.") == "The red cats sit."


def test_pairs_lengths_openings_and_yes_or_no_are_counted() -> None:
    found = findings(
        sample(("Is it a cat?", "Yes, it is a cat."), ("Is it a dog?", "No.")),
        sample(("What is on the mat?", "A cat, yes."), ("Is it a cat?", "yes")),
    )
    assert (found.samples, found.pairs, found.dialogues) == (2, 4, 4)
    assert (found.yes, found.no) == (2, 1)
    assert found.openings.counts == {("is", "it", "a"): 3, ("what", "is", "on"): 1}
    assert (found.questions.total, found.questions.different) == (4, 3)
    assert found.repeated.counts["is it a cat"] == 2
    assert found.question_words.counts == {4: 3, 5: 1}
    assert found.answer_words.counts == {5: 1, 1: 2, 3: 1}


def test_questions_drawn_from_a_file_tell_nothing() -> None:
    image = Image(CONTEXT)
    found = findings(sample(("Describe the cat.", "A bus stands there.")), asks=False, image=image)
    assert not found.openings.counts
    assert not found.questions.total
    assert image.mentioned == {"bus"}


def test_flaws_are_counted_once_for_each_completion() -> None:
    warnings = [
        {"code": "unsupported_object", "words": "a dog", "severity": "warn"},
        {"code": "unsupported_object", "words": "a cow", "severity": "warn"},
        {"code": "box_snapped", "words": "[..]", "severity": "repair"},
    ]
    found = findings(sample(("a", "b"), warnings=warnings, dropped={"too_short": 3}), sample(("c", "d")))
    found.refuse(refused("refusal", "refusal", "too_short"))
    found.refuse(refused("refusal", severity="warn"))
    assert found.warnings == {"unsupported_object": 1}
    assert found.unsupported == 2
    assert found.repairs == {"box_snapped": 1}
    assert found.rejections == {"refusal": 1, "too_short": 1}
    assert found.dropped == {"too_short": 3}
    assert (found.samples, found.rejected, found.rate) == (2, 2, 0.5)


def test_boxes_are_compared_with_the_annotated_ones() -> None:
    grounding = Grounding()
    grounding.add("The <st>cat<ed> [0.1, 0.1, 0.5, 0.5] and <st>it<ed> [0.1, 0.1, 0.5, 0.35].", Image(CONTEXT))
    grounding.add("A <st>dog<ed> [0.4, 0.4, 0.6, 0.6], [0.5, 0.5, 0.1, 0.1], [1, 2] in <st>air<ed>", Image(CONTEXT))
    assert (grounding.mentions, grounding.boxes) == (4, 5)
    assert (grounding.copied, grounding.near, grounding.broken, grounding.unplaced) == (1, 2, 2, 0)
    assert grounding.spread == {19: 1, 12: 1, 1: 1}
    assert grounding.rate == 2 / 5


def test_without_contexts_there_is_no_grounding_rate() -> None:
    grounding = Grounding()
    grounding.add("The <st>cat<ed> [0.1, 0.1, 0.5, 0.5].", None)
    assert (grounding.boxes, grounding.unplaced, grounding.rate) == (1, 1, None)


def test_names_are_heard_in_whole_words_of_their_own_image() -> None:
    image, names = Image(CONTEXT), Names()
    findings(sample(("Are there buses?", "Two traffic lights, and a caterpillar for the woman.")), image=image)
    assert image.mentioned == {"bus", "traffic light"}
    names.add(image)
    assert names.annotated.counts == {"cat": 1, "traffic light": 1, "bus": 1, "man": 1}
    assert names.mentioned.counts == {"traffic light": 1, "bus": 1}
    assert (names.named, names.said) == (4, 2)


def test_variety_is_the_share_of_different_words_and_pairs() -> None:
    variety = TextVariety(["the cat sat", "the cat sat"])
    assert (variety.words, variety.one, variety.two) == (6, 0.5, 0.5)
    assert (TextVariety([]).one, TextVariety([]).two) == (0, 0)
