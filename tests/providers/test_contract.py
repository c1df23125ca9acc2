"""What every provider promises, whichever it is: each request answered exactly once, with bytes or a typed failure."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing

import pytest

from svit.providers.base import Failure, Provider, Reply, Request, read_completion
from svit.providers.limits import RateLimit
from svit.providers.offline import OfflineProvider
from svit.providers.openai.capabilities import Capabilities, request_body
from svit.providers.openai.online import Endpoint, OnlineProvider
from svit.records import Completion, ImageContext, Message, Prompt, Sampling, Usage
from svit.simulate.process import running
from svit.simulate.simulator_options import SimulatorOptions


def offline() -> Provider:
    return OfflineProvider({"t": lambda context, seed: f"about {context.image_id}, seed {seed}"})


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with running(SimulatorOptions(port=0, answer="fixed:50")) as server:
        yield server.url


@pytest.fixture(params=["offline", "online"])
def provider(request: pytest.FixtureRequest) -> Provider:
    if request.param == "offline":
        return offline()
    return OnlineProvider(
        Endpoint(request.getfixturevalue("endpoint"), "key", timeout=20),
        body=lambda prompt: request_body(prompt, Capabilities()),
        tokens=lambda _: 50,
        limits=RateLimit(),
        window=8,
    )


def request(image: int, attempt: int = 1, seed: int | None = 7) -> Request:
    context = ImageContext(image, "a", 9, 9, captions=("A man.",))
    prompt = Prompt("t", (Message("user", f"about {image}"),), Sampling("m", 10, seed=seed), "v", context)
    return Request(prompt, attempt)


def replies_to(provider: Provider, requests: list[Request]) -> list[Reply]:
    async def some() -> AsyncIterator[Request]:
        for each in requests:
            yield each

    async def all_of_them() -> list[Reply]:
        return [reply async for reply in provider.complete(some())]

    return asyncio.run(all_of_them())


@pytest.mark.parametrize("number", [0, 1, 50])
def test_each_request_is_answered_exactly_once(provider: Provider, number: int) -> None:
    requests = [request(n) for n in range(number)]
    replies = replies_to(provider, requests)
    assert sorted(r.request.prompt.context.image_id for r in replies) == list(range(number))
    for reply in replies:
        read = reply.outcome if isinstance(reply.outcome, Failure) else read_completion(reply.outcome)
        assert isinstance(read, Completion | Failure)


def test_requests_are_pulled_only_as_they_can_be_sent(provider: Provider) -> None:
    pulled: list[int] = []

    async def endless() -> AsyncIterator[Request]:
        for n in range(1_000_000):
            pulled.append(n)
            yield request(n)

    async def first_ten() -> None:
        taken = 0
        async with aclosing(provider.complete(endless())) as replies:  # type: ignore[type-var]
            async for _ in replies:
                taken += 1
                if taken == 10:
                    return

    asyncio.run(first_ten())
    assert len(pulled) < 5_000


def test_offline_writes_the_same_again_and_something_else_at_another_attempt() -> None:
    first, again, second = replies_to(offline(), [request(1), request(1), request(1, attempt=2)])
    assert first.outcome == again.outcome != second.outcome
    assert isinstance(first.outcome, bytes)
    read = read_completion(first.outcome)
    assert isinstance(read, Completion)
    assert (read.text, read.model, read.finish_reason) == ("about 1, seed 7", "m", "stop")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>busy</html>",
        b"[]",
        b'{"choices": []}',
        b'{"error": {"message": "no"}}',
        b'{"choices": [{}]}',
        b"\xff\xfe",
        b'{"extra": ' + b"[" * 100_000,
    ],
)
def test_bytes_that_are_no_completion_are_a_failure_and_no_exception(body: bytes) -> None:
    read = read_completion(body)
    assert isinstance(read, Failure)
    assert read.code == "unreadable_reply"


def test_a_completion_is_read_whatever_else_the_server_sends() -> None:
    body = b"""{"id": "x", "created": 1, "model": "m",
      "choices": [{"index": 0, "finish_reason": "stop", "logprobs": null,
      "message": {"role": "assistant", "content": "Hi", "refusal": null, "annotations": []}}],
      "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7,
      "prompt_tokens_details": {"cached_tokens": 3}}}"""
    read = read_completion(body)
    assert isinstance(read, Completion)
    assert (read.text, read.usage) == ("Hi", Usage(5, 2, cached_tokens=3))
