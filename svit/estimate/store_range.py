"""Positions of a store at which the same tasks are missing, and draws from them."""

from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import NamedTuple


class StoreRange(NamedTuple):
    """The positions of a store at which the same tasks are missing."""

    jobs: tuple[int, ...]
    positions: Sequence[range]

    def __len__(self) -> int:
        return sum(map(len, self.positions))

    def drawn(self, number: int) -> Iterator[int]:
        """Yield so many positions: one from each of as many equal stretches, where in it by lot, always the same."""
        lot = Random(number)  # noqa: S311 - a store may repeat itself, so equal steps could meet the same kind always
        start, ranges = 0, iter(self.positions)
        here = next(ranges)
        for index in range(number):
            wanted = lot.randrange(index * len(self) // number, (index + 1) * len(self) // number)
            while wanted - start >= len(here):
                start += len(here)
                here = next(ranges)
            yield here[wanted - start]


def store_ranges(missing: Iterable[tuple[range, tuple[int, ...]]]) -> list[StoreRange]:
    """Return the positions by the jobs that are missing there, those without any left out."""
    parts: dict[tuple[int, ...], list[range]] = {}
    for positions, jobs in missing:
        if jobs and positions:
            parts.setdefault(jobs, []).append(positions)
    return [StoreRange(jobs, ranges) for jobs, ranges in parts.items()]
