"""HTTP/1.1 for a server that breaks off, trickles and hangs on request.

On asyncio's bare transports: that gives control over each byte and each reset, and twice the requests a second of
`aiohttp.web` at its lowest level (22,000 to 10,000 on one core, 6 kB in and 4.5 kB out).
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import cast

from svit.simulate.incoming import BadRequestError, Incoming, ReceivedRequest

_DRIPS = 50
"""Into so many pieces a dripping body is cut."""
_FLUSH = 0.02
"""Seconds from the first half of a body to the reset, so that the half arrives."""
_LINE = {status.value: b"HTTP/1.1 %d %b\r\n" % (status.value, status.phrase.encode()) for status in HTTPStatus}


class Manner(Enum):
    """How a reply goes out."""

    WHOLE = "as it should be"
    DRIP = "in small pieces over a long time"
    TRUNCATED = "half of the body, then the end"
    RESET = "a reset instead of a reply"
    RESET_BODY = "half of the body, then a reset"
    HANG = "never"


Due = Callable[[bool], None]
"""Called once, when the time of a reply has come, with whether the client is still there."""


def ignored(heard: bool) -> None:
    """Count nothing."""


@dataclass(frozen=True, slots=True)
class SimulatedReply:
    """What goes out, after so many seconds. `headers` are whole lines."""

    status: int
    body: bytes = b""
    headers: bytes = b""
    content_type: bytes = b"application/json"
    after: float = 0.0
    manner: Manner = Manner.WHOLE
    due: Due = ignored

    def head(self, *, close: bool) -> bytes:
        """Return the status line and all headers; the length is that of the whole body, whatever is sent of it."""
        return b"%bcontent-type: %b\r\ncontent-length: %d\r\n%b%b\r\n" % (
            _LINE[self.status],
            self.content_type,
            len(self.body),
            self.headers,
            b"connection: close\r\n" if close else b"",
        )


class ServerConnection(asyncio.Protocol):
    """One connection, kept alive: a request, its reply, the next request."""

    def __init__(
        self, answer: Callable[[ReceivedRequest], SimulatedReply], connections: "set[ServerConnection]", drip: float
    ) -> None:
        """`answer` decides on replies, `connections` are all that are open, a dripping reply takes `drip` seconds."""
        self._answer = answer
        self._connections = connections
        self._drip = drip
        self._incoming = Incoming(self._go_on)
        self._busy = False
        self._close = False
        self._hanging: SimulatedReply | None = None
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """End: whoever waited for a hanging reply does so no longer."""
        self._connections.discard(self)
        if self._hanging:
            self._hanging.due(False)

    def data_received(self, data: bytes) -> None:
        """Take what came, and answer what is complete."""
        self._incoming.add(data)
        if not self._busy:
            self._next()

    def abort(self) -> None:
        """Reset the connection."""
        sock = self._transport.get_extra_info("socket")
        if sock is not None and not self._transport.is_closing():
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()

    def _next(self) -> None:
        try:
            request = self._incoming.request()
        except BadRequestError as error:
            self._busy = self._close = True
            self._deliver(SimulatedReply(error.status, error.why, content_type=b"text/plain"))
            return
        if request is None:
            return
        self._busy = True
        self._close = request.headers.get(b"connection", b"").lower() == b"close"
        reply = self._answer(request)
        if reply.manner is Manner.HANG:
            self._hanging = reply
        elif reply.after > 0:
            self._loop.call_later(reply.after, self._deliver, reply)
        else:
            self._deliver(reply)

    def _go_on(self) -> None:
        self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _deliver(self, reply: SimulatedReply) -> None:
        reply.due(not self._transport.is_closing())
        if self._transport.is_closing():
            return
        head, half = reply.head(close=self._close), reply.body[: len(reply.body) // 2]
        match reply.manner:
            case Manner.WHOLE:
                self._transport.write(head + reply.body)
                self._done()
            case Manner.DRIP:
                self._transport.write(head)
                self._trickle(memoryview(reply.body), max(1, len(reply.body) // _DRIPS))
            case Manner.TRUNCATED:
                self._transport.write(head + half)
                self._transport.close()
            case Manner.RESET_BODY:
                self._transport.write(head + half)
                self._loop.call_later(_FLUSH, self.abort)
            case _:
                self.abort()

    def _trickle(self, rest: memoryview, size: int) -> None:
        if self._transport.is_closing():
            return
        self._transport.write(bytes(rest[:size]))
        if len(rest) > size:
            self._loop.call_later(self._drip / _DRIPS, self._trickle, rest[size:], size)
        else:
            self._done()

    def _done(self) -> None:
        if self._close:
            self._transport.close()
            return
        self._busy = False
        if self._incoming:
            self._loop.call_soon(self._next)
