"""FiftyOne: a dataset for each split, which `fiftyone.types.FiftyOneDataset` reads from SPLIT/ by its two files.

metadata.json: {"version": "1.0.0", "media_type": "image", "sample_fields": [..], ..}
samples.json: {"samples": [
 {"filepath": "vg/VG_100K/2.jpg", "tags": [], "_media_type": "image", "_rand": 0.4182,
  "metadata": {"_cls": "ImageMetadata", "width": 800, "height": 600},
  "record_id": "2-referring", "image_id": "2", "task": "referring",
  "questions": ["Where is the dog?"], "answers": ["The dog is by the men."],
  "detections": {"_cls": "Detections", "detections": [
     {"_id": {"$oid": "0d2f7c3d31c24b81e8a0c0a5"}, "_cls": "Detection", "attributes": {}, "tags": [], "label": "dog",
      "bounding_box": [0.1, 0.2, 0.25, 0.2]}]}}]}

`bounding_box` is the left and upper side, width and height in shares of the image, whatever frame those of the texts
are in. A filepath is below `rel_dir`, which the importer is given, or else below SPLIT/. `samples` is the only key: the
importer reads one after the other and refuses what follows them. The file is one line.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

import orjson

from svit.exports.base import ExportedFile, Format, Item, Style
from svit.exports.box_frames import Frame
from svit.exports.box_styles import NONE
from svit.exports.canonical import named

METADATA, SAMPLES = "metadata.json", "samples.json"
_VERSION = "1.0.0"
"""The oldest FiftyOne that the files are for: later ones migrate what they read, earlier ones refuse it. A file without
a version is read by an importer that knows no `rel_dir`."""
_DECIMALS = 6


def record(item: Item, style: Style) -> dict[str, object]:
    """Return a sample as FiftyOne's database holds it, but for what the importer fills in: its id and dates."""
    texts = style.texts(item)
    return {
        "filepath": item.image,
        "tags": [],
        "_media_type": "image",
        "_rand": int(_digest(item.key)[:12], 16) / 16**12,
        "metadata": {"_cls": "ImageMetadata", "width": item.width, "height": item.height},
        "record_id": item.key,
        "image_id": str(item.image_id),
        "task": item.task,
        "questions": list(texts[::2]),
        "answers": list(texts[1::2]),
        "detections": {"_cls": "Detections", "detections": _detections(item)},
    }


def _detections(item: Item) -> list[dict[str, object]]:
    """Return each name with each of its boxes once. Ids are made of the record's: the same each time."""
    frame = Frame(item.width, item.height)
    found = dict.fromkeys((name, sides) for name, boxes in named(item.texts) for sides in boxes)
    detections: list[dict[str, object]] = []
    for number, (name, sides) in enumerate(found):
        x1, y1, x2, y2 = frame.share(sides)
        detections.append(
            {
                "_id": {"$oid": _digest(f"{item.key} {number}")},
                "_cls": "Detection",
                "attributes": {},
                "tags": [],
                "label": name or "box",
                "bounding_box": [round(side, _DECIMALS) for side in (x1, y1, x2 - x1, y2 - y1)],
            }
        )
    return detections


def _digest(text: str) -> str:
    """Return 24 hexadecimal digits, as many as an id of MongoDB has."""
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def document(records: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    """Yield the bytes of samples.json."""
    before = b'{"samples":['
    for made in records:
        yield before + orjson.dumps(made)
        before = b","
    yield b'{"samples":[]}\n' if before != b"," else b"]}\n"


def _field(name: str, kind: str, *, of: str = "", document: str = "", fields: Sequence[object] = ()) -> object:
    """Return a field of the schema: `kind` and `of`, what a list or dict holds, are classes of `fiftyone.core.fields`.

    `document` is the class of what is embedded, below `fiftyone.core`.
    """
    return {
        "name": name,
        "ftype": f"fiftyone.core.fields.{kind}",
        "embedded_doc_type": f"fiftyone.core.{document}" if document else None,
        "subfield": f"fiftyone.core.fields.{of}" if of else None,
        "fields": list(fields),
        "db_field": "_id" if name == "id" else name,
        "description": None,
        "info": None,
        "read_only": name in ("created_at", "last_modified_at"),
    }


def _texts(name: str) -> object:
    return _field(name, "ListField", of="StringField")


_SIZE = ("size_bytes", "IntField"), ("mime_type", "StringField"), *((n, "IntField") for n in ("width", "height"))
_OWN = [_field(name, "StringField") for name in ("record_id", "image_id", "task")]
_DETECTION = [
    _field("id", "ObjectIdField"),
    _texts("tags"),
    _field("attributes", "DictField", of="EmbeddedDocumentField", document="labels.Attribute"),
    _field("label", "StringField"),
    _field("bounding_box", "ListField", of="FloatField"),
    _field("mask", "ArrayField"),
    _field("confidence", "FloatField"),
    _field("index", "IntField"),
]
_FIELDS = [
    _field("id", "ObjectIdField"),
    _field("filepath", "StringField"),
    _texts("tags"),
    _field(
        "metadata",
        "EmbeddedDocumentField",
        document="metadata.ImageMetadata",
        fields=[*(_field(*each) for each in _SIZE), _field("num_channels", "IntField")],
    ),
    _field("created_at", "DateTimeField"),
    _field("last_modified_at", "DateTimeField"),
    _field("_media_type", "StringField"),
    _field("_rand", "FloatField"),
    _field("_dataset_id", "ObjectIdField"),
    *_OWN,
    _texts("questions"),
    _texts("answers"),
    _field(
        "detections",
        "EmbeddedDocumentField",
        document="labels.Detections",
        fields=[
            _field(
                "detections", "ListField", of="EmbeddedDocumentField", document="labels.Detection", fields=_DETECTION
            )
        ],
    ),
]


def _metadata(written: Sequence[ExportedFile], style: Style) -> dict[str, object]:
    """Return for each split what its dataset is and which fields a sample has."""
    head = {
        "version": _VERSION,
        "media_type": "image",
        "info": {"name": style.dataset, "exported_by": "svit"},
        "sample_fields": _FIELDS,
    }
    return {str(PurePosixPath(file.name).parent / METADATA): head for file in written}


def _warns(style: Style, _held: bool) -> str:
    return "FiftyOne opens files: it takes an address of --image-root for a path." if "://" in style.images else ""


FORMAT = Format(
    name="fiftyone",
    summary="FiftyOne's datasets, to look at boxes and texts, a folder for each split",
    boxes=NONE,
    also="in shares of the image under `detections`: x, y, width, height",
    marks="none; the picture is the sample's",
    record=record,
    container="json",
    file=f"SPLIT/{SAMPLES}",
    document=document,
    sidecars=_metadata,
    recipe="people who look at it",
    start="""\
python -c "import fiftyone as fo
data = fo.Dataset.from_dir('$DATA/SPLIT', dataset_type=fo.types.FiftyOneDataset, rel_dir='$PICTURES')
fo.launch_app(data).wait()\"""",
    warns=_warns,
)
