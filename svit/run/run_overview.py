"""All runs below a folder at a glance, by run.json and the lock, and by the journal only where those do not say it."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

from svit.cost.prices import NANO
from svit.errors import SvitError
from svit.run import journal_stats
from svit.run.folder import RunFolder
from svit.run.journal import Journal
from svit.run.manifest import RunManifest, read_manifest
from svit.run.published_shards import counted, published

_DEEPEST = 4
"""Folders between the one that is looked through and a run, at most, the run's own among them."""
_LATE = 7200.0
"""Seconds before the last request in which one that was never answered must have left: far more than any timeout."""


class RunOverview(msgspec.Struct, frozen=True):
    """One run in a list of runs; the shape is that of `svit runs --json`.

    `images` are those of all tasks that are to be asked about, once each. `dollars` is None where the model has no
    price, `changed` the last change in UTC, ISO 8601. A `damaged` run has its `fault` in words and no figures.
    """

    run: str
    state: Literal["running", "stopped", "finished", "damaged"]
    model: str = ""
    tasks: tuple[str, ...] = ()
    images: int = 0
    samples: int = 0
    rejected: int = 0
    dollars: float | None = None
    changed: str | None = None
    fault: str = ""


def runs_below(root: Path, say: Callable[[str], None]) -> list[RunOverview]:
    """Return the runs in this folder and below, the last changed first; `say` is told of folders that are closed."""
    found = [overview(RunFolder(folder)) for folder in _run_folders(root, say, _DEEPEST, set())]
    return sorted(found, key=lambda run: (run.changed or "", run.run), reverse=True)


def _run_folders(folder: Path, say: Callable[[str], None], depth: int, seen: set[str]) -> Iterator[Path]:
    """Yield the folders that are runs, each once, by a link only where it is not below this folder itself."""
    if (real := os.path.realpath(folder)) in seen:
        return
    seen.add(real)
    try:
        with os.scandir(folder) as entries:
            inside = sorted(entries, key=lambda entry: (entry.is_symlink(), entry.name))
    except OSError as error:
        say(f"{folder}: this folder cannot be looked into: {error.strerror}.")
        return
    names = {entry.name for entry in inside}
    if "journal.db" in names or ("run.json" in names and _is_ours(folder, names)):
        yield folder
    elif depth:
        for entry in inside:
            if entry.is_dir() and not entry.name.startswith("."):
                yield from _run_folders(folder / entry.name, say, depth - 1, seen)


def _is_ours(folder: Path, names: set[str]) -> bool:
    """Whether a folder without a journal is a run: one with a lock, or whose run.json says what svit writes."""
    if "run.lock" in names:
        return True
    try:
        return bool(read_manifest(folder / "run.json", (folder / "run.json").read_bytes()).prompts)
    except (OSError, SvitError, msgspec.DecodeError):
        return False


def overview(folder: RunFolder) -> RunOverview:
    """Return how a run stands. One that cannot be read is damaged, and says why."""
    changed = _last_change(folder)
    try:
        running = folder.is_locked()
        known = folder.manifest(whole=False)
        if not known.prompts:
            return RunOverview(_text(folder.path), "damaged", changed=changed, fault="run.json names no task")
        return _read(folder, known, running=running, changed=changed)
    except (OSError, SvitError) as error:
        fault = str(error).removeprefix(f"{folder.path}: ")
        return RunOverview(_text(folder.path), "damaged", changed=changed, fault=fault)


def _read(folder: RunFolder, known: RunManifest, *, running: bool, changed: str | None) -> RunOverview:
    if known.finished and not running and not isinstance(known.dollars, msgspec.UnsetType):
        samples = sum(task.samples for task in known.tasks.values())
        rejected = sum(sum(task.rejected.values()) for task in known.tasks.values())
        dollars = known.dollars
    else:
        with Journal(folder.journal, read_only=True) as journal, journal.snapshot():
            count = counted(published(folder, known.prompts, journal.shards()))
            samples, rejected = count.samples, sum(count.rejected.values())
            dollars = _dollars(journal, known.config, running=running)
    return RunOverview(
        run=_text(folder.path),
        state="running" if running else "finished" if known.finished else "stopped",
        model=str(known.config.get("model", "")),
        tasks=tuple(known.prompts),
        images=known.images,
        samples=samples,
        rejected=rejected,
        dollars=dollars,
        changed=changed,
    )


def _dollars(journal: Journal, config: dict[str, Any], *, running: bool) -> float | None:
    """Return what was booked, and of a run that nobody works in what it never heard of at its worst case."""
    spent = journal.spent()
    cost = spent.cost
    if not running and (last := journal_stats.last_sent(journal)) is not None:
        cost += sum(each.worst for each in journal_stats.silent(journal, since=last - _LATE))
    unpriced = cost == 0 and spent.replies > 0 and config.get("provider") != "offline"
    return None if unpriced else cost / NANO


def _last_change(folder: RunFolder) -> str | None:
    """Return when run.json or the journal was written last; None where neither can be seen."""
    times = []
    for file in (folder.summary, folder.journal, folder.journal.with_name("journal.db-wal")):
        try:
            found = file.stat()
        except OSError:
            continue
        if found.st_size:  # a reader leaves an empty one beside the journal
            times.append(found.st_mtime)
    return datetime.fromtimestamp(max(times), UTC).isoformat(timespec="seconds") if times else None


def _text(path: Path) -> str:
    return os.fsencode(path).decode(errors="replace")
