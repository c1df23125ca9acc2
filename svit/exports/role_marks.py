"""What in a text a trainer takes for the beginning of a turn, so that it would teach a question, or mask an answer.

LLaVA's code, and what descends from it, looks for `ASSISTANT: ` in the whole conversation as text; Qwen's finetuning
code takes every token `assistant` of a question, as after a line end, a quotation mark or a `>`, for the head of an
answer. Behind a space the word is another token.
"""

import re
from collections.abc import Callable, Sequence

Breaks = Callable[[Sequence[str]], bool]
"""Whether a conversation, question and answer in turn, would be read as another one."""

_LLAVA = re.compile(r"\b(?:ASSISTANT|USER|SYSTEM):|^\s*#{2,3} ?(?:Human|Assistant|USER|ASSISTANT)\b", re.MULTILINE)
_QWEN = re.compile(r"(?:^|[^\w ]|_)assistant(?![^\W_])")


def breaks_llava(texts: Sequence[str]) -> bool:
    """Whether a text has the name of a speaker as LLaVA's conversation templates write it."""
    text = "\n".join(texts)
    return _may_name_a_speaker(text) and _LLAVA.search(text) is not None


def _may_name_a_speaker(text: str) -> bool:
    """Whether the pattern is worth a try: to find one character takes a tenth of the time that two take."""
    colon = text.find(":")
    while colon > 0:
        if text[colon - 1] in "TRM":
            return True
        colon = text.find(":", colon + 1)
    return "#" in text and "##" in text


def breaks_qwen(texts: Sequence[str]) -> bool:
    """Whether a question has the token that heads an answer in Qwen's chat template."""
    return any("assistant" in text and _QWEN.search(text) is not None for text in texts[::2])


def breaks_nothing(_texts: Sequence[str]) -> bool:
    """Return False: the trainer puts tokens of roles in by itself, and looks for none in a text."""
    return False
