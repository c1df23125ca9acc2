import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from svit.judge.checks import refusals, source_leaks
from svit.judge.prefilter import look, look_before, look_for


def test_a_look_sees_words_and_patterns_anywhere() -> None:
    has_word = look_for("a.b", "see th")
    assert has_word("to see them")
    assert has_word("xa.bx")
    assert not has_word("aXb, see  th")
    assert look(r"(?m)^b\d")("a\nb7")
    assert not look(r"(?m)^b\d")("ab7")


def test_a_look_at_text_that_is_no_unicode_sees_the_rest_of_it() -> None:
    """A lone surrogate has no bytes in UTF-8: the engine would refuse the text, as if nothing were found."""
    assert look_for("caption")("a \ud800 caption")
    assert look_for("é")("café")
    assert not look_for("caption")("\ud800")


def test_a_look_before_a_pattern_leaves_out_what_only_forbids() -> None:
    pattern = re.compile(r"\b(?:the|a)\s+ \w+\s+ box(?!\ (?:of|\(with\)))\b", re.VERBOSE)
    seems = look_before(pattern)
    assert seems("in the\x1cred box.")
    assert seems("the red box of chocolates")
    assert not seems("the red fox")


def test_a_lookaround_whose_end_is_unclear_is_refused() -> None:
    with pytest.raises(ValueError, match="an open bracket at 1"):
        look_before(re.compile(r"a(?![(])"))


PATTERNS = {
    **{f"source {n}": (pattern, source_leaks._SEEMS_TO_NAME) for n, (_, pattern) in enumerate(source_leaks._RULES)},
    "refuses": (refusals._REFUSES, refusals._MAY_DECLINE),
    "refuses, seemingly": (refusals._REFUSES, refusals._SEEMS_TO_DECLINE),
    "asks": (refusals._EMPTY_MESSAGE, refusals._MAY_DECLINE),
    "asks, seemingly": (refusals._EMPTY_MESSAGE, refusals._SEEMS_TO_DECLINE),
    "token": (refusals._SPECIAL_TOKEN, refusals._MAY_HAVE_TOKENS),
    "coordinates": (refusals._COORDINATES, refusals._MAY_HAVE_NUMBERS),
}
AROUND = st.text("ab .,\n<[(é\u2028\x1c0", max_size=6)


@pytest.mark.parametrize("name", PATTERNS)
@settings(max_examples=25)
@given(data=st.data())
def test_no_match_slips_through_the_look_before_it(name: str, data: st.DataObject) -> None:
    pattern, seems = PATTERNS[name]
    text = data.draw(AROUND) + data.draw(st.from_regex(pattern)) + data.draw(AROUND)
    if not pattern.flags & re.IGNORECASE:
        text = text.lower()
    assume(pattern.search(text))
    assert seems(text.lower()), text
