"""InternVL: JSONL, and the meta file that its training takes as `--meta_path`.

A mention is `<ref>man</ref><box>[[588, 387, 692, 832]]</box>`, all its boxes in the one list, in thousandths of the
image.
"""

from collections.abc import Sequence
from pathlib import PurePath

from svit.exports import context_windows
from svit.exports.base import ExportedFile, Format, Style, to_train_on
from svit.exports.box_styles import INTERNVL
from svit.exports.formats.human_gpt import datasets, flat

META = "meta.json"


def meta(written: Sequence[ExportedFile], style: Style) -> dict[str, object]:
    """Return the meta file: per dataset that is to be trained on its file, and how many records are in it.

    Paths hold from any folder: those of the records begin with `style.images`, or, where that is no whole path, where
    the export was made. Pictures are not changed at random in training, which would move
    what the boxes are about.
    """
    return {
        META: {
            name: {
                "root": style.here if style.images else "",
                "annotation": str(PurePath(style.folder, file.name)),
                "data_augment": False,
                "repeat_time": 1,
                "length": file.records,
            }
            for name, file in datasets(to_train_on(written), style).items()
        }
    }


def _warns(style: Style, _held: bool) -> str:
    """Return what is to be known where the records' paths begin nowhere: the trainer passes over what it can't open."""
    if style.images:
        return ""
    return (
        f"{META} says of no folder that the pictures are in it, so InternVL finds them only when it is started there: "
        "give --image-root, their folder."
    )


FORMAT = Format(
    name="internvl",
    summary="InternVL's JSONL, with its meta file",
    boxes=INTERNVL,
    marks="`<image>` on the first line of the first question",
    record=flat,
    window=context_windows.INTERNVL,
    recipe="InternVL's finetuning scripts, whose dynamic tiles keep shares as they are",
    start="""\
# in internvl_chat/ of InternVL's checkout; meta.json names this folder: change it there when the folder moves
LAUNCHER=pytorch torchrun --nproc_per_node=8 internvl/train/internvl_chat_finetune.py \\
  --model_name_or_path OpenGVLab/InternVL2_5-8B --conv_style internvl2_5 --meta_path $DATA/meta.json \\
  --output_dir work_dirs/NAME --force_image_size 448 --max_dynamic_patch 6 --down_sample_ratio 0.5 \\
  --freeze_backbone True --freeze_llm False --freeze_mlp False --dynamic_image_size True --use_thumbnail True \\
  --ps_version v2 --bf16 True --num_train_epochs 1 --per_device_train_batch_size 4 --learning_rate 2e-5 \\
  --max_seq_length 8192 --do_train True --grad_checkpoint True --deepspeed zero_stage1_config.json""",
    sidecars=meta,
    warns=_warns,
)
