r"""MiniCPM-V and MiniCPM-o, for OpenBMB's own finetuning code: a JSON list of turns by `role` and `content`.

{"id": "2-referring", "image": "vg/VG_100K/2.jpg", "width": 800, "height": 600,
 "conversations": [{"role": "user", "content": "<image>\nWhere is the dog?"},
                   {"role": "assistant", "content": "<ref>dog</ref><box>100 200 300 400</box>"}]}

Its `SupervisedDataset` opens `image` as it stands, from the folder that training is started in, and puts the picture in
place of the `<image>` of the first turn. Boxes are what its authors told users that the models know (its issues 772 and
982): whole thousandths of the image, which is resized and cut into slices, and never padded.
"""

from svit.exports import context_windows
from svit.exports.base import Format, Item, Style
from svit.exports.box_styles import MINICPM_V
from svit.exports.formats.human_gpt import FIRST_LINE, turns


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
    window=context_windows.MINICPM_V,
    recipe="OpenBMB's finetuning code, which cuts pictures into slices and does not pad",
    start="""\
# CHECKOUT is MiniCPM-V's; pictures are opened from the folder that this starts in
cd $PICTURES && torchrun --nproc_per_node=8 $CHECKOUT/finetune/finetune.py \\
  --model_name_or_path openbmb/MiniCPM-V-2_6 --llm_type qwen --data_path $DATA/TRAIN --do_train \\
  --remove_unused_columns false --label_names labels --prediction_loss_only false --bf16 true \\
  --tune_vision true --tune_llm false --model_max_length 2048 --max_slice_nums 9 --num_train_epochs 1 \\
  --per_device_train_batch_size 1 --learning_rate 1e-6 --gradient_checkpointing true \\
  --deepspeed $CHECKOUT/finetune/ds_config_zero3.json --output_dir $CHECKOUT/output/NAME""",
    container="json",
)
