"""Records out of files of any size: arrays and lines, in chunks that end anywhere, with damage in the middle."""

import gzip
import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svit.datasets import json_elements, record_files
from svit.datasets.json_elements import elements
from svit.datasets.record_files import DataFile

TEXTS = st.text(st.sampled_from('ab"\\{}[],: \n<é"'), max_size=12)
RECORDS = st.lists(
    st.builds(lambda text, key: {"id": text, key: [{"from": text, "value": {"}": text}}]}, TEXTS, TEXTS), max_size=5
)
GOOD = [
    {"id": n, "image": f"{n}.jpg", "conversations": [{"from": "human", "value": f"What {{is}} [{n}]?"}]}
    for n in range(6)
]


def cut(text: bytes, at: list[int]) -> list[bytes]:
    places = sorted({0, len(text), *(place % (len(text) + 1) for place in at)})
    return [text[a:b] for a, b in pairwise(places)]


@given(RECORDS, st.sampled_from([None, 1]), st.lists(st.integers(0, 999)), st.booleans())
def test_an_array_is_cut_into_its_elements_wherever_its_chunks_end(
    records: list[object], indent: int | None, at: list[int], escaped: bool
) -> None:
    text = json.dumps(records, indent=indent, ensure_ascii=escaped).encode()
    found = list(elements(cut(text, at)))
    assert [damage for _, damage in found] == [""] * len(records)
    assert [json.loads(raw) for raw, _ in found] == records


def found_in(text: bytes) -> tuple[list[int], list[str]]:
    """The ids of the records that are found, and what is wrong with others, whichever way the text comes."""
    found = list(elements([text]))
    assert list(elements(text[i : i + 1] for i in range(len(text)))) == found
    return [json.loads(raw)["id"] for raw, damage in found if not damage], [damage for _, damage in found if damage]


DAMAGE = {
    "a lost quote": (b'"2.jpg"', b'"2.jpg', 1),
    "a lost bracket": (b'"What {is} [2]?"}]}', b'"What {is} [2]?"}]', 1),
    "a lost comma": (b'2, "image"', b'2 "image"', 1),
    "a bracket too many": (b'"What {is} [2]?"}]}', b'"What {is} [2]?"}]}}', 0),
    "a number for a record": (json.dumps(GOOD[2]).encode(), b"17", 1),
    "a record cut off": (b'"What {is} [2]?"}]}, ', b'"Wha', 1),
    "no JSON at all": (json.dumps(GOOD[2]).encode(), b"NaN oops <html>", 1),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_record_costs_itself_alone(name: str) -> None:
    was, now, lost = DAMAGE[name]
    text = json.dumps(GOOD).encode()
    assert was in text
    ids, damage = found_in(text.replace(was, now))
    assert ids == [n for n in range(6) if n != 2 or not lost]
    assert len(damage) >= 1


def test_records_in_the_grip_of_a_damaged_one_are_freed() -> None:
    whole = [json.dumps(record).encode() for record in GOOD]
    whole[1], whole[3] = whole[1][:-1], whole[3] + b"}"
    ids, damage = found_in(b"[" + b", ".join(whole) + b"]")
    assert (ids, len(damage)) == ([0, 2, 3, 4, 5], 2)


@pytest.mark.parametrize(("less", "words"), [(1, "is missing: the array has no end"), (20, "ends in the middle")])
def test_an_array_that_is_cut_off_is_told(less: int, words: str) -> None:
    ids, damage = found_in(json.dumps(GOOD).encode()[:-less])
    assert (ids, damage) == (list(range(6 if less == 1 else 5)), [words])


def test_arrays_one_after_another_are_read_as_one() -> None:
    assert found_in(json.dumps(GOOD[:2]).encode() + b"\n" + json.dumps(GOOD[2:]).encode()) == (list(range(6)), [])


def test_a_record_nested_too_deep_is_damage() -> None:
    deep = b'{"id": 1, "a": ' + b'{"a": ' * 20000 + b"1" + b"}" * 20001
    assert found_in(b"[" + deep + b', {"id": 2}]') == ([2], ["is nested too deep"])


def test_what_goes_on_for_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(json_elements, "LONGEST", 1000)
    monkeypatch.setattr(record_files, "LONGEST", 1000)
    monkeypatch.setattr(record_files, "_CHUNK", 100)
    endless = b'{"id": "' + b"x" * 5000
    last = json.dumps(GOOD[5]).encode()
    assert found_in(b"[" + endless + b'"}, ' + last + b"]") == ([5], ["has more than 16,777,216 bytes"])
    path = tmp_path / "data.jsonl"
    path.write_bytes(last + b"\n" + endless + b"\n" + last + b"\n\n" + endless)
    with DataFile(path) as data:
        pieces = list(data)
    assert [(piece.place, piece.damage) for piece in pieces] == [
        ("line 1", ""),
        ("line 2", "has more than 16,777,216 bytes"),
        ("line 3", ""),
        ("line 5", "has more than 16,777,216 bytes"),
    ]


@pytest.mark.parametrize("chunk", [7, 4096])
@pytest.mark.parametrize("packed", [False, True])
def test_lines_are_numbered_as_an_editor_does(
    chunk: int, packed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_files, "_CHUNK", chunk)
    text = b'\xef\xbb\xbf\n{"id": 1}\r\n\n  \n{"id": 2}\n{"id": 3}'
    path = tmp_path / "data"
    path.write_bytes(gzip.compress(text) if packed else text)
    with DataFile(path) as data:
        assert not data.is_array
        assert [(piece.place, json.loads(piece.raw)["id"]) for piece in data] == [
            ("line 2", 1),
            ("line 5", 2),
            ("line 6", 3),
        ]
        assert data.position == data.size


def test_an_array_is_seen_behind_a_byte_order_mark_and_white_space(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"\xef\xbb\xbf \n" + json.dumps(GOOD, indent=2).encode())
    with DataFile(path) as data:
        assert data.is_array
        assert [piece.place for piece in data] == [f"record {n}" for n in range(6)]
