"""The parts of the page: figures, drawings and sentences, ready to be set by the template."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from svit.cost.prices import NANO
from svit.quantities import number_of
from svit.report import figures_in_words, svg
from svit.report.bounded_counters import LengthBin, LengthCounts
from svit.report.findings import IOU_BINS, SAME_PLACE, Grounding, Names, TaskFindings, TextVariety
from svit.report.report_data import ReportData
from svit.report.svg import BarPart, HistogramColumn

_SHOWN = 8
"""Rows of a list of the commonest."""


class Histogram(NamedTuple):
    """A histogram, what it is of, what to see in it, and the ends and the middle of its axis."""

    title: str
    says: str
    drawing: Markup
    axis: tuple[str, ...]


class FlawRow(NamedTuple):
    """A flaw, how often it was found, by task, and as a bar."""

    code: str
    times: int
    by_task: tuple[int, ...]
    drawing: Markup


def tiles(found: ReportData) -> list[tuple[str, str, str]]:
    """Return the figures of the head: a number, what it counts, and what is to be known of it."""
    samples, rejected = sum(task.samples for task in found.tasks), sum(task.rejected for task in found.tasks)
    paid = found.paid.values()
    requests, again = sum(each.requests for each in paid), sum(each.again for each in paid)
    cost = spent(found)
    unheard = sum(each.unheard for each in paid)
    return [
        (figures_in_words.number(max((task.images for task in found.status.tasks), default=0)), "images", found.origin),
        (
            figures_in_words.number(samples),
            "samples",
            figures_in_words.plural(sum(task.pairs for task in found.tasks), "question"),
        ),
        (figures_in_words.number(rejected), "rejected", ""),
        (figures_in_words.percent(samples / (samples + rejected) if samples + rejected else None), "yield", ""),
        (figures_in_words.money(cost), "spent", "no price is known for this model" if cost is None else ""),
        (figures_in_words.per_thousand(cost, samples), "per 1,000 samples", ""),
        (
            figures_in_words.number(requests),
            "requests",
            f"{unheard:,} unheard of, at their worst case" if unheard else "",
        ),
        (
            figures_in_words.number(again),
            "asked again",
            figures_in_words.percent(again / requests) + " of requests" if requests else "",
        ),
    ]


def spent(found: ReportData) -> int | None:
    """Return what the run has cost, in nano-dollars; None without a price."""
    return None if found.status.dollars is None else round(found.status.dollars * NANO)


def task_rows(found: ReportData) -> list[dict[str, object]]:
    """Return a row of figures for each task."""
    rows = []
    priced = found.status.dollars is not None
    for task in found.tasks:
        paid = found.paid.get(task.task)
        cost = paid.cost if paid and priced else None
        title = f"{number_of(task.samples, 'sample')}, {task.rejected:,} rejected"
        rows.append(
            {
                "task": figures_in_words.title_of(task.task),
                "samples": task.samples,
                "pairs": task.pairs,
                "rejected": task.rejected,
                "yield": figures_in_words.percent(task.rate),
                "drawing": svg.bar([BarPart(task.rate or 0.0, "good", title)]),
                "first": figures_in_words.percent(task.attempts[1] / task.samples if task.samples else None),
                "later": _later(task),
                "requests": f"{paid.requests / task.samples:.2f}" if paid and task.samples else "–",
                "cost": figures_in_words.money(cost),
                "per_thousand": figures_in_words.per_thousand(cost, task.samples),
            }
        )
    return rows


def _later(task: TaskFindings) -> str:
    """Return the attempts after the first that made samples, and how many."""
    return ", ".join(f"attempt {n}: {count:,}" for n, count in sorted(task.attempts.items()) if n > 1)


def flaw_groups(tasks: Sequence[TaskFindings]) -> list[tuple[str, str, list[FlawRow]]]:
    """Return the flaws by kind: a title, a word on what is counted, and the rows; kinds without any are left out."""
    kinds = (
        ("Rejections", "rejected completions that have the flaw", [task.rejections for task in tasks]),
        ("Left out", "dialogues that were dropped so that the rest could be kept", [task.dropped for task in tasks]),
        ("Warnings", "samples that have the flaw", [task.warnings for task in tasks]),
        ("Repairs", "samples in which this was mended", [task.repairs for task in tasks]),
    )
    return [(title, counts, rows) for title, counts, found in kinds if (rows := _flaw_rows(found))]


def flaw_kinds(tasks: Sequence[TaskFindings]) -> list[tuple[str, Counter[str]]]:
    """Return the flaws of all tasks together by what they led to."""
    return [
        ("rejections", sum((task.rejections for task in tasks), Counter[str]())),
        ("warnings", sum((task.warnings for task in tasks), Counter[str]())),
        ("repairs", sum((task.repairs for task in tasks), Counter[str]())),
    ]


def _flaw_rows(found: Sequence[Counter[str]]) -> list[FlawRow]:
    total = sum(found, Counter[str]())
    most = max(total.values(), default=1)
    ordered = sorted(total.items(), key=lambda item: (-item[1], item[0]))
    return [
        FlawRow(code, count, tuple(each[code] for each in found), _plain_bar(count / most, f"{code}: {count:,}"))
        for code, count in ordered
    ]


def _plain_bar(share: float, title: str) -> Markup:
    return svg.bar([BarPart(share, "col", title)])


def lengths_of(task: TaskFindings, tokens: LengthCounts | None) -> list[Histogram]:
    """Return the lengths of a task's questions, answers and completions."""
    parts = [("Questions", task.question_words, "words"), ("Answers", task.answer_words, "words")]
    if not task.asks:
        parts = parts[1:]
    if tokens and tokens.counts:
        parts.append(("Completions", tokens, "tokens"))
    return [_histogram(title, lengths, unit) for title, lengths, unit in parts if lengths.counts]


