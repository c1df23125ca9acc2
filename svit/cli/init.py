"""`svit init`: a config and prompts to edit, the endpoint looked at, and a few images to see what comes out."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from svit.cli import messages
from svit.cli.annotation_options import (
    Annotations,
    CaptionsOption,
    ContextsOption,
    InstancesOption,
    SharedOption,
    VisualGenomeOption,
)
from svit.cli.command_arguments import parameter_per_field
from svit.cli.config_checks import ConfigCheck, config_checks, exit_code
from svit.cli.configs import checks_text
from svit.cli.generate import GenerateOptions, default_run, label_of
from svit.cli.next_steps import Step, command_line, steps_text
from svit.cli.run_execution import MaxCostOption, RunOptions
from svit.cli.task_option import task_option
from svit.errors import StorageError, SvitError

if TYPE_CHECKING:
    from svit.cli.starting_config import StartingConfig

_CONFIG = "svit.yaml"
_PROMPTS = "prompts"


@dataclass(frozen=True)
class InitArguments:
    """The folder and the options of `svit init`, a field each."""

    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write; made when it is not there.")] = Path()
    model: Annotated[
        str | None, typer.Option("--model", metavar="NAME", help="Who writes, as the server calls it.")
    ] = None
    base_url: Annotated[
        str | None,
        typer.Option("--base-url", metavar="URL", help="The server's address, up to and with /v1. Default: OpenAI's."),
    ] = None
    key_env: Annotated[
        str, typer.Option("--key-env", metavar="NAME", help="The environment variable with the API key in it.")
    ] = "OPENAI_API_KEY"
    provider: Annotated[
        str | None,
        typer.Option("--provider", metavar="NAME", help="openai or offline. Default: offline where no model is named."),
    ] = None
    preview: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Then ask about N images, show what came of them, and price the rest."),
    ] = None
    task: Annotated[list[str] | None, task_option("Tasks of the preview. Default: all.")] = None
    contexts: ContextsOption = None
    visual_genome: VisualGenomeOption = None
    coco_captions: CaptionsOption = None
    coco_instances: InstancesOption = None
    allow_shared_coco_ids: SharedOption = False
    max_cost: MaxCostOption = None

    def annotations(self) -> Annotations:
        """Return the annotations that the options name. Raises SvitError when they do not go together."""
        return Annotations.named(
            self.contexts, self.visual_genome, self.coco_captions, self.coco_instances, self.allow_shared_coco_ids
        )


@parameter_per_field
def init(given: InitArguments) -> int:
    """Write a config and the prompt files to edit into a folder, and look whether the endpoint is there.

    Nothing that is there is overwritten. With --preview, a few images are asked about: of the annotations that are
    named, or of the bundled sample.
    """
    from svit.config import read_config
    from svit.run.folder import RunFolder
    from svit.setup.chosen_provider import provider as asked
    from svit.setup.run_spending import spending
    from svit.setup.task_jobs import jobs
    from svit.tasks import chosen_tasks

    model, base_url, preview = given.model, given.base_url, given.preview
    start = _start(_who(given.provider, model, base_url), model, base_url, given.key_env)
    tasks = chosen_tasks(given.task or ["all"])
    annotations = given.annotations()
    config = _write(given.folder, start)
    settings = read_config(config, {"max_cost": given.max_cost})
    run = given.folder / default_run(annotations, tasks, settings, label_of(str(config), None))
    names = ",".join(each.name for each in tasks) if given.task else "all"
    called = _called(given, names, config, annotations, run)
    found = list(config_checks(settings, ask=True))
    messages.say(checks_text(found))
    if code := exit_code(found):
        raise _refused(found, code, config, command_line(*called, "--preview", preview or 3))
    if preview is None:
        messages.say(steps_text(_next(config, called, settings.provider)))
        return 0
    todo = jobs(settings, tasks)
    wish = RunOptions(
        check=command_line("config", "check", config, "--endpoint"), called=[*called, "--preview", str(preview)]
    )
    order = GenerateOptions(RunFolder(run), settings, todo, annotations, spending(settings), wish)
    return order.preview(asked(settings, messages.say, messages.log.hide), preview)


def _called(given: InitArguments, tasks: str, config: Path, annotations: Annotations, run: Path) -> list[str]:
    """Return the words of the command that generates by this config."""
    called = ["generate", "--task", tasks, "--config", str(config)]
    called += [str(word) for word in _annotation_words(annotations)]
    called += ["--run", str(run)] if given.folder != Path() else []
    called += ["--max-cost", given.max_cost] if given.max_cost else []
    return called


def _who(provider: str | None, model: str | None, base_url: str | None) -> Literal["offline", "openai"]:
    """Return who is to answer. Raises SvitError for options that do not go together."""
    if provider not in (None, "offline", "openai"):
        raise SvitError(f"--provider: '{provider}' is none of offline, openai (any server that speaks the OpenAI API).")
    if provider == "offline" and (model or base_url):
        raise SvitError("--provider offline asks no model: leave --model and --base-url out.")
    if base_url and not model:
        raise SvitError("--base-url: name the model too, as that server calls it: --model NAME.")
    if provider == "openai" and not model:
        raise SvitError("--provider openai: name the model too: --model NAME.")
    return "openai" if model else "offline"


def _start(
    provider: Literal["offline", "openai"], model: str | None, base_url: str | None, key_env: str
) -> "StartingConfig":
    """Return what the config begins with. Raises SvitError for an address or a variable's name that is none."""
    from svit.cli.starting_config import StartingConfig
    from svit.config import changed
    from svit.setup.chosen_provider import capabilities

    given = {"provider": provider, "model": model, "base_url": base_url, "key_env": key_env}
    settings = changed({}, given, name="svit init")
    settings.check_names()
    settings.check_address()
    efforts = capabilities(settings).reasoning_efforts or ()
    effort = "none" if provider == "openai" and "none" in efforts else None
    return StartingConfig(
        provider, model or ("offline" if provider == "offline" else ""), settings.base_url, key_env, effort
    )


