"""Batches by a clock of the test's own: their states, what comes out, and what is billed."""

import json
from pathlib import Path
from typing import Any, BinaryIO, Final

import pytest

from svit.simulate.batch_input import BatchError, BatchInput, checked
from svit.simulate.chat_completions import RequestProblem
from svit.simulate.endpoint import SimulatedEndpoint
from svit.simulate.http import Manner, SimulatedReply

from .asking import ask, code, endpoint, get
from .test_files import uploaded

URL: Final = "/v1/chat/completions"


def line(n: int, model: str = "m", text: str | None = None, **more: object) -> bytes:
    body = {"model": model, "messages": [{"role": "user", "content": text or f"captions:\nMan {n}."}], "max_tokens": 90}
    return json.dumps({"custom_id": f"row-{n}", "method": "POST", "url": URL, "body": body, **more}).encode() + b"\n"


def lines(count: int) -> bytes:
    return b"".join(map(line, range(count)))


def posted(to: SimulatedEndpoint, path: str, now: float = 0.0, **body: object) -> SimulatedReply:
    return ask(to, "POST", path, json.dumps(body).encode(), now=now)


def created(to: SimulatedEndpoint, data: bytes, now: float = 0.0, **more: object) -> str:
    reply = posted(
        to, "/v1/batches", now, input_file_id=uploaded(to, data), endpoint=URL, completion_window="24h", **more
    )
    assert reply.status == 200, reply.body
    ident: str = json.loads(reply.body)["id"]
    return ident


def batch(to: SimulatedEndpoint, ident: str, now: float) -> Any:
    """Return the batch after all that is due by then, which one look may not be enough for."""
    while to.advance(now):
        pass
    return get(to, f"/v1/batches/{ident}", now)[1]


def rows(to: SimulatedEndpoint, file: str | None) -> list[Any]:
    if file is None:
        return []
    return [json.loads(row) for row in ask(to, "GET", f"/v1/files/{file}/content").body.splitlines()]


def billed(to: SimulatedEndpoint) -> Any:
    return to.books.report()["batch"]


def test_a_batch_goes_through_its_states() -> None:
    to = endpoint(batch_time=100.0)
    ident = created(to, lines(10), metadata={"run": "r"})
    seen = [batch(to, ident, now) for now in (0.0, 4.9, 5.0, 50.0, 90.0, 99.0, 101.0, 500.0)]
    assert [each["status"] for each in seen] == [
        *("validating", "validating", "in_progress", "in_progress", "finalizing", "finalizing"),
        *("completed", "completed"),
    ]
    assert [each["request_counts"]["total"] for each in seen] == [0, 0, *[10] * 6]
    assert [each["request_counts"]["completed"] for each in seen] == [0, 0, 0, 5, 10, 10, 10, 10]
    assert [each["output_file_id"] is not None for each in seen] == [False] * 6 + [True] * 2
    end = seen[-1]
    assert end["object"] == "batch"
    assert end["metadata"] == {"run": "r"}
    assert (end["endpoint"], end["completion_window"], end["model"]) == (URL, "24h", "m")
    assert end["created_at"] <= end["in_progress_at"] <= end["finalizing_at"] <= end["completed_at"]
    assert end["expires_at"] == end["created_at"] + 86400
    absent = ("errors", "error_file_id", "failed_at", "expired_at", "cancelling_at", "cancelled_at")
    assert [end[name] for name in absent] == [None] * 6


def test_the_output_answers_each_line_in_another_order() -> None:
    to = endpoint(batch_time=0.0)
    end = batch(to, created(to, lines(20)), 1.0)
    output = rows(to, end["output_file_id"])
    names = [row["custom_id"] for row in output]
    assert sorted(names) == sorted(f"row-{n}" for n in range(20))
    assert names != [f"row-{n}" for n in range(20)]
    for row in output:
        assert row["id"].startswith("batch_req_")
        assert row["error"] is None
        assert (row["response"]["status_code"], bool(row["response"]["request_id"])) == (200, True)
        text = row["response"]["body"]["choices"][0]["message"]["content"]
        assert text.startswith(f"Man {row['custom_id'].removeprefix('row-')}. No ")
    again = endpoint(batch_time=0.0)
    rerun = rows(again, batch(again, created(again, lines(20)), 1.0)["output_file_id"])
    assert [row["custom_id"] for row in rerun] == names
    other = endpoint(batch_time=0.0, seed=1)
    moved = rows(other, batch(other, created(other, lines(20)), 1.0)["output_file_id"])
    assert [row["custom_id"] for row in moved] != names


def test_two_lines_come_in_the_other_order() -> None:
    to = endpoint(batch_time=0.0)
    output = rows(to, batch(to, created(to, lines(2)), 1.0)["output_file_id"])
    assert [row["custom_id"] for row in output] == ["row-1", "row-0"]


