"""A COCO instances file: what the texts name and where, for COCOeval, detectors, and tools that show boxes.

{"info": {"description": "Boxes that the texts name, exported by svit"}, "licenses": [],
 "images": [{"id": 2, "file_name": "vg/VG_100K/2.jpg", "width": 800, "height": 600}],
 "annotations": [{"id": 1, "image_id": 2, "category_id": 1, "bbox": [80.0, 120.0, 160.0, 120.0], "area": 19200.0,
                  "iscrowd": 0}],
 "categories": [{"id": 1, "name": "dog"}]}

`bbox` is the left and upper side, width and height in pixels. An image whose id is no number has one from a billion on.
No two images have one number: where an id is taken already, the next that is free stands for it.
"""

from collections.abc import Iterable, Iterator, Mapping
from tempfile import TemporaryFile

import orjson

from svit.exports.base import Format, Item, Style
from svit.exports.box_styles import NONE
from svit.exports.grounded_objects import named_boxes
from svit.records import ImageId

_HEAD = b'{"info":{"description":"Boxes that the texts name, exported by svit"},"licenses":[],"images":['
_TEXT_IDS = 1_000_000_000
_PIECE = 1 << 20


def record(item: Item, _style: Style) -> dict[str, object]:
    """Return an image and its named boxes, which `document` makes the file of."""
    return {
        "image_id": item.image_id,
        "file_name": item.image,
        "width": item.width,
        "height": item.height,
        "boxes": named_boxes(item),
    }


def document(records: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    """Yield the file's bytes. Annotations wait on the disk; ids and names are in memory."""
    numbers: dict[ImageId, int] = {}
    taken: set[int] = set()
    categories: dict[str, int] = {}
    count = 0
    last: tuple[object, set[object]] = (None, set())
    with TemporaryFile() as waiting:
        yield _HEAD
        for made in records:
            image, known = made["image_id"], len(numbers)
            assert isinstance(image, int | str)
            if image not in numbers:
                numbers[image] = _free(image if isinstance(image, int) else _TEXT_IDS + known, taken)
            number = numbers[image]
            if len(numbers) > known:
                head = {"id": number, **{key: made[key] for key in ("file_name", "width", "height")}}
                yield (b"," if known else b"") + orjson.dumps(head)
            if last[0] != image:
                last = (image, set())
            boxes = made["boxes"]
            assert isinstance(boxes, tuple)
            for name, sides in boxes:
                if (name, sides) in last[1]:
                    continue
                last[1].add((name, sides))
                category = categories.setdefault(name, len(categories) + 1)
                count += 1
                waiting.write(b"," if count > 1 else b"")
                waiting.write(_annotation(count, number, category, sides))
        yield b'],"annotations":['
        waiting.seek(0)
        while piece := waiting.read(_PIECE):
            yield piece
    named = [{"id": number, "name": name} for name, number in categories.items()]
    yield b'],"categories":' + orjson.dumps(named) + b"}\n"


def _free(number: int, taken: set[int]) -> int:
    """Return this number, or the next that no image has yet, and take it."""
    while number in taken:
        number += 1
    taken.add(number)
    return number


def _annotation(number: int, image: int, category: int, sides: tuple[float, float, float, float]) -> bytes:
    x1, y1, x2, y2 = sides
    width, height = round(x2 - x1, 2), round(y2 - y1, 2)
    return orjson.dumps({
        "id": number, "image_id": image, "category_id": category, "bbox": [x1, y1, width, height],
        "area": round(width * height, 2), "iscrowd": 0,
    })  # fmt: skip


FORMAT = Format(
    name="coco",
    summary="a COCO instances file of what the texts name",
    boxes=NONE,
    also="in pixels under `annotations`: x, y, width, height",
    marks="none; the picture by its path",
    record=record,
    container="json",
    document=document,
    has_texts=False,
    recipe="COCOeval, detectors, and tools that show boxes",
    start="""\
python -c "from pycocotools.coco import COCO; print(len(COCO('$DATA/TRAIN').anns))\"""",
)
