"""`Online` against a server on loopback that answers as each test wants and keeps what it was sent."""

import asyncio
import base64
import gzip
import json

import pytest
import tenacity

from served import KEY, Run, Server, completion, error, serving, well
from svit.errors import ProviderRefusesError, SvitError
from svit.providers.base import NOT_ASKED, Failure, Reply
from svit.providers.limits import CircuitBreaker, RateLimit, Ticket
from svit.providers.openai.retry_policy import TRIES
from svit.providers.openai.transport import LARGEST_REPLY
from svit.providers.request_window import AHEAD
from svit.records import Prompt


def test_a_request_goes_to_the_right_place_with_the_key_and_its_own_body() -> None:
    server = Server(well)
    assert Run(server).of(3) == [completion()] * 3
    assert set(server.lines) == {"POST /v1/chat/completions HTTP/1.1"}
    assert sorted(json.loads(body)["n"] for body in server.bodies) == ["0", "1", "2"]
    for headers, body in zip(server.headers, server.bodies, strict=True):
        assert headers["authorization"] == f"Bearer {KEY}"
        assert headers["content-type"] == "application/json"
        assert headers["content-length"] == str(len(body))
        assert "openai" in headers["user-agent"].lower()
        assert "api-key" not in headers


AZURE = "/openai/deployments/my%20gpt"


@pytest.mark.parametrize(
    ("path", "sent_to", "header", "value"),
    [
        ("/openai/v1/", "/openai/v1/chat/completions", "authorization", f"Bearer {KEY}"),
        (f"{AZURE}?api-version=2024-10-21", f"{AZURE}/chat/completions?api-version=2024-10-21", "api-key", KEY),
        (
            f"{AZURE}/chat/completions?api-version=2024-10-21",
            f"{AZURE}/chat/completions?api-version=2024-10-21",
            "api-key",
            KEY,
        ),
        ("/v1?tenant=a%26b", "/v1/chat/completions?tenant=a%26b", "authorization", f"Bearer {KEY}"),
    ],
)
def test_azure_is_spoken_to_in_both_its_forms(path: str, sent_to: str, header: str, value: str) -> None:
    server = Server(well)
    assert Run(server, path).of(1) == [completion()]
    assert server.lines == [f"POST {sent_to} HTTP/1.1"]
    assert server.headers[0][header] == value
    assert ("api-key" in server.headers[0]) != ("authorization" in server.headers[0])


def test_further_headers_go_with_every_request() -> None:
    server = Server(well)
    run = Run(server, headers={"X-Team": "vision", "Authorization": "Bearer other"})
    run.of(3)
    for sent in server.headers:
        assert (sent["x-team"], sent["authorization"]) == ("vision", "Bearer other")


