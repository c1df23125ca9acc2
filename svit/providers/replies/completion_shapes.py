"""Completions as servers really send them, read where they have one meaning.

The chat completion of the OpenAI API with side fields of any type, and what other APIs make of an answer: Gemini's,
Anthropic's, Ollama's, Cohere's, OpenAI's responses.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from svit.providers.replies.lenient_json import whole_characters
from svit.records import Completion, Usage

MOST_TOKENS = 2**24
"""No model takes so many, and SQLite can add up their squares: a count beyond it is a server's mistake."""
_PART_TYPES = ("text", "output_text")
_REASONING = ("reasoning_content", "reasoning")
_WRAPPERS = ("data", "result", "response", "body", "output")


class _AnswerShape(NamedTuple):
    """What a reply holds of an answer, unchecked; `said` has its usage and its model."""

    content: object
    reason: object
    said: Mapping[str, Any]
    refusal: object = None


def completion_in(data: object) -> Completion | None:
    """Return the completion that this JSON holds, in whichever API's form; None where it holds none."""
    while isinstance(data, list) and len(data) == 1:
        data = data[0]
    if not isinstance(data, dict):
        return None
    for shape in _SHAPES:
        if (answer := shape(data)) is not None:
            return _completion(answer)
    inner = next((data[key] for key in _WRAPPERS if isinstance(data.get(key), dict)), None)
    return completion_in(inner) if inner is not None and "error" not in data else None


def blocked(data: object) -> str:
    """Return the reason why Gemini answered nothing at all: the prompt was filtered. Empty where it was not."""
    while isinstance(data, list) and len(data) == 1:
        data = data[0]
    feedback = data.get("promptFeedback") if isinstance(data, dict) else None
    reason = feedback.get("blockReason") if isinstance(feedback, dict) else None
    return f"the prompt was blocked: {whole_characters(reason[:100])}" if isinstance(reason, str) and reason else ""


def has_reasoning(data: object) -> bool:
    """Whether a chat completion holds what the model thought, apart from its answer."""
    choice = _first(data.get("choices")) if isinstance(data, dict) else None
    message = choice.get("message") if choice else None
    return isinstance(message, dict) and any(message.get(name) for name in _REASONING)


def plausible(count: object) -> int | None:
    """Return a count of tokens, 42.0 as 42; None for what is none: not a number, negative, or beyond all reason."""
    if isinstance(count, float) and count == count // 1:
        count = int(count)
    return count if type(count) is int and 0 <= count <= MOST_TOKENS else None


def _completion(answer: _AnswerShape) -> Completion:
    refusal = _text(answer.refusal) or _refusal_part(answer.content)
    model = answer.said.get("model") or answer.said.get("modelVersion")
    tier = answer.said.get("service_tier")
    return Completion(
        text=whole_characters(_text(answer.content)),
        finish_reason=_reason(answer.reason),
        model=whole_characters(model) if isinstance(model, str) else "",
        usage=usage_in(answer.said),
        refusal=whole_characters(refusal),
        service_tier=whole_characters(tier) if isinstance(tier, str) else "",
    )


# --- the forms ---


def _chat_completion(data: Mapping[str, Any]) -> _AnswerShape | None:
    choice = _first(data.get("choices"))
    if choice is None:
        return None
    message = choice.get("message")
    if message is None:
        message = choice.get("delta")
    if isinstance(message, dict):
        return _AnswerShape(message.get("content"), choice.get("finish_reason"), data, message.get("refusal"))
    text = message if isinstance(message, str) else choice.get("text")
    return _AnswerShape(text, choice.get("finish_reason"), data) if isinstance(text, str) else None


def _gemini(data: Mapping[str, Any]) -> _AnswerShape | None:
    candidate = _first(data.get("candidates"))
    if candidate is None:
        return None
    content = candidate.get("content")
    parts = content.get("parts") if isinstance(content, dict) else content
    return _AnswerShape(parts, candidate.get("finishReason"), data)


def _anthropic(data: Mapping[str, Any]) -> _AnswerShape | None:
    content = data.get("content")
    return _AnswerShape(content, data.get("stop_reason"), data) if isinstance(content, list) else None


