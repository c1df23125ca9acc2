"""What trainers of LLaVA's line read: turns of `human` and `gpt`, and the names of their datasets."""

from collections.abc import Callable, Sequence
from itertools import cycle

from svit.exports.base import IMAGE_MARK, Item, Mention, Style, Written, rendered

FIRST_LINE = f"{IMAGE_MARK}\n"
"""The image's mark on a line of its own, as LLaVA, InternVL and Qwen's own training have it."""


def texts(item: Item, mention: Callable[[Mention], str], mark: str) -> list[str]:
    """Return question, answer, question, .. as the format writes them, the mark at the head of the first."""
    first, *others = (rendered(text, mention) for pair in item.pairs for text in pair)
    return [mark + first, *others]


def conversations(item: Item, mention: Callable[[Mention], str], mark: str = FIRST_LINE) -> list[dict[str, str]]:
    """Return the turns as `{"from": "human", "value": ..}` and `{"from": "gpt", "value": ..}` in turn."""
    return [
        {"from": who, "value": text}
        for who, text in zip(cycle(("human", "gpt")), texts(item, mention, mark), strict=False)
    ]


def flat(item: Item, mention: Callable[[Mention], str]) -> dict[str, object]:
    """Return `id`, `image`, `width`, `height` and `conversations`: LLaVA's line, with the size that boxes are of."""
    return {
        "id": item.key,
        "image": item.image,
        "width": item.width,
        "height": item.height,
        "conversations": conversations(item, mention),
    }


def datasets(written: Sequence[Written], style: Style) -> dict[str, Written]:
    """Return each file under a name of its own: the dataset's for `train`, with the split's behind it for others."""
    return {style.dataset if file.split == "train" else f"{style.dataset}_{file.split}": file for file in written}
