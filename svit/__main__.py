"""`svit` and `python -m svit`."""

import io
import sys

from svit import interrupts


def main() -> None:
    """Run the command line; it exits with the code that says what happened, a signal that comes early included."""
    interrupts.end_at_once()
    _say_what_a_console_cannot()
    from svit.cli import main as command_line

    command_line()


def _say_what_a_console_cannot() -> None:
    r"""Have letters that the console's encoding lacks, cp1252 say, written as \u65e5 instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    main()
