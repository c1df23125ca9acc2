"""What the simulator counts: what came, what it billed, and how often for the same body."""

import hashlib
from collections import Counter
from typing import NamedTuple


def body_key(body: bytes | memoryview) -> int:
    """Return the number that the books know a request body by; in JSON it is written as 16 hexadecimal digits."""
    return int.from_bytes(hashlib.blake2b(body, digest_size=8).digest())


class Tokens(NamedTuple):
    """What is billed for one answer. `cached` and `cache_written` are parts of `prompt`."""

    prompt: int
    completion: int
    cached: int = 0
    cache_written: int = 0
    flex: bool = False


_SUMS = ("requests", "billed", "prompt_tokens", "completion_tokens", "cached_tokens", "cache_write_tokens")


class _Accounts:
    """Requests of one price: sums by the fault that befell them, and two small numbers per body.

    These are how often it was admitted and how often it was billed.
    """

    def __init__(self) -> None:
        self.kinds: dict[str, Counter[str]] = {}
        self._seen: Counter[int] = Counter()
        self._billed: Counter[int] = Counter()

    def admitted(self, key: int) -> int:
        """Count a body, and return the how-manieth time it is seen."""
        self._seen[key] += 1
        return self._seen[key]

    def settled(self, key: int, kind: str, billed: Tokens | None) -> None:
        """Count the end of what was admitted."""
        if billed is not None:
            self._billed[key] += 1
        _add(self.kinds.setdefault(kind, Counter()), billed)

    @property
    def seen(self) -> int:
        """How many requests were admitted."""
        return self._seen.total()

    def report(self) -> dict[str, object]:
        """Return the sums, and the tallies by fault and by body."""
        sums: Counter[str] = Counter()
        for counts in self.kinds.values():
            sums.update(counts)
        return {
            **_ledger(sums),
            "billed_again": sum(times - 1 for times in self._billed.values()),
            "kinds": {kind: _ledger(counts) for kind, counts in self.kinds.items()},
            "bodies": {f"{key:016x}": [seen, self._billed.get(key, 0)] for key, seen in self._seen.items()},
        }


class RequestCounts:
    """Counts. A request is billed when its answer is ready, even if nobody is there to hear it any more.

    Lines of batches have accounts of their own, for they have another price; limits and clocks know nothing of them.
    """

    def __init__(self, started: float) -> None:
        """Begin with nothing; `started` is the clock's time that the seconds count from."""
        self._started = started
        self.in_flight = 0
        self.most_in_flight = 0
        self._online = _Accounts()
        self._batch = _Accounts()
        self._batches: Counter[str] = Counter()
        self._statuses: Counter[int] = Counter()
        self._seconds: dict[int, list[int]] = {}
        self._limited: Counter[str] = Counter()
        self._unheard: Counter[str] = Counter()
        self._flex: Counter[str] = Counter()

    def replied(self, status: int) -> None:
        """Count a reply by its status."""
        self._statuses[status] += 1

    def admitted(self, key: int, weight: int, now: float) -> int:
        """Count a request that the limits let in, and return the how-manieth time that body is seen."""
        second = self._second(now)
        second[0] += 1
        second[2] += weight
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        return self._online.admitted(key)

    def limited(self, kind: str, now: float) -> None:
        """Count a request that a limit refused."""
        self._limited[kind] += 1
        self._second(now)[1] += 1

    def settled(self, key: int, kind: str, billed: Tokens | None, heard: bool) -> None:
        """Count the end of an admitted request; `kind` is the fault that befell it, `none` for no fault."""
        self.in_flight -= 1
        self._online.settled(key, kind, billed)
        if not heard:
            _add(self._unheard, billed)
        if billed is not None and billed.flex:
            _add(self._flex, billed)

    def line_admitted(self, key: int) -> int:
        """Count a line of a batch, and return the how-manieth time that its body is seen in batches."""
        return self._batch.admitted(key)

    def line_settled(self, key: int, kind: str, billed: Tokens | None) -> None:
        """Count the end of a line of a batch."""
        self._batch.settled(key, kind, billed)

    def batch(self, state: str) -> None:
        """Count a batch when it is made, as `made`, and again in the state that it ends in."""
        self._batches[state] += 1

    def report(self) -> dict[str, object]:
        """Return the books as JSON writes them.

        `kinds` has the sums by fault, `unheard` those whose client had gone, `flex` what was answered in that tier; all
        are parts of the totals. `batch` has the lines of batches, which are not. `seconds` has rows of a second since
        the start, requests admitted, refused, and tokens admitted as limits count them.
        """
        online = self._online.report()
        return {
            **online,
            "requests": self._online.seen + self._limited.total(),
            "admitted": self._online.seen,
            "settled": online["requests"],
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
            "unheard": _ledger(self._unheard),
            "flex": _ledger(self._flex),
            "batch": {**self._batch.report(), "batches": dict(self._batches)},
            "limited": dict(self._limited),
            "statuses": {str(status): count for status, count in sorted(self._statuses.items())},
            "seconds": [[second, *counts] for second, counts in sorted(self._seconds.items())],
        }

    def _second(self, now: float) -> list[int]:
        return self._seconds.setdefault(int(now - self._started), [0, 0, 0])


def _add(counts: Counter[str], billed: Tokens | None) -> None:
    counts["requests"] += 1
    if billed is not None:
        counts["billed"] += 1
        counts["prompt_tokens"] += billed.prompt
        counts["completion_tokens"] += billed.completion
        if billed.cached or billed.cache_written:
            counts["cached_tokens"] += billed.cached
            counts["cache_write_tokens"] += billed.cache_written


def _ledger(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in _SUMS}
