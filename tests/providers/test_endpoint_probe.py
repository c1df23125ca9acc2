"""Before the first prompt leaves, the endpoint is asked once: a clear no ends the run, all else decides nothing."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

import pytest

from served import KEY, Clock, Run, Server, completion, error, request, serving, well
from svit.errors import ProviderRefusesError, SvitError
from svit.providers.base import NOT_ASKED, Request
from svit.providers.limits import RateLimit
from svit.providers.openai.endpoint_probe import ProbeResult, _listed

Said = tuple[int, dict[str, str], bytes]
HTML = b"<html><title>Log in</title></html>"


def models(*names: str, **more: object) -> bytes:
    return json.dumps({"object": "list", "data": [{"id": name, **more} for name in names]}).encode()


def test_it_is_asked_once_with_the_same_headers_and_before_any_prompt() -> None:
    run = Run(Server(well, lambda: (200, {}, models("m"))))
    assert run.of(20) == [completion()] * 20
    assert run.server.asked == ["GET /v1/models HTTP/1.1"]
    assert run.server.order[0] == "GET"
    assert run.server.asked_headers[0]["authorization"] == f"Bearer {KEY}"
    assert run.server.asked_headers[0]["connection"] == "close"
    assert run.said == []


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/", ["GET /v1/models HTTP/1.1"]),
        ("/v1/chat/completions", ["GET /v1/models HTTP/1.1"]),
        ("/v1?tenant=a%26b", ["GET /v1/models?tenant=a%26b HTTP/1.1"]),
        ("/api/my%20team/v1", ["GET /api/my%20team/v1/models HTTP/1.1"]),
        ("/openai/deployments/gpt?api-version=2024-10-21", []),
    ],
)
def test_it_is_asked_beside_the_completions(path: str, asked: list[str]) -> None:
    run = Run(Server(well), path)
    assert run.of(1) == [completion()]
    assert run.server.asked == asked


@pytest.mark.parametrize("listing", [(200, {}, models("m")), (404, {}, b""), (404, {}, b"<h1>Not Found</h1>")])
@pytest.mark.parametrize("number", [1, 2, 8])
def test_no_prompt_is_lost_where_the_connection_is_closed_after_it_without_a_word(listing: Said, number: int) -> None:
    """Python's http.server does not say `connection: close` in reply: a prompt sent there is lost, booked as paid."""
    server = Server(well, lambda: listing)
    server.closes_after_listing = True
    assert Run(server).of(number) == [completion()] * number


def test_nobody_is_asked_when_there_is_nothing_to_ask() -> None:
    run = Run(Server(well))
    assert run.of(0) == []
    assert run.server.asked == []


@pytest.mark.parametrize(
    "listing",
    [
        (200, {}, b""),
        (200, {}, HTML),
        (200, {}, b"[" * 100_000),
        (200, {}, models("another")),
        (200, {}, models()),
        (200, {}, b'{"data": null}'),
        (200, {}, b'{"data": [null, 1, {"id": 7}, {}]}'),
        (204, {}, b""),
        (301, {"location": "/elsewhere"}, b""),
        (400, {}, error("x")),
        (401, {}, b'{"error": "Missing scopes: api.model.read"}'),
        (401, {}, b'{"error": {"message": "You have insufficient permissions for this operation."}}'),
        (401, {}, b'{"error": {"message": "x-api-key header is required"}}'),
        (403, {}, error("x")),
        (404, {}, HTML),
        (405, {}, b""),
        (429, {"retry-after": "400"}, error("x")),
        (500, {}, b""),
        (501, {}, HTML),
        (503, {}, error("loading")),
        None,
    ],
)
def test_what_is_no_clear_no_decides_nothing(listing: Said | None) -> None:
    run, clock = Run(Server(well, lambda: listing)), Clock()
    assert run.of(3) == [completion()] * 3
    assert clock.seconds < 4
    assert run.said == []


def test_a_server_that_does_not_answer_it_is_asked_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("svit.providers.openai.endpoint_probe.LONGEST", 0.3)
    run = Run(Server(well))
    run.server.listing_delay = 2.0
    assert run.of(3) == [completion()] * 3


@pytest.mark.parametrize("number", [1, 20])
def test_a_key_that_is_not_taken_is_said_before_a_prompt_leaves(number: int) -> None:
    run = Run(Server(well, lambda: (401, {}, error("invalid_api_key"))))
    with pytest.raises(ProviderRefusesError, match="refuses: HTTP 401: why"):
        run.of(number)
    assert run.server.lines == []
    assert set(run.codes) == {NOT_ASKED}


