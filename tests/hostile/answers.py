"""Replies of 200 that hold an answer, or seem to; and what can go wrong on the wire."""

import json

from .rows import TEXT, USAGE, Bill, End, Row, chat, error, http, packed

_GOOD = json.dumps(chat()).encode()
_ODD_USAGE: dict[str, object] = {
    "empty": {},
    "null": None,
    "a list": [],
    "a text": "800",
    "nulls": {"prompt_tokens": None, "completion_tokens": None},
    "completion null": {"prompt_tokens": 700, "completion_tokens": None},
    "completion missing": {"prompt_tokens": 700},
    "texts": {"prompt_tokens": "700", "completion_tokens": "100"},
    "floats": {"prompt_tokens": 700.0, "completion_tokens": 100.0},
    "half a token": {"prompt_tokens": 700.5, "completion_tokens": 100.5},
    "negative": {"prompt_tokens": -700, "completion_tokens": -100},
    "negative completion": {"prompt_tokens": 700, "completion_tokens": -1},
    "2^31": {"prompt_tokens": 2**31, "completion_tokens": 2**31},
    "2^40": {"prompt_tokens": 2**40, "completion_tokens": 2**40},
    "2^63": {"prompt_tokens": 2**63, "completion_tokens": 2**63},
    "2^63 minus 1": {"prompt_tokens": 2**63 - 1, "completion_tokens": 2**63 - 1},
    "2^64": {"prompt_tokens": 2**64, "completion_tokens": 5},
    "10^400": {"prompt_tokens": 10**400, "completion_tokens": 5},
    "booleans": {"prompt_tokens": True, "completion_tokens": False},
    "other names": {"input_tokens": 700, "output_tokens": 100},
    "cached 2^63": {**USAGE, "prompt_tokens_details": {"cached_tokens": 2**63}},
    "cached more than there is": {**USAGE, "prompt_tokens_details": {"cached_tokens": 10**6}},
    "cached negative": {**USAGE, "prompt_tokens_details": {"cached_tokens": -700}},
}
_KNOWN_USAGE = {
    "details null": {**USAGE, "prompt_tokens_details": None, "completion_tokens_details": None},
    "details a list": {**USAGE, "prompt_tokens_details": []},
    "details text": {**USAGE, "completion_tokens_details": "none"},
    "cached null": {**USAGE, "prompt_tokens_details": {"cached_tokens": None, "audio_tokens": None}},
    "cached float": {**USAGE, "prompt_tokens_details": {"cached_tokens": 0.0}},
    "reasoning text": {**USAGE, "completion_tokens_details": {"reasoning_tokens": "many"}},
    "of groq": {**USAGE, "queue_time": 0.1, "prompt_time": 0.01, "total_time": 0.4},
    "of deepseek": {**USAGE, "prompt_cache_hit_tokens": 0, "prompt_cache_miss_tokens": 700},
}

_USED = [
    Row(f"usage {name}", http(200, chat(usage=usage)), End.SAMPLE, Bill.UNKNOWN, keeps=True)
    for name, usage in (*_ODD_USAGE.items(), ("missing", ...))
] + [
    Row(f"usage {name}", http(200, chat(usage=usage)), End.SAMPLE, Bill.USAGE, keeps=True)
    for name, usage in _KNOWN_USAGE.items()
]

