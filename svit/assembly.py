"""Shards on their way: which of them stand on disk, the outcomes in their places, and the files when all are there."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
import orjson

from svit.entries import Shard
from svit.errors import DataError
from svit.journal import Journal
from svit.records import ImageId, Rejection, Sample
from svit.runs import RunFolder
from svit.settling import HOPELESS, Job
from svit.shards import SHARD_IMAGES, lines_of, publish, rejection_line, sample_line


class Outcome(msgspec.Struct, frozen=True):
    """The end of one image's path in one task: its line, and the code of its first flaw when it is a rejection."""

    line: bytes
    flaw: str | None


def outcome_of(result: Sample | Rejection) -> Outcome:
    """Return the outcome that this sample or rejection is."""
    if isinstance(result, Sample):
        return Outcome(sample_line(result), None)
    return Outcome(rejection_line(result), result.flaws[0].code)


@dataclass
class OpenShard:
    """A shard on its way. Outcomes come by (place in the shard, job), both counted from 0.

    `standing` are the jobs whose file of this shard is on disk and stays; `reopened` those whose file is, and whose
    rejections are asked about again.
    """

    number: int
    first: int
    images: int
    jobs: int
    standing: frozenset[int]
    reopened: frozenset[int] = frozenset()
    outcomes: dict[tuple[int, int], Outcome] = field(default_factory=dict)
    missing: int = 0
    emitted: int = 0

    def __post_init__(self) -> None:
        self.missing = self.images * (self.jobs - len(self.standing))

    def emit(self, to: Callable[[bytes], None]) -> bool:
        """Hand on the samples that come next in order, and return whether all of the shard's were."""
        while self.emitted < self.images * self.jobs:
            outcome = self.outcomes.get(divmod(self.emitted, self.jobs))
            if outcome is None:
                return False
            if outcome.line and outcome.flaw is None:
                to(outcome.line)
            self.emitted += 1
        return True


class Place(NamedTuple):
    """Where an outcome belongs."""

    shard: OpenShard
    place: int
    job: int


class Assembly:
    """The shards of some jobs of a run, over its first `images` images.

    With `again` a shard that stands is opened when a rejection in it may end otherwise if it is asked about anew.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        contexts: str,
        journal: Journal,
        folder: RunFolder,
        images: int,
        *,
        again: bool = False,
    ) -> None:
        """`contexts` is the digest of the contexts."""
        self._jobs = jobs
        self._fingerprints = [job.fingerprint(contexts) for job in jobs]
        self._journal = journal
        self._folder = folder
        self._images = images
        self._again = again

    def shards(self) -> Iterator[OpenShard]:
        """Yield the shards in order, those that stand on disk as well."""
        published = {(shard.task, shard.shard): shard for shard in self._journal.shards()}
        for number in range(-(-self._images // SHARD_IMAGES)):
            first = number * SHARD_IMAGES
            images = min(SHARD_IMAGES, self._images - first)
            before = [published.get((job.task.name, number)) for job in self._jobs]
            stand = {index for index, shard in enumerate(before) if self._stands(shard, index, images)}
            reopened = frozenset(index for index in stand if self._may_end_otherwise(before[index]))
            yield OpenShard(number, first, images, len(self._jobs), frozenset(stand - reopened), reopened)

    def _stands(self, shard: Shard | None, job: int, images: int) -> bool:
        if shard is None or shard.recipe != self._fingerprints[job] or shard.images < images:
            return False
        return shard.size == self._size(shard.task, shard.shard)

    def _may_end_otherwise(self, shard: Shard | None) -> bool:
        return self._again and shard is not None and not HOPELESS.issuperset(shard.flaws)

    def _size(self, task: str, number: int) -> int:
        """Return the bytes of a shard's files, to see whether they are as they were published."""
        files = (self._folder.samples(task, number), self._folder.rejected(task, number))
        return sum(file.stat().st_size for file in files if file.is_file())

    def refuse_to_shrink(self) -> None:
        """Raise DataError when changed settings would replace a run's shards by ones of fewer images."""
        recipes = {job.task.name: recipe for job, recipe in zip(self._jobs, self._fingerprints, strict=True)}
        for shard in self._journal.shards():
            last = shard.shard * SHARD_IMAGES + shard.images
            if recipes.get(shard.task, shard.recipe) != shard.recipe and last > self._images:
                raise DataError(
                    f"{self._folder.path}: the settings of {shard.task} have changed since its images were made, and "
                    f"with this --limit only {self._images:,} of {last:,} would be made again. Raise --limit, or "
                    f"choose another folder with --run."
                )

    def known(self, shard: OpenShard, job: int) -> Mapping[ImageId, bytes]:
        """Return the sample lines of a shard that stands on disk, by image."""
        path = self._folder.samples(self._jobs[job].task.name, shard.number)
        return {orjson.loads(line)["image_id"]: line for line in lines_of(path)}

    def publish(self, shard: OpenShard, record: Callable[[Shard], None]) -> None:
        """Put the shard's files in their places, as far as outcomes came, and have those recorded that are whole."""
        for index, job in enumerate(self._jobs):
            if index in shard.standing:
                continue
            found = [shard.outcomes.get((place, index)) for place in range(shard.images)]
            outcomes = [outcome for outcome in found if outcome is not None]
            task = job.task.name
            self._journal.withdraw_shard(task, shard.number)
            publish(self._folder.rejected(task, shard.number), (o.line for o in outcomes if o.flaw is not None))
            publish(self._folder.samples(task, shard.number), (o.line for o in outcomes if o.flaw is None))
            if len(outcomes) == shard.images:
                flaws = Counter(outcome.flaw for outcome in outcomes if outcome.flaw is not None)
                samples = shard.images - flaws.total()
                size = self._size(task, shard.number)
                record(Shard(task, shard.number, self._fingerprints[index], shard.images, samples, flaws, size))