def test_the_books_have_batches_apart() -> None:
    to = endpoint(batch_time=0.0)
    end = batch(to, created(to, lines(3)), 1.0)
    usages = [row["response"]["body"]["usage"] for row in rows(to, end["output_file_id"])]
    books = to.books.report()
    apart = billed(to)
    assert (apart["requests"], apart["billed"], apart["billed_again"], apart["batches"]) == (
        *(3, 3, 0),
        {"made": 1, "completed": 1},
    )
    for name, short in (("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens")):
        assert apart[name] == sum(usage[name] for usage in usages) == end["usage"][short] > 0
        assert books[name] == 0
    assert (books["requests"], books["billed"], books["bodies"]) == (0, 0, {})
    assert list(apart["bodies"].values()) == [[1, 1]] * 3
    batch(to, created(to, lines(2)), 2.0)
    assert (billed(to)["billed"], billed(to)["billed_again"]) == (5, 2)


def test_a_line_that_fails_goes_into_the_error_file() -> None:
    to = endpoint(batch_time=0.0, context_window=1000)
    wrong = line(7).replace(b'"content"', b'"contents_"').replace(b'"messages": [', b'"messages": [7, ')
    long = line(8, text="x" * 9000)
    end = batch(to, created(to, lines(2) + wrong + long), 1.0)
    assert end["request_counts"] == {"total": 4, "completed": 2, "failed": 2}
    assert len(rows(to, end["output_file_id"])) == 2
    errors = {row["custom_id"]: row for row in rows(to, end["error_file_id"])}
    assert {name: row["response"]["status_code"] for name, row in errors.items()} == {"row-7": 400, "row-8": 400}
    assert errors["row-8"]["response"]["body"]["error"]["code"] == "context_length_exceeded"
    assert errors["row-8"]["error"] is None
    assert billed(to)["billed"] == 2


@pytest.mark.parametrize(
    ("kind", "status", "error"),
    [
        ("500", 500, None),
        ("503", 503, None),
        ("prompt_filter", 400, None),
        ("hang", None, "request_timeout"),
        ("reset", None, "request_timeout"),
    ],
)
def test_faults_befall_lines_and_are_not_billed(kind: str, status: int | None, error: str | None) -> None:
    to = endpoint(batch_time=0.0, faults=(f"{kind}=1",))
    end = batch(to, created(to, lines(3)), 1.0)
    assert (end["status"], end["output_file_id"]) == ("completed", None)
    assert end["request_counts"] == {"total": 3, "completed": 0, "failed": 3}
    for row in rows(to, end["error_file_id"]):
        assert (row["response"] and row["response"]["status_code"]) == status
        assert (row["error"] and row["error"]["code"]) == error
    assert (billed(to)["requests"], billed(to)["billed"], billed(to)["kinds"][kind]["requests"]) == (3, 0, 3)


@pytest.mark.parametrize("kind", ["429", "insufficient_quota", "html", "error_200", "truncated", "drip", "bad_json"])
def test_faults_of_a_connection_or_a_limit_are_not_those_of_a_line(kind: str) -> None:
    to = endpoint(batch_time=0.0, faults=(f"{kind}=1",))
    end = batch(to, created(to, lines(2)), 1.0)
    assert end["request_counts"] == {"total": 2, "completed": 2, "failed": 0}
    assert list(billed(to)["kinds"]) == ["none"]


def test_faults_of_a_completion_are_those_of_a_line_too() -> None:
    to = endpoint(batch_time=0.0, faults=("length=1",))
    output = rows(to, batch(to, created(to, lines(2)), 1.0)["output_file_id"])
    assert [row["response"]["body"]["choices"][0]["finish_reason"] for row in output] == ["length"] * 2


def test_an_expired_batch_returns_and_bills_what_was_done() -> None:
    to = endpoint(batch_time=100.0, batch_faults=("expired=1",))
    ident = created(to, lines(5))
    batch(to, ident, 5.0)
    assert batch(to, ident, 89.0)["status"] == "in_progress"
    end = batch(to, ident, 90.0)
    assert (end["status"], end["expired_at"] is not None) == ("expired", True)
    assert end["request_counts"] == {"total": 5, "completed": 2, "failed": 0}
    assert len(rows(to, end["output_file_id"])) == billed(to)["billed"] == 2
    errors = rows(to, end["error_file_id"])
    assert [(row["response"], row["error"]["code"]) for row in errors] == [(None, "batch_expired")] * 3
    both = {row["custom_id"] for row in errors + rows(to, end["output_file_id"])}
    assert both == {f"row-{n}" for n in range(5)}


