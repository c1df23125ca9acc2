"""What a run knows of itself that its samples do not say: what was rejected, and what all of it has cost."""

from dataclasses import dataclass

from svit.run.folder import RunFolder
from svit.run.run_status import RunStatus, read_status


@dataclass(frozen=True)
class RunFacts:
    """A run that was exported. `origin` names the files of its annotations, `verifier` the model asked for an opinion.

    Texts are as the run has them: names of files may hold anything.
    """

    name: str
    status: RunStatus
    origin: str
    verifier: str
    svit: str
    updated: str

    @property
    def is_sample(self) -> bool:
        """Whether its annotations are those that svit brings along."""
        return self.origin.startswith("the bundled sample of svit")


def run_facts(folder: RunFolder, now: float) -> RunFacts:
    """Return what the run's folder says; `now` is in seconds since 1970. Raises DataError when this is no run."""
    manifest = folder.manifest()
    return RunFacts(
        name=folder.path.resolve().name,
        status=read_status(folder, now),
        origin=manifest.contexts.origin,
        verifier=manifest.verifier,
        svit=manifest.svit,
        updated=manifest.updated,
    )
