"""Megatron-Energon: tar shards with an index each, and the files of `.nv-meta` that `energon prepare` would write.

A sample is a picture and a record of LLaVA's kind under one key, as in `webdataset`. The data set is a crude one: its
samples are dicts of `jpg` or `png` and `json`, which a `Cooker` of the task encoder makes chats of. That is what
Energon's documentation has for conversations, which none of its own sample types can hold. Megatron-Bridge brings one
that can: `megatron-bridge.yaml` names the same shards as its `ChatMLWebdataset`.
"""

from collections.abc import Sequence
from dataclasses import replace

import yaml

from svit.exports.base import ExportedFile, Style
from svit.exports.box_styles import QWEN3_VL
from svit.exports.formats.webdataset import FORMAT as WEBDATASET

BRIDGE = "megatron-bridge.yaml"
_META, _CHATML = ".nv-meta", "chatml.yaml"


def _sidecars(written: Sequence[ExportedFile], style: Style) -> dict[str, object]:
    """Return what the data set is, its splits, how many samples each shard has, and Bridge's view of it.

    `.info.yaml` is read by all versions of Energon; 7.4 itself would write `.info.json`.
    """
    splits: dict[str, list[str]] = {}
    for file in written:
        splits.setdefault(file.split, []).append(file.name)
    found: dict[str, object] = {
        f"{_META}/dataset.yaml": {
            "__module__": "megatron.energon",
            "__class__": "CrudeWebdataset",
            "subflavors": {"dataset": style.dataset},
        },
        f"{_META}/{_CHATML}": {
            "__module__": "megatron.bridge.data.energon.task_encoder_utils",
            "__class__": "ChatMLWebdataset",
            "field_map": {"imgs": "jpg,png", "conversation": "json"},
            "subflavors": {"dataset": style.dataset},
        },
        f"{_META}/split.yaml": {"split_parts": splits, "exclude": []},
        f"{_META}/.info.yaml": {"shard_counts": {file.name: file.records for file in written}},
        BRIDGE: {
            "__module__": "megatron.energon",
            "__class__": "MetadatasetV2",
            "splits": {split: {"path": ".", "dataset_config": _CHATML, "split_part": split} for split in splits},
        },
    }
    return {name: yaml.safe_dump(content, sort_keys=False, allow_unicode=True) for name, content in found.items()}


def _warns(_style: Style, held: bool) -> str:
    return "" if held else "The samples have no pictures: --images DIR puts each beside its record."


FORMAT = replace(
    WEBDATASET,
    name="energon",
    summary="Megatron-Energon's tar shards with their .nv-meta, for Megatron-LM and Megatron-Bridge",
    boxes=QWEN3_VL,
    recipe="Megatron-Bridge's recipes for Qwen3-VL, at any size of pictures",
    start="""\
# in Megatron-Bridge's checkout, on an export with --images and --split train=0.98,val=0.02
torchrun --nproc_per_node=8 scripts/training/run_recipe.py --recipe qwen3_vl_8b_peft_energon_config \\
  --step_func vlm_step --mode lora --seq_length 4096 dataset.path=$DATA/megatron-bridge.yaml \\
  checkpoint.pretrained_checkpoint=$CHECKPOINT checkpoint.load=null checkpoint.save=results/NAME""",
    tar_index=True,
    sidecars=_sidecars,
    warns=_warns,
)
