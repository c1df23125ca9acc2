"""Servers that break, answer 500, and close the connection a moment later without having said so."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from svit.providers.base import Failure, Request
from svit.providers.limits import RateLimit
from svit.providers.openai.online import Endpoint, OnlineProvider
from svit.records import ImageContext, Message, Prompt, Sampling

GOOD = b'{"choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}'


class Server:
    """Breaks at every request of `breaks`, counted from 0, and hears nothing more on that connection."""

    def __init__(self, breaks: range, status: int, pause: float) -> None:
        self.breaks, self.status, self.pause = breaks, status, pause
        self.posts = 0
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length or 0))
                number = self.posts
                self.posts += head.startswith(b"POST")
                broken = head.startswith(b"POST") and number in self.breaks
                status, body = (self.status, b"Internal Server Error") if broken else (200, GOOD)
                writer.write(b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n" % (status, len(body)) + body)
                if broken:
                    await asyncio.sleep(self.pause)
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.transport.abort()


async def outcomes(server: Server, images: int) -> list[bytes | Failure]:
    async def requests() -> AsyncIterator[Request]:
        for image in range(images):
            prompt = Prompt("t", (Message("user", f"{image}"),), Sampling("m", 10), "v", ImageContext(image, "a", 9, 9))
            yield Request(prompt, 1)

    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    try:
        online = OnlineProvider(
            Endpoint(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1", "k", timeout=5),
            body=lambda prompt: {"n": prompt.messages[0].content},
            tokens=lambda _: 5,
            limits=RateLimit(),
            window=4,
        )
        return [reply.outcome async for reply in online.complete(requests())]
    finally:
        listening.close()
        await listening.wait_closed()


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("pause", [0.0, 0.3])
def test_no_request_is_lost_on_a_connection_that_the_server_gives_up(status: int, pause: float) -> None:
    server = Server(range(1, 20, 3), status, pause)
    assert asyncio.run(asyncio.wait_for(outcomes(server, 12), 30)) == [GOOD] * 12


def test_connections_on_which_all_is_well_are_used_again() -> None:
    server = Server(range(0), 500, 0)
    assert asyncio.run(asyncio.wait_for(outcomes(server, 40), 30)) == [GOOD] * 40
    assert server.connections <= 5, "one for the models, and as many as are under way"
