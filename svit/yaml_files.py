"""What people write in YAML, read and checked. A fault is one sentence that names the file and the key."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from svit.errors import SvitError

_Model = TypeVar("_Model", bound=BaseModel)


def read_yaml(text: str, *, name: str, plain: bool = False) -> Any:
    """Return what the YAML says, an empty mapping for an empty file. Raises SvitError naming the file.

    With `plain` every scalar stays the text that it is: no float on the way to a Decimal, and 010 is ten.
    """
    try:
        # Either loader makes plain values only; BaseLoader, which ruff does not know, even fewer than SafeLoader.
        return yaml.load(text, Loader=yaml.BaseLoader if plain else yaml.SafeLoader) or {}  # noqa: S506
    except yaml.MarkedYAMLError as error:  # its own words quote the line, which may hold a secret
        mark = error.problem_mark or error.context_mark
        where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise SvitError(f"{name}: this is not YAML: {error.problem or error.context}{where}.") from error
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date that is none, such as 2026-13-45
        raise SvitError(f"{name}: this is not YAML: {' '.join(str(error).split())}.") from error
    except RecursionError as error:
        raise SvitError(f"{name}: this is not YAML that svit reads: its lists or keys are nested too deep.") from error


def checked(model: type[_Model], values: object, *, name: str) -> _Model:
    """Return the values as this model. Raises SvitError naming the file and the first key that is wrong."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        errors = error.errors()
        first = next(
            (each for each in errors if each["type"] == "extra_forbidden"), errors[0]
        )  # it may be the others' cause
        where = f"'{'.'.join(map(str, first['loc']))}': " if first["loc"] else ""
        words = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            words = "there is no such key" + _meant(model, [str(each) for each in first["loc"]])
        raise SvitError(f"{name}: {where}{words}{'' if words.endswith('?') else '.'}") from error


def _meant(model: type[BaseModel], keys: Sequence[str]) -> str:
    """Return what may have been meant instead of a key that is none, by its path; nothing where no key is like it."""
    groups = {above: list(found.model_fields) for above, found in _models(model)}
    here = groups.pop(keys[0] if len(keys) > 1 else "", [])
    if near := get_close_matches(keys[-1], here, n=1):
        return f": did you mean '{near[0]}'?"
    for above, names in groups.items():
        if near := get_close_matches(keys[-1], names, n=1):
            where = f"under '{above}'" if above else "outside of all others"
            return f": did you mean '{near[0]}', which stands {where}?"
    return ""


def _models(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the model, under "", and those in its fields, each under the name of the field."""
    yield "", model
    for name, field in model.model_fields.items():
        for found in _within(field.annotation):
            yield name, found


def _within(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _within(each)


def file_text(path: Path) -> str:
    """Return what is in a file that a person wrote. Raises SvitError for one that cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SvitError(f"{path}: it cannot be read: {error}.") from error
