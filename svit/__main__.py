"""`svit` and `python -m svit`."""

from svit import interrupts


def main() -> None:
    """Run the command line; it exits with the code that says what happened, a signal that comes early included."""
    interrupts.end_at_once()
    from svit.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
