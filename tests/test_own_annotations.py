"""`svit contexts build` with people's own files: what is said, what is left out, and how it ends."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from svit.contexts.store import ContextStore

SVIT = [sys.executable, "-m", "svit"]

RECORD = {"image_id": 1, "image": "a.jpg", "width": 100, "height": 50, "captions": ["A dog on a mat."]}
DOG = {"id": 1, "name": "dog", "box": [0.1, 0.2, 0.5, 0.6]}
PIXELS = {"id": 1, "name": "dog", "box": [10, 10, 40, 20]}


def svit(*words: str | Path, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*SVIT, *map(str, words)], cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == code, f"exit {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    assert "Traceback" not in done.stderr
    return done


def lines(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_one_odd_record_among_thirty_is_left_out_and_told(tmp_path: Path) -> None:
    good = [{**RECORD, "image_id": n, "objects": [DOG]} for n in range(30)]
    lines(tmp_path / "own.jsonl", *good, {**RECORD, "image_id": 30, "objects": [{**DOG, "box": None}], "extra": 1})
    done = svit("contexts", "build", "--jsonl", "own.jsonl", "-o", "own.contexts", cwd=tmp_path)
    assert "contexts of 31 images" in done.stderr
    assert "object_box_missing  1  own.jsonl: line 31, objects[0]" in done.stderr
    assert "unknown_key_extra   1  own.jsonl: line 31" in done.stderr
    assert "Warning" not in done.stderr
    told = svit("contexts", "stats", "own.contexts", "-j", cwd=tmp_path).stdout
    assert json.loads(told)["lost"] == {"object": 1}

    stopped = svit("contexts", "build", "--jsonl", "own.jsonl", "--strict", "-o", "no.contexts", cwd=tmp_path, code=2)
    assert stopped.stderr == "svit: own.jsonl: line 31: unknown key 'extra'. Correct it, or leave out --strict.\n"
    assert not (tmp_path / "no.contexts").exists()


def test_much_that_is_left_out_is_said_aloud(tmp_path: Path) -> None:
    lines(tmp_path / "own.jsonl", *({**RECORD, "image_id": n, "objects": [DOG, 7]} for n in range(4)))
    done = svit("contexts", "build", "--jsonl", "own.jsonl", "-o", "own.contexts", cwd=tmp_path)
    assert "Warning: 4 of 8 objects (50 %) were dropped" in done.stderr


def test_boxes_in_pixels_are_noticed_and_read_by_the_options(tmp_path: Path) -> None:
    lines(tmp_path / "own.jsonl", {**RECORD, "objects": [PIXELS]})
    build = ("contexts", "build", "--jsonl", "own.jsonl", "-o", "own.contexts")
    stopped = svit(*build, cwd=tmp_path, code=2)
    assert "look like pixels" in stopped.stderr
    assert "--box-units pixels" in stopped.stderr
    assert not (tmp_path / "own.contexts").exists()
    svit(*build, "--boxes", "xywh", "--box-units", "pixels", cwd=tmp_path)
    with ContextStore(tmp_path / "own.contexts") as store:
        assert store.get(1).objects[0].box.printed() == (0.1, 0.2, 0.5, 0.6)


def test_a_map_reads_other_names_of_keys_and_says_what_could_be_meant(tmp_path: Path) -> None:
    other = {"img": 1, "file_name": "a.jpg", "width": 100, "height": 50, "anns": [{"label": "dog", "bbox": DOG["box"]}]}
    lines(tmp_path / "own.jsonl", other)
    build = ("contexts", "build", "--jsonl", "own.jsonl", "-o", "own.contexts")
    assert "--map image=file_name,objects=anns" in svit(*build, cwd=tmp_path, code=2).stderr
    maps = "image_id=img,image=file_name,objects=anns,objects.name=label,objects.box=bbox"
    svit(*build, "--map", maps, cwd=tmp_path)
    with ContextStore(tmp_path / "own.contexts") as store:
        context = store.get(1)
    assert (context.image, context.objects[0].name) == ("a.jpg", "dog")


def test_a_table_is_read_by_its_columns_which_are_told(tmp_path: Path) -> None:
    (tmp_path / "boxes.csv").write_text(
        "filename,width,height,class,xmin,ymin,xmax,ymax,score\na.jpg,100,50,0,10,10,50,30,0.5\n"
    )
    (tmp_path / "names.txt").write_text("dog\ncat\n")
    options = ("--csv", "boxes.csv", "--box-units", "pixels", "--class-names", "names.txt", "-o", "own.contexts")
    done = svit("contexts", "build", *options, cwd=tmp_path)
    assert "Read as --map image_id=filename,image=filename,width=width,height=height,name=class,x1=xmin" in done.stderr
    assert "Not used: score" in done.stderr
    shown = svit("contexts", "show", "own.contexts", "a.jpg", "--json", cwd=tmp_path).stdout
    assert json.loads(shown)["objects"] == [{"id": 1, "name": "dog", "box": [0.1, 0.2, 0.5, 0.6]}]


def test_a_data_set_on_disk_is_read(tmp_path: Path) -> None:
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    (tmp_path / "set").mkdir()
    parquet.write_table(pa.Table.from_pylist([{**RECORD, "objects": [DOG]}]), tmp_path / "set" / "train.parquet")
    svit("contexts", "build", "--hf", "set", "-o", "own.contexts", "-q", cwd=tmp_path)
    lines(tmp_path / "own.jsonl", {**RECORD, "objects": [DOG]})
    svit("contexts", "build", "--jsonl", "own.jsonl", "-o", "lines.contexts", "-q", cwd=tmp_path)
    with ContextStore(tmp_path / "own.contexts") as store, ContextStore(tmp_path / "lines.contexts") as other:
        assert store.digest == other.digest


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--jsonl", "a", "--csv", "b"], "Give one of --jsonl and --csv, not both."),
        (["--jsonl", "a", "--visual-genome", "b"], "Give either --jsonl or Visual Genome and COCO files, not both."),
        (
            ["--visual-genome", "b", "--map", "image_id=a"],
            "--map, --boxes, --box-units, --class-names and",
        ),
        ([], "Name what to read: --visual-genome, --coco-captions, --coco-instances, --jsonl, --hf or --csv."),
        (["--jsonl", "a", "--map", "imageid=a"], "--map: there is no key 'imageid'. Did you mean 'image_id'?"),
        (["--hf", "nowhere"], "There is no data set nowhere."),
    ],
)
def test_options_that_do_not_go_together_are_a_sentence(tmp_path: Path, options: list[str], sentence: str) -> None:
    done = svit("contexts", "build", *options, "-o", "own.contexts", cwd=tmp_path, code=2)
    assert done.stderr.startswith(f"svit: {sentence}")
