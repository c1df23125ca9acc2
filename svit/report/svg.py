"""Inline SVG. Every function is pure and returns Markup; all text that comes in is escaped on its way."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from markupsafe import Markup

from svit.boxes import Box
from svit.report.box_labels import ASCENT, LabelArea, labels

COLOURS = 8
"""Hues that the style sheet names `c0` to `c7`."""
_WIDTH = 400
"""User units of a photograph's width, near the pixels it is shown at, so that text in it has its own size."""


class HistogramColumn(NamedTuple):
    """One column of a histogram, as a share of the tallest, and what is said when it is pointed at."""

    share: float
    title: str
    kind: str = ""


class BarPart(NamedTuple):
    """One part of a bar: its share of the whole bar, its class in the style sheet, what is said of it."""

    share: float
    kind: str
    title: str


class PhotographBox(NamedTuple):
    """A box on a photograph: the number and the name at its corner. `later` ones wait until their text is opened."""

    box: Box
    number: int
    name: str
    later: bool = False


def columns(bars: Sequence[HistogramColumn], *, label: str) -> Markup:
    """Return a histogram without its axis: it stretches to any width, and text beside it does not."""
    drawn = Markup("").join(
        Markup('<rect class="{}" x="{:.2f}" y="{:.2f}" width="0.9" height="{:.2f}"><title>{}</title></rect>').format(
            bar.kind or "col", n + 0.05, 100 - _visible(bar.share), _visible(bar.share), bar.title
        )
        for n, bar in enumerate(bars)
    )
    return Markup(
        '<svg class="columns" viewBox="0 0 {} 100" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(max(1, len(bars)), label, drawn)


def _visible(share: float) -> float:
    """Return the height in percent; what is there at all can be seen."""
    return max(100 * share, 1.2) if share else 0.0


def bar(parts: Iterable[BarPart]) -> Markup:
    """Return one bar of the full width, its parts from left to right; what they leave is empty."""
    x, drawn = 0.0, []
    for part in parts:
        width = 100 * part.share
        piece = Markup('<rect class="{}" x="{:.3f}" y="0" width="{:.3f}" height="10"><title>{}</title></rect>')
        drawn.append(piece.format(part.kind, x, width, part.title))
        x += width
    return Markup(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
    ).format(Markup("").join(drawn))


@dataclass
class Branch:
    """A word that texts begin with, how many do, and the words after it."""

    count: int = 0
    after: "dict[str, Branch]" = field(default_factory=dict)


def branches(openings: Counter[tuple[str, str, str]]) -> Branch:
    """Return the first words of texts as a tree."""
    root = Branch()
    for opening, count in openings.items():
        node = root
        node.count += count
        for word in opening:
            if not word:
                break
            node = node.after.setdefault(word, Branch())
            node.count += count
    return root


class _Cell(NamedTuple):
    words: tuple[str, ...]
    times: int
    top: float
    height: float
    hue: int


_TREE_WIDTH, _TREE_HEIGHT, _LEVELS = 720, 440, 3
_THINNEST = 9.0
"""User units. Thinner cells have no room for a word: they are left out, and leave a blank that shows how many."""
_LINE = 13.0
"""User units that a word of the usual size needs, with its share; thinner cells have a smaller word alone."""


def icicle(root: Branch, *, label: str) -> Markup:
    """Return the tree as cells from left to right, one column a word, each as high as its share of the texts."""
    if not root.count:
        return Markup("")
    drawn = Markup("").join(_cell(cell, root.count) for cell in _cells(root, (), 0.0, _TREE_HEIGHT, 0))
    return Markup('<svg class="icicle" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _TREE_WIDTH, _TREE_HEIGHT, label, drawn
    )


def _cells(node: Branch, path: tuple[str, ...], top: float, height: float, hue: int) -> Iterable[_Cell]:
    for n, (word, child) in enumerate(sorted(node.after.items(), key=lambda item: (-item[1].count, item[0]))):
        tall = height * child.count / node.count
        if tall < _THINNEST:
            return
        colour = hue if path else n % COLOURS
        yield _Cell((*path, word), child.count, top, tall, colour)
        yield from _cells(child, (*path, word), top, tall, colour)
        top += tall


def _cell(cell: _Cell, total: int) -> Markup:
    level = len(cell.words)
    width = _TREE_WIDTH / _LEVELS
    x = (level - 1) * width
    share = f"{cell.times / total:.0%}"
    words = cell.words[-1] if len(cell.words[-1]) <= 24 else cell.words[-1][:23] + "…"
    is_small = cell.height < _LINE
    text = Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}{}</text>').format(
        "small" if is_small else "word",
        x + 8,
        cell.top + min(cell.height / 2, 14) + (3 if is_small else 3.7),
        words,
        "" if is_small else Markup(' <tspan class="dim">{}</tspan>').format(share),
    )
    return Markup(
        '<g class="c{} l{}"><title>{}: {:,} ({})</title>'
        '<rect x="{:.1f}" y="{:.2f}" width="{:.1f}" height="{:.2f}" rx="1.5"/>{}</g>'
    ).format(
        cell.hue, level, " ".join(cell.words), cell.times, share, x, cell.top + 0.5, width - 2, cell.height - 1, text
    )