def knows_tokens(found: ReportData) -> bool:
    """Whether the provider said how many tokens completions have."""
    return any(each.tokens.counts for each in found.paid.values())


def _histogram(title: str, lengths: LengthCounts, unit: str) -> Histogram:
    bins = lengths.bins()
    most = max(each.times for each in bins)
    middle = lengths.quantile(0.5)
    bars = [
        HistogramColumn(
            each.times / most, f"{_range(each)} {unit}: {each.times:,}", "mid" if _holds(each, middle) else "col"
        )
        for each in bins
    ]
    says = figures_in_words.of_one(lengths, unit)
    drawn = svg.columns(bars, label=f"{title}: {says}")
    return Histogram(title, says, drawn, (figures_in_words.number(bins[0].low), _range(bins[-1])))


def _holds(each: LengthBin, length: int) -> bool:
    return each.low <= length and (length <= each.high or each.open)


def _range(each: LengthBin) -> str:
    if each.open:
        return f"{each.low:,} and more"
    return f"{each.low:,}" if each.low == each.high else f"{each.low:,}–{each.high:,}"


def yes_no_rows(tasks: Sequence[TaskFindings]) -> list[dict[str, object]]:
    """Return the balance of yes and no of each task that has such answers."""
    rows = []
    for task in tasks:
        if total := task.yes + task.no:
            parts = [
                BarPart(task.yes / total, "yes", f"yes: {task.yes:,}"),
                BarPart(task.no / total, "no", f"no: {task.no:,}"),
            ]
            rows.append(
                {
                    "task": figures_in_words.title_of(task.task),
                    "yes": task.yes,
                    "no": task.no,
                    "share": figures_in_words.percent(task.yes / total),
                    "of_all": figures_in_words.percent(total / task.pairs),
                    "drawing": svg.bar(parts),
                }
            )
    return rows


def overlaps(grounding: Grounding) -> Histogram:
    """Return how the boxes of texts overlap those of the annotators; what is copied exactly is not drawn."""
    counts = [grounding.spread[n] for n in range(IOU_BINS)]
    counts[-1] -= grounding.copied
    most = max(*counts, 1)
    bars = [
        HistogramColumn(
            count / most,
            f"IoU {n / IOU_BINS:.2f}–{(n + 1) / IOU_BINS:.2f}: {number_of(count, 'box', 'boxes')}",
            "good" if n / IOU_BINS >= SAME_PLACE else "bad",
        )
        for n, count in enumerate(counts)
    ]
    label = "Overlap of boxes that are not copied"
    return Histogram(label, number_of(sum(counts), "box", "boxes"), svg.columns(bars, label=label), ("0", "0.5", "1"))


def name_buckets(names: Names) -> list[dict[str, object]]:
    """Return how many names are ever said, by how many images they were annotated in: the head and the tail."""
    most, rows, low = max(names.annotated.counts.values(), default=0), [], 1
    for high in (1, 3, 9, 31, 99, 315, 999, 3161, 9999, None):
        inside = [
            name for name, count in names.annotated.counts.items() if low <= count and (high is None or count <= high)
        ]
        if inside:
            said = sum(name in names.mentioned.counts for name in inside)
            end = most if high is None else min(high, most)
            images = f"{low:,}" if low == end else f"{low:,}–{end:,}"
            share = said / len(inside)
            rows.append(
                {
                    "images": images,
                    "names": len(inside),
                    "said": said,
                    "share": figures_in_words.percent(share),
                    "drawing": _plain_bar(share, f"{said:,} of {len(inside):,} names"),
                }
            )
        low = (high or 0) + 1
    return rows


def most_said(names: Names) -> list[tuple[str, int, int]]:
    """Return the names that are said of most images: name, images that have it, images whose texts say it."""
    ordered = sorted(names.mentioned.counts.items(), key=lambda item: (-item[1], item[0]))
    return [(name, names.annotated.counts[name], count) for name, count in ordered[: 2 * _SHOWN]]


def never_said(names: Names) -> list[tuple[str, int]]:
    """Return the names that most images have and no text says."""
    silent = ((name, count) for name, count in names.annotated.counts.items() if name not in names.mentioned.counts)
    return sorted(silent, key=lambda item: (-item[1], item[0]))[: 2 * _SHOWN]


def variety_rows(tasks: Sequence[TaskFindings]) -> list[dict[str, object]]:
    """Return how varied each task's questions and answers are."""
    rows = []
    for task in tasks:
        pairs = [pair for sample in task.measured.drawn() for block in sample.conversations for pair in block.pairs]
        if not pairs:
            continue
        asked = TextVariety(question for question, _ in pairs) if task.asks else None
        answered = TextVariety(answer for _, answer in pairs)
        rows.append(
            {
                "task": figures_in_words.title_of(task.task),
                "questions": task.questions.total,
                "different": task.questions.different,
                "is_exact": task.questions.is_exact,
                "repeated": figures_in_words.percent(task.questions.repeated) if task.asks else "–",
                "asked_one": f"{asked.one:.3f}" if asked else "–",
                "asked_two": f"{asked.two:.3f}" if asked else "–",
                "answered_one": f"{answered.one:.3f}",
                "answered_two": f"{answered.two:.3f}",
            }
        )
    return rows


def repeated_questions(task: TaskFindings) -> list[tuple[str, int]]:
    """Return the questions that are asked most, those of at least two."""
    ordered = sorted(task.repeated.counts.items(), key=lambda item: (-item[1], item[0]))
    return [(question, count) for question, count in ordered[:_SHOWN] if count > 1]
