"""Records of chats by role, word for word, and the rules that their readers have for them."""

import base64
import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from exports.made import item, png, rows
from svit.cli import app
from svit.datasets.record_forms import read
from svit.exports.container_files import write
from svit.exports.exporter import Export
from svit.exports.formats.gemini import FORMAT as GEMINI
from svit.exports.formats.minicpm_v import FORMAT as MINICPM_V
from svit.exports.formats.openai_chat import FORMAT as OPENAI
from svit.exports.record_pictures import FolderOfPictures
from svit.exports.samples import SampleReader
from svit.exports.selection import Choice

SAMPLE = Path(__file__).parents[2] / "data" / "sample"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chats") / "run"
    svit("generate", "--task", "all", "--run", folder, "-q")
    return folder


def svit(*words: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [*map(str, words)])
    assert done.exit_code == code, done.output
    return done.output


# --- MiniCPM-V ---


def test_a_record_of_minicpm_v_word_for_word() -> None:
    assert MINICPM_V.record(item(), MINICPM_V.style()) == {
        "id": "2-referring",
        "image": "vg/VG_100K/2.jpg",
        "width": 800,
        "height": 600,
        "conversations": [
            {"role": "user", "content": "<image>\nWhere is the <ref>dog</ref><box>100 200 350 400</box>?"},
            {
                "role": "assistant",
                "content": "Behind <ref>both men</ref><box>100 200 350 400</box><box>500 500 1000 1000</box>.",
            },
            {"role": "user", "content": "What does it do?"},
            {"role": "assistant", "content": "It sleeps."},
        ],
    }


def read_as_openbmb(entry: Any, opened: Callable[[str], None]) -> None:
    """Restate what `SupervisedDataset` and `preprocess` demand of an entry of the list."""
    assert isinstance(entry["image"], str), "a dict would be several pictures, named <image_00>, <image_01>"
    opened(entry["image"])
    turns = entry["conversations"]
    assert len(turns) > 1
    assert turns[0]["role"] == "user"
    assert {turn["role"] for turn in turns} == {"user", "assistant"}
    assert sum(turn["content"].count("<image>") for turn in turns) == turns[0]["content"].count("<image>") == 1


@pytest.mark.parametrize("more", [(), ("--merge-per-image", "--boxes", "none")], ids=str)
def test_minicpm_v_can_read_every_entry_of_the_list(more: tuple[str, ...], run: Path, tmp_path: Path) -> None:
    svit("export", run, "-f", "minicpm-v", "-o", tmp_path / "x.json", "--image-root", "/pictures", *more)
    entries = json.loads((tmp_path / "x.json").read_text())
    images: list[str] = []
    for entry in entries:
        read_as_openbmb(entry, images.append)
    assert len(entries) == (8 if more else 32)
    assert all(image.startswith("/pictures/images/") for image in images)


# --- OpenAI, Together, Fireworks ---

DOG = '{"bbox_2d": [100, 200, 350, 400], "label": "dog"}'
MEN = (
    '[{"bbox_2d": [100, 200, 350, 400], "label": "both men"}, {"bbox_2d": [500, 500, 1000, 1000], "label": "both men"}]'
)


def text(said: str) -> dict[str, str]:
    return {"type": "text", "text": said}


def of_openai(address: str) -> dict[str, Any]:
    return {
        "messages": [
            {
                "role": "user",
                "content": [{"type": "image_url", "image_url": {"url": address}}, text(f"Where is the {DOG}?")],
            },
            {"role": "assistant", "content": [text(f"Behind {MEN}.")]},
            {"role": "user", "content": [text("What does it do?")]},
            {"role": "assistant", "content": [text("It sleeps.")]},
        ]
    }


def test_a_record_of_openai_word_for_word() -> None:
    assert OPENAI.record(item(), OPENAI.style()) == of_openai("vg/VG_100K/2.jpg")


