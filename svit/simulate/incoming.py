"""What a client sends, read as HTTP/1.1 out of the bytes as they arrive."""

from collections.abc import Callable
from typing import NamedTuple

MAX_HEAD = 64 * 1024
MAX_BODY = 64 * 1024 * 1024
MAX_UPLOAD = 201_000_000
"""A file of 200 MB, and the form around it."""


class ReceivedRequest(NamedTuple):
    """What a client sent. Header names are in small letters."""

    method: str
    path: str
    headers: dict[bytes, bytes]
    body: bytes


class BadRequestError(Exception):
    """What came is no HTTP; the status to say so with, and why."""

    def __init__(self, status: int, why: bytes) -> None:
        """Keep both."""
        super().__init__(status, why)
        self.status = status
        self.why = why


class _Head(NamedTuple):
    method: str
    path: str
    headers: dict[bytes, bytes]
    length: int | None
    """None for a body in chunks."""

    @property
    def most(self) -> int:
        """How long the body may be."""
        return MAX_UPLOAD if self.path.partition("?")[0].endswith("/files") else MAX_BODY


class Incoming:
    """The bytes that came on one connection, as requests. What is read is let go of."""

    def __init__(self, go_on: Callable[[], object]) -> None:
        """`go_on` is called when a client asks whether to send its body."""
        self._received = bytearray()
        self._head: _Head | None = None
        self._chunks = bytearray()
        self._go_on = go_on

    def __bool__(self) -> bool:
        return bool(self._received)

    def add(self, data: bytes) -> None:
        """Take what came."""
        self._received += data

    def request(self) -> ReceivedRequest | None:
        """Take out the first request; None while it is not complete. Raises BadRequestError when it is none."""
        head = self._head or self._read_head()
        if head is None:
            return None
        self._head = head
        body = self._body(head.length) if head.length is not None else self._dechunked(head.most)
        if body is None:
            return None
        self._head = None
        return ReceivedRequest(head.method, head.path, head.headers, body)

    def _read_head(self) -> _Head | None:
        end = self._received.find(b"\r\n\r\n", 0, MAX_HEAD)
        if end < 0:
            if len(self._received) >= MAX_HEAD:
                raise BadRequestError(431, b"The headers are too long.")
            return None
        head = _parsed(bytes(self._received[:end]))
        del self._received[: end + 4]
        if head.headers.get(b"expect", b"").lower() == b"100-continue":
            self._go_on()
        return head

    def _body(self, length: int) -> bytes | None:
        if len(self._received) < length:
            return None
        body = bytes(self._received[:length])
        del self._received[:length]
        return body

    def _dechunked(self, most: int) -> bytes | None:
        """Take the chunks that are complete; return the body with the last of them."""
        received, at = self._received, 0
        while (line_end := received.find(b"\r\n", at)) >= 0:
            size = _chunk_size(bytes(received[at:line_end]))
            if size < 0 or len(self._chunks) + size > most:
                raise BadRequestError(413, b"The body is too large.")
            begin = line_end + 2
            if size == 0:
                end = received.find(b"\r\n", begin)
                if end < 0:
                    break
                body, self._chunks = bytes(self._chunks), bytearray()
                del received[: end + 2]
                return body
            if len(received) < begin + size + 2:
                break
            self._chunks += received[begin : begin + size]
            at = begin + size + 2
        del received[:at]
        return None


def _parsed(text: bytes) -> _Head:
    first, *lines = text.split(b"\r\n")
    words = first.split(b" ")
    if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
        raise BadRequestError(400, b"This is no HTTP/1.1 request.")
    headers = {}
    for line in lines:
        name, _, value = line.partition(b":")
        headers[name.lower()] = value.strip()
    method, path = words[0].decode("latin-1"), words[1].decode("latin-1")
    if b"chunked" in headers.get(b"transfer-encoding", b"").lower():
        return _Head(method, path, headers, None)
    length = headers.get(b"content-length", b"0")
    if not length.isdigit():
        raise BadRequestError(400, b"The content-length is no number.")
    head = _Head(method, path, headers, int(length))
    if int(length) > head.most:
        raise BadRequestError(413, b"The body is too large.")
    return head


def _chunk_size(line: bytes) -> int:
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError:
        raise BadRequestError(400, b"The chunks are broken.") from None
