"""Tables of boxes as people have them: read by the usual names of columns, or by a map."""

import csv
import random
import struct
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from svit.boxes import Box
from svit.contexts.dropped_annotations import Dropped
from svit.contexts.fields.box_form import BoxForm
from svit.contexts.fields.field_map import FieldMap
from svit.contexts.files.csv_tables import class_names
from svit.contexts.sources.own_tables import OwnTable, own_csv, own_data_set, sizes_in
from svit.errors import DataError, SvitError
from svit.image_files.image_size import picture_size
from svit.records import ImageContext

PIXELS = BoxForm("xyxy", "pixels")
DOG, CAT = Box(0.1, 0.2, 0.5, 0.6), Box(0.5, 0.5, 1.0, 1.0)
SIZE = "100,50"


def table(
    path: Path,
    *maps: str,
    boxes: BoxForm = PIXELS,
    names: Mapping[str, str] | None = None,
    counts: Dropped | None = None,
    images: Path | None = None,
) -> OwnTable:
    read = own_csv if path.suffix in (".csv", ".gz") else own_data_set
    counts = Dropped() if counts is None else counts
    sizes = sizes_in(images) if images else None
    return read(path, FieldMap.parsed(maps), boxes=boxes, counts=counts, class_names=names or {}, sizes=sizes)


def written(tmp_path: Path, text: str, name: str = "boxes.csv", encoding: str = "utf-8") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def found(contexts: list[ImageContext]) -> list[tuple[Any, str, list[tuple[str, Box]]]]:
    return [(each.image_id, each.image, [(thing.name, thing.box) for thing in each.objects]) for each in contexts]


WANTED = [("a.jpg", "a.jpg", [("dog", DOG), ("cat", CAT)]), ("b.jpg", "b.jpg", [("dog", DOG)])]
CSVS: list[tuple[str, str, BoxForm, tuple[str, ...]]] = [
    (
        "tensorflow",
        "filename,width,height,class,xmin,ymin,xmax,ymax\n"
        f"a.jpg,{SIZE},dog,10,10,50,30\na.jpg,{SIZE},cat,50,25,100,50\nb.jpg,{SIZE},dog,10,10,50,30\n",
        PIXELS,
        (),
    ),
    (
        "kaggle",
        "image_name,image_width,image_height,label,bbox\n"
        f'a.jpg,{SIZE},dog,"[10.0, 10.0, 40.0, 20.0]"\na.jpg,{SIZE},cat,"[50, 25, 50, 25]"\n'
        f'b.jpg,{SIZE},dog,"[10, 10, 40, 20]"\n',
        BoxForm("xywh", "pixels"),
        (),
    ),
    (
        "label-studio",
        "file_name;image_width;image_height;label_name;bbox_x;bbox_y;bbox_width;bbox_height\n"
        "a.jpg;100;50;dog;10;10;40;20\na.jpg;100;50;cat;50;25;50;25\nb.jpg;100;50;dog;10;10;40;20\n",
        PIXELS,
        (),
    ),
    (
        "width-and-height-twice",
        "image,image_width,image_height,name,x,y,width,height\n"
        "a.jpg,100,50,dog,10,10,40,20\na.jpg,100,50,cat,50,25,50,25\nb.jpg,100,50,dog,10,10,40,20\n",
        PIXELS,
        (),
    ),
    (
        "left-top-width-height",
        "photo,left,top,width,height,class\na.jpg,10,10,40,20,dog\na.jpg,50,25,50,25,cat\nb.jpg,10,10,40,20,dog\n",
        PIXELS,
        ("image=photo,width==100,height==50",),
    ),
    (
        "xmin-ymin-w-h",
        "img,xmin,ymin,w,h,category,image_width,image_height\n"
        f"a.jpg,10,10,40,20,dog,{SIZE}\na.jpg,50,25,50,25,cat,{SIZE}\nb.jpg,10,10,40,20,dog,{SIZE}\n",
        PIXELS,
        (),
    ),
    (
        "shares-in-tabs",
        "ImageID\tLabelName\tXMin\tXMax\tYMin\tYMax\tConfidence\n"
        "a\tdog\t0.1\t0.5\t0.2\t0.6\t1\na\tcat\t0.5\t1.0000001\t0.5\t1\t1\nb\tdog\t0.1\t0.5\t0.2\t0.6\t1\n",
        BoxForm(),
        ("image={ImageID}.jpg,width==100,height==50,image_id={ImageID}.jpg",),
    ),
    (
        "own-words",
        "foto,breite,hoehe,ding,l,o,r,u\n"
        f"a.jpg,{SIZE},dog,10,10,50,30\na.jpg,{SIZE},cat,50,25,100,50\nb.jpg,{SIZE},dog,10,10,50,30\n",
        PIXELS,
        ("image=foto,width=breite,height=hoehe", "objects.name=ding,x1=l,y1=o,x2=r,y2=u"),
    ),
]


