"""run.json as one typed record, read and written here: whatever else stands in it is refused in a sentence."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from svit.errors import DataError

FORMAT = 1
"""The version of the form of run.json that this svit writes. One without a version is of the first."""

_WHOLE = frozenset({"config", "contexts", "prompts"})
"""What every svit has written into run.json."""
_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_Path = Annotated[str, msgspec.Meta(min_length=1, pattern=r"\A[^\x00]*\Z")]


class Contexts(msgspec.Struct, frozen=True):
    """The contexts that a run was made from."""

    file: _Path = "contexts.db"
    digest: str = ""
    images: _Count = 0
    origin: str = ""


class TaskCounts(msgspec.Struct, frozen=True):
    """What became of one task's images, in the shards that were whole when run.json was written."""

    images: _Count = 0
    samples: _Count = 0
    rejected: Mapping[str, _Count] = {}


class RunManifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was made of. `limit` is the most images that were asked for, `replies` how many the journal held.

    `config` is that of the last command as JSON has it, `prompts` and `files` are versions of prompt files, by task and
    by file. `dollars` is what the run had cost by then, None where its model has no price; an older svit did not write
    it. `stop` says why the last command ended before it was done, as `svit status` reads it.
    """

    format: Annotated[int, msgspec.Meta(ge=1)] = FORMAT
    svit: str = ""
    started: str = ""
    config: dict[str, Any] = {}
    contexts: Contexts = Contexts()
    limit: Annotated[int, msgspec.Meta(ge=1, le=2**53)] | None = None
    prompts: Mapping[str, str] = {}
    files: Mapping[str, str] = {}
    deadline: str | None = None
    updated: str = ""
    finished: bool = False
    replies: _Count = 0
    dollars: Annotated[float, msgspec.Meta(ge=0)] | msgspec.UnsetType | None = msgspec.UNSET
    tasks: Mapping[str, TaskCounts] = {}
    stop: Any = msgspec.UNSET

    @property
    def images(self) -> int:
        """How many images each task is asked about: those of the contexts, up to the limit."""
        return self.contexts.images if self.limit is None else min(self.contexts.images, self.limit)

    @property
    def verifier(self) -> str:
        """The model that was asked for second opinions; empty where there was none."""
        verify = self.config.get("verify")
        return str(verify.get("model", "")) if isinstance(verify, dict) else ""

    @property
    def counts(self) -> int:
        """The replies that the journal must hold at least: older ones of run.json count samples alone."""
        return self.replies or min(1, sum(task.samples for task in self.tasks.values()))


def read_manifest(path: Path, written: bytes) -> RunManifest:
    """Return what these bytes of run.json say, whole or not. Raises DataError for what svit never writes."""
    try:
        found = msgspec.json.decode(written, type=RunManifest)
    except msgspec.ValidationError as error:
        words, _, place = str(error).partition(" - at `$")
        key = place.rstrip("`").lstrip(".") or "it"
        raise DataError(f"{path}: this is not what svit writes: {key}: {words}.") from error
    if found.format > FORMAT:
        raise DataError(
            f"{path}: a newer svit made this run, in form {found.format} of run.json; this one reads up to {FORMAT}. "
            f"Install the newer one."
        )
    return found


def read_whole_manifest(path: Path, written: bytes) -> RunManifest:
    """Return what run.json says of a run that a command goes on with. Raises DataError where it lacks a part."""
    found = read_manifest(path, written)
    if _WHOLE - msgspec.json.decode(written, type=dict[str, msgspec.Raw]).keys():
        raise DataError(f"{path}: another svit than this one wrote it.")
    return found


def manifest_json(manifest: RunManifest) -> bytes:
    """Return run.json as it is written, keys in the order of the record."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
