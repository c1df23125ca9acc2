r"""MiniCPM-V and MiniCPM-o, for OpenBMB's own finetuning code: a JSON list of turns by `role` and `content`.

{"id": "2-referring", "image": "vg/VG_100K/2.jpg", "width": 800, "height": 600,
 "conversations": [{"role": "user", "content": "<image>\nWhere is the dog?"},
                   {"role": "assistant", "content": "<ref>dog</ref><box>100 200 300 400</box>"}]}

Its `SupervisedDataset` opens `image` as it stands, from the folder that training is started in, and puts the picture in
place of the `<image>` of the first turn. Boxes are what its authors told users that the models know (its issues 772 and
982): whole thousandths of the image, which is resized and cut into slices, and never padded.
"""

from svit.exports.base import Format, Item, Style
from svit.exports.box_styles import MINICPM_V
from svit.exports.human_gpt import FIRST_LINE, turns


def _record(item: Item, style: Style) -> dict[str, object]:
    return {
        "id": item.key,
        "image": item.image,
        "width": item.width,
        "height": item.height,
        "conversations": turns(style.texts(item), FIRST_LINE, ("user", "assistant"), ("role", "content")),
    }


FORMAT = Format(
    name="minicpm-v",
    summary="MiniCPM-V's JSON list of roles, for OpenBMB's own finetuning code",
    marks="`<image>` on the first line of the first question",
    record=_record,
    boxes=MINICPM_V,
    container="json",
)
