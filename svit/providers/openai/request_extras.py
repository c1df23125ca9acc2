"""What a config adds to every request: fields of its body and headers, checked where they are written down."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from svit.errors import SvitError

_OWN_FIELDS: Mapping[str, str] = {
    "model": "set 'model'",
    "messages": "the prompt files are the place for words",
    "prompt": "the prompt files are the place for words",
    "n": "one answer is asked for at a time",
    "best_of": "one answer is asked for at a time",
    "stream": "svit reads whole answers",
    "stream_options": "svit reads whole answers",
    "max_tokens": "set it for each task under 'tasks', so that no answer costs more than was reckoned with",
    "max_completion_tokens": "set 'max_tokens' for each task under 'tasks'",
    "max_output_tokens": "set 'max_tokens' for each task under 'tasks'",
    "max_new_tokens": "set 'max_tokens' for each task under 'tasks'",
    "service_tier": "set 'service_tier'",
}
_SECRET_FIELDS = re.compile(r"api[_-]?key|apikey|password|secret|authorization|credentials?|access[_-]?token|token")
_DEEPEST = 20
_MOST = 2**63 - 1

_OWN_HEADERS = (
    "host",
    "content-length",
    "content-type",
    "connection",
    "accept-encoding",
    "transfer-encoding",
    "expect",
)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_SECRET_HEADER = re.compile(r"auth|key|token|secret|cookie|password|credential|session|signature", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"(?:bearer|basic)\s+\S|\b(?:sk|pk|gsk|xai|hf|nvapi|pplx)[-_]\w{8,}", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SCHEME = re.compile(r"[A-Za-z-]{0,16}")
"""What may stand before a secret in the open: Bearer, Basic, Token, api-key."""


def checked_extra_body(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields in one order, whatever theirs was. Raises ValueError for what may not be in a body so."""
    for name in fields:
        if name in _OWN_FIELDS:
            raise ValueError(f"'{name}' is svit's own: {_OWN_FIELDS[name]}")
    found = _sorted(fields, "", 0)
    assert isinstance(found, dict)
    return found


def merged(body: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body with these fields too; one that is there is replaced, and what it holds is merged with it."""
    whole = dict(body)
    for name, value in extra.items():
        before = whole.get(name)
        whole[name] = merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return whole


def checked_extra_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers as they are written. Raises ValueError for one that cannot be sent, or shows a secret."""
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"'{name}' is no name of a header")
        if name.lower() in _OWN_HEADERS:
            raise ValueError(f"svit sends '{name}' itself")
        if not _HEADER_VALUE.fullmatch(value):
            raise ValueError(f"the value of '{name}' has characters that no header can hold")
        for variable in _VARIABLE.findall(value):
            if not _VARIABLE_NAME.fullmatch(variable):
                raise ValueError(f"'{name}': '${{{variable}}}' names no environment variable")
        rest = _VARIABLE.sub("", value).strip()
        if (_SECRET_HEADER.search(name) and not _SCHEME.fullmatch(rest)) or _SECRET_VALUE.search(rest):
            raise ValueError(
                f"'{name}' looks like a secret, and run.json keeps what a config says: put it into an environment "
                f"variable, and write '{name}: ${{NAME_OF_IT}}'"
            )
        if _SECRET_HEADER.search(name) and not _VARIABLE.search(value):
            raise ValueError(f"'{name}' looks like a secret: write it as '${{NAME_OF_A_VARIABLE}}'")
    return dict(headers)


def headers_to_send(headers: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the headers with the environment's values in them. Raises SvitError for a variable that is not set."""

    def value(found: re.Match[str]) -> str:
        inserted = environment.get(found[1], "").strip()
        if not inserted:
            raise SvitError(f"extra_headers: the environment variable {found[1]} is not set.")
        if not _HEADER_VALUE.fullmatch(inserted):
            raise SvitError(f"extra_headers: {found[1]} has characters that no header can hold, such as a line end.")
        return inserted

    return {name: _VARIABLE.sub(value, text) for name, text in headers.items()}


def header_secrets(headers: Mapping[str, str], environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what the environment puts into the headers: nobody is to be told of it."""
    for text in headers.values():
        for variable in _VARIABLE.findall(text):
            yield environment.get(variable, "").strip()


def _sorted(value: object, path: str, depth: int) -> object:
    """Return a value of JSON with all names in order. Raises ValueError for what JSON cannot hold."""
    if depth > _DEEPEST:
        raise ValueError(f"'{path}' is nested too deep")
    if isinstance(value, Mapping):
        for name in value:
            if not isinstance(name, str):
                raise ValueError(f"the name {name!r} in '{path}' is no text: write it in quotes")  # noqa: TRY004
            if _SECRET_FIELDS.fullmatch(name.lower()):
                raise ValueError(f"'{name}' looks like a secret, and run.json keeps what a config says: send a header")
        return {name: _sorted(value[name], f"{path}.{name}".lstrip("."), depth + 1) for name in sorted(value)}
    if isinstance(value, list | tuple):
        return [_sorted(each, path, depth + 1) for each in value]
    if value is None or isinstance(value, str | bool):
        return value
    if (isinstance(value, int) and abs(value) <= _MOST) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise ValueError(f"'{path}' has a value that JSON cannot hold: {value!r:.60}")
