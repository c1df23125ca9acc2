"""How tests of the endpoint ask it, without sockets and with a clock of their own."""

import json
from typing import Any

from svit.simulate.endpoint import SimulatedEndpoint
from svit.simulate.http import SimulatedReply
from svit.simulate.incoming import ReceivedRequest
from svit.simulate.simulator_options import SimulatorOptions

CONTEXT = "captions:\nA man."


def chat(text: str = CONTEXT, **more: object) -> bytes:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": text}], **more}).encode()


def endpoint(**options: Any) -> SimulatedEndpoint:
    return SimulatedEndpoint(
        SimulatorOptions(**options),
        {"detail_description": lambda c, seed, number: f"{' '.join(c.captions)} No {seed}."},
        0.0,
    )


def ask(
    to: SimulatedEndpoint,
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[bytes, bytes] | None = None,
    now: float = 0.0,
) -> SimulatedReply:
    """Return a reply whose time has not come yet."""
    return to.reply(ReceivedRequest(method, path, headers or {}, body), now)


def post(to: SimulatedEndpoint, body: bytes, *, now: float = 0.0, heard: bool = True, **headers: str) -> SimulatedReply:
    named = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    reply = ask(to, "POST", "/v1/chat/completions", body, named, now)
    reply.due(heard)
    return reply


def get(to: SimulatedEndpoint, path: str, now: float = 0.0) -> tuple[int, Any]:
    reply = ask(to, "GET", path, now=now)
    return reply.status, json.loads(reply.body)


def code(reply: SimulatedReply) -> str | None:
    found: str | None = json.loads(reply.body)["error"]["code"]
    return found