def test_a_cancelled_batch_returns_and_bills_what_was_done() -> None:
    to = endpoint(batch_time=100.0)
    ident = created(to, lines(10))
    batch(to, ident, 5.0)
    assert batch(to, ident, 50.0)["request_counts"]["completed"] == 5
    asked = json.loads(posted(to, f"/v1/batches/{ident}/cancel", 50.0).body)
    assert (asked["status"], asked["output_file_id"]) == ("cancelling", None)
    assert posted(to, f"/v1/batches/{ident}/cancel", 51.0).status == 200
    assert batch(to, ident, 59.0)["status"] == "cancelling"
    end = batch(to, ident, 60.0)
    assert (end["status"], end["request_counts"]["completed"]) == ("cancelled", 5)
    assert len(rows(to, end["output_file_id"])) == billed(to)["billed"] == 5
    assert {row["error"]["code"] for row in rows(to, end["error_file_id"])} == {"batch_cancelled"}
    again = posted(to, f"/v1/batches/{ident}/cancel", 61.0)
    assert (again.status, b"status 'cancelled'" in again.body) == (409, True)


def test_a_batch_that_is_cancelled_at_once_has_no_files() -> None:
    to = endpoint(batch_time=100.0)
    ident = created(to, lines(3))
    posted(to, f"/v1/batches/{ident}/cancel")
    end = batch(to, ident, 90.0)
    assert (end["status"], end["output_file_id"], end["error_file_id"]) == ("cancelled", None, None)
    assert billed(to)["requests"] == 0


@pytest.mark.parametrize(
    ("data", "errors"),
    [
        (b"", [("empty_file", None)]),
        (
            line(1) + b"{\n" + line(1) + b"\xff\n",
            [("invalid_json_line", 2), ("duplicate_custom_id", 3), ("invalid_json_line", 4)],
        ),
        (line(1) + line(2) + line(1), [("duplicate_custom_id", 3)]),
        (line(1) + line(2, model="n"), [("model_mismatch", 2)]),
        (line(1, url="/v1/embeddings"), [("url_mismatch", 1)]),
        (line(1, method="GET"), [("invalid_method", 1)]),
        (line(1, custom_id=None), [("missing_required_parameter", 1)]),
        (line(1, custom_id=5), [("invalid_request", 1)]),
        (line(1, body={"messages": []}), [("missing_required_parameter", 1)]),
        (b'{"custom_id": "a", "method": "POST", "url": "/v1/chat/completions"}', [("missing_required_parameter", 1)]),
        (line(1, model="absent"), [("model_not_found", 1)]),
    ],
)
def test_a_file_that_is_wrong_fails_the_batch(data: bytes, errors: list[tuple[str, int | None]]) -> None:
    to = endpoint(batch_time=0.0, models=("m", "n"))
    end = batch(to, created(to, data), 1.0)
    assert (end["status"], end["errors"]["object"]) == ("failed", "list")
    found = [(each["code"], each["line"]) for each in end["errors"]["data"]]
    assert found[: len(errors)] == errors
    assert all(each["message"] for each in end["errors"]["data"])
    assert (end["failed_at"] is not None, end["output_file_id"], end["error_file_id"]) == (True, None, None)
    assert billed(to)["requests"] == 0


def test_each_wrong_line_is_told_up_to_a_hundred() -> None:
    found = checked([(0, b"{")] * 500, URL, lambda _: None)
    assert found == [
        BatchError("invalid_json_line", "This line is not parseable as valid JSON.", n + 1) for n in range(100)
    ]


@pytest.mark.parametrize(("count", "right"), [(3, True), (4, False)])
def test_more_lines_than_a_batch_may_have_fail_it(count: int, right: bool) -> None:
    found = checked(((0, line(n)) for n in range(count)), URL, lambda _: None, most=3)
    if right:
        assert isinstance(found, BatchInput)
        assert (len(found.lines), found.model) == (3, "m")
    else:
        assert isinstance(found, list)
        assert [each.code for each in found] == ["too_many_tasks"]


def test_a_batch_may_be_made_to_fail() -> None:
    to = endpoint(batch_time=0.0, batch_faults=("failed=1",))
    end = batch(to, created(to, lines(2)), 1.0)
    assert (end["status"], end["errors"]["data"][0]["code"]) == ("failed", "server_error")


def test_a_batch_that_was_lost_goes_on_and_can_be_found() -> None:
    to = endpoint(batch_time=0.0, batch_faults=("lost=1",))
    reply = posted(
        *(to, "/v1/batches"),
        input_file_id=uploaded(to, lines(2)),
        endpoint=URL,
        completion_window="24h",
        metadata={"intent": "7"},
    )
    assert (reply.manner, reply.body) == (Manner.RESET, b"")
    while to.advance(1.0):
        pass
    [found] = get(to, "/v1/batches", 2.0)[1]["data"]
    assert (found["metadata"], found["status"]) == ({"intent": "7"}, "completed")


