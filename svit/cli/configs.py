"""`svit config`: which configs there are, what one comes to, and whether it is right."""

import itertools
import shutil
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from svit.cli import messages
from svit.cli.completion import matching_configs
from svit.cli.config_options import BaseUrlOption, ModelOption, config_with
from svit.cli.exit_codes import spoken
from svit.cli.json_option import JsonOption
from svit.cli.next_steps import command_line, steps_text
from svit.errors import SvitError

if TYPE_CHECKING:
    from svit.cli.config_checks import ConfigCheck
    from svit.config import RunConfig

app = typer.Typer(
    help="Configs: which there are, what one comes to, whether it is right.",
    no_args_is_help=True,
    rich_markup_mode=None,
    epilog="To write a config of your own: svit init --help.",
)
_WIDTH = 80
_MARKS = {"right": "ok", "warning": "note", "wrong": "WRONG"}
ConfigArgument = Annotated[
    str,
    typer.Argument(
        metavar="NAME|FILE",
        help="A shipped config by its name, a file, or a run folder.",
        autocompletion=matching_configs,
    ),
]


@app.command("list", short_help="The shipped ones, and those of a folder.")
@spoken
def list_configs(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to look for your own.")] = Path(),
    as_json: JsonOption = False,
) -> None:
    """List the configs that ship with svit and those in a folder, with what each is for."""
    import msgspec

    from svit.resources import CONFIGS

    shipped = [_listed(file, file.stem) for file in sorted(CONFIGS.glob("*.yaml"))]
    own = [
        _listed(file, str(file)) for file in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]) if _is_ours(file)
    ]
    if as_json:
        messages.show(msgspec.json.encode([*shipped, *own]).decode())
        return
    rows = [(each["name"], each.get("provider", ""), each.get("model", "")) for each in (*shipped, *own)]
    words = [f"wrong: {each['error']}" if "error" in each else each["purpose"] for each in (*shipped, *own)]
    messages.show(_beside_or_below(messages.table(rows, indent="").splitlines(), words))


def _beside_or_below(lines: Sequence[str], words: Sequence[str]) -> str:
    """Return each line with its words: beside it where all of them fit the terminal, otherwise below it."""
    widest = max(map(len, lines))
    if widest + 2 + max(map(len, words)) <= shutil.get_terminal_size((_WIDTH, 24)).columns:
        return "\n".join(f"{line.ljust(widest)}  {each}".rstrip() for line, each in zip(lines, words, strict=True))
    pairs = zip(lines, (messages.folded(f"    {each}", indent="    ") for each in words), strict=True)
    return "\n".join(f"{line}\n{below}".rstrip() for line, below in pairs)


