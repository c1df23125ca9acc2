"""What an item's texts name and where it is, for formats that hold boxes beside the text."""

from svit.exports.base import Item, Mention, Numbers, pixels


def named_boxes(item: Item) -> tuple[tuple[str, Numbers], ...]:
    """Return each name with each box that it stands for, once, in the texts' order; pixels, two decimals."""
    mentions = (piece for pair in item.pairs for text in pair for piece in text if isinstance(piece, Mention))
    named = dict.fromkeys((mention.name, place) for mention in mentions for place in mention.boxes)
    return tuple((name, _rounded(pixels(item.boxes[place], item))) for name, place in named)


def _rounded(sides: Numbers) -> Numbers:
    x1, y1, x2, y2 = sides
    return round(x1, 2), round(y1, 2), round(x2, 2), round(y2, 2)