def test_more_tokens_than_may_be_enqueued_fail_the_batch_until_others_are_over() -> None:
    to = endpoint(batch_time=100.0, batch_tokens=2500)
    data = line(1, text="x" * 8000)
    first, second = created(to, data), created(to, data)
    refused = batch(to, second, 10.0)
    assert batch(to, first, 10.0)["status"] == "in_progress"
    assert refused["errors"]["data"] == [
        {
            "code": "token_limit_exceeded",
            "message": "Enqueued token limit reached for m (simulated). Limit: 2,500 enqueued tokens. "
            "Please try again once some in_progress batches have been completed.",
            "line": None,
            "param": None,
        }
    ]
    other = created(to, line(1, model="n", text="x" * 8000), 10.0)
    assert batch(to, other, 20.0)["status"] == "in_progress"
    batch(to, first, 110.0)
    assert batch(to, first, 130.0)["status"] == "completed"
    third = created(to, data, 130.0)
    assert batch(to, third, 140.0)["status"] == "in_progress"


def test_batches_are_listed_from_the_newest() -> None:
    to = endpoint(batch_time=0.0)
    made = [created(to, lines(1)) for _ in range(3)]
    listed = get(to, "/v1/batches?limit=2")[1]
    assert ([each["id"] for each in listed["data"]], listed["has_more"]) == (made[:0:-1], True)
    rest = get(to, f"/v1/batches?limit=2&after={listed['last_id']}")[1]
    assert ([each["id"] for each in rest["data"]], rest["has_more"]) == (made[:1], False)
    assert get(to, "/v1/batches?limit=101")[0] == 400


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({}, 200, None),
        ({"endpoint": "/v1/embeddings"}, 400, "invalid_value"),
        ({"completion_window": "1h"}, 400, "invalid_value"),
        ({"input_file_id": "file-x"}, 404, None),
        ({"input_file_id": None}, 400, None),
        ({"metadata": {"a": 1}}, 400, None),
        ({"metadata": {"a" * 65: "1"}}, 400, "invalid_value"),
        ({"metadata": {"a": "1" * 513}}, 400, "invalid_value"),
        ({"metadata": {str(n): "1" for n in range(17)}}, 400, "invalid_value"),
        ({"metadata": {"a" * 64: "1" * 512}}, 200, None),
    ],
)
def test_what_is_wrong_with_a_batch_is_said_at_once(change: dict[str, Any], status: int, error: str | None) -> None:
    to = endpoint()
    right = {"input_file_id": uploaded(to, lines(1)), "endpoint": URL, "completion_window": "24h"}
    reply = posted(to, "/v1/batches", 0.0, **(right | change))
    assert reply.status == status
    if status != 200:
        assert code(reply) == error
        assert billed(to)["batches"] == {}


def test_output_is_no_input_and_what_is_not_there_is_said() -> None:
    to = endpoint(batch_time=0.0)
    end = batch(to, created(to, lines(1)), 1.0)
    again = {"input_file_id": end["output_file_id"], "endpoint": URL, "completion_window": "24h"}
    assert posted(to, "/v1/batches", 0.0, **again).status == 400
    assert get(to, "/v1/batches/batch_x")[0] == 404
    assert posted(to, "/v1/batches/batch_x/cancel").status == 404
    assert ask(to, "DELETE", f"/v1/batches/{end['id']}").status == 404
    assert ask(to, "POST", "/v1/batches", b"{").status == 400


def test_a_batch_keeps_its_input_when_the_file_is_deleted() -> None:
    to = endpoint(batch_time=0.0)
    ident = created(to, lines(2))
    [file] = get(to, "/v1/files")[1]["data"]
    ask(to, "DELETE", f"/v1/files/{file['id']}")
    assert batch(to, ident, 1.0)["request_counts"]["completed"] == 2


def test_a_long_batch_lets_others_in_between() -> None:
    to = endpoint(batch_time=0.0, answer="fixed:50")
    ident = created(to, lines(120))
    assert to.advance(1.0)
    assert 0 < get(to, f"/v1/batches/{ident}", 1.0)[1]["request_counts"]["completed"] < 120
    assert batch(to, ident, 1.0)["status"] == "completed"


def test_output_that_cannot_be_kept_fails_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    to = endpoint(batch_time=0.0)
    ident = created(to, lines(2))

    def full(*, buffering: int) -> BinaryIO:
        return Path("/dev/full").open("r+b", buffering=buffering)

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    end = batch(to, ident, 1.0)
    assert (end["status"], "No space left" in end["errors"]["data"][0]["message"]) == ("failed", True)


def test_a_model_that_is_missing_is_told() -> None:
    found = checked([(0, line(1))], URL, lambda name: RequestProblem(404, "model_not_found", f"no {name}"))
    assert found == [BatchError("model_not_found", "no m", 1, "body.model")]
