"""run.json as a command writes it: what the run is made of, and what stands in its files."""

import time
from datetime import UTC, datetime
from typing import Any

from svit import __version__
from svit.cli.locked_run import LockedRun


def write_summary(
    run: LockedRun, limit: int | None, deadline: float | None = None, *, finished: bool, cost: int | None
) -> None:
    """Write run.json; `finished` says that the last command came to its end.

    `cost` is what the run has cost so far in nano-dollars, None where its model has no price.
    `limit` is the command's, and the run keeps the largest. `deadline` is in seconds of the monotonic clock.
    """
    from svit.cost.prices import NANO

    before = run.summary()
    run.folder.write_summary(
        {
            "svit": __version__,
            "started": before.get("started", _now()),
            "config": run.settings.model_dump(mode="json"),
            "contexts": {
                "file": run.contexts,
                "digest": run.store.digest,
                "images": len(run.store),
                "origin": run.store.origin,
            },
            "limit": _largest(limit, before.get("limit", limit)),
            "prompts": {
                **before.get("prompts", {}),
                **{job.task.name: job.recipe.template.version for job in run.jobs},
            },
            "files": {**before.get("files", {}), **run.prompt_versions()},
            "deadline": None if finished or deadline is None else _as_date(deadline),
            "updated": _now(),
            "finished": finished,
            "replies": run.journal.count_replies(),
            "dollars": None if cost is None else cost / NANO,
            "tasks": _counts(run),
        }
    )


def _largest(limit: int | None, before: Any) -> int | None:
    """Return the larger of two limits; None, which is none, is the largest."""
    return None if limit is None or before is None else max(limit, int(before))


def _counts(run: LockedRun) -> dict[str, dict[str, Any]]:
    from svit.run.published_shards import counted

    shards = run.published()
    return {
        task: counted(shard for shard in shards if shard.task == task)._asdict()
        for task in dict.fromkeys(shard.task for shard in shards)
    }


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _as_date(moment: float) -> str:
    """Return a time of the monotonic clock as ISO 8601 in UTC."""
    return datetime.fromtimestamp(time.time() + moment - time.monotonic(), UTC).isoformat(timespec="seconds")
