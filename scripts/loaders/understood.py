"""What a trainer made of each record: held against the record's own turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from .exported import Record, boxes_in, turns_of

IGNORED = 0
"""Labels below are no tokens: -100 is not learned, LLaVA's -200 is the image."""


class Tally:
    """Counts over all records, and the ids of those where something differs.

    decode turns token ids into text. ends are what a template may have in its labels besides answers: its end marks.
    """

    def __init__(
        self, decode: Callable[[list[int]], str], ends: Iterable[str] = (), counts: Counter[str] | None = None
    ) -> None:
        """Start with nothing counted, or with counts of the trainer's own."""
        self.decode, self.ends = decode, sorted(ends, key=len, reverse=True)
        self.counts: Counter[str] = counts or Counter()
        self.wrong: list[str] = []

    def add(self, record: Record, labels: list[int], images: int) -> None:
        """Count a record by its labels and by how many tokens or patches its picture has become."""
        questions, answers = turns_of(record)
        self.say(str(record.get("id")), questions, answers, labels, images)

    def say(self, name: str, questions: list[str], answers: list[str], labels: list[int], images: int) -> None:
        """Count a record by its turns; labels, as the trainer made them; images, tokens of the picture."""
        learned = self.decode([label for label in labels if label >= IGNORED])
        whole, left = found_in_order(learned, answers)
        for end in self.ends:
            left = left.replace(end, "")
        masked = len(questions) if not left.strip() else sum(question not in left for question in questions)
        self.counts.update(
            {
                "records": 1,
                "human turns": len(questions),
                "masked": masked,
                "answers": len(answers),
                "whole in the labels": whole,
                "boxes of answers": sum(map(boxes_in, answers)),
                "boxes in the labels": boxes_in(learned),
                "image tokens": images,
                "label characters beside answers": len(left.strip()),
            }
        )
        kept = whole == len(answers) and masked == len(questions) and not left.strip() and images
        if not kept or boxes_in(learned) != sum(map(boxes_in, answers)):
            self.wrong.append(name)


def found_in_order(text: str, answers: list[str]) -> tuple[int, str]:
    """Return how many answers the text has, one after another, and what it has besides."""
    whole, left, start = 0, [], 0
    for answer in answers:
        at = text.find(answer.strip(), start)
        if at >= 0:
            whole += 1
            left.append(text[start:at])
            start = at + len(answer.strip())
    return whole, "".join([*left, text[start:]])
