"""What lies between `Online` and an endpoint, with real certificates, proxies and servers on loopback."""

import asyncio
import json
import ssl
from pathlib import Path

import aiohttp
import pytest

from served import Run, Server, completion, serving, well
from svit.errors import ProviderRefusesError, SvitError
from svit.providers.base import Failure
from svit.providers.openai.certificates import trusted
from svit.providers.openai.connection import ConnectionSettings
from svit.providers.verdicts import RetryLater, StopRun

SELF_SIGNED = Path(__file__).with_name("self_signed.pem")
"""A key and its certificate for 127.0.0.1, of nobody, until 2126."""
KEY = "sk-canary-5d1f0c7e9b2a4f66"
PASSWORD = "proxy-canary-c0ffee33"


@pytest.fixture(autouse=True)
def _no_environment_of_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


def asked(run: Run, origin: str) -> list[bytes | Failure]:
    asyncio.run(asyncio.wait_for(run.against(origin, 1), 30))
    return run.outcomes


def asked_over_tls(run: Run) -> list[bytes | Failure]:
    async def ask() -> None:
        encrypted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        encrypted.load_cert_chain(SELF_SIGNED)
        async with await asyncio.start_server(run.server.serve, "127.0.0.1", 0, ssl=encrypted) as listening:
            await run.against(f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}", 1)

    asyncio.run(asyncio.wait_for(ask(), 30))
    return run.outcomes


def asked_through(proxy: Server, monkeypatch: pytest.MonkeyPatch, origin: str, variable: str) -> str:
    """Return the sentence that a run ends with, whose way leads through this proxy."""

    async def ask() -> None:
        async with serving(proxy) as there:
            monkeypatch.setenv(variable, there.replace("http://", f"http://me:{PASSWORD}@"))
            await Run(Server(well), key=KEY).against(origin, 1)

    with pytest.raises(SvitError) as refused:
        asyncio.run(asyncio.wait_for(ask(), 30))
    assert refused.value.exit_code == (2 if "proxy" in str(refused.value) else 4)
    return str(refused.value)


def test_a_certificate_of_nobody_ends_the_run_and_the_way_to_trust_it_is_said() -> None:
    run = Run(Server(well))
    with pytest.raises(SvitError, match=r"https://127\.0\.0\.1:\d+/v1 has a certificate .* SSL_CERT_FILE") as told:
        asked_over_tls(run)
    assert told.value.exit_code == 2
    assert run.server.lines == []


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_certificate_that_the_environment_names_is_trusted(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, str(SELF_SIGNED))
    assert asked_over_tls(Run(Server(well))) == [completion()]


def test_https_to_a_server_that_speaks_http_is_said() -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def ask() -> None:
        async with await asyncio.start_server(plain, "127.0.0.1", 0) as listening:
            await Run(Server(well)).against(f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}", 1)

    with pytest.raises(ProviderRefusesError, match=r"TLS.* http"):
        asyncio.run(asyncio.wait_for(ask(), 30))


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"])
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("nowhere", "there is no such"),
        ("empty folder", "there is no certificate in this folder"),
        ("text", "no "),
        ("empty file", "no "),
    ],
)
def test_certificates_that_are_none_are_named_with_the_variable(
    tmp_path: Path, variable: str, kind: str, words: str
) -> None:
    path = tmp_path / kind
    if kind == "empty folder":
        path.mkdir()
    elif kind != "nowhere":
        path.write_text("no certificate" if kind == "text" else "")
    with pytest.raises(SvitError) as refused:
        ConnectionSettings.to("https://h/v1", (), {variable: str(path)})
    assert str(refused.value).startswith(f"{variable}={path}: ")
    assert words in str(refused.value)
    assert ConnectionSettings.to("http://h/v1", (), {variable: str(path)}).tls is True, (
        "where no TLS is spoken, nobody needs it"
    )


def test_the_first_variable_counts_and_an_empty_one_does_not(tmp_path: Path) -> None:
    assert trusted({"SSL_CERT_FILE": "", "SSL_CERT_DIR": "", "REQUESTS_CA_BUNDLE": str(SELF_SIGNED)})
    assert trusted({"SSL_CERT_FILE": str(SELF_SIGNED), "REQUESTS_CA_BUNDLE": str(tmp_path / "nowhere")})


