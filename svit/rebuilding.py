"""All shards of a run again, from the replies in its journal, without a request."""

from collections.abc import Collection, Sequence
from functools import partial

from svit.assembly import Assembly, OpenShard, outcome_of
from svit.entries import Shard
from svit.journal import Journal
from svit.runs import RunFolder
from svit.settling import Job, standing
from svit.sources.contexts import ContextStore


def rebuild(jobs: Sequence[Job], contexts: ContextStore, journal: Journal, folder: RunFolder, images: int) -> int:
    """Make all shards again from the replies that were kept, and return how many outcomes are still to be asked about.

    What was not asked about yet, or may be asked about again, has the line that it has so far, or none.
    """
    assembly = Assembly(jobs, contexts.digest, journal, folder, images)
    missing = 0
    for before in assembly.shards():
        shard = OpenShard(before.number, before.first, before.images, before.jobs, frozenset())
        open_tasks = set()
        for place, context in enumerate(contexts.slice(shard.first, shard.first + shard.images)):
            for index, job in enumerate(jobs):
                found = standing(job, context, lambda prompt: journal.replies(prompt.id, prompt.context.image_id))
                if found.result is not None:
                    shard.outcomes[place, index] = outcome_of(found.result)
                if found.request is not None:
                    missing += 1
                    open_tasks.add(job.task.name)
        assembly.publish(shard, partial(_record_whole, journal, open_tasks))
    return missing


def _record_whole(journal: Journal, open_tasks: Collection[str], shard: Shard) -> None:
    if shard.task not in open_tasks:
        journal.published(shard)
