"""What a run that stops leaves in files: the settled images of the shards that are not whole, in partial ones."""

import asyncio
import time
from collections.abc import Sequence

from svit.contexts.store import ContextStore
from svit.errors import SvitError
from svit.records import ImageContext, Prompt
from svit.run.attempts import Job, standing
from svit.run.journal import Journal
from svit.run.journal_rows import StoredReply
from svit.run.shard_assembly import Assembly, OpenShard, outcome_of
from svit.run.shard_progress import ShardProgress


class PartialPublication:
    """The partial shards of a pass that ends early. `was_empty` says that the journal had nothing when it began."""

    def __init__(
        self,
        jobs: Sequence[Job],
        contexts: ContextStore,
        journal: Journal,
        assembly: Assembly,
        progress: ShardProgress,
        *,
        was_empty: bool,
    ) -> None:
        """Store what it needs."""
        self.looked_up = 0
        self.refused = ""
        """What the disk refused: no reason to forget why the run stops."""
        self._jobs = jobs
        self._contexts = contexts
        self._journal = journal
        self._assembly = assembly
        self._progress = progress
        self._was_empty = was_empty
        self._ends: float | None = None

    def end_by(self, at: float) -> None:
        """Look up nothing after this, in seconds of the monotonic clock: what only the journal has may stay there."""
        self._ends = at if self._ends is None else min(at, self._ends)

    async def publish(self) -> None:
        """Publish what is settled of the shards that are not whole.

        What has an answer and is not settled yet is looked up in the journal while there is time.
        """
        opened = self._progress.opened
        cancelled: asyncio.CancelledError | None = None
        try:
            self._assembly.check_in_place()
            for found in self._assembly.shards():
                shard = opened.get(found.number, found)
                if shard.missing == 0:
                    continue
                try:
                    if cancelled is None and not (self._was_empty and shard is found):
                        await self._look_up_the_rest(shard)
                except asyncio.CancelledError as error:
                    cancelled = error
                for job in shard.open_jobs:
                    self._assembly.publish_part(shard, job)
        except SvitError as error:
            self.refused = str(error)
        if cancelled is not None:
            raise cancelled

    async def _look_up_the_rest(self, shard: OpenShard) -> None:
        """Add what the journal knows of the shard's images that have no outcome and no sample in a file."""
        if self._is_late():
            return
        with_sample = {
            job: {place for place, line in self._assembly.held(shard, job).items() if line.flaw is None}
            for job in shard.open_jobs
        }
        asked = self._journal.asked_about(self._contexts.image_ids(shard.first, shard.first + shard.images))
        if not asked:
            return
        for place, context in enumerate(self._contexts.slice(shard.first, shard.first + shard.images)):
            for job, places in with_sample.items():
                if (place, job) in shard.outcomes or place in places or context.image_id not in asked:
                    continue
                if self._is_late():
                    return
                self._look_up(shard, place, job, context)
                await asyncio.sleep(0)

    def _look_up(self, shard: OpenShard, place: int, job: int, context: ImageContext) -> None:
        found = standing(self._jobs[job], context, self._replies)
        if found.result is not None:
            shard.outcomes[place, job] = outcome_of(found.result)
        self.looked_up += 1

    def _replies(self, prompt: Prompt) -> Sequence[StoredReply]:
        return self._journal.replies(prompt.id, prompt.context.image_id)

    def _is_late(self) -> bool:
        return self._ends is not None and time.monotonic() >= self._ends