def test_a_record_of_openai_holds_its_picture_byte_for_byte() -> None:
    body = png(3, 2)
    assert OPENAI.embedding
    record = OPENAI.record(item(), OPENAI.style())
    held = OPENAI.embedding.put(record, body)
    assert held == of_openai("data:image/png;base64," + base64.b64encode(body).decode())
    assert record == of_openai("vg/VG_100K/2.jpg"), "it is another record"


def read_as_together(record: Any, *, held: bool = True) -> bytes:
    """Restate what Together's own check of a file demands of a line, and OpenAI's and Fireworks' pages of its turns."""
    assert list(record) == ["messages"], "any other key is an extra column"
    turns = record["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant"] * (len(turns) // 2)
    assert all(list(turn) == ["role", "content"] and isinstance(turn["content"], list) for turn in turns), "all or none"
    parts = [part for turn in turns for part in turn["content"]]
    assert [part["type"] for part in parts] == ["image_url", *["text"] * len(turns)]
    address: str = parts[0]["image_url"]["url"]
    assert len(address) <= len("data:image/jpeg;base64,") + 4 * 10 * 2**20 // 3
    if not held:
        return address.encode()
    head, _, body = address.partition(";base64,")
    assert head in ("data:image/jpeg", "data:image/png", "data:image/webp")
    return base64.b64decode(body, validate=True)


@pytest.mark.parametrize("to", ["file", "folder", "pipe"])
def test_together_and_fireworks_can_read_every_line(to: str, run: Path, tmp_path: Path) -> None:
    out = {"file": str(tmp_path / "x.jsonl"), "folder": str(tmp_path / "out"), "pipe": "-"}[to]
    words = ("export", run, "-f", "openai", "-o", out, "--images", SAMPLE, "--merge-per-image", "-q")
    said = svit(*words)
    written = said if to == "pipe" else (tmp_path / {"file": "x.jsonl", "folder": "out/train.jsonl"}[to]).read_text()
    found = {read_as_together(json.loads(line)) for line in written.splitlines()}
    assert found == {path.read_bytes() for path in (SAMPLE / "images").iterdir()}


def test_without_the_pictures_it_is_said_who_can_open_what(run: Path, tmp_path: Path) -> None:
    words = ("export", run, "-f", "openai", "--limit", "2", "-o")
    assert "none of these services can open: --images DIR" in svit(*words, tmp_path / "a.jsonl")
    root = ("--image-root", "https://pictures.example/a/")
    assert "which OpenAI fetches; Together and Fireworks want --images" in svit(*words, tmp_path / "b.jsonl", *root)
    [line, _] = (tmp_path / "b.jsonl").read_text().splitlines()
    assert read_as_together(json.loads(line), held=False).startswith(b"https://pictures.example/a/images/")
    assert "DIR" not in svit(*words, tmp_path / "c.jsonl", "--images", SAMPLE)


def test_a_picture_that_no_service_takes_is_left_out_and_why(run: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "images"
    pictures.mkdir()
    names = sorted(path.name for path in (SAMPLE / "images").iterdir())
    for name in names:
        (pictures / name).write_bytes((SAMPLE / "images" / name).read_bytes())
    (pictures / names[0]).write_bytes(b"GIF89a;")
    with (pictures / names[1]).open("ab") as file:
        file.write(b"\0" * 10_000_000)
    words = ("export", run, "-f", "openai", "--task", "conversation", "--images", pictures)
    said = svit(*words, "-o", tmp_path / "x.jsonl")
    assert "picture_too_large  1" in said
    assert f"picture_too_large, the first: images/{names[1]}" in said
    assert "6 records" in said


def test_the_card_says_so_too(run: Path, tmp_path: Path) -> None:
    words = ("export", run, "-f", "openai", "--limit", "2", "-q", "-o")
    for out, more, is_said in (("a", (), True), ("b", ("--images", SAMPLE), False)):
        svit(*words, tmp_path / out, *more)
        assert ("none of these services can open" in (tmp_path / out / "README.md").read_text()) == is_said


def test_a_smaller_copy_goes_out_but_where_boxes_are_pixels_of_what_is_shown(run: Path, tmp_path: Path) -> None:
    pillow = pytest.importorskip("PIL.Image")
    (tmp_path / "images").mkdir()
    for path in (SAMPLE / "images").iterdir():
        with pillow.open(path) as picture:
            picture.resize((picture.width // 2, picture.height // 2)).save(tmp_path / "images" / path.name)
    words = ("export", run, "-f", "openai", "--task", "referring", "--images", tmp_path, "-o")
    svit(*words, tmp_path / "a.jsonl")
    assert len((tmp_path / "a.jsonl").read_text().splitlines()) == 8, "shares fit a copy of the same shape"
    said = svit(*words, tmp_path / "b.jsonl", "--boxes", "qwen2.5-vl")
    assert "picture_size_differs  8" in said


def test_one_picture_at_a_time_is_in_memory(tmp_path: Path) -> None:
    body = png(64, 64) + b"\0" * 500_000
    tracemalloc.start()
    written = write(tmp_path / "x.jsonl", rows(OPENAI, 60), OPENAI, lambda _: body, "train")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    size = (tmp_path / "x.jsonl").stat().st_size
    assert (written[0].records, size > 40_000_000) == (60, True)
    assert most < size / 3


def test_formats_without_a_place_for_a_picture_refuse_them(run: Path, tmp_path: Path) -> None:
    said = svit("export", run, "-f", "minicpm-v", "-o", tmp_path / "x", "--images", SAMPLE, code=2)
    assert "name their pictures and do not hold them" in said


def test_a_gif_is_for_no_record_that_takes_none(tmp_path: Path) -> None:
    pillow = pytest.importorskip("PIL.Image")
    for name, kind in (("2.gif", "GIF"), ("3.gif", "PNG")):
        pillow.new("RGB", (800, 600)).save(tmp_path / name, kind)
    pictures = FolderOfPictures(tmp_path, embedding=OPENAI.embedding)
    found = [pictures(item(n)._replace(image=f"{n}.gif")) for n in (2, 3)]
    assert found[0] == "picture_other_kind"
    assert isinstance(found[1], bytes)


def test_svit_check_knows_the_picture_by_its_address() -> None:
    for address in ("images/a.jpg", "https://pictures.example/a.jpg"):
        assert read(json.dumps(of_openai(address)).encode()).image == address
    assert read(json.dumps(of_openai("data:image/png;base64,AAAA")).encode()).image == ""


# --- Gemini ---


def of_gemini(address: str, kind: str = "image/jpeg") -> dict[str, Any]:
    dog = '{"box_2d": [200, 100, 400, 350], "label": "dog"}'
    men = f'[{dog.replace("dog", "both men")}, {{"box_2d": [500, 500, 1000, 1000], "label": "both men"}}]'
    picture = {"fileData": {"mimeType": kind, "fileUri": address}}
    return {
        "contents": [
            {"role": "user", "parts": [picture, {"text": f"Where is the {dog}?"}]},
            {"role": "model", "parts": [{"text": f"Behind {men}."}]},
            {"role": "user", "parts": [{"text": "What does it do?"}]},
            {"role": "model", "parts": [{"text": "It sleeps."}]},
        ]
    }


@pytest.mark.parametrize(
    ("image", "kind"), [("a/2.jpg", "jpeg"), ("2.JPEG", "jpeg"), ("2.PNG", "png"), ("2.webp", "webp"), ("2", "jpeg")]
)
def test_a_record_of_gemini_word_for_word(image: str, kind: str) -> None:
    one = item()._replace(image=f"gs://bucket/{image}")
    assert GEMINI.record(one, GEMINI.style()) == of_gemini(f"gs://bucket/{image}", f"image/{kind}")


def read_as_vertex(record: Any) -> str:
    """Restate what Google's pages demand of a line: keys, roles that take turns, parts of text and one file."""
    assert list(record) == ["contents"]
    turns = record["contents"]
    assert [turn["role"] for turn in turns] == ["user", "model"] * (len(turns) // 2)
    assert all(list(turn) == ["role", "parts"] for turn in turns)
    picture, *others = [part for turn in turns for part in turn["parts"]]
    assert all(list(part) == ["text"] and part["text"] for part in others)
    assert list(picture) == ["fileData"]
    assert list(picture["fileData"]) == ["mimeType", "fileUri"]
    address: str = picture["fileData"]["fileUri"]
    return address


@pytest.mark.parametrize("root", ["gs://bucket/svit", "gs://bucket/svit/", "https://pictures.example"])
def test_vertex_can_open_each_picture_below_its_bucket(root: str, run: Path, tmp_path: Path) -> None:
    said = svit("export", run, "-f", "gemini", "-o", tmp_path / "x.jsonl", "--image-root", root)
    found = {read_as_vertex(json.loads(line)) for line in (tmp_path / "x.jsonl").read_text().splitlines()}
    assert found == {f"{root.rstrip('/')}/images/{path.name}" for path in (SAMPLE / "images").iterdir()}
    assert "by address alone" not in said


@pytest.mark.parametrize(
    ("root", "address"),
    [
        ("gs://bucket/a", "gs://bucket/a/vg/two men.jpg"),
        ("https://a.example/", "https://a.example/vg/two%20men.jpg"),
        ("/data", "/data/vg/two men.jpg"),
    ],
)
def test_an_address_of_the_web_is_written_as_one(root: str, address: str) -> None:
    export = Export(SampleReader([]), Choice(), GEMINI, root=root)
    [(_, record)] = export.rows([item()._replace(image="vg/two men.jpg")], "train")
    assert record["contents"][0]["parts"][0]["fileData"]["fileUri"] == address  # type: ignore[index]


def test_it_is_said_that_vertex_opens_no_paths(run: Path, tmp_path: Path) -> None:
    said = svit("export", run, "-f", "gemini", "-o", tmp_path / "x.jsonl")
    assert "Vertex opens pictures by address alone: say where they lie by --image-root gs://BUCKET/FOLDER." in said


def test_svit_check_reads_geminis_chat_and_its_boxes() -> None:
    found = read(json.dumps(of_gemini("gs://bucket/a.jpg")).encode())
    assert (found.image, found.form) == ("gs://bucket/a.jpg", "chat")
    [dialogue] = found.boxes.dialogues
    assert dialogue.turns[0].question == "Where is the <st>dog<ed> [100, 200, 350, 400]?"
    assert dialogue.turns[0].answer == "Behind <st>both men<ed> [100, 200, 350, 400], [500, 500, 1000, 1000]."
    assert found.boxes.scales == ((1000.0, 1000.0),)


@pytest.mark.parametrize("name", ["openai", "gemini", "minicpm-v"])
def test_a_repair_keeps_the_form_and_the_picture(name: str, run: Path, tmp_path: Path) -> None:
    svit("export", run, "-f", name, "-o", tmp_path / "x.json", "--task", "conversation", "-q")
    before = json.loads((tmp_path / "x.json").read_text())
    marked = json.loads(json.dumps(before[0]))
    turns = marked.get("contents") or marked.get("messages") or marked["conversations"]
    said = turns[1].get("parts") or turns[1]["content"]
    if isinstance(said, str):
        turns[1]["content"] = f"**{said}**"
    else:
        said[0]["text"] = f"**{said[0]['text']}**"
    (tmp_path / "marked.jsonl").write_text("\n".join(map(json.dumps, [marked, *before[1:]])))
    svit("check", tmp_path / "marked.jsonl", "--fix", tmp_path / "fixed.jsonl")
    assert list(map(json.loads, (tmp_path / "fixed.jsonl").read_text().splitlines())) == before


def test_it_is_said_that_internvls_meta_file_names_no_folder_of_pictures(run: Path, tmp_path: Path) -> None:
    said = svit("export", run, "-f", "internvl", "-o", tmp_path / "a")
    assert "give --image-root, their folder." in said
    assert "give --image-root, their folder." in (tmp_path / "a" / "README.md").read_text()
    assert "their folder" not in svit(
        "export", run, "-f", "internvl", "-o", tmp_path / "b", "--image-root", "/pictures"
    )
