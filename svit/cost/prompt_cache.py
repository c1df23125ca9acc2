"""What a provider's prompt cache makes of the prompts of a run: tokens that are read from it and written to it."""

from collections.abc import Callable
from typing import NamedTuple

from svit.providers.openai.capabilities import Caching
from svit.records import Message, Prompt

CACHED_FROM = 1024
"""Tokens from which on OpenAI's prompt cache keeps a prefix."""
_FRAME = 3
"""Tokens that a chat puts around each message, and at its end."""


class PromptSize(NamedTuple):
    """Tokens of a prompt, and those of them that are read from and written to a cache."""

    tokens: int
    cached: int = 0
    written: int = 0


class PromptCache:
    """What a provider's cache makes of prompts that are asked in their order, when it forgets none too soon.

    Without a `cache_breakpoint` whatever prefix came before is read, and writing costs nothing. With one, a prompt is
    written as a whole, or only as far as its mark (`caching: prefix`), or not at all (`caching: off`).
    """

    def __init__(self, tokens: Callable[[str], int], caching: Caching, *, cache_breakpoint: bool) -> None:
        """Begin with nothing in the cache; `tokens` counts those of a text."""
        self._tokens = tokens
        self._caching = caching
        self._breakpoint = cache_breakpoint
        self._counts: dict[str, int] = {}
        self._earlier: set[tuple[Message, ...]] = set()
        self._now: set[tuple[Message, ...]] = set()

    def next_image(self) -> None:
        """Begin another image. Prefixes of the one before are remembered, those of earlier ones no longer."""
        self._earlier, self._now = self._now, set()
        self._counts.clear()

    def size(self, prompt: Prompt) -> PromptSize:
        """Return what a provider would bill for this prompt, after those of before."""
        counts = [self._count(message.content) for message in prompt.messages]
        whole = sum(counts) + _FRAME
        if self._breakpoint and self._caching == "automatic":
            return PromptSize(whole, written=whole if whole >= CACHED_FROM else 0)
        end = prompt.shared or len(counts) - 1
        prefix, start = prompt.messages[:end], sum(counts[:end])
        if self._caching == "off" or start < CACHED_FROM:
            return PromptSize(whole)
        known = prefix in self._now or prefix in self._earlier
        self._now.add(prefix)
        if known:
            return PromptSize(whole, cached=start)
        return PromptSize(whole, written=start if self._breakpoint else 0)

    def _count(self, text: str) -> int:
        if text not in self._counts:
            self._counts[text] = self._tokens(text) + _FRAME
        return self._counts[text]
