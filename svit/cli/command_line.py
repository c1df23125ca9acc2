"""Commands and groups as typer makes them, with examples in their help and every refusal in one sentence."""

import re
import sys
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from svit.cli import messages
from svit.cli.examples import EXAMPLES
from svit.cli.exit_codes import INTERRUPTED
from svit.system.interrupts import EXIT_CODE

_NUMBER = re.compile(r"-?[0-9]*\.?[0-9]+")
_UsageError: type[Any] = typer.BadParameter.__bases__[0]
"""What typer raises for words that a command does not take; which library it comes from depends on typer's version."""


_LEFT_OUT = {"--watch": "2"}
"""Options that may stand without their value, and what it is then."""


class Command(TyperCommand):
    """A command whose help ends with examples. Some of its options may stand without their value."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words; where the value of such an option is left out, it is the usual one."""
        options = {name for parameter in self.params for name in parameter.opts}
        words = []
        for word, after in zip_longest(args, args[1:]):
            words.append(word)
            if word in _LEFT_OUT and word in options and not _NUMBER.fullmatch(after or ""):
                words.append(_LEFT_OUT[word])
        return super().parse_args(ctx, words)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples, then what else there is."""
        _write_examples(ctx, formatter)
        super().format_epilog(ctx, formatter)


class Group(TyperGroup):
    """A group whose help ends with examples, and which says in one sentence what it does not understand."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples, then what else there is."""
        _write_examples(ctx, formatter)
        super().format_epilog(ctx, formatter)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line and exit: with 2 and a sentence for words that it does not take."""
        try:
            code = super().main(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except _UsageError as error:
            if not standalone_mode:
                raise
            code = _refuse(error, sys.argv[1:] if args is None else args)
        except typer.Abort:
            code = EXIT_CODE
            messages.log.error(INTERRUPTED, code)
        if standalone_mode:
            sys.exit(code if isinstance(code, int) else 0)
        return code


def _refuse(error: Any, words: Sequence[str]) -> int:
    """Say what was not understood, and where to read on; return the exit code."""
    if type(error).show is not _UsageError.show:  # no words at all: it shows the help
        error.show()
    else:
        if "--log-json" in words:
            messages.to_machines()
        messages.log.error(_sentence(error), error.exit_code)
    return int(error.exit_code)


def _sentence(error: Any) -> str:
    meant = getattr(error, "possibilities", None)
    said = str(error.message if meant else error.format_message()).strip().rstrip(".")
    end = "" if said.endswith("?") else "."
    return " ".join(
        [
            said + end,
            *([f"Did you mean '{meant[0]}'?"] if meant else []),
            *([f"See '{error.ctx.command_path} --help'."] if error.ctx else []),
        ]
    )


def _write_examples(ctx: Any, formatter: Any) -> None:
    """Write the examples of a command, each on a line of its own and none broken: they are there to be copied."""
    if lines := EXAMPLES.get(_path(ctx)):
        with formatter.section("Examples"):
            for line in lines:
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")


def _path(ctx: Any) -> str:
    """Return the words that lead to a command, the program's name not among them."""
    words = []
    while ctx.parent is not None:
        words.append(ctx.info_name)
        ctx = ctx.parent
    return " ".join(reversed(words))