def test_a_proxy_that_is_none_of_http_is_said_and_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(well)
    monkeypatch.setenv("http_proxy", "socks5://me:secret@127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(SvitError, match=r"The proxy socks5://127\.0\.0\.1:9 .* http proxies only"):
        Run(server).of(3)
    assert server.lines == []


@pytest.mark.parametrize("form", ["http://me:secret@{}", "me:secret@{}"])
@pytest.mark.parametrize("spared", [False, True])
def test_the_proxy_of_the_environment_is_used_and_spared_hosts_are(
    monkeypatch: pytest.MonkeyPatch, spared: bool, form: str
) -> None:
    async def ask() -> list[bytes | Failure]:
        async with serving(behind) as proxy, serving(direct) as origin:
            monkeypatch.setenv("http_proxy", form.format(proxy.removeprefix("http://")))
            monkeypatch.setenv("no_proxy", "127.0.0.1" if spared else "")
            run = Run(direct, closed=True)
            return [reply.outcome async for reply in run.online(origin).complete(run.requests(1))]

    behind, direct = Server(well), Server(well)
    assert asyncio.run(asyncio.wait_for(ask(), 30)) == [completion()]
    assert (len(behind.lines), len(direct.lines)) == ((0, 1) if spared else (1, 0))
    if not spared:
        assert behind.lines[0].startswith("POST http://127.0.0.1:")
        assert behind.headers[0]["proxy-authorization"] == "Basic " + base64.b64encode(b"me:secret").decode()


def test_a_compressed_reply_is_read_and_one_that_swells_is_cut_off() -> None:
    replies = [completion(), b" " * (LARGEST_REPLY + 1)]
    server = Server(lambda n: (200, {"content-encoding": "gzip"}, gzip.compress(replies[n])))
    first, second = Run(server, window=1).of(2)
    assert first == completion()
    assert isinstance(second, Failure)
    assert "longer than" in second.words


def test_azures_older_form_needs_a_version() -> None:
    with pytest.raises(SvitError, match="api-version"):
        Run(Server(well), AZURE).of(1)


def test_a_failed_try_is_followed_by_others_a_bounded_number_of_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("svit.providers.openai.retry_policy._GROWING", tenacity.wait_fixed(0.01))
    once = Server(lambda n: (500, {}, b"{}") if n == 0 else (200, {}, completion()))
    assert Run(once).of(1) == [completion()]
    assert len(once.lines) == 2
    always = Server(lambda _: (500, {}, error("server_error")))
    with pytest.raises(ProviderRefusesError, match="refused the first request: HTTP 500: why"):
        Run(always).of(1)
    assert len(always.lines) == TRIES
    others = Server(lambda n: (500, {}, error("server_error")) if n else well(n))
    first, second = Run(others, window=1).of(2)
    assert isinstance(second, Failure)
    assert (first, second.code, second.free, second.final) == (completion(), "server_error", True, False)
    assert len(others.lines) == 1 + TRIES


def test_a_429_waits_as_long_as_it_is_asked_to_and_costs_no_try() -> None:
    waits = iter([{"retry-after-ms": "20", "retry-after": "600"}] * (TRIES + 4))
    server = Server(lambda n: (429, next(waits), error("429")) if n < TRIES + 4 else (200, {}, completion()))
    assert Run(server).of(1) == [completion()]
    assert len(server.lines) == TRIES + 5, "more than the tries that a fault would have"


def test_a_wrong_key_ends_the_run_at_once_though_others_still_wait_for_their_turn() -> None:
    server = Server(lambda _: (401, {}, error("invalid_api_key")))
    run = Run(server, limits=RateLimit(rpm=1), window=64)
    with pytest.raises(ProviderRefusesError, match="why"):
        run.of(1_000)
    assert len(server.lines) == 1
    assert len(run.replies) == run.pulled <= AHEAD + 2
    codes = [reply.outcome.code for reply in run.replies if isinstance(reply.outcome, Failure)]
    assert codes == [NOT_ASKED] * run.pulled


def test_no_more_is_pulled_than_can_be_sent() -> None:
    hanging = asyncio.Event()

    async def some() -> None:
        async with serving(Server(well)) as origin:
            run = Run(Server(well))
            run.settings = {"limits": RateLimit(rpm=60), "window": 500}
            replies = run.online(origin).complete(run.requests(10_000))
            assert isinstance(await anext(replies), Reply)
            await asyncio.sleep(0.2)
            assert run.pulled <= AHEAD + 3, "the rate lets one leave a second"
            await replies.aclose()  # type: ignore[attr-defined]
        hanging.set()

    asyncio.run(asyncio.wait_for(some(), 30))


def test_when_nobody_answers_the_run_ends_and_nothing_hangs() -> None:
    breaker = CircuitBreaker(failures=2, after=0.0, first_pause=0.02, longest_pause=0.05, give_up=0.3)
    run = Run(Server(lambda _: None), breaker=breaker)
    with pytest.raises(ProviderRefusesError, match="does not answer"):
        run.of(1_000)
    assert len(run.replies) == run.pulled
    assert len(run.server.lines) <= 8 + 10, "while it is down only one leaves now and then"
    assert any("now and then" in words for words in run.said)


def test_an_endpoint_that_is_not_there_was_never_paid() -> None:
    run = Run(
        Server(well), breaker=CircuitBreaker(failures=2, after=0, first_pause=0.01, longest_pause=0.01, give_up=0.1)
    )

    async def ask() -> None:
        async with serving(Server(well)) as origin:
            pass  # it is gone again
        async for reply in run.online(origin).complete(run.requests(20)):
            run.replies.append(reply)

    with pytest.raises(ProviderRefusesError, match="Nobody answers at http"):
        asyncio.run(asyncio.wait_for(ask(), 30))
    assert run.replies
    assert all(isinstance(reply.outcome, Failure) and reply.outcome.free for reply in run.replies)


def test_a_connection_that_breaks_may_have_been_paid_and_is_not_asked_again() -> None:
    server = Server(lambda _: None)
    (outcome,) = Run(server).of(1)
    assert isinstance(outcome, Failure)
    assert (outcome.code, outcome.free) == ("cut_off", False)
    assert len(server.lines) == 1


@pytest.mark.parametrize("length", [str(LARGEST_REPLY * 8), "none"])
def test_a_reply_without_end_is_cut_off(length: str) -> None:
    def endless(_: int) -> tuple[int, dict[str, str], bytes]:
        if length != "none":
            return 200, {"content-length": length}, b" " * (LARGEST_REPLY + 2**16)
        chunk = b"%x\r\n" % (LARGEST_REPLY + 2**16) + b" " * (LARGEST_REPLY + 2**16) + b"\r\n"
        return 200, {"transfer-encoding": "chunked"}, chunk

    for outcome in Run(Server(endless)).of(4):  # they speak of their images, and don't stop the run
        assert isinstance(outcome, Failure)
        assert (outcome.code, outcome.free) == ("too_large", False)
        assert "longer than" in outcome.words


def test_an_error_of_ours_is_raised_and_does_not_hang() -> None:
    def broken(_: Prompt) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Run(Server(well), tokens=broken).of(20)


def test_the_limits_learn_from_headers_and_from_usage() -> None:
    limits = RateLimit(tpm=1_000_000)
    told = {"X-RateLimit-Limit-Requests": "7000", "x-ratelimit-remaining-requests": "6999"}
    run = Run(Server(lambda _: (200, told, completion((80, 5)))), limits=limits)
    run.of(1)
    assert limits.requests.limit == 7_000
    assert limits.tokens.booked == 85


def test_the_estimate_of_prompts_is_corrected_by_what_is_reported() -> None:
    asked: list[int] = []

    class Noting(RateLimit):
        def ask(self, tokens: int) -> Ticket:
            asked.append(tokens)
            return super().ask(tokens)

    limits = Noting(tpm=1_000_000_000)
    Run(Server(lambda _: (200, {}, completion((1_500, 5)))), limits=limits, tokens=lambda _: 1_000, window=1).of(40)
    assert asked[0] == 1_000 + 10
    assert 1_300 < asked[-1] < 1_500 + 10


def test_a_server_that_cuts_prompts_is_spoken_of_once() -> None:
    run = Run(Server(lambda _: (200, {}, completion((512, 5)))), tokens=lambda _: 2_000, window=1)
    run.of(20)
    assert len(run.said) == 1
    assert "reports 512 prompt tokens where about 2,000 were sent; it may cut prompts" in run.said[0]


def test_a_server_that_reports_no_usage_is_spoken_of_once() -> None:
    run = Run(Server(lambda _: (200, {}, completion(None))))
    run.of(20)
    assert len(run.said) == 1
    assert "do not say how many tokens" in run.said[0]


def test_an_end_that_nobody_knows_is_spoken_of_once_and_the_text_is_used() -> None:
    odd = completion().replace(b'"stop"', b'"tired"')
    run = Run(Server(lambda _: (200, {}, odd)))
    assert run.of(5) == [odd] * 5
    [said] = [line for line in run.said if "finish reason" in line]
    assert "'tired'" in said


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"code": 402, "message": "Insufficient credits"}}', "Insufficient credits"),
        (b"<html><title>Hotel WiFi</title></html>", "web page"),
    ],
)
def test_a_200_that_is_a_refusal_ends_the_run(body: bytes, words: str) -> None:
    with pytest.raises(ProviderRefusesError, match=words):
        Run(Server(lambda _: (200, {}, body)), window=1).of(3)


