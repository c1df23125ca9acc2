"""Trainers' own dataset classes, run on exports: one file a trainer."""

from typing import NamedTuple

OLD = "torch, transformers 4.57, pillow"


class Trainer(NamedTuple):
    """A trainer: its file here, the formats it reads, what is to be installed, and if it is run from a checkout."""

    module: str
    formats: tuple[str, ...]
    needs: str
    checkout: bool = True


QWENS = ("qwen2-vl", "qwen2.5-vl", "qwen3-vl")
TRAINERS = {
    "ms-swift": Trainer("ms_swift", ("ms-swift",), "ms-swift, torch, pillow", checkout=False),
    "llama-factory": Trainer("llama_factory", ("llama-factory",), "llamafactory, torch", checkout=False),
    "restated": Trainer("restated", (*QWENS, "internvl"), "for qwen2.5-vl transformers, torch, pillow", checkout=False),
    "trl": Trainer("trl_sft", ("trl", "trl-completion"), "trl, datasets, pyarrow, torch, pillow", checkout=False),
    "LLaVA": Trainer("llava", ("llava-1.5",), f"{OLD}, sentencepiece, accelerate, peft, einops"),
    "Bunny": Trainer("bunny", ("llava-1.5",), OLD),
    "TinyLLaVA": Trainer("tinyllava", ("llava-1.5",), f"{OLD}, peft"),
    "LLaVA-NeXT": Trainer("llava_next", ("llava-next",), f"{OLD}, accelerate, peft, einops, av, timm, pyyaml, decord"),
    "Qwen-VL": Trainer("qwen_vl", QWENS, f"{OLD}, torchvision; the checkout of Qwen3-VL"),
    "2U1": Trainer("qwen_2u1", QWENS, f"{OLD}, torchvision, ujson, qwen-vl-utils; a JSON list"),
    "InternVL": Trainer("internvl", ("internvl",), "torch, transformers 4.37, timm, einops, peft, decord, imageio"),
    "MiniCPM-V": Trainer("minicpm_v", ("minicpm-v",), f"{OLD}, torchvision"),
}
"""By the name that --checkout takes."""