@pytest.mark.parametrize(("text", "form", "maps"), [row[1:] for row in CSVS], ids=[row[0] for row in CSVS])
def test_boxes_of_a_csv_become_the_images_objects(
    tmp_path: Path, text: str, form: BoxForm, maps: tuple[str, ...]
) -> None:
    contexts = list(table(written(tmp_path, text), *maps, boxes=form).records)
    assert found(contexts) == WANTED
    assert {(each.width, each.height) for each in contexts} == {(100, 50)}


def test_rows_in_any_order_come_together_and_an_image_needs_no_box(tmp_path: Path) -> None:
    rows = [f"{n}.jpg,100,50,dog,{i},10,{i + 20},30" for n in range(30) for i in range(4)]
    rows += [f"empty{n}.jpg,100,50,,,,," for n in range(3)]
    head = "filename,width,height,class,xmin,ymin,xmax,ymax"
    [*sorted_] = table(written(tmp_path, "\n".join([head, *rows]))).records
    random.Random(7).shuffle(rows)
    counts = Dropped()
    [*shuffled] = table(written(tmp_path, "\n".join([head, *rows])), counts=counts).records

    def known(contexts: list[ImageContext]) -> dict[Any, list[tuple[float, ...]]]:
        return {each.image_id: sorted(thing.box.printed() for thing in each.objects) for each in contexts}

    assert known(shuffled) == known(sorted_)
    assert [len(each.objects) for each in sorted_] == [4] * 30 + [0] * 3
    assert [each.image_id for each in shuffled] == list(dict.fromkeys(row.partition(",")[0] for row in rows))
    assert counts.read["row"] == 123
    assert not counts


def test_places_are_the_rows_of_the_table(tmp_path: Path) -> None:
    text = (
        "filename,width,height,class,xmin,ymin,xmax,ymax\n"
        f"a.jpg,{SIZE},dog,10,10,50,30\n,{SIZE},dog,10,10,50,30\na.jpg,{SIZE},cat,50,x,100,50\n"
        f"a.jpg,{SIZE}\nb.jpg,{SIZE},,10,10,50,30\nc.jpg,0,50,dog,10,10,50,30\n"
    )
    counts = Dropped()
    path = written(tmp_path, text)
    contexts = list(table(path, counts=counts).records)
    assert counts.places == {
        "row_names_no_image": [f"{path}: row 2"],
        "object_box_unreadable": [f"{path}: row 3"],
        "row_has_other_columns_than_the_head": [f"{path}: row 4"],
        "object_name_missing": [f"{path}: row 5"],
        "image_size_unreadable": [f"{path}: row 6"],
    }
    assert {kind: number for kind, number in counts.read.items() if number} == {"row": 6, "image": 3, "object": 3}
    assert counts.read["object"] == sum(len(each.objects) for each in contexts) + counts.lost["object"]


def test_captions_in_a_table_are_gathered(tmp_path: Path) -> None:
    text = f"image,width,height,caption\na.jpg,{SIZE},A dog.\na.jpg,{SIZE},A cat.\na.jpg,{SIZE},A dog.\nb.jpg,{SIZE},\n"
    contexts = list(table(written(tmp_path, text)).records)
    assert [each.captions for each in contexts] == [("A dog.", "A cat."), ()]


