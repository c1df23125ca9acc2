"""The page: one HTML file without a script, whose own policy lets it fetch nothing."""

import re
from collections import Counter
from itertools import zip_longest
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from svit import __version__
from svit.report import drawing, sections, telling
from svit.report.drawing import COLOURS
from svit.report.findings import MEASURED, SAME_PLACE, Grounding, TaskFindings
from svit.report.gathering import Gathered
from svit.report.photos import Photo, photo_at
from svit.report.sheet import Card, Refused, card, refused
from svit.shards import RejectionLine

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


def page(found: Gathered, images: Path | None) -> str:
    """Return the page of a run as HTML; with the folder `images`, the photographs are in it."""
    shelf = _Shelf(images)
    sheets = [(task, _cards(task, shelf)) for task in found.tasks if task.samples]
    html = (
        _environment()
        .get_template("page.html")
        .render(
            found=found,
            run=Path(found.status.run).name or found.status.run,
            sheets=sheets,
            symbols=shelf.symbols,
            with_images=images is not None,
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
    made.globals.update(sections=sections, telling=telling, icicle=_icicle)
    made.filters.update(number=telling.number, percent=telling.percent, title_of=telling.title_of, at=telling.time_of)
    return made


def _icicle(task: TaskFindings) -> Markup:
    title = f"First words of the questions of {telling.title_of(task.task).lower()}"
    return drawing.icicle(drawing.branches(task.openings.counts), label=title)


class _Shelf:
    """The photographs of the page: each is in it once, however many samples show it."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._found: dict[tuple[str, int, int], tuple[str, Photo]] = {}
        self.symbols: list[Markup] = []

    def get(self, image: str, width: int, height: int) -> tuple[str, Photo | None]:
        """Return the id of a photograph's symbol, and the photograph; None where none were asked for."""
        if self._folder is None:
            return "", None
        key = image, width, height
        if key not in self._found:
            name, photo = f"photo-{len(self._found) + 1}", photo_at(self._folder, image, (width, height))
            if photo.data:
                self.symbols.append(drawing.symbol(name, photo.data, width=width, height=height))
            self._found[key] = name, photo
        return self._found[key]


def _cards(task: TaskFindings, shelf: _Shelf) -> list[Card]:
    cards = []
    for sample in task.sheet.drawn():
        symbol, photo = shelf.get(sample.image, sample.width, sample.height)
        cards.append(card(sample, photo, symbol))
    return cards


def _refusals(found: Gathered) -> list[tuple[str, int, list[Refused]]]:
    """Return the flaws that rejected most, each with a few of its completions."""
    total = sum((task.rejections for task in found.tasks), Counter[str]())
    ordered = sorted(total, key=lambda code: (-total[code], code))[:_CODES]
    return [(code, total[code], [refused(each, code) for each in _few(found, code)]) for code in ordered]


def _few(found: Gathered, code: str) -> list[RejectionLine]:
    """Return some rejections that have the flaw, of all tasks in turn."""
    drawn = [task.refused[code].drawn() for task in found.tasks if code in task.refused]
    return [each for turn in zip_longest(*drawn) for each in turn if each][:_OF_A_CODE]


def _grounding(found: Gathered) -> Grounding | None:
    """Return the grounding of all tasks whose texts have boxes together, None where no box was compared."""
    every = Grounding()
    for task in found.tasks:
        every.join(task.grounding)
    return every if every.rate is not None else None


def _pruned(found: Gathered) -> list[str]:
    """Return in words what the bounded counters left out."""
    said: list[tuple[str, Any]] = [
        ("object names", found.names.annotated),
        ("object names said", found.names.mentioned),
    ]
    for task in found.tasks:
        name = telling.title_of(task.task).lower()
        said += [(f"first words of {name}", task.openings), (f"questions of {name}", task.repeated)]
    return [f"{tally.pruned:,} {what}" for what, tally in said if tally.pruned]
