"""The dataset card: true to the counts and the runs, readable by a hub, and not to be broken by a name."""

import re
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.cards import parts, row, section
from svit.errors import DataError
from svit.exports.base import ExportedFile, Format, Style
from svit.exports.card.dataset_card import CardFacts, card
from svit.exports.card.licences import licences
from svit.exports.card.markdown import code, code_block, plain
from svit.exports.card.origins import RunFacts
from svit.exports.sample_counts import Counts
from svit.run.run_status import RunStatus, TaskStatus

FORMAT = Format("llava-1.5", "a JSON list", "at the head", lambda _item, _style: {}, container="json")
EXPORT = CardFacts(
    FORMAT,
    Style(dataset="barns"),
    (
        ExportedFile("train-0.json", "train", 900),
        ExportedFile("train-1.json", "train", 50),
        ExportedFile("test.json", "test", 60),
    ),
    ("svit", "export", "runs/a b", "--format", "llava-1.5", "-o", "out"),
)
STATUS = RunStatus(
    run="runs/barns",
    state="finished",
    model="gpt-6-luna",
    tasks=(TaskStatus("referring", 100, 90, {"wrong_count": 6, "too_long": 4}, 0, 0, 0, {}),),
    opinions=90,
    opinions_failed={},
    in_flight=0,
    unknown=0,
    replies=201,
    prompt_tokens=1_234_567,
    completion_tokens=89_012,
    dollars=12.345678,
    max_cost=None,
    max_cost_per_month=None,
    dollars_left=None,
    deadline=None,
    per_minute=None,
    seconds_left=None,
    last_active=None,
)
RUN = RunFacts(
    "barns", STATUS, "/home/me/vg/objects.json, /data/captions.json (files as of 1a2b3c4d)", "gpt-6-sol", "1", ""
)


def line(task: str = "referring", **more: Any) -> dict[str, Any]:
    origin = {"model": "gpt-6-luna", "prompt_version": "abc", "attempt": 1, "source": "visual_genome", "svit": "1.0"}
    turns = [{"from": "user", "value": "Q"}, {"from": "gpt", "value": "A"}]
    provenance = {**origin, **{key: more.pop(key) for key in tuple(more) if key in origin}}
    return {
        "task": task,
        "conversations": [{"content": turns}, {"content": turns * 2}],
        "provenance": provenance,
        **more,
    }


def counted(*lines: dict[str, Any]) -> Counts:
    counts = Counts()
    for each in lines or (line(),):
        counts.add(each)
    return counts


# --- counting ---


def test_samples_and_pairs_are_counted_by_split_and_task() -> None:
    counts = Counts()
    counts.add(line("referring"), "train")
    counts.add(line("referring"), "test", pairs=1)
    counts.add(line("conversation"), "train")
    assert counts.samples == {("train", "referring"): 1, ("test", "referring"): 1, ("train", "conversation"): 1}
    assert counts.pairs == {("train", "referring"): 3, ("test", "referring"): 1, ("train", "conversation"): 3}
    text = card(EXPORT, counts)
    assert row(text, "`referring`") == ["1", "3", "1", "1"]
    assert row(text, "`conversation`") == ["1", "3", "0", "0"]
    assert row(text, "all") == ["2", "6", "1", "1"]


@dataclass
class _Flaw:
    code: str
    words: str
    severity: str


def test_objects_count_like_json() -> None:
    @dataclass
    class Object:
        task: str
        provenance: Any
        warnings: Any = ()

    known = [{"code": "not_plain", "words": "", "severity": "repair"}]
    known.append({"code": "too_long", "words": "", "severity": "warn"})
    counts = Counts()
    counts.add(Object("referring", line()["provenance"], [_Flaw(**each) for each in known]), pairs=3)
    assert counts == counted(line(warnings=known))


def test_a_code_that_a_sample_has_twice_is_one_sample_with_it() -> None:
    twice = [
        {"code": "too_long", "words": "a", "severity": "warn"},
        {"code": "too_long", "words": "b", "severity": "warn"},
    ]
    counts = counted(line(warnings=twice, dropped={"refusal": 2}), line(dropped={"refusal": 1}))
    assert (counts.warned, counts.repaired, counts.dropped) == ({"too_long": 1}, {}, {"refusal": 3})
    found = section(card(EXPORT, counts), "What was found wrong")
    assert row(found, "`too_long`") == ["1"]
    assert row(found, "`refusal`") == ["3"]


def test_what_is_no_line_of_ours_is_refused() -> None:
    with pytest.raises(DataError, match="A sample has no 'provenance'"):
        Counts().add({"task": "referring", "conversations": []})


# --- the header ---


