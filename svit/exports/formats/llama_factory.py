"""LLaMA-Factory: conversations in the `sharegpt` form, and the entry of its `dataset_info.json`.

It leaves boxes in a text as they are, so they are written as SVIT writes them.
"""

from collections.abc import Sequence

from svit.exports import context_windows
from svit.exports.base import IMAGE_MARK, ExportedFile, Format, Item, Style
from svit.exports.formats.human_gpt import conversations, datasets
from svit.image_files.image_frames import LLAMA_FACTORY

DATASETS = "dataset_info.json"


def record(item: Item, style: Style) -> dict[str, object]:
    """Return `id`, `conversations`, `images`, `width` and `height`."""
    return {
        "id": item.key,
        "conversations": conversations(item, style, IMAGE_MARK),
        "images": [item.image],
        "width": item.width,
        "height": item.height,
    }


def dataset_info(written: Sequence[ExportedFile], style: Style) -> dict[str, object]:
    """Return the `dataset_info.json` with an entry for each file."""
    return {
        DATASETS: {
            name: {
                "file_name": file.name,
                "formatting": "sharegpt",
                "columns": {"messages": "conversations", "images": "images"},
                "tags": {"role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt"},
            }
            for name, file in datasets(written, style).items()
        }
    }


FORMAT = Format(
    name="llama-factory",
    summary="LLaMA-Factory's sharegpt form, with its dataset_info.json",
    marks="`<image>` at the head of the first question",
    record=record,
    resize=LLAMA_FACTORY,
    window=context_windows.LLAMA_FACTORY_S,
    recipe="LLaMA-Factory's own defaults (image_min_pixels 1024, image_max_pixels 589824), then the processor's",
    start="""\
# any model that LLaMA-Factory knows; boxes as it writes them: svit export --boxes
llamafactory-cli train --stage sft --do_train true --finetuning_type lora --template qwen2_vl \\
  --model_name_or_path Qwen/Qwen2.5-VL-7B-Instruct --dataset_dir $DATA --dataset NAMES --media_dir $PICTURES \\
  --image_min_pixels MIN_PIXELS --image_max_pixels MAX_PIXELS \\
  --cutoff_len 4096 --num_train_epochs 1 --per_device_train_batch_size 1 --gradient_accumulation_steps 8 \\
  --learning_rate 1e-4 --bf16 true --output_dir saves/NAME""",
    sidecars=dataset_info,
)
