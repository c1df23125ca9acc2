"""A number of things, in words."""


def number_of(count: int, one: str, more: str = "") -> str:
    """Return how many things there are: `1 reply`, `2,000 replies`; `more` is the plural that takes more than an s."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"
