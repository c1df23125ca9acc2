"""SVIT's published shape: an image's conversations, with `<st>men<ed> [x1, y1, x2, y2]` for what has boxes."""

from collections.abc import Mapping

from svit.exports.base import Format, Item, Style, rendered, tagged


def _record(item: Item, style: Style) -> Mapping[str, object]:
    write = tagged(item, style)
    return {
        "image_id": item.image_id,
        "conversations": [
            {
                **({} if talk.topic is None else {"topic": talk.topic}),
                "content": [
                    {"from": who, "value": rendered(text, write)}
                    for pair in talk.pairs
                    for who, text in (("user", pair.question), ("gpt", pair.answer))
                ],
            }
            for talk in item.talks
        ],
    }


FORMAT = Format(
    name="svit",
    summary="SVIT's published shape",
    boxes="`<st>men<ed> [x1, y1, x2, y2]`, 0 to 1",
    marks="none; the image by its id",
    record=_record,
    container="json",
)
