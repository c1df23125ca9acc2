"""The command that a card ends with: what the trainers' own command lines and loaders take, restated here."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from exports.cards import section
from exports.test_exporting import line, written
from svit.cli import app
from svit.exports.base import ExportedFile
from svit.exports.formats import NAMES, format_named
from svit.exports.formats.llama_factory import DATASETS, dataset_info
from svit.image_files.image_frames import Resize

Here = Callable[..., str]


def started(folder: Path) -> str:
    """Return the command of a folder's card."""
    return section((folder / "README.md").read_text(), "Start on it").split("```")[1]


def option(command: str, name: str) -> str:
    """Return what an option of the command says, as a shell hands it on."""
    words = shlex.split(command.replace("\\\n", " "), comments=True)
    return words[words.index(name) + 1]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Here:
    """Run svit within this process, in the test's folder; gives what was said."""
    monkeypatch.chdir(tmp_path)

    def said(*words: str) -> str:
        monkeypatch.setattr("sys.argv", ["svit", *words])
        done = CliRunner().invoke(app, list(words))
        assert done.exit_code == 0, done.output
        return done.output

    return said


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Thirty lines of samples, so that each split has some."""
    written(tmp_path / "a.jsonl", [line(number) for number in range(30)])
    return tmp_path


@pytest.mark.parametrize(
    ("name", "split"), [("svit", "train"), ("a, b's data", "train"), ("mine", "a=0.5,b=0.4,test=0.1")]
)
def test_llama_factory_is_started_on_the_names_that_were_written(
    lines: Path, here: Here, name: str, split: str
) -> None:
    here("export", "a.jsonl", "-f", "llama-factory", "-o", "out", "--name", name, "--split", split)
    known = json.loads((lines / "out" / DATASETS).read_text())
    names = [each.strip() for each in option(started(lines / "out"), "--dataset").split(",")]  # its split_arg
    assert set(names) <= set(known)
    assert [known[each]["file_name"] for each in names] == (
        ["train.jsonl"] if split == "train" else ["a.jsonl", "b.jsonl"]
    )


def test_names_of_llama_factory_have_no_comma_as_it_parts_names_by_them() -> None:
    style = format_named("llama-factory").style(dataset="a,b")
    info = dataset_info([ExportedFile("train.jsonl", "train", 1), ExportedFile("test.jsonl", "test", 1)], style)
    assert list(info[DATASETS]) == ["a_b", "a_b_test"]  # type: ignore[call-overload]


@pytest.mark.parametrize("name", NAMES)
def test_options_that_want_a_number_have_one(name: str) -> None:
    """An argument parser of Hugging Face's makes `int("None")` of None, which ends TRL's command with exit 2."""
    command = format_named(name).start.replace("\\\n", " ")
    assert not re.search(r"--\S+ (None|null)\b", command)


def test_trl_cuts_no_record_off(lines: Path, here: Here) -> None:
    here("export", "a.jsonl", "-f", "trl", "-o", "out")
    command = started(lines / "out")
    [content] = re.findall(rf'echo "(.*)" > {option(command, "--config")}', command)
    assert yaml.safe_load(content) == {"max_length": None}


def test_internvl_is_told_that_there_is_no_slurm() -> None:
    """Its launcher is `os.environ.get('LAUNCHER', 'slurm')`."""
    assert "\nLAUNCHER=pytorch torchrun " in format_named("internvl").start


def test_an_evaluator_of_grounding_is_given_a_name_and_a_path(lines: Path, here: Here) -> None:
    """InternVL's and Qwen-VL's `ds_collections` map a name to the path of its lines."""
    written(lines / "b.jsonl", [line(1, "referring", "Where is the dog?", "<st>dog<ed> [0.1, 0.2, 0.3, 0.4].")])
    here("export", "b.jsonl", "-f", "refcoco", "-o", "out", "--split", "first=1")
    command = started(lines / "out")
    [(name, path)] = re.findall(r"# '([^']+)': '\$DATA/([^']+)'", command)
    assert option(command, "--datasets") == name
    assert "--dynamic" in shlex.split(command, comments=True), "as the README of InternVL's eval/refcoco has it"
    assert (lines / "out" / path).is_file()


def test_ms_swift_is_given_no_option_that_one_of_its_versions_lacks() -> None:
    """Version 4 ends at `--train_type`, which it calls `--tuner_type`; lora is the default of both 3 and 4."""
    assert not re.search("--(train|tuner)_type", format_named("ms-swift").start)


@pytest.mark.parametrize("name", ["hf", "trl", "trl-completion"])
def test_a_table_is_opened_by_the_split_that_it_has(lines: Path, here: Here, name: str) -> None:
    here("export", "a.jsonl", "-f", name, "-o", "out", "--split", "first=0.8,test=0.2")
    assert re.search(r"\['first'\]|--dataset_train_split first\b", started(lines / "out"))


@pytest.mark.parametrize("name", ["llava-1.5", "qwen3-vl"])
def test_packed_files_are_unpacked_first_as_no_trainer_does_it(lines: Path, here: Here, name: str) -> None:
    pytest.importorskip("zstandard")
    here("export", "a.jsonl", "-f", name, "-o", "out", "--zstd")
    [packed] = [file.name for file in (lines / "out").iterdir() if file.suffix == ".zst"]
    unpacking, command = started(lines / "out").strip().split("\n", 1)
    assert unpacking == f"zstd -d $DATA/{packed}"
    assert packed not in command
    assert packed.removesuffix(".zst") in command


# --- what the boxes fit ---


def test_pixels_that_are_chosen_are_those_that_llama_factory_is_started_with(lines: Path, here: Here) -> None:
    chosen = ("--boxes", "qwen2.5-vl", "--max-pixels", "50000", "--min-pixels", "4000")
    here("export", "a.jsonl", "-f", "llama-factory", "-o", "out", *chosen)
    command = started(lines / "out")
    assert (option(command, "--image_min_pixels"), option(command, "--image_max_pixels")) == ("4000", "50000")
    shown = Resize(3136, 12_845_056, before=(4000, 50_000)).of(400, 200)
    assert shown == (308, 168)  # 316 x 158, then multiples of 28
    answer = json.loads((lines / "out" / "train.jsonl").read_text().splitlines()[0])["conversations"][1]["value"]
    assert '"bbox_2d": [31, 34, 154, 151]' in answer  # [0.1, 0.2, 0.5, 0.9]


def test_llama_factory_is_started_with_its_own_pixels_where_none_are_chosen(lines: Path, here: Here) -> None:
    here("export", "a.jsonl", "-f", "llama-factory", "-o", "out", "--boxes", "qwen2.5-vl")
    command = started(lines / "out")
    assert (option(command, "--image_min_pixels"), option(command, "--image_max_pixels")) == ("1024", "589824")
    card = (lines / "out" / "README.md").read_text()
    assert "scaled to 1,024 to 589,824 pixels, then to 3,136 to 12,845,056 pixels" in card


@pytest.mark.parametrize("name", NAMES)
def test_the_manual_has_a_row_for_what_each_default_fits(name: str) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "exports.md").read_text()
    assert f"| `{name}` | {format_named(name).recipe} |" in section(manual, "What the defaults fit")


@pytest.mark.parametrize(
    ("name", "chosen", "fits"),
    [
        ("llava-1.5", (), True),
        ("llava-1.5", ("--box-frame", "padded-square"), True),
        ("llava-1.5", ("--boxes", "qwen3-vl"), True),
        ("llava-1.5", ("--box-frame", "image"), False),
        ("llava-next", ("--box-frame", "padded-square"), False),
        ("qwen2.5-vl", (), True),
        ("qwen2.5-vl", ("--max-pixels", "451584"), False),
        ("llama-factory", ("--boxes", "qwen2.5-vl"), True),
        ("llama-factory", ("--boxes", "qwen2.5-vl", "--max-pixels", "50000"), False),
    ],
)
def test_the_card_says_so_where_boxes_are_not_those_of_the_scripts(
    lines: Path, here: Here, name: str, chosen: tuple[str, ...], fits: bool
) -> None:
    here("export", "a.jsonl", "-f", name, "-o", "out", *chosen)
    said = section((lines / "out" / "README.md").read_text(), "Start on it")
    assert said.startswith("\nThe boxes fit ") == fits
    assert ("The boxes were asked for otherwise than the default" in said) != fits
