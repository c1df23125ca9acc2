"""What the samples of an export add up to, counted while they go by: what its card tells of them."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import msgspec

from svit.contexts.files.decode_errors import fault
from svit.errors import DataError
from svit.run.shards import SampleRemarks


class SampleOrigin(msgspec.Struct, frozen=True, gc=False):
    """What a sample's line says of its making. `warnings` and `dropped` are JSON within a text, or empty."""

    task: str
    model: str
    prompt_version: str
    source: str
    svit: str
    attempt: int
    verified_by: str = ""
    warnings: str = ""
    dropped: str = ""

    def told(self) -> dict[str, object]:
        """Return all of it as the line tells it."""
        origin = {name: getattr(self, name) for name in ("model", "prompt_version", "source", "svit", "attempt")}
        others = {name: getattr(self, name) for name in ("task", "verified_by", "warnings", "dropped")}
        return {"provenance": origin, **others}


class _TextBlock(msgspec.Struct):
    content: list[Any]


class _Origin(msgspec.Struct):
    model: str
    attempt: int
    source: str = ""
    prompt_version: str = ""
    svit: str = ""


class _LineTexts(msgspec.Struct):
    conversations: list[_TextBlock]


class _LineRemarks(SampleRemarks, frozen=True):
    task: str
    provenance: _Origin
    verified_by: str = ""


@dataclass
class Counts:
    """Samples and question-answer pairs by split and task, and samples by what their lines say of them.

    `prompts` are by task and version. `warned` and `repaired` count the samples with a flaw of this code, `dropped` the
    dialogues that were left out of samples, by their first flaw. Memory does not grow with the samples.
    """

    samples: Counter[tuple[str, str]] = field(default_factory=Counter)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    verifiers: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    prompts: Counter[tuple[str, str]] = field(default_factory=Counter)
    attempts: Counter[int] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    warned: Counter[str] = field(default_factory=Counter)
    repaired: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)

    def add(self, line: object, split: str = "train", *, pairs: int | None = None, times: int = 1) -> None:
        """Count a sample that is exported, or so many that are alike.

        It is the decoded JSON of its line, or any object with attributes named alike. `pairs` are those of it
        that were written; None is all that it has, which takes longer to find out. Raises DataError for another
        shape.
        """
        if isinstance(line, SampleOrigin):
            line = line.told()
        try:
            told = msgspec.convert(line, _LineRemarks, from_attributes=True)
            if pairs is None:
                said = msgspec.convert(line, _LineTexts, from_attributes=True)
                pairs = sum(len(block.content) // 2 for block in said.conversations)
        except msgspec.ValidationError as error:
            raise DataError(f"A sample {fault(error)}: this is no line of svit.") from None
        where, origin = (split, told.task), told.provenance
        self.samples[where] += times
        self.pairs[where] += pairs * times
        self.models[origin.model] += times
        self.verifiers[told.verified_by] += times
        self.sources[origin.source] += times
        self.prompts[told.task, origin.prompt_version] += times
        self.attempts[origin.attempt] += times
        self.versions[origin.svit] += times
        self.warned.update(dict.fromkeys({known.code for known in told.warnings if known.severity != "repair"}, times))
        self.repaired.update(
            dict.fromkeys({known.code for known in told.warnings if known.severity == "repair"}, times)
        )
        self.dropped.update({code: count * times for code, count in told.dropped.items()})

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks that there are samples of, in the order of their first ones."""
        return tuple(dict.fromkeys(task for _, task in self.samples))

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that there are samples in, in the order of their first ones."""
        return tuple(dict.fromkeys(split for split, _ in self.samples))

    def total(self) -> int:
        """Return how many samples there are."""
        return self.samples.total()


@dataclass
class SampleCounts:
    """Samples by split and making, and pairs by split and task: cheap to add to while records go by."""

    samples: Counter[tuple[str, SampleOrigin]] = field(default_factory=Counter)
    pairs: Counter[tuple[str, str]] = field(default_factory=Counter)

    def counts(self) -> Counts:
        """Return what they add up to."""
        counts = Counts()
        for (split, made), times in self.samples.items():
            counts.add(made, split, pairs=0, times=times)
        counts.pairs = Counter(self.pairs)
        return counts
