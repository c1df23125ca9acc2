"""Label Studio: a task for each record, its boxes as predictions, and the labelling interface to see them.

{"data": {"image": "/data/local-files/?d=vg/VG_100K/2.jpg", "id": "2-referring",
          "talk": [{"from": "user", "value": "Where is the dog?"}, ..], "labels": [{"value": "dog"}]},
 "predictions": [{"model_version": "svit", "result": [{
    "type": "rectanglelabels", "from_name": "box", "to_name": "image",
    "original_width": 800, "original_height": 600, "image_rotation": 0,
    "value": {"x": 10.0, "y": 20.0, "width": 20.0, "height": 20.0, "rotation": 0, "rectanglelabels": ["dog"]}}]}]}

Boxes are in hundredths of the image, whatever frame those of the texts are in. The names of a task are its labels, by
`value="$labels"`.
"""

from collections.abc import Sequence

from svit.exports.base import ExportedFile, Format, Item, Style
from svit.exports.box_frames import Frame
from svit.exports.box_styles import NONE
from svit.exports.canonical import named
from svit.exports.formats.human_gpt import turns

INTERFACE = "labeling_config.xml"
_XML = """<View>
  <Image name="image" value="$image" zoom="true"/>
  <RectangleLabels name="box" toName="image" value="$labels"/>
  <Paragraphs name="talk" value="$talk" layout="dialogue" nameKey="from" textKey="value"/>
</View>
"""


def record(item: Item, style: Style) -> dict[str, object]:
    """Return `data` with the image, the turns and the names, and `predictions` with the boxes."""
    frame = Frame(item.width, item.height)
    found = dict.fromkeys((name, sides) for name, boxes in named(item.texts) for sides in boxes)
    results = []
    for name, sides in found:
        x1, y1, x2, y2 = (round(100 * side, 2) for side in frame.share(sides))
        size = {"x": x1, "y": y1, "width": round(x2 - x1, 2), "height": round(y2 - y1, 2), "rotation": 0}
        results.append({
            "type": "rectanglelabels", "from_name": "box", "to_name": "image", "original_width": item.width,
            "original_height": item.height, "image_rotation": 0, "value": {**size, "rectanglelabels": [name or "box"]},
        })  # fmt: skip
    labels = dict.fromkeys(name or "box" for name, _ in found)
    return {
        "data": {
            "image": item.image,
            "id": item.key,
            "talk": turns(style.texts(item), "", ("user", "gpt")),
            "labels": [{"value": name} for name in labels],
        },
        "predictions": [{"model_version": "svit", "result": results}],
    }


def _interface(_written: Sequence[ExportedFile], _style: Style) -> dict[str, str]:
    return {INTERFACE: _XML}


FORMAT = Format(
    name="label-studio",
    summary="Label Studio's tasks, to look at boxes and texts, with its labelling interface",
    boxes=NONE,
    also="in hundredths of the image under `predictions`",
    marks="none; the picture is the task's",
    record=record,
    container="json",
    sidecars=_interface,
    recipe="people who look at it",
    start="""\
# export with --image-root "/data/local-files/?d=FOLDER"; in the project: Settings, Labeling Interface, Code:
# labeling_config.xml; then import $DATA/TRAIN
LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED=true LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT=$PICTURES label-studio start""",
)
