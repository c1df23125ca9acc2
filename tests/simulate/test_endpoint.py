"""What each request is answered and what is billed for it, without sockets and with a clock of the test's own."""

import json

import pytest

from svit.prompting.tokens import estimated_tokens
from svit.simulate.http import Manner, SimulatedReply
from svit.simulate.incoming import ReceivedRequest
from svit.simulate.request_counts import body_key

from .asking import CONTEXT, chat, code, endpoint, get, post


def content(reply: SimulatedReply) -> str:
    found: str = json.loads(reply.body)["choices"][0]["message"]["content"]
    return found


def test_a_completion_has_the_shape_of_the_api() -> None:
    reply = post(endpoint(), chat(max_tokens=100))
    read = json.loads(reply.body)
    text = content(reply)
    assert text.startswith("A man. No ")
    assert read.pop("id").startswith("chatcmpl-")
    assert read.pop("created") > 1_700_000_000
    prompt, completion = estimated_tokens(CONTEXT), estimated_tokens(text)
    assert read == {
        "object": "chat.completion",
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }
    assert reply.headers == b"x-request-id: req_0000000000000001\r\n"


def test_the_same_seed_says_the_same_again_and_no_seed_something_else() -> None:
    to = endpoint()
    assert content(post(to, chat(seed=1))) == content(post(to, chat(seed=1)))
    assert content(post(to, chat(seed=1))) != content(post(to, chat(seed=2)))
    again = [content(post(to, chat())) for _ in range(2)]
    assert again[0] != again[1]
    rerun = endpoint()
    assert [content(post(rerun, chat())) for _ in range(2)] == again
    assert content(post(endpoint(seed=7), chat())) != again[0]


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"", 400, None),
        (b"{", 400, None),
        (b"\xff", 400, None),
        (b"[]", 400, None),
        (b'{"model": "m"}', 400, None),
        (b'{"model": "m", "messages": "x"}', 400, None),
        (b'{"model": "m", "messages": []}', 400, "empty_array"),
        (chat(max_tokens=0), 400, "integer_below_min_value"),
        (chat(stream=True), 400, "unsupported_value"),
        (chat(n=2), 400, "unsupported_value"),
        (chat(top_k=3), 400, "unsupported_parameter"),
        (
            json.dumps({"model": "other", "messages": [{"role": "user", "content": "x"}]}).encode(),
            404,
            "model_not_found",
        ),
    ],
)
def test_what_is_wrong_is_refused_and_not_billed(body: bytes, status: int, error: str | None) -> None:
    to = endpoint(models=("m",), refused=("top_k",), rpm=60)
    reply = post(to, body)
    assert (reply.status, code(reply)) == (status, error)
    books = to.books.report()
    assert (books["billed"], books["bodies"], books["statuses"]) == (0, {}, {str(status): 1})
    assert b"x-ratelimit-remaining-requests: 59\r\n" in reply.headers


def test_without_the_key_nothing_is_answered() -> None:
    to = endpoint(key="sk-good")
    assert code(post(to, chat())) == "invalid_api_key"
    assert post(to, chat(), authorization="Bearer sk-bad").status == 401
    assert post(to, chat(), authorization="Bearer sk-good").status == 200
    assert post(to, chat(), api_key="sk-good").status == 200
    assert to.reply(ReceivedRequest("GET", "/v1/models", {}, b""), 0.0).status == 401
    assert b"sk-good" not in json.dumps(to.books.report()).encode()


def test_models_and_what_is_not_there() -> None:
    to = endpoint(models=("m=2027-01-14",))
    status, listed = get(to, "/v1/models")
    assert (status, listed["data"][0]["id"], listed["data"][0]["shutdown_date"]) == (200, "m", "2027-01-14")
    assert get(to, "/v1/models/m")[1]["id"] == "m"
    assert get(to, "/v1/models/x")[0] == 404
    assert get(to, "/v1/embeddings")[0] == 404
    assert get(to, "/v1/chat/completions")[0] == 404
    assert get(endpoint(), "/v1/models")[1]["data"][0]["id"] == "simulated"


def test_a_cap_that_the_answer_exceeds_cuts_it() -> None:
    reply = post(endpoint(answer="fixed:500"), chat(max_completion_tokens=40))
    read = json.loads(reply.body)
    assert (read["choices"][0]["finish_reason"], read["usage"]["completion_tokens"]) == ("length", 40)


def test_a_request_counts_the_greater_of_its_cap_and_its_characters() -> None:
    to = endpoint(tpm=10_000)
    assert b"remaining-tokens: 9000\r\n" in post(to, chat(max_tokens=1000)).headers
    assert b"remaining-tokens: 7000\r\n" in post(to, chat("x" * 8000, max_tokens=1000)).headers
    refused = post(to, chat(max_tokens=7001))
    assert (refused.status, code(refused)) == (429, "rate_limit_exceeded")
    assert b"retry-after-ms: 6\r\nretry-after: 1\r\n" in refused.headers
    assert "tokens per min (TPM): Limit 10000, Used 3000, Requested 7001" in refused.body.decode()
    assert post(to, chat(max_tokens=7001), now=0.01).status == 200
    too_large = post(to, chat(max_tokens=10_001), now=100.0)
    assert too_large.status == 429
    assert b"retry-after" not in too_large.headers


def test_an_answer_takes_longer_the_longer_it_is() -> None:
    reply = post(endpoint(latency="1s", tokens_per_second=10), chat())
    assert reply.after == 1 + json.loads(reply.body)["usage"]["completion_tokens"] / 10
    assert post(endpoint(latency="1s", tokens_per_second=10, faults=("500=1",)), chat()).after == 1