def test_an_error_within_a_200_is_asked_again_and_costs_no_attempt() -> None:
    upstream = b'{"error": {"code": 502, "message": "Provider returned error"}}'
    server = Server(lambda n: (200, {}, upstream if n == 0 else completion()))
    assert Run(server).of(1) == [completion()]
    assert len(server.lines) == 2


def test_one_reply_without_usage_is_not_worth_a_word() -> None:
    run = Run(Server(lambda n: (200, {}, completion(None if n == 3 else (50, 5)))))
    run.of(20)
    assert run.said == []


@pytest.mark.parametrize(
    "message",
    [
        {"content": "", "reasoning_content": "Let me look."},
        {"content": None, "reasoning": "Let me look."},
        {"reasoning_content": "Let me look."},
        {"content": [], "reasoning": "Let me look.", "refusal": None},
    ],
)
def test_reasoning_without_an_answer_is_told_once(message: object) -> None:
    body = json.dumps({"choices": [{"message": message}], "usage": {"prompt_tokens": 50, "completion_tokens": 5}})
    run = Run(Server(lambda _: (200, {}, body.encode())))
    assert run.of(3) == [body.encode()] * 3
    assert ["reasoning and no answer" in words for words in run.said] == [True]


@pytest.mark.parametrize("content", ["", None, "A man."])
def test_nothing_is_told_of_reasoning_where_there_is_none_or_an_answer_too(content: str | None) -> None:
    message = {"content": content, "reasoning_content": "Let me look." if content else None}
    body = json.dumps({"choices": [{"message": message}], "usage": {"prompt_tokens": 50, "completion_tokens": 5}})
    run = Run(Server(lambda _: (200, {}, body.encode())))
    run.of(3)
    assert run.said == []
