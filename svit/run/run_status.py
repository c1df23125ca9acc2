"""How a run stands, read from its folder alone: nothing is written, and a process that works there goes on."""

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

import msgspec

from svit.cost.prices import NANO
from svit.records import VERIFY
from svit.run import journal_stats
from svit.run.folder import RunFolder
from svit.run.journal import Journal
from svit.run.journal_rows import RunSpending
from svit.run.journal_stats import AskedCount, Received, SilentCount, TaskCost
from svit.run.published_shards import Count, counted, published

State = Literal["running", "stopped", "finished"]

StoppedBy = Literal["ceiling", "month", "deadline", "refusal", "interrupt", "fault"]

RECENT = 300.0
"""Seconds that the rate is taken over."""
_ASKED_WITHIN = 7200.0
"""Seconds before the last activity in which a request without a reply must have left: far more than any timeout."""
_STOPPED: Mapping[int, StoppedBy] = {3: "ceiling", 4: "refusal", 5: "deadline", 130: "interrupt"}
"""By the exit code of the command that stopped."""
_OF_THE_MONTH = "for all runs of the month"
"""What the sentence about a ceiling has where it is the month's: see `Budget.why_never`."""
_NEVER_ASKED = ("empty_context", "context_too_long")
"""The flaws of images that were not asked about."""


class TaskStatus(msgspec.Struct, frozen=True):
    """How one task stands. `images` are all there are, `open` of them have still to be answered.

    `samples` and `rejected`, the latter by their first flaw, are those of the shards on disk, whole or partial.
    `answered` images have an answer in the journal that is in no file yet: whether it passes is seen then. `failed`
    counts the requests that got no answer, by class, also those that a later attempt made good.
    """

    task: str
    images: int
    samples: int
    rejected: Mapping[str, int]
    answered: int
    open: int
    in_flight: int
    failed: Mapping[str, int]


class RunStatus(msgspec.Struct, frozen=True):
    """How a run stands. Times are ISO 8601 in UTC, money is dollars; the shape is that of `svit status --json`.

    `opinions` are the requests for a second opinion on samples, `opinions_failed` those that got none, by class.
    `in_flight` requests have left and are waited for; `unknown` ones left before the process that sent them died, and
    are in `dollars` at their worst case. `dollars` is None when the model has no price. `per_minute` is the rate of
    replies over the last five minutes, `seconds_left` what the rest takes at that rate; both only while it runs.
    `dollars_left` is what the open images cost at what the others cost, None where that is not known. `stopped_by` says
    why the last command stopped, `stop_words` in its own sentence; None and empty of a run that goes on or is finished,
    and where nobody wrote it down, as after a kill.
    `in_wal` is the bytes of the journal that are in SQLite's file beside it, and not in a copy of journal.db alone.
    """

    run: str
    state: State
    model: str
    tasks: tuple[TaskStatus, ...]
    opinions: int
    opinions_failed: Mapping[str, int]
    in_flight: int
    unknown: int
    replies: int
    prompt_tokens: int
    completion_tokens: int
    dollars: float | None
    max_cost: float | None
    max_cost_per_month: float | None
    dollars_left: float | None
    deadline: str | None
    per_minute: float | None
    seconds_left: float | None
    last_active: str | None
    stopped_by: StoppedBy | None = None
    stop_words: str = ""
    in_wal: int = 0


class _Recorded(NamedTuple):
    """What the journal and the shards of a run hold; `active` is when it was last at work, in seconds since 1970.

    `settled` are the images in files, `answered` all that have a reply, by task.
    """

    spent: RunSpending
    received: Received
    active: float | None
    asked: Sequence[AskedCount]
    silent: Sequence[SilentCount]
    failures: Sequence[tuple[str, str, int]]
    costs: Sequence[TaskCost]
    settled: Mapping[str, Count]
    answered: Mapping[str, int]
    in_wal: int

    @property
    def waiting(self) -> int:
        """The requests that left and have no reply."""
        return sum(each.requests for each in self.silent)

    def failed(self, task: str) -> dict[str, int]:
        """Return the requests of a task that got no answer, by class."""
        return {code: count for of, code, count in self.failures if of == task}

    def cost(self, *, running: bool) -> int:
        """Return what is booked, in nano-dollars: where nobody waits for a reply any more, its request at its worst."""
        return self.spent.cost + (0 if running else sum(each.worst for each in self.silent))


def read_status(folder: RunFolder, now: float) -> RunStatus:
    """Return how the run stands; `now` is in seconds since 1970. Raises DataError when this is no run, or damaged."""
    running = folder.is_locked()
    manifest = folder.manifest()
    recorded = _recorded(folder, manifest.prompts, now, running=running)
    config, spent = manifest.config, recorded.spent
    tasks = tuple(_of_task(task, manifest.images, recorded, running=running) for task in manifest.prompts)
    state: State = "running" if running else "finished" if manifest.finished else "stopped"
    dollars = _dollars(config, recorded.cost(running=running), spent.replies)
    per_minute = _rate(recorded.received, now) if running else None
    stopped_by, stop_words = _stop(manifest.stop) if state == "stopped" else (None, "")
    return RunStatus(
        run=os.fsencode(folder.path).decode(errors="replace"),
        state=state,
        model=str(config.get("model", "")),
        tasks=tasks,
        opinions=sum(each.requests for each in recorded.asked if each.task == VERIFY),
        opinions_failed=recorded.failed(VERIFY),
        in_flight=recorded.waiting if running else 0,
        unknown=spent.unknown + (0 if running else recorded.waiting),
        replies=spent.replies,
        prompt_tokens=spent.prompt_tokens,
        completion_tokens=spent.completion_tokens,
        dollars=dollars,
        max_cost=_number(config.get("max_cost")),
        max_cost_per_month=_number(config.get("max_cost_per_month")),
        dollars_left=None if dollars is None else _rest({task.task: task.open for task in tasks}, recorded.costs),
        deadline=manifest.deadline,
        per_minute=per_minute,
        seconds_left=_seconds_left(tasks, recorded.asked, per_minute) if per_minute else None,
        last_active=_iso(recorded.active),
        stopped_by=stopped_by,
        stop_words=stop_words,
        in_wal=recorded.in_wal,
    )


