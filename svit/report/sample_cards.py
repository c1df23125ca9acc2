"""Samples as cards: what was asked and answered, and the boxes of the text on the photograph, in the same colours."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath
from typing import NamedTuple

from markupsafe import Markup

from svit.boxes import Box
from svit.mentions import Coordinates, Mention, mentions
from svit.quantities import number_of
from svit.records import Flaw
from svit.report.photographs import Photo
from svit.report.svg import COLOURS, PhotographBox, photograph
from svit.run.shards import Block, RejectionLine, SampleLine

_LONGEST = 4_000
"""Characters of a text that are shown."""
_EXCERPT = 1_500
"""Characters of a rejected completion that are shown."""
_AT_FIRST = 3
"""Pairs that are shown before the rest is opened; a conversation stays whole."""
_LABEL = 18


class ShownDialogue(NamedTuple):
    """A dialogue as it is shown: its topic, its questions and answers."""

    topic: str
    pairs: tuple[tuple[Markup, Markup], ...]


class SampleCard(NamedTuple):
    """A sample as it is shown. `picture` is empty where there is neither photograph nor box."""

    image_id: str
    image: str
    size: str
    picture: Markup
    missing: str
    shown: tuple[ShownDialogue, ...]
    more: tuple[ShownDialogue, ...]
    more_words: str
    warnings: tuple[Flaw, ...]
    verified_by: str


class ShownRejection(NamedTuple):
    """A rejection as it is shown: the words of its flaw, and the beginning of its text with these words marked."""

    image_id: str
    task: str
    words: tuple[str, ...]
    text: Markup
    is_cut: bool


def card(sample: SampleLine, photo: Photo | None, symbol: str) -> SampleCard:
    """Return the sample as a card; `symbol` is the id under which the page has the photograph."""
    at_first = _at_first(sample.conversations)
    boxes = _BoxNumbers()
    shown = tuple(_shown(block, boxes) for block in sample.conversations[:at_first])
    early = len(boxes.framed)
    more = tuple(_shown(block, boxes) for block in sample.conversations[at_first:])
    framed = [each._replace(later=n >= early) for n, each in enumerate(boxes.framed)]
    has_photo = photo is not None and bool(photo.data)
    picture = Markup("")
    if framed or has_photo:
        label = f"Image {sample.image_id} with {number_of(len(framed), 'box', 'boxes')}"
        name = symbol if has_photo else None
        picture = photograph(framed, width=sample.width, height=sample.height, label=label, photo=name)
    return SampleCard(
        image_id=str(sample.image_id),
        image=PurePath(sample.image).name if sample.image.startswith("/") else sample.image,
        size=f"{sample.width} × {sample.height}",
        picture=picture,
        missing=photo.why_not if photo else "",
        shown=shown,
        more=more,
        more_words=_more_words(sample.conversations[at_first:]),
        warnings=sample.warnings,
        verified_by=sample.verified_by or "",
    )


def refused(rejection: RejectionLine, code: str) -> ShownRejection:
    """Return the rejection as it is shown under one of its flaws."""
    said = tuple(flaw.words for flaw in rejection.flaws if flaw.code == code)
    text = rejection.text[:_EXCERPT]
    return ShownRejection(
        image_id=str(rejection.image_id),
        task=rejection.task,
        words=tuple(words[:300] for words in said[:3]),
        text=_marked(text, said),
        is_cut=len(rejection.text) > _EXCERPT,
    )


def _marked(text: str, said: Iterable[str]) -> Markup:
    """Return the text with the first place of the flaw's words marked, where they stand in it as they are."""
    for words in said:
        core = words.strip().strip("…").strip()
        if core and core in text:
            before, _, after = text.partition(core)
            return Markup("{}<mark>{}</mark>{}").format(before, core, after)
    return Markup("{}").format(text)


def _at_first(blocks: Sequence[Block]) -> int:
    """Return how many dialogues are shown at once."""
    pairs = 0
    for n, block in enumerate(blocks):
        pairs += len(block.content) // 2
        if pairs > _AT_FIRST:
            return max(1, n)
    return len(blocks)


def _more_words(blocks: Sequence[Block]) -> str:
    if not blocks:
        return ""
    if all(len(block.content) <= 2 for block in blocks):
        return f"{len(blocks)} more pair" + ("s" if len(blocks) > 1 else "")
    return f"{len(blocks)} more conversation" + ("s" if len(blocks) > 1 else "")


class _BoxNumbers:
    """Numbers the boxes of a card as they come; the same box has the same number, colour and place."""

    def __init__(self) -> None:
        self.framed: list[PhotographBox] = []
        self._known: dict[Coordinates, int] = {}

    def of(self, name: str, coordinates: Coordinates) -> int | None:
        """Return the number of a box, None for what is no box."""
        if coordinates not in self._known:
            try:
                box = Box(*coordinates)
            except (TypeError, ValueError):
                return None
            number = len(self.framed) + 1
            label = name if len(name) <= _LABEL else name[: _LABEL - 1] + "…"
            self.framed.append(PhotographBox(box, number, label))
            self._known[coordinates] = number
        return self._known[coordinates]


def _shown(block: Block, boxes: _BoxNumbers) -> ShownDialogue:
    pairs = tuple((_coloured(question, boxes), _coloured(answer, boxes)) for question, answer in block.pairs)
    return ShownDialogue(block.topic or "", pairs)


def _coloured(text: str, boxes: _BoxNumbers) -> Markup:
    """Return the text with each mention in the colour of its first box, and the boxes as a title."""
    text = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return Markup("").join(_pieces(text, boxes))


def _pieces(text: str, boxes: _BoxNumbers) -> Iterator[Markup]:
    end = 0
    for mention in mentions(text):
        yield Markup("{}").format(text[end : mention.start])
        yield _mention(text[mention.start : mention.end], mention, boxes)
        end = mention.end
    yield Markup("{}").format(text[end:])


def _mention(written: str, mention: Mention, boxes: _BoxNumbers) -> Markup:
    found = [boxes.of(mention.name, coordinates) for coordinates in mention.boxes]
    numbers = [number for number in found if number is not None]
    if not numbers:
        return Markup('<mark class="m lost" title="{}">{}</mark>').format(f"no box: {written}", mention.name)
    return Markup('<mark class="m c{} {}" title="{}">{}<sup>{}</sup></mark>').format(
        (numbers[0] - 1) % COLOURS,
        " ".join(f"n{number}" for number in numbers),
        " ".join(str(list(coordinates)) for coordinates in mention.boxes),
        mention.name,
        " ".join(map(str, numbers)),
    )
