"""What one would do next, said after a command in lines that fit a terminal and are there to be copied."""

import shlex
import shutil
from collections.abc import Iterable

from svit.cli import talk


def svit_command(*words: object) -> str:
    """Return the command line of svit with these words, as a shell takes them."""
    return shlex.join(["svit", *map(str, words)])


def say_next(steps: Iterable[tuple[str, str]]) -> None:
    """Say these commands, each with what it is for; nothing when there are none."""
    if rows := list(steps):
        talk.say("Next:")
        talk.say(steps_text(rows, shutil.get_terminal_size((80, 24)).columns))


def steps_text(rows: list[tuple[str, str]], columns: int) -> str:
    """Return the commands, what each is for beside it where all of them fit into so many columns, else beneath it."""
    beside = talk.table(rows)
    if max(map(len, beside.splitlines())) <= columns:
        return beside
    return "\n".join(f"  {command}\n      {words}" for command, words in rows)
