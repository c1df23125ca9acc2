"""Visual Genome v1.0, v1.2 and v1.4: objects, attributes, relationships and region descriptions of each image.

The versions name their keys differently and people mix their files, so every record is read by the keys it has.

    {"image_id": 1, "objects": [{"object_id": 1058498, "x": 421, "y": 91, "w": 79, "h": 339, "names": ["clock"]}]}

scene_graphs.json holds objects with their attributes, and relationships between their ids, in one record:

    {"image_id": 1, "objects": [...], "relationships": [{"predicate": "on", "subject_id": 5045, "object_id": 5046}]}
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Any, Self
from urllib.parse import urlsplit

from svit.contexts.dropped_annotations import Dropped
from svit.contexts.fields.pixels import Pixels, boxes_in_shares
from svit.contexts.files.json_arrays import JsonFile, RecordArray
from svit.contexts.sources.coco import Captions
from svit.contexts.sources.scene_graph import SceneGraph, regions
from svit.contexts.sources.visual_genome_files import (
    KEYS,
    KINDS,
    AnnotationFile,
    AnnotationPlace,
    Member,
    refuse_another_file,
    refuse_other_records,
)
from svit.contexts.sources.visual_genome_folders import find_files, stem
from svit.contexts.sources.visual_genome_records import GenomeImage, genome_image
from svit.errors import DataError
from svit.records import ImageContext, ImageId

_PARTS: Mapping[str, Member] = {
    "objects": "objects",
    "region_descriptions": "regions",
    "attributes": "attributes",
    "relationships": "relationships",
}
"""The parts, and the key under which the records of their own files have them."""

_KINDS: Mapping[str, tuple[str, ...]] = {
    "objects": ("objects", "scene_graphs"),
    "scene_graphs": ("scene_graphs", "objects", "relationships"),
    "region_descriptions": ("region_descriptions",),
    "attributes": ("attributes",),
    "relationships": ("relationships",),
}
"""What the files may be, in the words of `file_kinds`: an objects.json with attributes and relationships is fine."""


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
        """Remember the folders; nothing is opened yet. `strict`: what would be dropped is a DataError."""
        self.folders = tuple(folders)
        self.captions = Captions(captions, strict=strict)
        self.allow_shared_coco_ids = allow_shared_coco_ids
        self.paths: dict[str, Path] = {}
        """The file that gives each part (`image_data`, `objects` ...), once they are open."""
        self.counts = Dropped(strict=strict)
        """What was dropped or repaired while opening and iterating, by reason."""
        self._opening = Dropped(strict=strict)

    @property
    def origin(self) -> str:
        """The files, as a store remembers them."""
        read = ", ".join(dict.fromkeys(map(str, self.paths.values())))
        joined = ", ".join(map(str, self.captions.paths))
        return f"Visual Genome: {read}; COCO captions: {joined}" if joined else f"Visual Genome: {read}"

    @property
    def stand_ins(self) -> Mapping[Path, Sequence[str]]:
        """The files that give parts which have files of their own, and those parts: scene_graphs.json the objects."""
        found: dict[Path, list[str]] = {}
        for part, path in self.paths.items():
            if stem(path) != part:
                found.setdefault(path, []).append(part)
        return found

    def __enter__(self) -> Self:
        """Map and index the files, read every image's size and coco_id; raise DataError for one of another kind."""
        self.paths = find_files(self.folders)
        self._opening.clear()
        with ExitStack() as files:
            self._images = self._open_images(files)
            self._parts = self._open_parts(files)
            self._sharing = self._images_that_share_a_coco_id()
            self._refuse_shares()
            files.enter_context(self.captions)
            self._files = files.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the files."""
        self._files.close()

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[ImageContext]:
        """Yield each image's context; `counts` starts anew."""
        self.counts.clear()
        self.counts.include(self._opening)
        self.counts.include(self.captions.dropped)
        if self._sharing:
            self.counts["coco_id_shared"] += self._sharing
        for file in self._opened:
            file.forget()
        for row in self._images.listed:
            if (image := self._images.read(row, self.counts)) is None:
                continue
            self.counts.read["image"] += 1
            image_id, place = self._images.keys[row], self._images.place(row)
            if image.width is None or image.height is None:
                self.counts.drop("image_size_missing", "image", place)
                self._drop_annotations(image_id)
            else:
                yield self._context(image_id, image, image.width, image.height, place)
        self._leave_out_unknown_images()

    def _context(self, image_id: ImageId, image: GenomeImage, width: int, height: int, place: str) -> ImageContext:
        counts = self.counts
        for key in image.odd:
            counts.note(f"image_{key}_unreadable", place)
        graph = SceneGraph(self._of(image_id, "objects"), width=width, height=height, counts=counts)
        return ImageContext(
            image_id=image_id,
            image=_path(image_id, image.url),
            width=width,
            height=height,
            coco_id=image.coco_id,
            source="visual_genome",
            captions=() if image.coco_id is None else self._captions(image.coco_id),
            objects=tuple(graph.objects(self._of(image_id, "attributes"))),
            regions=tuple(regions(self._of(image_id, "regions"), width=width, height=height, counts=counts)),
            relationships=tuple(graph.relationships(self._of(image_id, "relationships"))),
        )

    def _of(self, image_id: ImageId, kind: Member) -> Iterable[tuple[Any, AnnotationPlace]]:
        """Return the image's annotations of this kind, from each file that has some."""
        return chain.from_iterable(file.of(image_id, member, self.counts) for file, member in self._parts[kind])

    def _captions(self, coco_id: int) -> tuple[str, ...]:
        captions = self.captions.of(coco_id, self.counts)
        if self.captions.paths and not captions:
            self.counts["coco_id_without_captions"] += 1
        return captions

    def _drop_annotations(self, image_id: ImageId) -> None:
        """Count all that belongs to an image of unknown size."""
        for kind, file, member in self._all_parts():
            for row in file.records.rows(image_id):
                self._leave_out("of_dropped_image", self.counts.drop, file.numbers(row, member, kind), file, row)

    def _leave_out_unknown_images(self) -> None:
        """Count what belongs to images that image_data.json does not have.

        It may be a part of Visual Genome's, so that is by design; but not when it has no image of a whole file.
        """
        unknown = {file: file.unlisted(self._images) for file in self._opened}
        for file, rows in unknown.items():
            for row in rows:
                self.counts.note("record_of_unknown_image", file.records.place(row))
        for kind, file, member in self._all_parts():
            leave = self.counts.drop if len(unknown[file]) == len(file.records) else self.counts.skip
            for row in unknown[file]:
                self._leave_out("of_unknown_image", leave, file.numbers(row, member, kind), file, row)

    def _leave_out(
        self, reason: str, leave: Callable[..., None], numbers: Mapping[str, int], file: AnnotationFile, row: int
    ) -> None:
        for kind, number in numbers.items():
            if number:
                self.counts.read[kind] += number
                leave(f"{kind}_{reason}", kind, file.records.place(row), number=number)

    def _all_parts(self) -> Iterator[tuple[Member, AnnotationFile, Member]]:
        """Yield each kind of annotation with the files and the keys that give it."""
        return ((kind, file, member) for kind, parts in self._parts.items() for file, member in parts)

    def _open_images(self, files: ExitStack) -> RecordArray[GenomeImage]:
        """Open image_data.json, of which an image's first record counts."""
        file = files.enter_context(JsonFile(self.paths["image_data"], "Visual Genome"))
        refuse_another_file(file, "image_data")
        images = RecordArray(file, GenomeImage, kind="image", key_names=KEYS, lenient=genome_image)
        images.index(file.whole, self._opening, unique=True)
        refuse_other_records(file.path, images, "width", "height")
        if not len(images):
            raise DataError(f"{file.path} holds no image. Is this Visual Genome?")
        return images

    def _open_parts(self, files: ExitStack) -> dict[Member, list[tuple[AnnotationFile, Member]]]:
        """Open each file once; return which of them give what, and under which key.

        Objects may have their attributes with them, and a file named objects.json may be scene graphs.
        """
        opened: dict[Path, AnnotationFile] = {}
        parts: dict[Member, list[tuple[AnnotationFile, Member]]] = {kind: [] for kind in KINDS}
        for part, kind in _PARTS.items():
            if (path := self.paths.get(part)) is None:
                continue
            member = _member(path, kind)
            if path not in opened:
                opened[path] = AnnotationFile(path, member, *_KINDS[stem(path)])
                opened[path].open(files, self._opening)
            if kind != "attributes" or path != self.paths["objects"]:
                parts[kind].append((opened[path], member))
        objects = self.paths.get("objects")
        if objects and stem(objects) == "objects":
            parts["relationships"].append((opened[objects], "relationships"))
        self._opened = tuple(opened.values())
        return parts

    def _images_that_share_a_coco_id(self) -> int:
        """Return how many images share theirs; raise DataError when that was not allowed."""
        first: dict[int, ImageId] = {}
        sharing: set[ImageId] = set()
        self._length = 0
        for image_id, image in self._readable_images():
            self._length += 1
            if image.coco_id is None:
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
        if self._length == 0 and len(self._images) > 1:
            place = self._images.place(self._images.listed[0])
            raise DataError(f"{place}: neither this nor any other of {len(self._images):,} images has a size.")
        return len(sharing)

    def _readable_images(self) -> Iterator[tuple[ImageId, GenomeImage]]:
        """Yield the images of known size."""
        unsaid = Dropped()
        for row in self._images.listed:
            image = self._images.read(row, unsaid)
            if image and image.width is not None and image.height is not None:
                yield self._images.keys[row], image

    def _refuse_shares(self) -> None:
        """Raise DataError for a file all of whose boxes lie within 0 and 1."""
        for kind, file, member in self._all_parts():
            if kind in ("objects", "regions") and (number := boxes_in_shares(self._sized_boxes(file, member))):
                raise DataError(
                    f"{file.path}: the boxes look like shares of the image, not pixels: none of {number:,} reaches "
                    "beyond 1. Multiply x and width by the image's width, y and height by its height."
                )

    def _sized_boxes(self, file: AnnotationFile, member: Member) -> Iterator[tuple[Pixels, int, int]]:
        for image_id, pixels in file.boxes(member):
            row = self._images.find(image_id)
            image = None if row is None else self._images.read(row, Dropped())
            if image and image.width is not None and image.height is not None:
                yield pixels, image.width, image.height


def _member(path: Path, kind: Member) -> Member:
    """Return the key under which the file has such annotations."""
    named = stem(path)
    if named == "scene_graphs" and kind == "attributes":
        return "objects"
    return "attributes" if named == "attributes" else kind


def _path(image_id: ImageId, url: str | None) -> str:
    """Return the path as trainers expect it: `vg/VG_100K/2.jpg`; other folders as they are; `2.jpg` without a url."""
    try:
        place = urlsplit(url or "").path
    except ValueError:  # as for `http://[`
        place = url or ""
    parts = [part for part in PurePosixPath(place).parts if part != "/"][-2:]
    if parts[:1] in (["VG_100K"], ["VG_100K_2"]):
        parts.insert(0, "vg")
    return "/".join(parts) or f"{image_id}.jpg"
