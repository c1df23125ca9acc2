"""What was perhaps meant by a name that does not exist."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

_ALIKE = 0.6
"""The least likeness of two names, 0 to 1, at which one is offered for the other."""


def unknown(kind: str, given: str, names: Iterable[str]) -> str:
    """Return the sentences that say there is no such name, which there are, and which of them was perhaps meant."""
    known = list(names)
    return f"There is no {kind} '{given}'. Choose one of: {', '.join(known)}.{did_you_mean(given, known)}"


def did_you_mean(given: str, names: Iterable[str]) -> str:
    """Return a sentence, a space before it, that names what is spelled like this; nothing where nothing is."""
    return _did_you_mean(given, {name: name for name in names})


def did_you_mean_path(given: Path, paths: Iterable[Path]) -> str:
    """Return such a sentence about a path: one is meant whose last name is spelled like the last of this one."""
    return _did_you_mean(given.name, {path.name: str(path) for path in paths})


def _did_you_mean(given: str, meant: Mapping[str, str]) -> str:
    by_fold = {name.casefold().replace("-", "_"): words for name, words in meant.items()}
    found = get_close_matches(given.casefold().replace("-", "_"), by_fold, n=1, cutoff=_ALIKE)
    return f" Did you mean '{by_fold[found[0]]}'?" if found else ""