@pytest.mark.parametrize("path", [" two  spaces.jpg", "a\u00a0b.jpg", "cafe\u0301.jpg", 'a,"b".jpg'])
def test_a_path_is_kept_byte_for_byte(tmp_path: Path, path: str) -> None:
    with (tmp_path / "boxes.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["image", "width", "height", "caption"], [path, 9, 9, "x"]])
    assert [each.image for each in table(tmp_path / "boxes.csv").records] == [path]


@pytest.mark.parametrize(
    ("maps", "sentence"),
    [
        (["name=clas"], "there is no column 'clas' for name. Did you mean 'class'? It has filename, width, "),
        (["image_id=nowhere"], "there is no column 'nowhere' for image_id. It has filename, "),
        (["image={filname}.jpg"], "there is no column 'filname' for image. Did you mean 'filename'? It has"),
        (["nam=class"], "--map: there is no key 'nam'. Did you mean 'name'?"),
        (["objects.bos=class"], "--map: there is no key 'objects.bos'. Did you mean 'objects.box'?"),
        (["class"], "--map: 'class' is no KEY=COLUMN, such as image_id=img."),
        (["name=class,name=width"], "--map: the key 'name' is given twice."),
    ],
)
def test_a_map_that_does_not_fit_is_a_sentence(tmp_path: Path, maps: list[str], sentence: str) -> None:
    path = written(tmp_path, CSVS[0][1])
    with pytest.raises(SvitError) as said:
        list(table(path, *maps).records)
    assert str(said.value).removeprefix(f"{path}: ").startswith(sentence)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "is empty"),
        ("a,b\n", "no column names the images. It has a, b. Say which: --map image_id=COLUMN"),
        ("a,a\n1,2\n", "its first line does not name the columns"),
        ("a.jpg,10,10,50,30,dog\n", "its first line does not name the columns"),
        ("a.jpg,,,,,\n", "its first line does not name the columns"),
        ("image,width,height\n", "is empty"),
        (f"filename,width,height,class,xmin,ymin,xmax,ymax\na,{SIZE},dog,10,10,50,30\n", "--box-units pixels"),
        ("image_id,width,height,name,x1,y1,x2,y2\n1,9,9,a,0,0,1,1\n", "image path missing.*--map image={image_id}.jpg"),
        ("image,name,x1,y1,x2,y2\n1,a,0,0,1,1\n", "image size missing.*--images DIR"),
    ],
)
def test_a_table_that_cannot_be_read_is_a_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    with pytest.raises(SvitError, match=sentence):
        list(table(written(tmp_path, content), boxes=BoxForm()).records)


def test_codes_of_classes_have_names(tmp_path: Path) -> None:
    text = "ImageID,LabelName,XMin,XMax,YMin,YMax\na,/m/01,0.1,0.5,0.2,0.6\na,/m/02,0.5,1,0.5,1\na,/m/09,0,1,0,1\n"
    names = class_names(written(tmp_path, "/m/01,dog\n/m/02,cat\n", "classes.csv"))
    counts = Dropped()
    maps = ("image={ImageID}.jpg,width==100,height==50",)
    [context] = table(written(tmp_path, text), *maps, boxes=BoxForm(), names=names, counts=counts).records
    assert [(thing.name, thing.box) for thing in context.objects] == [("dog", DOG), ("cat", CAT)]
    assert counts == {"object_class_unknown": 1}


@pytest.mark.parametrize(
    "content", ["dog\ncat\n", "0,dog\n1,cat\n", '["dog", "cat"]', '{"0": "dog", "1": "cat"}', "\ufeff0;dog\n1;cat"]
)
def test_lists_of_class_names_are_read(tmp_path: Path, content: str) -> None:
    assert class_names(written(tmp_path, content, "names")) == {"0": "dog", "1": "cat"}


@pytest.mark.parametrize("content", ["", "{", "[1, 2]", '{"a": 1}', "a\nb,c\n"])
def test_what_is_no_list_of_class_names_is_said(tmp_path: Path, content: str) -> None:
    with pytest.raises(DataError, match="class names"):
        class_names(written(tmp_path, content, "names"))


