"""Requests out of bytes, in whatever pieces they come."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svit.simulate.incoming import MAX_BODY, MAX_UPLOAD, BadRequestError, Incoming, ReceivedRequest


def ignored() -> None:
    """Not asked in these tests."""


CHUNKED = (
    b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"
    b"POST /b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST /c HTTP/1.1\r\nX: y\r\n\r\n"
)


@given(st.lists(st.integers(0, len(CHUNKED))))
def test_requests_are_the_same_in_any_pieces(cuts: list[int]) -> None:
    incoming, found = Incoming(ignored), []
    places = [0, *sorted(cuts), len(CHUNKED)]
    for begin, end in pairwise(places):
        incoming.add(CHUNKED[begin:end])
        while request := incoming.request():
            found.append((request.path, request.body))
    assert found == [("/a", b"hello world"), ("/b", b"abc"), ("/c", b"")]
    assert not incoming


def read(head: bytes) -> ReceivedRequest | None:
    incoming = Incoming(ignored)
    incoming.add(head)
    return incoming.request()


@pytest.mark.parametrize(("path", "most"), [(b"/v1/chat/completions", MAX_BODY), (b"/v1/files?x=/files", MAX_UPLOAD)])
def test_only_uploads_may_be_very_long(path: bytes, most: int) -> None:
    assert read(b"POST %b HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (path, most)) is None
    with pytest.raises(BadRequestError):
        read(b"POST %b HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (path, most + 1))
    with pytest.raises(BadRequestError):
        read(b"POST %b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % (path, most + 1))
