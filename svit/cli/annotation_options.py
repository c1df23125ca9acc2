"""The options that name annotations, shared by all commands that read them, and the store that they lead to."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

import typer

from svit import __version__
from svit.cli import messages
from svit.cli.dropped_table import dropped_table, loss_warnings
from svit.errors import DataError, SvitError
from svit.quantities import number_of
from svit.text import path_text

if TYPE_CHECKING:
    from svit.contexts.sources.coco import Coco
    from svit.contexts.sources.visual_genome import VisualGenome
    from svit.contexts.store import ContextStore, StoreSummary
    from svit.run.folder import RunFolder

ContextsOption = Annotated[
    Path | None, typer.Option("--contexts", metavar="FILE", help="Contexts made by 'svit contexts build'.")
]
VisualGenomeOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--visual-genome",
        metavar="DIR",
        help="Folder of Visual Genome files (v1.0, v1.2 or v1.4). Given again, a later folder adds the files that "
        "the earlier ones lack.",
    ),
]
CaptionsOption = Annotated[
    list[Path] | None, typer.Option("--coco-captions", metavar="FILE", help="MS-COCO captions file. Repeatable.")
]
InstancesOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--coco-instances", metavar="FILE", help="MS-COCO instances file, for COCO without Visual Genome. Repeatable."
    ),
]
SharedOption = Annotated[
    bool,
    typer.Option("--allow-shared-coco-ids", help="Give several Visual Genome images of one coco_id the same captions."),
]
StrictOption = Annotated[
    bool,
    typer.Option("--strict", help="Stop at the first record that cannot be read, instead of leaving it out."),
]


@dataclass(frozen=True)
class Annotations:
    """The annotations that the command line names: a store, raw files, or, with no option, the bundled sample."""

    contexts: Path | None
    visual_genome: tuple[Path, ...]
    coco_captions: tuple[Path, ...]
    coco_instances: tuple[Path, ...]
    allow_shared_coco_ids: bool
    strict: bool = False

    @classmethod
    def named(
        cls,
        contexts: Path | None = None,
        visual_genome: Sequence[Path] | None = None,
        coco_captions: Sequence[Path] | None = None,
        coco_instances: Sequence[Path] | None = None,
        allow_shared_coco_ids: bool = False,
        strict: bool = False,
    ) -> Self:
        """Return what the options name. Raises SvitError when they do not go together."""
        named = cls(
            contexts,
            tuple(visual_genome or ()),
            tuple(coco_captions or ()),
            tuple(coco_instances or ()),
            allow_shared_coco_ids,
            strict,
        )
        if contexts and named.raw_paths:
            raise SvitError("Give either --contexts or raw annotation files, not both.")
        if named.visual_genome and named.coco_instances:
            raise SvitError("With --visual-genome the objects are Visual Genome's: leave --coco-instances out.")
        return named

    @property
    def raw_paths(self) -> tuple[Path, ...]:
        """The raw files and folders."""
        return self.visual_genome + self.coco_captions + self.coco_instances

    @property
    def is_sample(self) -> bool:
        """Whether nothing was named, so that the bundled sample is read."""
        return not self.contexts and not self.raw_paths

    @property
    def name(self) -> str:
        """A short name for the default run folder."""
        first = self.contexts or next(iter(self.raw_paths), Path("sample"))
        if self.is_sample:
            return "sample"
        return first.resolve().name if first.is_dir() else first.resolve().stem

    def store_file(self, folder: "RunFolder") -> Path:
        """Return the file of the store: the one that was named, or the run's own."""
        return self.contexts or folder.contexts

    def store(self, folder: "RunFolder", *, quiet: bool = False) -> "ContextStore":
        """Return the store to read. From raw files it is built in the run folder, unless it stands there already."""
        from svit.contexts.store import ContextStore

        path = self.store_file(folder)
        if self.contexts is None:
            origin = self._origin()
            for left in path.parent.glob(f".{path.name}.*.building"):
                left.unlink()  # by a process that was killed: the run's lock is ours
            if not path.is_file():
                self.build(path, quiet=quiet)
            elif (standing := _origin_of(path)) != origin:
                raise DataError(f"{folder.path}: this run was made from {standing}. Choose another folder with --run.")
        if self.strict:
            _refuse_losses(path)
        return ContextStore(path)

    def build(self, path: Path, *, quiet: bool = False) -> None:
        """Build a store from the raw files, and say what was read and what was dropped."""
        from svit.contexts.store import build_store

        refuse_to_overwrite(path)
        with self._source() as source:
            total = len(source)
            summary = build_store(
                path, messages.watched(source, total, "image", quiet=quiet), origin=self._origin(), counts=source.counts
            )
            if not quiet:
                messages.say(
                    f"{path}: contexts of {number_of(summary.statistics.images, 'image')} from {self._title()}."
                )
                for path, parts in getattr(source, "stand_ins", {}).items():
                    messages.say(f"{path.name} gave the {', '.join(parts)}.")
                say_what_was_dropped(summary)
                for warning in self._unjoined(summary, source):
                    messages.say(warning)

    def _unjoined(self, summary: "StoreSummary", source: "VisualGenome | Coco") -> Iterator[str]:
        """Yield what to warn of when files that were given together have no image in common."""
        images, captioned = summary.statistics.images, summary.statistics.with_captions
        files = ", ".join(map(str, self.coco_captions))
        if self.coco_captions and self.visual_genome and images and not captioned:
            yield f"Warning: none of {number_of(images, 'image')} has a caption in {files}: no coco_id is in it."
        described, both = getattr(source, "described", 0), getattr(source, "joined", 0)
        if self.coco_captions and self.coco_instances and described and not both:
            yield (
                f"Warning: no image has both objects and captions: {described:,} have objects in "
                f"{', '.join(map(str, self.coco_instances))}, {captioned:,} have captions in {files}."
            )

    def _source(self) -> "VisualGenome | Coco":
        from svit.contexts.sources.coco import Coco
        from svit.contexts.sources.visual_genome import VisualGenome
        from svit.resources import SAMPLE

        if self.is_sample:
            return VisualGenome([SAMPLE], captions=[SAMPLE / "captions.json"])
        if self.visual_genome:
            return VisualGenome(
                self.visual_genome,
                captions=self.coco_captions,
                allow_shared_coco_ids=self.allow_shared_coco_ids,
                strict=self.strict,
            )
        return Coco(instances=self.coco_instances, captions=self.coco_captions, strict=self.strict)

    def _title(self) -> str:
        return "the bundled sample" if self.is_sample else ", ".join(map(str, self.raw_paths))

    def _origin(self) -> str:
        """Return what a store remembers of its files: their names, and a stamp that changes when one of them does."""
        if self.is_sample:
            return f"the bundled sample of svit {__version__}"
        files = [file for path in self.raw_paths for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
        marks = [
            (path_text(str(file.resolve())), (stat := file.stat()).st_size, stat.st_mtime_ns)
            for file in files
            if file.is_file()
        ]
        stamp = hashlib.blake2b(repr((marks, self.allow_shared_coco_ids)).encode(), digest_size=4).hexdigest()
        return path_text(f"{', '.join(str(path.resolve()) for path in self.raw_paths)} (files as of {stamp})")


def say_what_was_dropped(summary: "StoreSummary") -> None:
    """Say what a build left out or repaired, and where first; loudly where it is much."""
    if summary.counts:
        messages.say("Dropped or repaired on the way, and the first place of each:")
        messages.say(dropped_table(summary.counts, summary.places))
    for warning in loss_warnings(summary):
        messages.say(warning)


def refuse_to_overwrite(path: Path) -> None:
    """Raise SvitError when the file is there and is no store of ours: it may be somebody's annotations."""
    if path.exists() or path.is_symlink():
        try:
            _origin_of(path)
        except DataError:
            raise SvitError(f"{path}: this is there already and is no context store. Choose another name.") from None


def _refuse_losses(path: Path) -> None:
    """Raise DataError when the store was built of files with records that could not be read."""
    from svit.contexts.store import ContextStore

    with ContextStore(path) as store:
        if lost := sum(store.summary.lost.values()):
            raise DataError(
                f"{path} was built without --strict, and {number_of(lost, 'record was', 'records were')} left out: "
                "'svit contexts stats' says which. Correct them and build it again, or leave out --strict."
            )


def _origin_of(path: Path) -> str:
    from svit.contexts.store import ContextStore

    with ContextStore(path) as store:
        return store.origin