def photograph(
    boxes: Iterable[PhotographBox], *, width: int, height: int, label: str, photo: str | None = None
) -> Markup:
    """Return the boxes over a photograph of so many pixels, or over an empty frame of its shape.

    `photo` is the id of a symbol of the page that `symbol` has drawn.
    """
    tall = _height(width, height)
    ground = Markup('<rect class="frame" width="{}" height="{:.3f}"/>').format(_WIDTH, tall)
    if photo is not None:
        ground = Markup('<use class="photo" href="#{}" width="{}" height="{:.3f}"/>').format(photo, _WIDTH, tall)
    boxes = tuple(boxes)
    drawn = Markup("").join((*(_outline(box, tall) for box in boxes), *_labels(boxes, tall)))
    return Markup('<svg class="photograph" viewBox="0 0 {} {:.3f}" role="img" aria-label="{}">{}{}</svg>').format(
        _WIDTH, tall, label, ground, drawn
    )


def symbol(name: str, data: str, *, width: int, height: int) -> Markup:
    """Return the photograph as a symbol that the page can use many times; `data` is a `data:` address."""
    tall = _height(width, height)
    return Markup(
        '<symbol id="{}" viewBox="0 0 {} {:.3f}"><image href="{}" width="{}" height="{:.3f}" '
        'preserveAspectRatio="none"/></symbol>'
    ).format(name, _WIDTH, tall, data, _WIDTH, tall)


def _height(width: int, height: int) -> float:
    """Return the user units of the height; no shape is so odd that the page breaks."""
    return _WIDTH * min(4.0, max(0.1, max(1, height) / max(1, width)))


def _group(framed: PhotographBox, inside: Markup) -> Markup:
    """Return a part of a box, in its colour, that lights up when the box's words are pointed at."""
    kinds = f"b b{framed.number} c{(framed.number - 1) % COLOURS}" + (" later" if framed.later else "")
    return Markup('<g class="{}">{}</g>').format(kinds, inside)


def _outline(framed: PhotographBox, tall: float) -> Markup:
    box = framed.box
    rect = Markup(
        '<rect class="box" x="{:.3f}" y="{:.3f}" width="{:.3f}" height="{:.3f}" data-box="{}">'
        "<title>{} {}</title></rect>"
    ).format(
        *(box.x1 * _WIDTH, box.y1 * tall, (box.x2 - box.x1) * _WIDTH, (box.y2 - box.y1) * tall),
        *(box, framed.name, box),
    )
    return _group(framed, rect)


def _labels(boxes: Sequence[PhotographBox], tall: float) -> Iterator[Markup]:
    """Yield the labels, above all outlines, beside their boxes; a line leads to one that had no place there."""
    areas = [LabelArea(*(box.x1 * _WIDTH, box.y1 * tall, box.x2 * _WIDTH, box.y2 * tall)) for box, *_ in boxes]
    for framed, label in zip(boxes, labels(areas, [framed.name for framed in boxes], _WIDTH, tall), strict=True):
        line = Markup("")
        if label.line:
            line = Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>').format(*label.line)
        text = Markup('<text x="{:.1f}" y="{:.1f}" textLength="{:.1f}" lengthAdjust="spacingAndGlyphs">{}</text>')
        x, y, right, _ = label.area
        yield _group(framed, line + text.format(x + 2, y + ASCENT, right - x - 4, label.text))
