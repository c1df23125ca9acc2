"""What a run is made of, as a person writes it down in YAML, and the jobs and the provider that follow from it."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from svit import resources
from svit.errors import SvitError
from svit.pipeline import Job
from svit.providers.base import Provider
from svit.providers.offline import Offline
from svit.records import Sampling
from svit.render import Recipe, Template
from svit.tasks import TASKS, task_named
from svit.tasks.base import Task
from svit.tokens import TokenCounter, token_counter

_LEAST_ROOM = 200
"""Tokens of context below which a request makes no sense."""


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TaskSettings(_Settings):
    """What one task is asked with, where it differs from the task's own default."""

    max_tokens: int | None = Field(default=None, ge=1)
    temperature: float | None = Field(default=None, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)


class RunConfig(_Settings):
    """A run, beside its contexts: who is asked, how often, and how much fits into a request."""

    provider: Literal["offline"] = "offline"
    model: str = "offline"
    seed: int = 0
    attempts: int = Field(default=3, ge=1, le=20)
    window: int = Field(default=128_000, ge=1)
    prompts: Path | None = None
    tasks: Mapping[str, TaskSettings] = {}


def read_config(path: Path, changes: Mapping[str, object]) -> RunConfig:
    """Return the config in this YAML file, with the command line's changes. Raises SvitError naming the wrong key."""
    try:
        read: Any = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError) as error:
        raise SvitError(f"{path}: the config cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        raise SvitError(f"{path}: this is not YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(read, dict):
        raise SvitError(f"{path}: a config is a list of 'key: value' lines.")
    try:
        config = RunConfig.model_validate(
            {**read, **{key: value for key, value in changes.items() if value is not None}}
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise SvitError(f"{path}: '{'.'.join(map(str, first['loc']))}': {first['msg']}.") from error
    for name in config.tasks:
        task_named(name)
    return config


def chosen_tasks(names: Iterable[str]) -> list[Task]:
    """Return the tasks of these names in the order in which they are asked; `all` is every task."""
    wanted = {task.name for name in names for task in (TASKS.values() if name == "all" else [task_named(name)])}
    return [task for task in TASKS.values() if task.name in wanted]


def jobs(config: RunConfig, tasks: Iterable[Task]) -> list[Job]:
    """Return how each task is asked under this config. Raises SvitError when a prompt file is wrong."""
    if config.prompts is not None and not config.prompts.is_dir():
        raise SvitError(f"{config.prompts}: there is no such folder of prompts.")
    tokens = token_counter()
    return [Job(task, _recipe(config, task, tokens), config.attempts) for task in tasks]


def provider(config: RunConfig) -> Provider:
    """Return who answers."""
    match config.provider:
        case "offline":
            return Offline({name: task.write_offline for name, task in TASKS.items()})


def _recipe(config: RunConfig, task: Task, tokens: TokenCounter) -> Recipe:
    text, path = resources.prompt_text(f"{task.name}.txt", folder=config.prompts)
    template = Template(text, name=path)
    settings = config.tasks.get(task.name, TaskSettings())
    max_tokens = settings.max_tokens or task.max_tokens
    room = config.window - max_tokens - tokens.count(template.text)
    if room < _LEAST_ROOM:
        raise SvitError(
            f"{task.name}: a window of {config.window} tokens leaves {max(room, 0)} for the context, beside the "
            f"prompt file and {max_tokens} tokens of answer. Raise 'window' or lower 'max_tokens'."
        )
    return Recipe(
        template=template,
        sampling=Sampling(
            model=config.model,
            max_tokens=max_tokens,
            temperature=settings.temperature,
            top_p=settings.top_p,
            seed=config.seed,
        ),
        tokens=tokens,
        room=room,
        seed=config.seed,
        questions=_questions(config, task),
    )


def _questions(config: RunConfig, task: Task) -> tuple[str, ...]:
    if not task.draws_question:
        return ()
    text, path = resources.prompt_text(f"{task.name}.questions.txt", folder=config.prompts)
    questions = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not questions:
        raise SvitError(f"{path}: there is no question in it. Write one a line.")
    return questions
