"""Azure's addresses and keys, and the tiers of service."""

import asyncio
import json

import pytest

from svit.simulate.endpoint import SimulatedEndpoint
from svit.simulate.http import SimulatedReply
from svit.simulate.server import serving
from svit.simulate.simulator_options import SimulatorOptions

from .asking import CONTEXT, ask, chat, code, endpoint, post

DEPLOYED = "/openai/deployments/my%20luna/chat/completions"
NO_MODEL = json.dumps({"messages": [{"role": "user", "content": CONTEXT}]}).encode()


def deployed(
    to: SimulatedEndpoint, query: str = "?api-version=2024-10-21", body: bytes = NO_MODEL, **headers: str
) -> SimulatedReply:
    named = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    reply = ask(to, "POST", DEPLOYED + query, body, named)
    reply.due(True)
    return reply


def test_the_address_names_the_deployment_whatever_the_body_says() -> None:
    to = endpoint(models=("my luna",))
    assert json.loads(deployed(to).body)["model"] == "my luna"
    assert json.loads(deployed(to, body=chat()).body)["model"] == "my luna"
    assert code(deployed(endpoint(models=("other",)))) == "model_not_found"


def test_elsewhere_a_model_must_be_named() -> None:
    refused = post(endpoint(), NO_MODEL)
    assert (refused.status, json.loads(refused.body)["error"]["message"]) == (
        400,
        "You must provide a model parameter.",
    )


def test_a_deployment_wants_a_version_and_the_key_in_its_own_header() -> None:
    to = endpoint(key="k")
    assert deployed(to, api_key="k").status == 200
    assert deployed(to, api_key="x").status == 401
    assert deployed(to, authorization="Bearer k").status == 401
    assert deployed(to, query="", api_key="k").status == 404


@pytest.mark.parametrize("headers", [{b"api-key": b"k"}, {b"authorization": b"Bearer k"}])
def test_azures_newer_address_takes_either_header(headers: dict[bytes, bytes]) -> None:
    assert ask(endpoint(key="k"), "POST", "/openai/v1/chat/completions", chat(), headers).status == 200


def test_a_429_says_the_milliseconds() -> None:
    to = endpoint(rpm=1)
    assert deployed(to).status == 200
    refused = deployed(to)
    assert refused.status == 429
    assert b"retry-after-ms: 60000\r\n" in refused.headers


def test_azures_client_reads_it() -> None:
    from openai import AsyncAzureOpenAI, AuthenticationError

    async def run() -> None:
        async with serving(SimulatorOptions(port=0, answer="fixed:50", key="k", models=("luna",)), {}) as server:
            for key in ("k", "x"):
                async with AsyncAzureOpenAI(
                    azure_endpoint=server.origin, api_key=key, api_version="2024-10-21", max_retries=0
                ) as client:
                    asked = client.chat.completions.create(model="luna", messages=[{"role": "user", "content": "Hi"}])
                    if key == "k":
                        assert (await asked).model == "luna"
                    else:
                        with pytest.raises(AuthenticationError):
                            await asked

    asyncio.run(run())


@pytest.mark.parametrize(
    ("asked", "kind", "tier"),
    [
        (None, "none", None),
        ("flex", "none", "flex"),
        ("default", "none", "default"),
        ("auto", "none", "default"),
        ("flex", "flex_refused", "default"),
        (None, "flex_refused", None),
    ],
)
def test_the_tier_that_served_is_said_to_who_asked_and_counted(asked: str | None, kind: str, tier: str | None) -> None:
    to = endpoint(faults=() if kind == "none" else (f"{kind}=1",))
    body = chat() if asked is None else chat(service_tier=asked)
    read = json.loads(post(to, body).body)
    assert read.get("service_tier") == tier
    flex = to.books.report()["flex"]
    assert flex["prompt_tokens"] == (read["usage"]["prompt_tokens"] if tier == "flex" else 0)  # type: ignore[index]
