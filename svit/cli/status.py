"""`svit status`: how a run stands, read-only, while it runs or afterwards."""

import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from svit.cli import messages
from svit.cli.json_option import JsonOption
from svit.cli.next_steps import Step, after_end, command_line, say_next
from svit.cli.run_report import damaged_text
from svit.cli.status_watch import watch as show_again
from svit.cli.stop_reason import rest_text, stop_text
from svit.errors import SvitError
from svit.quantities import number_of

if TYPE_CHECKING:
    from svit.run.folder import RunFolder
    from svit.run.journal_integrity import Integrity
    from svit.run.run_status import RunStatus


def status(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Run folder.")],
    as_json: JsonOption = False,
    watch: Annotated[
        float | None,
        typer.Option(min=0.2, metavar="[SECONDS]", help="Show it again every 2 seconds, or so many, until it ends."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Read all of the journal and see whether it is whole: exit 2 when not.")
    ] = False,
) -> int:
    """Show how a run stands: done, rejected, failed, in flight, tokens, dollars, rate, time left.

    It only reads, and may be asked while the run goes on.
    """
    import msgspec

    from svit.run.folder import RunFolder
    from svit.run.run_status import read_status

    now, folder = time.time(), RunFolder(run)
    if watch is not None:
        if check:
            raise SvitError("--check reads all of the journal: leave --watch out.")
        show_again(
            lambda: read_status(folder, time.time()), lambda found: _text(found, time.time()), watch, as_json=as_json
        )
        return 0
    checked = integrity(folder) if check else None
    if checked and checked.faults:
        messages.show(msgspec.json.encode({"check": checked}).decode() if as_json else integrity_text(checked, run))
        return 2
    found = read_status(folder, now)
    if as_json:
        told = msgspec.to_builtins(found)
        messages.show(msgspec.json.encode({**told, "check": checked} if checked else told).decode())
    else:
        messages.show(_text(found, now) + (f"\n\n{integrity_text(checked, run)}" if checked else ""))
        say_next(_next_steps(found))
    return 0 if checked is None or checked.is_whole else 2


def _next_steps(found: "RunStatus") -> list[Step]:
    """Return what one would do next: watch it, go on with it, or use what it made."""
    if found.state == "running":
        return [(command_line("status", found.run, "--watch"), "the same, again and again")]
    if found.state == "finished":
        return after_end(Path(found.run), None, rejected=any(task.rejected for task in found.tasks))
    has_samples = any(task.samples for task in found.tasks)
    export = command_line("export", found.run, "-f", "llava-next", "-o", "train.jsonl")
    return [(export, "the samples so far")] if has_samples else []


def integrity(folder: "RunFolder") -> "Integrity":
    """Return whether the run's journal is whole."""
    from svit.run.journal import Journal
    from svit.run.journal_integrity import examined

    with Journal(folder.journal, read_only=True) as journal:
        return examined(journal)


def integrity_text(found: "Integrity", run: Path) -> str:
    """Return what a check of the journal found, for people."""
    lines = [f"The journal was read: {_are(found.whole, 'reply')} whole, {_are(len(found.damaged))} damaged."]
    if found.without_checksum:
        lines.append(f"{found.without_checksum:,} of them were stored without a checksum, by an older svit.")
    lines += [f"  damaged: {damaged_text(reply)}" for reply in found.damaged[:_MOST_SHOWN]]
    if len(found.damaged) > _MOST_SHOWN:
        lines.append("  ...")
    if found.damaged:
        lines.append(f"No sample is made from a damaged reply; svit regenerate {run} asks again.")
    if found.made_good:
        lines.append(f"{_are(found.made_good)} damaged and asked again already.")
    lines += found.faults
    if any("missing from index" in fault for fault in found.faults):
        lines += [
            "What an index alone lacks is mended, once a copy was made, by",
            f"  sqlite3 {run}/journal.db REINDEX",
        ]
    return "\n".join(lines)


def _are(count: int, noun: str = "") -> str:
    words = f" {noun if count == 1 else noun.removesuffix('y') + 'ies'}" if noun else ""
    return f"{count:,}{words} {'is' if count == 1 else 'are'}"


_MOST_SHOWN = 20
"""Damaged replies that are shown each."""


def _text(found: "RunStatus", now: float) -> str:
    blocks = [_headline(found, now), _tasks(found), "\n".join(filter(None, (_money(found), rest_text(found))))]
    if answered := sum(task.answered for task in found.tasks):
        blocks[1] += "\n" + messages.folded(journal_only(found, answered))
    if found.state == "running":
        blocks[2] += "\n" + _pace(found)
    elif found.state == "stopped":
        if found.stop_words:
            blocks.append(messages.folded(f"Its last command ended with: {found.stop_words}"))
        blocks.append("The command that made this run continues it.")
    if any(task.rejected for task in found.tasks):
        blocks.append(f"Rejected, by the first flaw (texts in {found.run}/TASK/*.rejected.jsonl):\n" + _rejected(found))
    failed: Counter[str] = Counter()
    for task in found.tasks:
        failed.update(task.failed)
    failed.update(found.opinions_failed)
    if found.opinions:
        blocks.append(f"Second opinions asked for: {found.opinions:,}.")
    if failed:
        blocks.append("Requests that got no answer, by class:\n" + messages.counted(failed))
    if found.in_wal:
        words = "Replies are in journal.db-wal too: a copy of journal.db needs that file beside it."
        blocks.append(messages.folded(words))
    return "\n\n".join(blocks)


def _headline(found: "RunStatus", now: float) -> str:
    words = {
        "running": f"running, {number_of(found.in_flight, 'request')} in flight",
        "stopped": stop_text(found),
        "finished": "finished",
    }
    active = "nothing answered yet"
    if found.last_active is not None:
        ago = max(0.0, now - datetime.fromisoformat(found.last_active).timestamp())
        active = f"last active {messages.span(ago)} ago"
    return f"{found.run}: {words[found.state]}; {active}."


def _tasks(found: "RunStatus") -> str:
    heads = ("task", "images", "samples", "rejected", "answered", "open", "in flight")
    rows = [
        (each.task, each.images, each.samples, sum(each.rejected.values()), each.answered, each.open, each.in_flight)
        for each in found.tasks
    ]
    return messages.figures([heads, *rows])


def journal_only(found: "RunStatus", answers: int) -> str:
    """Return in words that so many answers are in no file, and what puts them there."""
    have = f"{answers:,} answers are" if answers > 1 else "1 answer is"
    if found.state == "running":
        how = "goes into a file when its shard of 1,000 images is whole, or the run stops."
        return f"{have} in the journal only; each {how}" if answers > 1 else f"{have} in the journal only; it {how}"
    return f"{have} in the journal only: 'svit rebuild {found.run}' puts into files what is settled of it."


def _rejected(found: "RunStatus") -> str:
    rows = [(each.task, code, count) for each in found.tasks for code, count in each.rejected.items()]
    return messages.table(rows)


def _money(found: "RunStatus") -> str:
    from svit.cost.prices import dollars, nano_dollars

    replies = number_of(found.replies, "reply", "replies")
    tokens = f"{replies} ({found.prompt_tokens:,} tokens in, {found.completion_tokens:,} out)"
    if found.dollars is None:
        return f"{tokens}; there is no price for {found.model}, so no cost is known."
    line = f"{dollars(round(found.dollars * 10**9))} for {tokens}"
    if found.unknown:
        line += f";\n{found.unknown:,} requests of unknown outcome are in it at their worst case"
    if found.max_cost is not None:
        line += f".\nThe ceiling (--max-cost) is {dollars(nano_dollars(str(found.max_cost)))}"
    return line + "."


def _pace(found: "RunStatus") -> str:
    deadline = f" No request leaves after {found.deadline}." if found.deadline else ""
    if not found.per_minute:
        return "No reply in the last five minutes." + deadline
    rate = f"{found.per_minute:,.0f} replies a minute" if found.per_minute >= 10 else f"{found.per_minute:.1f} a minute"
    left = "" if found.seconds_left is None else f"; {messages.span(found.seconds_left)} left at this rate"
    return f"{rate}{left}.{deadline}"