def _recorded(folder: RunFolder, versions: Mapping[str, str], now: float, *, running: bool) -> _Recorded:
    with Journal(folder.journal, read_only=True) as journal, journal.snapshot():
        received = journal_stats.received(journal, since=now - RECENT)
        in_wal = journal.bytes_in_wal()
        active = max(filter(None, (received.last_at, journal_stats.last_sent(journal))), default=None)
        silent = journal_stats.silent(journal, since=(active or now) - _ASKED_WITHIN)
        spent, in_files, asked = journal.spent(), journal.shards(), journal_stats.asked_by_task(journal)
        failures = journal_stats.failures(journal)
        costs = journal_stats.costs(journal)
        shards = published(folder, versions, in_files)
        settled = {task: counted(shard for shard in shards if shard.task == task) for task in versions}
        answered = {
            task: _prompts(asked, task, version) - _prompts(silent, task, version) for task, version in versions.items()
        }
        if not running:  # what is shortened has two first prompts, and some settings change a prompt: this is exact
            for task, version in versions.items():
                if answered[task] > _asked_of(settled[task]):
                    answered[task] = journal_stats.images_answered(journal, task, version)
    return _Recorded(spent, received, active, asked, silent, failures, costs, settled, answered, in_wal)


def _of_task(task: str, images: int, recorded: _Recorded, *, running: bool) -> TaskStatus:
    """Return how a task stands."""
    settled = recorded.settled[task]
    images = max(images, settled.images)
    beyond = min(max(0, recorded.answered[task] - _asked_of(settled)), images - settled.images)
    return TaskStatus(
        task=task,
        images=images,
        samples=settled.samples,
        rejected=dict(Counter(settled.rejected).most_common()),
        answered=beyond,
        open=images - settled.images - beyond,
        in_flight=sum(each.requests for each in recorded.silent if each.task == task) if running else 0,
        failed=recorded.failed(task),
    )


def _asked_of(settled: Count) -> int:
    """Return how many of the images in files were asked about."""
    return settled.images - sum(settled.rejected.get(code, 0) for code in _NEVER_ASKED)


def _prompts(counts: Iterable[AskedCount | SilentCount], task: str, version: str) -> int:
    return sum(each.prompts for each in counts if each.task == task and each.version == version)


def _rate(received: Received, now: float) -> float:
    """Return the replies a minute of late: over the recent seconds, or since the first reply when that is less."""
    if received.recent_from is None:
        return 0.0
    return 60 * received.recent / max(1.0, now - received.recent_from)


def _seconds_left(tasks: Sequence[TaskStatus], asked: Sequence[AskedCount], per_minute: float) -> float:
    """Return what the open images take at this rate of replies, with as many attempts as others needed."""
    repeats = sum(each.requests for each in asked) / max(1, sum(each.prompts for each in asked if each.task != VERIFY))
    return 60 * sum(task.open for task in tasks) * max(1.0, repeats) / per_minute


def _iso(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")


def _dollars(config: Mapping[str, Any], cost: int, replies: int) -> float | None:
    """Return what was booked. Where replies cost nothing and a model of the API wrote them, it has no price."""
    unpriced = cost == 0 and replies > 0 and config.get("provider") != "offline"
    return None if unpriced else cost / NANO


def _number(value: object) -> float | None:
    """Return an amount of run.json, where it is text; None when there is none."""
    try:
        return None if value is None else float(str(value))
    except ValueError:
        return None


def _stop(told: object) -> tuple[StoppedBy | None, str]:
    """Return why a run stopped, from what run.json says of it; nothing where it says nothing."""
    if not isinstance(told, dict) or not isinstance(told.get("exit"), int):
        return None, ""
    words = str(told.get("words") or "")
    return "month" if _OF_THE_MONTH in words else _STOPPED.get(told["exit"], "fault"), words


def _rest(left: Mapping[str, int], costs: Iterable[TaskCost]) -> float | None:
    """Return the dollars of so many open images by task; None where nothing was answered that tells."""
    if not any(left.values()):
        return 0.0
    known = {each.task: each for each in costs}
    written = [each for task, each in known.items() if task != VERIFY and each.prompts]
    prompts = sum(each.prompts for each in written)
    if not prompts:
        return None
    opinions = known[VERIFY].cost / prompts if VERIFY in known else 0.0
    mean = sum(each.cost for each in written) / prompts
    of_one = {each.task: each.cost / each.prompts for each in written}
    return sum(count * (of_one.get(task, mean) + opinions) for task, count in left.items()) / NANO
