from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from svit.mentions import Mention, TidyMentions, mentions, replaced, strays, tidy_mentions

ONE = "<st>man<ed> [0.1, 0.2, 0.3, 0.4]"


@pytest.mark.parametrize(
    ("text", "name", "boxes"),
    [
        (ONE, "man", [(0.1, 0.2, 0.3, 0.4)]),
        ("<st>man<ed>[0, 0, 1, 1.0]", "man", [(0, 0, 1, 1)]),
        ("<st>man<ed>\n [0.1,0.2,0.3,.4]", "man", [(0.1, 0.2, 0.3, 0.4)]),
        ("<st>men<ed> [0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8]", "men", [(0.1, 0.2, 0.3, 0.4), (0.5, 0.6, 0.7, 0.8)]),
        ("<st>men<ed> [0.1, 0.2, 0.3, 0.4] [0.5, 0.6, 0.7, 0.8]", "men", [(0.1, 0.2, 0.3, 0.4), (0.5, 0.6, 0.7, 0.8)]),
        ("<st>men<ed> [0.1] and [0.2]", "men", [(0.1,), (0.2,)]),
        ("<st>men<ed> [0.1], [0.2], and [0.3]", "men", [(0.1,), (0.2,), (0.3,)]),
        ("<st>man<ed> is here [0.1, 0.2, 0.3, 0.4]", "man", []),
        ("<st>man<ed>", "man", []),
        ("<st><ed> [0.1]", "", [(0.1,)]),
        ("<st>man<ed> []", "man", [()]),
        ("<st>man<ed> [x1, y1, x2, y2]", "man", [()]),
        ("<st>man<ed> [0.1, 0..2, 0.3, 0.4]", "man", [()]),
        ("<st>man<ed> [nan, 0, 1_0, 1e-1]", "man", [()]),
        ("<st>man<ed> [0.1 0.2 0.3 0.4]", "man", [()]),
        ("<st>man<ed> [-0.1, 200, 0.3, 0.4]", "man", [(-0.1, 200, 0.3, 0.4)]),
    ],
)
def test_a_mention_is_a_name_and_the_boxes_right_after_it(text: str, name: str, boxes: list[tuple[float, ...]]) -> None:
    (mention,) = mentions(f"See the {text}")
    assert (mention.name, list(mention.boxes), mention.start) == (name, boxes, 8)


def test_the_span_covers_tags_and_boxes_and_no_more() -> None:
    text = f"The {ONE}, as they say [sic], and the {ONE}, too."
    assert [text[mention.start : mention.end] for mention in mentions(text)] == [ONE, ONE]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("the man [0.1, 0.2, 0.3, 0.4] is", ["[0.1, 0.2, 0.3, 0.4]"]),
        (f"{ONE} beside [0.5, 0.6, 0.7, 0.8]", ["[0.5, 0.6, 0.7, 0.8]"]),
        ("at (0.1, 0.2, 0.3, 0.4).", ["(0.1, 0.2, 0.3, 0.4)"]),
        ("cut off [0.1, 0.2, 0.", ["[0.1, 0.2, 0."]),
        ("<st>man [0.1, 0.2]", ["<st>", "[0.1, 0.2]"]),
        ("man<ed> [0.1, 0.2]", ["<ed>", "[0.1, 0.2]"]),
        ("<st>a <st>man<ed> [0.1, 0.2]", ["<st>"]),
        (f"{ONE} [sic] (2, 3) [5]", []),
    ],
)
def test_strays_are_boxes_and_tags_that_belong_to_no_mention(text: str, words: list[str]) -> None:
    assert [text[stray.start : stray.end] for stray in strays(text)] == words
    assert [stray.is_tag for stray in strays(text)] == [word.startswith("<") for word in words]


def test_replacing_is_one_pass_and_leaves_the_rest_alone() -> None:
    def swapped(mention: Mention) -> str:
        return f"<st>{mention.name}<ed> [0.9]"

    assert (
        replaced(f"[0.5, 0.5] {ONE}, {ONE}. <st>", swapped) == "[0.5, 0.5] <st>man<ed> [0.9], <st>man<ed> [0.9]. <st>"
    )


PIECES = st.sampled_from(
    [
        *(
            "<st>",
            "<ed>",
            "[",
            "]",
            "(",
            ")",
            " ",
            ",",
            "and",
            " and ",
            "[0.1, 0.2, 0.3, 0.4]",
            "[1e-1]",
            "[.5, 5., +1]",
        ),
        *(
            "[007]",
            "[nan]",
            "[]",
            "[x]",
            "man",
            "\n",
            "\n\n",
            "\ud800",
            "[-0.5, 1]",
            "[0.1 0.2]",
            "٣",
            "<",
            "[\u20280.5]",
        ),
        *("<st>man<ed> [0.1, 0.2, 0.3, 0.4]", "<st>men<ed> [0, 1], [0.5], and [2] and [3]", f"[{'9' * 400}]"),
    ]
)


@given(st.lists(st.lists(PIECES, max_size=6).map("".join), max_size=4))
@example(["<st>man<ed>", "[0.1, 0.2]"])
@example(["<st>a", "b<ed> [0.5]"])
@example(["<st>a<ed> [0.1", "0.2]"])
@example([])
@example(["(0.1, 0.2, 0.3, 0.4) <st>man<ed> [0.5]"])
@example(["<st>man<ed> [1e-1]"])
@example(["<st>man<ed> [\ud800]"])
@example(["<st> <ed> [0.5]"])
def test_what_is_tidy_has_every_mention_and_nothing_astray(texts: list[str]) -> None:
    tidy = tidy_mentions(texts)
    found = [mention for text in texts for mention in mentions(text)]
    if tidy is not None:
        assert tidy.named == {(mention.name, mention.boxes) for mention in found}
        assert tidy.boxes == {box for mention in found for box in mention.boxes}
        assert all(mention.boxes and mention.name.strip() for mention in found)
        assert not any(strays(text) for text in texts)


def test_usual_texts_are_tidy() -> None:
    several = "The <st>men<ed> [0.1, 0.2, 0.3, 0.4], [0.5, 0.6, 0.7, 0.8] and [0.1, 0.2, 0.3, 0.5] sit."
    one, two, three = (0.1, 0.2, 0.3, 0.4), (0.5, 0.6, 0.7, 0.8), (0.1, 0.2, 0.3, 0.5)
    tidy = tidy_mentions([f"Where is the {ONE}?", several, f"Beside the {ONE}."])
    assert tidy == TidyMentions(frozenset({("man", (one,)), ("men", (one, two, three))}), frozenset({one, two, three}))
    assert tidy_mentions(["No one."]) == TidyMentions(frozenset(), frozenset())


@given(st.decimals(0, 1, places=3) | st.decimals(0, 1, places=9) | st.decimals(0, 10**9, places=2))
def test_a_number_is_read_as_python_reads_it(number: Decimal) -> None:
    text = f"<st>man<ed> [{number:f}]"
    assert tidy_mentions([text]) == TidyMentions(
        frozenset({("man", ((float(number),),))}), frozenset({(float(number),)})
    )
    assert mentions(text)[0].boxes == ((float(number),),)


HOSTILE = ["<st>", "[", "(", "<st>a<ed>", "<st>a<ed> [", "[1,", "(1,", "<st>a<ed> [1], and ", "<st>a<ed>" + " " * 99]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_is_read_in_one_pass(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    assert len(mentions(text)) + len(strays(text)) + len(getattr(tidy_mentions([text]), "named", ())) <= len(text)