@pytest.mark.parametrize("origin", ["http://model.example", "https://model.example"])
@pytest.mark.parametrize(
    ("status", "words"), [(407, "wants a user and a password"), (403, "lets nothing through|The endpoint refuses")]
)
def test_a_proxy_that_refuses_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, origin: str, status: int, words: str
) -> None:
    class Gossip(Server):
        async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            told = " ".join(head.split())
            writer.write(f"HTTP/1.1 {status} {told}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
            await writer.drain()
            writer.close()

    variable = f"{origin.partition(':')[0]}_proxy"
    said = asked_through(Gossip(well), monkeypatch, origin, variable)
    assert any(each in said for each in words.split("|"))
    assert PASSWORD not in said
    assert KEY not in said
    assert len(said) < 900
    if status == 407 or origin.startswith("https"):
        assert f"({variable})" in said


def test_a_proxy_that_is_not_there_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://me:{PASSWORD}@127.0.0.1:9")
    with pytest.raises(
        SvitError,
        match=r"The proxy http://127\.0\.0\.1:9 \(http_proxy\) cannot be reached: Connection refused\.",
    ) as told:
        asked(Run(Server(well)), "http://model.example")
    assert told.value.exit_code == 2


def test_a_loopback_address_is_asked_directly_whatever_proxy_elsewhere_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:3128")
    assert Run(Server(well)).of(1) == [completion()]


def test_what_a_server_repeats_of_the_key_is_not_told() -> None:
    body = json.dumps({"error": {"message": f"Incorrect API key provided: {KEY[:-4]}****.", "code": "invalid_api_key"}})
    with pytest.raises(ProviderRefusesError) as refused:
        Run(Server(lambda _: (401, {}, body.encode())), key=KEY).of(1)
    assert "Incorrect API key provided: xxxx" in str(refused.value)
    assert KEY[:8] not in str(refused.value)


@pytest.mark.parametrize("words", [1, 100_000])
def test_a_paid_answer_with_the_key_in_it_keeps_its_length_and_all_else(words: int) -> None:
    answer = completion().replace(b"Hi", b"Hi " * words + KEY.encode())
    [outcome] = Run(Server(lambda _: (200, {}, answer)), key=KEY).of(1)
    assert outcome == answer.replace(KEY.encode(), b"x" * len(KEY))


@pytest.mark.parametrize(
    "body",
    [
        {"message": {"role": "assistant", "content": "Is there anything else?"}, "done": True},
        {"candidates": [{"content": {"parts": [{"text": "Is there anything else?"}]}}]},
        {"type": "message", "content": [{"type": "text", "text": "Is there anything else?"}]},
    ],
)
def test_an_answer_in_another_apis_form_keeps_a_word_that_is_the_key(body: object) -> None:
    answer = json.dumps(body).encode()
    assert Run(Server(lambda _: (200, {}, answer)), key="anything").of(1) == [answer]


def test_an_error_within_a_200_loses_parts_of_the_key_too() -> None:
    body = json.dumps({"error": {"message": f"Incorrect API key: {KEY[:10]}...", "code": 401}}).encode()
    try:
        told = str(Run(Server(lambda _: (200, {}, body)), key=KEY).of(1))
    except ProviderRefusesError as error:
        told = str(error)
    assert KEY[:8] not in told


def test_words_of_libraries_are_cut_and_lose_secrets() -> None:
    connection = ConnectionSettings.to("http://h/v1?token=abcdefgh12", (KEY,), {})
    answer = connection.failed([OSError(f"{KEY} abcdefgh12 " + "x" * 5000)])
    assert isinstance(answer, RetryLater)
    assert answer.words.startswith("http://h/v1 cannot be reached: *** *** xxx")
    assert len(answer.words) < 560


@pytest.mark.parametrize(("status", "kind"), [(407, StopRun), (403, StopRun), (502, RetryLater), (504, RetryLater)])
def test_only_what_a_proxy_will_say_again_stops_the_run(status: int, kind: type) -> None:
    connection = ConnectionSettings.to("https://h/v1", (), {"ALL_PROXY": "http://p:1"})
    error = aiohttp.ClientHttpProxyError(None, (), status=status, message="no")  # type: ignore[arg-type]
    answer = connection.failed([error])
    assert isinstance(answer, kind)
    assert "the proxy http://p:1 (all_proxy)" in answer.words.lower()
