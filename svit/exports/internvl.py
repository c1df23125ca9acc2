"""InternVL: JSONL, and the meta file that its training takes as `--meta_path`.

A mention is `<ref>man</ref><box>[[588, 387, 692, 832]]</box>`, all its boxes in the one list, in thousandths of the
image.
"""

from collections.abc import Sequence

from svit.exports.base import Format, Style, Written
from svit.exports.box_styles import INTERNVL
from svit.exports.human_gpt import datasets, flat

META = "meta.json"


def meta(written: Sequence[Written], style: Style) -> dict[str, object]:
    """Return the meta file: per dataset its file, and how many records are in it.

    The root is empty, as the records' paths are whole. Pictures are not changed at random in training, which would move
    what the boxes are about.
    """
    return {
        META: {
            name: {
                "root": "",
                "annotation": file.name,
                "data_augment": False,
                "repeat_time": 1,
                "length": file.records,
            }
            for name, file in datasets(written, style).items()
        }
    }


FORMAT = Format(
    name="internvl",
    summary="InternVL's JSONL, with its meta file",
    boxes=INTERNVL,
    marks="`<image>` on the first line of the first question",
    record=flat,
    sidecars=meta,
)
