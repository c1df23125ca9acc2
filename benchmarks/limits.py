"""How much of known limits is used, and how near the best number in flight unknown ones are met. All simulated.

    python -m benchmarks.limits
    python -m benchmarks.limits live     (benchmarks/limits_live.py: in real time, against the simulator)

Discrete events on a clock of their own; the tests run the same simulations. Figures are shares: of the limit, of all
answers that were a 429, and of what the best fixed number in flight brings.
"""

import heapq
import math
import random
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from svit.providers.limits.adaptive_concurrency import AdaptiveConcurrency, RequestEnd
from svit.providers.limits.limit_headers import LimitReading
from svit.providers.limits.rate_limit import BURST, SPAN, RateLimit, Ticket

Event = Callable[[], None]
Speed = Callable[[int], float]


class Clock:
    """A queue of events."""

    def __init__(self) -> None:
        """Begin at 0 seconds."""
        self.now = 0.0
        self._events: list[tuple[float, int, Event]] = []
        self._order = count()

    def at(self, then: float, event: Event) -> None:
        """Call the event then, or now when that has passed."""
        heapq.heappush(self._events, (max(then, self.now), next(self._order), event))

    def run(self, until: float) -> None:
        """Run all events before this time."""
        while self._events and self._events[0][0] < until:
            self.now, _, event = heapq.heappop(self._events)
            event()
        self.now = until


# --- servers that enforce limits ---


class Bucket:
    """Refilled continuously; holds `span` seconds' worth of the limit."""

    def __init__(self, limit: int, span: float) -> None:
        """Take a limit a minute, enforced over so many seconds."""
        self.rate = limit / 60
        self.capacity = self.left = self.rate * span
        self._at = 0.0

    def wait(self, cost: int, now: float) -> float:
        """Return the seconds until the cost fits: 0 when it fits now."""
        self.left = min(self.capacity, self.left + (now - self._at) * self.rate)
        self._at = now
        return max(0.0, (min(cost, self.capacity) - self.left) / self.rate)

    def take(self, cost: int, _now: float) -> None:
        """Charge a cost."""
        self.left -= cost


class Sliding:
    """Counts what came within the last `span` seconds."""

    def __init__(self, limit: int, span: float) -> None:
        """Take a limit a minute, enforced over so many seconds."""
        self.capacity = self.left = limit * span / 60
        self.span = span
        self._taken: deque[tuple[float, int]] = deque()

    def wait(self, cost: int, now: float) -> float:
        """Return the seconds until something more leaves the window: 0 when the cost fits now."""
        while self._taken and self._taken[0][0] + self.span <= now:
            self.left += self._taken.popleft()[1]
        return 0.0 if cost <= self.left else self._taken[0][0] + self.span - now

    def take(self, cost: int, now: float) -> None:
        """Charge a cost."""
        self._taken.append((now, cost))
        self.left -= cost


class Fixed:
    """Counts from zero again every `span` seconds."""

    def __init__(self, limit: int, span: float) -> None:
        """Take a limit a minute, enforced over so many seconds."""
        self.capacity = self.left = limit * span / 60
        self.span = span
        self._number = 0

    def wait(self, cost: int, now: float) -> float:
        """Return the seconds until the next count: 0 when the cost fits now."""
        if int(now / self.span) != self._number:
            self._number, self.left = int(now / self.span), self.capacity
        return 0.0 if cost <= self.left else (self._number + 1) * self.span - now

    def take(self, cost: int, _now: float) -> None:
        """Charge a cost."""
        self.left -= cost


Count = Bucket | Sliding | Fixed
WAY = 0.02
"""Seconds from leaving to arriving, before jitter."""


