"""Visual Genome v1.0, v1.2 and v1.4: objects, attributes, relationships and region descriptions of each image.

The versions name their keys differently and people mix their files, so every record is read by the keys it has.

    {"image_id": 1, "objects": [{"object_id": 1058498, "x": 421, "y": 91, "w": 79, "h": 339, "names": ["clock"]}]}
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import Self, TypeVar
from urllib.parse import urlsplit

import msgspec

from svit.errors import DataError
from svit.records import ImageContext, ImageId
from svit.sources.arrays import JsonFile, Key, RecordArray
from svit.sources.coco import Captions
from svit.sources.dropped import Dropped
from svit.sources.pixels import Side
from svit.sources.scene_graph import Description, Named, Relation, SceneGraph, Thing, regions

T = TypeVar("T")

_STEMS = ("image_data", "objects", "region_descriptions", "attributes", "relationships")


class _Keyed(msgspec.Struct, kw_only=True, gc=False):
    """The image's number: `image_id`, or `id` in v1.0 and in every region_descriptions.json."""

    image_id: Key | str | None = None
    id: Key | str | None = None


class _Image(_Keyed, kw_only=True, gc=False):
    width: Side
    height: Side
    url: str | None = None
    coco_id: Key | None = None


class _Objects(msgspec.Struct):
    objects: list[Thing]


class Regions(msgspec.Struct):
    """A record of region_descriptions.json."""

    regions: list[Description]


class _Attributes(msgspec.Struct):
    attributes: list[Named]


class _Relationships(msgspec.Struct):
    relationships: list[Relation]


class VisualGenome:
    """The images of image_data.json in their order, with what the other files know of each. A context manager.

    Of several folders the first that has a file gives it: v1.4 ships objects and relationships only. COCO captions
    are joined by `coco_id`. Records are read one by one; memory holds an index of the files.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        *,
        captions: Sequence[Path] = (),
        allow_shared_coco_ids: bool = False,
        strict: bool = False,
    ) -> None:
        """Remember the folders; nothing is opened yet."""
        self.folders = tuple(folders)
        self.captions = Captions(captions, strict=strict)
        self.allow_shared_coco_ids = allow_shared_coco_ids
        self.paths: dict[str, Path] = {}
        """The files that are read, by their name without version, once they are open."""
        self.counts = Dropped(strict=strict)
        """What was dropped or repaired while opening and iterating, by reason."""
        self._opening = Dropped(strict=strict)

    @property
    def origin(self) -> str:
        """The files, as a store remembers them."""
        read = ", ".join(map(str, self.paths.values()))
        joined = ", ".join(map(str, self.captions.paths))
        return f"Visual Genome: {read}; COCO captions: {joined}" if joined else f"Visual Genome: {read}"

    def __enter__(self) -> Self:
        """Map and index the files, check every image's size and coco_id; raise DataError with file, record and key."""
        self.paths = _find_files(self.folders)
        with ExitStack() as files:
            self._opening.clear()
            self._images = self._need("image_data", _Image, files)
            if not len(self._images):
                raise DataError(f"{self.paths['image_data']} holds no image. Is this Visual Genome?")
            self._objects = self._open("objects", _Objects, files)
            self._regions = self._open("region_descriptions", Regions, files)
            self._attributes = self._open("attributes", _Attributes, files)
            self._relationships = self._open("relationships", _Relationships, files)
            self._sharing = self._images_that_share_a_coco_id()
            files.enter_context(self.captions)
            self._files = files.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the files."""
        self._files.close()

    def __len__(self) -> int:
        return len(self._images)

    def __iter__(self) -> Iterator[ImageContext]:
        """Yield each image's context; `counts` starts anew."""
        self.counts.clear()
        self.counts.include(self._opening)
        self.counts.include(self.captions.dropped)
        if self._sharing:
            self.counts["coco_id_shared"] += self._sharing
        for row in self._images.listed:
            if image := self._images.read(row, self.counts):
                yield self._context(self._images.keys[row], image)
        self._count_records_of_unknown_images()

    def _context(self, image_id: ImageId, image: _Image) -> ImageContext:
        things = _record(self._objects, image_id, self.counts)
        attributed = _record(self._attributes, image_id, self.counts)
        related = _record(self._relationships, image_id, self.counts)
        described = _record(self._regions, image_id, self.counts)
        width, height = image.width, image.height
        graph = SceneGraph(things.objects if things else (), width=width, height=height, counts=self.counts)
        return ImageContext(
            image_id=image_id,
            image=_path(image_id, image.url),
            width=width,
            height=height,
            coco_id=image.coco_id,
            source="visual_genome",
            captions=() if image.coco_id is None else self._captions(image.coco_id),
            objects=tuple(graph.objects(attributed.attributes if attributed else ())),
            regions=tuple(
                regions(described.regions if described else (), width=width, height=height, counts=self.counts)
            ),
            relationships=tuple(graph.relationships(related.relationships if related else ())),
        )

    def _captions(self, coco_id: int) -> tuple[str, ...]:
        captions = self.captions.of(coco_id, self.counts)
        if self.captions.paths and not captions:
            self.counts["coco_id_without_captions"] += 1
        return captions

    def _open(self, stem: str, record: type[T], files: ExitStack) -> RecordArray[T] | None:
        return self._need(stem, record, files) if stem in self.paths else None

    def _need(self, stem: str, record: type[T], files: ExitStack) -> RecordArray[T]:
        return records_by_image(files.enter_context(JsonFile(self.paths[stem], "Visual Genome")), record, self._opening)

    def _images_that_share_a_coco_id(self) -> int:
        """Return how many images share theirs; raise DataError when that was not allowed."""
        first: dict[int, ImageId] = {}
        sharing: set[ImageId] = set()
        for row in self._images.listed:
            image_id, image = self._images.keys[row], self._images.read(row, Dropped())
            if image is None or image.coco_id is None:
                continue
            other = first.setdefault(image.coco_id, image_id)
            if other == image_id:
                continue
            if not self.allow_shared_coco_ids:
                raise DataError(
                    f"{self.paths['image_data']}: the images {other} and {image_id} share the coco_id {image.coco_id}. "
                    "Let each of them have its captions with --allow-shared-coco-ids."
                )
            sharing |= {other, image_id}
        return len(sharing)

    def _count_records_of_unknown_images(self) -> None:
        known = self._images
        for records in (self._objects, self._regions, self._attributes, self._relationships):
            if records is None or records.keys == known.keys:
                continue
            if unknown := sum(1 for row in records.listed if known.find(records.keys[row]) is None):
                self.counts["record_of_unknown_image"] += unknown


