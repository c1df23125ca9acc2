"""What a server says is wrong, out of a body of any shape: JSON of any API, a web page, plain text, or nothing."""

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from svit.providers.replies.lenient_json import parsed, whole_characters

LONGEST_WORDS = 500
"""Characters of a server's words that are handed on."""
_MOST_READ = 2**16
"""Bytes of a body that are read as JSON; no reason is longer."""
_MOST_SAID = 1_200
"""Characters in which phrases are looked for: what a server quotes of the request comes after its own words."""
_DEEPEST, _MOST_TEXTS = 12, 200

_WORD_KEYS = (
    *("message", "msg", "error_message", "errorMessage", "error_msg", "error_description", "detail", "title", "error"),
    *(
        "errors",
        "details",
        "description",
        "reason",
        "status_msg",
        "base_resp",
        "raw",
        "text",
        "info",
        "failure",
        "cause",
    ),
    *("innererror", "metadata", "exception", "response"),
)
"""Where the words are, the likeliest first."""
_MORE_WORDS = ("detail", "errors", "metadata", "raw")
"""What adds to a message: `Provider returned error` is all that a router says itself."""
_CODE_KEYS = frozenset(
    "code type status reason error_type error_code errorcode errortype status_code statuscode http_status".split()
)
_ECHOES = frozenset("input flagged_input ctx request prompt messages body request_id url trace traceback stack".split())
"""What repeats the request, or says where in the server something happened: no words about the reason."""
_NUMBER_KEYS = ("code", "status", "status_code", "statusCode", "http_status", "error_code")

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\\s]+")
_KEY = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|nvapi|pplx|csk|fw|r8|AIza)[-_]?[A-Za-z0-9_-]{16,}|(?<=Bearer )[^\s\"']{8,}",
    re.IGNORECASE,
)
_HIDDEN = frozenset({"script", "style", "head", "!--"})
"""What a browser does not show: elements and comments."""
_TITLE = re.compile(r"<title[^>]*>(.{0,300}?)</title>", re.DOTALL | re.IGNORECASE)
_PIECE = re.compile(
    r"(?P<end>-->)|<(?P<close>/?)(?P<name>!--|[!?]?\w{1,20})(?:[^<>-]|-(?!->)){0,300}>?|<|(?P<text>(?:[^<-]|-(?!->))+)"
)
_LONGEST_PAGE = 16_000


@dataclass(frozen=True)
class ErrorBody:
    """An error as it was told: `words` are for people, `said` is all of it in small letters, to look for phrases in.

    `codes` are its codes, types and reasons without marks and capitals (`invalidapikey`), `number` is the HTTP status
    that it names itself, `param` what it finds fault with, `is_page` says that it is a web page or XML.
    """

    words: str = ""
    said: str = ""
    codes: frozenset[str] = frozenset()
    param: str = ""
    number: int | None = None
    is_page: bool = False


def error_body(body: bytes) -> ErrorBody:
    """Return what these bytes say is wrong. Never raises."""
    try:
        data = parsed(body[:_MOST_READ])
    except (ValueError, RecursionError):
        return _plain(body[:_MOST_READ])
    return error_of(data) if isinstance(data, dict | list) else _plain(body[:_MOST_READ])


def error_of(data: object) -> ErrorBody:
    """Return what this JSON says is wrong."""
    texts = list(_texts(data))
    said = " ".join(" ".join(text for _, text in texts)[: 2 * _MOST_SAID].lower().split())[:_MOST_SAID]
    return ErrorBody(
        words=tidy(_words(data) or " ".join(f"{key} {text}" if key else text for key, text in texts)),
        said=said,
        codes=frozenset(bare(text) for key, text in texts if key.lower() in _CODE_KEYS and len(text) <= 80),
        param=next((text for key, text in texts if key in ("param", "parameter")), "")[:200] or _place(data),
        number=_number(data),
    )


def error_within(data: object) -> ErrorBody | None:
    """Return the error that a reply of status 200 holds, at its top or in its first choice; None without one."""
    data = _only(data)
    if not isinstance(data, dict):
        return None
    choices = data.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if isinstance(choice, dict) and choice.get("error"):
        return error_of({"error": choice["error"]})
    told = any(data.get(key) for key in ("error", "errors")) or data.get("success") is False
    failed = data.get("object") == "error" or data.get("type") == "error" or data.get("status") == "error"
    minimax = data.get("base_resp")
    if isinstance(minimax, dict) and minimax.get("status_code") not in (0, None):
        return error_of({"base_resp": minimax})
    if told or failed or (not choice and any(key in data for key in ("detail", "error_msg", "errorMessage"))):
        return error_of({key: value for key, value in data.items() if key not in ("choices", "id", "model", "usage")})
    return None


