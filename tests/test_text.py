"""One line of clean text out of anything, and text of any path."""

import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svit.text import one_line, path_text

any_text = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("two men talking on sidewalk \n", "two men talking on sidewalk"),
        ("getting ready to be cut\n.", "getting ready to be cut ."),
        ("THE  PAVEMENT\tIS DRY", "THE PAVEMENT IS DRY"),
        ("a\u2028b\u2029c\x85d\xa0e\u3000f\r\ng\x1ch", "a b c d e f g h"),
        ("a\x1b[31mred\x00 \x07bell\x9b", "a[31mred bell"),
        ("half \ud83d of an emoji", "half of an emoji"),
        ("\ufeffzero\u200bwidth", "zerowidth"),
        ("left \u202eto right\u202c", "left to right"),
        ("cafe\u0301", "caf\xe9"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("", ""),
        (" \n\x00 ", ""),
    ],
)
def test_text_becomes_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


@given(any_text)
def test_a_line_is_clean_whatever_it_was(text: str) -> None:
    line = one_line(text)

    assert one_line(line) == line
    assert unicodedata.is_normalized("NFC", line)
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in line)
    assert not any(char.isspace() and char != " " for char in line)
    assert "  " not in line
    assert line == line.strip()


@given(st.lists(st.text("abcXYZ,.'\"{}%é漢", min_size=1), min_size=1))
def test_words_are_kept(words: list[str]) -> None:
    assert one_line(" \n".join(words)) == " ".join(words)


@given(st.binary(min_size=1).filter(lambda name: b"\0" not in name and b"\\" not in name))
def test_any_path_is_text_in_which_no_byte_is_lost(name: bytes) -> None:
    text = path_text(os.fsdecode(name))

    assert text.encode().decode() == text
    assert text.encode().decode("unicode_escape").encode("latin-1") == name
    assert path_text(text) == text


def test_what_is_no_byte_of_a_path_is_text_too() -> None:
    assert path_text("half a \ud83d") == r"half a \ud83d"
