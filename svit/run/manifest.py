"""What run.json holds, as types: whatever else somebody or something wrote into it is refused in a sentence."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from svit.errors import DataError

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


class Manifest(msgspec.Struct, frozen=True):
    """What a run was made of. `limit` is the most images that were asked for, `replies` how many the journal held.

    `dollars` is what the run had cost by then, None where its model has no price; an older svit did not write it.
    """

    svit: str = ""
    started: str = ""
    updated: str = ""
    config: dict[str, Any] = {}
    contexts: Contexts = Contexts()
    limit: Annotated[int, msgspec.Meta(ge=1, le=2**53)] | None = None
    prompts: Mapping[str, str] = {}
    files: Mapping[str, str] = {}
    deadline: str | None = None
    finished: bool = False
    replies: _Count = 0
    tasks: Mapping[str, TaskCounts] = {}
    dollars: Annotated[float, msgspec.Meta(ge=0)] | msgspec.UnsetType | None = msgspec.UNSET

    @property
    def counts(self) -> int:
        """The replies that the journal must hold at least: older ones of run.json count samples alone."""
        return self.replies or min(1, sum(task.samples for task in self.tasks.values()))


def read_manifest(path: Path, written: bytes) -> Manifest:
    """Return what these bytes of run.json say. Raises DataError for what svit never writes, naming the key."""
    try:
        return msgspec.json.decode(written, type=Manifest)
    except msgspec.ValidationError as error:
        words, _, place = str(error).partition(" - at `$")
        key = place.rstrip("`").lstrip(".") or "it"
        raise DataError(f"{path}: this is not what svit writes: {key}: {words}.") from error
