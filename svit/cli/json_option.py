"""The option of every command that prints a table: the same as JSON, for machines."""

from typing import Annotated

import typer

JsonOption = Annotated[bool, typer.Option("--json", "-j", help="Print it as JSON, for machines.")]
