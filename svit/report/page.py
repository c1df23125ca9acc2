"""The page: one HTML file without a script, whose own policy lets it fetch nothing."""

import re
from collections import Counter
from itertools import zip_longest
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from svit import __version__
from svit.report import figures_in_words, sections, svg
from svit.report.findings import MEASURED, SAME_PLACE, Grounding, TaskFindings
from svit.report.photograph_shelf import PhotographShelf
from svit.report.report_data import ReportData
from svit.report.sample_cards import SampleCard, ShownRejection, card, refused
from svit.report.svg import COLOURS
from svit.run.shards import RejectionLine

_NUMBERED = 60
"""Boxes of one card that are lit up when their words are pointed at."""
_CODES = 24
"""Flaws whose rejected texts are shown."""
_OF_A_CODE = 4
"""Rejected texts of a flaw that are shown."""
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""Control characters, marks that reorder text, what no one sees, lone surrogates: none of it belongs on the page."""


def page(found: ReportData, shelf: PhotographShelf) -> str:
    """Return the page of a run as HTML, with the photographs that the shelf finds for it."""
    sheets = [(task, _cards(task, shelf)) for task in found.tasks if task.samples]
    html = (
        _environment()
        .get_template("page.html")
        .render(
            found=found,
            run=found.name,
            sheets=sheets,
            shelf=shelf,
            refusals=_refusals(found),
            grounding=_grounding(found),
            pruned=_pruned(found),
            unsupported=sum(task.unsupported for task in found.tasks),
            version=__version__,
            numbered=range(1, _NUMBERED + 1),
            colours=range(COLOURS),
            measured=MEASURED,
            same_place=SAME_PLACE,
        )
    )
    return _UNSEEN.sub(" ", html)


def _environment() -> Environment:
    """Return Jinja with everything escaped that is no drawing of ours, and every missing name an error."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(sections=sections, telling=figures_in_words, icicle=_icicle)
    made.filters.update(
        number=figures_in_words.number,
        percent=figures_in_words.percent,
        title_of=figures_in_words.title_of,
        at=figures_in_words.time_of,
    )
    return made


def _icicle(task: TaskFindings) -> Markup:
    title = f"First words of the questions of {figures_in_words.title_of(task.task).lower()}"
    return svg.icicle(svg.branches(task.openings.counts), label=title)


def _cards(task: TaskFindings, shelf: PhotographShelf) -> list[SampleCard]:
    cards = []
    for sample in task.sheet.drawn():
        symbol, photo = shelf.get(sample.image, sample.width, sample.height)
        cards.append(card(sample, photo, symbol))
    return cards


def _refusals(found: ReportData) -> list[tuple[str, int, list[ShownRejection]]]:
    """Return the flaws that rejected most, each with a few of its completions."""
    total = sum((task.rejections for task in found.tasks), Counter[str]())
    ordered = sorted(total, key=lambda code: (-total[code], code))[:_CODES]
    return [(code, total[code], [refused(each, code) for each in _few(found, code)]) for code in ordered]


def _few(found: ReportData, code: str) -> list[RejectionLine]:
    """Return some rejections that have the flaw, of all tasks in turn."""
    drawn = [task.refused[code].drawn() for task in found.tasks if code in task.refused]
    return [each for turn in zip_longest(*drawn) for each in turn if each][:_OF_A_CODE]


def _grounding(found: ReportData) -> Grounding | None:
    """Return the grounding of all tasks whose texts have boxes together, None where no box was compared."""
    every = Grounding()
    for task in found.tasks:
        every.join(task.grounding)
    return every if every.rate is not None else None


def _pruned(found: ReportData) -> list[str]:
    """Return in words what the bounded counters left out."""
    said: list[tuple[str, Any]] = [
        ("object names", found.names.annotated),
        ("object names said", found.names.mentioned),
    ]
    for task in found.tasks:
        name = figures_in_words.title_of(task.task).lower()
        said += [(f"first words of {name}", task.openings), (f"questions of {name}", task.repeated)]
    return [f"{tally.pruned:,} {what}" for what, tally in said if tally.pruned]
