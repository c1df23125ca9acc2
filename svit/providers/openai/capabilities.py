"""What a model accepts, and the one place where a request's body is built. Text is passed in: no I/O here."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Literal, Self, get_args

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from svit.errors import SvitError
from svit.providers.openai.request_extras import merged
from svit.records import Effort, Message, Prompt
from svit.yaml_files import checked, read_yaml

ServiceTier = Literal["default", "flex"]
Parameter = Literal["temperature", "top_p", "logprobs", "seed"]

Caching = Literal["automatic", "prefix", "off"]
"""How the provider's prompt cache is used: as it does by itself; for a prefix; not at all.

The prefix is what a prompt shares with those of other tasks (`Prompt.shared`), otherwise all messages but the last.

The last two are OpenAI's from gpt-5.6 on, where writing to the cache costs more than plain input. A part that carries a
`prompt_cache_breakpoint` ends a prefix that is kept; the mode `explicit` keeps nothing else, while `implicit`, the
default, also writes each prompt as a whole. Only prefixes of 1,024 tokens or more are kept. A shorter one is marked all
the same: its mark costs nothing, and the provider counts its tokens exactly, which svit can't always. Other models take
only `automatic`: they keep the longest prefix that they meet again, and writing is free.
"""
_CACHING: tuple[Caching, ...] = get_args(Caching)

_SAMPLING: tuple[Literal["temperature", "top_p", "seed"], ...] = ("temperature", "top_p", "seed")


class Capabilities(BaseModel):
    """What a model on a server accepts. An unset field holds for any OpenAI-compatible server, None is unknown.

    `reasoning_efforts` of None lets any effort through, for the server to judge; an empty tuple none. `ignores` names
    what is taken and has no effect: worth a warning.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    max_tokens_key: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    accepts: tuple[Parameter, ...] = ("temperature", "top_p", "logprobs", "seed")
    accepts_at_effort_none: tuple[Parameter, ...] = ()
    reasoning_efforts: tuple[Effort, ...] | None = None
    default_effort: Effort | None = None
    cache_breakpoint: bool = False
    service_tiers: tuple[ServiceTier, ...] = ()
    batch: bool = False
    context_window: int | None = Field(default=None, ge=1)
    max_output_tokens: int | None = Field(default=None, ge=1)
    ignores: tuple[str, ...] = ()


class _CapabilityFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    default: Capabilities = Capabilities()
    models: Mapping[str, Capabilities] = {}
    servers: Mapping[str, Capabilities] = {}


@dataclass(frozen=True)
class ModelTable:
    """What is known of models and servers: the shipped file, and then the user's own."""

    files: Sequence[_CapabilityFile]

    @classmethod
    def read(
        cls, text: str, own_text: str | None = None, *, name: str = "data/models.yaml", own_name: str = "models"
    ) -> Self:
        """Return the table in this YAML, the user's own after it. Raises SvitError naming the file and the key."""
        return cls([_file(text, name), *([_file(own_text, own_name)] if own_text is not None else [])])

    def capabilities(self, model: str, *, server: str | None = None) -> Capabilities:
        """Return what this model accepts, on a server of this kind when one is named. SvitError for an unknown kind."""
        servers = {kind for file in self.files for kind in file.servers}
        if server is not None and server not in servers:
            raise SvitError(f"There is no server '{server}'. Choose one of: {', '.join(sorted(servers))}.")
        merged: dict[str, object] = {}
        for file in self.files:
            layers = [file.default, *(found for glob, found in file.models.items() if fnmatchcase(model, glob))]
            if server is not None and server in file.servers:
                layers.append(file.servers[server])
            for layer in layers:
                merged |= layer.model_dump(exclude_unset=True)
        return Capabilities.model_validate(merged)


