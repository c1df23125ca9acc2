"""A run that is there already: its settings, prompt files and contexts, as run.json and the journal remember them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from svit.errors import DataError, SvitError
from svit.system.path_address import path_at

if TYPE_CHECKING:
    from svit.config import RunConfig
    from svit.contexts.store import ContextStore
    from svit.run.attempts import Job
    from svit.run.folder import RunFolder
    from svit.run.journal import Journal


@dataclass(frozen=True)
class PastRun:
    """What a run was made of. `tasks` are the names of those it was asked for, `files` the prompt files' versions."""

    folder: "RunFolder"
    settings: "RunConfig"
    tasks: Collection[str]
    files: Mapping[str, str]
    contexts_file: str
    digest: str
    limit: int | None

    @classmethod
    def read(cls, path: Path, changes: Mapping[str, object] | None = None) -> Self:
        """Return what run.json says, with the command line's changes. Raises DataError when there is no run."""
        from svit.config import changed
        from svit.run.folder import RunFolder

        folder = RunFolder(path)
        manifest = folder.manifest()
        return cls(
            folder=folder,
            settings=changed(manifest.config, changes or {}, name=str(folder.summary)),
            tasks=list(manifest.prompts),
            files=manifest.files,
            contexts_file=manifest.contexts.file,
            digest=manifest.contexts.digest,
            limit=manifest.limit,
        )

    def asked_where(self, config: str) -> Self:
        """Return the run with the endpoint's address and key as this config file has them."""
        from svit.config import read_config
        from svit.resources import config_path

        path = config_path(config)
        other = read_config(path, {})
        if other.provider == "offline":
            raise SvitError(f"{path}: there is no endpoint in it: its provider is offline.")
        return replace(self, settings=self.settings.asked_where(other))

    def chosen(self, task: str | Iterable[str] | None = None) -> list[str]:
        """Return the names of the run's tasks that are meant; None and `all` are all. SvitError when there is none."""
        from svit.tasks import chosen_tasks

        words = [task] if isinstance(task, str) else list(task or ()) or ["all"]
        wanted = [each.name for each in chosen_tasks(words) if each.name in self.tasks]
        if not wanted:
            names = ", ".join(sorted(self.tasks))
            raise SvitError(f"{self.folder.path}: this run has no task '{','.join(words)}'. Choose one of: {names}.")
        return wanted

    def jobs(self, names: Sequence[str], journal: "Journal") -> "list[Job]":
        """Return how these tasks were asked: with the prompt files as they were, whatever became of them since."""
        from svit.setup.task_jobs import jobs
        from svit.tasks import chosen_tasks

        texts = {file: journal.template(version) for file, version in self.files.items()}
        then = {file: text for file, text in texts.items() if text is not None}
        return jobs(self.settings.model_copy(update={"prompts": None}), chosen_tasks(names), then)

    @contextmanager
    def store(self) -> "Iterator[ContextStore]":
        """Open the run's contexts. Raises DataError when others are in their place."""
        from svit.contexts.store import ContextStore

        path = self.folder.path / path_at(self.contexts_file)
        with ContextStore(path) as store:
            if store.digest != self.digest:
                raise DataError(f"{path}: these are other contexts than the run was made from.")
            yield store
