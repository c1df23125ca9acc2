"""What can be said of a config before anything is paid: prompts, window, price, key, and what its endpoint says."""

import asyncio
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from svit.errors import ProviderRefusesError, SvitError

if TYPE_CHECKING:
    from svit.config import RunConfig
    from svit.providers.openai.endpoint_probe import ProbeResult
    from svit.providers.openai.transport import Endpoint

State = Literal["right", "warning", "wrong"]
_WINDOW_KEYS = ("max_model_len", "context_length", "context_window", "max_context_length")
"""What servers call the tokens that prompt and answer may take, in their list of models."""


@dataclass(frozen=True)
class ConfigCheck:
    """One thing that was looked at: what, how it is, and the exit code when it is wrong."""

    subject: str
    state: State
    words: str
    exit_code: int = 0


def config_checks(settings: "RunConfig", *, ask: bool) -> Iterator[ConfigCheck]:
    """Yield what was found, in the order of looking; with `ask`, the endpoint is asked for its models, which is free.

    What is wrong is yielded as such, and nothing is raised.
    """
    yield _provider(settings)
    for look in (_prompts, _requests, _price):
        try:
            yield from look(settings)
        except SvitError as error:
            yield ConfigCheck(look.__name__.strip("_"), "wrong", str(error), error.exit_code)
    if settings.provider != "offline":
        yield from _endpoint(settings, ask=ask)


def exit_code(found: Sequence[ConfigCheck]) -> int:
    """Return the exit code of these findings: that of the first one that is wrong."""
    return next((each.exit_code for each in found if each.state == "wrong"), 0)


def refuse_an_endpoint_that_refuses(settings: "RunConfig") -> None:
    """Ask the endpoint, and raise its refusal: ProviderRefusesError, or SvitError for a key or proxy that is wrong."""
    if settings.provider == "offline":
        return
    for each in _endpoint(settings, ask=True):
        if each.state == "wrong":
            is_refusal = each.exit_code == ProviderRefusesError.exit_code
            raise (ProviderRefusesError if is_refusal else SvitError)(
                f"{each.words} Nothing was read and nothing was asked."
            )


def _provider(settings: "RunConfig") -> ConfigCheck:
    from svit.cli.config_options import shown_address

    if settings.provider == "offline":
        return ConfigCheck("provider", "right", "the offline writer: no model, no key, no cost")
    return ConfigCheck("provider", "right", f"{settings.model} at {shown_address(settings)}")


def _prompts(settings: "RunConfig") -> Iterator[ConfigCheck]:
    """Say which prompt files are used. Raises SvitError for one that cannot be."""
    from svit.resources import PROMPTS
    from svit.setup.task_jobs import jobs
    from svit.tasks import TASKS

    todo = jobs(settings, TASKS.values())
    names = {file.name: file.read_bytes() for file in PROMPTS.glob("*.txt")}
    own = sorted(settings.prompts.glob("*.txt")) if settings.prompts else []
    used = [file for file in own if file.name in names]
    edited = [file.name for file in used if file.read_bytes() != names[file.name]]
    where = f"{len(used)} of {len(names)} in {settings.prompts}" if settings.prompts else "svit's own"
    yield ConfigCheck("prompts", "right", where + (f"; edited: {', '.join(edited)}" if edited else ""))
    for file in own:
        if file.name not in names:
            yield ConfigCheck(
                "prompts", "warning", f"{file.name} is read by nothing. Names: {', '.join(sorted(names))}."
            )
    room = min(todo, key=lambda job: job.recipe.room)
    words = f"{settings.window:,} tokens, {room.recipe.room:,} of them for the context ({room.task.name})"
    yield ConfigCheck("window", "right", words)


def _requests(settings: "RunConfig") -> Iterator[ConfigCheck]:
    """Say what is known of the model. Raises SvitError for a setting that it does not take."""
    from svit.setup.chosen_provider import capabilities, check_requests
    from svit.setup.task_jobs import jobs
    from svit.tasks import TASKS

    check_requests(settings, jobs(settings, TASKS.values()))
    most = capabilities(settings).context_window if settings.provider != "offline" else None
    if most is not None and most < settings.window:
        yield _too_wide(settings, most)