def request_body(
    prompt: Prompt,
    capabilities: Capabilities,
    *,
    service_tier: ServiceTier | None = None,
    caching: Caching = "automatic",
) -> dict[str, object]:
    """Return the body of the chat completion that asks this prompt, its keys always in one order.

    Raises SvitError naming the parameter and the model for whatever was asked for and is not accepted: nothing is
    left out in silence.
    """
    sampling = prompt.sampling
    model, effort = sampling.model, sampling.reasoning_effort or capabilities.default_effort
    if (most := capabilities.max_output_tokens) is not None and sampling.max_tokens > most:
        raise SvitError(f"{model}: 'max_tokens: {sampling.max_tokens}' is not accepted. The most is {most}.")
    body: dict[str, object] = {
        "model": model,
        "messages": _messages(prompt, marked=caching == "prefix"),
        capabilities.max_tokens_key: sampling.max_tokens,
    }
    for name in _SAMPLING:
        if (value := getattr(sampling, name)) is not None:
            _check_sampling(model, name, capabilities, effort)
            body[name] = value
    if sampling.reasoning_effort is not None:
        _check_choice(model, "reasoning_effort", sampling.reasoning_effort, capabilities.reasoning_efforts)
        body["reasoning_effort"] = sampling.reasoning_effort
    if service_tier is not None:
        _check_choice(model, "service_tier", service_tier, capabilities.service_tiers)
        body["service_tier"] = service_tier
    if caching != "automatic":
        _check_choice(model, "caching", caching, _CACHING if capabilities.cache_breakpoint else _CACHING[:1])
        body["prompt_cache_options"] = {"mode": "explicit"}
    if caching == "prefix":
        body["prompt_cache_key"] = _key(_prefix(prompt))
    return merged(body, sampling.extra_body) if sampling.extra_body else body


def _check_choice(model: str, parameter: str, value: str, accepted: Sequence[str] | None) -> None:
    if accepted is None or value in accepted:
        return
    what_to_do = f"Choose one of: {', '.join(accepted)}." if accepted else "Leave it out."
    raise SvitError(f"{model}: '{parameter}: {value}' is not accepted. {what_to_do}")


def _check_sampling(model: str, name: Parameter, capabilities: Capabilities, effort: Effort | None) -> None:
    if name in capabilities.accepts:
        return
    can_stop_reasoning = "none" in (capabilities.reasoning_efforts or ())
    if not (can_stop_reasoning and name in capabilities.accepts_at_effort_none):
        raise SvitError(f"{model}: '{name}' is not accepted. Leave it out.")
    if effort != "none":
        raise SvitError(
            f"{model}: '{name}' is accepted only where the model does not reason. Leave it out, or set "
            f"'reasoning_effort: none'."
        )


def _messages(prompt: Prompt, *, marked: bool) -> list[dict[str, object]]:
    """Return the messages; `marked` ends the prefix that is cached."""
    messages: list[dict[str, object]] = [{"role": each.role, "content": each.content} for each in prompt.messages]
    if not marked:
        return messages
    shared = _prefix(prompt)
    if not shared or shared[-1].role == "assistant":
        raise SvitError(
            f"{prompt.task}: 'caching: prefix' needs the part that requests share in a message of its own before the "
            f"last one. Divide the prompt file with '### system' and '### user', or set 'context_first: true'."
        )
    part = {"type": "text", "text": shared[-1].content, "prompt_cache_breakpoint": {"mode": "explicit"}}
    messages[len(shared) - 1]["content"] = [part]
    return messages


def _prefix(prompt: Prompt) -> Sequence[Message]:
    """Return the messages that are worth keeping: shared by an image's tasks, or else by a task's images."""
    return prompt.messages[: prompt.shared or -1]


def _key(shared: Sequence[Message]) -> str:
    """Return a name for these messages, equal for equal ones, so that requests that share them meet one cache."""
    return hashlib.blake2b(msgspec.json.encode(shared), digest_size=16).hexdigest()


@lru_cache(maxsize=8)
def _file(text: str, name: str) -> _CapabilityFile:
    return checked(_CapabilityFile, read_yaml(text, name=name), name=name)
