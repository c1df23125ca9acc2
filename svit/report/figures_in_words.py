"""Figures in words: how numbers are written, and the sentence over each chart that says what to see."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from svit.cost.prices import dollars
from svit.quantities import number_of
from svit.report.bounded_counters import LengthCounts
from svit.report.findings import Grounding, Names, TaskFindings
from svit.report.photograph_shelf import PhotographShelf
from svit.report.report_data import ReportData
from svit.run.verification import CONTRADICTED, UNVERIFIED


def title_of(task: str) -> str:
    """Return the name of a task as a heading."""
    return task.replace("_", " ").capitalize()


def percent(share: float | None) -> str:
    """Return a share in 0..1 in percent; only none is 0 % and only all is 100 %."""
    if share is None:
        return "–"
    if share in (0, 1):
        return f"{share:.0%}".replace("%", "\N{NO-BREAK SPACE}%")
    if share < 0.001:
        return "<\N{NO-BREAK SPACE}0.1\N{NO-BREAK SPACE}%"
    if share > 0.999:
        return ">\N{NO-BREAK SPACE}99.9\N{NO-BREAK SPACE}%"
    return f"{100 * share:.1f}\N{NO-BREAK SPACE}%"


def number(count: int) -> str:
    """Return a count with its thousands parted."""
    return f"{count:,}"


def plural(count: int, noun: str) -> str:
    """Return the count with its noun: 1 sample, 2 samples."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(words: Sequence[str]) -> str:
    """Return a list as a sentence has it: a, b and c."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1] if words else "")))


def time_of(stamp: str) -> str:
    """Return a time of run.json for people, in the zone it is written in; unread text as it is."""
    try:
        when = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    return f"{when.day} {when:%B %Y, %H:%M}"


def money(nano: int | None) -> str:
    """Return an amount of nano-dollars; a dash where there is no price."""
    return "–" if nano is None else dollars(nano)


def per_thousand(nano: int | None, samples: int) -> str:
    """Return what a thousand samples cost."""
    return "–" if nano is None or not samples else dollars(nano * 1000 // samples)


def of_yield(tasks: Sequence[TaskFindings]) -> str:
    """Say what was kept, and which task keeps least."""
    settled = [task for task in tasks if task.samples + task.rejected]
    if not settled:
        return "No shard is whole yet, so nothing has been judged for good."
    samples = sum(task.samples for task in settled)
    total = samples + sum(task.rejected for task in settled)
    if samples == total:
        first = sum(task.attempts[1] for task in settled)
        share = percent(first / max(1, samples))
        kept = "its one answer was" if total == 1 else f"all {total:,} answers were"
        return f"Every image has its sample: {kept} kept, {share} at the first attempt."
    least = min(settled, key=lambda task: task.rate or 0)
    kept = number_of(samples, "became a sample", "became samples")
    return (
        f"Of {number_of(total, 'answer')} asked for, {kept} and {number_of(total - samples, 'was', 'were')} rejected. "
        f"{title_of(least.task)} keeps the least: {percent(least.rate)}."
    )


def of_flaws(kinds: Sequence[tuple[str, Counter[str]]]) -> str:
    """Say which flaw is the commonest of each kind."""
    said = []
    for kind, counts in kinds:
        if counts:
            code, count = min(counts.items(), key=lambda item: (-item[1], item[0]))
            said.append(f"{kind} are for {code} most often ({count:,})")
    if not said:
        return "The judge found nothing to object to: no rejection, no warning, no repair."
    return listed(said)[0].upper() + listed(said)[1:] + "."


def of_lengths(tasks: Sequence[TaskFindings]) -> str:
    """Say which task answers shortest and which longest."""
    spread = {task.task: task.answer_words.quantile(0.5) for task in tasks if task.pairs}
    if not spread:
        return "There is no sample yet."
    low, high = min(spread, key=spread.__getitem__), max(spread, key=spread.__getitem__)
    if low == high:
        return f"Half of the answers have at most {spread[low]} words."
    return (
        f"Half of the answers have at most {spread[low]} words in {title_of(low).lower()}, "
        f"and {spread[high]} in {title_of(high).lower()}."
    )


def of_one(lengths: LengthCounts, unit: str) -> str:
    """Say where the middle and the ends of some lengths are."""
    low, middle, high = (lengths.quantile(share) for share in (0.05, 0.5, 0.95))
    return f"Median {middle:,} {unit}; nine in ten from {low:,} to {high:,}."


def of_openings(task: TaskFindings) -> str:
    """Say with which word questions begin most."""
    total = task.openings.counts.total()
    first: Counter[str] = Counter()
    for opening, count in task.openings.counts.items():
        first[opening[0]] += count
    word, count = first.most_common(1)[0]
    few = next(
        (n for n in range(1, len(first) + 1) if sum(c for _, c in first.most_common(n)) >= 0.9 * total), len(first)
    )
    words = f"{percent(count / total)} of the questions begin with “{word}”"
    return f"{words}; {plural(few, 'word')} open{'s' if few == 1 else ''} nine in ten of them."


def of_yes_no(tasks: Sequence[TaskFindings]) -> str:
    """Say how yes and no balance."""
    yes, no = sum(task.yes for task in tasks), sum(task.no for task in tasks)
    if not yes + no:
        return "No answer begins with yes or no."
    share = yes / (yes + no)
    verdict = "balanced" if 0.4 <= share <= 0.6 else "leaning to yes" if share > 0.6 else "leaning to no"
    return f"Of {yes + no:,} answers that begin with yes or no, {percent(share)} say yes: {verdict}."


def of_grounding(grounding: Grounding) -> str:
    """Say how many boxes are annotated ones."""
    compared = grounding.boxes - grounding.unplaced
    said = (
        f"{percent(grounding.rate)} of {compared:,} boxes overlap an annotated one with an IoU of 0.5 or more; "
        f"{percent(grounding.copied / compared)} are copied from it exactly."
    )
    if grounding.broken:
        said += f" {plural(grounding.broken, 'box').replace('boxs', 'boxes')} cannot be a place in the image."
    return said


def of_unsupported(tasks: Sequence[TaskFindings]) -> str:
    """Say how often answers name an object that nothing in the annotations supports."""
    samples, pairs = sum(task.samples for task in tasks), sum(task.pairs for task in tasks)
    with_some = sum(task.warnings["unsupported_object"] for task in tasks)
    found = sum(task.unsupported for task in tasks)
    return (
        f"{percent(with_some / samples)} of the samples name at least one object that nothing in the annotations "
        f"supports; that is {1000 * found / pairs:.1f} a thousand pairs."
    )


def of_names(names: Names) -> str:
    """Say how much of what was annotated is spoken of."""
    annotated, mentioned = names.annotated.counts, names.mentioned.counts
    share = names.said / names.named if names.named else 0.0
    return (
        f"{percent(share)} of the names that annotators gave the objects of an image come up in its texts. "
        f"Of {len(annotated):,} different names, {len(mentioned):,} are said of at least one image."
    )


def of_variety(tasks: Sequence[TaskFindings]) -> str:
    """Say in which task questions are repeated most."""
    asking = [task for task in tasks if task.questions.total]
    if not asking:
        return "The questions of this run are drawn from a file, so there is nothing to compare."
    most = max(asking, key=lambda task: task.questions.repeated)
    return (
        f"{title_of(most.task)} repeats itself most: {percent(most.questions.repeated)} of its questions "
        "were asked before, word for word."
    )


def of_opinions(tasks: Sequence[TaskFindings]) -> str:
    """Say which model gave a second opinion on how many samples, and what came of it; empty where none was asked."""
    models = sum((task.verified_by for task in tasks), Counter[str]())
    left_out = sum(task.dropped[CONTRADICTED] for task in tasks)
    contradicted, unverified = (sum(task.rejections[code] for task in tasks) for code in (CONTRADICTED, UNVERIFIED))
    if not models and not left_out and not contradicted and not unverified:
        return ""
    samples = sum(task.samples for task in tasks)
    who = listed([f"{model} on {count:,}" for model, count in models.most_common()]) or "No model on any"
    said = f"Second opinions: {who} of {plural(samples, 'sample')}. Of these, {plural(left_out, 'answer')} "
    said += f"{'was' if left_out == 1 else 'were'} contradicted and left out"
    if contradicted:
        said += f"; {plural(contradicted, 'image')} rejected as contradicted"
    if unverified:
        said += f"; {plural(unverified, 'image')} rejected as unverified, as no opinion came"
    return said + "."


def of_photographs(shelf: PhotographShelf) -> str:
    """Say how many of the photographs that samples name were not found, empty where all were, or none were wanted."""
    missing = shelf.missing
    if not missing:
        return ""
    if len(missing) == shelf.wanted:
        return f"None of the {plural(shelf.wanted, 'photograph')} was found in the folder that --images named."
    verb = "was" if len(missing) == 1 else "were"
    return f"Of {plural(shelf.wanted, 'photograph')}, {len(missing):,} {verb} not found in the folder of --images."


def lede(found: ReportData) -> str:
    """Say in one or two sentences what the run is."""
    samples = sum(task.samples for task in found.tasks)
    rejected = sum(task.rejected for task in found.tasks)
    images = max((task.images for task in found.status.tasks), default=0)
    state = {
        "running": "The run goes on; so far it has",
        "stopped": "The run was stopped; it has",
        "finished": "It has",
    }
    kinds = listed([title_of(task.task).lower() for task in found.tasks])
    writer = "The offline writer" if found.status.model == "offline" else found.status.model or "A model"
    return (
        f"{writer} wrote {kinds} for {plural(images, 'image')}. {state[found.status.state]} "
        f"{plural(samples, 'sample')} and {plural(rejected, 'rejection')}."
    )