@dataclass(frozen=True)
class Traffic:
    """One run: the limits, what requests look like, and what is between us and the server."""

    server: type[Bucket] | type[Sliding] | type[Fixed]
    span: float
    rpm: int = 6_000
    tpm: int = 10_000_000
    tokens: int = 1_000
    estimate: float = 1.0  # times what is used; and off by 15 % to either side
    jitter: float = 0.05
    bunched: bool = False  # what is under way arrives together, once every `jitter`
    stall: float = 0.0  # the event loop is busy so long, once a second
    whole_seconds: bool = False  # retry-after is rounded up
    headers: bool = False
    failed_count: bool = False  # refused requests are charged too
    told: tuple[int | None, int | None] | None = None  # the limits that we believe
    in_flight: int = 2_000
    limit_span: float = SPAN
    limit_burst: float = BURST
    seconds: float = 70.0
    seed: int = 1


@dataclass
class Used:
    """What came of it, after the first ten seconds: shares of the limits, and of all answers those with 429."""

    requests: float
    tokens: float
    refused: float

    @property
    def share(self) -> float:
        """The greater of the two, for that is the limit that was met."""
        return max(self.requests, self.tokens)


class Client:
    """What a provider does: keeps the queue filled, sends, settles, pauses everyone at a 429."""

    def __init__(self, traffic: Traffic) -> None:
        """Fill the queue and begin."""
        self.t = traffic
        self.clock = Clock()
        self.chance = random.Random(traffic.seed)
        rpm, tpm = traffic.told or (traffic.rpm, traffic.tpm)
        self.limit = RateLimit(rpm, tpm, span=traffic.limit_span, burst=traffic.limit_burst)
        self.counts: tuple[Count, Count] = (
            traffic.server(traffic.rpm, traffic.span),
            traffic.server(traffic.tpm, traffic.span),
        )
        self.true: dict[Ticket, int] = {}
        self.accepted: list[tuple[float, int]] = []
        self.refused: list[float] = []
        self.woken_at = math.inf
        self.busy_until = 0.0
        for _ in range(traffic.in_flight):
            self.ask()
        self.wake()
        if traffic.stall:
            self.clock.at(0.5, self.hold)

    def ask(self) -> None:
        """Queue one more request, with what it will really use drawn by lot."""
        true = max(1, round(self.chance.lognormvariate(math.log(self.t.tokens) - 0.045, 0.3)))
        self.queue(true)

    def queue(self, true: int) -> None:
        """Queue a request with an estimate that is off."""
        guess = true * self.t.estimate * self.chance.lognormvariate(0, 0.15)
        self.true[self.limit.ask(max(1, round(guess)))] = true

    def hold(self) -> None:
        """Keep the event loop busy for a while, once a second."""
        self.busy_until = self.clock.now + self.t.stall
        self.clock.at(self.clock.now + 1.0, self.hold)

    def wake(self) -> None:
        """Let leave what may, and come back for the rest."""
        now = self.clock.now
        if now < self.busy_until:
            self.clock.at(self.busy_until, self.wake)
            return
        for ticket in self.limit.admit(now):
            delay = WAY + self.chance.uniform(0, self.t.jitter)
            arrives = now + delay
            if self.t.bunched:
                arrives = now + WAY + self.t.jitter - math.fmod(now, self.t.jitter)
            self.clock.at(arrives, lambda ticket=ticket: self.arrive(ticket))  # type: ignore[misc]
        then = self.limit.next_at(now)
        if then < self.woken_at or self.woken_at <= now:
            self.woken_at = then
            if then < math.inf:
                self.clock.at(then, self.wake)

    def arrive(self, ticket: Ticket) -> None:
        """Let the server take the request, or refuse it."""
        now, costs = self.clock.now, (1, self.true[ticket])
        wait = max(c.wait(cost, now) for c, cost in zip(self.counts, costs, strict=True))
        if not wait or self.t.failed_count:
            for c, cost in zip(self.counts, costs, strict=True):
                c.take(cost, now)
        if wait:
            self.refused.append(now)
            self.clock.at(now + 0.03, lambda: self.back_off(ticket, wait))
            return
        self.accepted.append((now, costs[1]))
        said = LimitReading(self.t.rpm, self.t.tpm, max(0, int(self.counts[0].left)), max(0, int(self.counts[1].left)))
        latency = self.chance.lognormvariate(math.log(2.0), 0.5)
        self.clock.at(now + latency, lambda: self.answered(ticket, said))

    def back_off(self, ticket: Ticket, wait: float) -> None:
        """Obey retry-after, and ask again."""
        now = self.clock.now
        self.limit.refused(math.ceil(wait) if self.t.whole_seconds else wait, now)
        self.limit.settle(ticket, ticket.tokens, now)
        self.queue(self.true.pop(ticket))
        self.wake()

    def answered(self, ticket: Ticket, said: LimitReading) -> None:
        """Settle, and fill the queue."""
        if self.t.headers:
            self.limit.observe(said, ticket, self.clock.now)
        self.limit.settle(ticket, self.true.pop(ticket), self.clock.now)
        self.ask()
        self.wake()


