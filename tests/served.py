"""A server on loopback that answers as a test wants and keeps what it was sent, and runs of `OnlineProvider` at it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any

from svit.providers.base import NOT_ASKED, Failure, Reply, Request
from svit.providers.limits import RateLimit
from svit.providers.openai.online import Endpoint, OnlineProvider
from svit.records import ImageContext, Message, Prompt, Sampling

KEY = "sk-canary"


Said = tuple[int, dict[str, str], bytes]


def unknown() -> Said:
    return 404, {}, b"Not Found"


class Server:
    """Answers each request with (status, headers, body) of `answer(number)`, None hangs up; counts from 0.

    `listing` is the answer to a GET, which is kept in `asked`; `closes_after_listing` closes the connection then, and
    does not say so, as Python's http.server. `delay` is the seconds until a request is answered.
    """

    def __init__(self, answer: Callable[[int], Said | None], listing: Callable[[], Said | None] = unknown) -> None:
        self.answer = answer
        self.listing = listing
        self.asked: list[str] = []
        self.asked_headers: list[dict[str, str]] = []
        self.order: list[str] = []
        self.listing_delay = 0.0
        self.closes_after_listing = False
        self.delay: Callable[[int], float] = lambda _: 0.0
        self.before: Callable[[int], Awaitable[None]] | None = None
        self.lines: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                line, *rest = head.decode().strip().split("\r\n")
                headers = {name.lower(): value for name, value in (each.split(": ", 1) for each in rest)}
                self.order.append(line.split(" ")[0])
                if line.startswith(("GET", "CONNECT")):
                    self.asked.append(line)
                    self.asked_headers.append(headers)
                    answer = self.listing()
                    await asyncio.sleep(self.listing_delay)
                else:
                    body = await reader.readexactly(int(headers["content-length"]))
                    self.lines.append(line)
                    self.headers.append(headers)
                    self.bodies.append(body)
                    number = len(self.lines) - 1
                    answer = self.answer(number)
                    await asyncio.sleep(self.delay(number))
                    if self.before:
                        await self.before(number)
                if answer is None:
                    return
                status, more, content = answer
                length = {} if "transfer-encoding" in more else {"content-length": str(len(content))}
                told = "".join(f"{name}: {value}\r\n" for name, value in (length | more).items())
                writer.write(f"HTTP/1.1 {status} X\r\n{told}\r\n".encode() + content)
                if line.startswith("GET") and self.closes_after_listing:
                    await reader.read(1)
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[str]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()
        await listening.wait_closed()


def completion(usage: tuple[int, int] | None = (50, 5)) -> bytes:
    body: dict[str, Any] = {"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}], "model": "m"}
    if usage:
        body["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
    return json.dumps(body).encode()


def well(_: int) -> tuple[int, dict[str, str], bytes]:
    return 200, {}, completion()


def error(code: str) -> bytes:
    return json.dumps({"error": {"code": code, "message": "why"}}).encode()


def request(
    image: int, task: str = "t", model: str = "m", text: str = "{}", *, answered_before: bool = False
) -> Request:
    """Return the request about an image; its number stands in the text."""
    prompt = Prompt(
        task, (Message("user", text.format(image)),), Sampling(model, 10), "v", ImageContext(image, "a", 9, 9)
    )
    return Request(prompt, 1, answered_before)


class Run:
    """One provider's replies to so many requests, and what it said on the way.

    As the pipeline does, the requests end only once all are answered, and never after one was not asked, unless they
    are `closed`.
    """

    def __init__(self, server: Server, path: str = "/v1", *, closed: bool = False, **settings: Any) -> None:
        self.server = server
        self.path = path
        self.settings = settings
        self.closed = closed
        self.model = settings.pop("model", "m")
        self.text = settings.pop("text", "{}")
        self.answered_before = settings.pop("answered_before", False)
        self.said: list[str] = []
        self.pulled = 0
        self.replies: list[Reply] = []
        self.provider: OnlineProvider | None = None
        self._arrived = asyncio.Event()

    def of(self, number: int, stopping: asyncio.Event | None = None) -> list[bytes | Failure]:
        asyncio.run(asyncio.wait_for(self.all(number, stopping), 30))
        return self.outcomes

    @property
    def outcomes(self) -> list[bytes | Failure]:
        return [reply.outcome for reply in self.replies]

    @property
    def codes(self) -> list[str]:
        """The codes of the failures, `ok` for an answer, in the order of the requests."""
        ordered = sorted(self.replies, key=lambda reply: reply.request.prompt.context.image_id)
        return [reply.outcome.code if isinstance(reply.outcome, Failure) else "ok" for reply in ordered]

    async def all(self, number: int, stopping: asyncio.Event | None = None) -> None:
        async with serving(self.server) as origin:
            await self.against(origin, number, stopping)

    async def against(self, origin: str, number: int, stopping: asyncio.Event | None = None) -> None:
        self.provider = self.online(origin)
        replies = self.provider.complete(self.requests(number), stopping)
        async with aclosing(replies):  # type: ignore[type-var]
            async for reply in replies:
                self.replies.append(reply)
                self._arrived.set()

    def online(self, origin: str) -> OnlineProvider:
        settings: dict[str, Any] = {"limits": RateLimit(), "tokens": lambda _: 50, "window": 8, **self.settings}
        key = settings.pop("key", KEY)
        return OnlineProvider(
            Endpoint(
                origin + self.path, key, timeout=settings.pop("timeout", 10.0), headers=settings.pop("headers", {})
            ),
            body=settings.pop("body", lambda prompt: {"model": "m", "n": prompt.messages[0].content}),
            say=self.said.append,
            **settings,
        )

    async def requests(self, number: int) -> AsyncIterator[Request]:
        for n in range(number):
            self.pulled += 1
            yield request(n, model=self.model, text=self.text, answered_before=self.answered_before)
        while not self.closed and sum(code != NOT_ASKED for code in self.codes) < number:
            self._arrived.clear()
            await self._arrived.wait()


class Clock:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._began
