"""The seam to whatever writes the answers: one method, one reply for each request."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Protocol

import msgspec

from svit.providers.replies.completion_shapes import MOST_TOKENS, blocked, checked_usage, completion_in
from svit.providers.replies.lenient_json import parsed
from svit.providers.replies.reasoning_block import without_reasoning
from svit.records import Completion, Prompt, Usage


class Request(msgspec.Struct, frozen=True):
    """A prompt that is to be asked, and the attempt number, counted from 1.

    `answered_before` says whether an earlier process had a completion of the prompt's task in the same run.
    """

    prompt: Prompt
    attempt: int
    answered_before: bool = False


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


_Tokens = Annotated[int, msgspec.Meta(ge=0, le=MOST_TOKENS)]


class _Message(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Details(msgspec.Struct):
    cached_tokens: _Tokens | None = None
    cache_write_tokens: _Tokens | None = None
    reasoning_tokens: _Tokens | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: _Tokens
    completion_tokens: _Tokens
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None


class _Body(msgspec.Struct):
    choices: tuple[_Choice]  # one: a reply with 280,000 is not gone through
    model: str = ""
    usage: _Usage | None = None
    service_tier: str | None = None


_BODY = msgspec.json.Decoder(_Body)
"""Reads what follows the OpenAI API to the letter, as nearly all replies do, much faster than the lenient way."""


def read_completion(body: bytes) -> Completion | Failure:
    """Return the answer in the bytes of a reply, or what is wrong with them.

    A good text is never thrown away for what stands beside it. Reasoning that it begins with is taken off; the bytes
    keep it. A count of tokens that cannot be is not said: then `usage` is None.
    """
    try:
        read = _BODY.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _read_leniently(body)
    if not (content := read.choices[0].message.content):
        return _read_leniently(body)
    choice, used = read.choices[0], read.usage
    return Completion(
        without_reasoning(content),
        choice.finish_reason or "",
        read.model,
        None if used is None or not used.prompt_tokens or not used.completion_tokens else _usage(used),
        choice.message.refusal or "",
        read.service_tier or "",
    )


def _read_leniently(body: bytes) -> Completion | Failure:
    try:
        data = parsed(body)
    except (ValueError, RecursionError) as error:
        return Failure("unreadable_reply", f"{error}: {body[:80]!r}")
    return completion_of(data) or Failure("unreadable_reply", f"no completion: {body[:80]!r}")


def completion_of(data: object) -> Completion | Failure | None:
    """Return the answer in JSON of any form; None where it is none."""
    if read := completion_in(data):
        return _finished(read)
    reason = blocked(data)
    return Failure("filtered", reason, final=True) if reason else None


def _finished(read: Completion) -> Completion:
    """Return the completion without reasoning in its text, and without a usage that cannot be its own."""
    text, usage = without_reasoning(read.text), read.usage
    if usage and (usage.prompt_tokens == 0 or (usage.completion_tokens == 0 and read.text)):
        usage = None
    return msgspec.structs.replace(read, text=text, usage=usage)


def _usage(said: _Usage) -> Usage:
    prompt, completion = said.prompt_tokens_details, said.completion_tokens_details
    return checked_usage(
        said.prompt_tokens,
        said.completion_tokens,
        (prompt.cached_tokens or 0) if prompt else 0,
        (prompt.cache_write_tokens or 0) if prompt else 0,
        (completion.reasoning_tokens or 0) if completion else 0,
    )
