"""Files: uploaded in forms, listed, fetched and deleted."""

import json
from typing import Any

import pytest

from svit.simulate.chat_completions import RequestProblem
from svit.simulate.endpoint import SimulatedEndpoint
from svit.simulate.http import SimulatedReply
from svit.simulate.incoming import ReceivedRequest
from svit.simulate.multipart_form import fields
from svit.simulate.uploaded_files import Files

from .asking import ask, endpoint, get

CONTENT_TYPE = b"multipart/form-data; boundary=xYz"


def form(**parts: tuple[str | None, bytes]) -> bytes:
    body = b""
    for name, (filename, data) in parts.items():
        named = f'; filename="{filename}"' if filename is not None else ""
        body += f'--xYz\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + data + b"\r\n"
    return body + b"--xYz--\r\n"


def upload(
    to: SimulatedEndpoint, data: bytes, purpose: bytes = b"batch", filename: str | None = "in.jsonl"
) -> SimulatedReply:
    body = form(purpose=(None, purpose), file=(filename, data))
    return ask(to, "POST", "/v1/files", body, {b"content-type": CONTENT_TYPE})


def uploaded(to: SimulatedEndpoint, data: bytes) -> str:
    reply = upload(to, data)
    assert reply.status == 200, reply.body
    ident: str = json.loads(reply.body)["id"]
    return ident


def ids(to: SimulatedEndpoint, query: str = "") -> list[str]:
    return [each["id"] for each in get(to, f"/v1/files{query}")[1]["data"]]


DATA = b"\r\n--x\r\n\x00\xff\r\n--xY\r\n"
"""Nearly the form's own boundary, and no text."""


def test_a_file_comes_back_as_it_was_sent() -> None:
    to = endpoint()
    read = json.loads(upload(to, DATA).body)
    assert read["id"].startswith("file-")
    assert read["expires_at"] > read["created_at"] > 1_700_000_000
    told = {name: read[name] for name in ("object", "bytes", "filename", "purpose", "status")}
    assert told == {
        "object": "file",
        "bytes": len(DATA),
        "filename": "in.jsonl",
        "purpose": "batch",
        "status": "processed",
    }
    assert get(to, f"/v1/files/{read['id']}")[1] == read
    content = ask(to, "GET", f"/v1/files/{read['id']}/content")
    assert (content.status, content.body, content.content_type) == (200, DATA, b"application/octet-stream")


def test_files_are_listed_from_the_newest_in_pages() -> None:
    to = endpoint()
    made = [uploaded(to, b"x") for _ in range(5)]
    assert ids(to) == made[::-1]
    assert ids(to, "?order=asc") == made
    assert ids(to, "?purpose=batch_output") == []
    status, first = get(to, "/v1/files?limit=2")
    assert (status, first["has_more"], first["last_id"]) == (200, True, made[3])
    assert ids(to, f"?limit=2&after={made[3]}") == [made[2], made[1]]
    last = get(to, f"/v1/files?limit=2&after={made[1]}")[1]
    assert ([each["id"] for each in last["data"]], last["has_more"]) == ([made[0]], False)
    assert [get(to, f"/v1/files?{wrong}")[0] for wrong in ("limit=0", "limit=x", "after=file-x")] == [400] * 3


def test_a_deleted_file_is_gone() -> None:
    to = endpoint()
    gone, left = uploaded(to, b"x"), uploaded(to, b"y")
    assert json.loads(ask(to, "DELETE", f"/v1/files/{gone}").body) == {"id": gone, "object": "file", "deleted": True}
    assert ids(to) == [left]
    for method, end in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        assert ask(to, method, f"/v1/files/{gone}{end}").status == 404


@pytest.mark.parametrize("path", ["/v1/files", "/openai/v1/files", "/openai/files?api-version=1", "/files"])
def test_files_are_found_at_all_addresses(path: str) -> None:
    assert get(endpoint(), path) == (
        200,
        {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False},
    )


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ({"file": ("a", b"x")}, 400),
        ({"purpose": (None, b"batch")}, 400),
        ({"purpose": (None, b"batch"), "file": (None, b"x")}, 400),
        ({"purpose": (None, b"vision"), "file": ("a", b"x")}, 400),
        ({"purpose": (None, b"batch"), "file": ("a", b"12345678901")}, 413),
        ({"purpose": (None, b"batch"), "file": ("a", b"1234567890")}, 200),
        ({"purpose": (None, b"batch"), "file": ("a", b"")}, 200),
    ],
)
def test_what_is_wrong_with_an_upload_is_said(parts: dict[str, Any], status: int) -> None:
    files = Files(most_bytes=10)
    said = files.reply(ReceivedRequest("POST", "/v1/files", {b"content-type": CONTENT_TYPE}, form(**parts)), [], "")
    assert said.status == status


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (b"", form(file=("a", b"x"))),
        (b"application/json", b"{}"),
        (b"multipart/form-data", form(file=("a", b"x"))),
        (b"multipart/form-data; boundary=other", form(file=("a", b"x"))),
        (CONTENT_TYPE, b""),
        (CONTENT_TYPE, form(file=("a", b"x"))[:-9]),
        (CONTENT_TYPE, b"--xYz\r\n\r\n\r\nx\r\n--xYz--"),
        (CONTENT_TYPE, b"--xYz\r\nContent-Disposition: form-data\r\n\r\nx\r\n--xYz--"),
    ],
)
def test_what_is_no_form_is_said(content_type: bytes, body: bytes) -> None:
    assert isinstance(fields(content_type, body), RequestProblem)


def test_a_boundary_may_be_quoted_and_a_field_empty() -> None:
    read = fields(b'multipart/form-data; boundary="xYz"; charset=utf-8', form(a=(None, b""), b=("f", b"1")))
    assert not isinstance(read, RequestProblem)
    assert {name: (field.filename, field.text) for name, field in read.items()} == {"a": (None, ""), "b": ("f", "1")}
