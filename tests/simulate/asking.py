"""How tests of the endpoint ask it, without sockets and with a clock of their own."""

import json
from typing import Any

from svit.simulate.endpoint import Endpoint
from svit.simulate.http import Reply
from svit.simulate.incoming import Request
from svit.simulate.simulator_options import Options

CONTEXT = "captions:\nA man."


def chat(text: str = CONTEXT, **more: object) -> bytes:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": text}], **more}).encode()


def endpoint(**options: Any) -> Endpoint:
    return Endpoint(
        Options(**options), {"detail_description": lambda c, seed, number: f"{' '.join(c.captions)} No {seed}."}, 0.0
    )


def ask(
    to: Endpoint,
    method: str,
    path: str,
    body: bytes = b"",
    headers: dict[bytes, bytes] | None = None,
    now: float = 0.0,
) -> Reply:
    """Return a reply whose time has not come yet."""
    return to.reply(Request(method, path, headers or {}, body), now)


def post(to: Endpoint, body: bytes, *, now: float = 0.0, heard: bool = True, **headers: str) -> Reply:
    named = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    reply = ask(to, "POST", "/v1/chat/completions", body, named, now)
    reply.due(heard)
    return reply


def get(to: Endpoint, path: str, now: float = 0.0) -> tuple[int, Any]:
    reply = ask(to, "GET", path, now=now)
    return reply.status, json.loads(reply.body)


def code(reply: Reply) -> str | None:
    found: str | None = json.loads(reply.body)["error"]["code"]
    return found
