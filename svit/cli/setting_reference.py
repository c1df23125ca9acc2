"""The settings of a config as its own schema has them, for the reference page and the comments of `svit init`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

_FIRST = ("provider", "model", "base_url", "key_env", "key_file")
_KINDS = {"str": "text", "int": "whole number", "float": "number", "Decimal": "number", "bool": "true or false"}
_PAGE_HEAD = """\
# Settings

Every setting of a config. `scripts/make-settings-page` makes this page from the config's own schema: do not edit it.
`svit init` writes a config to start from, `svit config check FILE` looks at one, `svit config show FILE` prints what it
comes to, `svit config list` names those that there are. A relative path is one beside the config file. Options of the
command line (`--model`, `--base-url`, `--seed`, `--max-cost`, `--max-cost-per-month`, `--prompts`, `--verify`) replace
what the config says.
"""
_GROUPS = {
    "": (
        "The config",
        "A config is a YAML file of these keys. None is needed: without a model the offline writer answers.",
    ),
    "tasks": ("Under `tasks`, for each task", "`tasks: {referring: {max_tokens: 900}}`"),
    "verify": ("Under `verify`", "`verify: {model: MODEL, max_tokens: 2048}`, or `verify: MODEL` alone."),
}


@dataclass(frozen=True)
class Setting:
    """One setting: where it stands ("" is the top), its name, and what may be written there, in words."""

    group: str
    name: str
    kind: str
    default: str
    limits: str
    meaning: str


def settings() -> Iterator[Setting]:
    """Yield every setting that a person may write, the config's own first, then those within others."""
    from svit.config import RunConfig, TaskSettings, VerifySettings

    for group, model in (("", RunConfig), ("tasks", TaskSettings), ("verify", VerifySettings)):
        for name in sorted(model.model_fields, key=_place):
            yield _setting(group, name, model.model_fields[name])


def meanings() -> Mapping[str, str]:
    """Return what each setting of the config's top means, by name."""
    return {each.name: each.meaning for each in settings() if not each.group}


def settings_page() -> str:
    """Return the reference page, docs/settings.md."""
    parts, every = [_PAGE_HEAD], list(settings())
    for group, (title, words) in _GROUPS.items():
        rows = [
            f"| `{each.name}` | {each.kind} | {each.default} | {each.limits} | {each.meaning} |"
            for each in every
            if each.group == group
        ]
        head = ["| setting | what it is | default | from - to | what it means |", "|---|---|---|---|---|"]
        parts.append("\n".join([f"## {title}", "", words, "", *head, *rows, ""]))
    return "\n".join(parts)


def _place(name: str) -> int:
    """Return where a setting stands in the page: who is asked comes first, what svit writes itself last."""
    return _FIRST.index(name) if name in _FIRST else len(_FIRST) + (name == "base_url_left_out")


def _setting(group: str, name: str, field: "FieldInfo") -> Setting:
    default = "needed" if field.is_required() else _value(field.get_default(call_default_factory=True))
    return Setting(group, name, _kind(field.annotation), default, _limits(field), (field.description or "").strip())


def _value(value: object) -> str:
    """Return a default as YAML has it; nothing for what is not set."""
    if value is None or value in ({}, ()):
        return "-"
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"


def _kind(annotation: Any) -> str:
    """Return in words what may be written for a field of this type."""
    origin, within = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _kind(within[0])
    if origin in (Union, UnionType):
        return " or ".join(_kind(each) for each in within if each is not NoneType)
    if origin is Literal:
        return ", ".join(f"`{each}`" for each in within)
    if origin is tuple:
        return "list of names"
    if origin is not None and issubclass(origin, Mapping):
        inner = within[1] if len(within) > 1 else Any
        named = getattr(inner, "__name__", "")
        return "see below, by task" if named == "TaskSettings" else f"mapping of {_kind(inner)}"
    name = getattr(annotation, "__name__", "")
    if name == "VerifySettings":
        return "text, or see below"
    return _KINDS.get(name, "path" if name == "Path" else "any value")


def _limits(field: "FieldInfo") -> str:
    """Return the range of a number: from - to, with `above` where the end itself is not in it."""
    low = high = ""
    for each in field.metadata:
        if getattr(each, "ge", None) is not None:
            low = _number(each.ge)
        elif getattr(each, "gt", None) is not None:
            low = f"above {_number(each.gt)}"
        if getattr(each, "le", None) is not None:
            high = _number(each.le)
        elif getattr(each, "lt", None) is not None:
            high = f"below {_number(each.lt)}"
    return " - ".join(filter(None, (low, high))) if high else (f"{low} or more" if low and "above" not in low else low)


def _number(value: float | Decimal) -> str:
    """Return a bound; those of 64 bits are no bound that a person meets."""
    return "" if abs(value) == 2**63 - 1 else f"{value:,}"
