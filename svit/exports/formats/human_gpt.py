"""What trainers of LLaVA's line read: turns of `human` and `gpt`, and the names of their datasets."""

from collections.abc import Sequence
from itertools import cycle

from svit.exports.base import IMAGE_MARK, ExportedFile, Item, Style

FIRST_LINE = f"{IMAGE_MARK}\n"
"""The image's mark on a line of its own, as LLaVA, InternVL and Qwen's own training have it."""


def turns(
    texts: Sequence[str], mark: str, who: tuple[str, str] = ("human", "gpt"), keys: tuple[str, str] = ("from", "value")
) -> list[dict[str, str]]:
    """Return `{"from": "human", "value": ..}` and `{"from": "gpt", "value": ..}` in turn, the mark before the first."""
    said, text = keys
    found = [{said: speaker, text: value} for speaker, value in zip(cycle(who), texts)]
    if mark:
        found[0][text] = mark + texts[0]
    return found


def conversations(item: Item, style: Style, mark: str = FIRST_LINE) -> list[dict[str, str]]:
    """Return the turns of the item as `human` and `gpt` say them, the mark at the head of the first."""
    return turns(style.texts(item), mark)


def flat(item: Item, style: Style) -> dict[str, object]:
    """Return `id`, `image`, `width`, `height` and `conversations`: LLaVA's line, with the size that boxes are of."""
    return {
        "id": item.key,
        "image": item.image,
        "width": item.width,
        "height": item.height,
        "conversations": conversations(item, style),
    }


def datasets(written: Sequence[ExportedFile], style: Style) -> dict[str, ExportedFile]:
    """Return each file under a name of its own: the dataset's for `train`, with the split's behind it for others.

    There is no comma in a name, as commas part names where trainers take several.
    """
    name = style.dataset.replace(",", "_").strip()
    return {name if file.split == "train" else f"{name}_{file.split}": file for file in written}
