"""Shards on their way: which of them stand on disk, the outcomes in their places, and the files when all are there."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec
import orjson

from svit.contexts.store import ContextStore
from svit.errors import DataError
from svit.records import ImageId, Rejection, Sample
from svit.run.attempts import HOPELESS, Job
from svit.run.folder import RunFolder
from svit.run.journal import Journal
from svit.run.journal_rows import Shard
from svit.run.published_shards import files_of, published
from svit.run.shards import SHARD_IMAGES, lines_of, publish, rejection_line, removed, sample_line


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

    `before` is what stood in files when it was opened, by job. `standing` are the jobs whose file of this shard is on
    disk and stays; `reopened` those whose file is, and whose rejections are asked about again.
    """

    number: int
    first: int
    images: int
    jobs: int
    before: tuple[Shard | None, ...]
    standing: frozenset[int]
    reopened: frozenset[int] = frozenset()
    outcomes: dict[tuple[int, int], Outcome] = field(default_factory=dict)
    missing: int = 0
    emitted: int = 0

    def __post_init__(self) -> None:
        self.missing = self.images * (self.jobs - len(self.standing))

    @property
    def open_jobs(self) -> list[int]:
        """The jobs whose file of this shard is still to be made."""
        return [job for job in range(self.jobs) if job not in self.standing]

    def outcomes_of(self, job: int) -> dict[int, Outcome]:
        """Return the outcomes of a job so far, by their places, in their order."""
        return {place: self.outcomes[place, job] for place in range(self.images) if (place, job) in self.outcomes}

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


class OutcomePlace(NamedTuple):
    """Where an outcome belongs."""

    shard: OpenShard
    place: int
    job: int


