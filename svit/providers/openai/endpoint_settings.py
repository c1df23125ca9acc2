"""Where and as whom a run asks: the settings of an endpoint's address and key, and the endpoint that they come to."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializationInfo,
    SerializerFunctionWrapHandler,
    model_serializer,
)

from svit.errors import SvitError
from svit.providers.openai.api_key import read_key, refuse_key_for_a_name
from svit.providers.openai.endpoint_address import expanded, is_loopback, kept, shown, whole_address
from svit.providers.openai.request_extras import header_secrets, headers_to_send
from svit.system.path_address import path_address, path_at

if TYPE_CHECKING:
    from svit.providers.openai.transport import Endpoint


def _at_home(path: Path) -> Path:
    """Return the path with `~` and `~user` filled in; $NAME may be a file's name, and is none of our business."""
    if "\0" in str(path):
        raise ValueError("a path has no character U+0000 in it")
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError(f"{path}: there is no such home folder; write the whole path") from None


def _named(path: object) -> object:
    return path_at(path) if isinstance(path, str) else path


OwnPath = Annotated[
    Path, BeforeValidator(_named), AfterValidator(_at_home), PlainSerializer(path_address, when_used="json")
]
"""A path as people write it in a config, or as run.json keeps one that is not UTF-8: a file:// address."""


class EndpointSettings(BaseModel):
    """Who is asked. In JSON, as run.json keeps it, the address goes without what may be secret in its query."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str = Field(
        default="https://api.openai.com/v1",
        repr=False,
        description="The address of the server, up to and with /v1; ${NAME} in it is an environment variable.",
    )
    base_url_left_out: tuple[str, ...] = Field(
        default=(),
        description="Written by svit, in run.json: parameters of the address that it does not keep, by name. It cannot "
        "be asked there without them.",
    )
    key_env: str = Field(
        default="OPENAI_API_KEY", description="The environment variable that holds the API key; never the key itself."
    )
    key_file: OwnPath | None = Field(default=None, description="A file with the API key in it, instead of a variable.")

    @model_serializer(mode="wrap")
    def _as_kept(self, handler: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        values: dict[str, Any] = handler(self)
        if info.mode_is_json():
            values["base_url"], left_out = kept(self.base_url)
            values["base_url_left_out"] = list(dict.fromkeys((*self.base_url_left_out, *left_out)))
            if not values["base_url_left_out"]:
                del values["base_url_left_out"]
        return values

    def asked_where(self, other: "EndpointSettings") -> Self:
        """Return these settings with the other's address and key."""
        return self.model_copy(update={name: getattr(other, name) for name in EndpointSettings.model_fields})

    def check_address(self) -> None:
        """Raise SvitError for an address that is none. The environment is not read: a quote needs no key."""
        whole_address(self.base_url)

    def check_names(self) -> None:
        """Raise SvitError for a key that stands where the name of a variable or of a file belongs."""
        refuse_key_for_a_name(self.key_env, self.key_file)


def endpoint(
    settings: EndpointSettings,
    timeout: float,
    headers: Mapping[str, str],
    environ: Mapping[str, str],
    say: Callable[[str], None],
    hide: Callable[[Iterable[str]], None] = lambda _: None,
) -> "Endpoint":
    """Return the endpoint, after all that can be seen of it from here is right.

    `say` is told what is risky, `hide` what must not be told to anybody. Raises SvitError, without a secret in it, for
    a wrong address, a key that is none or is missing, a proxy or certificates that cannot be used.
    """
    from svit.providers.openai.connection import ConnectionSettings
    from svit.providers.openai.transport import Endpoint

    settings.check_names()
    address = whole_address(settings.base_url)
    if settings.base_url_left_out:
        names = "&".join(f"{name}=..." for name in settings.base_url_left_out)
        raise SvitError(
            f"base_url {shown(address)} had a query (?{names}) that run.json does not keep: give --config FILE, the "
            f"config with the whole address."
        )
    address = expanded(address, environ)
    key = read_key(settings.key_env, settings.key_file, environ, say)
    if not key and not is_loopback(address):
        raise SvitError(
            f"There is no API key: set {settings.key_env or 'OPENAI_API_KEY'} in the environment, or 'key_file' in the "
            f"config."
        )
    secrets = tuple(header_secrets(headers, environ))
    hide(ConnectionSettings.to(address, (key, *secrets), environ).redaction.secrets)
    if address.lower().startswith("http://") and not is_loopback(address):
        say(f"Warning: {shown(address)} is plain http: the key and all prompts go over the network in the open.")
    return Endpoint(address, key or "none", timeout, headers_to_send(headers, environ), secrets)
