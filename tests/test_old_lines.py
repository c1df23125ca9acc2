"""Lines in the form of older versions, with lists and mappings or without the keys, are read as the new ones."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from svit.cli import app
from svit.datasets.record_forms import read
from svit.exports.base import Item
from svit.exports.sample_counts import Counts
from svit.exports.samples import item_of
from svit.records import Flaw
from svit.report.run_records import rejection_lines
from svit.run.shards import sample_lines

Line = dict[str, Any]


def svit(*words: object) -> str:
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == 0, done.output
    return done.stdout


def as_before(line: Line) -> Line:
    """Return a line as version 0.1.0 wrote it before there was one set of keys."""
    old = {key: value for key, value in line.items() if key not in ("warnings", "dropped", "verified_by")}
    old["conversations"] = [
        {key: value for key, value in block.items() if value != ""} for block in line["conversations"]
    ]
    old["provenance"] = line["provenance"] | {"left_out": json.loads(line["provenance"]["left_out"] or "{}")}
    for key in ("warnings", "dropped"):
        if line[key]:
            old[key] = json.loads(line[key])
    return old | ({"verified_by": line["verified_by"]} if line["verified_by"] else {})


def as_null(line: Line) -> Line:
    """Return a line as a table's writer may leave it: null where nothing is."""
    blocks = [{**block, "topic": block["topic"] or None} for block in line["conversations"]]
    empty = {key: None for key in ("warnings", "dropped") if not line[key]}
    return {**line, "conversations": blocks, **empty}


def rewritten(folder: Path, change: Callable[[Line], Line]) -> None:
    for file in folder.glob("*/*.jsonl"):
        lines = [json.dumps(change(json.loads(line))) + "\n" for line in file.read_text().splitlines()]
        file.write_text("".join(lines))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("old") / "r"
    svit("generate", "--task", "all", "--run", folder, "-q")
    return folder


def files(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.glob("*/*.jsonl")}


@pytest.mark.parametrize("change", [as_before, as_null])
def test_commands_read_them_alike_and_rebuild_makes_new_ones(
    change: Callable[[Line], Line], run: Path, tmp_path: Path
) -> None:
    def told() -> list[str]:
        return [
            svit("export", run, "-f", "hf", "-o", tmp_path / f"{len(list(tmp_path.iterdir()))}.parquet", "-q"),
            svit("export", run, "-f", "svit", "-o", "-", "-q"),
            svit("check", run, "--json", "-q"),
            svit("status", run, "--json"),
        ]

    new, before = files(run), told()
    rewritten(run, change)
    assert files(run) != new
    assert told() == before
    svit("report", run, "-o", tmp_path / "report.html")
    svit("rebuild", run, "-q")
    assert files(run) == new
    one, two = sorted(tmp_path.glob("*.parquet"))
    assert one.read_bytes() == two.read_bytes()


def test_a_run_that_goes_on_has_one_form_in_all_its_shards(run: Path) -> None:
    new = files(run)
    rewritten(run, as_before)
    svit("generate", "--task", "all", "--run", run, "-q")
    assert files(run) == new


ORIGIN = {"model": "m", "attempt": 1, "source": "coco", "prompt_version": "v", "svit": "0.1.0"}
LINE: Line = {
    "image_id": 1,
    "image": "1.jpg",
    "width": 8,
    "height": 6,
    "task": "complex_reasoning",
    "conversations": [{"content": [{"from": "user", "value": "Why?"}, {"from": "gpt", "value": "So."}]}],
    "provenance": ORIGIN,
}
WARNING = {"code": "yes_no_bias", "words": "9 of 10", "severity": "warn"}
FORMS: dict[str, Line] = {
    "old": {"warnings": [WARNING], "dropped": {"refusal": 2}},
    "new": {"warnings": json.dumps([WARNING]), "dropped": '{"refusal":2}', "verified_by": ""},
    "neither": {},
    "null": {"warnings": None, "dropped": None},
    "empty": {"warnings": "", "dropped": ""},
    "empty lists": {"warnings": [], "dropped": {}},
}


@pytest.mark.parametrize("form", FORMS)
def test_each_reader_takes_each_form(form: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(LINE | FORMS[form]) + "\n")
    has_some = form in ("old", "new")
    dropped, warnings = ({"refusal": 2}, (Flaw("yes_no_bias", "9 of 10", "warn"),)) if has_some else ({}, ())
    [line] = sample_lines(path)
    assert (line.dropped, line.warnings) == (dropped, warnings)
    told = read(path.read_bytes().strip()).told
    assert (told.dropped, told.warnings) == (dropped, warnings)
    counts = Counts()
    item = item_of(path.read_bytes())
    assert isinstance(item, Item)
    counts.add(item.made_of[0], pairs=1)
    counts.add(json.loads(path.read_text()))
    assert counts.dropped == ({"refusal": 4} if has_some else {})
    assert counts.warned == ({"yes_no_bias": 2} if has_some else {})


@pytest.mark.parametrize("damage", [{"dropped": "x"}, {"warnings": "[1]"}, {"dropped": '{"a":"b"}'}, {"warnings": "{"}])
def test_a_text_that_svit_did_not_write_is_a_damaged_line(damage: Line, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(LINE | damage) + "\n")
    with pytest.raises(Exception, match="line 1 is not what svit writes"):
        list(sample_lines(path))
    with pytest.raises(ValueError, match="is "):
        read(path.read_bytes().strip())


@pytest.mark.parametrize("left_out", [{"captions": 4}, "", '{"captions":4}', None])
def test_a_rejection_is_read_whatever_its_provenance(left_out: object, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    flaw = {"code": "refusal", "words": "no"}
    record = {"image_id": 1, "task": "t", "text": "no", "flaws": [flaw], "provenance": {"left_out": left_out}}
    path.write_text(json.dumps(record) + "\n")
    [line] = rejection_lines(path)
    assert line.flaws == (Flaw("refusal", "no"),)


def test_what_fix_writes_has_the_form_of_its_line(tmp_path: Path) -> None:
    entry = LINE | {"provenance": ORIGIN | {"source": "imported:svit"}}
    good = [{"from": "user", "value": "Why does he wait?"}, {"from": "gpt", "value": "He may wait for the bus there."}]
    bad = [{"from": "user", "value": "Why?"}, {"from": "gpt", "value": "As the captions say, it rains today."}]
    entry["conversations"] = [{"topic": "", "content": good}, {"topic": "", "content": bad}]
    for form in ("old", "new"):
        path, out = tmp_path / f"{form}.jsonl", tmp_path / f"{form}.out.jsonl"
        path.write_text(json.dumps(entry | FORMS[form]) + "\n")
        svit("check", path, "--fix", out, "-q")
        [left] = map(json.loads, out.read_text().splitlines())
        dropped = left["dropped"] if form == "old" else json.loads(left["dropped"])
        assert dropped["names_source"] == 1
        assert dropped["refusal"] == 2
        assert isinstance(left["warnings"], list if form == "old" else str)
