import pytest

from exports.made import BOXES, item
from svit.boxes import Box
from svit.exports.base import Format, Style
from svit.exports.formats import hugging_face, trl, webdataset
from svit.exports.grounded_objects import named_boxes

FORMATS = (trl.FORMAT, hugging_face.FORMAT, webdataset.FORMAT)
WHERE = "Where is the <st>dog<ed> [0.1, 0.2, 0.35, 0.4]?"
BEHIND = "Behind <st>both men<ed> [0.1, 0.2, 0.35, 0.4], [0.5, 0.5, 1.0, 1.0]."


IMAGE, IMAGES = {"type": "image", "text": None}, ["vg/VG_100K/2.jpg"]


def part(text: str) -> dict[str, object]:
    return {"type": "text", "text": text}


def test_trl_takes_typed_parts_and_one_image() -> None:
    assert trl.FORMAT.record(item(), Style()) == {
        "messages": [
            {"role": "user", "content": [IMAGE, part(WHERE)]},
            {"role": "assistant", "content": [part(BEHIND)]},
            {"role": "user", "content": [part("What does it do?")]},
            {"role": "assistant", "content": [part("It sleeps.")]},
        ],
        "images": IMAGES,
    }


def test_for_trls_loss_on_answers_alone_each_answer_is_a_completion_once() -> None:
    first, second = (trl.COMPLETION.record(piece, Style()) for piece in trl.COMPLETION.pieces(item()))
    asked = {"role": "user", "content": [IMAGE, part(WHERE)]}
    behind = {"role": "assistant", "content": [part(BEHIND)]}
    assert first == {"prompt": [asked], "completion": [behind], "images": IMAGES}
    assert second == {
        "prompt": [asked, behind, {"role": "user", "content": [part("What does it do?")]}],
        "completion": [{"role": "assistant", "content": [part("It sleeps.")]}],
        "images": IMAGES,
    }
    assert [piece.key for piece in trl.COMPLETION.pieces(item())] == ["2-referring-1", "2-referring-2"]


def test_hf_keeps_our_conversations_and_has_the_boxes_in_pixels() -> None:
    assert hugging_face.FORMAT.record(item(), Style()) == {
        "image": "vg/VG_100K/2.jpg",
        "image_id": "2",
        "width": 800,
        "height": 600,
        "task": "referring",
        "conversations": [
            {"topic": None, "content": [{"from": "user", "value": WHERE}, {"from": "gpt", "value": BEHIND}]},
            {
                "topic": "Rest",
                "content": [{"from": "user", "value": "What does it do?"}, {"from": "gpt", "value": "It sleeps."}],
            },
        ],
        "names": ["dog", "both men", "both men"],
        "boxes": [[80, 120, 280, 240], [80, 120, 280, 240], [400, 300, 800, 600]],
    }


def test_webdataset_has_llavas_turns_with_one_mark() -> None:
    assert webdataset.FORMAT.record(item(), Style()) == {
        "image": "vg/VG_100K/2.jpg",
        "image_id": 2,
        "width": 800,
        "height": 600,
        "task": "referring",
        "conversations": [
            {"from": "human", "value": f"<image>\n{WHERE}"},
            {"from": "gpt", "value": BEHIND},
            {"from": "human", "value": "What does it do?"},
            {"from": "gpt", "value": "It sleeps."},
        ],
        "boxes": [
            {"name": "dog", "box": [80, 120, 280, 240]},
            {"name": "both men", "box": [80, 120, 280, 240]},
            {"name": "both men", "box": [400, 300, 800, 600]},
        ],
    }


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_boxes_in_the_text_are_those_of_the_square_where_wanted(form: Format) -> None:
    assert "[0.1, 0.275, 0.35, 0.425]" in str(form.record(item(), Style(padded=True)))


@pytest.mark.parametrize("size", [(2000, 20), (20, 2000), (16, 16), (800, 600)], ids=str)
def test_a_box_in_pixels_covers_what_was_annotated(size: tuple[int, int]) -> None:
    width, height = size
    for (_, (x1, y1, x2, y2)), box in zip(named_boxes(item(2, width, height)), (*BOXES[:1], *BOXES), strict=True):
        assert Box(x1 / width, y1 / height, x2 / width, y2 / height).iou(box) >= 0.98


def test_a_name_with_its_box_stands_once_however_often_it_is_mentioned() -> None:
    one = item()
    twice = one._replace(talks=(*one.talks, *one.talks))
    assert named_boxes(twice) == named_boxes(one)