def test_the_header_says_what_a_hub_looks_for() -> None:
    header, _ = parts(card(EXPORT, counted(), [RUN]))
    assert header == {
        "language": ["en"],
        "license": "cc-by-4.0",
        "task_categories": ["image-text-to-text", "visual-question-answering"],
        "size_categories": ["1K<n<10K"],
        "pretty_name": "barns",
        "tags": ["visual-instruction-tuning", "svit", "grounding", "synthetic"],
        "configs": [
            {
                "config_name": "default",
                "data_files": [
                    {"split": "train", "path": ["train-0.json", "train-1.json"]},
                    {"split": "test", "path": ["test.json"]},
                ],
            }
        ],
    }


@pytest.mark.parametrize(
    ("records", "size"),
    [
        (1, "n<1K"),
        (999, "n<1K"),
        (1000, "1K<n<10K"),
        (999_999, "100K<n<1M"),
        (10**6, "1M<n<10M"),
        (10**7, "10M<n<100M"),
    ],
)
def test_the_size_is_that_of_the_records(records: int, size: str) -> None:
    header, _ = parts(card(replace(EXPORT, written=(ExportedFile("a.jsonl", "", records),)), counted()))
    assert header["size_categories"] == [size]
    assert header["configs"][0]["data_files"] == [{"split": "train", "path": ["a.jsonl"]}]


SOURCES = [
    (["visual_genome"], "cc-by-4.0", "Visual Genome"),
    (["coco"], "cc-by-4.0", "MS-COCO (Lin"),
    (["visual_genome", "coco"], "cc-by-4.0", "Flickr"),
    (["custom"], "unknown", "is not known to svit"),
    (["imported:svit"], "unknown", "neither its licence nor its source is known"),
    (["coco", "mine"], ["cc-by-4.0", "unknown"], "`mine`"),
    ([""], "unknown", "an unnamed source"),
]


@pytest.mark.parametrize(("sources", "licence", "words"), SOURCES, ids=[words for *_, words in SOURCES])
def test_the_licence_is_that_of_the_annotations_or_not_known(sources: list[str], licence: object, words: str) -> None:
    header, text = parts(card(EXPORT, counted(*(line(source=source) for source in sources))))
    assert header["license"] == licence
    assert words in section(text, "Sources and licences")


def test_the_bundled_sample_has_its_own_licence_and_not_that_of_visual_genome() -> None:
    own = replace(RUN, origin="the bundled sample of svit 0.1.0")
    assert [each.name for each in licences(["visual_genome"], [own])] == ["apache-2.0"]
    assert [each.name for each in licences(["visual_genome"], [own, RUN])] == ["apache-2.0", "cc-by-4.0"]


# --- the text ---


def test_the_text_has_the_figures_of_the_run() -> None:
    samples = [line(verified_by="gpt-6-sol"), line(verified_by="gpt-6-sol", attempt=2), line(prompt_version="def")]
    _, text = parts(card(EXPORT, counted(*samples), [RUN]))
    writers = section(text, "Who wrote and who verified")
    assert row(writers, "`gpt-6-luna`") == ["3"]
    assert row(writers, "`gpt-6-sol`") == ["2"]
    assert "1 of 3 samples were given to no second model" in writers
    assert row(writers, "`referring abc`") == ["2"]
    assert row(writers, "`referring def`") == ["1"]
    assert (row(writers, "attempt 1"), row(writers, "attempt 2")) == (["2"], ["1"])
    flaws = section(text, "What was found wrong")
    assert row(flaws, "`referring`") == ["90", "10", "10.00", "0"]
    assert row(flaws, "`wrong_count`") == ["6"]
    cost = section(text, "Cost")
    assert "cost $12.35 for all its tasks: 201 replies, 1,234,567 tokens in, 89,012 tokens out." in cost
    assert "90 of its requests asked `gpt-6-sol` for a second opinion." in cost
    assert "svit export 'runs/a b' --format llava-1.5 -o out\n" in section(text, "How it was made")
    assert "A language model wrote them from annotations" in text


def test_folders_of_this_machine_are_not_told() -> None:
    text = card(EXPORT, counted(), [RUN])
    assert "`objects.json, captions.json (files as of 1a2b3c4d)`" in text
    assert "/home" not in text


HALF = TaskStatus("referring", 200, 90, {"wrong_count": 10}, 40, 60, 0, {})
STATES: list[tuple[dict[str, Any], str]] = [
    ({"tasks": (HALF,)}, "| `referring` | 90 | 10 | 10.00 | 100 |"),
    ({"state": "running"}, "was not finished when it was exported"),
    ({"dollars": None}, "an amount that is not known, as its model had no price"),
    ({"unknown": 2}, "of which 2 requests without a known outcome at the worst case"),
]


@pytest.mark.parametrize(("more", "words"), STATES, ids=[words for _, words in STATES])
def test_what_is_not_settled_is_said(more: dict[str, Any], words: str) -> None:
    changed = replace(
        RUN, status=RunStatus(**{field: getattr(STATUS, field) for field in STATUS.__struct_fields__} | more)
    )
    assert words in card(EXPORT, counted(), [changed])
    assert words not in card(EXPORT, counted(), [RUN])


