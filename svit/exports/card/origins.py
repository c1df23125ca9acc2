"""What a run knows of itself that its samples do not say: what was rejected, and what all of it has cost."""

from dataclasses import dataclass

from svit.errors import DataError
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
    summary = folder.read_summary()
    status = read_status(folder, now)
    try:
        verify = summary["config"].get("verify")
        return RunFacts(
            name=folder.path.resolve().name,
            status=status,
            origin=str(summary["contexts"].get("origin") or ""),
            verifier=str(verify["model"]) if verify else "",
            svit=str(summary.get("svit") or ""),
            updated=str(summary.get("updated") or ""),
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise DataError(f"{folder.summary}: another svit than this one wrote it.") from error
