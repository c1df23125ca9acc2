"""Florence-2 and PaliGemma, for maestro: `annotations.jsonl` of image, prefix and suffix in a folder for each split.

{"image": "2.jpg", "prefix": "Where is the dog?", "suffix": "The dog<loc_100><loc_200><loc_300><loc_400> is here."}

A line is made of each pair. With `--boxes paligemma` the locations are PaliGemma's.
"""

from svit.exports.base import Format, Item, Style
from svit.exports.box_styles import FLORENCE_2
from svit.exports.formats.single_boxes import each_pair


def record(item: Item, style: Style) -> dict[str, object]:
    """Return `image`, `prefix` and `suffix`."""
    prefix, suffix = style.texts(item)
    return {"image": item.image, "prefix": prefix, "suffix": suffix}


FORMAT = Format(
    name="florence-2",
    summary="maestro's annotations.jsonl for Florence-2 and PaliGemma, a line for each pair",
    boxes=FLORENCE_2,
    marks="none; the picture by its path below the split's folder",
    record=record,
    pieces=each_pair(),
    file="SPLIT/annotations.jsonl",
    recipe="maestro's trainers, which scale both sides of a picture",
    start="""\
# maestro looks for pictures beside annotations.jsonl, and for the splits train, valid and test
cp $PICTURES/* $DATA/train/   # after an export with --image-layout flat
maestro florence_2 train --dataset $DATA --epochs 10 --batch-size 4 --optimization_strategy lora""",
)
