"""What an item's texts name and where it is, for formats that hold boxes beside the text."""

from svit.exports.base import Item, Style
from svit.exports.box_frames import Numbers
from svit.exports.canonical import named


def named_boxes(item: Item) -> tuple[tuple[str, Numbers], ...]:
    """Return each name with each box that it stands for, once, in the texts' order; pixels, two decimals."""
    frame = Style().frame(item)
    found = dict.fromkeys((name, box) for name, boxes in named(item.texts) for box in boxes)
    return tuple((name, rounded(frame.pixels(box))) for name, box in found)


def rounded(sides: Numbers) -> Numbers:
    """Return the sides with two decimals."""
    x1, y1, x2, y2 = sides
    return round(x1, 2), round(y1, 2), round(x2, 2), round(y2, 2)
