"""Small files in Visual Genome's and COCO's shapes, of this project's own making."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

Write = Callable[..., Path]

IMAGE = {"image_id": 7, "url": "https://example.org/VG_100K_2/7.jpg", "width": 200, "height": 100, "coco_id": None}
LAMP = {"object_id": 70, "x": 20, "y": 10, "w": 40, "h": 50, "names": ["lamp"], "synsets": []}
DESK = {"object_id": 71, "x": 0, "y": 60, "w": 200, "h": 40, "names": ["desk", "table"], "synsets": []}
REGION = {"region_id": 700, "image_id": 7, "x": 0, "y": 0, "width": 100, "height": 50, "phrase": "a lamp on a desk"}
OBJECTS = {"image_id": 7, "objects": [LAMP, DESK]}


def coco(
    images: list[dict[str, Any]], annotations: list[dict[str, Any]], categories: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Return a COCO file's content."""
    file: dict[str, Any] = {"info": {"year": 2017}, "images": images, "annotations": annotations}
    return file if categories is None else {**file, "categories": categories}