def use(traffic: Traffic) -> Used:
    """Run the traffic, and say what was used."""
    client = Client(traffic)
    client.clock.run(traffic.seconds)
    span = traffic.seconds - 10
    late = [(at, tokens) for at, tokens in client.accepted if at >= 10]
    refused = sum(at >= 10 for at in client.refused)
    return Used(
        len(late) / (traffic.rpm / 60 * span),
        sum(tokens for _, tokens in late) / (traffic.tpm / 60 * span),
        refused / max(1, refused + len(late)),
    )


# --- servers of unknown capacity ---


class Server:
    """Serves jobs at a speed that depends on how many it has; a job is some work, in seconds when it is alone.

    `speed(n)` is what each of n jobs gets; what is beyond `slots` waits in line.
    """

    def __init__(self, clock: Clock, speed: Speed, slots: float = math.inf) -> None:
        """Begin idle."""
        self.clock, self.speed, self.slots = clock, speed, slots
        self._done = 0.0  # work that each running job got so far
        self._at = 0.0
        self._running: list[tuple[float, int, Event]] = []
        self._line: deque[tuple[float, Event]] = deque()
        self._order = count()
        self._version = 0

    def ask(self, work: float, done: Event) -> None:
        """Do this work, then call back."""
        self._advance()
        self._line.append((work, done))
        self._fill()

    def change(self, speed: Speed, slots: float) -> None:
        """Become another server."""
        self._advance()
        self.speed, self.slots = speed, slots
        self._fill()

    def _advance(self) -> None:
        if self._running:
            self._done += (self.clock.now - self._at) * self.speed(len(self._running))
        self._at = self.clock.now

    def _fill(self) -> None:
        while self._line and len(self._running) < self.slots:
            work, done = self._line.popleft()
            heapq.heappush(self._running, (self._done + work, next(self._order), done))
        self._version += 1
        if self._running:
            version = self._version
            left = (self._running[0][0] - self._done) / self.speed(len(self._running))
            self.clock.at(self.clock.now + max(0.0, left), lambda: self._end(version))

    def _end(self, version: int) -> None:
        if version != self._version:
            return
        self._advance()
        _, _, done = heapq.heappop(self._running)
        self._fill()
        done()


def alone(_jobs: int) -> float:
    """Give each job full speed."""
    return 1.0


def sharing(knee: float) -> Speed:
    """Full speed up to a number of jobs, then the same throughput divided among them."""
    return lambda jobs: min(1.0, knee / jobs)


def thrashing(knee: float, power: float) -> Speed:
    """Full speed up to a number of jobs, then less throughput with each more."""
    return lambda jobs: min(1.0, (knee / jobs) ** (1 + power))


def batching(half: float) -> Speed:
    """Throughput that grows with every job, ever more slowly: half of the utmost at `half` jobs."""
    return lambda jobs: (1 + half) / (jobs + half)


