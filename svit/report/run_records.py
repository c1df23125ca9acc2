"""The files of a run, read line by line, thousand images by thousand, with what the annotators said of each image."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, Self

import msgspec

from svit.contexts.store import ContextStore
from svit.errors import SvitError
from svit.records import ImageContext, ImageId
from svit.run.folder import RunFolder
from svit.run.published_shards import files_of, read_published
from svit.run.shards import SHARD_IMAGES, RejectionLine, decoded


class Chunk(NamedTuple):
    """The images of one shard: what is known of them, and the files of their samples and rejections, by task."""

    contexts: Mapping[ImageId, ImageContext]
    samples: Mapping[str, Path]
    rejected: Mapping[str, Path]


_rejection = msgspec.json.Decoder(RejectionLine).decode


class RunReading:
    """The shards of a run in their order, opened by a `with` block together with the contexts where they are there.

    `without_contexts` says in a sentence why there are none; it is empty when there are.
    """

    def __init__(self, folder: RunFolder, tasks: tuple[str, ...], contexts: Path, digest: str) -> None:
        """`contexts` is the store that the run was made from, `digest` that of its records."""
        self._folder = folder
        self._shards = read_published(folder, tasks)
        self._path, self._digest = contexts, digest
        self._opened = ExitStack()
        self._store: ContextStore | None = None
        self.without_contexts = ""

    def __enter__(self) -> Self:
        """Open the contexts."""
        try:
            store = self._opened.enter_context(ContextStore(self._path))
        except SvitError as error:
            self.without_contexts = str(error).replace(str(self._path), self._path.name)
            return self
        if store.digest == self._digest:
            self._store = store
        else:
            self.without_contexts = f"{self._path.name} holds other contexts than the run was made from."
        return self

    def __exit__(self, *_: object) -> None:
        """Close them."""
        self._opened.close()

    def chunks(self) -> Iterator[Chunk]:
        """Yield the images of each shard. Raises DataError when the contexts are damaged."""
        for number in self.numbers():
            first = number * SHARD_IMAGES
            known = self._store.slice(first, first + SHARD_IMAGES) if self._store else ()
            files = {shard.task: files_of(self._folder, shard) for shard in self._shards if shard.shard == number}
            yield Chunk(
                {context.image_id: context for context in known},
                {task: samples for task, (samples, _) in files.items()},
                {task: rejected for task, (_, rejected) in files.items()},
            )

    def numbers(self) -> list[int]:
        """Return the numbers of the shards that there are, of any task."""
        return sorted({shard.shard for shard in self._shards})


def rejection_lines(path: Path) -> Iterator[RejectionLine]:
    """Yield the rejections of a file, none when it is missing. Raises DataError for a line that is not svit's."""
    return decoded(path, _rejection)