def _ollama(data: Mapping[str, Any]) -> _AnswerShape | None:
    """Read Ollama's own form, and Cohere's, which differs in the name of the end."""
    message = data.get("message")
    if not isinstance(message, dict) or "content" not in message:
        return None
    return _AnswerShape(message["content"], data.get("done_reason") or data.get("finish_reason"), data)


def _responses(data: Mapping[str, Any]) -> _AnswerShape | None:
    output = data.get("output")
    if not isinstance(output, list):
        return None
    messages = [each for each in output if isinstance(each, dict) and each.get("type") == "message"]
    content = [part for message in messages for part in _parts(message.get("content"))]
    return _AnswerShape(content, data.get("status"), data) if messages else None


_SHAPES: tuple[Callable[[Mapping[str, Any]], _AnswerShape | None], ...] = (
    *(_chat_completion, _gemini, _anthropic, _ollama, _responses),
)


def _first(choices: object) -> Mapping[str, Any] | None:
    """Return the first answer of several; an object is the only one, or has them by their number."""
    if isinstance(choices, dict):
        choices = [choices] if not choices.keys().isdisjoint(("message", "text", "content")) else [*choices.values()]
    found = choices[0] if isinstance(choices, list) and choices else None
    return found if isinstance(found, dict) else None


# --- the fields ---


def _parts(content: object) -> Iterable[object]:
    return content if isinstance(content, list) else [content]


def _text(content: object) -> str:
    """Return the text of a content: a string, or the parts of it that are text and not reasoning."""
    return "".join(map(_part, _parts(content)))


def _part(part: object) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict) or part.get("thought") or part.get("type", "text") not in _PART_TYPES:
        return ""
    text = part.get("text")
    if isinstance(text, dict):
        text = text.get("value")
    return text if isinstance(text, str) else ""


def _refusal_part(content: object) -> str:
    said = [part["refusal"] for part in _parts(content) if isinstance(part, dict) and "refusal" in part]
    return said[0] if said and isinstance(said[0], str) else ""


def _reason(reason: object) -> str:
    if isinstance(reason, dict):
        reason = reason.get("type") or reason.get("reason")
    return whole_characters(reason) if isinstance(reason, str) else ""


def usage_in(said: Mapping[str, Any]) -> Usage | None:
    """Return what the reply says that it used; None unless it says both what was read and what was written."""
    usage = said.get("usage") or said.get("usageMetadata") or said
    if not isinstance(usage, dict):
        return None
    prompt = _count(usage, "prompt_tokens", "promptTokenCount", "prompt_eval_count")
    cached, written = _cached(usage), 0
    if prompt is None and (fresh := _count(usage, "input_tokens")) is not None:
        read, written = (_count(usage, f"cache_{kind}_input_tokens") or 0 for kind in ("read", "creation"))
        prompt, cached = fresh + read + written, read or cached
    completion = _count(usage, "completion_tokens", "output_tokens", "candidatesTokenCount", "eval_count")
    total = _count(usage, "total_tokens", "totalTokenCount")
    if prompt is None or (completion is None and (total is None or total < prompt)):
        return None
    if completion is None or "totalTokenCount" in usage:  # Gemini counts thoughts apart, and bills them
        completion = max(completion or 0, (total or 0) - prompt)
    details = _details(usage, "prompt_tokens_details")
    return checked_usage(
        prompt,
        completion,
        cached,
        written or _count(details, "cache_write_tokens") or 0,
        _count(_details(usage, "completion_tokens_details"), "reasoning_tokens") or 0,
    )


def checked_usage(prompt: int, completion: int, cached: int, written: int, reasoning: int) -> Usage:
    """Return the usage with parts that are no larger than the whole that they are of: one that is, is not known."""
    written = written if written <= prompt else 0
    return Usage(
        prompt,
        completion,
        cached if cached <= prompt - written else 0,
        written,
        reasoning if reasoning <= completion else 0,
    )


def _cached(usage: Mapping[str, Any]) -> int:
    details = _details(usage, "prompt_tokens_details") or _details(usage, "input_tokens_details")
    found = _count(details, "cached_tokens")
    return found or _count(usage, "cachedContentTokenCount", "prompt_cache_hit_tokens") or 0


def _details(usage: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = usage.get(key)
    return found if isinstance(found, dict) else {}


def _count(counts: Mapping[str, Any], *names: str) -> int | None:
    return next((count for name in names if (count := plausible(counts.get(name))) is not None), None)
