"""The endpoint of the suite: one server on loopback for all runs, each by its own path, with books of its own."""

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from .rows import Bill, Row, chat, http

MODEL = "gpt-6-luna"
PROMPT, COMPLETION = 700, 100
_PRICE = PROMPT * 100 + COMPLETION * 500
"""Nano-dollars of the usage in `rows.USAGE`, at the prices of MODEL in data/prices.yaml."""
_NUMBER = re.compile(rb"A photo numbered (\d+)\.")
_GOOD = b"".join(http(200, chat()))
_MODELS = b"".join(
    http(200, {"object": "list", "data": [{"id": MODEL, "object": "model"}, {"id": "m", "object": "model"}]})
)


class Served(NamedTuple):
    """A request of a run and what the endpoint bills for it; `image` is None for one that asks about no image."""

    image: int | None
    bill: Bill
    size: int
    is_good: bool


@dataclass
class Books:
    """One run as its endpoint sees it: which images get which row, and what was served. `mended` stops all mischief."""

    rows: Mapping[int, Row]
    mended: bool = False
    served: list[Served] = field(default_factory=list)
    seen: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    longest: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def answer(self, body: bytes) -> Row | None:
        """Book a request and return the row that it gets, None for a good reply."""
        found = _NUMBER.findall(body)
        image = int(found[-1]) if found else None
        row = self._row(image, len(body))
        if image is not None:
            self.seen[image] += 1
        self.served.append(Served(image, row.bill if row else Bill.USAGE, len(body), row is None))
        return row

    def _row(self, image: int | None, size: int) -> Row | None:
        if self.mended:
            return None
        row = self.rows.get(image) if image is not None else next(iter(self.rows.values()))
        if row is None or image is None:
            return row if row and row.everywhere else None
        if row.times is not None and self.seen[image] >= row.times:
            return None
        if row.too_long:
            self.longest[image] = max(self.longest[image], size)
            if size < 0.9 * self.longest[image]:
                return None
        return row

    def billed(self, *, for_images: bool = False) -> int:
        """Return the nano-dollars that are billed beyond doubt, for prompts about images alone if that is wanted."""
        return _PRICE * sum(
            each.bill is Bill.USAGE and (each.image is not None or not for_images) for each in self.served
        )

    def well_answered(self) -> set[int]:
        """Return the images that got a good reply."""
        return {each.image for each in self.served if each.is_good and each.image is not None}

    def doubtful(self) -> int:
        """Return how many requests may have been billed or not."""
        return sum(each.bill is Bill.UNKNOWN for each in self.served)


class Endpoint:
    """Serves all runs. A run's base_url is `url(name)`."""

    def __init__(self) -> None:
        """Begin without runs."""
        self.books: dict[str, Books] = {}
        self.port = 0

    def url(self, name: str) -> str:
        """Return a run's base_url."""
        return f"http://127.0.0.1:{self.port}/{name}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until either side is done with it."""
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.LimitOverrunError):
            pass  # the client has gone, as it may
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        method, path, _ = head.split(b" ", 2)
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        body = await reader.readexactly(int(length[1])) if length else b""
        books = self.books[path.split(b"/")[1].decode()]
        row: Row | None
        if method == b"POST":
            row, good = books.answer(body), _GOOD
        else:
            first = next(iter(books.rows.values()))
            row, good = (first if first.everywhere and not books.mended else None), _MODELS
        if row is None:
            writer.write(good)
            await writer.drain()
            return True
        for piece in row.pieces:
            if isinstance(piece, bytes):
                writer.write(piece)
                await writer.drain()
            elif await _gone(reader, piece):
                return False
        return row.keeps


async def _gone(reader: asyncio.StreamReader, seconds: float) -> bool:
    """Wait so long, or until the client closes the connection; return whether it did."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        await asyncio.sleep(min(left, 0.05))
        if reader.at_eof():
            return True
    return False


@asynccontextmanager
async def serving() -> AsyncIterator[Endpoint]:
    """Start the endpoint on a free port."""
    endpoint = Endpoint()
    server = await asyncio.start_server(endpoint.serve, "127.0.0.1", 0, limit=2**20)
    endpoint.port = server.sockets[0].getsockname()[1]
    try:
        yield endpoint
    finally:
        server.close()
