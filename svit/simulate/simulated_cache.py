"""The prompt cache, as OpenAI's: which part of a prompt was seen before, and what of it is kept for the next.

Only beginnings of 1,024 tokens or more count, of the same model and exactly equal. Up to gpt-5.5 the longest common
beginning is read, in steps of 128 tokens, and keeping costs nothing. From gpt-5.6 on a beginning is kept, and paid for,
as far as a breakpoint: a part that is marked, and, unless the mode is `explicit`, the end of the prompt.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import NamedTuple

from svit.simulate.chat_completions import ChatRequest
from svit.simulate.prompt_limit import Counted

LEAST = 1024
_STEP = 128
_BLOCK = 512
"""Characters; equal texts are found equal as far as the last whole block, or the end of a message."""
_MOST_MARKED = 4
_KEPT = 1 << 16
"""So many beginnings are kept at least, and at most twice as many: some 10 MB."""
_WITH_BREAKPOINTS = ("gpt-5.6*", "gpt-6*")


End = tuple[int, int]
"""Where a beginning of LEAST tokens or more ends: the key for all up to there, and its tokens."""


class Cached(NamedTuple):
    """What the cache does for a prompt, in tokens, and what it keeps of it when the answer begins.

    `written` is None for models that don't count what they keep.
    """

    read: int = 0
    written: int | None = None
    ends: Sequence[End] = ()


class SimulatedCache:
    """The beginnings that are kept, the oldest dropped first. Python's own hash of the text stands for each."""

    def __init__(self) -> None:
        """Begin empty."""
        self._young: set[int] = set()
        self._old: set[int] = set()

    def look(self, asked: ChatRequest, prompt: Counted) -> Cached:
        """Return what is found of this prompt now, and what is to be kept of it."""
        marks = has_breakpoints(asked.model)
        if prompt.tokens < LEAST or not prompt.whole:
            return Cached(written=0 if marks else None)
        return self._as_far_as_marked(asked, prompt) if marks else self._in_steps(asked, prompt)

    def keep(self, cached: Cached) -> None:
        """Keep the beginnings of a prompt, from now on."""
        for key, _ in cached.ends:
            self._young.add(key)
        if len(self._young) > _KEPT:
            self._young, self._old = set(), self._young

    def _in_steps(self, asked: ChatRequest, prompt: Counted) -> Cached:
        ends = _blocks(asked, prompt)
        for key, tokens in reversed(ends):
            if key in self._young or key in self._old:
                return Cached(tokens // _STEP * _STEP, None, ends)
        return Cached(0, None, ends)

    def _as_far_as_marked(self, asked: ChatRequest, prompt: Counted) -> Cached:
        marked, messages = _marks(asked, prompt)
        if asked.prompt_cache_options is not None and asked.prompt_cache_options.mode == "explicit":
            written = sought = marked[-_MOST_MARKED:]
        else:
            written, sought = marked[1 - _MOST_MARKED :] + messages[-1:], marked + messages
        read = longest = 0
        for key, tokens in sought:
            if tokens > read and (key in self._young or key in self._old):
                read = tokens
        for _, tokens in written:
            longest = max(longest, tokens)
        return Cached(read, max(0, longest - read), written)


@lru_cache(maxsize=256)
def has_breakpoints(model: str) -> bool:
    """Return whether this model keeps what breakpoints end, and charges for it."""
    return any(fnmatchcase(model, glob) for glob in _WITH_BREAKPOINTS)


def _blocks(asked: ChatRequest, prompt: Counted) -> list[End]:
    """Return the ends of blocks and of messages."""
    ends: list[End] = []
    key, before = hash(asked.model), 0.0
    for message, text, count in zip(asked.messages, prompt.texts, prompt.counts, strict=True):
        start = key
        if before + count >= LEAST:
            key, per_character = hash((key, message.role)), count / max(1, len(text))
            for end in range(_BLOCK, len(text), _BLOCK):
                key = hash((key, text[end - _BLOCK : end]))
                if (tokens := before + end * per_character) >= LEAST:
                    ends.append((key, int(tokens)))
        key, before = hash((start, message.role, text)), before + count
        if before >= LEAST:
            ends.append((key, int(before)))
    return ends


def _marks(asked: ChatRequest, prompt: Counted) -> tuple[list[End], list[End]]:
    """Return the ends of marked parts, and those of messages."""
    marked: list[End] = []
    messages: list[End] = []
    key, before = hash(asked.model), 0.0
    for message, text, count in zip(asked.messages, prompt.texts, prompt.counts, strict=True):
        if isinstance(message.content, list):
            at = 0
            for part in message.content:
                at += len(part.text)
                tokens = before + count * at / max(1, len(text))
                if part.prompt_cache_breakpoint is not None and tokens >= LEAST:
                    marked.append((hash((key, message.role, text[:at])), int(tokens)))
        key, before = hash((key, message.role, text)), before + count
        if before >= LEAST:
            messages.append((key, int(before)))
    return marked, messages
