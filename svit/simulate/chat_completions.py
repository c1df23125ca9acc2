"""The bodies of the API: what is asked, what is answered, and how a refusal is worded."""

from collections.abc import Sequence
from typing import Literal

import msgspec
import orjson


class ContentPart(msgspec.Struct):
    """A part of a message. Only text can be read."""

    type: str = "text"
    text: str = ""
    prompt_cache_breakpoint: dict[str, object] | None = None


class CacheOptions(msgspec.Struct):
    """How the prompt cache is to be used: `implicit` is as if `explicit` with a breakpoint at the prompt's end."""

    mode: Literal["implicit", "explicit"] = "implicit"


class ChatMessage(msgspec.Struct):
    """One message of a request."""

    role: str
    content: str | list[ContentPart] | None = None

    @property
    def text(self) -> str:
        """The text of all parts."""
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content or ())


class ChatRequest(msgspec.Struct, kw_only=True):
    """What matters of a request. No model is named where the address names a deployment."""

    model: str = ""
    messages: list[ChatMessage]
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    seed: int | None = None
    stream: bool | None = None
    n: int | None = None
    service_tier: str | None = None
    prompt_cache_options: CacheOptions | None = None

    @property
    def texts(self) -> list[str]:
        """The text of each message."""
        return [message.text for message in self.messages]

    @property
    def cap(self) -> int | None:
        """How many tokens the answer may have."""
        return self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens

    def weight(self, texts: Sequence[str]) -> int:
        """Return what the request counts under a limit: its cap, or a fourth of its characters if that is more."""
        return max(self.cap or 0, sum(map(len, texts)) // 4)


class Answer(msgspec.Struct, frozen=True):
    """An answer and its tokens. The text is None for a refusal."""

    text: str | None
    prompt_tokens: int
    completion_tokens: int
    finish_reason: str = "stop"
    refusal: str | None = None
    reasoning_tokens: int = 0


class RequestProblem(msgspec.Struct, frozen=True):
    """Why there is no answer."""

    status: int
    code: str | None
    message: str
    type: str = "invalid_request_error"
    param: str | None = None

    @property
    def body(self) -> bytes:
        """The error object."""
        error = {"message": self.message, "type": self.type, "param": self.param, "code": self.code}
        return orjson.dumps({"error": error})


_ASKED = msgspec.json.Decoder(ChatRequest)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_request(
    body: bytes, refused: frozenset[str] = frozenset(), deployment: str | None = None
) -> ChatRequest | RequestProblem:
    """Return what is asked, or what is wrong with it. `refused` are parameters that this model does not take.

    A `deployment`, when there is one, is asked instead of the model that the body may name.
    """
    try:
        asked = _ASKED.decode(body)
    except msgspec.ValidationError as error:
        return RequestProblem(400, None, f"Invalid request: {error}.")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return RequestProblem(400, None, "We could not parse the JSON body of your request.")
    asked.model = asked.model if deployment is None else deployment
    if not asked.model:
        return RequestProblem(400, None, "You must provide a model parameter.")
    if not asked.messages:
        return RequestProblem(400, "empty_array", "Invalid 'messages': empty array.", param="messages")
    for name, value in (("stream", asked.stream), ("n", (asked.n or 1) > 1)):
        if value:
            return RequestProblem(400, "unsupported_value", f"'{name}' is not simulated.", param=name)
    if asked.cap is not None and asked.cap < 1:
        return RequestProblem(
            400, "integer_below_min_value", "Invalid 'max_tokens': it must be 1 or more.", param="max_tokens"
        )
    for name in sorted(refused.intersection(_FIELDS.decode(body))) if refused else ():
        message = f"Unsupported parameter: '{name}' is not supported with this model."
        return RequestProblem(400, "unsupported_parameter", message, param=name)
    return asked


def completion_body(
    answer: Answer,
    *,
    model: str,
    ident: int,
    created: int,
    usage: bool = True,
    cached: int = 0,
    cache_written: int | None = None,
    tier: str | None = None,
) -> bytes:
    """Return the chat completion; what is None of the last two is not said."""
    body: dict[str, object] = {
        "id": f"chatcmpl-{ident:016x}",
        "object": "chat.completion",
        "created": created,
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": answer.text, "refusal": answer.refusal},
                "logprobs": None,
                "finish_reason": answer.finish_reason,
            }
        ],
    }
    if tier is not None:
        body["service_tier"] = tier
    if usage:
        details = {"cached_tokens": cached}
        if cache_written is not None:
            details["cache_write_tokens"] = cache_written
        body["usage"] = {
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": answer.completion_tokens,
            "total_tokens": answer.prompt_tokens + answer.completion_tokens,
            "prompt_tokens_details": details,
            "completion_tokens_details": {"reasoning_tokens": answer.reasoning_tokens},
        }
    return orjson.dumps(body)


def cut_short(answer: Answer, cap: int) -> Answer:
    """Return the answer as it is when the model must stop after `cap` tokens; tokens are taken to be equally long."""
    if answer.text is None or answer.completion_tokens <= cap:
        return answer
    text = answer.text[: len(answer.text) * cap // answer.completion_tokens]
    return msgspec.structs.replace(answer, text=text, completion_tokens=cap, finish_reason="length")
