"""What is asked before the first prompt: whether anybody is there, whether the key is taken, which models there are.

`GET /models` costs nothing and is known to nearly all servers. Only a clear no decides: that nobody answers, or 401.
"""

import asyncio
import os
import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import aiohttp
import msgspec
from rapidfuzz import fuzz, process

from svit.providers.openai.error_body import tidy
from svit.providers.openai.response_classification import verdict
from svit.providers.openai.transport import NEVER_LEFT, UNANSWERED, Response, causes
from svit.providers.verdicts import StopRun

LONGEST = 5.0
"""Seconds that the question may take; no answer by then decides nothing."""
_PAUSE = 0.5
"""Seconds until somebody who is not there is looked for again: once."""
_SHOWN, _SHOWN_EACH = 5, 80
"""Models that are named to a person, and characters of each."""
_ALIKE = 60
"""Of 100: how much alike two names must be for one to be offered instead of the other."""
_OF_ANOTHER_DOOR = re.compile(r"scope|permission|restricted|x-api-key", re.IGNORECASE)
"""A 401 in such words speaks of the models list, not of the key: OpenAI's restricted keys, Anthropic's header."""
_ENDS = re.compile(r"(shutdown|shut_down|deprecat\w*|expir\w*|retire\w*|sunset)(_?(date|at|on))?")


@dataclass(frozen=True)
class ProbeResult:
    """What the endpoint said: why no prompt need be sent, and the models that it lists, with what it says of each.

    `on_our_side` says that the refusal is about what lies before the endpoint: a proxy, or the trusted certificates.
    """

    refusal: str = ""
    on_our_side: bool = False
    models: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    has_answered: bool = False

    def names_instead(self, model: str) -> str:
        """Return a sentence that names what is listed, when the model is not; else nothing."""
        if not self.models or model in self.models:
            return ""
        near = process.extract(model, self.models.keys(), scorer=fuzz.WRatio, limit=_SHOWN)
        names = ", ".join(_short(name) for name, _, _ in near)
        more = f" and {len(self.models) - len(near):,} more" if len(self.models) > len(near) else ""
        best, likeness, _ = near[0]
        offer = f" (did you mean '{_short(best)}'?)" if likeness >= _ALIKE else ""
        return f" The endpoint lists: {names}{more}{offer}."

    def warning(self, model: str, now: float) -> str:
        """Return what to say of a model that the endpoint lists as gone, or as going; `now` is Unix time."""
        for key, value in self.models.get(model, {}).items():
            if not _ENDS.fullmatch(key.lower()):
                continue
            then = _unix_time(value)
            if value is True or (then is not None and then < now):
                since = "" if then is None else f" ({datetime.fromtimestamp(then, UTC):%Y-%m-%d})"
                return f"Warning: the endpoint lists '{_short(model)}' with '{key}'{since}: it may be shut down."
        return ""


class ModelLister(Protocol):
    """Whoever can ask for the list of models."""

    origin: str

    async def models(self) -> Response | None:
        """Return the reply, None where there is no such list; UNANSWERED without a reply."""
        ...

    def hindrance(self, error: Exception) -> str:
        """Return the sentence about the proxy or the certificate that was in the way, if it was one."""
        ...


async def probed(way: ModelLister) -> ProbeResult:
    """Ask for the models, for a few seconds at most. Nothing is raised: what can't be told decides nothing."""
    try:
        async with asyncio.timeout(LONGEST):
            return await _asked(way)
    except TimeoutError:
        return ProbeResult()


async def _asked(way: ModelLister) -> ProbeResult:
    nobody = ours = ""
    for pause in (0.0, _PAUSE):
        await asyncio.sleep(pause)
        try:
            response = await way.models()
        except UNANSWERED as error:
            ours = way.hindrance(error)
            nobody = ours or _nobody(error, way.origin)
            if not nobody:
                return ProbeResult()
        else:
            return _read(response) if response else ProbeResult()
    return ProbeResult(refusal=nobody, on_our_side=bool(ours))


def _read(response: Response) -> ProbeResult:
    if response.status == 401:
        answer = verdict(401, response.content)
        decisive = isinstance(answer, StopRun) and not _OF_ANOTHER_DOOR.search(answer.words)
        return ProbeResult(refusal=answer.words if isinstance(answer, StopRun) and decisive else "", has_answered=True)
    return ProbeResult(models=_listed(response.content) if response.status == 200 else {}, has_answered=True)


def _listed(body: bytes) -> Mapping[str, Mapping[str, Any]]:
    """Return the models in any of the shapes that servers list them in, by name."""
    try:
        read = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
    if isinstance(read, dict):
        read = read.get("data") or read.get("models")
    models: dict[str, Mapping[str, Any]] = {}
    for each in read if isinstance(read, list) else []:
        named = {"id": each} if isinstance(each, str) else each
        if not isinstance(named, dict):
            continue
        name = next((named[key] for key in ("id", "name", "model") if isinstance(named.get(key), str)), None)
        if name:
            models[name.removeprefix("models/")] = named  # Gemini's prefix, which it does not ask for
    return models


def _nobody(error: Exception, origin: str) -> str:
    """Return the sentence that says why nobody can be asked there; nothing where that is not sure."""
    for cause in causes(error):
        if isinstance(cause, ssl.SSLError | aiohttp.ClientSSLError):
            return f"{origin} does not speak TLS as it should ({_reason(cause)}): is it http:// rather than https://?"
        if isinstance(cause, aiohttp.ConnectionTimeoutError):
            return ""
        if isinstance(cause, NEVER_LEFT):
            return f"Nobody answers at {origin} ({_reason(cause)}): is the server running, is base_url right?"
        if isinstance(cause, aiohttp.ClientResponseError):
            return f"What answers at {origin} is no HTTP server ({_greeting(cause.message)}): is base_url right?"
    return ""


def _greeting(message: str) -> str:
    """Return what somebody said instead of a status line, out of a parser's message of several lines."""
    said = re.search(r"b(['\"])(.+?)\1", message)
    return _short(tidy(said[2] if said else message))


def _reason(error: BaseException) -> str:
    """Return what the system says, without the numbers and names that each event loop adds in its own way."""
    system = getattr(error, "os_error", error)
    number = getattr(system, "errno", None)
    if isinstance(number, int) and number > 0 and not isinstance(system, ssl.SSLError):
        return os.strerror(number)
    return str(getattr(system, "reason", None) or getattr(system, "strerror", None) or system)[:200]


def _unix_time(value: object) -> float | None:
    """Read a date as servers write it: ISO 8601, or seconds or milliseconds since 1970."""
    try:
        if isinstance(value, str):
            read = datetime.fromisoformat(value)
            return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            seconds = value / 1000 if value > 1e11 else float(value)
            return seconds if seconds < time.time() * 10 else None
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _short(name: str) -> str:
    return "".join(each for each in name if each.isprintable())[:_SHOWN_EACH]