def test_names_that_are_numbers_are_remarked(tmp_path: Path) -> None:
    text = f"image,width,height,class,x1,y1,x2,y2\na,{SIZE},3,10,10,50,30\n"
    records = table(written(tmp_path, text)).records
    assert len(list(records)) == 1
    assert "--class-names" in records.remarks[0]


PICTURES = {
    "png": b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">II", 100, 50) + b"\x08\x02\0\0\0",
    "gif": b"GIF89a" + struct.pack("<HH", 100, 50) + b"\0\0\0",
    "jpg": b"\xff\xd8\xff\xe0\0\x10" + b"\0" * 14 + b"\xff\xff\xc2" + struct.pack(">HBHH", 11, 8, 50, 100),
    "webp": b"RIFF\0\0\0\0WEBPVP8 " + b"\0" * 7 + b"\x9d\x01\x2a" + struct.pack("<HH", 100, 50),
    "lossless": b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + struct.pack("<I", 99 | 49 << 14) + b"\0" * 8,
    "extended": b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0" + (99).to_bytes(3, "little") + (49).to_bytes(3, "little"),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_sizes_are_read_from_the_pictures(tmp_path: Path, kind: str) -> None:
    (tmp_path / "pics").mkdir()
    (tmp_path / "pics" / "a").write_bytes(PICTURES[kind])
    (tmp_path / "pics" / "cut").write_bytes(PICTURES[kind][:9])
    path = written(tmp_path, "image,name,x1,y1,x2,y2\na,dog,10,10,50,30\ncut,dog,10,10,50,30\nnone,dog,10,10,50,30\n")
    counts = Dropped()
    [context] = table(path, images=tmp_path / "pics", counts=counts).records
    assert (context.width, context.height) == (100, 50)
    assert context.objects[0].box == DOG
    assert counts == {"image_size_missing": 2}
    assert picture_size(path) is None


pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

IMAGE = {"image_id": 1, "width": 100, "height": 50}
A_DOG = {"id": 7, "bbox": [10, 10, 40, 20], "category": "dog"}
XYWH = BoxForm("xywh", "pixels")
SIDES = {"xmin": 10, "ymin": 10, "xmax": 50, "ymax": 30, "label": "dog"}
EXTENT = {"name": "dog", "box": {"x": 10, "y": 10, "w": 40, "h": 20}}
DECIMALS = {"name": "dog", "box": [Decimal("10.0"), Decimal("10.0"), Decimal("40.0"), Decimal("20.0")]}
SIDE_BY_SIDE = {"bboxes": [[10, 10, 40, 20]], "labels": ["dog"]}
DATA: list[tuple[str, dict[str, Any], BoxForm]] = [
    ("a list of structs", {**IMAGE, "file_name": "a.jpg", "objects": [A_DOG]}, XYWH),
    ("a struct of lists", {**IMAGE, "image": "a.jpg", "objects": {key: [A_DOG[key]] for key in A_DOG}}, XYWH),
    ("lists side by side", {**IMAGE, "image": "a.jpg", **SIDE_BY_SIDE}, XYWH),
    ("named sides", {**IMAGE, "path": "a.jpg", "anns": [SIDES]}, PIXELS),
    ("a box a row", {**IMAGE, "image": "a.jpg", "label": "dog", "bbox": [10, 10, 40, 20]}, XYWH),
    ("a struct as box", {**IMAGE, "image": "a.jpg", "objects": [EXTENT]}, PIXELS),
    ("bytes and path", {**IMAGE, "image": {"bytes": b"x" * 99, "path": "a.jpg"}, "objects": [A_DOG]}, XYWH),
    ("decimals", {**IMAGE, "image": "a.jpg", "objects": [DECIMALS]}, XYWH),
]