@dataclass(frozen=True)
class Load:
    """One run against a server that states no limits: seconds, answers of 10 to 2,000 tokens at 10 ms each."""

    speed: Speed = alone
    slots: float = math.inf
    then: tuple[float, Speed, float] | None = None  # from when on it is another server
    down: tuple[float, float] = (math.inf, math.inf)  # from when to when nothing is answered
    full: float = math.inf  # more than this are answered with 503
    noise: float = 0.3  # of the logarithm of the work
    faults: float = 0.0  # time out without a reason
    timeout: float = math.inf
    long_after: float = math.inf  # from then on all answers have 2,000 tokens
    seconds: float = 2_400.0
    after: float = 600.0  # is measured
    initial: int = 8
    most: int = 512
    seed: int = 1


class Asker:
    """Keeps as many requests in flight as are allowed."""

    def __init__(self, load: Load, fixed: int | None) -> None:
        """Begin, with a fixed number if one is given."""
        self.load = load
        self.clock, self.chance = Clock(), random.Random(load.seed)
        self.server = Server(self.clock, load.speed, load.slots)
        self.limits = AdaptiveConcurrency(initial=fixed or load.initial, least=fixed or 1, most=fixed or load.most)
        self.tokens = 0
        self.allowed: list[int] = []
        self.fill()
        self.note()
        if load.then:
            when, speed, slots = load.then
            self.clock.at(when, lambda: self.server.change(speed, slots))

    def fill(self) -> None:
        """Start what may start."""
        while self.limits.free:
            self.send()

    def note(self) -> None:
        """Write down what is allowed, once a second."""
        self.allowed.append(self.limits.limit)
        self.clock.at(self.clock.now + 1, self.note)

    def send(self) -> None:
        """Ask for an answer of some length."""
        load, start = self.load, self.clock.now
        tokens = round(10 * 200 ** self.chance.random()) if start < load.long_after else 2_000
        self.limits.started()
        if load.down[0] <= start < load.down[1] or self.limits.in_flight > load.full:
            self.clock.at(start + 0.1, lambda: self.end(start, 0, RequestEnd.OVERLOADED))
            return
        work = (0.2 + 0.01 * tokens) * self.chance.lognormvariate(0, load.noise)
        self.server.ask(work, lambda: self.end(start, tokens, RequestEnd.ANSWERED))

    def end(self, start: float, tokens: int, outcome: RequestEnd) -> None:
        """Count the answer, and ask the next."""
        now = self.clock.now
        if now - start > self.load.timeout or self.chance.random() < self.load.faults:
            outcome = RequestEnd.OVERLOADED
        if outcome is RequestEnd.ANSWERED and now >= self.load.after:
            self.tokens += tokens
        self.limits.finished(now, now - start, outcome, tokens)
        self.fill()


def answered(load: Load, fixed: int | None = None) -> tuple[float, float]:
    """Return the tokens a second that came back, and the mean number allowed in flight, both after `load.after`."""
    asker = Asker(load, fixed)
    asker.clock.run(load.seconds)
    allowed = asker.allowed[int(load.after) :]
    return asker.tokens / (load.seconds - load.after), sum(allowed) / len(allowed)


