r"""Fine-tuning files in the form of OpenAI's chats, which Together and Fireworks take too: a line has `messages` alone.

{"messages": [{"role": "user",
               "content": [{"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,.."}},
                           {"type": "text", "text": "Where is the dog?"}]},
              {"role": "assistant",
               "content": [{"type": "text", "text": "{\"bbox_2d\": [100, 200, 300, 400], \"label\": \"dog\"}"}]}]}

Every content is a list of parts, since Together refuses lists beside plain texts, as it refuses any other key. All
three take data URLs; by address OpenAI alone fetches a picture. What is taken, at the strictest of the three: JPEG, PNG
and WebP (Fireworks names JPEG and PNG only) of at most 10 MB, and a picture in turns of the user only. OpenAI's models
have no boxes of their own; those of Qwen3-VL, the model that most others tune, are the default.
"""

import base64
from collections.abc import Mapping
from typing import Any, cast

from svit.exports.base import Embedding, Format, Item, Style
from svit.exports.box_styles import QWEN3_VL
from svit.image_files.image_folder import kind_of

_LARGEST = 10_000_000


def _record(item: Item, style: Style) -> dict[str, object]:
    messages = [
        {"role": ("user", "assistant")[n % 2], "content": [{"type": "text", "text": text}]}
        for n, text in enumerate(style.texts(item))
    ]
    return {"messages": _led_by(messages, item.image)}


def _led_by(messages: list[Any], address: str) -> list[Any]:
    """Return the messages with the picture of this address before all else that the first one says."""
    first, *others = messages
    said = [part for part in first["content"] if part["type"] != "image_url"]
    return [{**first, "content": [{"type": "image_url", "image_url": {"url": address}}, *said]}, *others]


def _with_picture(record: Mapping[str, object], file: bytes) -> dict[str, object]:
    address = f"data:image/{kind_of(file)};base64,{base64.b64encode(file).decode('ascii')}"
    return {**record, "messages": _led_by(cast("list[Any]", record["messages"]), address)}


def _warns(style: Style, held: bool) -> str:
    if held:
        return ""
    if style.images.startswith(("https://", "http://")):
        return "The pictures are named by address, which OpenAI fetches; Together and Fireworks want --images DIR."
    return "The pictures are named by path, which none of these services can open: --images DIR puts them in."


FORMAT = Format(
    name="openai",
    summary="fine-tuning files of OpenAI's chats, for OpenAI, Together and Fireworks",
    marks="none; the picture is a part before the first question, as a data URL with `--images`",
    record=_record,
    boxes=QWEN3_VL,
    recipe="Qwen3-VL, which Together and Fireworks tune, at any size of pictures",
    start="""\
# Together's client, for a file with its pictures in it (--images)
tg files check $DATA/TRAIN
tg fine-tuning create --training-file $DATA/TRAIN --model Qwen/Qwen3-VL-8B-Instruct --lora --suffix NAME""",
    embedding=Embedding(_with_picture, ("jpeg", "png", "webp"), _LARGEST),
    warns=_warns,
)
