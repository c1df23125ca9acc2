import time

import pytest

from svit.providers.openai.redaction import MOST_WORDS, Redaction, shortened

KEY = "sk-proj-5d1f0c7e9b2a4f6688ddee"
BOTH = Redaction.of([KEY, "short", "", "hunter2-and-more"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nothing of it", "nothing of it"),
        (f"Incorrect API key provided: {KEY}.", "Incorrect API key provided: ***."),
        (f"Incorrect API key provided: {KEY[:12]}~{KEY[-8:]}.", "Incorrect API key provided: ***~***."),
        (f"{KEY[5:13]}", "***"),
        (f"{KEY[5:12]}", KEY[5:12]),
        (f"{KEY[3:20]}{KEY[1:9]}", "***"),
        (f"http://me:hunter2-and-more@p with {KEY} twice {KEY}", "http://me:***@p with *** twice ***"),
        (f"{KEY[:-1]}x", "***x"),
        (f"x{KEY[1:]}", "x***"),
        ("short", "short"),
        (KEY.upper(), KEY.upper()),
    ],
)
def test_words_lose_every_part_of_a_secret_of_8_characters_in_a_row(text: str, told: str) -> None:
    assert BOTH.words(text) == told


@pytest.mark.parametrize("length", range(8, len(KEY) + 1))
def test_no_part_of_8_is_left_wherever_a_part_begins(length: int) -> None:
    for start in range(len(KEY) - length + 1):
        for text in (f"<{KEY[start : start + length]}>", KEY[start : start + length] + KEY[:9]):
            told = BOTH.words(text)
            assert not any(KEY[n : n + 8] in told for n in range(len(KEY) - 7))


def test_a_secret_of_one_letter_and_one_that_repeats_itself_are_found() -> None:
    assert Redaction.of(["a" * 20]).words("b" + "a" * 11 + "b" + "a" * 7) == "b***b" + "a" * 7
    assert "abababab" not in Redaction.of(["ababababab12"]).words("xabababababababab12")


def test_a_paid_answer_loses_whole_secrets_only_and_keeps_its_length() -> None:
    body = f'{{"choices": [], "a": "{KEY}", "b": "{KEY[:15]}", "c": "{KEY[:16]}"}}'.encode()
    without = BOTH.reply(body)
    assert without == body.replace(KEY.encode(), b"x" * len(KEY)).replace(KEY[:16].encode() + b'"}', b"x" * 16 + b'"}')
    assert Redaction.of(["anything"]).reply(b"Is there anything else?") == b"Is there anything else?"
    assert Redaction.of(["token-abc123"]).reply(b"<token-abc123>") == b"<xxxxxxxxxxxx>"
    assert BOTH.refusal(f"<{KEY[:9]}>".encode()) == b"<xxxxxxxxx>"


@pytest.mark.parametrize(
    "placeholder",
    [
        *("none", "test", "EMPTY", "aaaaaaaa", "dummy-key", "0000000000000000", "x" * 32, "1234567890123456"),
        *("sk-no-key-required", "not-needed-for-local-servers", "anything-will-do-here", "sk-00000000000000000000"),
    ],
)
def test_a_key_that_stands_for_none_changes_no_answer(placeholder: str) -> None:
    body = f'{{"choices": [{{"message": {{"content": "A sign reads {placeholder}{placeholder}."}}}}]}}'.encode()
    assert Redaction.of([placeholder]).reply(body) == body


@pytest.mark.parametrize(
    "key", ["sk-proj-5d1f0c7e9b2a4f66", "0123456789abcdef0123456789abcdef", "3f2504e0-4f89-11d3-9a0c-0305e82c3301"]
)
def test_a_key_that_was_drawn_is_taken_out_of_an_answer(key: str) -> None:
    assert key.encode() not in Redaction.of([key]).reply(f"<{key}>".encode())


def test_a_large_answer_is_gone_through_at_once() -> None:
    body = bytes(range(256)) * 2**14  # 4 MiB, the largest reply
    began = time.process_time()
    assert Redaction.of(["k" + "0123456789abcdef" * 10]).reply(body) == body
    assert time.process_time() - began < 2.0


def test_two_redactions_are_one_and_neither_shows_what_it_hides() -> None:
    whole = Redaction.of([KEY]) | Redaction.of(["another-secret", KEY])
    assert whole.words(f"{KEY} another-secret") == "*** ***"
    assert KEY not in repr(whole)


def test_words_are_one_line_of_500_characters_at_most() -> None:
    assert shortened(" two\n lines ") == "two lines"
    long = shortened("word " * 10_000)
    assert len(long) <= MOST_WORDS
    assert long.endswith(" ...")
    assert shortened("w" * MOST_WORDS) == "w" * MOST_WORDS