# name: the load, and the fixed numbers in flight among which the best is
LOADS: dict[str, tuple[Load, tuple[int, ...]]] = {
    "4 slots and a line": (Load(slots=4), (4, 8)),
    "100 slots and a line": (Load(slots=100), (100, 150)),
    "500 slots and a line": (Load(slots=500, seconds=700.0, after=300.0), (500, 512)),
    "shared above 40": (Load(sharing(40)), (40, 60)),
    "batching, half at 32": (Load(batching(32)), (256, 512)),
    "thrashing above 40": (Load(thrashing(40, 0.5)), (30, 40, 50)),
    "thrashing hard above 100": (Load(thrashing(100, 1.0)), (80, 100, 120)),
    "60 slots, heavy tail": (Load(slots=60, noise=1.0), (60, 90)),
    "thrashing above 60, heavy tail": (Load(thrashing(60, 0.7), noise=1.0), (50, 60, 70)),
    "100 slots, 30 after a while": (Load(slots=100, then=(600.0, alone, 30), after=900.0), (30, 45)),
    "30 slots, 120 after a while": (Load(slots=30, then=(600.0, alone, 120), after=900.0), (120, 180)),
    "thrashing above 100, then 40": (
        Load(thrashing(100, 0.5), then=(600.0, thrashing(40, 0.5), math.inf), after=900.0),
        (30, 40, 50),
    ),
    "503 above 100": (Load(full=100), (80, 100)),
    "100 slots, 3 % faults": (Load(slots=100, faults=0.03), (100, 150)),
    "50 slots, 60 s timeouts": (Load(slots=50, timeout=60.0), (50, 75)),
    "100 slots, down for a minute": (Load(slots=100, down=(700.0, 760.0), after=900.0), (100, 150)),
}


def of_best(name: str, seed: int = 1) -> tuple[float, float, int]:
    """Return the share of the best fixed number's throughput, the mean number allowed, and the best one."""
    load, numbers = LOADS[name]
    best, number = max((answered(replace(load, seed=9), number)[0], number) for number in numbers)
    reached, allowed = answered(replace(load, seed=seed))
    return reached / best, allowed, number


SERVERS: list[tuple[type[Bucket] | type[Sliding] | type[Fixed], int]]
SERVERS = [(Bucket, 1), (Bucket, 10), (Bucket, 60), (Sliding, 1), (Sliding, 2), (Sliding, 10), (Sliding, 60)]
SERVERS += [(Fixed, 1), (Fixed, 10), (Fixed, 60)]
TRAFFIC: dict[str, dict[str, Any]] = {
    "requests": {},
    "tokens": {"tokens": 3_000, "estimate": 1.3},
    "both": {"tokens": 1_667},
    "bunched": {"bunched": True},
    "stalls 0.2": {"stall": 0.2},
    "whole s": {"whole_seconds": True, "headers": True, "tokens": 2_000},
}


def cost(requests: int = 100_000) -> float:
    """Return the microseconds that the limiter takes for a request with 2,000 waiting and 2,000 in flight."""
    limit, now = RateLimit(60_000, 100_000_000), 0.0
    for _ in range(4_000):
        limit.ask(1_500)
    in_flight: deque[Ticket] = deque()
    done = 0
    start = time.perf_counter()
    while done < requests:
        in_flight.extend(limit.admit(now))
        while len(in_flight) > 2_000:
            limit.settle(in_flight.popleft(), 1_400, now)
            limit.ask(1_500)
            done += 1
        now = limit.next_at(now)
    return (time.perf_counter() - start) / requests * 1e6


def main() -> None:
    """Print both tables, or what the live benchmark says."""
    if sys.argv[1:2] == ["live"]:
        from benchmarks import limits_live

        limits_live.main(sys.argv[2:])
        return
    print("6,000 requests and 10M tokens a minute: % of the limit used, % answered 429, after 10 s")
    print(" " * 12 + "".join(f"{name:>14}" for name in TRAFFIC))
    for server, span in SERVERS:
        row = [use(Traffic(server, span, **kind)) for kind in TRAFFIC.values()]
        cells = "".join(f"{100 * used.share:8.1f} {100 * used.refused:5.2f}" for used in row)
        print(f"{server.__name__:8}{span:3} s{cells}")
    print(f"cost of a request: {cost():.0f} microseconds")
    print("limits unknown: % of the best fixed number's throughput, mean number allowed, best fixed number")
    for name in LOADS:
        share, allowed, number = of_best(name)
        print(f"{name:32}{100 * share:6.1f} %{allowed:6.0f}{number:6}")


if __name__ == "__main__":
    main()