def nowhere() -> str:
    """Return an address on loopback where nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def against(run: Run, origin: str, number: int = 3) -> str:
    with pytest.raises(ProviderRefusesError) as told:
        asyncio.run(asyncio.wait_for(run.against(origin, number), 30))
    assert run.replies
    assert set(run.codes) == {NOT_ASKED}
    return str(told.value)


@pytest.mark.parametrize("number", [1, 20])
def test_nobody_there_is_said_within_seconds(number: int) -> None:
    origin, run, clock = nowhere(), Run(Server(well)), Clock()
    said = against(run, origin, number)
    assert f"Nobody answers at {origin} (Connection refused): is the server running, is base_url right?" in said
    assert clock.seconds < 5


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_nobody_there_is_said_in_the_same_words_on_any_event_loop(loop: str) -> None:
    import uvloop

    async def some() -> None:
        with pytest.raises(
            ProviderRefusesError, match=r"Nobody answers at http://localhost:\d+ \(Connection refused\)"
        ):
            await run.against(nowhere().replace("127.0.0.1", "localhost"), 1)

    run = Run(Server(well))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if loop == "uvloop" else None) as runner:
        runner.run(some())


def test_a_name_that_does_not_exist_is_said() -> None:
    clock = Clock()
    said = against(Run(Server(well)), "http://no-such-host.invalid")
    assert "Nobody answers at http://no-such-host.invalid (" in said
    assert clock.seconds < 20


def test_a_proxy_that_refuses_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    async def some() -> None:
        async with serving(Server(well)) as proxy:
            monkeypatch.setenv("https_proxy", proxy.replace("http://", "http://me:secret@"))
            monkeypatch.setenv("no_proxy", "")
            with pytest.raises(SvitError) as told:
                await run.against("https://models.example", 1)
            assert told.value.exit_code == 2
            assert "lets nothing through to https://models.example/v1 (HTTP 404" in str(told.value)
            assert "secret" not in str(told.value)

    run = Run(Server(well))
    asyncio.run(asyncio.wait_for(some(), 30))


def spoken_to(greeting: bytes, scheme: str) -> str:
    """Return what is said of somebody who greets everyone so, asked at an address of this scheme."""

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await asyncio.sleep(0.2)
        writer.close()

    async def some() -> str:
        listening = await asyncio.start_server(greet, "127.0.0.1", 0)
        async with listening:
            with pytest.raises(ProviderRefusesError) as told:
                await run.against(f"{scheme}://127.0.0.1:{listening.sockets[0].getsockname()[1]}", 1)
            await asyncio.sleep(0.3)
        return str(told.value)

    run = Run(Server(well))
    return asyncio.run(asyncio.wait_for(some(), 30))


def test_https_to_whom_speaks_http_is_said() -> None:
    said = spoken_to(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n", "https")
    assert "does not speak TLS as it should" in said
    assert "http:// rather than https://" in said


def test_what_is_no_http_server_is_said() -> None:
    assert "is no HTTP server (SSH-2.0-OpenSSH_9.6): is base_url" in spoken_to(b"SSH-2.0-OpenSSH_9.6\r\n", "http")
    assert "is no HTTP server (220 mail.example.com ESMTP)" in spoken_to(b"220 mail.example.com ESMTP\r\n", "http")


def test_who_never_sends_anything_back_is_given_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection stands, and then: nothing. An answer of any kind would have the breaker wait for long."""
    monkeypatch.setattr("svit.providers.admission._NOBODY", 0.3)

    async def some() -> None:
        async with serving(Server(lambda _: None, lambda: None)) as origin:
            with pytest.raises(ProviderRefusesError, match="Is the server running, is base_url right"):
                await run.against(origin, 1_000)

    run = Run(Server(well), window=2)
    asyncio.run(asyncio.wait_for(some(), 20))
    assert any(code == "cut_off" for code in run.codes)


PART = b"HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{"


