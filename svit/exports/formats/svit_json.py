"""SVIT's published shape: an image's conversations, with `<st>men<ed> [x1, y1, x2, y2]` for what has boxes."""

from collections.abc import Mapping

from svit.exports.base import Format, Item, Style
from svit.exports.formats.human_gpt import turns


def blocks(item: Item, style: Style) -> list[dict[str, object]]:
    """Return the item's talks: `content`, turns of `user` and `gpt`, and `topic`, None where there is none."""
    texts, start = style.texts(item), 0
    found: list[dict[str, object]] = []
    for talk in item.talks:
        said = texts[start : start + len(talk.texts)]
        found.append({"topic": talk.topic, "content": turns(said, "", ("user", "gpt"))})
        start += len(talk.texts)
    return found


def _record(item: Item, style: Style) -> Mapping[str, object]:
    return {
        "image_id": item.image_id,
        "conversations": [
            block if block["topic"] is not None else {"content": block["content"]} for block in blocks(item, style)
        ],
    }


FORMAT = Format(
    name="svit",
    summary="SVIT's published shape",
    marks="none; the image by its id",
    record=_record,
    recipe="no trainer of its own: the shape that SVIT was published in",
    start="""\
python -c "import json; print(len(json.load(open('$DATA/TRAIN'))))\"""",
    container="json",
)
