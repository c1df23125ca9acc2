"""What a file's records have in common: flaws by code and task, with the worst examples of each."""

from collections import Counter, defaultdict
from collections.abc import Iterable

import msgspec

from svit.datasets.record_fields import Form
from svit.datasets.record_forms import Record
from svit.datasets.record_verdict import RecordVerdict
from svit.errors import DataError
from svit.records import Flaw, ImageId

_MOST_DAMAGE = 5
"""Damaged records that are named; the others are counted."""


class Example(msgspec.Struct, frozen=True):
    """A record with the flaw, and the words that show it. `place` is `line 3` or `record 3` of the file."""

    place: str
    image_id: ImageId
    words: str


class CodeFigures(msgspec.Struct, frozen=True):
    """How often a flaw is there: in how many records, of 100 of the task, and how often in all."""

    code: str
    severity: str
    records: int
    per_100_records: float
    flaws: int
    examples: tuple[Example, ...]


class TaskFigures(msgspec.Struct, frozen=True):
    """One task's records and question-answer pairs. `flawed` records have a flaw that no sample may have."""

    task: str
    records: int
    pairs: int
    flawed: int
    per_100_records: float
    flaws: tuple[CodeFigures, ...]


class UnreadableRecord(msgspec.Struct, frozen=True):
    """A record that cannot be read."""

    place: str
    what: str


class ContextFigures(msgspec.Struct, frozen=True):
    """How many records have a context in the store; the others were judged by their text alone.

    `padded` of them have boxes that are shares of the square around the image, and were compared as such.
    """

    file: str
    with_context: int
    without_context: int
    padded: int = 0


class FixFigures(msgspec.Struct, frozen=True):
    """What was written. Records are dropped by their first flaw, and so are the pairs and conversations left out.

    Records `changed` are among those kept.
    """

    file: str
    kept: int
    changed: int
    dropped: dict[str, int]
    pairs: int
    left_out: dict[str, int]


class AuditReport(msgspec.Struct, frozen=True):
    """All that `svit check --json` tells. Records that are damaged are in no other figure."""

    file: str
    forms: dict[Form, int]
    records: int
    pairs: int
    damaged: int
    damage: tuple[UnreadableRecord, ...]
    contexts: ContextFigures | None
    tasks: tuple[TaskFigures, ...]
    fix: FixFigures | None


class _Code:
    """One code of one task, with the examples of the records that have most flaws."""

    def __init__(self, examples: int) -> None:
        self.records = 0
        self.flaws = 0
        self._most = examples
        self._worst: list[tuple[int, Example]] = []

    def count(self, times: int, badness: int, example: Example) -> None:
        self.records += 1
        self.flaws += times
        worst = self._worst
        if len(worst) == self._most and (not worst or worst[-1][0] >= badness):
            return
        place = next((i for i, (other, _) in enumerate(worst) if other < badness), len(worst))
        worst.insert(place, (badness, example))
        del worst[self._most :]

    def figures(self, code: str, severity: str, of: int) -> CodeFigures:
        examples = tuple(example for _, example in self._worst)
        return CodeFigures(code, severity, self.records, _per_100(self.records, of), self.flaws, examples)


class AuditTally:
    """Adds records up, in memory that does not grow with them."""

    def __init__(self, file: str, examples: int) -> None:
        """Add up the records of this file, and keep so many examples of each flaw of each task."""
        self._file = file
        self._forms: Counter[Form] = Counter()
        self._records: Counter[str] = Counter()
        self._pairs: Counter[str] = Counter()
        self._flawed: Counter[str] = Counter()
        self._codes: defaultdict[tuple[str, str, str], _Code] = defaultdict(lambda: _Code(examples))
        self._damaged = 0
        self._damage: list[UnreadableRecord] = []
        self._with_context = 0
        self._padded = 0
        self._kept: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()

    def damage(self, place: str, what: str) -> None:
        """Count a record that cannot be read."""
        self._damaged += 1
        if len(self._damage) < _MOST_DAMAGE:
            self._damage.append(UnreadableRecord(place, what))

    def count(self, place: str, record: Record, found: RecordVerdict, *, grounded: bool) -> None:
        """Count a record and its flaws."""
        task, rejects = "mixed" if record.is_mixed else record.task, found.rejects
        self._forms[record.form] += 1
        self._records[task] += 1
        self._pairs[task] += sum(len(dialogue.turns) for dialogue in record.dialogues)
        self._flawed[task] += bool(rejects)
        self._with_context += grounded
        self._padded += found.is_padded
        for (code, severity), times, words in _by_code(found.flaws):
            example = Example(place, record.image_id, words)
            self._codes[task, code, severity].count(times, len(rejects), example)
        self._count_kept(found)

    def refuse_nothing(self) -> None:
        """Raise DataError when no record was counted."""
        if not self._records:
            first = next((f" The first one, {each.place}, {each.what}." for each in self._damage), "")
            forms = "our own, SVIT's, LLaVA's or a chat's"
            raise DataError(f"{self._file} has no record in a form that is known: {forms}.{first}{self._hint()}")

    def _hint(self) -> str:
        ends = any(each.what == "ends in the middle" for each in self._damage[:1])
        return " A file is an array of records, or has one on each line." if ends else ""

    def _count_kept(self, found: RecordVerdict) -> None:
        if not found.kept:
            self._dropped[found.rejects[0]] += 1
            return
        self._kept["records"] += 1
        self._kept["changed"] += found.is_changed
        self._kept["pairs"] += sum(len(dialogue.turns) for _, dialogue in found.kept)
        self._left_out.update(found.dropped)

    def report(self, *, contexts: str | None, fix: str | None) -> AuditReport:
        """Return all figures, the tasks with most records first; `contexts` and `fix` name the files, if there are."""
        kept, records = self._kept, sum(self._records.values())
        return AuditReport(
            file=self._file,
            forms=dict(self._forms),
            records=records,
            pairs=sum(self._pairs.values()),
            damaged=self._damaged,
            damage=tuple(self._damage),
            contexts=None
            if contexts is None
            else ContextFigures(contexts, self._with_context, records - self._with_context, self._padded),
            tasks=tuple(self._task(task) for task, _ in self._records.most_common()),
            fix=None
            if fix is None
            else FixFigures(
                fix,
                kept["records"],
                kept["changed"],
                dict(self._dropped.most_common()),
                kept["pairs"],
                dict(self._left_out.most_common()),
            ),
        )

    def _task(self, task: str) -> TaskFigures:
        of = self._records[task]
        codes = [code.figures(name, how, of) for (whose, name, how), code in self._codes.items() if whose == task]
        order = ("reject", "warn", "repair")
        codes.sort(key=lambda code: (order.index(code.severity), -code.records, code.code))
        flawed = self._flawed[task]
        return TaskFigures(task, of, self._pairs[task], flawed, _per_100(flawed, of), tuple(codes))


def _by_code(flaws: Iterable[Flaw]) -> Iterable[tuple[tuple[str, str], int, str]]:
    """Yield each code and severity of the flaws with how often it is there and the words of the first."""
    times = Counter((flaw.code, flaw.severity) for flaw in flaws)
    words: dict[tuple[str, str], str] = {}
    for flaw in flaws:
        words.setdefault((flaw.code, flaw.severity), flaw.words)
    return [(key, count, words[key]) for key, count in times.items()]


def _per_100(count: int, of: int) -> float:
    return round(100 * count / of, 2)
