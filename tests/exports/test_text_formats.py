"""What each trainer is given, word for word: records, their marks and roles, and the files beside them."""

import json

import pytest
import yaml

from svit.errors import SvitError
from svit.exports.base import ExportedFile, Format, Item, Style, TextGroup, to_train_on
from svit.exports.formats.internvl import FORMAT as INTERNVL
from svit.exports.formats.llama_factory import FORMAT as LLAMA_FACTORY
from svit.exports.formats.llava import LLAVA_NEXT
from svit.exports.formats.ms_swift import FORMAT as MS_SWIFT
from svit.exports.formats.qwen2_5_vl import FORMAT as QWEN2_5_VL
from svit.exports.formats.qwen2_vl import FORMAT as QWEN2_VL
from svit.exports.formats.qwen3_vl import FORMAT as QWEN3_VL
from svit.image_files.image_frames import Resize

ALL = [QWEN2_VL, QWEN2_5_VL, QWEN3_VL, INTERNVL, MS_SWIFT, LLAMA_FACTORY]

MEN = "<st>men<ed> [0.25, 0.5, 0.5, 1.0], [0.5, 0.25, 0.75, 0.5]"
DOG = '<st>dog "Rex"<ed> [0.1, 0.123, 0.6, 0.6]'
GROUNDED = Item(
    key="7-referring",
    image_id=7,
    image="vg/7.jpg",
    width=640,
    height=480,
    task="referring",
    talks=(
        TextGroup((f"Who is with {DOG}?", f"The {MEN} are.")),
        TextGroup((f"And what does {DOG} do?", "It barks at the <st>sky<ed>.")),
    ),
    printed=True,
)
PLAIN = Item(
    key="8-detail_description",
    image_id=8,
    image="vg/8.jpg",
    width=640,
    height=480,
    task="detail_description",
    talks=(TextGroup(("Describe it.", "A quiet street at night.")),),
)
LONG = PLAIN._replace(
    talks=(
        TextGroup(("One?", "Yes.", "Two?", "No."), topic="counting"),
        TextGroup(("Three?", "Maybe."), topic="doubt"),
    )
)

SHOWN = {
    "qwen2-vl": [
        '<image>\nWho is with <|object_ref_start|>dog "Rex"<|object_ref_end|>'
        "<|box_start|>(100,123),(600,600)<|box_end|>?",
        "The <|object_ref_start|>men<|object_ref_end|><|box_start|>(250,500),(500,1000)<|box_end|>"
        "<|box_start|>(500,250),(750,500)<|box_end|> are.",
        'And what does <|object_ref_start|>dog "Rex"<|object_ref_end|><|box_start|>(100,123),(600,600)<|box_end|> do?',
        "It barks at the <|object_ref_start|>sky<|object_ref_end|>.",
    ],
    "qwen2.5-vl": [  # shown at 252 x 168
        '<image>\nWho is with {"bbox_2d": [25, 21, 151, 101], "label": "dog \\"Rex\\""}?',
        'The [{"bbox_2d": [63, 84, 126, 168], "label": "men"}, {"bbox_2d": [126, 42, 189, 84], "label": "men"}] are.',
        'And what does {"bbox_2d": [25, 21, 151, 101], "label": "dog \\"Rex\\""} do?',
        "It barks at the sky.",
    ],
    "qwen3-vl": [
        '<image>\nWho is with {"bbox_2d": [100, 123, 600, 600], "label": "dog \\"Rex\\""}?',
        'The [{"bbox_2d": [250, 500, 500, 1000], "label": "men"}, '
        '{"bbox_2d": [500, 250, 750, 500], "label": "men"}] are.',
        'And what does {"bbox_2d": [100, 123, 600, 600], "label": "dog \\"Rex\\""} do?',
        "It barks at the sky.",
    ],
    "internvl": [
        '<image>\nWho is with <ref>dog "Rex"</ref><box>[[100, 123, 600, 600]]</box>?',
        "The <ref>men</ref><box>[[250, 500, 500, 1000], [500, 250, 750, 500]]</box> are.",
        'And what does <ref>dog "Rex"</ref><box>[[100, 123, 600, 600]]</box> do?',
        "It barks at the <ref>sky</ref>.",
    ],
    "llama-factory": [
        '<image>Who is with <st>dog "Rex"<ed> [0.1, 0.123, 0.6, 0.6]?',
        "The <st>men<ed> [0.25, 0.5, 0.5, 1.0], [0.5, 0.25, 0.75, 0.5] are.",
        'And what does <st>dog "Rex"<ed> [0.1, 0.123, 0.6, 0.6] do?',
        "It barks at the <st>sky<ed>.",
    ],
    "ms-swift": [
        "<image>Who is with <ref-object><bbox>?",
        "The <ref-object><bbox><bbox> are.",
        "And what does <ref-object><bbox> do?",
        "It barks at the <ref-object>.",
    ],
}


