"""From samples to a trainer's records: what is read, chosen, asked for, and left out."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from typer.testing import CliRunner

from svit.boxes import Box
from svit.cli import app
from svit.errors import DataError, SvitError
from svit.exports.base import Item, Style, TextGroup
from svit.exports.box_frames import Frame
from svit.exports.box_styles import NONE
from svit.exports.exporter import Export
from svit.exports.formats import NAMES, format_named
from svit.exports.image_ids import read_image_ids
from svit.exports.samples import SampleReader, item_of
from svit.exports.selection import Choice, splits_of
from svit.resources import SAMPLE
from svit.run.shards import SampleLine, sample_lines

ONE, OTHER = Box(0.1, 0.2, 0.5, 0.9), Box(0.25, 0.0, 0.75, 1.0)
MEN = "<st>men<ed> [0.1, 0.2, 0.5, 0.9], [0.25, 0.0, 0.75, 1.0]"


def line(image: int | str = 1, task: str = "referring", *texts: str, **more: Any) -> dict[str, Any]:
    said = texts or (f"Who sits near <st>man<ed> {ONE}?", f"The {MEN} do.")
    who = ("user", "gpt") * (len(said) // 2)
    return {
        "image_id": image,
        "image": f"vg/VG_100K/{image}.jpg",
        "width": 400,
        "height": 200,
        "task": task,
        "conversations": [{"content": [{"from": w, "value": v} for w, v in zip(who, said, strict=True)]}],
        "provenance": {"model": "m", "attempt": 1},
        **more,
    }


def said(question: str, answer: str) -> list[dict[str, str]]:
    return [{"from": "user", "value": question}, {"from": "gpt", "value": answer}]


def written(path: Path, lines: Sequence[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(each) + "\n" for each in lines))
    return path


def a_run(folder: Path) -> Path:
    """Write a run of two tasks and two shards, as svit leaves it."""
    for shard, images in enumerate([(5, 3, 9), (7,)]):
        written(folder / "referring" / f"{shard:05}.jsonl", [line(image) for image in images])
        written(folder / "referring" / f"{shard:05}.rejected.jsonl", [{"image_id": 4}])
        plain = [line(image, "detail_description", "Describe it.", "A scene.") for image in (3, 8, 9)[shard:]]
        written(folder / "detail_description" / f"{shard:05}.jsonl", plain if shard == 0 else [])
    (folder / "run.json").write_text("{}")
    return folder


def read(*sources: Path, tasks: Sequence[str] | None = None) -> list[Item]:
    return list(SampleReader(sources, None if tasks is None else frozenset(tasks)).items())


def the_item(**more: Any) -> Item:
    path = more.pop("path")
    [item] = read(written(path, [line(**more)]))
    return item


# --- reading ---


def test_a_text_is_written_anew_for_each_style_of_boxes(tmp_path: Path) -> None:
    item = the_item(path=tmp_path / "a.jsonl")
    assert item.printed
    assert item.has_boxes
    assert item.texts == (f"Who sits near <st>man<ed> {ONE}?", f"The {MEN} do.")
    assert Style().texts(item) == item.texts
    assert list(Style(NONE).texts(item)) == ["Who sits near man?", "The men do."]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"<st>men<ed>: {ONE} and {OTHER}", MEN),
        (f"<st> men <ed>{ONE};{OTHER}", MEN),
        ("<st>men<ed> [.1,.2,.50,0.900], [0.25, 0, 0.75, 1]", MEN),
        ("<st>men<ed> [0.1001, 0.2004, 0.4996, 0.9], [0.25, 0.0, 0.75, 1.0]", MEN),
        ("<st>men<ed>.", "<st>men<ed>."),
        (f"A [sic] <st>men<ed> {ONE}", f"A [sic] <st>men<ed> {ONE}"),
        (f"3 < 4 <st>men<ed> {ONE}", f"3 < 4 <st>men<ed> {ONE}"),
        (f"a\n\x1f\nb <st>men<ed> {ONE} > c", f"a\n\x1f\nb <st>men<ed> {ONE} > c"),
    ],
)
def test_a_text_of_another_form_is_put_into_the_one_form(tmp_path: Path, text: str, told: str) -> None:
    item = the_item(path=tmp_path / "a.jsonl", conversations=[{"content": said("Who?", text)}])
    assert list(Style().texts(item)) == ["Who?", told]
    assert list(Style(NONE).texts(item)) == ["Who?", re.sub(r"<st>(.*)<ed>(?:,? \[[^s]*?\])*", r"\1", told)]


def test_a_run_is_read_shard_by_shard_an_images_tasks_beside_each_other(tmp_path: Path) -> None:
    found = [(item.image_id, item.task) for item in read(a_run(tmp_path / "r"))]
    refers, describes = "referring", "detail_description"
    assert sorted(found[:6]) == sorted(
        [(3, describes), (3, refers), (8, describes), (9, describes), (9, refers), (5, refers)]
    )
    assert found[6:] == [(7, refers)]
    images = [image for image, _ in found]
    assert [image for n, image in enumerate(images) if images.index(image) == n or images[n - 1] != image] == [
        3,
        8,
        9,
        5,
        7,
    ]
    assert [item.task for item in read(tmp_path / "r", tasks=[refers])] == [refers] * 4


def test_keys_are_unique_over_several_sources(tmp_path: Path) -> None:
    items = read(a_run(tmp_path / "r"), a_run(tmp_path / "q"))
    assert len({item.key for item in items}) == len(items) == 14
    merged = list(Choice(merged=True).of(items, "train"))
    assert len({item.key for item in merged}) == len(merged)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"width": 0}, "no_image_size"),
        ({"conversations": []}, "no_turns"),
        (
            {
                "conversations": [
                    {"content": [{"from": "user", "value": "Look <image>"}, {"from": "gpt", "value": "a"}]}
                ]
            },
            "special_token",
        ),
        (
            {
                "conversations": [
                    {"content": [{"from": "user", "value": "<st>a<ed> [1, 2]"}, {"from": "gpt", "value": "a"}]}
                ]
            },
            "box_malformed",
        ),
        (
            {
                "conversations": [
                    {
                        "content": [
                            {"from": "user", "value": "<st>a<ed> [0.5, 0.5, 0.4, 0.9]"},
                            {"from": "gpt", "value": "a"},
                        ]
                    }
                ]
            },
            "box_malformed",
        ),
    ],
)
def test_what_no_trainer_could_use_is_left_out_and_counted(tmp_path: Path, change: dict[str, Any], why: str) -> None:
    file = written(tmp_path / "a.jsonl", [line(1), {**line(2), **change}])
    reading = SampleReader([file])
    assert [item.image_id for item in reading.items()] == [1]
    assert reading.left_out == {why: 1}


def test_a_source_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such run"):
        read(tmp_path / "nothing")
    with pytest.raises(DataError, match=r"no run\.json"):
        read(tmp_path)
    (tmp_path / "a.jsonl").write_text("{}\n")
    with pytest.raises(DataError, match="line 1"):
        read(tmp_path / "a.jsonl")


# --- choosing ---


def items(images: int, tasks: Sequence[str] = ("referring",)) -> Iterator[Item]:
    for image in range(images):
        for task in tasks:
            talk = TextGroup((f"{task} {image}?", f"<st>man<ed> {ONE}"))
            yield Item(f"{image}-{task}", image, f"{image}.jpg", 9, 9, task, (talk,), printed=True)


def test_an_image_is_in_one_split_whatever_its_task_and_the_shares_are_kept() -> None:
    choice = Choice(splits_of("train=0.9,test=0.1"), seed=3)
    split = {name: list(choice.of(items(2000, ("referring", "conversation")), name)) for name in ("train", "test")}
    images = {name: {item.image_id for item in found} for name, found in split.items()}
    assert images["train"].isdisjoint(images["test"])
    assert len(images["train"] | images["test"]) == 2000
    assert 150 < len(images["test"]) < 250
    assert [item.key for item in split["test"]] == [
        item.key for item in choice.of(items(2000, ("referring", "conversation")), "test")
    ]
    other = {item.image_id for item in Choice(splits_of("train=0.9,test=0.1"), seed=4).of(items(2000), "test")}
    assert other != images["test"]


@pytest.mark.parametrize(
    "text", ["", "train=0.9", "train=0.9,test=0.2", "a=1,a=0", "a=x", "a,b", "a=-1,b=2", "a b=1", "../x"]
)
def test_what_is_no_list_of_shares_is_refused(text: str) -> None:
    with pytest.raises(SvitError, match="--split"):
        splits_of(text)


def test_excluded_images_and_the_limit(tmp_path: Path) -> None:
    (tmp_path / "ids").write_text("3\n\n 4 \n")
    choice = Choice(excluded=read_image_ids("--exclude-ids", tmp_path / "ids"), limit=4)
    assert [item.image_id for item in choice.of(items(9), "train")] == [0, 1, 2, 5]
    only = Choice(only=read_image_ids("--image-ids", tmp_path / "ids"))
    assert [item.image_id for item in only.of(items(9), "train")] == [3, 4]


def test_merging_makes_one_record_an_image_and_keeps_every_box(tmp_path: Path) -> None:
    second = line(1, "conversation", f"Is <st>it<ed> {OTHER} red?", f"The <st>hat<ed> {ONE} is.")
    file = written(tmp_path / "a.jsonl", [line(1), second, line(2)])
    merged = list(Choice(merged=True).of(read(file), "train"))
    assert [(item.key, item.task) for item in merged] == [("1", "referring+conversation"), ("2", "referring")]
    told = [each["value"] for one in (line(1), second) for each in one["conversations"][0]["content"]]
    assert list(Style().texts(merged[0])) == told


@pytest.mark.parametrize("id_", [1, "1"])
def test_merging_takes_an_images_records_wherever_they_stand(tmp_path: Path, id_: int | str) -> None:
    first = written(tmp_path / "a.jsonl", [line(1), line(2), line(3)])
    second = line(id_, "conversation", f"Is <st>it<ed> {OTHER} red?", "Yes.")
    other = written(tmp_path / "b.jsonl", [line(4), second, line(3, "conversation", "a?", "b")])
    merged = list(Choice(merged=True).of(read(first, other), "train"))
    assert [(str(item.image_id), item.task) for item in merged] == [
        ("1", "referring+conversation"),
        ("2", "referring"),
        ("3", "referring+conversation"),
        ("4", "referring"),
    ]
    assert len({item.key for item in merged}) == 4


@pytest.mark.parametrize("layout", ["flat", "folder"])
@pytest.mark.parametrize("output", ["out", "x.jsonl"])
def test_two_pictures_never_share_a_path(layout: str, output: str, tmp_path: Path, here: Callable[..., str]) -> None:
    one, two = ({**line(n), "image": f"{folder}/x/1.jpg"} for n, folder in enumerate(("one", "two"), 1))
    written(tmp_path / "a.jsonl", [one, two])
    words = ("export", "a.jsonl", "-f", "llava-next", "-o", output)
    said = here(*words, "--image-layout", layout, code=2)
    assert "one/x/1.jpg and two/x/1.jpg would both be" in " ".join(said.split())
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]
    here(*words)
    written(tmp_path / "b.jsonl", [one, {**line(1, "conversation", "a?", "b"), "image": "one/x/1.jpg"}])
    here("export", "b.jsonl", "-f", "llava-next", "-o", "y.jsonl", "--image-layout", layout)


@given(st.integers(1, 7), st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_cutting_loses_no_pair_and_no_box(most: int, sizes: list[int]) -> None:
    number, talks = 0, []
    for size in sizes:
        texts = []
        for _ in range(size):
            texts += [f"{number}?", f"<st>x<ed> {Box(0.0, 0.0, 0.5, 0.1 + number / 100)}"]
            number += 1
        talks.append(TextGroup(tuple(texts), f"topic {size}"))
    item = Item("k", 1, "1.jpg", 9, 9, "conversation", tuple(talks), printed=True)
    pieces = list(Choice(max_turns=most).of([item], "train"))
    assert all(2 <= len(piece.texts) <= 2 * most for piece in pieces)
    assert len({piece.key for piece in pieces}) == len(pieces)
    assert [text for piece in pieces for text in piece.texts] == list(item.texts)
    assert all(talk.topic for piece in pieces for talk in piece.talks)


def test_shuffling_is_an_order_that_its_seed_decides() -> None:
    orders = [[item.key for item in Choice(shuffled=True, seed=seed).of(items(50), "train")] for seed in (1, 1, 2)]
    plain = [item.key for item in items(50)]
    assert orders[0] == orders[1] != orders[2]
    assert orders[0] != plain
    assert sorted(orders[0]) == sorted(plain)
    assert str(ONE) in next(iter(Choice(shuffled=True).of(items(3), "train"))).texts[1]


def test_a_request_stands_behind_each_question_whose_answer_has_boxes(tmp_path: Path) -> None:
    plain = line(2, "referring", f"Is <st>it<ed> {ONE} red?", "Yes.")
    choice = Choice(requests=("Say where.", "Give boxes."))
    asking, other = choice.of(read(written(tmp_path / "a.jsonl", [line(1), plain])), "train")
    assert asking.texts[0].endswith(("? Say where.", "? Give boxes."))
    assert other.texts[0] == f"Is <st>it<ed> {ONE} red?"
    many = list(choice.of(items(40), "train"))
    assert {item.texts[0].split("?")[1] for item in many} == {" Say where.", " Give boxes."}
    assert many == list(choice.of(items(40), "train"))


# --- frames ---


@given(st.integers(2, 3000), st.integers(2, 3000))
def test_the_padded_square_has_the_image_in_its_middle(width: int, height: int) -> None:
    frame, sides = Frame(width, height, padded=True), ("0.1", "0.2", "0.5", "0.9")
    side = max(width, height)
    x1, y1, x2, y2 = frame.share(sides)
    left, top = (side - width) // 2, (side - height) // 2
    back = [x1 * side - left, y1 * side - top, x2 * side - left, y2 * side - top]
    assert back == pytest.approx(frame.pixels(sides))
    assert frame.rounded_share(sides) == pytest.approx((x1, y1, x2, y2), abs=0.0006)


SIDES = st.floats(0, 1)


@given(st.integers(2, 4000), st.integers(2, 4000), SIDES, SIDES, SIDES, SIDES, st.booleans())
def test_a_box_in_a_text_covers_the_same_pixels(
    width: int, height: int, x1: float, y1: float, x2: float, y2: float, padded: bool
) -> None:
    numbers = [round(side, 3) for side in (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))]
    assume(numbers[0] < numbers[2] and numbers[1] < numbers[3])
    box = Box(*numbers)
    talk = TextGroup(("Where?", f"<st>man<ed> {box}"))
    item = Item("k", 1, "1.jpg", width, height, "t", (talk,), printed=True)
    text = Style(padded=padded).texts(item)[1]
    assert "e" not in text[text.index("[") :]
    read = json.loads(text[text.index("[") :])
    side = max(width, height)
    left, top = ((side - width) // 2, (side - height) // 2) if padded else (0, 0)
    wide, tall = (side, side) if padded else (width, height)
    back = [read[0] * wide - left, read[1] * tall - top, read[2] * wide - left, read[3] * tall - top]
    assert overlap(back, [box.x1 * width, box.y1 * height, box.x2 * width, box.y2 * height]) >= 0.98


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the intersection over union of two boxes in pixels."""
    w = min(one[2], other[2]) - max(one[0], other[0])
    h = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(0.0, w) * max(0.0, h)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared)


