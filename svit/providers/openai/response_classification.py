"""The one retry rule: what an answer of any status means, and what to do about it. Pure.

A status says less than it seems: a wrong key is 400 with some servers, a prompt that is too long 413, 422, 429 or 500,
and an error of any kind may come with a 200. So the words decide (`error_kinds`), and the status where they do not.
"""

import re
from dataclasses import replace

import msgspec

from svit.providers.base import Failure, completion_of
from svit.providers.openai.error_body import ErrorBody, error_body, error_within
from svit.providers.openai.error_kinds import (
    Kind,
    is_overloaded,
    is_without_credit,
    kind_of,
    kind_of_fault,
    never_fits,
    setting_of,
)
from svit.providers.openai.quoted_prompt import without_quotation
from svit.providers.replies.completion_shapes import MOST_TOKENS, has_reasoning, usage_in
from svit.providers.replies.finish_reasons import end_of, known_end
from svit.providers.replies.lenient_json import parsed
from svit.providers.verdicts import RetryLater, StopRun, UsableAnswer
from svit.records import Completion, Usage
from svit.text import with_full_stop

_REFUSALS = frozenset({401, 402, 403, 404, 405, 406, 407, 410, 411, 414, 415, 416, 421, 426, 428, 431, 451})
_REFUSING_FAULTS = frozenset({501, 505, 511})
"""Of 5xx: not implemented, HTTP version not supported, and a network that wants a log-in first."""
_CERTIFICATES = frozenset(range(494, 498))
"""nginx's own: headers too large, and client certificates that are missing or wrong."""
_ABOUT_THE_REQUEST = frozenset({401, 402, 404, 405, 407, 410})
"""Statuses that say nothing of the prompt, whatever words come with them."""
_PASSING = {408: "timeout", 409: "conflict", 423: "conflict", 424: "server_error", 425: "conflict", 449: "conflict"}
_WAIT = re.compile(
    r"(?:retry|try again|wait)\D{0,20}?(?P<number>\d{1,6}(?:\.\d{1,12})?)"
    r" ?(?P<unit>ms|milliseconds?|s|sec|seconds?|m|min|minutes?)?\b"
)
_DELAY = re.compile(r"\b(?P<number>\d{1,6}(?:\.\d{1,12})?)s\b")


def verdict(status: int, body: bytes, prompt: str = "") -> UsableAnswer | RetryLater | Failure | StopRun:
    """Return what to do after an answer of this status, with these bytes, to this prompt. Never raises."""
    if 200 <= status < 300:
        return _success(status, body, prompt)
    error = _unquoted(error_body(body), prompt)
    if not 400 <= status < 600:
        return StopRun(f"The endpoint answers with {_told(f'HTTP {status}', error)}. Is base_url right?")
    return _failed(status, error, _told(f"HTTP {status}", error))


def _unquoted(error: ErrorBody, prompt: str) -> ErrorBody:
    """Return the error without what it quotes of the prompt: no phrase is looked for in that."""
    return replace(error, said=without_quotation(error.said, prompt))


def _told(what: str, error: ErrorBody) -> str:
    return f"{what}: {error.words or 'no reason given'}"


# --- errors ---


def _failed(status: int, error: ErrorBody, words: str) -> RetryLater | Failure | StopRun:
    """Return what an error of this status means, from 400 to 599."""
    if status == 429:
        return _too_many(error, words)
    kind = kind_of_fault(error) if status >= 500 else kind_of(error)
    if status not in _ABOUT_THE_REQUEST and (found := _of_this_image(kind, words)):
        return found
    if status == 413 and kind in ("unknown", "rate"):
        return Failure("context_length_exceeded", words, final=True, free=True)
    if kind == "rate" and status not in _REFUSALS - {403}:
        return _slower(error, words)
    if stop := _stopping(status, kind, error, words):
        return stop
    if status in _PASSING:
        return RetryLater(_PASSING[status], words)
    if status >= 500 or status in (498, 499) or kind == "overloaded":
        return _server_error(status, error, words)
    return Failure("bad_request", words, final=True, free=True)


def _of_this_image(kind: Kind, words: str) -> Failure | None:
    """Return what concerns this image alone: others may fare better."""
    codes = {"too_long": "context_length_exceeded", "filtered": "filtered"}
    return Failure(codes[kind], words, final=True, free=True) if kind in codes else None


def _stopping(status: int, kind: Kind, error: ErrorBody, words: str) -> StopRun | None:
    """Return why no request would fare better, if none would."""
    if kind == "no_credit" and status != 402:
        return _stop(f"The account has no credit left: {words}")
    if kind == "setting" and status not in _ABOUT_THE_REQUEST:
        name = setting_of(error)
        what = f"'{name}'" if name else "a setting"
        return _stop(f"The endpoint does not accept {what}: {words}")
    refused = status in _REFUSALS | _REFUSING_FAULTS | _CERTIFICATES
    return _stop(f"The endpoint refuses: {words}") if refused or kind in ("key", "model", "address") else None


def _stop(words: str) -> StopRun:
    return StopRun(with_full_stop(words))


def _too_many(error: ErrorBody, words: str) -> RetryLater | Failure | StopRun:
    if never_fits(error):
        return Failure("context_length_exceeded", words, final=True, free=True)
    if is_without_credit(error):
        return _stop(f"The account has no credit left: {words}")
    return _slower(error, words)


