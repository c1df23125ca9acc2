"""How many tokens a trainer's own script reads of a record, and how many a picture takes of them.

A window counts as `svit export`'s card starts the trainer. What it cuts off is gone without a word: answers are not
learnt, and one that is cut through is learnt by half.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from svit.image_files.image_frames import LLAMA_FACTORY, PROCESSOR, QWEN_SCRIPTS, Resize

PictureTokens = Callable[[int, int], int]
"""Returns the tokens of a picture of this width and height in pixels."""


@dataclass(frozen=True)
class Window:
    """What a trainer reads of a record: `tokens`, of which a picture takes `picture`, and a turn `turn` for its marks.

    `option` is what sets it, and `does` what the trainer does with a longer record. `finer` is how many tokens of its
    tokenizer make an estimated one.
    """

    tokens: int
    option: str
    does: str
    picture: PictureTokens
    turn: int = 6
    finer: float = 1.0


def _patches(tokens: int) -> PictureTokens:
    return lambda _width, _height: tokens


def _by_qwen(resize: Resize) -> PictureTokens:
    """Return a token for each square of the factor's size, and one before and behind them."""

    def tokens(width: int, height: int) -> int:
        shown = resize.of(width, height)
        return shown[0] * shown[1] // resize.factor**2 + 2

    return tokens


def _anyres(side: int, patch: int, most: int) -> PictureTokens:
    """Return LLaVA-OneVision's: the whole picture, and the tiles that it is cut into, of so many at most."""
    per_tile = (side // patch) ** 2

    def tokens(width: int, height: int) -> int:
        return per_tile * (1 + min(most, math.ceil(width / side) * math.ceil(height / side)))

    return tokens


def _internvl_tiles(most: int) -> PictureTokens:
    """Return InternVL's: tiles of 448 pixels in the grid nearest to the picture's shape, and a small one of it all.

    Of two grids as near the larger is taken where the picture has more than half of its pixels.
    """
    sides = range(1, most + 1)
    grids = sorted(((i, j) for i in sides for j in sides if i * j <= most), key=lambda grid: grid[0] * grid[1])

    def tokens(width: int, height: int) -> int:
        shape, best, off = width / height, (1, 1), math.inf
        for grid in grids:
            far = abs(shape - grid[0] / grid[1])
            if far < off or (far == off and width * height > 0.5 * 448 * 448 * grid[0] * grid[1]):
                best, off = grid, far
        tiles = best[0] * best[1]
        return 256 * (tiles + (tiles > 1)) + 2

    return tokens


LLAVA_1_5 = Window(2048, "--model_max_length", "cuts its end off", _patches(576), finer=1.08)
"""scripts/v1_5/finetune.sh; a picture of 336 pixels in patches of 14. LLaMA's tokenizer makes more of English."""
LLAVA_NEXT = Window(32_768, "--model_max_length", "cuts its end off", _anyres(384, 14, 9))
"""scripts/train/finetune_si.sh: anyres_max_9 on SigLIP of 384 pixels."""
QWEN = Window(8192, "--model_max_length", "cuts its end off", _by_qwen(QWEN_SCRIPTS))
QWEN3 = Window(8192, "--model_max_length", "cuts its end off", _by_qwen(Resize(784, 50_176, 32)))
"""qwen-vl-finetune/scripts/sft*.sh."""
INTERNVL = Window(8192, "--max_seq_length", "cuts its end off", _internvl_tiles(6))
"""Six tiles at most, as InternVL2.5's scripts for finetuning have it."""
LLAMA_FACTORY_S = Window(4096, "--cutoff_len", "cuts its end off", _by_qwen(LLAMA_FACTORY))
MS_SWIFT = Window(4096, "--max_length", "leaves it out", _by_qwen(PROCESSOR))
MINICPM_V = Window(2048, "--model_max_length", "cuts its end off", _patches(640))
"""Ten slices of 64 tokens at most."""

ANY = Window(0, "the trainer's own limit at", "cuts its end off, or fails", _patches(1024))
"""Where a person alone says how long a record may be: a picture is taken for 1,024 tokens."""
