"""The tasks, by name, in the order in which SVIT (arXiv 2307.04087) presents them."""

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
