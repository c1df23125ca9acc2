import json
import os
import stat
from pathlib import Path

import msgspec
import pytest

from svit.boxes import Box
from svit.errors import StorageError
from svit.records import Dialogue, Flaw, ImageContext, Object, Provenance, Rejection, Sample, Turn
from svit.run.shards import lines_of, publish, rejection_line, sample_line

WHERE = Provenance("m", "p" * 32, "v1", 2, 0, "visual_genome", {"small_objects": 3}, "0.1.0")
CONTEXT = ImageContext(7, "vg/VG_100K/7.jpg", 800, 600, objects=(Object(1, "dog", Box(0, 0, 0.5, 0.5)),))


def test_a_sample_is_svits_record_with_image_and_provenance() -> None:
    dialogues = (
        Dialogue((Turn("What is it?", "A dog."), Turn("Where?", "On the left.")), topic="Pets"),
        Dialogue((Turn("How many?", "One."),)),
    )
    record = json.loads(sample_line(Sample(CONTEXT, "conversation", dialogues, WHERE)))
    assert record == {
        "image_id": 7,
        "image": "vg/VG_100K/7.jpg",
        "width": 800,
        "height": 600,
        "task": "conversation",
        "conversations": [
            {
                "topic": "Pets",
                "content": [
                    {"from": "user", "value": "What is it?"},
                    {"from": "gpt", "value": "A dog."},
                    {"from": "user", "value": "Where?"},
                    {"from": "gpt", "value": "On the left."},
                ],
            },
            {"topic": "", "content": [{"from": "user", "value": "How many?"}, {"from": "gpt", "value": "One."}]},
        ],
        "provenance": {**msgspec.to_builtins(WHERE), "left_out": '{"small_objects":3}'},
        "warnings": "",
        "dropped": "",
        "verified_by": "",
    }
    assert list(record["provenance"]) == [
        *("model", "prompt_id", "prompt_version", "attempt", "seed", "source", "left_out", "svit")
    ]


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\u0085", "\n", "\r"])
def test_a_record_is_one_line_for_every_reader(mark: str) -> None:
    line = sample_line(Sample(CONTEXT, "t", (Dialogue((Turn(f"caf\u00e9{mark}?", "ok"),)),), WHERE))
    assert len(line.decode().splitlines()) == 1
    assert json.loads(line)["conversations"][0]["content"][0]["value"] == f"caf\u00e9{mark}?"


def test_a_sample_with_a_warning_says_so() -> None:
    warned = Sample(CONTEXT, "t", (), WHERE, (Flaw("short_answer", "Yes.", "warn"),))
    [warning] = json.loads(json.loads(sample_line(warned))["warnings"])
    assert warning == {"code": "short_answer", "words": "Yes.", "severity": "warn"}


FLAW = {"code": "wrong_count", "words": "9 of 10", "severity": "reject"}


def test_a_rejection_keeps_its_text_and_flaws() -> None:
    record = json.loads(rejection_line(Rejection(7, "t", "bad text", (Flaw("wrong_count", "9 of 10"),), WHERE)))
    assert (record["text"], record["flaws"]) == ("bad text", [FLAW])


def test_a_shard_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "t" / "00000.jsonl"
    publish(path, [b"1\n", b"2\n"])
    publish(path, [b"3\n"])
    assert list(lines_of(path)) == [b"3\n"]
    publish(path, [])
    assert list(lines_of(path)) == []
    assert list(path.parent.iterdir()) == []


def test_a_file_is_on_the_disk_before_it_gets_its_name_and_the_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, bool]] = []

    def fsync(handle: int) -> None:
        synced.append(("folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file", path.exists()))

    path = tmp_path / "00000.jsonl"
    monkeypatch.setattr(os, "fsync", fsync)
    publish(path, [b"1\n"])
    assert synced == [("file", False), ("folder", True)]


def test_a_shard_that_fails_half_way_leaves_what_stood_there(tmp_path: Path) -> None:
    path = tmp_path / "00000.jsonl"
    publish(path, [b"old\n"])

    def failing() -> object:
        yield b"new\n"
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match=r"00000\.jsonl: cannot be written: No space left"):
        publish(path, failing())  # type: ignore[arg-type]
    assert path.read_bytes() == b"old\n"
    assert [file.name for file in tmp_path.iterdir()] == ["00000.jsonl"]
