"""TRL's SFT trainer for vision-language models, Unsloth and Axolotl: parquet files with `images` and typed parts.

    {"messages": [{"role": "user", "content": [{"type": "image", "text": None},
                                               {"type": "text", "text": "Where is the dog?"}]},
                  {"role": "assistant", "content": [{"type": "text", "text": "<st>dog<ed> [0.1, 0.2, 0.3, 0.4]"}]}],
     "images": ["vg/VG_100K/2.jpg"]}

With texts that are plain strings Unsloth shows a model no image. A table fills the text of an image's part with null,
which all three leave out again.

TRL computes the loss on all turns of `messages`, those of the user too, where a model sees pictures. Of `prompt` and
`completion` it is computed on the completion alone: there is a record for each answer, with all that was said before it
as its prompt, so that each answer is trained on once. Unsloth's collator looks for a prompt's pictures within it, not
in `images`: it is given `messages`, and masks what users say with `train_on_responses_only=True`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from svit.exports.base import Format, Item, Style, TextGroup
from svit.exports.parquet_files import IMAGE, TEXT
from svit.image_files.image_frames import PROCESSOR

_Message = dict[str, object]


def _messages(texts: Sequence[str]) -> list[_Message]:
    """Return the turns of user and assistant, each text a part, the picture's part before the first."""
    found: list[_Message] = [
        {"role": ("user", "assistant")[n % 2], "content": [{"type": "text", "text": text}]}
        for n, text in enumerate(texts)
    ]
    found[0]["content"] = [{"type": "image", "text": None}, {"type": "text", "text": texts[0]}]
    return found


def _record(item: Item, style: Style) -> dict[str, object]:
    return {"messages": _messages(style.texts(item)), "images": [item.image]}


def _completion(item: Item, style: Style) -> dict[str, object]:
    *prompt, answer = _messages(style.texts(item))
    return {"prompt": prompt, "completion": [answer], "images": [item.image]}


def _by_answer(item: Item) -> Iterator[Item]:
    """Yield an item for each answer, that ends with it."""
    texts = item.texts
    for number, end in enumerate(range(2, len(texts) + 1, 2), 1):
        yield item._replace(key=f"{item.key}-{number}", talks=(TextGroup(texts[:end], task=item.task),))


_MESSAGES = [{"role": TEXT, "content": [{"type": TEXT, "text": TEXT}]}]

_START = """\
echo "max_length: null" > sft.yaml  # or TRL cuts a record off after 1,024 tokens
trl sft --config sft.yaml --model_name_or_path Qwen/Qwen2.5-VL-3B-Instruct \\
  --dataset_name $DATA --dataset_train_split SPLIT \\
  --per_device_train_batch_size 1 --gradient_accumulation_steps 8 --learning_rate 1e-5 --bf16 True \\
  --num_train_epochs 1 --output_dir out/NAME"""
"""The file is there as `--max_length None` is none of TRL's: its command line takes whole numbers only."""

FORMAT = Format(
    name="trl",
    summary="parquet for TRL's SFT trainer, Unsloth and Axolotl",
    marks="a part of its own, before the first question",
    record=_record,
    recipe="a processor's own sizes (for Qwen2.5-VL 3136 to 12845056 pixels)",
    start=f"""\
# the loss is on questions too; of trl-completion it is on answers alone
{_START}
# Unsloth: UnslothVisionDataCollator(.., resize="max", train_on_responses_only=True, ..)""",
    resize=PROCESSOR,
    container="parquet",
    features={"messages": _MESSAGES, "images": [IMAGE]},
)
COMPLETION = replace(
    FORMAT,
    name="trl-completion",
    summary="parquet for TRL's SFT trainer, the loss on answers alone: a record for each",
    record=_completion,
    pieces=_by_answer,
    start=f"""\
{_START}
# for TRL alone: Unsloth finds no picture beside a prompt""",
    features={"prompt": _MESSAGES, "completion": _MESSAGES, "images": [IMAGE]},
)