def test_without_a_run_nothing_is_claimed_of_what_was_rejected_or_paid() -> None:
    _, text = parts(card(EXPORT, counted()))
    assert "is not known here" in section(text, "What was found wrong")
    assert section(text, "Cost").strip() == "Not known here: samples were exported, not the run that made them."


def test_no_language_model_is_said_to_have_written_what_none_did() -> None:
    header, text = parts(card(EXPORT, counted(line(model="offline"), line(model="unknown", source="imported:svit"))))
    assert "language model wrote them" in text.split("\n## ")[0]
    assert "1 of 2 samples were written by svit's own offline writer" in text
    assert "Of 1 of 2 samples it is not known who or what wrote them" in text
    assert "(the method of SVIT" not in text
    assert "synthetic" in header["tags"]
    unknown, _ = parts(card(EXPORT, counted(line(model="unknown", attempt=0))))
    assert "synthetic" not in unknown["tags"]


def test_frame_and_photographs_are_those_of_the_export() -> None:
    plain_text, padded = card(EXPORT, counted()), card(replace(EXPORT, style=Style(padded=True)), counted())
    assert ("padded to a square" in plain_text, "padded to a square" in padded) == (False, True)
    assert "The photographs are not in it" in plain_text
    assert "The photographs are not in it" not in card(replace(EXPORT, photographs=True), counted())


def test_long_lists_are_cut_and_counted() -> None:
    many = [line(prompt_version=f"v{n:03}") for n in range(50)]
    files = tuple(ExportedFile(f"{n:03}.tar", "train", 1) for n in range(50))
    header, text = parts(card(replace(EXPORT, written=files), counted(*many)))
    assert row(text, "30 others") == ["30"]
    assert "and 30 more files." in text
    assert len(header["configs"][0]["data_files"][0]["path"]) == 50


# --- untrusted text ---

NASTY = [
    "---\nlicense: mit\n---",
    "a: b\n- c",
    "'\"`{}[]&*!|>%@",
    "``` `x` ````",
    "| a | b |\n| --- |",
    "\\|",
    "<script>alert(1)</script> <!-- ",
    "# heading\n## heading",
    "[text](http://127.0.0.1/) ![i](x)",
    "\x00\x1b[31m\x85\u2028\u202e\ud800",
    " ",
    "",
    "x" * 5000,
    "~",
    "null",
]


def shape(text: str) -> list[str]:
    """The lines that markdown reads as more than a paragraph, without their text, code blocks as they stand."""
    marks = (re.match(r"(#+ )|(\| )|(- )|(`{3,}$)|(---)|(<)|(\[)", each) for each in text.split("\n"))
    return [found[0] for found in marks if found]


@given(st.one_of(st.sampled_from(NASTY), st.text()), st.one_of(st.sampled_from(NASTY), st.text()))
def test_no_name_breaks_the_header_or_the_text(name: str, other: str) -> None:
    def of(name: str, other: str) -> str:
        run = replace(RUN, name=name, origin=f"{other}.", verifier=name)
        flawed = line(name, model=name, source=f"imported:{other}", prompt_version=f"{other}.", verified_by=f"{name}.")
        known = {**flawed, "warnings": [{"code": name, "words": other}], "dropped": {other: 1}}
        style = Style(dataset=name)
        files = (ExportedFile("train.json", "train", 9),)
        return card(CardFacts(FORMAT, style, files, ("svit", "export", name)), counted(known), [run])

    header, text = parts(of(name, other))
    expected, same = parts(of("name", "other"))
    for key in ("language", "license", "task_categories", "size_categories", "configs"):
        assert header[key] == expected[key]
    text.encode()
    before, _, after = text.partition("## How it was made")
    assert shape(before) == shape(same.partition("## How it was made")[0])
    assert after.count("## What it does not claim") >= 1
    tables = [each for each in before.split("\n") if each.startswith("| ")]
    cells = [re.sub(r"\\.", "", each).count("|") for each in tables]
    assert cells == [
        each.count("|") for each in same.partition("## How it was made")[0].split("\n") if each.startswith("| ")
    ]


@pytest.mark.parametrize("text", NASTY)
def test_code_keeps_its_fence(text: str) -> None:
    inline, block = code(text), code_block(text)
    fence = re.match("`*", inline)
    assert fence
    assert not fence[0] or inline[len(fence[0]) : -len(fence[0])].count(fence[0]) == 0
    opening, *inner, closing = block.split("\n")
    assert opening == closing
    assert all(opening not in each for each in inner)
    assert "\n" not in inline + plain(text)
    assert not re.search(r"(?<!\\)[<\[|]", plain(text))


def test_the_hubs_own_reader_takes_the_card() -> None:
    hub = pytest.importorskip("huggingface_hub")
    for name in NASTY:
        text = card(replace(EXPORT, style=Style(dataset=name)), counted(), [replace(RUN, name=name)])
        read = hub.DatasetCard(text)
        assert read.data.license == "cc-by-4.0"
        assert read.data.to_dict()["configs"][0]["data_files"][0]["split"] == "train"
