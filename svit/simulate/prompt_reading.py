"""Reading a prompt back: which task it asks for, and the context that `prompting.render` put into it."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from svit.boxes import Box
from svit.records import ImageContext, Object, Region

BOXED_LINE = re.compile(r"^(.+): \[(-?[\d.]+), (-?[\d.]+), ([\d.]+), ([\d.]+)\]$", re.MULTILINE)
"""A name or a phrase, and its box as `str(box)` writes it."""
_FIRST_LABEL = re.compile(r"^(?:captions|objects|regions):$", re.MULTILINE)
_MARKERS = (("<st>", "referring"), ("Topic:", "conversation"), ("Question:", "complex_reasoning"))
"""Marks of the answer forms, in the shipped prompt files as in people's own, the most telling first."""
_NUMBER = re.compile(r"\bWrite (?:(\d+)|([a-z]+)) (?:separate )?(?:questions?|conversations?)\b")
_WORDS = "one two three four five six seven eight nine ten eleven twelve".split()
_DOUBTED = re.compile(r"^(\d+)\. Question: .*\nAnswer: ", re.MULTILINE)
"""How `svit.run.verification.numbered` writes what a second opinion is asked about."""


class PromptContent(NamedTuple):
    """What a prompt tells of its image, and the text around it."""

    context: ImageContext
    around: str


def told(texts: Sequence[str]) -> PromptContent | None:
    """Return the context in the last of the messages that has one; None when there is none.

    Width, height and ids are not in a prompt: the image is taken to be 1000 x 1000 pixels and all ids count from 0.
    """
    for index in reversed(range(len(texts))):
        for label in _FIRST_LABEL.finditer(texts[index]):
            found = _block(texts[index], label.start())
            if found:
                context, rest = found
                around = (*texts[:index], texts[index][: label.start()], rest, *texts[index + 1 :])
                return PromptContent(context, "\n".join(around))
    return None


def asked_task(around: str) -> str:
    """Return the name of the task that the text around the context asks for.

    The answer form that it shows tells; a text that shows none asks for a description.
    """
    return next((task for marker, task in _MARKERS if marker in around), "detail_description")


def asked_number(around: str) -> int | None:
    """Return how many pairs or conversations the text asks for, in the words of the shipped prompt files, else None."""
    found = _NUMBER.search(around)
    if found is None:
        return None
    numeral, word = found.groups()
    return int(numeral) if numeral else _WORDS.index(word) + 1 if word in _WORDS else None


def doubted(texts: Sequence[str]) -> list[int]:
    """Return the numbers of the answers that a second opinion is asked about, none where another thing is asked for."""
    _, label, answers = texts[-1].partition("\nanswers:\n") if texts else ("", "", "")
    return list(map(int, _DOUBTED.findall(answers))) if label else []


def _block(text: str, start: int) -> tuple[ImageContext, str] | None:
    """Return the context whose first label is at `start`, and the text behind it; a blank line or the end closes it."""
    block, gap, behind = text[start:].partition("\n\n")
    lines = block.split("\n")
    captions, at = _captions(lines)
    objects: tuple[Object, ...] = ()
    if lines[at : at + 1] == ["objects:"]:
        boxed, at = _run(lines, at + 1, _boxed)
        objects = tuple(Object(number, name, box) for number, (name, box) in enumerate(boxed))
    regions: tuple[Region, ...] = ()
    if lines[at : at + 1] == ["regions:"] and len(lines) > at + 1:
        regions, at = _regions(lines, at + 1)
    context = ImageContext(0, "simulated.jpg", 1000, 1000, captions=captions, objects=objects, regions=regions)
    return None if context.is_empty else (context, "\n".join(lines[at:]) + gap + behind)


def _captions(lines: list[str]) -> tuple[tuple[str, ...], int]:
    """Return the captions and the line after them. A caption may look like a label: then what follows decides."""
    if lines[0] != "captions:":
        return (), 0
    labels = {
        label: [at for at in range(2, len(lines) - 1) if lines[at] == label] for label in ("objects:", "regions:")
    }
    with_boxes = [at for found in labels.values() for at in found if _boxed(lines[at + 1])]
    end = next(iter([*with_boxes, *labels["regions:"]]), len(lines))
    return tuple(lines[1:end]), end


def _regions(lines: list[str], at: int) -> tuple[tuple[Region, ...], int]:
    """Return the regions from line `at` on. Their first line tells whether they have boxes."""
    if _boxed(lines[at]):
        found, at = _run(lines, at, _boxed)
    else:
        found, at = [(phrase, _WHOLE) for phrase in lines[at:]], len(lines)
    return tuple(Region(number, phrase, box) for number, (phrase, box) in enumerate(found)), at


_WHOLE = Box(0.0, 0.0, 1.0, 1.0)


def _run(lines: list[str], at: int, read: Callable[[str], tuple[str, Box] | None]) -> tuple[list[tuple[str, Box]], int]:
    found = []
    while at < len(lines) and (one := read(lines[at])):
        found.append(one)
        at += 1
    return found, at


def _boxed(line: str) -> tuple[str, Box] | None:
    match = BOXED_LINE.fullmatch(line)
    if not match:
        return None
    try:
        return match[1], Box(*map(float, match.groups()[1:]))
    except ValueError:
        return None
