"""The seam to whatever writes the answers: one method, one reply for each request."""

from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from svit.records import Completion, Prompt, Usage


class Request(msgspec.Struct, frozen=True):
    """A prompt that is to be asked, and the how-manieth time that is: attempts count from 1."""

    prompt: Prompt
    attempt: int


class Failure(msgspec.Struct, frozen=True):
    """No answer: a class to count by (`timeout`, `server_error`), and what was seen."""

    code: str
    words: str


class Reply(msgspec.Struct, frozen=True):
    """What came back: the raw bytes of a chat completion, or a failure."""

    request: Request
    outcome: bytes | Failure


class Provider(Protocol):
    """Answers each request exactly once, in any order.

    It pulls a request only when it can send it, so that no more are under way than it can hold. Bytes are handed on
    as they came: they go into the journal before `read_completion` or anything else looks at them.
    """

    def complete(self, requests: AsyncIterator[Request]) -> AsyncIterator[Reply]:
        """Yield one reply for each request."""
        ...


class _Message(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Body(msgspec.Struct):
    choices: list[_Choice] = msgspec.field(default_factory=list)
    model: str = ""
    usage: _Usage | None = None


_BODY = msgspec.json.Decoder(_Body)


def read_completion(body: bytes) -> Completion | Failure:
    """Return the answer in the bytes of a chat completion (the OpenAI API's shape), or what is wrong with them."""
    try:
        read = _BODY.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        return Failure("unreadable_reply", f"{error}: {body[:80]!r}")
    if not read.choices:
        return Failure("unreadable_reply", f"no choices: {body[:80]!r}")
    choice, usage = read.choices[0], read.usage or _Usage()
    return Completion(
        text=choice.message.content or "",
        finish_reason=choice.finish_reason or "",
        model=read.model,
        usage=Usage(usage.prompt_tokens, usage.completion_tokens),
        refusal=choice.message.refusal or "",
    )
