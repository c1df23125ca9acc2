"""A completion that came as server-sent events although none were asked for: its pieces, put together."""

from collections.abc import Callable, Iterator
from typing import Any

_BEGINNINGS = ("data:", "event:", "id:", "retry:", ":")


def is_event_stream(text: str) -> bool:
    """Whether a body is the events of a stream: no JSON begins so."""
    return text.startswith(_BEGINNINGS)


def stream_as_completion(text: str, document: Callable[[str], Any]) -> dict[str, Any]:
    """Return one completion of all pieces. `document` reads JSON. A stream without an end was interrupted.

    Raises ValueError where no event holds anything.
    """
    whole: dict[str, Any] = {}
    pieces: list[str] = []
    reason: object = None
    ended = False
    for chunk in _chunks(text, document):
        if chunk is None:
            ended = True
            continue
        whole |= {key: value for key, value in chunk.items() if key != "choices" and value is not None}
        choice = _first(chunk.get("choices"))
        delta = choice.get("delta") or choice.get("message")
        content = delta.get("content") if isinstance(delta, dict) else choice.get("text")
        if isinstance(content, str):
            pieces.append(content)
        reason = choice.get("finish_reason") or reason
    if not whole and not pieces:
        raise ValueError("a stream without a piece of an answer")
    if pieces or reason:
        end = reason or ("stop" if ended else "interrupted")
        whole["choices"] = [{"message": {"content": "".join(pieces)}, "finish_reason": end}]
    return whole


def _chunks(text: str, document: Callable[[str], Any]) -> Iterator[dict[str, Any] | None]:
    """Yield what each event holds; None for the mark of the end. An event that is cut off holds nothing."""
    for line in text.split("\n"):  # not splitlines: a text may have other line ends in it
        if not line.startswith("data:"):
            continue
        data = line.removeprefix("data:").strip()
        if data == "[DONE]":
            yield None
            continue
        try:
            chunk = document(data)
        except ValueError:
            continue
        if isinstance(chunk, dict):
            yield chunk


def _first(choices: object) -> dict[str, Any]:
    found = choices[0] if isinstance(choices, list) and choices else None
    return found if isinstance(found, dict) else {}
