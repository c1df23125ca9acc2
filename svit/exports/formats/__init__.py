"""The formats by name. A format's module is imported when it is asked for."""

from importlib import import_module

from svit.errors import SvitError
from svit.exports.base import Format
from svit.spelling import unknown

_FORMATS = {
    "svit": "svit_json.FORMAT",
    "llava-1.5": "llava.LLAVA_1_5",
    "llava-next": "llava.LLAVA_NEXT",
    "llama-factory": "llama_factory.FORMAT",
    "ms-swift": "ms_swift.FORMAT",
    "trl": "trl.FORMAT",
    "trl-completion": "trl.COMPLETION",
    "qwen2-vl": "qwen2_vl.FORMAT",
    "qwen2.5-vl": "qwen2_5_vl.FORMAT",
    "qwen3-vl": "qwen3_vl.FORMAT",
    "internvl": "internvl.FORMAT",
    "minicpm-v": "minicpm_v.FORMAT",
    "openai": "openai_chat.FORMAT",
    "gemini": "gemini.FORMAT",
    "refcoco": "refcoco.FORMAT",
    "florence-2": "florence_2.FORMAT",
    "coco": "coco_instances.FORMAT",
    "label-studio": "label_studio.FORMAT",
    "fiftyone": "fiftyone.FORMAT",
    "hf": "hugging_face.FORMAT",
    "webdataset": "webdataset.FORMAT",
    "energon": "energon.FORMAT",
}
NAMES = tuple(_FORMATS)


def format_named(name: str) -> Format:
    """Return the format of this name. Raises SvitError for one that there is not."""
    if name not in _FORMATS:
        raise SvitError(unknown("format", name, NAMES))
    module, _, value = _FORMATS[name].partition(".")
    found: Format = getattr(import_module(f"svit.exports.formats.{module}"), value)
    return found
