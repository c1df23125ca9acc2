"""The tasks, by name, in the order in which SVIT (arXiv 2307.04087) presents them."""

from difflib import get_close_matches

from svit.errors import SvitError
from svit.tasks import complex_reasoning, conversation, detail_description, referring
from svit.tasks.base import Task

TASKS: dict[str, Task] = {
    module.TASK.name: module.TASK for module in (conversation, complex_reasoning, detail_description, referring)
}


def task_named(name: str) -> Task:
    """Return the task of that name; SvitError with the names to choose from for any other."""
    if name not in TASKS:
        near = get_close_matches(name, TASKS, n=1)
        meant = f" Did you mean '{near[0]}'?" if near else ""
        raise SvitError(f"There is no task '{name}'. Choose one of: {', '.join(sorted(TASKS))}.{meant}")
    return TASKS[name]
