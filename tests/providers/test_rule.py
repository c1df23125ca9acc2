import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svit.providers.base import Failure
from svit.providers.rule import Again, Stop, verdict


def error(code: str | None = None, *, message: str = "why", kind: str | None = None, param: str | None = None) -> bytes:
    return json.dumps({"error": {"message": message, "type": kind, "code": code, "param": param}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "code", "patient", "overloaded"),
    [
        (429, error("rate_limit_exceeded"), "rate_limited", True, False),
        (429, error("slow_down"), "rate_limited", True, True),
        (429, b"", "rate_limited", True, False),
        (503, error("server_is_overloaded"), "overloaded", False, True),
        (503, b'{"error": {"code": 503, "message": "Loading model"}}', "overloaded", False, True),
        (529, b"{}", "overloaded", False, True),
        (500, error("server_error"), "server_error", False, False),
        (502, b"<html>Bad gateway</html>", "server_error", False, False),
        (504, b"", "server_error", False, False),
        (408, b"", "timeout", False, False),
        (409, b"", "conflict", False, False),
    ],
)  # fmt: skip
def test_what_may_pass_is_asked_again(status: int, body: bytes, code: str, patient: bool, overloaded: bool) -> None:
    found = verdict(status, body)
    assert isinstance(found, Again)
    assert (found.code, found.patient, found.overloaded) == (code, patient, overloaded)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (429, error("insufficient_quota"), "no credit"),
        (429, error("credit_balance_exhausted"), "no credit"),
        (429, error("project_spend_limit_exceeded"), "no credit"),
        (429, error(kind="insufficient_quota"), "no credit"),
        (401, error("invalid_api_key", message="Incorrect API key"), "Incorrect API key"),
        (403, b'{"detail": "Not allowed"}', "Not allowed"),
        (404, error("model_not_found", message="no such model"), "no such model"),
        (400, error("unsupported_parameter", param="max_tokens"), "'max_tokens'"),
        (400, error("unsupported_value", param="temperature"), "'temperature'"),
        (400, b'{"object": "error", "message": "bad top_p", "param": "top_p", "code": 400}', "'top_p'"),
    ],
)
def test_what_no_other_request_would_pass_stops_the_run(status: int, body: bytes, words: str) -> None:
    found = verdict(status, body)
    assert isinstance(found, Stop)
    assert words in found.words


AZURE_FILTER = b"""{"error": {"message": "The prompt was filtered.", "type": null, "param": "prompt", "code": %s,
  "status": 400, "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {
  "hate": {"filtered": false, "severity": "safe"}, "violence": {"filtered": true, "severity": "medium"}}}}}"""


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (error("context_length_exceeded", param="messages"), "context_length_exceeded"),
        (error("content_filter"), "filtered"),
        (error("invalid_prompt"), "filtered"),
        (AZURE_FILTER % b'"content_filter"', "filtered"),
        (AZURE_FILTER % b"null", "filtered"),
        (b'{"error": "something odd"}', "bad_request"),
        (b'{"detail": [{"loc": ["body"], "msg": "odd"}]}', "bad_request"),
    ],
)
def test_what_is_wrong_with_one_image_is_final_for_it_and_cost_nothing(body: bytes, code: str) -> None:
    found = verdict(400, body)
    assert isinstance(found, Failure)
    assert (found.code, found.final, found.free) == (code, True, True)


@given(
    st.integers(300, 599),
    st.binary(max_size=200) | st.text(max_size=50).map(lambda t: json.dumps({"error": t}).encode()),
)
def test_every_answer_has_a_verdict(status: int, body: bytes) -> None:
    assert isinstance(verdict(status, body), Again | Failure | Stop)