class Assembly:
    """The shards of some jobs of a run, over its first `images` images.

    With `again` a shard that stands is opened when a rejection in it may end otherwise if it is asked about anew; with
    `anew` every shard is.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        contexts: ContextStore,
        journal: Journal,
        folder: RunFolder,
        images: int,
        *,
        again: bool = False,
        anew: bool = False,
    ) -> None:
        """Look at nothing yet."""
        self._jobs = jobs
        self._contexts = contexts
        self._fingerprints = [job.fingerprint(contexts.digest) for job in jobs]
        self._journal = journal
        self._folder = folder
        self._images = images
        self._again = again
        self._anew = anew

    def check_in_place(self) -> None:
        """Raise StorageError when the run's folder or journal was moved: what is published now would be lost there."""
        self._journal.check_in_place()
        self._folder.check_in_place()

    def shards(self) -> Iterator[OpenShard]:
        """Yield the shards in order, those that stand on disk as well."""
        found = published(self._folder, [job.task.name for job in self._jobs], self._journal.shards())
        on_disk = {(shard.task, shard.shard): shard for shard in found}
        for number in range(-(-self._images // SHARD_IMAGES)):
            first = number * SHARD_IMAGES
            images = min(SHARD_IMAGES, self._images - first)
            before = tuple(on_disk.get((job.task.name, number)) for job in self._jobs)
            stand = {index for index, shard in enumerate(before) if self._stands(shard, index, images)}
            reopened = frozenset(index for index in stand if self._may_end_otherwise(before[index]))
            yield OpenShard(number, first, images, len(self._jobs), before, frozenset(stand - reopened), reopened)

    def _stands(self, shard: Shard | None, job: int, images: int) -> bool:
        is_whole = shard is not None and not shard.partial and shard.images >= images
        return is_whole and not self._anew and self._is_alike(shard, job)

    def _is_alike(self, shard: Shard | None, job: int) -> bool:
        """Whether the files of a shard are as they were written, by this recipe."""
        return shard is not None and shard.recipe == self._fingerprints[job]

    def _may_end_otherwise(self, shard: Shard | None) -> bool:
        return self._again and shard is not None and not HOPELESS.issuperset(shard.flaws)

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

    def held(self, shard: OpenShard, job: int) -> dict[int, Outcome]:
        """Return what the files hold by the job's recipe, by place, those beyond the pass's images as well."""
        before = shard.before[job]
        if before is None or not self._is_alike(before, job):
            return {}
        samples, rejected = files_of(self._folder, before)
        lines = {orjson.loads(line)["image_id"]: Outcome(line, None) for line in lines_of(samples)}
        for line in lines_of(rejected):
            rejection = orjson.loads(line)
            lines[rejection["image_id"]] = Outcome(line, rejection["flaws"][0]["code"])
        ids = self._contexts.image_ids(shard.first, shard.first + SHARD_IMAGES)
        return {place: lines[image] for place, image in enumerate(ids) if image in lines}

    def publish(self, shard: OpenShard, record: Callable[[Shard], None]) -> None:
        """Put the files of a shard in their places, all outcomes being there, and have it recorded.

        One of which images beyond the pass's are in files already stays partial: nothing is taken away.
        """
        for job in shard.open_jobs:
            self.publish_whole(shard, job, record)

    def publish_whole(self, shard: OpenShard, job: int, record: Callable[[Shard], None]) -> None:
        """Do the same for one job alone."""
        before, task = shard.before[job], self._jobs[job].task.name
        if before and before.partial and max(self.held(shard, job), default=0) >= shard.images:
            self.publish_part(shard, job)
            return
        if before is None or not before.partial:
            self._journal.withdraw_shard(task, shard.number)
        outcomes = shard.outcomes_of(job)
        record(self._written(shard, job, list(outcomes.values()), shard.images, partial=False))
        self._remove(task, shard.number, partial=True)

    def publish_part(self, shard: OpenShard, job: int) -> None:
        """Put what is settled of one job of a shard beside what its files hold, and record it as far as it is.

        A whole shard that is asked about again is published anew, with the old outcome where there is no new one. One
        that was made by another recipe stays until a whole one takes its place, a partial one until one of as many
        samples does.
        """
        before, held = shard.before[job], self.held(shard, job)
        outcomes = {**held, **shard.outcomes_of(job)}
        if outcomes == held:
            return
        is_whole = before is not None and bool(held) and not before.partial and before.images >= shard.images
        if before and not held:
            samples = sum(outcome.flaw is None for outcome in outcomes.values())
            if (before.recipe and not before.partial) or samples < before.samples:
                return
        task, number = self._jobs[job].task.name, shard.number
        if is_whole:
            self._journal.withdraw_shard(task, number)
        in_order = [outcomes[place] for place in sorted(outcomes)]
        self._journal.published(self._written(shard, job, in_order, len(in_order), partial=not is_whole))
        self._remove(task, number, partial=is_whole)

    def _written(self, shard: OpenShard, job: int, outcomes: Sequence[Outcome], images: int, *, partial: bool) -> Shard:
        """Write the files of one job of a shard, and return what is to be recorded of them."""
        task, number = self._jobs[job].task.name, shard.number
        rejected = self._folder.rejected(task, number, partial=partial)
        samples = self._folder.samples(task, number, partial=partial)
        publish(rejected, (outcome.line for outcome in outcomes if outcome.flaw is not None))
        publish(samples, (outcome.line for outcome in outcomes if outcome.flaw is None))
        flaws = Counter(outcome.flaw for outcome in outcomes if outcome.flaw is not None)
        size = sum(file.stat().st_size for file in (samples, rejected) if file.is_file())
        recipe = self._fingerprints[job]
        return Shard(task, number, recipe, images, len(outcomes) - flaws.total(), flaws, size, partial)

    def _remove(self, task: str, number: int, *, partial: bool) -> None:
        """Remove the files of a shard whose place others have taken."""
        for path in (self._folder.samples, self._folder.rejected):
            removed(path(task, number, partial=partial))

    def tidy(self, shard: OpenShard) -> None:
        """Remove partial files beside whole ones that stand: a process was killed before it did."""
        for job in shard.standing:
            self._remove(self._jobs[job].task.name, shard.number, partial=True)
