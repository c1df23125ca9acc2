"""The option that names tasks, alike in every command: `--task a --task b`, `--task a,b` and `--tasks a,b`.

A command writes `task: Annotated[list[str] | None, task_option("Only these tasks.")] = None` and gives what it gets to
`svit.tasks.chosen_tasks`, which splits it, or to `task_names`.
"""

from collections.abc import Iterable
from typing import Any

import typer

from svit.cli.completion import matching_tasks
from svit.errors import SvitError


def task_option(words: str) -> Any:
    """Return the option that names tasks; `words` begin its help, and the ways to write it follow."""
    return typer.Option(
        "--task",
        "--tasks",
        metavar="NAME",
        help=f"{words} Repeatable, or a,b; 'svit tasks' lists all.",
        autocompletion=matching_tasks,
    )


def task_names(given: Iterable[str] | None) -> list[str]:
    """Return the names of the tasks that the words of such an option mean, `all` being every one; [] for no option.

    In the order in which tasks are asked. Raises SvitError for a name that is none.
    """
    from svit.tasks import chosen_tasks

    words = list(given or ())
    return [task.name for task in chosen_tasks(words)] if words else []


def one_task_name(given: Iterable[str] | None) -> str | None:
    """Return the one task that the option names, None without it. Raises SvitError when there are several."""
    names = task_names(given)
    if len(names) > 1:
        raise SvitError(f"Name one task, not {len(names)}. 'svit tasks' lists them.")
    return names[0] if names else None
