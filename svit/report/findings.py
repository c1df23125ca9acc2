"""What the texts of a run come to: one `TaskFindings` a task, and which of the annotators' names are ever said."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property

from svit.boxes import Box
from svit.mentions import Coordinates, mentions
from svit.records import Flaw, ImageContext
from svit.report.bounded_counters import CommonestCounts, DistinctCount, LengthCounts, RandomDraw
from svit.run.shards import RejectionLine, SampleLine

ON_SHEET = 12
"""Samples that are shown of each task."""
PER_CODE = 3
"""Rejections that are shown of each flaw."""
MEASURED = 1_000
"""Samples of a task whose texts make distinct-n: it falls with the amount of text, so all runs take as much."""
SAME_PLACE = 0.5
"""The intersection over union from which on a box is an annotated one, as for the judge."""
IOU_BINS = 20
_OPENINGS, _QUESTIONS, _NAMES = 50_000, 50_000, 200_000
_LONGEST = 2_000
"""Words above which a text is counted as one of so many."""
_WORD = re.compile(r"\w+(?:['’]\w+)*")
_NO_WORD = {code: " " for code in range(128) if not (chr(code).isalnum() or chr(code) == "_")}
"""What parts words in ASCII: to split there finds what the pattern does, in a fraction of its time."""


def words(text: str) -> list[str]:
    """Return the words of the text in small letters; `it's` is one word."""
    text = text.lower()
    if text.isascii() and "'" not in text:
        return text.translate(_NO_WORD).split()
    return _WORD.findall(text)


def spoken(text: str) -> str:
    """Return the text without its boxes: of a mention, the name stays."""
    if "<st>" not in text:
        return text
    parts, end = [], 0
    for mention in mentions(text):
        parts += [text[end : mention.start], mention.name]
        end = mention.end
    return "".join([*parts, text[end:]])


def _opening(said: list[str]) -> tuple[str, str, str]:
    first, second, third = (*said[:3], "", "", "")[:3]
    return first, second, third


class Image:
    """What the annotators said of an image, in the forms in which texts are compared with it."""

    def __init__(self, context: ImageContext) -> None:
        """Keep the context; its forms are made when they are first asked for."""
        self._context = context
        self.mentioned: set[str] = set()

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the objects, in small letters."""
        return frozenset(" ".join(words(thing.name)) for thing in self._context.objects) - {""}

    @cached_property
    def _boxes(self) -> tuple[Box, ...]:
        return tuple(
            dict.fromkeys((*(it.box for it in self._context.objects), *(it.box for it in self._context.regions)))
        )

    @cached_property
    def _printed(self) -> frozenset[Coordinates]:
        return frozenset(box.printed() for box in self._boxes)

    def overlap(self, coordinates: Coordinates) -> float | None:
        """Return the largest intersection over union with an annotated box, 1 for a copied one; None for no box."""
        if coordinates in self._printed:
            return 1.0
        try:
            box = Box(*coordinates)
        except (TypeError, ValueError):
            return None
        x1, y1, x2, y2 = box.x1, box.y1, box.x2, box.y2
        beside = (b for b in self._boxes if b.x1 < x2 and x1 < b.x2 and b.y1 < y2 and y1 < b.y2)
        return max(map(box.iou, beside), default=0.0)

    def hear(self, said: Sequence[str]) -> None:
        """Note which names are among these words, as they are or with the -s or -es of a plural."""
        single, text = set(said), f" {' '.join(said)} "
        for name in self.names - self.mentioned:
            if " " in name:
                found = f" {name} " in text or f" {name}s " in text or f" {name}es " in text
            else:
                found = name in single or name + "s" in single or name + "es" in single
            if found:
                self.mentioned.add(name)


