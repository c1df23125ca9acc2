"""How much of a prompt a model can take: refused when it is too long, or cut in silence."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from svit.simulate.chat_completions import RequestProblem


class Counted(NamedTuple):
    """The texts of a prompt, message by message, and the tokens of each and of all.

    `whole` unless something was cut off.
    """

    texts: Sequence[str]
    counts: Sequence[float]
    tokens: int
    whole: bool = True


def counted(texts: Sequence[str], count: Callable[[str], float]) -> Counted:
    """Return the prompt of these texts, each counted."""
    counts = [count(text) for text in texts]
    return Counted(texts, counts, int(sum(counts)))


def too_long(prompt: Counted, cap: int, window: int) -> RequestProblem | None:
    """Return why a prompt and an answer of `cap` tokens don't fit into a window of so many; None when they do."""
    if (wanted := prompt.tokens + cap) <= window:
        return None
    message = (
        f"This model's maximum context length is {window} tokens. However, you requested {wanted} tokens "
        f"({prompt.tokens} in the messages, {cap} in the completion). "
        f"Please reduce the length of the messages or completion."
    )
    return RequestProblem(400, "context_length_exceeded", message, param="messages")


def cut(prompt: Counted, most: int) -> Counted:
    """Return the last `most` tokens of the prompt, as a server does that says nothing of it: the oldest text goes."""
    if prompt.tokens <= most:
        return prompt
    texts, counts, room = list(prompt.texts), list(prompt.counts), float(most)
    for at in reversed(range(len(texts))):
        if counts[at] > room:
            gone = round(len(texts[at]) * (1 - room / counts[at]))
            texts[at], counts[at] = texts[at][gone:], room
        room -= counts[at]
    return Counted(texts, counts, most, whole=False)
