"""Records that are longer than a trainer reads: nothing is lost without being counted."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from exports.test_exporting import line, written
from svit.cli import app
from svit.exports import context_windows
from svit.exports.base import Item, Style, TextGroup
from svit.exports.box_styles import QWEN3_VL
from svit.exports.context_windows import Window
from svit.exports.record_lengths import ON_LONG, LengthLimit, OnLong, estimate, part_of
from svit.exports.sample_counts import SampleOrigin

PICTURE, TURN = 10, 1
WINDOW = Window(100, "--limit", "cuts its end off", lambda _width, _height: PICTURE, turn=TURN)


def lengths(most: int, on_long: OnLong, style: Style = Style()) -> LengthLimit:  # noqa: B008 - frozen
    return LengthLimit(most, WINDOW, style, len, on_long)


def item(*sizes: int, talks: int = 1) -> Item:
    """Return an item of pairs of so many characters each, in talks of about as many pairs."""
    texts = [text for n, size in enumerate(sizes) for text in (chr(97 + n), f"{n:x}" * (size - 1))]
    each = max(2, 2 * (len(sizes) // talks))
    parts = tuple(TextGroup(tuple(texts[at : at + each]), f"topic {at}") for at in range(0, len(texts), each))
    return Item("k", 1, "1.jpg", 20, 20, "t", parts, printed=True, plain=True)


def said(items: list[Item]) -> list[str]:
    return [text for each in items for text in each.texts]


LONG = item(20, 20, 20, 20)  # 10 + 4 * (20 + 2) = 98


@pytest.mark.parametrize(("most", "is_long"), [(98, False), (97, True)])
def test_a_picture_and_the_marks_of_turns_count(most: int, is_long: bool) -> None:
    found = lengths(most, "keep")
    assert list(found.fitted([LONG])) == [LONG]
    assert (found.long, found.longest) == ((1, 98) if is_long else (0, 0))
    assert bool(found.told()) is is_long


def test_split_makes_several_records_of_all_pairs() -> None:
    found = lengths(60, "split")
    parts = list(found.fitted([LONG]))
    assert [len(part.texts) // 2 for part in parts] == [2, 2]
    assert [part.key for part in parts] == ["k-1", "k-2"]
    assert said(parts) == said([LONG])


def test_cut_turns_keeps_what_fits_and_counts_the_rest() -> None:
    found = lengths(60, "cut-turns")
    [part] = found.fitted([LONG])
    assert (part.key, part.texts) == ("k", LONG.texts[:4])
    assert found.cut == 2
    assert "2 pairs at their ends left out" in found.told()


def test_drop_leaves_out_and_counts() -> None:
    found = lengths(60, "drop")
    assert list(found.fitted([LONG, item(5)])) == [item(5)]
    assert found.left_out == {"too_long": 1}


@pytest.mark.parametrize("how", ["split", "cut-turns"])
def test_a_record_of_which_no_pair_fits_is_left_out_and_counted(how: OnLong) -> None:
    found = lengths(60, how)
    assert list(found.fitted([item(80)])) == []
    assert found.left_out == {"first_pair_too_long": 1}


def test_a_pair_too_long_alone_is_left_out_of_a_split_and_said() -> None:
    found = lengths(60, "split")
    parts = list(found.fitted([item(20, 80, 20)]))
    assert [part.texts for part in parts] == [item(20, 80, 20).texts[:2], item(20, 80, 20).texts[4:]]
    assert found.cut == 1
    assert "1 pair left out, too long alone" in found.told()


SIZES = st.lists(st.integers(2, 60), min_size=1, max_size=9)


@given(SIZES, st.integers(30, 90), st.sampled_from(ON_LONG), st.integers(1, 3))
def test_what_goes_out_and_what_is_counted_is_all(sizes: list[int], most: int, how: OnLong, talks: int) -> None:
    one = item(*sizes, talks=talks)
    found = lengths(most, how)
    parts = list(found.fitted([one]))
    kept = sum(len(part.texts) // 2 for part in parts)
    assert kept + found.cut == len(sizes) or (not parts and found.left_out.total() == 1)
    assert [text for text in one.texts if text in set(said(parts))] == said(parts)
    if how != "keep":
        for part in parts:
            assert PICTURE + sum(len(text) + TURN for text in part.texts) <= most
    assert all(talk.texts for part in parts for talk in part.talks)


def test_parts_keep_topics_and_are_made_of_the_samples_once() -> None:
    made = SampleOrigin("t", "m", "v", "s", "1", 1)
    one = item(5, 5, 5, 5, talks=2)._replace(made_of=(made,))
    first, second = part_of(one, range(1), 1), part_of(one, range(1, 4), 2)
    assert [talk.topic for talk in second.talks] == ["topic 0", "topic 4"]
    assert (first.made_of, second.made_of) == ((made,), ())


def test_boxes_are_counted_as_they_are_written() -> None:
    one = Item("k", 1, "1.jpg", 20, 20, "t", (TextGroup(("?", "<st>a<ed> [0.1, 0.2, 0.3, 0.4]")),), printed=True)
    room = PICTURE + 2 * TURN + sum(map(len, one.texts))
    assert not lengths(room, "keep").long
    found = lengths(room, "drop", Style(QWEN3_VL))
    assert list(found.fitted([one])) == []


@pytest.mark.parametrize(
    ("window", "size", "tokens"),
    [
        (context_windows.LLAVA_1_5, (640, 480), 576),
        (context_windows.LLAVA_NEXT, (380, 380), 2 * 729),
        (context_windows.LLAVA_NEXT, (4000, 3000), 10 * 729),
        (context_windows.QWEN, (640, 480), 252 * 168 // 784 + 2),
        (context_windows.LLAMA_FACTORY_S, (640, 480), 644 * 476 // 784 + 2),
        (context_windows.INTERNVL, (448, 448), 256 + 2),
        (context_windows.INTERNVL, (1792, 448), 5 * 256 + 2),
        (context_windows.INTERNVL, (900, 448), 3 * 256 + 2),
    ],
)
def test_a_picture_takes_as_many_tokens_as_its_model_makes_of_it(
    window: Window, size: tuple[int, int], tokens: int
) -> None:
    assert window.picture(*size) == tokens


def test_the_estimate_counts_digits_one_by_one() -> None:
    count = estimate(context_windows.QWEN)
    assert count("[0.123, 0.5]") == count("[0.1, 0.5]") + 2
    assert estimate(context_windows.LLAVA_1_5)("a man " * 100) > count("a man " * 100)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.chdir(tmp_path)
    texts = [text for n in range(30) for text in (f"What is number {n}?", "It is a man in a red coat. " * 8)]
    written(tmp_path / "a.jsonl", [line(1, "conversation", *texts), line(2)])
    return lambda *words: CliRunner().invoke(app, ["export", "a.jsonl", *words])


def test_the_export_warns_in_the_summary_and_in_the_card(run: Callable[..., Any], tmp_path: Path) -> None:
    done = run("-f", "llava-1.5", "-o", "out")
    words = "1 record of more than 2,048 tokens"
    assert words in " ".join(done.stderr.split())
    assert words in (tmp_path / "out" / "README.md").read_text()
    assert len(json.loads((tmp_path / "out" / "train.json").read_text())) == 2
    assert "tokens" not in run("-f", "llava-next", "-o", "next").stderr


def test_a_limit_of_ones_own_splits(run: Callable[..., Any], tmp_path: Path) -> None:
    done = run("-f", "llava-next", "-o", "x.json", "--max-tokens", "9000")
    records = json.loads((tmp_path / "x.json").read_text())
    assert len(records) == 2, "a picture of 400 x 200 takes 2,187 tokens"
    done = run("-f", "llava-next", "-o", "y.json", "--max-tokens", "3000")
    records = json.loads((tmp_path / "y.json").read_text())
    assert len(records) > 2
    assert sum(len(record["conversations"]) for record in records) == 62
    assert all(record["conversations"][0]["value"].startswith("<image>\n") for record in records)
    assert "split into several" in done.stderr


def test_what_is_not_known_is_asked_for(run: Callable[..., Any]) -> None:
    done = run("-f", "hf", "-o", "out", "--on-long", "drop")
    assert (done.exit_code, "give --max-tokens" in " ".join(done.stderr.split())) == (2, True)
    done = run("-f", "llava-next", "-o", "out", "--tokenizer", "nothing/there")
    assert done.exit_code == 2
    assert "is not on this machine" in " ".join(done.stderr.split()) or "tokenizers" in done.stderr


def test_a_tokenizer_of_ones_own_counts(tmp_path: Path) -> None:
    tokenizers = pytest.importorskip("tokenizers")
    from svit.exports.record_lengths import counter_named

    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"a": 0, "man": 1, "?": 2}, unk_token="?"))
    words.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    words.save(str(tmp_path / "tokenizer.json"))
    for name in (tmp_path, tmp_path / "tokenizer.json"):
        assert counter_named(str(name))("a man or a man") == 5
