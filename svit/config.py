"""What a run is made of, as a person writes it down in YAML."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from svit.errors import SvitError
from svit.providers.openai.api_key import looks_like_key, refuse_literal_key
from svit.providers.openai.capabilities import Caching, ServiceTier
from svit.providers.openai.endpoint_settings import EndpointSettings, OwnPath
from svit.providers.openai.request_extras import checked_extra_body, checked_extra_headers
from svit.records import Effort
from svit.tasks import task_named
from svit.tasks.base import Task
from svit.yaml_files import checked, read_yaml

_MOST = 2**63 - 1
"""The largest number that run.json, the samples and a request can hold."""

_PATHS = frozenset({"prompts", "prices", "models", "key_file"})
"""Settings that are paths."""

ExtraBody = Annotated[dict[str, Any], AfterValidator(checked_extra_body)]
ExtraHeaders = Annotated[dict[str, str], AfterValidator(checked_extra_headers)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class TaskSettings(_Settings):
    """What one task is asked with, where it differs from the task's own default."""

    max_tokens: int | None = Field(
        default=None, ge=1, le=_MOST, description="The longest answer in tokens. Default: the task's own."
    )
    temperature: float | None = Field(
        default=None, ge=0, le=2, description="How freely the model writes; 0 is always the likeliest word."
    )
    top_p: float | None = Field(
        default=None, gt=0, le=1, description="Draw only from the likeliest words that add up to this share."
    )
    min_pairs: int | None = Field(
        default=None,
        ge=0,
        le=1000,
        description="Pairs of question and answer that must be left, once those with a flaw are taken out.",
    )
    pairs: int | None = Field(
        default=None, ge=1, le=20, description="How many question-answer pairs are asked for: 15, and 10 of referring."
    )
    conversations: int | None = Field(
        default=None, ge=1, le=20, description="How many conversations of five turns are asked for: 3."
    )


class VerifySettings(_Settings):
    """Who gives a second opinion on every sample. `own_model` lets the model that writes judge itself."""

    model: str = Field(description="The model that says of every answer whether it can stand.")
    max_tokens: int = Field(default=2048, ge=1, le=_MOST, description="The longest second opinion in tokens.")
    temperature: float | None = Field(default=None, ge=0, le=2, description="As for a task.")
    reasoning_effort: Effort | None = Field(
        default=None, description="How long that model reasons first; reasoning is billed as output."
    )
    extra_body: ExtraBody = Field(default={}, description="Fields that are added to the body of these requests.")
    own_model: bool = Field(default=False, description="Let the model that writes judge itself.")

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: object) -> object:
        """Take a name alone for the settings with that model."""
        return {"model": given} if isinstance(given, str) else given


