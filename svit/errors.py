"""The exceptions that a person is told about. Everything else that is raised is a bug."""

import re

_LINE = re.compile(r"line (\d+):")


class SvitError(Exception):
    """Something the user can change. The message is one sentence or two: what happened, where, what to do."""

    exit_code = 2


class DataError(SvitError):
    """An input file is not what it should be. The message names the file, the record and the key."""


class RunLockedError(SvitError):
    """Another process is working in the run folder."""

    exit_code = 75


class StorageError(SvitError):
    """The disk refused a write. What was acknowledged before is intact; the same command continues."""


class FileHeldError(StorageError):
    """Another process holds the file just now. Nothing was changed, and the same may be tried again in a moment."""


class BudgetReachedError(SvitError):
    """The next request might cost more than the ceiling on money leaves."""

    exit_code = 3


class ProviderRefusesError(SvitError):
    """The provider will not go on: a wrong key, no credit, an unknown model, or nobody there."""

    exit_code = 4


class DeadlineReachedError(SvitError):
    """The time that the command was given is over. The same command continues."""

    exit_code = 5


class StalledError(SvitError):
    """Something is open and nothing goes on: a bug in svit. What was settled is safe; the same command continues."""

    exit_code = 70


class ParseError(ValueError):
    """A model's text is not in the task's answer form. The message says what was missed and where."""

    @property
    def line(self) -> int:
        """The line that the message begins with, counted from 1; 0 where it names none."""
        found = _LINE.match(str(self))
        return int(found[1]) if found else 0
