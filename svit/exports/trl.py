"""TRL's SFT trainer for vision-language models: a parquet file with `messages` and `images`.

    {"messages": [{"role": "user", "content": "Where is the dog?"},
                  {"role": "assistant", "content": "<st>dog<ed> [0.1, 0.2, 0.3, 0.4]"}],
     "images": ["vg/VG_100K/2.jpg"]}

The trainer puts as many pictures as there are in `images` before the first question. Contents in parts would say the
same, but a table fills the text of an image's part with null.
"""

from svit.exports.base import Format, Item, Style
from svit.exports.human_gpt import turns
from svit.exports.tables import IMAGE, TEXT


def _record(item: Item, style: Style) -> dict[str, object]:
    messages = turns(style.texts(item), "", ("user", "assistant"), ("role", "content"))
    return {"messages": messages, "images": [item.image]}


FORMAT = Format(
    name="trl",
    summary="parquet for TRL's SFT trainer",
    marks="none; the trainer puts the picture before the first question",
    record=_record,
    container="parquet",
    features={"messages": [{"role": TEXT, "content": TEXT}], "images": [IMAGE]},
)
