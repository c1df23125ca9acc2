"""The input of a batch: a request a line, checked as a whole before the first is answered."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from svit.simulate.chat_completions import ChatMessage, RequestProblem

MOST_LINES = 50_000
_MOST_ERRORS = 100
"""A file that is wrong from the first line to the last needs not be told so 50,000 times."""


class BatchLine(msgspec.Struct):
    """A line, as it is sent."""

    custom_id: str | None = None
    method: str | None = None
    url: str | None = None
    body: msgspec.Raw = msgspec.Raw(b"")


class Line(NamedTuple):
    """Where a line is in the file, and what its client calls it."""

    custom_id: str
    at: int
    length: int


class BatchInput(NamedTuple):
    """The lines, their model, and the tokens of their prompts: a fourth of the characters."""

    lines: list[Line]
    model: str
    tokens: int


class BatchError(msgspec.Struct, frozen=True):
    """What is wrong with a batch; lines count from 1."""

    code: str
    message: str
    line: int | None = None
    param: str | None = None


class _NamedLine(msgspec.Struct):
    model: str = ""


class _Counted(_NamedLine):
    messages: list[ChatMessage] = []


read_row = msgspec.json.Decoder(BatchLine).decode
_read_named = msgspec.json.Decoder(_NamedLine).decode
_read_counted = msgspec.json.Decoder(_Counted).decode


def checked(
    lines: Iterable[tuple[int, bytes]],
    url: str,
    unknown: Callable[[str], RequestProblem | None],
    most: int = MOST_LINES,
) -> BatchInput | list[BatchError]:
    """Return the input, or what is wrong with it. `lines` are offsets and bytes, `unknown` tells of missing models."""
    found: list[Line] = []
    errors: list[BatchError] = []
    names: set[str] = set()
    model, tokens = "", 0
    for number, (at, text) in enumerate(lines, 1):
        if number > most:
            return [BatchError("too_many_tasks", f"The batch has more than {most} requests.")]
        read = _read(text, number, url)
        if isinstance(read, BatchError):
            error: BatchError | None = read
        else:
            custom_id, asked = read
            if not model and (problem := unknown(asked.model)):
                return [BatchError(problem.code or "", problem.message, number, "body.model")]
            model = model or asked.model
            error = _unlike(custom_id, asked.model, number, names, model)
            names.add(custom_id)
            tokens += sum(len(message.text) for message in asked.messages) // 4
            found.append(Line(custom_id, at, len(text)))
        if error and len(errors) < _MOST_ERRORS:
            errors.append(error)
    if not found and not errors:
        errors.append(BatchError("empty_file", "The input file has no requests."))
    return errors or BatchInput(found, model, tokens)


def _read(text: bytes, number: int, url: str) -> BatchError | tuple[str, _Counted]:
    try:
        row = read_row(text)
        for name in BatchLine.__struct_fields__:
            if not getattr(row, name):
                return BatchError("missing_required_parameter", f"Missing required parameter: '{name}'.", number, name)
        named = _read_named(row.body)
    except msgspec.ValidationError as error:
        return BatchError("invalid_request", f"Invalid request: {error}.", number)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return BatchError("invalid_json_line", "This line is not parseable as valid JSON.", number)
    if row.method != "POST":
        return BatchError("invalid_method", f"The method must be POST, not '{row.method}'.", number, "method")
    if row.url != url:
        return BatchError("url_mismatch", f"'{row.url}' is not the endpoint of the batch, {url}.", number, "url")
    if not named.model:
        return BatchError(
            "missing_required_parameter", "Missing required parameter: 'body.model'.", number, "body.model"
        )
    assert row.custom_id is not None
    try:
        return row.custom_id, _read_counted(row.body)
    except msgspec.ValidationError:
        # Messages that are wrong are the fault of one request, which is answered so.
        return row.custom_id, _Counted(named.model)


def _unlike(custom_id: str, model: str, number: int, names: set[str], first_model: str) -> BatchError | None:
    if custom_id in names:
        message = f"The custom_id '{custom_id}' is used by more than one request of the batch."
        return BatchError("duplicate_custom_id", message, number, "custom_id")
    if model != first_model:
        message = f"The model '{model}' is not that of the other requests of the batch, '{first_model}'."
        return BatchError("model_mismatch", message, number, "body.model")
    return None