def shown(form: Format, item: Item, *, padded: bool | None = None) -> tuple[list[str], list[str]]:
    """Return who speaks, and what they say."""
    record = json.loads(json.dumps(form.record(item, form.style(padded=padded))))
    if "messages" in record:
        return [turn["role"] for turn in record["messages"]], [turn["content"] for turn in record["messages"]]
    return [turn["from"] for turn in record["conversations"]], [turn["value"] for turn in record["conversations"]]


@pytest.mark.parametrize("form", ALL, ids=lambda form: form.name)
def test_each_trainer_is_told_names_and_boxes_in_its_own_words(form: Format) -> None:
    assert shown(form, GROUNDED)[1] == SHOWN[form.name]


@pytest.mark.parametrize("form", ALL, ids=lambda form: form.name)
@pytest.mark.parametrize("item", [GROUNDED, PLAIN, LONG], ids=["grounded", "plain", "long"])
def test_there_is_one_image_mark_at_the_head_and_the_two_take_turns(form: Format, item: Item) -> None:
    roles, texts = shown(form, item)
    human, gpt = ("user", "assistant") if form is MS_SWIFT else ("human", "gpt")
    assert roles == [human, gpt] * (len(item.texts) // 2)
    assert [text.count("<image>") for text in texts] == [1] + [0] * (len(texts) - 1)
    assert texts[0].startswith("<image>")


@pytest.mark.parametrize("form", [QWEN2_VL, QWEN2_5_VL, QWEN3_VL, INTERNVL], ids=lambda form: form.name)
def test_the_record_holds_the_path_and_the_size_of_the_image_as_it_is(form: Format) -> None:
    assert form.record(PLAIN, form.style()) == {
        "id": "8-detail_description",
        "image": "vg/8.jpg",
        "width": 640,
        "height": 480,
        "conversations": [
            {"from": "human", "value": "<image>\nDescribe it."},
            {"from": "gpt", "value": "A quiet street at night."},
        ],
    }


def test_ms_swift_is_given_a_name_and_a_box_for_each_mark_in_their_order() -> None:
    record = MS_SWIFT.record(GROUNDED, MS_SWIFT.style())
    objects = record["objects"]
    assert objects == {
        "ref": ['dog "Rex"', "men", 'dog "Rex"', "sky"],
        "bbox": [[64, 59.04, 384, 288], [160, 240, 320, 480], [320, 120, 480, 240], [64, 59.04, 384, 288]],
        "bbox_type": "real",
    }
    text = "".join(shown(MS_SWIFT, GROUNDED)[1])
    assert (text.count("<ref-object>"), text.count("<bbox>")) == (4, 4)
    assert record["images"] == ["vg/7.jpg"]


def test_ms_swift_is_given_empty_lists_where_nothing_is_named() -> None:
    assert MS_SWIFT.record(PLAIN, MS_SWIFT.style())["objects"] == {"ref": [], "bbox": [], "bbox_type": "real"}


def test_llama_factory_is_given_as_many_images_as_marks_and_the_frame_that_was_chosen() -> None:
    record = LLAMA_FACTORY.record(GROUNDED, LLAMA_FACTORY.style(padded=True))
    assert record["images"] == ["vg/7.jpg"]
    padded = shown(LLAMA_FACTORY, GROUNDED, padded=True)[1]
    assert padded[1] == "The <st>men<ed> [0.25, 0.5, 0.5, 0.875], [0.5, 0.3125, 0.75, 0.5] are."


@pytest.mark.parametrize("form", [QWEN2_5_VL, MS_SWIFT], ids=lambda form: form.name)
@pytest.mark.parametrize("padded", [True, False])
def test_a_frame_is_refused_where_boxes_are_no_shares_of_a_picture(form: Format, padded: bool) -> None:
    with pytest.raises(SvitError, match="--box-frame"):
        form.style(padded=padded)


@pytest.mark.parametrize("form", [QWEN3_VL, LLAMA_FACTORY], ids=lambda form: form.name)
def test_a_resize_is_refused_where_no_box_depends_on_it(form: Format) -> None:
    with pytest.raises(SvitError, match="--max-pixels"):
        form.style(resize=Resize(max_pixels=50_000))
    assert form.style(boxes="qwen2.5-vl", resize=Resize(max_pixels=50_000)).resize.max_pixels == 50_000


@pytest.mark.parametrize("form", ALL, ids=lambda form: form.name)
def test_all_records_have_the_same_keys_so_that_they_are_columns_of_one_table(form: Format) -> None:
    records = [form.record(item, form.style()) for item in (GROUNDED, PLAIN, LONG)]
    assert len({tuple(record) for record in records}) == 1


SPLITS = (ExportedFile("train.jsonl", "train", 900), ExportedFile("test.jsonl", "test", 100))


def test_internvl_is_given_a_meta_file_of_what_is_trained_on_by_whole_paths() -> None:
    style = Style(dataset="mine", images="pictures", folder="/data/out", here="/home/me")
    ((name, meta),) = INTERNVL.sidecars(SPLITS, style).items()
    rest = {"data_augment": False, "repeat_time": 1}
    assert name == "meta.json"
    assert meta == {"mine": {"root": "/home/me", "annotation": "/data/out/train.jsonl", "length": 900, **rest}}
    ((_, pushed),) = INTERNVL.sidecars(SPLITS, Style(dataset="mine")).items()
    assert pushed == {"mine": {"root": "", "annotation": "train.jsonl", "length": 900, **rest}}


def test_llava_next_is_given_the_yaml_that_it_reads_lines_by() -> None:
    """`LazySupervisedDataset` takes a data path for one JSON value unless it ends in .yaml."""
    ((name, text),) = LLAVA_NEXT.sidecars(SPLITS, Style(folder="/data/out")).items()
    assert name == "data.yaml"
    assert yaml.safe_load(str(text)) == {
        "datasets": [{"json_path": "/data/out/train.jsonl", "sampling_strategy": "all"}]
    }


@pytest.mark.parametrize(
    ("splits", "trained"),
    [
        (("train", "test"), ["train"]),
        (("part1", "part2", "val"), ["part1", "part2"]),
        (("test",), []),
        (("everything",), ["everything"]),
    ],
)
def test_what_is_held_out_is_not_trained_on(splits: tuple[str, ...], trained: list[str]) -> None:
    found = to_train_on([ExportedFile(f"{split}.jsonl", split, 1) for split in splits])
    assert [file.split for file in found] == trained


def test_llama_factory_is_given_its_dataset_info() -> None:
    ((name, info),) = LLAMA_FACTORY.sidecars(SPLITS, Style(dataset="mine")).items()
    rest = {
        "formatting": "sharegpt",
        "columns": {"messages": "conversations", "images": "images"},
        "tags": {"role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt"},
    }
    assert name == "dataset_info.json"
    assert info == {"mine": {"file_name": "train.jsonl", **rest}, "mine_test": {"file_name": "test.jsonl", **rest}}


@pytest.mark.parametrize("form", [QWEN2_VL, QWEN2_5_VL, QWEN3_VL, MS_SWIFT], ids=lambda form: form.name)
def test_the_others_need_no_file_beside_their_data(form: Format) -> None:
    assert not form.sidecars(SPLITS, Style())
