"""The one retry rule: what an answer with a wrong status means, and what to do about it. Pure."""

from dataclasses import dataclass

import msgspec

from svit.providers.base import Failure
from svit.records import Usage

_OUT_OF_MONEY = ("insufficient_quota", "credit_balance_exhausted", "spend_limit_exceeded", "billing_hard_limit_reached")
_SLOWER = ("slow_down", "server_is_overloaded")
_FILTERED = ("content_filter", "invalid_prompt", "content_policy_violation", "ResponsibleAIPolicyViolation")
_MISTAKEN = ("unsupported_parameter", "unsupported_value", "invalid_request_error", "model_not_found")


@dataclass(frozen=True)
class Answered:
    """A completion: its bytes are handed on. `usage` is what it says to have used."""

    usage: Usage | None


@dataclass(frozen=True)
class Again:
    """Ask again after a while. `patient`: the server only wants it slower, so this counts as no try."""

    code: str
    words: str
    patient: bool = False
    overloaded: bool = False


@dataclass(frozen=True)
class Stop:
    """No other request would fare better: the run ends. The words are a sentence for a person."""

    words: str


class _Error(msgspec.Struct):
    message: str | None = None
    code: str | int | None = None
    type: str | None = None
    param: str | None = None
    innererror: object = None  # Azure's

    @property
    def inner_code(self) -> str | None:
        inner = self.innererror
        return str(inner.get("code") or "") if isinstance(inner, dict) else None


class _Body(msgspec.Struct):
    error: _Error | str | None = None
    detail: msgspec.Raw = msgspec.Raw(b"")
    message: str | None = None
    code: str | int | None = None
    type: str | None = None
    param: str | None = None


_decode = msgspec.json.Decoder(_Body).decode


class _Used(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int = 0


class _Completion(msgspec.Struct):
    usage: _Used | None = None


_decode_usage = msgspec.json.Decoder(_Completion).decode


def _usage(content: bytes) -> Usage | None:
    try:
        used = _decode_usage(content).usage
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return None if used is None else Usage(used.prompt_tokens, used.completion_tokens)


def verdict(status: int, body: bytes) -> Answered | Again | Failure | Stop:
    """Return what to do after an answer of this status."""
    if 200 <= status < 300:
        return Answered(_usage(body))
    error = _error(body)
    words = f"HTTP {status}: {error.message or 'no reason given'}"
    code = str(error.code or error.inner_code or error.type or "")
    if status == 429:
        return _too_many(code, error, words)
    if status in (401, 403, 404):
        return Stop(f"The endpoint refuses: {words}")
    if status in (408, 409):
        return Again("timeout" if status == 408 else "conflict", words)
    if 400 <= status < 500:
        return _our_fault(code, error, words)
    overloaded = status in (503, 529) or code in _SLOWER
    return Again("overloaded" if overloaded else "server_error", words, overloaded=overloaded)


def _too_many(code: str, error: _Error, words: str) -> Again | Stop:
    said = f"{code} {error.type or ''}"
    if any(sign in said for sign in _OUT_OF_MONEY):
        return Stop(f"The account has no credit left: {words}")
    return Again("rate_limited", words, patient=True, overloaded=code in _SLOWER)


def _our_fault(code: str, error: _Error, words: str) -> Failure | Stop:
    if code == "context_length_exceeded":
        return Failure("context_length_exceeded", words, final=True, free=True)
    if code in _FILTERED:
        return Failure("filtered", words, final=True, free=True)
    if code in _MISTAKEN[:2] or error.param:
        return Stop(f"The endpoint does not accept '{error.param or 'a setting'}': {words}")
    return Failure("bad_request", words, final=True, free=True)


def _error(body: bytes) -> _Error:
    """Read an error in any of the shapes that servers give it: an object, a text, `detail`, flat, or HTML."""
    try:
        read = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _Error(message=body[:120].decode(errors="replace"))
    if isinstance(read.error, _Error):
        return read.error
    if isinstance(read.error, str):
        return _Error(message=read.error)
    detail = bytes(read.detail).decode(errors="replace") if bytes(read.detail) else None
    return _Error(message=read.message or detail, code=read.code, type=read.type, param=read.param)
