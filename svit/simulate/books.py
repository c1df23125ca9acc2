"""What the simulator counts: what came, what it billed, and how often for the same body."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple


def body_key(body: bytes) -> int:
    """Return the number that the books know a request body by; in JSON it is written as 16 hexadecimal digits."""
    return int.from_bytes(hashlib.blake2b(body, digest_size=8).digest())


class Tokens(NamedTuple):
    """What is billed for one answer."""

    prompt: int
    completion: int


class Books:
    """Counts. A request is billed when its answer is ready, even if nobody is there to hear it any more.

    `kind` is the fault that befell a request, `none` for no fault. Per body only two small numbers are kept: how often
    it was admitted and how often it was billed.
    """

    def __init__(self, started: float) -> None:
        """Begin with nothing; `started` is the clock's time that the seconds count from."""
        self._started = started
        self.in_flight = 0
        self.most_in_flight = 0
        self._seen: Counter[int] = Counter()
        self._billed: Counter[int] = Counter()
        self._kinds: dict[str, Counter[str]] = {}
        self._statuses: Counter[int] = Counter()
        self._seconds: dict[int, list[int]] = {}
        self._limited: Counter[str] = Counter()
        self._unheard: Counter[str] = Counter()

    def replied(self, status: int) -> None:
        """Count a reply by its status."""
        self._statuses[status] += 1

    def admitted(self, key: int, weight: int, now: float) -> int:
        """Count a request that the limits let in, and return the how-manieth time that body is seen."""
        second = self._second(now)
        second[0] += 1
        second[2] += weight
        self._seen[key] += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        return self._seen[key]

    def limited(self, kind: str, now: float) -> None:
        """Count a request that a limit refused."""
        self._limited[kind] += 1
        self._second(now)[1] += 1

    def settled(self, key: int, kind: str, billed: Tokens | None, heard: bool) -> None:
        """Count the end of an admitted request."""
        self.in_flight -= 1
        counts = self._kinds.setdefault(kind, Counter())
        counts["requests"] += 1
        if not heard:
            self._unheard["requests"] += 1
        if billed is None:
            return
        self._billed[key] += 1
        for entry in (counts, self._unheard) if not heard else (counts,):
            entry["billed"] += 1
            entry["prompt_tokens"] += billed.prompt
            entry["completion_tokens"] += billed.completion

    def report(self) -> dict[str, object]:
        """Return the books as JSON writes them.

        `kinds` has the sums by fault, `unheard` those whose client had gone; both are parts of the totals. `seconds`
        has rows of a second since the start, requests admitted, refused, and tokens admitted as limits count them.
        """
        sums: Counter[str] = Counter()
        for counts in self._kinds.values():
            sums.update(counts)
        return {
            "requests": self._seen.total() + self._limited.total(),
            "admitted": self._seen.total(),
            "settled": sums["requests"],
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
            "billed": sums["billed"],
            "prompt_tokens": sums["prompt_tokens"],
            "completion_tokens": sums["completion_tokens"],
            "billed_again": sum(times - 1 for times in self._billed.values()),
            "unheard": _ledger(self._unheard),
            "kinds": {kind: _ledger(counts) for kind, counts in self._kinds.items()},
            "limited": dict(self._limited),
            "statuses": {str(status): count for status, count in sorted(self._statuses.items())},
            "seconds": [[second, *counts] for second, counts in sorted(self._seconds.items())],
            "bodies": dict(self._bodies()),
        }

    def _bodies(self) -> Iterator[tuple[str, list[int]]]:
        for key, seen in self._seen.items():
            yield f"{key:016x}", [seen, self._billed.get(key, 0)]

    def _second(self, now: float) -> list[int]:
        return self._seconds.setdefault(int(now - self._started), [0, 0, 0])


def _ledger(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in ("requests", "billed", "prompt_tokens", "completion_tokens")}