class RunConfig(_Settings, EndpointSettings):
    """A run, beside its contexts: who is asked, how often, and how much fits into a request."""

    provider: Literal["offline", "openai"] = Field(
        default="offline",
        description="Who answers: openai is any server that speaks the OpenAI API; offline is svit itself, free.",
    )
    model: str = Field(default="offline", description="The model's name, as the server calls it.")
    server: str | None = Field(
        default=None, description="The kind of server, where data/models.yaml knows what it accepts."
    )
    rpm: int | None = Field(
        default=None, ge=1, description="Requests a minute that your account allows. Default: found out."
    )
    tpm: int | None = Field(
        default=None, ge=1, description="Tokens a minute that your account allows. Default: found out."
    )
    in_flight: int = Field(default=64, ge=1, le=10_000, description="Requests under way at most.")
    timeout: float = Field(default=600, gt=0, description="Seconds for a whole request.")
    max_wait: float = Field(
        default=900, ge=1, description="Seconds that a request waits at most because the endpoint wants it slower."
    )
    reasoning_effort: Effort | None = Field(
        default=None,
        description="How long the model reasons first; reasoning is billed as output. Default: the server's.",
    )
    extra_body: ExtraBody = Field(
        default={}, description="Fields that are added to the body of every request, which only your server knows."
    )
    extra_headers: ExtraHeaders = Field(
        default={}, description="Headers of every request; a secret is named by its variable: ${NAME}."
    )
    service_tier: ServiceTier | None = Field(
        default=None, description="flex is half the price and slower, where the model has it. Default: not sent."
    )
    caching: Caching = Field(
        default="automatic",
        description="How the provider's prompt cache is used: by its own way, for the shared beginning, or not at all.",
    )
    context_first: bool = Field(
        default=False,
        description="Begin the prompts of all tasks of an image alike, so that a cache reads them once.",
    )
    max_cost: Decimal | None = Field(
        default=None, ge=0, description="Dollars that the run may cost, all its commands together. Default: no ceiling."
    )
    max_cost_per_month: Decimal | None = Field(
        default=None, ge=0, description="Dollars that all your runs may cost in a calendar month. Default: no ceiling."
    )
    prices: OwnPath | None = Field(
        default=None, description="A file of your own prices, in the form of data/prices.yaml."
    )
    models: OwnPath | None = Field(
        default=None, description="A file of what your models accept, in the form of data/models.yaml."
    )
    seed: int = Field(
        default=0, ge=-_MOST, le=_MOST, description="Seed of what svit draws; another one asks or writes otherwise."
    )
    sampling_seed: int | None = Field(
        default=None, ge=-_MOST, le=_MOST, description="Seed that is sent to the model. Default: none."
    )
    attempts: int = Field(
        default=3, ge=1, le=20, description="How often an image is asked about before it is given up."
    )
    window: int = Field(default=128_000, ge=1, le=_MOST, description="Tokens that prompt and answer may take together.")
    prompts: OwnPath | None = Field(
        default=None, description="A folder of your own prompt files; one that is not in it is svit's."
    )
    on_flaw: Mapping[str, Literal["fresh", "repair"]] = Field(
        default={}, description="By flaw: ask anew (fresh), or with the answer and what is wrong with it (repair)."
    )
    tasks: Mapping[str, TaskSettings] = Field(default={}, description="By task: what it is asked with.")
    verify: VerifySettings | None = Field(
        default=None, description="A second opinion on every sample: a model's name, or its settings. Default: none."
    )


def read_config(path: Path, changes: Mapping[str, object]) -> RunConfig:
    """Return the config in this YAML file, with the command line's changes. Raises SvitError naming the wrong key."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SvitError(f"{path}: the config cannot be read: {error}.") from error
    read = read_yaml(text, name=str(path))
    if not isinstance(read, dict):
        raise SvitError(f"{path}: a config is a list of 'key: value' lines.")
    return changed(_beside(path, read), changes, name=str(path))


def _beside(path: Path, read: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a config says, its relative paths being those of its own folder, from wherever svit is called."""
    whole = dict(read)
    for key in _PATHS & read.keys():
        value = read[key]
        if isinstance(value, str) and value and not (value.startswith("~") or looks_like_key(value)):
            whole[key] = str(path.parent.absolute() / value)
    return whole


def changed(read: Mapping[str, Any], changes: Mapping[str, object], *, name: str) -> RunConfig:
    """Return the config of these keys with the changes that are not None. Raises SvitError naming the wrong key."""
    given = dict(read)
    for key, value in changes.items():
        if value is not None:
            before = given.get(key)
            given[key] = {**before, "model": value} if key == "verify" and isinstance(before, dict) else value
    refuse_literal_key(given, name=name)
    try:
        config = checked(RunConfig, given, name=name)
    except SvitError as error:
        raise _as_option(error, changes, name) from error
    for task, settings in config.tasks.items():
        try:
            _check_counted(task_named(task), settings)
        except SvitError as error:
            raise SvitError(f"{name}: 'tasks': {error}") from error
    return config


def _as_option(error: SvitError, changes: Mapping[str, object], name: str) -> SvitError:
    """Return the error with the option that is wrong in the place of the config's name, where it is one."""
    for key, value in changes.items():
        wrong = f"{name}: '{key}'"
        if value is not None and str(error).startswith(wrong):
            return SvitError(f"--{key.replace('_', '-')} {value}{str(error).removeprefix(wrong)}")
    return error


def _check_counted(task: Task, settings: TaskSettings) -> None:
    """Raise SvitError for a number of what the task does not write."""
    for key in ("pairs", "conversations"):
        if getattr(settings, key) is not None and key != task.counted:
            instead = f"Set '{task.counted}' there." if task.counted else "Leave that out."
            writes = task.counted or "one description"
            raise SvitError(f"tasks.{task.name}.{key}: this task writes {writes}, not {key}. {instead}")