def _write(folder: Path, start: "StartingConfig") -> Path:
    """Write the config and the prompt files, and return the config's path. Raises SvitError when one is there."""
    from svit.cli.setting_reference import meanings
    from svit.resources import PROMPTS

    config = folder / _CONFIG
    texts = {config: start.text(meanings()).encode()}
    texts |= {folder / _PROMPTS / file.name: file.read_bytes() for file in sorted(PROMPTS.glob("*.txt"))}
    if there := [str(path) for path in texts if path.exists() or path.is_symlink()]:
        more = f" and {len(there) - 3} more" if len(there) > 3 else ""
        verb = "is" if len(there) == 1 else "are"
        raise SvitError(
            f"{', '.join(there[:3])}{more} {verb} there already, and nothing was written. Name another folder: svit "
            f"init DIR"
        )
    try:
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as file:
                file.write(text)
    except OSError as error:
        raise StorageError(f"{error.filename or folder}: it cannot be written: {error.strerror}.") from error
    messages.say(f"{config}: the config. {folder / _PROMPTS}/: {len(texts) - 1} prompt files to edit.")
    return config


def _annotation_words(annotations: Annotations) -> Iterator[object]:
    """Yield the options that name these annotations again."""
    if annotations.contexts:
        yield from ("--contexts", annotations.contexts)
    named = {
        "--visual-genome": annotations.visual_genome,
        "--coco-captions": annotations.coco_captions,
        "--coco-instances": annotations.coco_instances,
    }
    for option, paths in named.items():
        for path in paths:
            yield from (option, path)
    if annotations.allow_shared_coco_ids:
        yield "--allow-shared-coco-ids"


def _refused(found: "list[ConfigCheck]", code: int, config: Path, preview: str) -> SvitError:
    """Return the error that says what is wrong, and that what was written stays."""
    why = next(each.words for each in found if each.state == "wrong")
    error = SvitError(f"{why} The files are written: {config} is where to put it right.")
    error.exit_code = code
    steps = [(command_line("config", "check", config, "--endpoint"), "looks again"), (preview, "a few images, then")]
    error.add_note(steps_text(steps))
    return error


def _next(config: Path, called: "list[str]", provider: str) -> "list[Step]":
    """Return the steps after a config that is right."""
    what = "a few images, free" if provider == "offline" else "a few images, and what the others will cost"
    return [
        (command_line(*called, "--preview", 3), what),
        (command_line("config", "check", config), "after an edit"),
        (command_line("contexts", "build", "--help"), "your own annotations"),
    ]
