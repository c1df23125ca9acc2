"""The options that name a config and change it, shared by the commands that read one."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from svit.errors import SvitError

if TYPE_CHECKING:
    from svit.config import RunConfig

ModelOption = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="Ask this model instead of the config's.")
]
BaseUrlOption = Annotated[
    str | None,
    typer.Option("--base-url", metavar="URL", help="Ask the server at this address, up to and with /v1, instead."),
]


def config_with(
    path: Path,
    changes: Mapping[str, object],
    *,
    model: str | None = None,
    base_url: str | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> "RunConfig":
    """Return the config in this file with the command line's changes; a model or an address makes it an online one.

    `say` is told where that replaces the offline writer. Raises SvitError for an address without a model.
    """
    from svit.config import read_config

    settings = read_config(path, changes)
    if settings.provider == "offline" and (model or base_url):
        if model is None:
            raise SvitError("--base-url: name the model too, as that server calls it: --model NAME.")
        changes = {**changes, "provider": "openai"}
        asked = read_config(path, {**changes, "model": model, "base_url": base_url})
        asked.check_address()
        say(f"The offline writer is left out: {model} is asked at {shown_address(asked)}.")
        return asked
    return read_config(path, {**changes, "model": model, "base_url": base_url}) if model or base_url else settings


def shown_address(settings: "RunConfig") -> str:
    """Return the address of the config as people may see it."""
    from svit.providers.openai.endpoint_address import shown

    return shown(settings.base_url)


def file_name_of(model: str) -> str:
    """Return a model's name as a part of a file's: Qwen/Qwen3-32B is Qwen-Qwen3-32B."""
    return "".join(each if each.isalnum() or each in "._-" else "-" for each in model).strip(".-") or "model"
