"""What a run is made of, as a person writes it down in YAML, and the jobs and the provider that follow from it."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from svit import resources
from svit.cost.budget import Budget
from svit.cost.prices import PriceTable, Tier, nano_dollars
from svit.cost.spending import Spending
from svit.errors import SvitError
from svit.prompting.render import PromptRecipe
from svit.prompting.tokens import TokenCounter, token_counter
from svit.providers.base import Provider
from svit.providers.limits import RateLimit
from svit.providers.offline import OfflineProvider
from svit.providers.openai.api_key import looks_like_key, refuse_literal_key
from svit.providers.openai.capabilities import Caching, Capabilities, ModelTable, ServiceTier, request_body
from svit.providers.openai.endpoint_settings import EndpointSettings, OwnPath, endpoint
from svit.providers.openai.request_extras import checked_extra_body, checked_extra_headers
from svit.records import VERIFY, Effort, ImageContext, Prompt, Sample, Sampling
from svit.run.attempts import REPAIRED, Job, Repairs
from svit.run.prompt_files import PromptFiles
from svit.run.verification import Verifier
from svit.tasks import TASKS, task_named
from svit.tasks.base import Task, provenance_of
from svit.yaml_files import checked, read_yaml

_LEAST_ROOM = 200
"""Tokens of context below which a request makes no sense."""
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


def asked_as(config: RunConfig, task: Task) -> Task:
    """Return the task with the numbers of this config: of dialogues, and of pairs that are enough for a sample."""
    settings = config.tasks.get(task.name, TaskSettings())
    number = settings.pairs or settings.conversations
    asked = task if number is None else task.asking_for(number)
    return asked if settings.min_pairs is None else replace(asked, min_pairs=settings.min_pairs)


def chosen_tasks(names: Iterable[str]) -> list[Task]:
    """Return the tasks of these names in the order in which they are asked; `all` is every task, `a,b` are two.

    Raises SvitError for a name that is none, and where no name is given.
    """
    each = [name.strip() for words in names for name in words.split(",") if name.strip()]
    if not each:
        raise SvitError(f"No task is named. Choose one of: {', '.join(sorted(TASKS))}, or all.")
    wanted = {task.name for name in each for task in (TASKS.values() if name == "all" else [task_named(name)])}
    return [task for task in TASKS.values() if task.name in wanted]


def jobs(config: RunConfig, tasks: Iterable[Task], texts: Mapping[str, str] | None = None) -> list[Job]:
    """Return how each task is asked under this config. Raises SvitError when a prompt file is wrong.

    `texts` stand for prompt files of these names, whatever is on the disk.
    """
    if config.prompts is not None and not config.prompts.is_dir():
        raise SvitError(f"{config.prompts}: there is no such folder of prompts.")
    names = sorted(file.name for file in resources.PROMPTS.glob("*.txt"))
    if config.prompts is not None and not any((config.prompts / name).is_file() for name in names):
        raise SvitError(f"{config.prompts}: there is no prompt file in it. Their names are {', '.join(names)}.")
    tokens = token_counter()
    files = PromptFiles(config.prompts, texts or {})
    tasks = [asked_as(config, task) for task in tasks]
    for task in tasks:
        if task.dialogues != TASKS[task.name].dialogues:
            files.check_number(task)
    every = [asked_as(config, task) for task in TASKS.values()]
    shared = min(_room(config, task, tokens, files) for task in every) if config.context_first else None
    verifier = _verifier(config, files)
    return [
        Job(
            task,
            _recipe(config, task, tokens, files, shared),
            config.attempts,
            None if config.provider == "offline" else _repairs(config, task, files),
            verifier,
        )
        for task in tasks
    ]


def _verifier(config: RunConfig, files: PromptFiles) -> Verifier | None:
    """Return who gives a second opinion. Raises SvitError for one that is none: the writer's own."""
    asked = config.verify
    if asked is None:
        return None
    if config.provider == "offline":
        raise SvitError("verify: the offline writer's answers come from the annotations; no model need verify them.")
    if asked.model == config.model and not asked.own_model:
        raise SvitError(
            f"verify: {asked.model} writes the answers itself, and thinks well of them. Choose another model, or set "
            f"'own_model: true' under 'verify'."
        )
    sampling = Sampling(
        model=asked.model,
        max_tokens=asked.max_tokens,
        temperature=asked.temperature,
        seed=config.sampling_seed,
        reasoning_effort=asked.reasoning_effort,
        extra_body=asked.extra_body,
    )
    return Verifier(files.verify(), sampling, config.attempts)


def _repairs(config: RunConfig, task: Task, files: PromptFiles) -> Repairs:
    """Return which flaws the model is told of when it is asked again. Raises SvitError for a flaw that has no words."""
    told = files.flaws()
    codes = set(REPAIRED & told.keys())
    for code, how in config.on_flaw.items():
        if how == "fresh":
            codes.discard(code)
        elif code in told:
            codes.add(code)
        else:
            raise SvitError(f"on_flaw: there are no words for '{code}'. Choose from: {', '.join(sorted(told))}.")
    _, max_tokens = _settings(config, task)
    return Repairs(frozenset(codes), told, files.repair(), config.window - max_tokens)