@pytest.mark.parametrize("lists", [True, False])
@pytest.mark.parametrize("part", [b"", PART])
@pytest.mark.parametrize(("number", "window"), [(1, 1), (2, 2), (8, 8), (8, 1)])
def test_who_takes_each_connection_and_closes_it_does_not_cost_all_images_their_attempts(
    part: bytes, number: int, window: int, lists: bool
) -> None:
    """As a container's port does whose server is still starting: cut off again and again, in milliseconds."""
    came = 0

    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        if (await reader.readuntil(b"\r\n\r\n")).startswith(b"POST"):
            came += 1
            writer.write(part)
        elif lists:
            writer.write(b"HTTP/1.1 404 X\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    async def some() -> None:
        async with await asyncio.start_server(close, "127.0.0.1", 0) as listening:
            await again.against(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", number)

    class Again(Run):
        async def requests(self, number: int) -> AsyncIterator[Request]:
            """Ask anew for what was cut off, as the pipeline does."""
            for n in range(number):
                yield request(n)
            await self._arrived.wait()
            for n in range(number):
                yield Request(request(n).prompt, 2)

    again = Again(Server(well), window=window)
    with pytest.raises(
        ProviderRefusesError, match=r"broke off \d requests? and answered none: the connection broke: [A-Z]"
    ):
        asyncio.run(asyncio.wait_for(some(), 30))
    assert came <= number + window
    assert set(again.codes) <= {"cut_off", NOT_ASKED}


def test_it_is_broken_off_when_the_run_is_to_stop() -> None:
    async def some() -> None:
        stopping = asyncio.Event()
        asking = asyncio.create_task(run.all(5, stopping))
        await asyncio.sleep(0.3)
        assert run.provider
        assert run.provider.waits_for == "the endpoint, which is asked for its models"
        clock = Clock()
        stopping.set()
        await asyncio.wait_for(asking, 10)
        assert clock.seconds < 1

    run = Run(Server(well))
    run.server.listing_delay = 3.0
    asyncio.run(some())
    assert run.codes == [NOT_ASKED]
    assert run.server.lines == []


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("gpt-6-luna", "gpt-6-sol"), r"The endpoint lists: .*gpt-6-luna.* \(did you mean 'gpt-6-luna'\?\)"),
        (("entirely", "different"), r"The endpoint lists: (entirely, different|different, entirely)\. The"),
        (tuple(f"gpt-{n}" for n in range(50)), r" and 45 more \(did you mean"),
    ],
)
def test_the_models_that_are_listed_are_named_with_a_refusal(names: tuple[str, ...], said: str) -> None:
    server = Server(lambda _: (404, {}, error("model_not_found")), lambda: (200, {}, models(*names)))
    run = Run(server, model="gpt6-luna")
    with pytest.raises(ProviderRefusesError, match=said):
        run.of(3)


def test_the_models_are_named_too_where_nobody_knows_the_words_of_the_refusal() -> None:
    server = Server(lambda _: (400, {}, error("odd")), lambda: (200, {}, models("llama-3")))
    with pytest.raises(ProviderRefusesError, match=r"first 3 requests alike: .* The endpoint lists: llama-3"):
        Run(server, model="llama3").of(5)


def test_nothing_is_said_of_models_when_the_one_that_is_asked_is_listed() -> None:
    server = Server(lambda _: (403, {}, error("no_access")), lambda: (200, {}, models("m", "n")))
    with pytest.raises(ProviderRefusesError) as told:
        Run(server).of(3)
    assert "lists" not in str(told.value)


@pytest.mark.parametrize(
    ("more", "warned"),
    [
        ({"shutdown_date": "2026-10-23"}, "'shutdown_date' (2026-10-23)"),
        ({"deprecated": True}, "'deprecated'"),
        ({"deprecation": "2024-01-01T00:00:00Z"}, "'deprecation' (2024-01-01)"),
        ({"expiration_date": 1_700_000_000}, "'expiration_date' (2023-11-14)"),
        ({"retired_at": 1_700_000_000_000}, "'retired_at' (2023-11-14)"),
        ({"shutdown_date": "2999-10-23"}, ""),
        ({"shutdown_date": None}, ""),
        ({"shutdown_date": "some day"}, ""),
        ({"deprecated": False}, ""),
        ({"expiration_date": 1e300}, ""),
        ({"created": 1_700_000_000}, ""),
    ],
)
def test_a_model_that_is_listed_as_gone_is_warned_of_once(more: dict[str, Any], warned: str) -> None:
    run = Run(Server(well, lambda: (200, {}, models("m", **more))))
    assert run.of(5) == [completion()] * 5
    expected = [f"Warning: the endpoint lists 'm' with {warned}: it may be shut down."] if warned else []
    assert run.said == expected


@pytest.mark.parametrize(
    "body",
    [
        models("a", "b"),
        b'{"models": [{"name": "models/a"}, {"model": "b"}]}',
        b'[{"id": "a"}, {"id": "b", "x": 1}]',
        b'{"data": ["a", "b"]}',
    ],
)
def test_lists_are_read_in_the_shapes_that_servers_give_them(body: bytes) -> None:
    assert list(_listed(body)) == ["a", "b"]


def test_what_a_server_lists_is_shown_without_control_characters_and_short() -> None:
    said = ProbeResult(models={"\x1b[31mred" + "x" * 1_000: {}}).names_instead("m")
    assert "\x1b" not in said
    assert len(said) < 250


def test_the_probe_counts_under_no_limit() -> None:
    limits = RateLimit(rpm=60)
    Run(Server(well), limits=limits).of(1)
    assert limits.requests.booked == 1