# --- the whole way ---


def test_the_shapes_of_svit_and_llava(tmp_path: Path) -> None:
    file = written(tmp_path / "a.jsonl", [line(1), line("x", "conversation", "a?", "b", "c?", "d")])

    def records(name: str, **chosen: Any) -> list[Any]:
        form = format_named(name)
        export = Export(SampleReader([file]), Choice(), form, form.style(**chosen), layout="flat", root="pictures")
        return [record for _, record in export.rows(export.reading.items(), "train")]

    first, second = records("svit")
    assert first == {"image_id": 1, "conversations": line(1)["conversations"]}
    assert second["conversations"] == line("x", "conversation", "a?", "b", "c?", "d")["conversations"]
    llava = records("llava-1.5", padded=False)
    assert llava[1] == {
        "id": "x-conversation",
        "image_id": "x",
        "image": "pictures/x.jpg",
        "width": 400,
        "height": 200,
        "conversations": [
            {"from": "human", "value": "<image>\na?"},
            {"from": "gpt", "value": "b"},
            {"from": "human", "value": "c?"},
            {"from": "gpt", "value": "d"},
        ],
    }
    assert llava[0]["conversations"][1]["value"] == f"The {MEN} do."
    padded = records("llava-1.5")[0]["conversations"][1]["value"]
    assert padded == "The <st>men<ed> [0.1, 0.35, 0.5, 0.7], [0.25, 0.25, 0.75, 0.75] do."