def test_failed_requests_count_under_the_limits() -> None:
    to = endpoint(rpm=2, faults=("500=1",))
    assert [post(to, chat()).status for _ in range(3)] == [500, 500, 429]


@pytest.mark.parametrize(
    ("kind", "status", "error"),
    [
        ("429", 429, "rate_limit_exceeded"),
        ("slow_down", 429, "slow_down"),
        ("insufficient_quota", 429, "insufficient_quota"),
        ("500", 500, None),
        ("503", 503, "server_is_overloaded"),
        ("prompt_filter", 400, "content_filter"),
        ("context_length", 400, "context_length_exceeded"),
        ("error_200", 200, "server_error"),
    ],
)
def test_a_fault_instead_of_a_completion_is_not_billed(kind: str, status: int, error: str | None) -> None:
    to = endpoint(faults=(f"{kind}=1",), latency="2s")
    reply = post(to, chat())
    assert (reply.status, code(reply)) == (status, error)
    assert (b"retry-after-ms: 100\r\n" in reply.headers) == (status == 429)
    assert reply.after == (0 if status == 429 else 2)
    books = to.books.report()
    assert (books["admitted"], books["settled"], books["billed"], books["prompt_tokens"]) == (1, 1, 0, 0)


@pytest.mark.parametrize("kind", ["502", "html"])
def test_a_web_page_instead_of_a_completion_is_not_billed(kind: str) -> None:
    to = endpoint(faults=(f"{kind}=1",))
    reply = post(to, chat())
    assert (reply.status, reply.content_type) == (200 if kind == "html" else 502, b"text/html")
    assert reply.body.startswith(b"<html>")
    assert to.books.report()["billed"] == 0


@pytest.mark.parametrize(
    ("kind", "manner", "billed"),
    [
        ("reset", Manner.RESET, 0),
        ("hang", Manner.HANG, 0),
        ("reset_body", Manner.RESET_BODY, 1),
        ("truncated", Manner.TRUNCATED, 1),
        ("drip", Manner.DRIP, 1),
        ("bad_json", Manner.WHOLE, 1),
        ("empty", Manner.WHOLE, 1),
        ("no_usage", Manner.WHOLE, 1),
        ("none", Manner.WHOLE, 1),
    ],
)
def test_a_completion_that_was_written_is_billed_however_it_arrives(kind: str, manner: Manner, billed: int) -> None:
    to = endpoint(faults=() if kind == "none" else (f"{kind}=1",))
    reply = post(to, chat())
    assert reply.manner is manner
    books = to.books.report()
    assert (books["billed"], books["kinds"][kind]["billed"]) == (billed, billed)  # type: ignore[index]
    assert books["prompt_tokens"] == billed * estimated_tokens(CONTEXT)
    assert (books["statuses"] == {}) == (kind in ("reset", "hang"))


def test_what_goes_out_damaged_is_no_json_and_what_lacks_usage_says_none() -> None:
    with pytest.raises(json.JSONDecodeError):
        json.loads(post(endpoint(faults=("bad_json=1",)), chat()).body)
    assert "usage" not in json.loads(post(endpoint(faults=("no_usage=1",)), chat()).body)
    refusal = json.loads(post(endpoint(faults=("refusal=1",)), chat()).body)["choices"][0]["message"]
    assert refusal["content"] is None
    assert refusal["refusal"].startswith("I'm sorry")


def test_a_duplicate_says_the_same_about_every_image() -> None:
    to = endpoint(faults=("duplicate=1",))
    assert content(post(to, chat("captions:\nA man."))) == content(post(to, chat("captions:\nA dog.")))
    assert content(post(endpoint(), chat("captions:\nA man."))) != content(post(endpoint(), chat("captions:\nA dog.")))


def test_the_books_know_each_body_and_who_had_gone() -> None:
    to = endpoint()
    for body, heard in [(chat("a"), True), (chat("a"), False), (chat("b"), True)]:
        post(to, body, heard=heard, now=3.5)
    books = get(to, "/simulator/books")[1]
    assert books["bodies"] == {f"{body_key(chat('a')):016x}": [2, 2], f"{body_key(chat('b')):016x}": [1, 1]}
    assert (books["billed"], books["billed_again"], books["unheard"]["billed"]) == (3, 1, 1)
    assert books["completion_tokens"] == 3 * books["unheard"]["completion_tokens"]
    assert books["seconds"] == [[3, 3, 0, 0]]


def test_the_books_count_what_is_in_flight_and_what_limits_refused() -> None:
    to = endpoint(rpm=3)
    replies = [to.reply(ReceivedRequest("POST", "/v1/chat/completions", {}, chat()), 0.0) for _ in range(5)]
    books = to.books.report()
    assert (books["requests"], books["admitted"], books["in_flight"], books["billed"]) == (5, 3, 3, 0)
    assert books["limited"] == {"requests": 2}
    for reply in replies:
        reply.due(True)
    books = to.books.report()
    assert (books["in_flight"], books["most_in_flight"], books["billed"]) == (0, 3, 3)
    assert books["seconds"] == [[0, 3, 2, 12]]


def test_a_refused_request_is_no_attempt_of_its_body() -> None:
    """So faults don't depend on how often a limit was met, and a rerun is the same."""
    body = chat()
    free, limited = endpoint(faults=("500=0.5",)), endpoint(faults=("500=0.5",), rpm=1)
    outcomes = [post(free, body).status for _ in range(8)]
    met = []
    for step in range(8):
        met.append(post(limited, body, now=step * 61.0).status)
        assert post(limited, body, now=step * 61.0).status == 429
    assert met == outcomes
    assert set(outcomes) == {200, 500}
