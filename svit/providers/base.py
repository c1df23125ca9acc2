"""The seam to whatever writes the answers: one method, one reply for each request."""

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from svit.records import Completion, Prompt, Usage


class Request(msgspec.Struct, frozen=True):
    """A prompt that is to be asked, and the how-manieth time that is: attempts count from 1."""

    prompt: Prompt
    attempt: int


class Failure(msgspec.Struct, frozen=True):
    """No answer: a class to count by (`timeout`, `server_error`), and what was seen.

    `final` says that asking again is of no use, `free` that the request is known to have cost nothing.
    """

    code: str
    words: str
    final: bool = False
    free: bool = False


NOT_ASKED = "not_asked"
"""The code of a failure that says: the run ends, and this request never left."""


class Reply(msgspec.Struct, frozen=True):
    """What came back: the raw bytes of a chat completion, or a failure.

    `took` is the seconds from when the request left to its answer, without what it waited for its turn; None where the
    provider does not know.
    """

    request: Request
    outcome: bytes | Failure
    took: float | None = None


class Provider(Protocol):
    """Answers each request exactly once, in any order.

    It pulls a request only when it can send it, so that no more are under way than it can hold. Bytes are handed on
    as they came: they go into the journal before `read_completion` or anything else looks at them.
    """

    @property
    def waits_for(self) -> str:
        """What it waits for at the moment, as a person would call it; nothing when it waits for nothing."""
        ...

    def complete(self, requests: AsyncIterator[Request], stopping: asyncio.Event | None = None) -> AsyncIterator[Reply]:
        """Yield one reply for each request.

        Once `stopping` is set nothing more leaves: what waits is answered at once with NOT_ASKED, what has left is
        awaited. Whoever closes this breaks that off too.
        """
        ...


def read_outcome(body: bytes | None, failure: bytes | None) -> Completion | Failure:
    """Return what a journal kept: a failure that the provider wrote down, or the bytes of an answer, read."""
    if failure is not None:
        return msgspec.json.decode(failure, type=Failure)
    return read_completion(body or b"")


class _Message(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Details(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int = 0
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None


class _Body(msgspec.Struct):
    choices: list[_Choice] = msgspec.field(default_factory=list)
    model: str = ""
    usage: _Usage | None = None
    service_tier: str | None = None


_BODY = msgspec.json.Decoder(_Body)


def read_completion(body: bytes) -> Completion | Failure:
    """Return the answer in the bytes of a chat completion (the OpenAI API's shape), or what is wrong with them."""
    try:
        read = _BODY.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Failure("unreadable_reply", f"{error}: {body[:80]!r}")
    if not read.choices:
        return Failure("unreadable_reply", f"no choices: {body[:80]!r}")
    choice = read.choices[0]
    return Completion(
        text=choice.message.content or "",
        finish_reason=choice.finish_reason or "",
        model=read.model,
        usage=None if read.usage is None else _usage(read.usage),
        refusal=choice.message.refusal or "",
        service_tier=read.service_tier or "",
    )


def _usage(said: _Usage) -> Usage:
    prompt, completion = said.prompt_tokens_details or _Details(), said.completion_tokens_details or _Details()
    return Usage(
        prompt_tokens=said.prompt_tokens,
        completion_tokens=said.completion_tokens,
        cached_tokens=prompt.cached_tokens or 0,
        cache_write_tokens=prompt.cache_write_tokens or 0,
        reasoning_tokens=completion.reasoning_tokens or 0,
    )