@app.command("show", short_help="What a config comes to, as YAML.")
@spoken
def show_config(
    config: ConfigArgument,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    defaults: Annotated[
        bool, typer.Option("--defaults/--no-defaults", help="Show what the config leaves as it is by default, too.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Print what a config comes to, as YAML; what is a default is marked. Secrets are not shown."""
    import msgspec

    settings = _read(config, model, base_url)
    shown = settings.model_dump(mode="json", exclude_defaults=not defaults)
    if as_json:
        messages.show(msgspec.json.encode(_numbers(shown)).decode())
        return
    for line in _yaml(settings, _numbers(shown)):
        messages.show(line)


@app.command("check", short_help="Say whether a config is right.")
@spoken
def check_config(
    config: ConfigArgument,
    model: ModelOption = None,
    base_url: BaseUrlOption = None,
    endpoint: Annotated[
        bool, typer.Option("--endpoint", help="Ask the endpoint, too, for its models: that costs nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Say whether a config is right: its keys, prompt files, window, price and API key.

    Exits with 2 when something must be changed, with 4 when the endpoint refuses.
    """
    import msgspec

    from svit.cli.config_checks import ConfigCheck, config_checks, exit_code

    try:
        found = list(config_checks(_read(config, model, base_url), ask=endpoint))
    except SvitError as error:
        if not as_json:
            raise
        found = [ConfigCheck("config", "wrong", str(error), error.exit_code)]
    code = exit_code(found)
    if as_json:
        messages.show(msgspec.json.encode({"config": config, "right": not code, "checks": found}).decode())
        return code
    messages.show(checks_text(found))
    if code:
        messages.say(f"svit: {config}: something is wrong with it, see above.")
    elif not endpoint and any(each.subject == "key" for each in found):
        messages.say(steps_text([(command_line("config", "check", config, "--endpoint"), "asks the endpoint, too")]))
    return code


@app.command("settings", short_help="Every setting, and what it means.")
@spoken
def describe_settings() -> None:
    """Print every setting with its type, default, range and meaning: the page docs/settings.md, in Markdown."""
    from svit.cli.setting_reference import settings_page

    messages.show(settings_page().rstrip("\n"))


def checks_text(found: "Sequence[ConfigCheck]") -> str:
    """Return what was found, a row each, in 80 columns."""
    widest = max(len(each.subject) for each in found)
    lines = []
    for each in found:
        head = f"{_MARKS[each.state].ljust(5)}  {each.subject.ljust(widest)}  "
        below = " " * len(head)
        lines.append(
            textwrap.fill(each.words, _WIDTH, initial_indent=head, subsequent_indent=below, break_long_words=False)
        )
    return "\n".join(lines)


def _read(config: str, model: str | None, base_url: str | None) -> "RunConfig":
    """Return the settings of a config, or of a run as it was last made."""
    from svit.resources import config_path

    if Path(config).is_dir():
        from svit.cli.existing_run import PastRun

        changes = {"model": model, "base_url": base_url}
        return PastRun.read(Path(config), changes).settings
    return config_with(config_path(config), {}, model=model, base_url=base_url)


def _is_ours(file: Path) -> bool:
    """Whether a YAML file seems to be a config of svit: it names a provider or a model, half of its keys are known."""
    from svit.config import RunConfig
    from svit.yaml_files import read_yaml

    try:
        read = read_yaml(file.read_text(encoding="utf-8"), name=str(file))
    except (OSError, UnicodeDecodeError, SvitError):
        return False
    known = RunConfig.model_fields.keys()
    return (
        isinstance(read, dict)
        and bool({"provider", "model"} & read.keys())
        and len(known & read.keys()) * 2 >= len(read)
    )


def _listed(file: Path, name: str) -> dict[str, str]:
    """Return what the list says of a config: its provider and model, or what is wrong with it, and what it is for."""
    from svit.config import read_config

    listed = {"name": name, "file": str(file), "purpose": _purpose(file)}
    try:
        settings = read_config(file, {})
    except SvitError as error:
        return {**listed, "error": str(error).removeprefix(f"{file}: ")}
    return {**listed, "provider": settings.provider, "model": settings.model}


def _purpose(file: Path) -> str:
    """Return the first sentence of a config's first comment."""
    lines = itertools.takewhile(lambda line: line.strip("# "), file.read_text(encoding="utf-8").splitlines())
    comment = " ".join(line.strip("# ") for line in lines if line.startswith("#"))
    sentence, stop, _ = comment.partition(". ")
    return sentence + stop.strip()


def _numbers(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with amounts of money as numbers, which JSON's form of them keeps as text."""
    return {
        key: float(value) if key.startswith("max_cost") and value is not None else value
        for key, value in values.items()
    }


def _yaml(settings: "RunConfig", shown: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the settings as YAML, those that are defaults marked."""
    import yaml

    from svit.config import RunConfig

    defaults = RunConfig().model_dump(mode="json")
    for key, value in shown.items():
        text = yaml.safe_dump({key: value}, sort_keys=False, allow_unicode=True, default_flow_style=False).rstrip()
        is_default = key in defaults and defaults[key] == settings.model_dump(mode="json")[key]
        yield f"{text}  # default" if is_default else text