_SAMPLES = {
    "model null": chat(model=None),
    "model missing": chat(model=...),
    "model a number": chat(model=7),
    "model an object": chat(model={"name": "m"}),
    "id null": chat(id=None, created="now", object=None),
    "tier null": chat(service_tier=None),
    "tier an object": chat(service_tier={"a": 1}),
    "refusal null": chat(message={"refusal": None}),
    "refusal false": chat(message={"refusal": False}),
    "refusal empty": chat(message={"refusal": ""}),
    "refusal an empty object": chat(message={"refusal": {}}),
    "finish null": chat(finish=None),
    "finish missing": chat(finish=...),
    "finish a number": chat(finish=0),
    "finish an object": chat(finish={"type": "stop"}),
    "finish a list": chat(finish=["stop"]),
    "finish true": chat(finish=True),
    "finish STOP": chat(finish="STOP"),
    "finish eos_token": chat(finish="eos_token"),
    "finish end_turn": chat(finish="end_turn"),
    "finish COMPLETE": chat(finish="COMPLETE"),
    "finish unknown": chat(finish="because_i_can"),
    "finish long": chat(finish="x" * 100_000),
    "tool_calls empty": chat(message={"tool_calls": []}),
    "tool_calls null": chat(message={"tool_calls": None, "function_call": None, "annotations": [], "audio": None}),
    "reasoning_content": chat(message={"reasoning_content": "I look at it."}),
    "reasoning": chat(
        message={"reasoning": "I look at it.", "reasoning_details": [{"type": "reasoning.text", "text": "x"}]}
    ),
    "thinking": chat(f"<think>\nThe user wants a description.\n</think>\n\n{TEXT}"),
    "thinking, tail only": chat(f"Okay, I look at it.\n</think>\n\n{TEXT}"),
    "thinking, empty": chat(f"<think>\n\n</think>\n\n{TEXT}"),
    "thinking after spaces": chat(f"\n \n<think>Hm.</think>{TEXT}"),
    "parts": chat([{"type": "text", "text": TEXT}]),
    "parts, two": chat([{"type": "text", "text": TEXT[:100]}, {"type": "text", "text": TEXT[100:]}]),
    "parts, output_text": chat([{"type": "output_text", "text": TEXT, "annotations": []}]),
    "parts, thinking first": chat(
        [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": TEXT}]
    ),
    "more choices": {**chat(), "choices": [chat()["choices"][0], {"index": 1, "message": None}]},
    "role missing": {**chat(), "choices": [{"message": {"content": TEXT}}]},
    "logprobs odd": {**chat(), "choices": [{**chat()["choices"][0], "logprobs": "none", "stop_reason": 7}]},
    "error null": chat(error=None),
    "error empty": chat(error={}),
    "error false": chat(error=False),
    "error an empty text": chat(error=""),
    "fields of others": chat(
        timings={"x": 0.1}, x_groq={"id": 1}, prompt_filter_results=[{"prompt_index": 0}], nvext=None
    ),
    "azure filter results": {
        **chat(),
        "choices": [
            {**chat()["choices"][0], "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}}}
        ],
    },
    "text with controls": chat(TEXT + " \u0000\u0007\u2028 The end of it."),
    "text right to left": chat("\u202e" + TEXT),
}
_ANSWERS = [
    Row(f"answer: {name}", http(200, body), End.SAMPLE, Bill.USAGE, keeps=True) for name, body in _SAMPLES.items()
]

_RAW = {
    "nan": _GOOD[:-1] + b', "timings": {"x": NaN}}',
    "infinity": _GOOD[:-1] + b', "timings": {"x": Infinity, "y": -Infinity}}',
    "bom": b"\xef\xbb\xbf" + _GOOD,
    "spaces before": b" " * 1_000_000 + _GOOD,
    "spaces after": _GOOD + b"\n" * 1_000_000,
    "lone surrogate": _GOOD.replace(b"The blue sky", b"The \\ud83d blue sky"),
    "invalid utf-8": _GOOD.replace(b"The blue sky", b"The \xff\xfe blue sky"),
    "events": b"data: " + _GOOD + b"\n\ndata: [DONE]\n\n",
    "message a text": json.dumps(chat() | {"choices": [{"message": TEXT}]}).encode(),
    "duplicate keys": _GOOD[:-1] + b', "model": "n", "model": "m"}',
    "a huge number": _GOOD[:-1] + b', "x": 1e999999}',
    "a long number": _GOOD[:-1] + b', "x": ' + b"9" * 100_000 + b"}",
    "deep beside it": _GOOD[:-1] + b', "x": ' + b"[" * 500 + b"]" * 500 + b"}",
}
_BYTES = [Row(f"answer: {name}", http(200, body), End.SAMPLE, Bill.USAGE, keeps=True) for name, body in _RAW.items()]
_CODED = [
    Row("answer: other type", http(200, _GOOD, kind="text/plain"), End.SAMPLE, Bill.USAGE, keeps=True),
    Row("answer: html type", http(200, _GOOD, kind="text/html; charset=utf-8"), End.SAMPLE, Bill.USAGE, keeps=True),
    Row(
        "answer: wrong charset",
        http(200, _GOOD, kind="application/json; charset=ebcdic-cp-us"),
        End.SAMPLE,
        Bill.USAGE,
        keeps=True,
    ),
    Row("answer: 201", http(201, _GOOD), End.SAMPLE, Bill.USAGE, keeps=True),
    Row("answer: gzip", packed(200, _GOOD), End.SAMPLE, Bill.USAGE, keeps=True),
    Row(
        "answer: headers of limits, zero",
        http(
            200,
            _GOOD,
            x_ratelimit_limit_requests="0",
            x_ratelimit_remaining_requests="-1",
            x_ratelimit_reset_requests="0",
        ),
        End.SAMPLE,
        Bill.USAGE,
        keeps=True,
    ),
    Row(
        "answer: headers of limits, garbage",
        http(
            200,
            _GOOD,
            x_ratelimit_limit_requests="1e400",
            x_ratelimit_remaining_tokens="nan",
            x_ratelimit_reset_tokens="P1D",
        ),
        End.SAMPLE,
        Bill.USAGE,
        keeps=True,
    ),
    Row(
        "answer: cookies",
        http(200, _GOOD, Set_Cookie="a=b; Domain=evil.invalid; Path=/"),
        End.SAMPLE,
        Bill.USAGE,
        keeps=True,
    ),
    Row("answer: retry-after", http(200, _GOOD, Retry_After="5"), End.SAMPLE, Bill.USAGE, keeps=True),
]

_REJECTED = [
    Row(
        f"cut: {finish}",
        http(200, chat(TEXT[:90], finish=finish)),
        End.REJECTED,
        Bill.USAGE,
        ("truncated",),
        keeps=True,
    )
    for finish in ("length", "model_length", "max_tokens", "MAX_TOKENS", "max_output_tokens")
] + [
    Row(f"bad answer: {name}", http(200, body), End.REJECTED, Bill.USAGE, why, keeps=True)
    for name, why, body in (
        ("refusal", ("refusal",), chat(None, message={"refusal": "I'm sorry, but I can't help with that."})),
        ("refusal in words", ("refusal",), chat("I'm sorry, but I can't help with that.")),
        ("empty", (), chat("")),
        ("null", (), chat(None)),
        (
            "tool calls",
            (),
            chat(
                None,
                finish="tool_calls",
                message={"tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            ),
        ),
        ("reasoning only", (), chat("", message={"reasoning_content": "I look at it."})),
        ("thinking that never ends", (), chat("<think>\n" + "I look at it. " * 50, finish="stop")),
        ("nested marks", (), chat("[" * 50_000 + "{" * 50_000)),
        ("prompt repeated", (), chat("A photo. " * 20_000)),
    )
]
_LARGE = [
    Row(
        "bad answer: twelve megabytes of text",
        http(200, chat("A tower stands. " * 800_000)),
        End.REJECTED,
        Bill.UNKNOWN,
        keeps=True,
    )
]
_UNREADABLE = [
    Row(f"unreadable: {name}", http(200, body), End.BROKEN, Bill.UNKNOWN, keeps=True)
    for name, body in (
        ("empty", b""),
        ("null", b"null"),
        ("a list", b"[]"),
        ("an object", b"{}"),
        ("a text", b'"hello"'),
        ("half", _GOOD[: len(_GOOD) // 2]),
        ("deep", b"[" * 100_000),
        ("deep object", b'{"a":' * 100_000),
        ("choices null", {"choices": None}),
        ("choices empty", chat() | {"choices": []}),
        ("choices a text", chat() | {"choices": "none"}),
        ("choice null", chat() | {"choices": [None]}),
        ("message null", chat() | {"choices": [{"message": None, "finish_reason": "stop"}]}),
        ("content a number", chat(42)),
        ("content an object", chat({"a": TEXT})),
        ("parts of numbers", chat([1, 2, None])),
        ("nulls everywhere", dict.fromkeys(chat())),
        ("another api", {"id": "resp_1", "object": "response", "output": [{"type": "message", "content": []}]}),
        ("another api, weather", {"temperature": 21.5, "city": "Paris"}),
        ("plain text", b"Hello, world"),
        ("spaces", b" " * 1_000_000),
        ("binary", bytes(range(256)) * 40),
        ("events, chunks", b'data: {"choices": [{"delta": {"content": "A"}}]}\n\ndata: [DONE]\n\n'),
    )
]
_AGAIN = [
    Row(f"ended by {finish}, once", http(200, chat(text, finish=finish)), End.SAMPLE, Bill.UNKNOWN, times=1, keeps=True)
    for finish, text in (
        ("error", ""),
        ("abort", "A tall"),
        ("insufficient_system_resource", ""),
        ("network_error", ""),
    )
]

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_LENGTH = b"Content-Length: %d\r\n\r\n" % len(_GOOD)
_CHUNK = b"%x\r\n%b\r\n" % (len(_GOOD), _GOOD)
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def _wire(
    name: str, end: End, bill: Bill, *pieces: bytes | float, times: int | None = None, keeps: bool = False
) -> Row:
    return Row(f"wire: {name}", pieces, end, bill, times=times, keeps=keeps)


_WIRE = [
    _wire("http/1.0 without a length", End.SAMPLE, Bill.USAGE, b"HTTP/1.0 200 OK\r\n\r\n" + _GOOD),
    _wire("no length", End.SAMPLE, Bill.USAGE, _HEAD + b"Connection: close\r\n\r\n" + _GOOD),
    _wire("chunked", End.SAMPLE, Bill.USAGE, _CHUNKED + _CHUNK + b"0\r\n\r\n", keeps=True),
    _wire("100 first", End.SAMPLE, Bill.USAGE, b"HTTP/1.1 100 Continue\r\n\r\n" + _HEAD + _LENGTH + _GOOD, keeps=True),
    _wire(
        "103 first",
        End.SAMPLE,
        Bill.USAGE,
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + _HEAD + _LENGTH + _GOOD,
        keeps=True,
    ),
    _wire(
        "drips in time",
        End.SAMPLE,
        Bill.USAGE,
        _HEAD + _LENGTH,
        *(piece for n in range(0, len(_GOOD), 200) for piece in (_GOOD[n : n + 200], 0.1)),
        keeps=True,
    ),
    _wire(
        "spaces drip first",
        End.SAMPLE,
        Bill.USAGE,
        _CHUNKED,
        *(b"1\r\n \r\n", 0.2) * 4,
        _CHUNK + b"0\r\n\r\n",
        keeps=True,
    ),
    _wire(
        "large headers",
        End.SAMPLE,
        Bill.USAGE,
        _HEAD + b"X-Large: " + b"x" * 6_000 + b"\r\n" + _LENGTH + _GOOD,
        keeps=True,
    ),
    _wire(
        "many headers",
        End.SAMPLE,
        Bill.USAGE,
        _HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(80)) + _LENGTH + _GOOD,
        keeps=True,
    ),
    _wire(
        "reason in utf-8", End.SAMPLE, Bill.USAGE, "HTTP/1.1 200 Très bien\r\n".encode() + _LENGTH + _GOOD, keeps=True
    ),
    _wire(
        "too large headers", End.BROKEN, Bill.UNKNOWN, _HEAD + b"X-Large: " + b"x" * 200_000 + b"\r\n" + _LENGTH + _GOOD
    ),
    _wire("closed before a word", End.BROKEN, Bill.UNKNOWN, 0.01),
    _wire("closed before a word, once", End.SAMPLE, Bill.UNKNOWN, 0.01, times=1),
    _wire("closed in the status line", End.BROKEN, Bill.UNKNOWN, b"HTTP/1."),
    _wire("closed in the headers", End.BROKEN, Bill.UNKNOWN, _HEAD + b"Content-"),
    _wire("closed in the body", End.BROKEN, Bill.UNKNOWN, _HEAD + _LENGTH + _GOOD[:100]),
    _wire("closed in the body, once", End.SAMPLE, Bill.UNKNOWN, _HEAD + _LENGTH + _GOOD[:100], times=1),
    _wire("closed in a chunk", End.BROKEN, Bill.UNKNOWN, _CHUNKED + _CHUNK[:200]),
    _wire("closed before the last chunk", End.BROKEN, Bill.UNKNOWN, _CHUNKED + _CHUNK),
    _wire("longer than it says", End.BROKEN, Bill.UNKNOWN, _HEAD + b"Content-Length: 50\r\n\r\n" + _GOOD),
    _wire("shorter than it says", End.BROKEN, Bill.UNKNOWN, _HEAD + b"Content-Length: 99999\r\n\r\n" + _GOOD),
    _wire("two lengths", End.BROKEN, Bill.UNKNOWN, _HEAD + b"Content-Length: 5\r\n" + _LENGTH + _GOOD),
    _wire("length negative", End.BROKEN, Bill.UNKNOWN, _HEAD + b"Content-Length: -5\r\n\r\n" + _GOOD),
    _wire("chunk size wrong", End.BROKEN, Bill.UNKNOWN, _CHUNKED + b"zz\r\n" + _GOOD),
    _wire("not http", End.BROKEN, Bill.UNKNOWN, b"SSH-2.0-OpenSSH_9.2\r\n"),
    _wire("tls alert", End.BROKEN, Bill.UNKNOWN, b"\x15\x03\x01\x00\x02\x02\x46"),
    _wire("status no number", End.BROKEN, Bill.UNKNOWN, b"HTTP/1.1 abc OK\r\n" + _LENGTH + _GOOD),
    _wire("status 999", End.BROKEN, Bill.UNKNOWN, *http(999, b"LinkedIn says no"), keeps=True),
    _wire("says gzip and is not", End.BROKEN, Bill.UNKNOWN, *http(200, _GOOD, Content_Encoding="gzip"), keeps=True),
    _wire(
        "gzip cut off",
        End.BROKEN,
        Bill.UNKNOWN,
        *http(200, packed(200, _GOOD)[1][:-20], Content_Encoding="gzip"),
        keeps=True,
    ),
    _wire("gzip that swells", End.BROKEN, Bill.UNKNOWN, *packed(200, b" " * 40_000_000), keeps=True),
    _wire("twelve megabytes of nothing", End.BROKEN, Bill.UNKNOWN, *http(200, b" " * 12_000_000), keeps=True),
    _wire("twenty megabytes", End.BROKEN, Bill.UNKNOWN, *http(200, b'{"a": "' + b"x" * 20_000_000 + b'"}'), keeps=True),
    _wire("204", End.BROKEN, Bill.UNKNOWN, *http(204), keeps=True),
    _wire("206 half", End.BROKEN, Bill.UNKNOWN, *http(206, _GOOD[:200], Content_Range="bytes 0-199/900"), keeps=True),
    _wire(
        "101",
        End.BROKEN,
        Bill.UNKNOWN,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ),
    _wire("only 100", End.BROKEN, Bill.UNKNOWN, b"HTTP/1.1 100 Continue\r\n\r\n", 30.0),
    _wire("never a word", End.BROKEN, Bill.UNKNOWN, 30.0),
    _wire(
        "drips beyond the timeout",
        End.BROKEN,
        Bill.UNKNOWN,
        _HEAD + _LENGTH,
        *(piece for n in range(40) for piece in (_GOOD[n : n + 1], 0.5)),
    ),
    _wire(
        "drips beyond the timeout, once",
        End.SAMPLE,
        Bill.UNKNOWN,
        _HEAD + _LENGTH,
        *(piece for n in range(40) for piece in (_GOOD[n : n + 1], 0.5)),
        times=1,
    ),
]

_REFUSALS = [
    Row("400 with a long text", http(400, error("x" * 300_000)), End.ALIKE, keeps=True),
    Row("400 nested", http(400, b"[" * 100_000), End.ALIKE, keeps=True),
]

ROWS = [*_REFUSALS, *_USED, *_ANSWERS, *_BYTES, *_CODED, *_REJECTED, *_LARGE, *_UNREADABLE, *_AGAIN, *_WIRE]
