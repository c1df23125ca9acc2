"""Commands whose options are the fields of a dataclass, so that what was given has one name on its way."""

import functools
from collections.abc import Callable
from dataclasses import MISSING, fields
from inspect import Parameter, Signature
from typing import TypeVar, get_type_hints

Arguments = TypeVar("Arguments")
Returned = TypeVar("Returned")


def parameter_per_field(command: Callable[[Arguments], Returned]) -> Callable[..., Returned]:
    """Return a command of one dataclass as typer reads it: with a parameter for each of its fields, in their order."""
    [arguments] = (hint for name, hint in get_type_hints(command).items() if name != "return")

    @functools.wraps(command)
    def called(**given: object) -> Returned:
        return command(arguments(**given))

    parameters = [
        Parameter(
            field.name,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if field.default is MISSING else field.default,
            annotation=field.type,
        )
        for field in fields(arguments)
    ]
    vars(called)["__signature__"] = Signature(parameters)
    return called
