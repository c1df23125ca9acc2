"""The next step that fits, after each way in which a run's command ends."""

import shlex
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from svit.cli import messages
from svit.errors import BudgetReachedError, DeadlineReachedError, ProviderRefusesError

Step = tuple[str, str]
"""A command, and what it is good for."""
_WIDTH = 80
_CEILINGS = ("--max-cost", "--max-cost-per-month")


def steps_text(steps: Sequence[Step], head: str = "Next:") -> str:
    """Return the steps under a head, in 80 columns as far as the commands allow it."""
    fitting = [command for command, words in steps if 4 + len(command) + len(words) <= _WIDTH]
    column = max(map(len, fitting), default=0)
    lines = [head]
    for command, words in steps:
        if command not in fitting:
            lines += [f"  {command}", f"      {words}"]
        else:
            padded = command.ljust(min(column, _WIDTH - 4 - len(words)))
            lines.append(f"  {padded}  {words}")
    return "\n".join(lines)


def say_next(steps: Sequence[Step]) -> None:
    """Say the steps; nothing when there are none."""
    if steps:
        messages.say(steps_text(steps))


def command_line(*words: object) -> str:
    """Return a command of svit as a shell reads it."""
    return shlex.join(["svit", *map(str, words)])


def same_command(called: Sequence[str] = (), without: Collection[str] = (), **instead: str) -> str:
    """Return the command of these words, or else the one that this process was called with.

    The options of `without`, which all have a value, are left out; those of `instead` (max_cost for --max-cost) have
    this value, as the last one.
    """
    words: list[str] = []
    given = iter(called or sys.argv[1:])
    changed = {f"--{name.replace('_', '-')}": value for name, value in instead.items()}
    for word in given:
        name, equals, _ = word.partition("=")
        if name not in without and name not in changed:
            words.append(word)
        elif not equals:
            next(given, None)
    line = command_line(*words)
    return " ".join([line, *(f"{name} {value}" for name, value in changed.items())])


def after_end(run: Path, image: object, *, rejected: bool) -> list[Step]:
    """Return the steps after a run that came to its end; `image` is the id of one to look at."""
    steps = [(command_line("regenerate", run), "ask again about what has no sample")] if rejected else []
    if image is not None and not rejected:
        steps.append((command_line("show", run, image), "one image, from its context to its samples"))
    return [
        *steps,
        (command_line("report", run), "one page: yield, cost, flaws, examples"),
        (command_line("export", run, "-f", "llava-next", "-o", "train.jsonl"), "the samples, as a trainer reads them"),
    ]


def after_stop(
    error: BaseException, run: Path, check: str, called: Sequence[str] = (), *, has_samples: bool
) -> list[Step]:
    """Return the steps after a run that was stopped.

    `check` is the command that looks at its endpoint, `called` are the words of the one that goes on: this one's.
    """
    status = (command_line("status", run), "how the run stands")
    export = (command_line("export", run, "-f", "llava-next", "-o", "train.jsonl"), "the samples so far")
    so_far = [status, export] if has_samples else [status]
    if isinstance(error, BudgetReachedError):
        option = _CEILINGS["month" in str(error)]
        higher = same_command(called, **{option.removeprefix("--").replace("-", "_"): "DOLLARS"})
        rest = (command_line("estimate", "--run", run), "what the rest will cost")
        return [rest, (higher, "goes on, with a higher ceiling"), *so_far]
    if isinstance(error, ProviderRefusesError):
        again = (same_command(called), "goes on once that is settled")
        settled = [(check, "what the endpoint says to the config"), again]
        return [*settled, *so_far] if has_samples else settled
    if isinstance(error, DeadlineReachedError | KeyboardInterrupt):
        return [(same_command(called), "goes on where this one stopped"), *so_far]
    return []