def _slower(error: ErrorBody, words: str) -> RetryLater:
    return RetryLater("rate_limited", words, patient=True, overloaded=is_overloaded(error), wait=_wait(error))


def _server_error(status: int, error: ErrorBody, words: str) -> RetryLater:
    overloaded = status in (503, 529, 498) or is_overloaded(error)
    return RetryLater("overloaded" if overloaded else "server_error", words, overloaded=overloaded, wait=_wait(error))


def _wait(error: ErrorBody) -> float | None:
    """Return the seconds that the words ask to wait (`Please retry in 33.8s`), or Google's retryDelay."""
    found = _WAIT.search(error.said) or _DELAY.fullmatch(error.said.rpartition(" ")[2])
    if found is None:
        return None
    unit = found.groupdict().get("unit") or "s"
    factor = 0.001 if unit.startswith(("ms", "milli")) else 60.0 if unit.startswith("m") else 1.0
    return float(found["number"]) * factor


# --- what comes with a status of 2xx ---


class _Content(msgspec.Struct):
    content: msgspec.Raw = msgspec.Raw(b"")


class _SuccessChoice(msgspec.Struct):
    message: _Content
    finish_reason: str | None = None


class _SuccessUsage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int


class _SuccessBody(msgspec.Struct):
    choices: tuple[_SuccessChoice]
    usage: _SuccessUsage | None = None


_glance = msgspec.json.Decoder(_SuccessBody).decode
"""Reads no more than a limit needs to know, and no text at all: nearly all replies are well."""
_NO_TEXT = len(b"null")
"""Bytes up to which a content in JSON is hardly a text; more are looked into no further."""


def _success(status: int, body: bytes, prompt: str) -> UsableAnswer | RetryLater | Failure | StopRun:
    try:
        seen = _glance(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _looked_into(status, body, prompt)
    if memoryview(seen.choices[0].message.content).nbytes <= _NO_TEXT:
        return _looked_into(status, body, prompt)
    return UsableAnswer(_used(seen.usage), _unknown_end(seen.choices[0].finish_reason))


def _used(said: _SuccessUsage | None) -> Usage | None:
    """Return the tokens that a reply speaks of; None where it cannot be that many, or that few for a text."""
    if said and 0 < said.prompt_tokens <= MOST_TOKENS and 0 < said.completion_tokens <= MOST_TOKENS:
        return Usage(said.prompt_tokens, said.completion_tokens)
    return None


def _unknown_end(reason: str | None) -> str:
    return "" if not reason or known_end(reason) else reason[:100]


def _looked_into(status: int, body: bytes, prompt: str) -> UsableAnswer | RetryLater | Failure | StopRun:
    """Return what a reply means that is no chat completion to the letter."""
    try:
        data = parsed(body)
    except (ValueError, RecursionError):
        return _no_json(status, body)
    read = completion_of(data)
    if isinstance(read, Completion) and _says_something(read):
        return UsableAnswer(read.usage, _unknown_end(read.finish_reason), not read.text and has_reasoning(data))
    if read is None and isinstance(data, dict) and _was_paid(used := usage_in(data)):
        return UsableAnswer(used)
    if error := error_within(data):
        return _error_within(status, _unquoted(error, prompt))
    if isinstance(read, Failure):
        return msgspec.structs.replace(read, free=True)
    if isinstance(read, Completion):
        if end_of(read.finish_reason) == "filtered" and read.usage is None:
            return Failure("filtered", f"finish reason {read.finish_reason}, no text", final=True, free=True)
        return UsableAnswer(read.usage, _unknown_end(read.finish_reason))
    if isinstance(data, dict) and not data.keys().isdisjoint(("choices", "candidates", "usage", "id", "output")):
        return UsableAnswer()  # no completion that can be read, yet a sign that one was made
    return _no_completion(status, body, "JSON that is no completion")


def _says_something(read: Completion) -> bool:
    """Whether there is an answer, or one was paid for: then an error beside it is how it ended."""
    return bool(read.text or read.refusal) or _was_paid(read.usage)


def _was_paid(usage: Usage | None) -> bool:
    return usage is not None and usage.completion_tokens > 0


def _error_within(status: int, error: ErrorBody) -> RetryLater | Failure | StopRun:
    """Return what an error within a reply means: its own code counts as the status, and its words where it has none."""
    if error.number is not None:
        return _failed(error.number, error, _told(f"HTTP {status} with error {error.number}", error))
    words = _told(f"HTTP {status} with an error", error)
    kind = kind_of(error)
    if kind == "rate" or (kind == "no_credit" and not is_without_credit(error)):
        return _slower(error, words)
    return _of_this_image(kind, words) or _stopping(status, kind, error, words) or _server_error(500, error, words)


def _no_json(status: int, body: bytes) -> UsableAnswer | Failure | StopRun:
    if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return UsableAnswer()  # cut off, or broken: it was paid for all the same
    if not body.strip():
        words = _no_completion(status, b"", "an empty body, not with a completion").words
        return Failure("empty_reply", words, final=True, free=True)
    what = "a web page" if error_body(body).is_page else "plain text"
    return _no_completion(status, body, f"{what}, not with a completion")


def _no_completion(status: int, body: bytes, what: str) -> StopRun:
    words = error_body(body).words if body else ""
    told = f" ({words[:200]})" if words else ""
    return StopRun(f"The endpoint answers HTTP {status} with {what}: is base_url right?{told}")
