"""ms-swift: boxes beside the text, in pixels of the image; ms-swift writes them as the model that it trains wants them.

A text says `<ref-object>` for a name and `<bbox>` for each of its boxes; `objects` has the names and the boxes in the
order of these marks. Where nothing is named the lists are empty. A record with boxes comes first: `datasets`, which
ms-swift reads the file with, takes empty lists for lists of nothing where it sees no others in the first 10 MB.
"""

from itertools import cycle

from svit.exports.base import IMAGE_MARK, Format, Item, Mention, Style, pixels
from svit.exports.human_gpt import texts


def record(item: Item, _style: Style) -> dict[str, object]:
    """Return `id`, `messages`, `images`, `objects`, `width` and `height`."""
    mentions = [piece for pair in item.pairs for text in pair for piece in text if isinstance(piece, Mention)]
    boxes = [item.boxes[place] for mention in mentions for place in mention.boxes]
    return {
        "id": item.key,
        "messages": [
            {"role": who, "content": text}
            for who, text in zip(cycle(("user", "assistant")), texts(item, _marks, IMAGE_MARK), strict=False)
        ],
        "images": [item.image],
        "objects": {
            "ref": [mention.name for mention in mentions],
            "bbox": [[round(side, 2) for side in pixels(box, item)] for box in boxes],
            "bbox_type": "real",
        },
        "width": item.width,
        "height": item.height,
    }


def _marks(mention: Mention) -> str:
    return "<ref-object>" + "<bbox>" * len(mention.boxes)


FORMAT = Format(
    name="ms-swift",
    summary="ms-swift's messages with objects, for any model that it trains",
    boxes="`<ref-object><bbox>` in the text; names, and boxes in pixels of the image, in `objects`",
    marks="`<image>` at the head of the first user message",
    record=record,
    leads=lambda item: bool(item.boxes),
)