@pytest.mark.parametrize("name", NAMES)
def test_every_format_takes_every_sample_and_says_what_it_does(name: str, tmp_path: Path) -> None:
    talk = ("Where is it?", f"By the <st>man<ed> {ONE}.")
    lines = [line(1, "referring", *talk), line("é.1", "detail_description", "Describe it.", "A scene.")]
    file = written(tmp_path / "a.jsonl", lines)
    found = format_named(name)
    assert found.name == name
    assert found.box_words()
    assert found.marks
    export = Export(SampleReader([file]), Choice(), found, found.style())
    made = len(list(export.rows(export.reading.items(), "train")))
    assert made + export.passed.total() == 2
    assert made


def svit(folder: Path, *words: str | Path, code: int = 0) -> tuple[str, str]:
    done = subprocess.run([sys.executable, "-m", "svit", *map(str, words)], cwd=folder, capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run svit within this process, in the test's folder; gives what was said."""
    monkeypatch.chdir(tmp_path)

    def said(*words: str | Path, code: int = 0) -> str:
        monkeypatch.setattr(sys, "argv", ["svit", *map(str, words)])
        done = CliRunner().invoke(app, list(map(str, words)))
        assert done.exit_code == code, done.output
        return done.output

    return said


@pytest.fixture(scope="module")
def offline_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of all tasks over the bundled sample."""
    folder = tmp_path_factory.mktemp("offline")
    svit(folder, "generate", "--task", "all", "--run", "r", "--quiet")
    return folder / "r"


def test_an_export_is_the_same_file_again_and_replaces_none(tmp_path: Path, offline_run: Path) -> None:
    words = ("export", offline_run, "--format", "llava-1.5", "--shuffle", "--split", "train=0.5,test=0.5")
    _, said = svit(tmp_path, *words, "-o", "one")
    svit(tmp_path, *words, "-o", "two")
    assert sorted(file.name for file in (tmp_path / "one").iterdir()) == ["README.md", "test.json", "train.json"]
    for name in ("test.json", "train.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
        json.loads((tmp_path / "one" / name).read_text())
    assert f"{Path('one') / 'train.json'}:" in said
    _, refused = svit(tmp_path, *words, "-o", "one", code=2)
    assert "is there already" in refused


def test_stdout_holds_records_only_and_a_closed_pipe_ends_quietly(tmp_path: Path) -> None:
    lines = [line(n) for n in range(3000)]
    written(tmp_path / "a.jsonl", [*lines, line(1, width=0)])
    out, said = svit(tmp_path, "export", "a.jsonl", "-f", "llava-next", "-o", "-")
    assert [json.loads(each)["id"] for each in out.splitlines()] == [f"{n}-referring" for n in range(3000)]
    assert "no_image_size  1" in said
    command = f"{sys.executable} -m svit export a.jsonl -f llava-next -o - | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.splitlines()[1:] == ["0"]
    assert done.stderr == ""


def test_a_format_of_lines_is_one_list_where_the_file_is_named_so(tmp_path: Path, here: Callable[..., str]) -> None:
    written(tmp_path / "a.jsonl", [line(1), line(2)])
    for name in ("llava-next", "ms-swift", "llama-factory", "internvl"):
        here("export", "a.jsonl", "-f", name, "-o", f"{name}.json")
        here("export", "a.jsonl", "-f", name, "-o", f"{name}.jsonl")
        lines = [json.loads(each) for each in (tmp_path / f"{name}.jsonl").read_text().splitlines()]
        assert json.loads((tmp_path / f"{name}.json").read_text()) == lines


def test_nothing_asks_for_boxes_that_a_style_does_not_have(tmp_path: Path, here: Callable[..., str]) -> None:
    written(tmp_path / "a.jsonl", [line(1)])
    here("export", "a.jsonl", "-f", "llava-next", "--boxes", "none", "-o", "x.jsonl")
    [question, answer] = json.loads((tmp_path / "x.jsonl").read_text())["conversations"]
    assert (question["value"], answer["value"]) == ("<image>\nWho sits near man?", "The men do.")


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_split_is_written_and_named_nowhere(tmp_path: Path, here: Callable[..., str], name: str) -> None:
    talk = ("Where is it?", f"By the <st>man<ed> {ONE}.")
    written(tmp_path / "a.jsonl", [line(1, "referring", *talk), line(2, "referring", *talk)])
    here("export", "a.jsonl", "-f", name, "-o", "out", "--split", "train=0.999,test=0.001")
    names = [file.name for file in (tmp_path / "out").iterdir()]
    assert any(each.startswith("train") for each in names)
    assert not any(each.startswith("test") for each in names)
    for file in (tmp_path / "out").iterdir():
        if file.suffix in (".md", ".json", ".yaml"):
            assert "test." not in file.read_text()


@pytest.mark.parametrize("name", NAMES)
def test_the_card_ends_its_account_with_the_command_that_starts_a_training(
    tmp_path: Path, here: Callable[..., str], name: str
) -> None:
    talk = ("Where is it?", f"By the <st>man<ed> {ONE}.")
    written(tmp_path / "a.jsonl", [line(1, "referring", *talk), line(2, "referring", *talk)])
    here("export", "a.jsonl", "-f", name, "-o", "out", "--name", "my data")
    card = (tmp_path / "out" / "README.md").read_text()
    start = card[card.index("## Start on it") : card.index("## How it was made")]
    assert "$DATA" in start
    assert format_named(name).recipe
    assert not re.search(r"TRAIN|NAME|SPLIT|_PIXELS|(?<!')my data", start)
    for option in ("--data_path", "--meta_path"):
        for named in re.findall(rf"{option} \$DATA/(\S+)", start):
            assert (tmp_path / "out" / named).is_file()
    assert str(tmp_path) not in card


def test_tables_without_pictures_say_so(tmp_path: Path, here: Callable[..., str]) -> None:
    written(tmp_path / "a.jsonl", [line(1)])
    for name in ("hf", "trl", "trl-completion"):
        assert "No row has a picture to open" in here("export", "a.jsonl", "-f", name, "-o", name)
        assert "No row has a picture to open" in (tmp_path / name / "README.md").read_text()


def test_splits_and_their_limits_are_the_same_as_if_each_was_read_alone() -> None:
    for more in ({}, {"shuffled": True}, {"limit": 3}, {"merged": True, "max_turns": 1}):
        choice = Choice(splits_of("a=0.2,b=0.5,c=0.3"), **more)
        at_once = {split: list(found) for split, found in choice.by_split(items(60, ("referring", "conversation")))}
        assert set(at_once) == {"a", "b", "c"}
        for split, found in at_once.items():
            assert found == list(choice.of(items(60, ("referring", "conversation")), split))
            assert len(found) == 3 or "limit" not in more


def test_packed_files_hold_the_same(tmp_path: Path, offline_run: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    svit(tmp_path, "export", offline_run, "-f", "qwen3-vl", "-o", "plain.jsonl")
    svit(tmp_path, "export", offline_run, "-f", "qwen3-vl", "-o", "folder", "--zstd")
    packed = (tmp_path / "folder" / "train.jsonl.zst").read_bytes()
    assert zstandard.ZstdDecompressor().decompressobj().decompress(packed) == (tmp_path / "plain.jsonl").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_every_format_writes_a_folder_with_a_card_true_to_it(
    tmp_path: Path, offline_run: Path, here: Callable[..., str], name: str
) -> None:
    here("export", offline_run, "-f", name, "-o", "out", "--split", "train=0.7,test=0.3", "--max-turns", "4")
    files = [file for file in (tmp_path / "out").rglob("*") if file.is_file()]
    assert all(file.stat().st_size for file in files)
    told = (tmp_path / "out" / "README.md").read_text()
    assert "| all | " in told
    assert "svit export r -f " in told, "where the run lies on this machine is nobody's business"
    numbers = [int(cell) for cell in re.findall(r"^\| all \|(.*)\|$", told, re.MULTILINE)[0].split("|")]
    assert (numbers[0] + numbers[2], min(numbers) > 0) == (32, True)
    cut = ("--max-turns", "2", "--limit", "3", "--tasks", "referring")
    here("export", offline_run, "-f", name, "-o", "cut", *cut)
    assert "| all | 1 | 6 |" in (tmp_path / "cut" / "README.md").read_text(), "three records of two pairs"


@pytest.mark.parametrize("name", ["hf", "trl", "webdataset"])
def test_pictures_are_found_whatever_the_layout_and_what_has_none_is_left_out(
    tmp_path: Path, offline_run: Path, name: str
) -> None:
    shutil.copytree(SAMPLE / "images", tmp_path / "pictures" / "images")
    (tmp_path / "pictures" / "images" / "astronaut.jpg").unlink()
    words = ("-o", "out", "--images", "pictures", "--image-layout", "flat", "--tasks", "referring")
    _, said = svit(tmp_path, "export", offline_run, "-f", name, *words)
    assert "7 records" in said
    assert "no_picture  1" in said
    assert "| all | 7 | 70 |" in (tmp_path / "out" / "README.md").read_text()
    size = sum(file.stat().st_size for file in (tmp_path / "out").iterdir())
    assert size > sum(file.stat().st_size for file in (tmp_path / "pictures" / "images").iterdir())


def test_what_does_not_go_together_is_said_before_anything_is_written(tmp_path: Path, here: Callable[..., str]) -> None:
    written(tmp_path / "a.jsonl", [line(1)])
    for words, sentence in (
        (("-f", "hf", "-o", "-"), "no format for a pipe"),
        (("-f", "hf", "-o", "x.jsonl"), "makes a .parquet file"),
        (("-f", "llava-1.5", "-o", "x.jsonl"), "makes a .json file"),
        (("-f", "webdataset", "-o", "x.json"), "a folder of files"),
        (("-f", "hf", "-o", "x", "--zstd"), "--zstd"),
        (("-f", "internvl", "-o", "x", "--zstd"), "--zstd"),
        (("-f", "llava-next", "-o", "x", "--zstd"), "--zstd"),
        (("-f", "llama-factory", "-o", "x", "--zstd"), "--zstd"),
        (("-f", "llava-1.5", "-o", "x", "--images", "."), "do not hold them"),
        (("-f", "llava-1.5", "-o", "x", "--tasks", "nonsense"), "nonsense"),
        (("-f", "llava-1.5", "-o", "x", "--box-frame", "padded"), "--box-frame"),
        (("-f", "svit", "-o", "x.json", "--push-to-hub", "me/it"), "a data set is a folder"),
        (("-f", "svit", "-o", "x.json", "--zstd"), "--zstd packs the files of a folder"),
        (("-f", "svit", "-o", "-", "--zstd"), "--zstd packs the files of a folder"),
        (("-f", "hf", "-o", "x.parquet.zst"), "no file that is packed"),
    ):
        assert sentence in here("export", "a.jsonl", *words, code=2)
    assert [file.name for file in tmp_path.iterdir()] == ["a.jsonl"]


@pytest.mark.parametrize("name", ["svit", "llava-1.5"])
def test_what_is_exported_and_imported_again_is_what_it_was(tmp_path: Path, offline_run: Path, name: str) -> None:
    frame = ("--box-frame", "image")
    svit(tmp_path, "export", offline_run, "-f", name, "-o", "there.json", "--tasks", "referring", *frame)
    svit(tmp_path, "import", "there.json", "--format", name, "-o", "back.jsonl", *frame)
    before = [json.loads(each) for each in (offline_run / "referring" / "00000.jsonl").read_text().splitlines()]
    after = [json.loads(each) for each in (tmp_path / "back.jsonl").read_text().splitlines()]
    for one, other in zip(before, after, strict=True):
        assert one["image_id"] == other["image_id"]
        turns = [[turn for block in line["conversations"] for turn in block["content"]] for line in (one, other)]
        assert turns[0] == turns[1]


@pytest.mark.parametrize("order", [(), ("--shuffle",), ("--limit", "31")])
def test_ms_swift_meets_a_record_with_boxes_first(tmp_path: Path, order: tuple[str, ...]) -> None:
    plain = [line(n, "detail_description", "Describe it.", "A scene.") for n in range(30)]
    written(tmp_path / "a.jsonl", [*plain, line(30), line(31)])
    svit(tmp_path, "export", "a.jsonl", "-f", "ms-swift", "-o", "x.jsonl", *order)
    records = [json.loads(each) for each in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert records[0]["objects"]["bbox"]
    ids = [record["id"] for record in records]
    assert len(set(ids)) == len(ids) == (31 if "--limit" in order else 32)
    written(tmp_path / "b.jsonl", [line(1, "referring", "Where?", "There."), line(1), line(2), line(1)])
    svit(tmp_path, "export", "b.jsonl", "-f", "ms-swift", "-o", "y.jsonl", *order)
    said = (tmp_path / "y.jsonl").read_text()
    assert (said.count('"1-referring"'), said.count("There.")) == (3, 1), "samples of one name are all there, once"


def test_several_splits_need_a_folder(tmp_path: Path) -> None:
    a_run(tmp_path / "r")
    _, said = svit(tmp_path, "export", "r", "-f", "svit", "-o", "-", "--split", "a=0.5,b=0.5", code=2)
    assert "need a folder" in said


def test_a_line_of_ours_is_an_item(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", [line(1)])
    [found] = sample_lines(path)
    assert isinstance(found, SampleLine)
    assert isinstance(item_of(path.read_bytes()), Item)


def test_the_readme_says_what_each_format_does() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    for name in NAMES:
        found = format_named(name)
        cells = (f"`{name}`", found.summary, found.box_words(), found.marks)
        assert " | ".join(cell.replace("|", "\\|") for cell in cells) in readme
