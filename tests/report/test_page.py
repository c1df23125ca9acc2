"""The page of a run: the same each time, true to the files, and deaf to what texts would have it do."""

import html.parser
import json
import re
from pathlib import Path

import msgspec
import pytest

from report.made import context, found_in, record, records_of, rejection, rewritten, sample_run, svit, with_contexts
from svit.contexts.store import ContextStore
from svit.errors import DataError
from svit.report.page import page
from svit.report.photograph_shelf import PhotographShelf
from svit.resources import SAMPLE

EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</style><script>alert(1)</script>",
    "</svg><iframe src=http://example.org></iframe>",
    "</title><b>x</b>",
    "{{ 7 * 191 }}{% raw %}",
    "&#60;script&#62;",
    "\x00\x07\x1b[31m\u202etxt.exe\u2066\x9b",
]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_run(tmp_path_factory.mktemp("report") / "run")


class Reader(html.parser.HTMLParser):
    """Collects what of a page could act: its elements, its attributes, its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes.update((name, value or "") for name, value in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def harmless(text: str) -> Reader:
    """Read the page, and see that it holds nothing that a browser runs or fetches."""
    read = Reader(text)
    assert not read.elements & {"script", "iframe", "object", "embed", "img", "link", "base", "form", "audio", "video"}
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    for name, value in read.attributes:
        if name in ("href", "src", "xlink:href", "action", "formaction", "data", "style"):
            assert name == "href", (name, value)
            assert re.match(r"#[\w-]+$|data:image/(jpeg|png|gif|webp);base64,[\w+/=]+$", value), value
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)
    return read


def test_the_same_run_gives_the_same_bytes(run: Path, tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        svit("report", run, "-o", tmp_path / name, "--images", SAMPLE)
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_the_page_goes_into_the_run_and_is_told_of(run: Path) -> None:
    assert "report.html" in svit("report", run)
    text = harmless((run / "report.html").read_text()).text
    assert "32" in text
    assert "The offline writer wrote" in text
    for task in ("Conversation", "Complex reasoning", "Detail description", "Referring"):
        assert f"{task} 8 of 8" in text


def test_photographs_are_in_the_page_once_and_only_when_they_are_asked_for(run: Path, tmp_path: Path) -> None:
    plain, shown = page(found_in(run), PhotographShelf(None)), page(found_in(run), PhotographShelf(SAMPLE))
    assert plain.count("data:image/") == 0
    assert shown.count("data:image/jpeg;base64,") == 8
    assert plain.count('class="frame"') == 8
    assert shown.count('href="#photo-') == 32
    (tmp_path / "astronaut.jpg").write_bytes((SAMPLE / "images" / "astronaut.jpg").read_bytes())
    (tmp_path / "china.jpg").write_bytes(b"<svg onload=alert(1)>")
    (tmp_path / "coffee.jpg").write_bytes(b"\xff\xd8\xff" + bytes(2_000_000))
    some = page(found_in(run), PhotographShelf(tmp_path))
    assert some.count("data:image/") == 1
    assert "Photograph left out: 2.0 MB" in some
    assert "Photograph left out: it is no JPEG" in some
    assert "Photograph not found." in some


def test_no_image_path_leads_out_of_the_folder_and_links_in_it_are_followed(run: Path, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    for name in ("secret.jpg", "inside/real.jpg"):
        (tmp_path / name).write_bytes((SAMPLE / "images" / "astronaut.jpg").read_bytes())
    (inside / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    copy = sample_run(tmp_path / "run")
    images = ["../secret.jpg", str(tmp_path / "secret.jpg"), "link.jpg", "a\0b", "real.jpg", "deep/../../secret.jpg"]
    lines = [record(n, "referring", [("q", "a")]) | {"image": image, "height": 400} for n, image in enumerate(images)]
    rewritten(copy / "referring" / "00000.jsonl", lines)
    found = found_in(copy)
    assert page(found, PhotographShelf(inside)).count("data:image/") == 2, (
        "real.jpg, and link.jpg, which the folder has itself"
    )


def test_text_that_would_act_is_only_text(tmp_path: Path) -> None:
    run = sample_run(tmp_path / "run")
    evil = " ".join(EVIL)
    with_contexts(run, [context(n, [(evil, [0.1, 0.1, 0.5, 0.5])]) for n in (1, 2)])
    mention = f"<st>{EVIL[2]} {EVIL[3]}<ed> [0.1, 0.1, 0.5, 0.5]"
    flaw = {"code": evil, "words": evil, "severity": "warn"}
    for task in ("conversation", "referring"):
        pairs = [*((text, text) for text in EVIL), (f"{evil} {mention} {mention[:-2]}", f"{mention} {evil}")]
        more = {"image": evil, "warnings": [flaw, flaw | {"severity": "repair"}], "dropped": {evil: 2}}
        lines = [record(1, task, pairs, **more), record(evil, task, pairs, **more)]
        lines[0]["conversations"][0]["topic"] = evil
        lines[0]["provenance"] = {"model": evil, "attempt": 2}
        rewritten(run / task / "00000.jsonl", lines)
        rewritten(run / task / "00000.rejected.jsonl", [rejection(2, task, evil, flaw | {"severity": "reject"})])
    about = json.loads((run / "run.json").read_text())
    about["config"]["model"] = about["started"] = about["updated"] = about["contexts"]["origin"] = evil
    (run / "run.json").write_text(json.dumps(about))
    svit("report", run, "--images", SAMPLE)
    read = harmless((run / "report.html").read_text())
    for text in EVIL[:-1]:
        assert text in read.text
    assert "1337" not in read.text


def test_without_its_contexts_the_page_says_what_is_left_out(tmp_path: Path) -> None:
    run = sample_run(tmp_path / "run", "--limit", "2")
    (run / "contexts.db").rename(tmp_path / "elsewhere")
    text = Reader(page(found_in(run), PhotographShelf(None))).text
    assert text.count("Left out: the run’s contexts are not at hand.") == 2
    (tmp_path / "elsewhere").rename(run / "contexts.db")
    about = json.loads((run / "run.json").read_text())
    about["contexts"]["digest"] = "0" * 32
    (run / "run.json").write_text(json.dumps(about))
    assert "contexts.db holds other contexts than the run was made from." in page(found_in(run), PhotographShelf(None))


def test_rejections_are_shown_by_their_flaws_with_the_words_marked(tmp_path: Path) -> None:
    run = sample_run(tmp_path / "run", "--limit", "1")
    flaw = {"code": "names_source", "words": "… according to the captions …"}
    text = "A cat, according to the captions & more."
    rewritten(
        run / "conversation" / "00000.rejected.jsonl", [rejection(n, "conversation", text, flaw) for n in range(9)]
    )
    html = page(found_in(run), PhotographShelf(None))
    assert html.count("A cat, <mark>according to the captions</mark> &amp; more.") == 3
    assert "Rejections are for names_source most often (9)" in html


def test_unsupported_objects_are_a_rate_or_are_said_to_be_left_out(tmp_path: Path) -> None:
    run = sample_run(tmp_path / "run", "--limit", "2")
    path = run / "conversation" / "00000.jsonl"
    first, second = records_of(path)
    rewritten(path, [{key: each[key] for key in each if key != "warnings"} for each in (first, second)])
    if "unsupported_object" not in "".join(p.read_text() for p in run.glob("*/*.jsonl")):
        assert "no sample carries the warning" in page(found_in(run), PhotographShelf(None))
    warning = {"code": "unsupported_object", "words": "a dog", "severity": "warn"}
    rewritten(path, [first | {"warnings": [warning, warning]}, second])
    assert "of the samples name at least one object" in page(found_in(run), PhotographShelf(None))


def test_an_empty_run_and_a_damaged_one(tmp_path: Path) -> None:
    run = sample_run(tmp_path / "run", "--limit", "2")
    (run / "referring" / "00000.jsonl").write_text('{"image_id": 1}\n')
    with pytest.raises(DataError, match=r"00000\.jsonl: line 1 is not what svit writes"):
        found_in(run)
    for file in run.glob("*/*.jsonl"):
        file.unlink()
    text = harmless(page(found_in(run), PhotographShelf(None))).text
    assert "No shard is whole yet" in text
    assert "There is none yet." in text
    assert "this is no run of svit" in svit("report", tmp_path, code=2)
    assert "is no folder" in svit("report", run, "--images", tmp_path / "none", code=2)


@pytest.mark.parametrize("origin", ["own records", "Visual Genome", "captions beside it"])
def test_no_path_of_this_machine_is_in_the_page(origin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home of mine"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    words: list[object] = ["--contexts", home / "own.contexts"]
    if origin == "own records":
        own, sample = home / "own.jsonl", sample_run(tmp_path / "sample", "--limit", "2")
        with ContextStore(sample / "contexts.db") as store:
            known = [msgspec.to_builtins(each) for each in store.slice(0, 2)]
        rewritten(own, [{**each, "image": f"{home}/{each['image']}"} for each in known])
        svit("contexts", "build", "--jsonl", own, "-o", home / "own.contexts")
    elif origin == "Visual Genome":
        words = ["--visual-genome", SAMPLE]
    else:
        (home / "captions.json").write_bytes((SAMPLE / "captions.json").read_bytes())
        words = ["--visual-genome", SAMPLE, "--coco-captions", home / "captions.json"]
    run = home / "runs" / "first"
    svit("generate", "--task", "detail_description", "--run", run, "-q", *words)
    for contexts in ("with contexts", "without"):
        if contexts == "without":
            (run / "contexts.db").unlink(missing_ok=True)
            (home / "own.contexts").unlink(missing_ok=True)
        svit("report", run, "--images", home, code=2)
        text = (run / "report.html").read_text()
        assert str(tmp_path) not in text
        assert str(SAMPLE) not in text
        assert "home of mine" not in text
        assert "<h1>first</h1>" in text


@pytest.mark.parametrize(
    ("there", "words", "code"),
    [
        ([], "Photographs that the samples name: none of the 8 is in {0}. Name the folder that 'images/", 2),
        (["china.jpg"], "Photographs that the samples name: 7 of the 8 are not in {0}.", 0),
        (["china.jpg", "coins.jpg", "rocket.jpg"], "5 of the 8", 0),
    ],
)
def test_a_folder_without_the_photographs_is_said(
    there: list[str], words: str, code: int, run: Path, tmp_path: Path
) -> None:
    for name in there:
        (tmp_path / name).write_bytes((SAMPLE / "images" / name).read_bytes())
    said = svit("report", run, "--images", tmp_path, code=code)
    assert words.format(tmp_path) in " ".join(said.split())
    html = (run / "report.html").read_text()
    assert ("None of the 8 photographs was found" in html) == (not there)
    assert (f"Of 8 photographs, {8 - len(there)} were not found" in html) == bool(there)


def test_all_photographs_there_or_none_wanted_is_not_worth_a_word(run: Path) -> None:
    for words in (["--images", SAMPLE], []):
        assert "Photographs that" not in svit("report", run, *words)
        assert "not found" not in (run / "report.html").read_text()


def test_who_verified_is_told(tmp_path: Path) -> None:
    run = sample_run(tmp_path / "run", "--limit", "4")
    assert "Second opinions" not in page(found_in(run), PhotographShelf(None))
    path = run / "conversation" / "00000.jsonl"
    lines = records_of(path)
    lines[0] |= {"verified_by": "judge-1", "dropped": {"contradicted": 2}}
    lines[1] |= {"verified_by": "judge-1"}
    lines[2] |= {"verified_by": "judge-2"}
    rewritten(path, lines)
    html = page(found_in(run), PhotographShelf(None))
    assert "Second opinions: judge-1 on 2 and judge-2 on 1 of 16 samples." in html
    assert "2 answers were contradicted and left out." in html
    assert html.count("Verified by judge-1.") == 2
    flaws = [{"code": code, "words": "x"} for code in ("contradicted", "unverified", "unverified")]
    rewritten(
        run / "conversation" / "00000.rejected.jsonl",
        [rejection(90 + n, "conversation", "text", flaw) for n, flaw in enumerate(flaws)],
    )
    html = page(found_in(run), PhotographShelf(None))
    assert "left out; 1 image rejected as contradicted; 2 images rejected as unverified, as no opinion came." in html
