"""All shards of a run again, from the replies in its journal, without a request."""

from collections.abc import Sequence

from svit.contexts.store import ContextStore
from svit.run.attempts import Job, standing
from svit.run.folder import RunFolder
from svit.run.journal import Journal
from svit.run.shard_assembly import Assembly, outcome_of


def rebuild(jobs: Sequence[Job], contexts: ContextStore, journal: Journal, folder: RunFolder, images: int) -> int:
    """Make all shards again from the replies that were kept, and return how many outcomes are still to be asked about.

    What may be asked about again has the line that it has so far. A shard in which something is still to be asked
    about becomes a partial one, as when a run stops.
    """
    assembly = Assembly(jobs, contexts, journal, folder, images, anew=True)
    missing = 0
    for shard in assembly.shards():
        open_jobs = set()
        for place, context in enumerate(contexts.slice(shard.first, shard.first + shard.images)):
            for index, job in enumerate(jobs):
                found = standing(job, context, lambda prompt: journal.replies(prompt.id, prompt.context.image_id))
                if found.result is not None:
                    shard.outcomes[place, index] = outcome_of(found.result)
                if found.request is not None:
                    missing += 1
                    open_jobs.add(index)
        for index in range(len(jobs)):
            if index in open_jobs:
                assembly.publish_part(shard, index)
            else:
                assembly.publish_whole(shard, index, journal.published)
    return missing
