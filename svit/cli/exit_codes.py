"""How a command ends: with a sentence and an exit code, never with a traceback that is not a bug."""

import errno
import functools
import os
import sys
import traceback
from collections.abc import Callable
from typing import ParamSpec

import typer

from svit.cli import messages
from svit.cli.watchdog import BUG, process_watchdog
from svit.errors import SvitError
from svit.system import interrupts
from svit.system.write_errors import known_name

P = ParamSpec("P")
INTERRUPTED = "Interrupted. The same command continues where this one stopped."

_TOO_MANY = (errno.EMFILE, errno.ENFILE)
_REFUSALS = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EAGAIN, errno.EROFS, errno.EACCES, errno.EPERM),
    *(errno.ENAMETOOLONG, errno.ELOOP, errno.ESTALE, *_TOO_MANY),
)
"""What the system may refuse anybody at any time: no bug, wherever it is met."""


def spoken(command: Callable[P, int | None]) -> Callable[P, None]:
    """Return the command with its endings: the returned exit code, or the one that fits what went wrong."""

    @functools.wraps(command)
    def speaking(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            with interrupts.raised():
                code = command(*args, **kwargs) or 0
                sys.stdout.flush()
        except SvitError as error:
            code = error.exit_code
            _say_notes(error)
            messages.log.error(str(error), code)
        except (KeyboardInterrupt, typer.Abort) as interrupt:
            code = interrupts.EXIT_CODE
            _say_notes(interrupt)
            messages.log.error(INTERRUPTED, code)
        except BrokenPipeError:
            # The reader has enough. What was settled is in the journal.
            messages.abandon(sys.stdout)
            code = 0
        except OSError as error:
            if error.errno not in _REFUSALS:
                messages.log.error(BUG, 70, whole=traceback.format_exc())
                raise typer.Exit(70) from None
            messages.abandon(sys.stdout)
            code = 2
            messages.log.error(_refused(error), code)
        except Exception:  # noqa: BLE001 - a bug is shown whole, under a code that no finished run has
            code = 70
            messages.log.error(BUG, code, whole=traceback.format_exc())
        finally:
            process_watchdog.call_off()
        raise typer.Exit(code)

    return speaking


def _say_notes(error: BaseException) -> None:
    """Say the next steps that the command has noted on what ended it. The error itself is the last line."""
    for note in getattr(error, "__notes__", ()):
        messages.say(note)


def _refused(error: OSError) -> str:
    """Return what the system refused, and what to do."""
    name = known_name(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else ""
    if error.errno in _TOO_MANY:
        return f"{name or 'A file'} cannot be opened: {error.strerror}. Raise that limit (ulimit -n)."
    return f"{name or 'stdout'} cannot be written: {error.strerror}."