def _too_wide(settings: "RunConfig", most: int) -> ConfigCheck:
    words = f"{settings.model} takes {most:,} tokens, and the config says {settings.window:,}: set 'window: {most}'."
    return ConfigCheck("window", "warning", words)


def _price(settings: "RunConfig") -> Iterator[ConfigCheck]:
    """Say what tokens cost. Raises SvitError for a ceiling that no price can keep."""
    from svit.setup.run_spending import prices, spending

    if settings.provider == "offline":
        return
    spending(settings)
    table = prices(settings)
    models = dict.fromkeys([settings.model, *([settings.verify.model] if settings.verify else [])])
    for model in models:
        price = table.price(model)
        if price is None:
            words = f"none is known of {model}: no cost is told, no ceiling kept. 'prices' names a file of your own."
            yield ConfigCheck("price", "warning", words)
        else:
            a_million = [amount * 1_000_000 / 1_000_000_000_000 for amount in (price.input, price.output)]
            words = f"${a_million[0]:,.4g} in, ${a_million[1]:,.4g} out for a million tokens of {model} ({table.as_of})"
            yield ConfigCheck("price", "right", words)


def _endpoint(settings: "RunConfig", *, ask: bool) -> Iterator[ConfigCheck]:
    """Say what of the key is there, and what the endpoint says where it is asked."""
    from svit.cli import messages
    from svit.providers.openai.endpoint_settings import endpoint

    warnings: list[str] = []
    try:
        found = endpoint(
            settings, settings.timeout, settings.extra_headers, os.environ, warnings.append, messages.log.hide
        )
    except SvitError as error:
        yield ConfigCheck("key", "wrong", str(error), error.exit_code)
        return
    yield ConfigCheck("key", "right", _key(settings, is_there=found.key != "none"))
    for words in warnings:
        yield ConfigCheck("key", "warning", words.removeprefix("Warning: "))
    if not ask:
        return
    try:
        listed = asyncio.run(_asked(found))
    except SvitError as error:
        yield ConfigCheck("endpoint", "wrong", str(error), error.exit_code)
        return
    yield from _said(settings, listed)


def _key(settings: "RunConfig", *, is_there: bool) -> str:
    if not is_there:
        return f"{settings.key_env} is not set; a server on this machine may need none"
    return f"read from {settings.key_file}" if settings.key_file else f"{settings.key_env} is set"


async def _asked(where: "Endpoint") -> "ProbeResult":
    from svit.providers.openai.endpoint_probe import probed
    from svit.providers.openai.transport import transport

    async with transport(where, 1) as way:
        return await probed(way)


def _said(settings: "RunConfig", found: "ProbeResult") -> Iterator[ConfigCheck]:
    """Say what the endpoint has answered."""
    from svit.cli.config_options import shown_address

    if found.refusal:
        code = SvitError.exit_code if found.on_our_side else ProviderRefusesError.exit_code
        yield ConfigCheck("endpoint", "wrong", found.refusal, code)
        return
    if not found.has_answered:
        yield ConfigCheck("endpoint", "warning", "it has not said within 5 s whether it is there; a run would go on")
        return
    yield ConfigCheck("endpoint", "right", f"{shown_address(settings)} answers")
    listed = found.models.get(settings.model)
    if not found.models:
        yield ConfigCheck("model", "warning", "the endpoint lists no models: the first prompt will tell")
    elif listed is None:
        words = f"'{settings.model}' is not listed, and may be taken all the same.{found.names_instead(settings.model)}"
        yield ConfigCheck("model", "warning", words)
    else:
        yield ConfigCheck("model", "right", f"{settings.model} is listed")
        if gone := found.warning(settings.model, time.time()):
            yield ConfigCheck("model", "warning", gone.removeprefix("Warning: "))
        window = next((listed[key] for key in _WINDOW_KEYS if isinstance(listed.get(key), int)), None)
        if isinstance(window, int) and 0 < window < settings.window:
            yield _too_wide(settings, window)
