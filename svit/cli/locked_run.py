"""A run that this process holds the lock of: its folder, settings, jobs, contexts and journal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from svit.config import RunConfig
    from svit.contexts.store import ContextStore
    from svit.run.attempts import Job
    from svit.run.folder import RunFolder
    from svit.run.journal import Journal
    from svit.run.journal_rows import Shard
    from svit.run.manifest import RunManifest


@dataclass(frozen=True)
class LockedRun:
    """A run that this process holds the lock of."""

    folder: "RunFolder"
    settings: "RunConfig"
    jobs: "Sequence[Job]"
    store: "ContextStore"
    journal: "Journal"
    contexts: str
    """The file of the contexts, as run.json names it."""

    def prompt_files(self) -> dict[str, str]:
        """Return the texts of the prompt files that were used, by name."""
        texts = {}
        for job in self.jobs:
            texts[f"{job.task.name}.txt"] = job.recipe.template.text
            if job.recipe.questions:
                texts[f"{job.task.name}.questions.txt"] = "\n".join(job.recipe.questions)
            if job.recipe.lead:
                texts["context_first.txt"] = job.recipe.lead
            if job.repairs:
                texts["repair.txt"] = job.repairs.text
                texts["flaws.txt"] = "\n".join(f"{code}: {words}" for code, words in job.repairs.told.items())
            if job.verifier:
                texts["verify.txt"] = job.verifier.text
        return texts

    def prompt_versions(self) -> dict[str, str]:
        """Return the versions of the prompt files that were used, by name."""
        from svit.prompting.render import version_of

        return {name: version_of(text) for name, text in self.prompt_files().items()}

    def keep_prompts(self) -> None:
        """Keep the prompt files in the journal, so that what was sent can be made again."""
        from svit.prompting.render import version_of

        for text in self.prompt_files().values():
            self.journal.keep_template(version_of(text), text)

    def shards(self) -> "list[Shard]":
        """Return what stands in files of the tasks at hand."""
        from svit.run.published_shards import published

        return published(self.folder, [job.task.name for job in self.jobs], self.journal.shards())

    def published(self) -> "list[Shard]":
        """Return what stands in files of all tasks of the run."""
        from svit.run.published_shards import published

        before = self.manifest().prompts
        return published(self.folder, [*before, *(job.task.name for job in self.jobs)], self.journal.shards())

    def manifest(self) -> "RunManifest":
        """Return what run.json says; nothing where there is none yet."""
        from svit.run.manifest import RunManifest

        return self.folder.manifest(whole=False) if self.folder.summary.is_file() else RunManifest()

    def check_in_place(self) -> None:
        """Raise StorageError when the run's journal, lock or folder is not where it was when the command began."""
        self.journal.check_in_place()
        self.folder.check_in_place()