def records_by_image(file: JsonFile, record: type[T], dropped: Dropped) -> RecordArray[T]:
    """Return the index over one of Visual Genome's files; raise DataError when it is none."""
    records = RecordArray(file, record, kind="image", key_names=("image_id", "id"))
    return records.index(file.whole, dropped, unique=True)


def _record(records: RecordArray[T] | None, image_id: ImageId, counts: Dropped) -> T | None:
    row = None if records is None else records.find(image_id)
    return None if records is None or row is None else records.read(row, counts)


def _path(image_id: ImageId, url: str | None) -> str:
    """Return the path as trainers expect it: `vg/VG_100K/2.jpg`; other folders as they are; `2.jpg` without a url."""
    parts = [part for part in PurePosixPath(urlsplit(url or "").path).parts if part != "/"][-2:]
    if parts[:1] in (["VG_100K"], ["VG_100K_2"]):
        parts.insert(0, "vg")
    return "/".join(parts) or f"{image_id}.jpg"


def _find_files(folders: Sequence[Path]) -> dict[str, Path]:
    """Return the path of each file, from the first folder that has it; raise DataError for one that is needed."""
    for folder in folders:
        if not folder.is_dir():
            raise DataError(f"There is no folder {folder}. Give the folder that holds image_data.json.")
    paths = {stem: path for stem in _STEMS if (path := _find_file(folders, stem))}
    places = " and ".join(map(str, folders))
    if "image_data" not in paths:
        raise DataError(f"There is no image_data.json in {places}. {_remedy(folders, 'image_data')}")
    if not paths.keys() & {"objects", "region_descriptions"}:
        remedy = _remedy(folders, "objects", "region_descriptions")
        raise DataError(f"There is no objects.json and no region_descriptions.json in {places}. {remedy}")
    return paths


def _find_file(folders: Sequence[Path], stem: str) -> Path | None:
    """Return `objects.json`, or the one file that is named as downloaded: `objects_v1_2.json`, `objects_v1.4.json`."""
    versioned = re.compile(rf"{stem}[_-]v?\d[\d._]*\.json")
    for folder in folders:
        if (folder / f"{stem}.json").exists():
            return folder / f"{stem}.json"
        found = sorted(path for path in folder.iterdir() if versioned.fullmatch(path.name))
        if len(found) > 1:
            names = " and ".join(path.name for path in found)
            raise DataError(f"{folder} has {names}: rename the one to be read to {stem}.json.")
        if found:
            return found[0]
    return None


def _remedy(folders: Sequence[Path], *stems: str) -> str:
    packed = [path.name for folder in folders for stem in stems for path in sorted(folder.glob(f"{stem}*.zip"))]
    return f"Unpack {packed[0]} first." if packed else "Run scripts/download-visual-genome."
