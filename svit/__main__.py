"""`svit` and `python -m svit`."""

import codecs
import os
import sys
from io import TextIOWrapper

from svit.system import interrupts


def main() -> None:
    """Run the command line; it exits with the code that says what happened, a signal that comes early included."""
    interrupts.end_at_once()
    _write_every_character()
    from svit.cli import main as command_line

    command_line()


def _write_every_character() -> None:
    """Have captions and paths in any script written: as UTF-8 where no locale is set, escaped in others.

    Who asks for ASCII by name (PYTHONIOENCODING) gets that.
    """
    is_asked_for = bool(os.environ.get("PYTHONIOENCODING"))
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, TextIOWrapper):
            continue  # closed by who started us
        encoding = codecs.lookup(stream.encoding).name
        if encoding == "ascii" and not is_asked_for:
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
        elif encoding != "utf-8":
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
