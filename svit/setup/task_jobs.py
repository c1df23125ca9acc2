"""How each task is asked under a config: its prompts and their room, attempts, repairs and the verifier."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from svit import resources
from svit.config import RunConfig, TaskSettings
from svit.errors import SvitError
from svit.prompting.render import PromptRecipe
from svit.prompting.tokens import TokenCounter, token_counter
from svit.records import Sampling
from svit.run.attempts import REPAIRED, Job, Repairs
from svit.run.prompt_files import PromptFiles
from svit.run.verification import Verifier
from svit.tasks import TASKS
from svit.tasks.base import Task

_LEAST_ROOM = 200
"""Tokens of context below which a request makes no sense."""


def asked_as(config: RunConfig, task: Task) -> Task:
    """Return the task with the numbers of this config: of dialogues, and of pairs that are enough for a sample."""
    settings = config.tasks.get(task.name, TaskSettings())
    number = settings.pairs or settings.conversations
    asked = task if number is None else task.asking_for(number)
    return asked if settings.min_pairs is None else replace(asked, min_pairs=settings.min_pairs)


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
