from hashlib import sha256
from pathlib import Path

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st

from svit.prompting import tokens
from svit.prompting.render import context_text
from svit.prompting.tokens import ESTIMATE_ERROR, estimated_tokens, token_counter
from svit.records import ImageContext

COUNTED = {1: 1089, 2: 785, 3: 794, 4: 866, 5: 1090, 6: 1129, 7: 1116, 8: 754}
"""o200k_base tokens of each sample image's context with region boxes, counted with the real ranks."""

RANKS = "fb374d419588a4632f3f557e76b4b70aebbca790"
"""The name of o200k_base in tiktoken's cache."""


@pytest.mark.parametrize("image", COUNTED)
def test_the_estimate_is_close_to_the_real_count(image: int, sample: dict[int, ImageContext]) -> None:
    text = context_text(sample[image], region_boxes=True)
    assert estimated_tokens(text) == pytest.approx(COUNTED[image], rel=ESTIMATE_ERROR)


@pytest.mark.parametrize("text", ["", "<|endoftext|>", "\u4f60\u597d\uff0c\u4e16\u754c", "x" * 10_000, "[" * 10_000])
def test_odd_text_has_an_estimate(text: str) -> None:
    assert 0 <= estimated_tokens(text) <= len(text.encode())


@given(st.text(st.characters(max_codepoint=127)) | st.text("ab A0159_ .,[]\t\r\n\x0b\x1c"))
def test_ascii_text_is_estimated_as_any_other(text: str) -> None:
    assert estimated_tokens(text) == sum(tokens._piece_tokens(match) for match in tokens._PIECE.finditer(text))


def test_without_ranks_nothing_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    counter = token_counter()
    assert not counter.exact
    assert counter.count("two words") == 2
    assert not list(tmp_path.iterdir())


def test_damaged_ranks_are_not_used_nor_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """tiktoken deletes such a file and downloads it anew."""
    (tmp_path / RANKS).write_bytes(b"half a file")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    assert not token_counter().exact
    assert (tmp_path / RANKS).read_bytes() == b"half a file"
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")
    monkeypatch.setenv("DATA_GYM_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(tokens, "_RANKS_SHA256", sha256(b"half a file").hexdigest())
    assert not token_counter().exact, "an empty name means no cache to tiktoken: it would download"


def test_ranks_are_looked_for_where_tiktoken_keeps_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    (tmp_path / RANKS).write_bytes(b"ranks")
    monkeypatch.setattr(tokens, "_RANKS_SHA256", sha256(b"ranks").hexdigest())
    asked: list[str] = []

    def encoding(name: str) -> tiktoken.Encoding:
        asked.append(name)
        ranks = {bytes([n]): n for n in range(256)}
        return tiktoken.Encoding(
            "bytes", pat_str=r"[\s\S]", mergeable_ranks=ranks, special_tokens={"<|endoftext|>": 256}
        )

    monkeypatch.setattr(tiktoken, "get_encoding", encoding)
    counter = token_counter()
    assert counter.exact
    assert asked == ["o200k_base"]
    assert counter.count("<|endoftext|>") == 13, "a caption may hold what an encoding treats as special"
