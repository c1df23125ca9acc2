"""A redirect on the same host is followed with the prompt; another host is named, and never gets the key."""

import asyncio

import pytest
from yarl import URL

from served import KEY, Run, Server, completion, serving, well
from svit.errors import ProviderRefusesError
from svit.providers.base import NOT_ASKED
from svit.providers.openai.redirects import MOST, STATUSES, is_same_host, sent_elsewhere, target

Said = tuple[int, dict[str, str], bytes]


def moved(server: Server, status: int, location: str) -> None:
    """Have whatever is not asked for at /new sent there."""
    server.answer = lambda n: well(n) if " /new" in server.lines[n] else (status, {"location": location}, b"")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("location", ["/new", "/new/?a=b", "../../../new", "http://{host}/new", "//{host}/new"])
def test_a_redirect_on_the_same_host_is_followed(status: int, location: str) -> None:
    async def some() -> None:
        async with serving(server) as origin:
            moved(server, status, location.replace("{host}", origin.removeprefix("http://")))
            await run.against(origin, 5)

    server = Server(well)
    run = Run(server, window=1)
    asyncio.run(asyncio.wait_for(some(), 20))
    assert run.outcomes == [completion()] * 5
    assert all(line.startswith("POST ") for line in server.lines)
    assert all(headers["authorization"] == f"Bearer {KEY}" for headers in server.headers)
    assert len(set(server.bodies)) == 5, "each is sent with its own body again"
    assert len(server.lines) == (6 if status in (301, 308) else 10)


@pytest.mark.parametrize("status", STATUSES)
def test_a_redirect_to_another_host_is_named_and_the_key_stays(status: int) -> None:
    async def some() -> str:
        async with serving(other) as elsewhere, serving(server) as origin:
            location = f"{elsewhere.replace('http://', 'http://me:pw@')}/v1/chat/completions?token=secret#x"
            server.answer = lambda _: (status, {"location": location}, b"")
            with pytest.raises(ProviderRefusesError) as told:
                await run.against(origin, 3)
            assert f"base_url should perhaps be {elsewhere}/v1. " in str(told.value)
            return str(told.value)

    other, server = Server(well), Server(well)
    run = Run(server)
    said = asyncio.run(asyncio.wait_for(some(), 20))
    assert other.lines == other.asked == []
    assert not any(secret in said for secret in ("secret", "me:pw", KEY))
    assert set(run.codes) == {NOT_ASKED}


@pytest.mark.parametrize(
    "location", ["/v1/chat/completions", "/a", None, "", "ftp://127.0.0.1/x", "http://[", "javascript:1"]
)
@pytest.mark.parametrize("status", [302, 308])
def test_a_redirect_that_leads_nowhere_ends_the_run(status: int, location: str | None) -> None:
    run = Run(Server(lambda _: (status, {} if location is None else {"location": location}, b"")))
    with pytest.raises(ProviderRefusesError, match=f"HTTP {status}"):
        run.of(2)
    assert len(run.server.lines) <= 2 * (MOST + 1)


@pytest.mark.parametrize("status", [300, 304, 305, 399])
def test_other_statuses_of_the_kind_end_the_run(status: int) -> None:
    with pytest.raises(ProviderRefusesError, match=f"HTTP {status}"):
        Run(Server(lambda _: (status, {}, b""))).of(2)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://a.example/v1", "http://a.example/v2", True),
        ("http://a.example/v1", "http://A.EXAMPLE:80/v1", True),
        ("http://a.example/v1", "https://a.example/v1", True),
        ("http://a.example:8000/v1", "https://a.example:8000/v1", True),
        ("http://a.example:8000/v1", "https://a.example/v1", False),
        ("https://a.example/v1", "http://a.example/v1", False),
        ("https://a.example/v1", "https://a.example:8443/v1", False),
        ("https://a.example/v1", "https://b.example/v1", False),
        ("https://a.example/v1", "https://a.example.evil/v1", False),
        ("https://a.example/v1", "https://sub.a.example/v1", False),
    ],
)
def test_which_addresses_may_have_the_key(one: str, other: str, same: bool) -> None:
    assert is_same_host(URL(one), URL(other)) is same


def test_where_it_leads_to_is_told_without_secrets() -> None:
    said = sent_elsewhere(URL("http://a.example/v1"), 302, "https://me:pw@b.example/v1/chat/completions/?key=s#t")
    assert said == "The endpoint sends elsewhere (HTTP 302): base_url should perhaps be https://b.example/v1"
    assert target(URL("http://a.example/v1"), "http://me:pw@a.example/x#y") == URL("http://a.example/x")
