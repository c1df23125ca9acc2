"""The tasks, by name, in the order in which SVIT (arXiv 2307.04087) presents them."""

from collections.abc import Iterable

from svit.errors import SvitError
from svit.spelling import unknown
from svit.tasks import complex_reasoning, conversation, detail_description, referring
from svit.tasks.base import Task

TASKS: dict[str, Task] = {
    module.TASK.name: module.TASK for module in (conversation, complex_reasoning, detail_description, referring)
}


def task_named(name: str) -> Task:
    """Return the task of that name; SvitError with the names to choose from for any other."""
    if name not in TASKS:
        raise SvitError(unknown("task", name, sorted(TASKS)))
    return TASKS[name]


def chosen_tasks(names: Iterable[str]) -> list[Task]:
    """Return the tasks of these names in the order in which they are asked; `all` is every task, `a,b` are two.

    Raises SvitError for a name that is none, and where no name is given.
    """
    each = [name.strip() for words in names for name in words.split(",") if name.strip()]
    if not each:
        raise SvitError(f"No task is named. Choose one of: {', '.join(sorted(TASKS))}, or all.")
    wanted = {task.name for name in each for task in (TASKS.values() if name == "all" else [task_named(name)])}
    return [task for task in TASKS.values() if task.name in wanted]
