"""How far a pass is: the shards on their way, the outcomes that are missing, each shard published with its last one."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from svit.contexts.store import ContextStore
from svit.run.attempts import Job
from svit.run.journal import shard_published
from svit.run.journal_writer import JournalWriter
from svit.run.shard_assembly import Assembly, OpenShard, Outcome, OutcomePlace

_OPEN_SHARDS = 4
"""Shards on their way at once: a slow answer holds no more than these in memory."""
_NAMED = 5
"""Images that a standstill is told of by their names."""


class ShardProgress:
    """The outcomes of one pass, in their places.

    `on_outcome` is called with each outcome as it is known, and whether a reply brought it now, `on_shard` when a shard
    was put into files; `emit` gets the samples' lines in context order, the tasks of an image after one another.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        contexts: ContextStore,
        assembly: Assembly,
        writing: JournalWriter,
        *,
        on_outcome: Callable[[Outcome, bool], None],
        on_shard: Callable[[], None],
        emit: Callable[[bytes], None] | None,
    ) -> None:
        """Begin with no shard opened."""
        self.settled = 0
        self.all_opened = False
        self._jobs = jobs
        self._contexts = contexts
        self._assembly = assembly
        self._writing = writing
        self._on_outcome = on_outcome
        self._on_shard = on_shard
        self._emit = emit
        self._left: int | None = None
        self._open: deque[OpenShard] = deque()

    @property
    def is_done(self) -> bool:
        """Whether no outcome is missing, and all were handed on, however the run came to its end."""
        return self._left == 0 and (not self.emits or (self.all_opened and not self._open))

    @property
    def emits(self) -> bool:
        """Whether the samples' lines are handed on, those that stand in files too."""
        return self._emit is not None

    @property
    def is_full(self) -> bool:
        """Whether so many shards are on their way that no other may be opened."""
        return len(self._open) >= _OPEN_SHARDS

    @property
    def opened(self) -> Mapping[int, OpenShard]:
        """The shards on their way, by their numbers."""
        return {shard.number: shard for shard in self._open}

    def missing(self) -> int:
        """Return how many outcomes the pass has still to find; of a shard that is not whole, all."""
        if self._left is None:
            self._left = sum(shard.missing for shard in self._assembly.shards())
        return self._left

    def open(self, shard: OpenShard) -> None:
        """Take a shard as the next that outcomes may come for."""
        self._open.append(shard)

    def settle(self, place: OutcomePlace, outcome: Outcome, *, answered: bool = False) -> None:
        """Put an outcome in its place; with the last one of a shard, put that into its files."""
        shard = place.shard
        shard.outcomes[place.place, place.job] = outcome
        shard.missing -= 1
        self._left = self.missing() - 1
        self.settled += 1
        self._on_outcome(outcome, answered)
        if shard.missing == 0:
            self._assembly.publish(shard, lambda whole: self._writing.write(partial(shard_published, whole)))
            self._on_shard()
            if not self.emits:
                shard.outcomes.clear()
        self.advance()

    def advance(self) -> None:
        """Hand on what is next in order, and let go of the shards that are done."""
        while self._open:
            all_emitted = self._emit is None or self._open[0].emit(self._emit)
            if self._open[0].missing or not all_emitted:
                break
            self._open.popleft()

    def what_is_open(self) -> str:
        """Return what has no outcome yet, for whoever looks for the reason: how much, and the first few images."""
        places = [
            f"image {image_id} ({self._jobs[job].task.name})"
            for shard in self._open
            for place, image_id in enumerate(self._contexts.image_ids(shard.first, shard.first + shard.images))
            for job in range(len(self._jobs))
            if (place, job) not in shard.outcomes and job not in shard.standing
        ]
        named = ", ".join(places[:_NAMED]) + (" ..." if len(places) > _NAMED else "")
        return f"{self.missing():,} outcomes are missing" + (f": {named}" if named else "")