class Grounding:
    """How the boxes of texts lie to those of the annotators. `spread` counts them by steps of 1/20 of the IoU."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.mentions = self.boxes = self.copied = self.near = self.broken = self.unplaced = 0
        self.spread: Counter[int] = Counter()

    def add(self, text: str, image: Image | None) -> None:
        """Count the mentions of a text; without an image the boxes are counted as `unplaced`."""
        for mention in mentions(text):
            self.mentions += 1
            for coordinates in mention.boxes:
                self.boxes += 1
                if image is None:
                    self.unplaced += 1
                else:
                    self._place(image.overlap(coordinates))

    def _place(self, overlap: float | None) -> None:
        if overlap is None:
            self.broken += 1
            return
        self.copied += overlap == 1.0
        self.near += overlap >= SAME_PLACE
        self.spread[min(IOU_BINS - 1, int(overlap * IOU_BINS))] += 1

    def join(self, other: "Grounding") -> None:
        """Count what another counted, too."""
        self.mentions += other.mentions
        self.boxes += other.boxes
        self.copied += other.copied
        self.near += other.near
        self.broken += other.broken
        self.unplaced += other.unplaced
        self.spread.update(other.spread)

    @property
    def rate(self) -> float | None:
        """The share of boxes that are annotated ones, in 0..1; None where no box was compared."""
        compared = self.boxes - self.unplaced
        return self.near / compared if compared else None


class TaskFindings:
    """What the samples and rejections of one task come to, counted as they go by.

    `asks` says that the model writes the questions; where they are drawn from a file they tell nothing. `warnings` and
    `repairs` count samples, `rejections` rejections, each once for a code. `openings` counts the first three words of
    questions, "" where there are fewer; `attempts` counts samples by the attempt that made them, `verified_by` those
    that another model gave an opinion on, by that model.
    """

    def __init__(self, task: str, *, asks: bool, seed: int) -> None:
        """`seed` draws what is shown."""
        self.task, self.asks = task, asks
        self.samples = self.rejected = self.dialogues = self.pairs = 0
        self.attempts: Counter[int] = Counter()
        self.warnings: Counter[str] = Counter()
        self.repairs: Counter[str] = Counter()
        self.rejections: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.verified_by: Counter[str] = Counter()
        self.unsupported = 0
        self.question_words, self.answer_words = LengthCounts(_LONGEST), LengthCounts(_LONGEST)
        self.yes = self.no = 0
        self.openings: CommonestCounts[tuple[str, str, str]] = CommonestCounts(_OPENINGS)
        self.questions = DistinctCount()
        self.repeated: CommonestCounts[str] = CommonestCounts(_QUESTIONS)
        self.grounding = Grounding()
        self.sheet: RandomDraw[SampleLine] = RandomDraw(ON_SHEET, seed)
        self.measured: RandomDraw[SampleLine] = RandomDraw(MEASURED, seed)
        self.refused: dict[str, RandomDraw[RejectionLine]] = {}
        self._seed = seed

    def add(self, sample: SampleLine, image: Image | None) -> None:
        """Count a sample, and hear its words for the image."""
        self.samples += 1
        self.dialogues += len(sample.conversations)
        self.attempts[sample.provenance.attempt] += 1
        self.dropped.update(sample.dropped)
        if sample.verified_by:
            self.verified_by[sample.verified_by] += 1
        self._weigh(sample.warnings)
        self.sheet.offer(sample, self.task, sample.image_id)
        self.measured.offer(sample, self.task, sample.image_id)
        pairs = [pair for block in sample.conversations for pair in block.pairs]
        self.pairs += len(pairs)
        for text in itertools.chain.from_iterable(pairs):
            if "<st>" in text:
                self.grounding.add(text, image)
        questions = [words(spoken(question)) for question, _ in pairs]
        answers = [words(spoken(answer)) for _, answer in pairs]
        self._measure(questions, answers)
        if image:
            heard = (*questions, *answers) if self.asks else answers
            image.hear(list(itertools.chain.from_iterable(heard)))

    def _measure(self, questions: Sequence[list[str]], answers: Sequence[list[str]]) -> None:
        """Count the words of questions and answers, what they begin with, and what was asked before."""
        self.question_words.update(list(map(len, questions)))
        self.answer_words.update(list(map(len, answers)))
        first = Counter(answer[0] for answer in answers if answer)
        self.yes += first["yes"]
        self.no += first["no"]
        if self.asks:
            self.openings.add(map(_opening, questions))
            asked = [" ".join(question) for question in questions]
            self.questions.add(asked)
            self.repeated.add(asked)

    def _weigh(self, flaws: Iterable[Flaw]) -> None:
        flaws = tuple(flaws)
        self.warnings.update({flaw.code for flaw in flaws if flaw.severity != "repair"})
        self.repairs.update({flaw.code for flaw in flaws if flaw.severity == "repair"})
        self.unsupported += sum(flaw.code == "unsupported_object" for flaw in flaws)

    def refuse(self, rejection: RejectionLine) -> None:
        """Count a rejection."""
        self.rejected += 1
        for code in {flaw.code for flaw in rejection.flaws if flaw.severity == "reject"}:
            self.rejections[code] += 1
            lot = self.refused.setdefault(code, RandomDraw(PER_CODE, self._seed))
            lot.offer(rejection, code, self.task, rejection.image_id)

    @property
    def rate(self) -> float | None:
        """The share of settled images that have a sample, in 0..1; None where nothing is settled."""
        settled = self.samples + self.rejected
        return self.samples / settled if settled else None


class Names:
    """Which names of the annotators' objects are said in the texts of their own image, all tasks together."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.annotated: CommonestCounts[str] = CommonestCounts(_NAMES)
        self.mentioned: CommonestCounts[str] = CommonestCounts(_NAMES)
        self.named = self.said = 0

    def add(self, image: Image) -> None:
        """Count an image that has samples."""
        self.named += len(image.names)
        self.said += len(image.mentioned)
        self.annotated.add(sorted(image.names))
        self.mentioned.add(sorted(image.mentioned))


class TextVariety:
    """Distinct-n of some texts: how many of their words, and of their pairs of neighbours, are different, in 0..1."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Read the texts."""
        singles: set[str] = set()
        pairs: set[tuple[str, str]] = set()
        self.words = couples = 0
        for text in texts:
            said = words(spoken(text))
            singles.update(said)
            neighbours = list(itertools.pairwise(said))
            pairs.update(neighbours)
            self.words += len(said)
            couples += len(neighbours)
        self.one = len(singles) / max(1, self.words)
        self.two = len(pairs) / max(1, couples)
