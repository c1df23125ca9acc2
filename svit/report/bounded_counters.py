"""Counters whose memory does not grow with a run: what they leave out they say, and what they draw is always the same.

All of them are pure, and none depends on the order in which files are read, except for what `CommonestCounts` prunes.
"""

import hashlib
import itertools
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from heapq import heappush, heappushpop
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
H = TypeVar("H", bound=Hashable)


def rank(*key: object) -> int:
    """Return a number of 64 bits that the key alone decides: a lot that is drawn alike in every process."""
    return _hash(repr(key))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(errors="replace"), digest_size=8).digest(), "big")


class CommonestCounts(Generic[H]):
    """Counts the commonest of any number of things; above `most` different ones the rarer half is forgotten.

    `pruned` is how many occurrences were forgotten so: a count is never too great, and too small by that at most.
    """

    def __init__(self, most: int) -> None:
        """Keep at most so many different things."""
        self.counts: Counter[H] = Counter()
        self.pruned = 0
        self._most = most

    def add(self, things: Iterable[H]) -> None:
        """Count the things."""
        self.counts.update(things)
        if len(self.counts) > self._most:
            kept = self.counts.most_common(self._most // 2)
            self.pruned += self.counts.total() - sum(count for _, count in kept)
            self.counts = Counter(dict(kept))


class DistinctCount:
    """Counts how many different texts there are among any number of them, within about 1 % where it must estimate.

    Exact up to `most` different ones. Beyond, only texts are followed whose hash divides by 2, then by 4, and so on:
    every occurrence of such a text is counted, and their sums are multiplied back.
    """

    def __init__(self, most: int = 100_000) -> None:
        """Follow at most so many different texts."""
        self._counts: dict[int, int] = {}
        self._most = most
        self._step = 1
        self.total = 0

    def add(self, texts: Iterable[str]) -> None:
        """Count the texts."""
        for text in texts:
            self.total += 1
            number = _hash(text)
            if number % self._step == 0:
                self._counts[number] = self._counts.get(number, 0) + 1
        while len(self._counts) > self._most:
            self._step *= 2
            self._counts = {number: count for number, count in self._counts.items() if number % self._step == 0}

    @property
    def different(self) -> int:
        """How many different texts there are, estimated where `is_exact` is False."""
        return min(self.total, len(self._counts) * self._step)

    @property
    def repeated(self) -> float:
        """The share of texts that there are already when they come, in 0..1."""
        followed = sum(self._counts.values())
        return 1 - len(self._counts) / followed if followed else 0.0

    @property
    def is_exact(self) -> bool:
        """Whether every text was followed."""
        return self._step == 1


class RandomDraw(Generic[T]):
    """Draws a few of any number of things, those whose keys have the lowest ranks: the same ones in any order."""

    def __init__(self, size: int, seed: int) -> None:
        """Draw at most so many."""
        self._size, self._seed = size, seed
        self._heap: list[tuple[int, int, T]] = []
        self._came = 0

    def offer(self, thing: T, *key: object) -> None:
        """Take the thing if its key is among those drawn so far."""
        self._came += 1
        entry = (-rank(self._seed, *key), -self._came, thing)
        if len(self._heap) < self._size:
            heappush(self._heap, entry)
        else:
            heappushpop(self._heap, entry)

    def drawn(self) -> list[T]:
        """Return what is drawn, in the order in which it came."""
        return [thing for _, _, thing in sorted(self._heap, key=lambda entry: -entry[1])]


class LengthBin(NamedTuple):
    """How many numbers there are from `low` to `high`, both among them; `open` says that greater ones are too."""

    low: int
    high: int
    times: int
    open: bool


class LengthCounts:
    """Counts whole numbers: words of a text, tokens of a completion. Those above `most` are counted as `most`."""

    def __init__(self, most: int = 20_000) -> None:
        """Tell apart at most so many."""
        self.counts: Counter[int] = Counter()
        self._most = most

    def add(self, length: int, times: int = 1) -> None:
        """Count the number so many times."""
        self.counts[min(length, self._most)] += times

    def update(self, lengths: Sequence[int]) -> None:
        """Count the numbers."""
        if max(lengths, default=0) > self._most:
            lengths = [min(length, self._most) for length in lengths]
        self.counts.update(lengths)

    def quantile(self, share: float) -> int:
        """Return the number that this share of all is not above; 0 when there are none."""
        left = share * self.counts.total()
        for length, count in sorted(self.counts.items()):
            left -= count
            if left <= 0:
                return length
        return 0

    @property
    def mean(self) -> float:
        """Return the mean, 0 when there are none."""
        return sum(length * count for length, count in self.counts.items()) / max(1, self.counts.total())

    def bins(self, most: int = 30) -> list[LengthBin]:
        """Return the numbers in at most so many bins of 1, 2, 5, 10 ... each; the greatest 1 % share the last one."""
        if not self.counts:
            return []
        low, high = min(self.counts), self.quantile(0.99)
        step = next(
            n * 10**e for e in itertools.count() for n in (1, 2, 5) if high // (n * 10**e) - low // (n * 10**e) < most
        )
        first, last = low // step, high // step
        filled = Counter[int]()
        for length, times in self.counts.items():
            filled[min(length // step, last)] += times
        is_open = max(self.counts) // step > last
        return [
            LengthBin(n * step, n * step + step - 1, filled[n], is_open and n == last) for n in range(first, last + 1)
        ]