def saved(path: Path, rows: list[dict[str, Any]], metadata: dict[str, str] | None = None) -> Path:
    written = pa.Table.from_pylist(rows).replace_schema_metadata(metadata)
    path.parent.mkdir(exist_ok=True, parents=True)
    if path.suffix == ".parquet":
        parquet.write_table(written, path)
    else:
        new = pa.ipc.new_file if path.suffix == ".feather" else pa.ipc.new_stream
        with new(str(path), written.schema) as writer:
            writer.write_table(written)
    return path


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "t.feather", "folder/train-0.parquet"])
@pytest.mark.parametrize(("row", "form"), [each[1:] for each in DATA], ids=[each[0] for each in DATA])
def test_each_shape_of_objects_is_read(tmp_path: Path, row: dict[str, Any], form: BoxForm, name: str) -> None:
    path = saved(tmp_path / name, [row, {**row, "image_id": 2}])
    read = table(path if path.parent == tmp_path else path.parent, boxes=form)
    assert found(list(read.records)) == [(n, "a.jpg", [("dog", DOG)]) for n in (1, 2)]
    assert not read.records.counts


def test_many_files_and_batches_are_read_in_order(tmp_path: Path) -> None:
    rows = [{**DATA[0][1], "image_id": n} for n in range(1000)]
    for part in range(2):
        saved(tmp_path / "set" / f"train-{part}.parquet", rows[part * 500 : part * 500 + 500])
    saved(tmp_path / "set" / "cache-77.arrow", rows[:1])
    contexts = list(table(tmp_path / "set", boxes=XYWH).records)
    assert [each.image_id for each in contexts] == list(range(1000))


def test_classes_have_the_names_that_the_data_set_gives_them(tmp_path: Path) -> None:
    label = {"names": ["cat", "dog"], "_type": "ClassLabel"}
    for features in (
        {"objects": {"feature": {"category": label}, "_type": "Sequence"}},
        {"objects": {"category": {"feature": label, "_type": "List"}}},
        {"objects": [{"category": label}]},
    ):
        metadata = {"huggingface": str({"info": {"features": features}}).replace("'", '"')}
        things = [{"bbox": [10, 10, 40, 20], "category": code} for code in (1, -1, None)]
        path = saved(tmp_path / "t.parquet", [{**IMAGE, "image": "a.jpg", "objects": things}], metadata)
        counts = Dropped()
        assert found(list(table(path, boxes=XYWH, counts=counts).records)) == [(1, "a.jpg", [("dog", DOG)])]
        assert counts == {"object_class_unknown": 1, "object_name_missing": 1}


def test_what_is_not_read_is_told(tmp_path: Path) -> None:
    row = {**DATA[0][1], "license": 3, "objects": [{**A_DOG, "area": 800}]}
    read = table(saved(tmp_path / "t.parquet", [row]), boxes=XYWH)
    assert read.unused == ["license", "objects.area"]
    assert len(list(read.records)) == 1
    assert not read.records.counts


@pytest.mark.parametrize(
    ("maps", "sentence"),
    [
        (["objects=annz"], "there is no column 'annz' for objects. It has"),
        (["objects.name=categry"], "'objects' has no 'categry' for objects.name. Did you mean 'category'?"),
        (["image=filename"], "there is no column 'filename' for image. Did you mean 'file_name'?"),
    ],
)
def test_a_map_that_does_not_fit_a_data_set_is_a_sentence(tmp_path: Path, maps: list[str], sentence: str) -> None:
    path = saved(tmp_path / "t.parquet", [DATA[0][1]])
    with pytest.raises(SvitError) as said:
        table(path, *maps)
    assert str(said.value).startswith(f"{path}: {sentence}")


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("t.parquet", b"PAR1 and no more", "t.parquet cannot be read: "),
        ("t.arrow", b"nothing of the kind", "t.arrow cannot be read: "),
        ("t.feather", b"ARROW1 and no more", "t.feather cannot be read: "),
        ("own.jsonl", b"{}", "has no parquet or Arrow files. It has .jsonl files: JSONL is read by --jsonl"),
        ("dataset_dict.json", b"{", "dataset_dict.json is not JSON"),
    ],
)
def test_what_is_no_data_set_is_a_sentence(tmp_path: Path, name: str, content: bytes, sentence: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=sentence):
        list(table(tmp_path).records)
    with pytest.raises(DataError, match="There is no data set"):
        table(tmp_path / "nowhere")
