"""What was perhaps meant by a name that does not exist."""

from collections.abc import Iterable
from difflib import get_close_matches

_ALIKE = 0.6
"""The least likeness of two names, 0 to 1, at which one is offered for the other."""


def unknown(kind: str, given: str, names: Iterable[str]) -> str:
    """Return the sentences that say there is no such name, which there are, and which of them was perhaps meant."""
    known = list(names)
    return f"There is no {kind} '{given}'. Choose one of: {', '.join(known)}.{did_you_mean(given, known)}"


def did_you_mean(given: str, names: Iterable[str]) -> str:
    """Return a sentence, a space before it, that names what is spelled like this; nothing where nothing is."""
    by_fold = {name.casefold().replace("-", "_"): name for name in names}
    found = get_close_matches(given.casefold().replace("-", "_"), by_fold, n=1, cutoff=_ALIKE)
    return f" Did you mean '{by_fold[found[0]]}'?" if found else ""
