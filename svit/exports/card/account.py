"""How the samples of an export came about: who wrote and verified them, what was found wrong, what it cost."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from svit.cost.prices import NANO, dollars
from svit.exports.card.markdown import code, plain, table
from svit.exports.card.origins import RunFacts
from svit.exports.sample_counts import Counts
from svit.quantities import number_of
from svit.run.run_status import TaskStatus

MOST = 20
"""Values of one kind, and files, that are listed; the others are counted."""


def writers(counts: Counts) -> Iterator[str]:
    """Yield who wrote and who verified the samples, by which prompts and at which attempt."""
    yield table(["written by", "samples"], _listed(counts.models))
    verified = Counter({model: many for model, many in counts.verifiers.items() if model})
    if verified:
        yield table(["every answer found right by", "samples"], _listed(verified))
    if not_verified := counts.verifiers[""]:
        yield f"{share(not_verified, counts.total())} samples were given to no second model."
    asked = Counter({f"{task} {version}": many for (task, version), many in counts.prompts.items() if version})
    if asked:
        yield "Prompts by the version of their file, a hash of its text:"
        yield table(["prompt", "samples"], _listed(asked))
    attempts = sorted(attempt for attempt in counts.attempts if attempt)
    if attempts:
        yield table(
            ["answer that was taken", "samples"], [(f"attempt {each}", counts.attempts[each]) for each in attempts]
        )
    if versions := [version for version in counts.versions if version]:
        yield f"Samples were judged by svit {', '.join(map(plain, sorted(versions)[:MOST]))}."


def flaws(counts: Counts, runs: Sequence[RunFacts]) -> Iterator[str]:
    """Yield what was rejected in the runs, then what is known of the samples that are here."""
    if not runs:
        yield "How many answers were rejected is not known here: samples were exported, not the run that made them."
    for run in runs:
        tasks = [task for task in run.status.tasks if task.task in counts.tasks]
        yield _unfinished(run) + f"In the run {code(run.name)}, of all its images:"
        yield table(
            ["task", "samples", "rejected", "rejected of 100", "not answered"],
            [
                [code(each.task), each.samples, _rejected(each), _rate(each), each.open + each.answered]
                for each in tasks
            ],
        )
        codes: Counter[str] = Counter()
        for task in tasks:
            codes.update(task.rejected)
        if codes:
            yield "Rejected, by the first flaw of the last answer:"
            yield table(["flaw", "images"], _listed(codes))
    for words, known in (
        ("Samples that are here with a warning:", counts.warned),
        ("Samples that are here in which this was mended:", counts.repaired),
        ("Dialogues and turns that were left out of samples that are here, by their first flaw:", counts.dropped),
    ):
        if known:
            yield words
            yield table(["flaw", "number"], _listed(known))
    if not (counts.warned or counts.repaired or counts.dropped):
        yield "No sample that is here has a warning, and nothing was left out of one."


def left_out(counts: Mapping[str, int]) -> Iterator[str]:
    """Yield what is in no file, though the run has it; nothing where all is there."""
    if counts:
        yield "Left out of the files, as no trainer could use them:"
        yield table(["why", "records"], _listed(counts))


def other_sizes(records: int) -> Iterator[str]:
    """Yield how many records have a picture of another size; nothing where none has."""
    if records:
        yield f"Pictures of another size than the record's, on which no box depends: {number_of(records, 'record')}."


def costs(runs: Sequence[RunFacts]) -> Iterator[str]:
    """Yield what each run has cost, all its tasks and second opinions together."""
    if not runs:
        yield "Not known here: samples were exported, not the run that made them."
    for run in runs:
        status = run.status
        paid = "an amount that is not known, as its model had no price"
        if status.dollars is not None:
            paid = f"{dollars(round(status.dollars * NANO))}"
        unknown = f", of which {number_of(status.unknown, 'request')} without a known outcome at the worst case"
        yield (
            f"The run {code(run.name)} cost {plain(paid)} for all its tasks{unknown if status.unknown else ''}: "
            f"{number_of(status.replies, 'reply', 'replies')}, {status.prompt_tokens:,} tokens in, "
            f"{status.completion_tokens:,} tokens out."
            + (
                f" {status.opinions:,} of its requests asked {code(run.verifier)} for a second opinion."
                if status.opinions
                else ""
            )
        )


def _listed(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the largest counts as rows, and the others added up in one."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rows = [(code(name), count) for name, count in ordered[:MOST]]
    if rest := ordered[MOST:]:
        rows.append((number_of(len(rest), "other"), sum(count for _, count in rest)))
    return rows


def _rejected(task: TaskStatus) -> int:
    return sum(task.rejected.values())


def _rate(task: TaskStatus) -> str:
    settled = task.samples + _rejected(task)
    return f"{100 * _rejected(task) / settled:.2f}" if settled else "-"


def _unfinished(run: RunFacts) -> str:
    return "" if run.status.state == "finished" else f"The run {code(run.name)} was not finished when it was exported. "


def share(count: int, total: int) -> str:
    """Return how many of all it is: `3 of 1,000`, `All 1,000`."""
    return f"All {total:,}" if count == total else f"{count:,} of {total:,}"