def tidy(text: str) -> str:
    """Return words for one line: no control characters, no key, at most LONGEST_WORDS characters."""
    text = _CONTROL.sub(" ", whole_characters(text[: 20 * LONGEST_WORDS])).strip()
    text = _KEY.sub(lambda match: f"{match[0][:4]}...", text)
    return text if len(text) <= LONGEST_WORDS else f"{text[: LONGEST_WORDS - 3].rstrip()}..."


def bare(code: str) -> str:
    """Return a code without marks and capitals: `InvalidApiKey`, `invalid_api_key` and `INVALID-API-KEY` are one."""
    return re.sub(r"[^a-z0-9]", "", code.lower())


def _plain(body: bytes) -> ErrorBody:
    text = body.decode(errors="replace")
    is_page = text.lstrip("\ufeff \t\r\n").startswith("<")
    if is_page:
        title = _TITLE.search(text)
        text = html.unescape(f"{title[1] if title else ''} {_shown(text[:_LONGEST_PAGE])}")
    words = tidy(text)
    return ErrorBody(words=words, said=words.lower(), is_page=is_page)


def _shown(page: str) -> str:
    """Return the text of a page that a browser shows, in one pass: a page may well be broken, or made to be slow."""
    shown: list[str] = []
    hidden = ""
    for piece in _PIECE.finditer(page):
        name = "!--" if piece["end"] else (piece["name"] or "").lower()
        if not hidden and name in _HIDDEN and not piece["close"] and not piece["end"]:
            hidden = name
        elif hidden and name == hidden and (piece["close"] or piece["end"]):
            hidden = ""
        elif piece["text"] and not hidden:
            shown.append(piece["text"])
    return " ".join(shown)


def _only(data: object) -> object:
    """Return what is in a list that holds one thing; Gemini wraps its errors so."""
    while isinstance(data, list) and len(data) == 1:
        data = data[0]
    return data


def _words(data: object, depth: int = 0) -> str:
    data = _opened(data) if depth < _DEEPEST else data
    if isinstance(data, str):
        return data.strip()
    if depth >= _DEEPEST:
        return ""
    if isinstance(data, list):
        return "; ".join(found for each in data[:5] if (found := _words(each, depth + 1)))
    if not isinstance(data, dict):
        return ""
    said = [(key, words) for key in _WORD_KEYS if key in data and (words := _words(data[key], depth + 1))]
    if not said:
        return next((str(data[key]) for key in ("code", "type") if isinstance(data.get(key), str)), "")
    first = said[0][1]
    more = [words for key, words in said[1:] if key in _MORE_WORDS and words not in first and first not in words]
    where = _location(data)
    return ": ".join([*([where] if where else []), first, *more])


def _opened(data: object) -> object:
    """Return the JSON that a text holds: some servers hand on another's answer as it came."""
    if isinstance(data, str) and data.lstrip()[:1] in ("{", "["):
        try:
            return parsed(data[:_MOST_READ].encode(errors="replace"))
        except (ValueError, RecursionError):
            return data
    return data


def _texts(data: object, key: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield each text that is no echo of the request, and each number of a code, with the name that it stands under."""
    found = 0
    data = _opened(data) if depth < _DEEPEST else data
    if isinstance(data, str):
        yield key, data
    elif isinstance(data, int) and not isinstance(data, bool) and key.lower() in _CODE_KEYS:
        yield key, str(data)[:20]
    elif depth < _DEEPEST and isinstance(data, dict | list):
        pairs = data.items() if isinstance(data, dict) else ((key, each) for each in data)
        for name, value in pairs:
            if name in _ECHOES:
                continue
            for text in _texts(value, name, depth + 1):
                found += 1
                if found > _MOST_TEXTS:
                    return
                yield text


def _location(item: Mapping[str, Any]) -> str:
    """Return where a fault is, as pydantic says it: `seed` of the location body, seed."""
    where = item.get("loc")
    if not isinstance(where, list | tuple):
        return ""
    return next((str(part) for part in where if isinstance(part, str) and part not in ("body", "query")), "")[:100]


def _place(data: object, depth: int = 0) -> str:
    """Return the first location that the error names."""
    data = _opened(data)
    if depth >= _DEEPEST:
        return ""
    if isinstance(data, dict):
        return _location(data) or next((found for value in data.values() if (found := _place(value, depth + 1))), "")
    if isinstance(data, list):
        return next((found for value in data[:20] if (found := _place(value, depth + 1))), "")
    return ""


def _number(data: object, depth: int = 0) -> int | None:
    """Return the HTTP status that the error names, the outermost one."""
    data = _only(_opened(data))
    if not isinstance(data, dict) or depth >= _DEEPEST:
        return None
    for key in _NUMBER_KEYS:
        value = data.get(key)
        if isinstance(value, str) and len(value) == 3 and value.isascii() and value.isdigit():
            value = int(value)
        if type(value) is int and 400 <= value < 600:
            return value
    return next((found for key in ("error", "detail", "message") if (found := _number(data.get(key), depth + 1))), None)
