"""run.json as a command writes it: what the run is made of, and what stands in its files."""

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from svit import __version__
from svit.cli.locked_run import LockedRun

if TYPE_CHECKING:
    from svit.run.manifest import TaskCounts


def write_summary(
    run: LockedRun, limit: int | None, deadline: float | None = None, *, finished: bool, cost: int | None
) -> None:
    """Write run.json; `finished` says that the last command came to its end.

    `cost` is what the run has cost so far in nano-dollars, None where its model has no price.
    `limit` is the command's, and the run keeps the largest. `deadline` is in seconds of the monotonic clock.
    """
    from svit.cost.prices import NANO
    from svit.run.manifest import Contexts, RunManifest

    before = run.manifest()
    run.folder.write_manifest(
        RunManifest(
            svit=__version__,
            started=before.started or _now(),
            config=run.settings.model_dump(mode="json"),
            contexts=Contexts(run.contexts, run.store.digest, len(run.store), run.store.origin),
            limit=_largest(limit, before.limit) if before.prompts else limit,
            prompts={**before.prompts, **{job.task.name: job.recipe.template.version for job in run.jobs}},
            files={**before.files, **run.prompt_versions()},
            deadline=None if finished or deadline is None else _as_date(deadline),
            updated=_now(),
            finished=finished,
            replies=run.journal.count_replies(),
            dollars=None if cost is None else cost / NANO,
            tasks=_counts(run),
        )
    )


def _largest(limit: int | None, before: int | None) -> int | None:
    """Return the larger of two limits; None, which is none, is the largest."""
    return None if limit is None or before is None else max(limit, before)


def _counts(run: LockedRun) -> "dict[str, TaskCounts]":
    from svit.run.manifest import TaskCounts
    from svit.run.published_shards import counted

    shards = run.published()
    return {
        task: TaskCounts(**counted(shard for shard in shards if shard.task == task)._asdict())
        for task in dict.fromkeys(shard.task for shard in shards)
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _as_date(moment: float) -> str:
    """Return a time of the monotonic clock as ISO 8601 in UTC."""
    return datetime.fromtimestamp(time.time() + moment - time.monotonic(), UTC).isoformat(timespec="seconds")
