"""Stand-ins for what would be downloaded or needs a GPU: tokenizers, image processors, modules that only training uses.

The tokenizers cut texts otherwise than the models' own, so lengths say nothing; bounds of turns, masks and special
tokens (with Qwen's own ids) are as in the models' own.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import sys
from collections.abc import Iterable, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

LONG = 1 << 20
"""A context that no record exceeds."""
QWEN = [
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
    "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>",
]  # fmt: skip
QWEN_FIRST, QWEN_WORDS = 151643, {"user": 872, "system": 8948, "assistant": 77091}
"""Ids of Qwen2's tokens. Its finetuning code finds answers by the ids of assistant and <|im_end|>."""
CHATML = """{% for message in messages %}<|im_start|>{{ message['role'] }}
{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}\
{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part['text'] }}{% endif %}\
{% endfor %}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


class Absent(ModuleType):
    """A module of which any name is an empty class: enough for imports, and for classes that are never made."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made = type(name, (), {})
        setattr(self, name, made)
        return made


class Absentees(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds modules that are not installed, below the names it was given."""

    def __init__(self, names: Iterable[str]) -> None:
        """Keep the names."""
        self.names = frozenset(names)

    def find_spec(self, name: str, _path: Sequence[str] | None = None, _target: Any = None) -> ModuleSpec | None:
        """Return a spec for a name that is to be stood in for."""
        return ModuleSpec(name, self, is_package=True) if name.split(".")[0] in self.names else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the empty module."""
        return Absent(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing is to be run."""


def without(*names: str) -> None:
    """Stand in for modules that only training needs, where they are not installed."""
    sys.meta_path.append(Absentees(name for name in names if importlib.util.find_spec(name) is None))


def hashable_defaults(plain: Any) -> Any:
    """Return the decorator `dataclass` for code of before Python 3.11, whose defaults are dataclasses themselves."""

    def decorated(made: Any = None, /, **options: Any) -> Any:
        if made is None:
            return lambda later: decorated(later, **options)
        made = plain(made, **options)
        if made.__hash__ is None:
            made.__hash__ = object.__hash__
        return made

    return decorated


def with_names(module: Any, *names: str) -> None:
    """Give a module names that a later version has dropped and that only training uses."""
    for name in names:
        if not hasattr(module, name):
            setattr(module, name, [])


def torchvision_without_kernels() -> None:
    """Let torchvision be imported where it was built for another torch: only its kernels are missing, none is used."""
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        sys.modules["torchvision._meta_registrations"] = ModuleType("torchvision._meta_registrations")


def bytes_in_gpt2_order() -> list[str]:
    """Return a letter for each byte as GPT-2 and Qwen number them, where a line end is 198."""
    printed = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [chr(byte) for byte in printed] + [chr(256 + n) for n in range(256 - len(printed))]


def byte_tokenizer(special: dict[str, int], **named: str) -> Any:
    """Return a fast tokenizer of bytes; roles' names are tokens of their own, as in the models' vocabularies."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import Qwen2TokenizerFast

    ids = {letter: number for number, letter in enumerate(bytes_in_gpt2_order())} | special
    merges: list[tuple[str, str]] = []
    for word, number in QWEN_WORDS.items():
        for end in range(1, len(word)):
            merges.append((word[:end], word[end]))
            ids.setdefault(word[: end + 1], number if end + 1 == len(word) else 1000 + len(ids))
        merges.append(("Ġ", word))
        ids["Ġ" + word] = 1000 + len(ids)
    made = Tokenizer(models.BPE(vocab=ids, merges=list(dict.fromkeys(merges))))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(list(special))
    return Qwen2TokenizerFast(  # the class that Qwen's processor asks for
        tokenizer_object=made, model_max_length=LONG, clean_up_tokenization_spaces=False, **named
    )


def qwen_tokenizer(*more: str, additional: Sequence[str] = ()) -> Any:
    """Return a tokenizer with Qwen2's special tokens under their own ids, and more after them."""
    special = {name: QWEN_FIRST + number for number, name in enumerate([*QWEN, *more])}
    made = byte_tokenizer(special, eos_token="<|im_end|>", pad_token="<|endoftext|>")
    if additional:
        made.add_special_tokens({"additional_special_tokens": list(additional)})
    made.chat_template = CHATML
    return made


def phi_tokenizer() -> Any:
    """Return a tokenizer as Phi-2's: one token begins, ends, pads and is unknown."""
    end = "<|endoftext|>"
    return byte_tokenizer({end: 50256}, eos_token=end, pad_token=end, unk_token=end, bos_token=end)


def llama_tokenizer(texts: Iterable[str], scratch: Path) -> Any:
    """Return Llama's slow tokenizer, as LLaVA asks for it, over a sentencepiece model of these texts."""
    import sentencepiece
    from transformers import LlamaTokenizer

    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_prefix=str(scratch / "llama"), vocab_size=600, model_type="bpe",
        byte_fallback=True, unk_id=0, bos_id=1, eos_id=2, pad_id=-1, normalization_rule_name="identity",
        remove_extra_whitespaces=False, split_digits=True, max_sentence_length=1 << 20, minloglevel=2,
        hard_vocab_limit=False,
    )  # fmt: skip
    made = LlamaTokenizer(str(scratch / "llama.model"), legacy=True, model_max_length=LONG, padding_side="right")
    made.pad_token = made.unk_token
    return made


def clip_processor(side: int = 336) -> Any:
    """Return CLIP's image processor as LLaVA-1.5 has it: side 336, 576 patches."""
    from transformers import CLIPImageProcessor

    return CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side})


def siglip_processor() -> Any:
    """Return SigLIP's image processor at 384, without a crop."""
    from transformers import SiglipImageProcessor

    return SiglipImageProcessor(size={"height": 384, "width": 384})


def qwen_processor(patch: int = 14) -> Any:
    """Return Qwen2.5-VL's processor; patch is 16 for Qwen3-VL."""
    from transformers import Qwen2_5_VLProcessor, Qwen2VLImageProcessor
    from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor

    return Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessor(patch_size=patch),
        tokenizer=qwen_tokenizer(),
        video_processor=Qwen2VLVideoProcessor(patch_size=patch),
        chat_template=CHATML,
    )