def provider(
    config: RunConfig, say: Callable[[str], None], hide: Callable[[Iterable[str]], None] = lambda _: None
) -> Provider:
    """Return who answers. `say` is told what happens to the endpoint on the way, `hide` what must not be told.

    Raises SvitError for an address, a key or a way to the endpoint that is not right.
    """
    if config.provider == "offline":
        return OfflineProvider({name: asked_as(config, task).write_offline for name, task in TASKS.items()})
    from svit.providers.openai.online import OnlineProvider

    tokens = lru_cache(maxsize=1_000)(token_counter().count)  # a task's prompts share their beginning
    return OnlineProvider(
        endpoint(config, config.timeout, config.extra_headers, os.environ, say, hide),
        body=_bodies(config),
        tokens=lambda prompt: sum(tokens(message.content) for message in prompt.messages),
        limits=RateLimit(config.rpm, config.tpm),
        window=config.in_flight,
        adaptive=config.rpm is None and config.tpm is None,
        max_wait=config.max_wait,
        say=say,
    )


def check_requests(config: RunConfig, jobs: Iterable[Job]) -> None:
    """Raise SvitError for a wrong address, and for what the model does not accept, before anything is paid for."""
    config.check_names()
    if config.provider == "offline":
        return
    config.check_address()
    context, body = ImageContext(0, "", 1, 1, captions=("-",)), _bodies(config)
    for job in jobs:
        prompt = job.task.prompt(context, job.recipe)
        body(prompt)
        if job.verifier:
            body(job.verifier.prompt(Sample(context, job.task.name, (), provenance_of(prompt, 0, ""))))


def _bodies(config: RunConfig) -> Callable[[Prompt], dict[str, object]]:
    """Return what makes the body of a request, by what its model accepts.

    Raises SvitError for a table of models that cannot be read.
    """
    writer = partial(request_body, capabilities=capabilities(config), caching=config.caching)
    if config.verify is None:
        return partial(writer, service_tier=config.service_tier)
    accepts = capabilities(config, config.verify.model)
    caching = config.caching if accepts.cache_breakpoint else "automatic"
    verifier = partial(request_body, capabilities=accepts, caching=caching)
    return lambda prompt: (verifier if prompt.task == VERIFY else writer)(prompt, service_tier=config.service_tier)


def spending(config: RunConfig) -> Spending:
    """Return the run's books, with nothing in them yet. Raises SvitError for a ceiling that no price can keep."""
    if config.provider == "offline":
        return Spending()
    table = prices(config)
    limit = None if config.max_cost is None else nano_dollars(config.max_cost)
    without_limit = limit is None and month_limit(config) is None
    find = table.price if without_limit else table.required
    price, verifier = find(config.model), find(config.verify.model) if config.verify else None
    if config.verify and not (price and verifier):
        price = verifier = None  # the costs of one model alone would pass for all
    tier: Tier = "flex" if config.service_tier == "flex" else "standard"
    return Spending(price, tier, Budget(limit), verifier)


def month_limit(config: RunConfig) -> int | None:
    """Return what all runs together may spend in a calendar month, in nano-dollars; None is no limit."""
    return None if config.max_cost_per_month is None else nano_dollars(config.max_cost_per_month)


def prices(config: RunConfig) -> PriceTable:
    """Return the shipped prices, the user's own before them."""
    own = _text(config.prices) if config.prices else None
    return PriceTable.read(_text(resources.DATA / "prices.yaml"), own, own_name=str(config.prices))


def capabilities(config: RunConfig, model: str | None = None) -> Capabilities:
    """Return what this model, or else the config's, accepts on its server."""
    own = _text(config.models) if config.models else None
    table = ModelTable.read(_text(resources.DATA / "models.yaml"), own, own_name=str(config.models))
    return table.capabilities(model or config.model, server=config.server)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SvitError(f"{path}: it cannot be read: {error}.") from error


def _settings(config: RunConfig, task: Task) -> tuple[TaskSettings, int]:
    """Return what the task is asked with, and the most tokens of its answer."""
    settings = config.tasks.get(task.name, TaskSettings())
    return settings, settings.max_tokens or task.max_tokens


def _room(config: RunConfig, task: Task, tokens: TokenCounter, files: PromptFiles) -> int:
    """Return the tokens that the window leaves for the context of this task. Raises SvitError when they are too few."""
    template, (_, max_tokens) = files.template(task), _settings(config, task)
    if config.context_first:
        room = config.window - max_tokens - tokens.count(template.instructions(files.lead()))
    else:
        room = (config.window - max_tokens - tokens.count(template.text)) // template.holes
    if room < _LEAST_ROOM:
        raise SvitError(
            f"{task.name}: a window of {config.window} tokens leaves {max(room, 0)} for the context, beside the "
            f"prompt file and {max_tokens} tokens of answer. Raise 'window' or lower 'max_tokens'."
        )
    return room


def _recipe(config: RunConfig, task: Task, tokens: TokenCounter, files: PromptFiles, room: int | None) -> PromptRecipe:
    """Return how the task's prompts are made, with this room for the context or else the task's own."""
    settings, max_tokens = _settings(config, task)
    return PromptRecipe(
        template=files.template(task),
        sampling=Sampling(
            model=config.model,
            max_tokens=max_tokens,
            temperature=settings.temperature,
            top_p=settings.top_p,
            seed=config.seed if config.provider == "offline" else config.sampling_seed,
            reasoning_effort=config.reasoning_effort,
            extra_body={} if config.provider == "offline" else config.extra_body,
        ),
        tokens=tokens,
        room=_room(config, task, tokens, files) if room is None else room,
        seed=config.seed,
        questions=files.questions(task),
        lead=files.lead() if config.context_first else "",
    )
