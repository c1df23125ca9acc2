"""The server on a real socket: what it says, and how it breaks off."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from svit.errors import SvitError
from svit.simulate.incoming import MAX_HEAD
from svit.simulate.server import Server, serving
from svit.simulate.simulator_options import SimulatorOptions

BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "captions:\nA man."}]}).encode()


def post(body: bytes = BODY, headers: bytes = b"") -> bytes:
    return b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n%b\r\n%b" % (
        len(body),
        headers,
        body,
    )


def served(test: Callable[[Server], Awaitable[None]], **options: Any) -> None:
    async def run() -> None:
        given: dict[str, Any] = {"answer": "fixed:200", "port": 0, **options}
        async with asyncio.timeout(30), serving(SimulatorOptions(**given), {}) as server:
            await test(server)

    asyncio.run(run())


async def connected(server: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", int(server.origin.rsplit(":", 1)[1]))


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(2000):
        if condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail("it never came to that")


async def reply(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
    return int(head[9:12]), await reader.readexactly(length)


def test_a_connection_is_kept_for_the_next_request() -> None:
    async def test(server: Server) -> None:
        reader, writer = await connected(server)
        for _ in range(3):
            writer.write(post())
            assert (await reply(reader))[0] == 200
        writer.close()

    served(test)


def test_a_request_may_come_in_any_pieces_and_behind_another() -> None:
    async def test(server: Server) -> None:
        reader, writer = await connected(server)
        for byte in post():
            writer.write(bytes([byte]))
            await asyncio.sleep(0)
        assert (await reply(reader))[0] == 200
        writer.write(post() + post() + post()[:30])
        assert (await reply(reader))[0] == 200
        assert (await reply(reader))[0] == 200
        writer.write(post()[30:])
        assert (await reply(reader))[0] == 200
        writer.close()

    served(test, latency="5ms")


def test_a_body_in_chunks_is_read() -> None:
    async def test(server: Server) -> None:
        reader, writer = await connected(server)
        chunks = b"5;x=y\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (BODY[:5], len(BODY) - 5, BODY[5:])
        sent = b"POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
        writer.write(sent[:80])
        await asyncio.sleep(0.01)
        writer.write(sent[80:] + post())
        first, second = await reply(reader), await reply(reader)
        assert (first[0], second[0]) == (200, 200)
        assert len(server.books.report()["bodies"]) == 1  # type: ignore[arg-type]
        writer.close()

    served(test)


def test_who_asks_first_whether_to_send_the_body_is_told_to_go_on() -> None:
    async def test(server: Server) -> None:
        reader, writer = await connected(server)
        head, _, body = post(headers=b"Expect: 100-continue\r\n").partition(b"\r\n\r\n")
        writer.write(head + b"\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(body)
        assert (await reply(reader))[0] == 200
        writer.close()

    served(test)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"hello\r\n\r\n", 400),
        (b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        (b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        (b"POST /v1/chat/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n", 413),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * MAX_HEAD, 431),
        (post(headers=b"Connection: close\r\n"), 200),
    ],
)
def test_after_these_the_connection_is_closed(sent: bytes, status: int) -> None:
    async def test(server: Server) -> None:
        reader, writer = await connected(server)
        writer.write(sent)
        assert (await reply(reader))[0] == status
        assert await reader.read() == b""
        writer.close()

    served(test)


async def broken_off(server: Server) -> tuple[bytes, type[Exception] | None]:
    """Return what arrives before the connection ends, and the exception that it ends in."""
    reader, writer = await connected(server)
    writer.write(post())
    received = b""
    try:
        while data := await reader.read(1 << 16):
            received += data
    except ConnectionError as error:
        return received, type(error)
    finally:
        writer.close()
    return received, None


@pytest.mark.parametrize(
    ("kind", "end", "least"),
    [("reset", ConnectionResetError, 0), ("reset_body", ConnectionResetError, 400), ("truncated", None, 400)],
)
def test_a_reply_is_broken_off(kind: str, end: type[Exception] | None, least: int) -> None:
    async def test(server: Server) -> None:
        received, ended = await broken_off(server)
        assert ended is end
        head, _, body = received.partition(b"\r\n\r\n")
        assert len(body) >= least
        if least:
            assert f"content-length: {2 * len(body)}" in head.decode() or f"{2 * len(body) + 1}" in head.decode()
        assert server.books.report()["billed"] == (1 if least else 0)

    served(test, faults=(f"{kind}=1",))


def test_a_hanging_request_is_never_answered_and_ends_with_its_client() -> None:
    async def test(server: Server) -> None:
        reader, writer = await connected(server)
        writer.write(post())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.1)
        assert server.books.in_flight == 1
        writer.close()
        await until(lambda: server.books.in_flight == 0)
        assert server.books.report()["billed"] == 0

    served(test, faults=("hang=1",))


def test_a_dripping_reply_takes_its_time_and_is_whole() -> None:
    async def test(server: Server) -> None:
        loop = asyncio.get_running_loop()
        reader, writer = await connected(server)
        for _ in range(2):
            writer.write(post())
            begun = loop.time()
            await reader.readuntil(b"\r\n\r\n")
            first = await reader.read(1 << 16)
            assert len(first) < 200
            rest = b""
            while not rest.endswith(b"}}}"):
                rest += await reader.read(1 << 16)
            assert loop.time() - begun > 0.25
            assert json.loads(first + rest)["choices"]
        writer.close()

    served(test, faults=("drip=1",), drip=0.3)


def test_who_hangs_up_while_waiting_is_billed_all_the_same() -> None:
    async def test(server: Server) -> None:
        _, writer = await connected(server)
        writer.write(post())
        await until(lambda: server.books.in_flight == 1)
        writer.close()
        await until(lambda: server.books.in_flight == 0)
        unheard = server.books.report()["unheard"]
        assert (unheard["requests"], unheard["billed"]) == (1, 1)  # type: ignore[index]

    served(test, latency="100ms")


def test_hundreds_wait_at_the_same_time() -> None:
    async def test(server: Server) -> None:
        async def one(session: aiohttp.ClientSession) -> int:
            async with session.post(f"{server.url}/chat/completions", data=BODY) as response:
                await response.read()
                return response.status

        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            statuses = await asyncio.gather(*(one(session) for _ in range(300)))
        assert statuses == [200] * 300
        assert server.books.most_in_flight == 300

    served(test, latency="500ms")


def test_the_openai_package_reads_it() -> None:
    from openai import AsyncOpenAI, NotFoundError

    async def test(server: Server) -> None:
        async with AsyncOpenAI(base_url=server.url, api_key="k", max_retries=0) as client:
            completion = await client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": "captions:\nA man."}], max_tokens=50
            )
            assert completion.choices[0].finish_reason == "length"
            assert completion.usage is not None
            assert completion.usage.completion_tokens == 50
            assert [model.id async for model in client.models.list()] == ["m"]
            with pytest.raises(NotFoundError):
                await client.chat.completions.create(model="x", messages=[{"role": "user", "content": "Hello"}])

    served(test, models=("m",))


def test_a_port_that_is_taken_is_said() -> None:
    async def test(server: Server) -> None:
        with pytest.raises(SvitError, match=r"cannot be listened on: Address already in use\. Try another --port\."):
            async with serving(SimulatorOptions(port=int(server.origin.rsplit(":", 1)[1])), {}):
                pass

    served(test)


def test_the_end_of_the_block_ends_all_connections() -> None:
    async def run() -> None:
        async with asyncio.timeout(10):
            async with serving(SimulatorOptions(port=0, answer="fixed", faults=("hang=1",)), {}) as server:
                reader, writer = await connected(server)
                writer.write(post())
                await until(lambda: server.books.in_flight == 1)
            with pytest.raises(ConnectionResetError):
                await reader.read()
            writer.close()
            with pytest.raises(ConnectionRefusedError):
                await connected(server)

    asyncio.run(run())
