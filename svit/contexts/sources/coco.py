"""MS-COCO captions and instances: captions for images of another source, or a source of its own, as LLaVA used it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from itertools import count
from pathlib import Path
from typing import Self, TypeVar

from svit.contexts.dropped_annotations import Dropped
from svit.contexts.fields.lenient_values import image_key
from svit.contexts.fields.pixels import Pixels, boxes_in_shares, outline_box, unit_box
from svit.contexts.files.json_arrays import JsonFile, Lenient, RecordArray, Span
from svit.contexts.files.json_kinds import KINDS, refuse_other_kind
from svit.contexts.sources.coco_records import (
    CocoCaption,
    CocoCategory,
    CocoImage,
    CocoInstance,
    odd_caption,
    odd_category,
    odd_image,
    odd_instance,
)
from svit.errors import DataError
from svit.records import ImageContext, ImageId, Object
from svit.text import one_line

T = TypeVar("T")
Categories = Mapping[ImageId | None, str]


class _CocoFile:
    """One COCO file: where its members lie, and its records by image. `kind` is a key of `KINDS`."""

    def __init__(self, path: Path, kind: str, files: ExitStack, dropped: Dropped) -> None:
        self.json = files.enter_context(JsonFile(path, KINDS[kind].title))
        refuse_other_kind(self.json, kind)
        self.members = self.json.members()
        self.dropped = dropped

    def span(self, member: str) -> Span:
        if not self.has(member):
            raise DataError(f"{self.json.path} has no '{member}'. Is this {self.json.kind}?")
        return self.members[member]

    def has(self, member: str) -> bool:
        """Whether the file has something there: null is nothing."""
        start, stop = self.members.get(member, (0, 0))
        return stop - start > len("null") or self.json.map[start:stop] not in (b"", b"null")

    def annotations(self, record: type[T], kind: str, lenient: Lenient[T]) -> RecordArray[T]:
        found = RecordArray(self.json, record, kind=kind, lenient=lenient)
        return found.index(self.span("annotations"), self.dropped, member="annotations")

    def images(self) -> RecordArray[CocoImage]:
        found = RecordArray(self.json, CocoImage, kind="image", key_names=("id",), lenient=odd_image)
        return found.index(self.span("images"), self.dropped, member="images", unique=True)

    def categories(self) -> Categories:
        """Return the categories' names; of several with one id the first. What cannot be read is noted."""
        found = RecordArray(self.json, CocoCategory, kind="category", key_names=("id",), lenient=odd_category)
        unread = Dropped()
        found.index(self.span("categories"), unread, member="categories", unique=True)
        names: dict[ImageId | None, str] = {}
        for row in found.listed:
            category = found.read(row, unread)
            if category and (name := one_line(category.name)):
                names[found.keys[row]] = name
            elif category:
                unread.note("category_name_missing", found.place(row))
        for reason, number in unread.items():
            for place in unread.places[reason][:1]:
                self.dropped.note(reason, place, number=number)
        return names


class Captions:
    """The captions of any number of COCO caption files, by COCO's image id. Nothing but an index is held."""

    def __init__(self, paths: Sequence[Path], *, strict: bool = False) -> None:
        """Remember the paths; nothing is opened yet. `strict`: what cannot be read is a DataError."""
        self.paths = tuple(paths)
        self.dropped = Dropped(strict=strict)
        """What was dropped when the files were opened: who reads the captions counts it once."""

    def __enter__(self) -> Self:
        """Map and index the files; raise DataError for one that is no COCO captions file."""
        self.dropped.clear()
        with ExitStack() as files:
            self.opened = [_CocoFile(path, "captions", files, self.dropped) for path in self.paths]
            self.annotations = [file.annotations(CocoCaption, "caption", odd_caption) for file in self.opened]
            self._files = files.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the files."""
        self._files.close()

    def __len__(self) -> int:
        return sum(len(annotations) for annotations in self.annotations)

    def count(self, coco_id: ImageId) -> int:
        """Return how many annotations the files have for the image, as they stand."""
        return sum(annotations.count(coco_id) for annotations in self.annotations)

    def of(self, coco_id: ImageId, counts: Dropped) -> tuple[str, ...]:
        """Return the image's captions in file order, an annotation that several files give only once."""
        captions: list[str] = []
        seen: set[tuple[ImageId, str]] = set()
        for annotations in self.annotations:
            for row in annotations.rows(coco_id):
                annotation = annotations.read(row, counts)
                if annotation is None:
                    continue
                counts.read["caption"] += 1
                text = one_line(annotation.caption or "")
                if not text:
                    counts.drop("caption_missing", "caption", annotations.place(row))
                elif annotation.id is not None and (annotation.id, text) in seen:
                    counts.skip("duplicate_caption_id", "caption", annotations.place(row))
                else:
                    captions.append(text)
                    seen |= {(annotation.id, text)} if annotation.id is not None else set()
        return tuple(captions)


class Coco:
    """COCO alone as a source: objects named by category, boxes by COCO's own width and height, captions."""

    def __init__(self, *, instances: Sequence[Path] = (), captions: Sequence[Path] = (), strict: bool = False) -> None:
        """Remember the paths; nothing is opened yet. `strict`: what cannot be read is a DataError."""
        self.instances = tuple(instances)
        self.captions = Captions(captions, strict=strict)
        self.counts = Dropped(strict=strict)
        """What was dropped, skipped or repaired on opening and while iterating, by reason."""
        self.described = self.joined = 0
        """How many of the images that were yielded have objects, and how many of those captions too."""
        self._opening = Dropped(strict=strict)

    @property
    def origin(self) -> str:
        """The files, as a store remembers them."""
        return f"COCO: {', '.join(map(str, self.instances + self.captions.paths))}"

    def __enter__(self) -> Self:
        """Map and index the files; raise DataError for one that is no COCO file, or has shares for pixels."""
        self._opening.clear()
        with ExitStack() as files:
            opened = [_CocoFile(path, "instances", files, self._opening) for path in self.instances]
            self._categories = [file.categories() for file in opened]
            self._annotations = [file.annotations(CocoInstance, "object", odd_instance) for file in opened]
            files.enter_context(self.captions)
            opened += [file for file in self.captions.opened if not self.instances or file.has("images")]
            self._images = [file.images() for file in opened]
            self._refuse_shares()
            self._files = files.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the files."""
        self._files.close()

    def __len__(self) -> int:
        """Return how many images are listed; fewer are yielded where one has no size."""
        return sum(1 for _ in self._listed())

    def __iter__(self) -> Iterator[ImageContext]:
        """Yield every image that a file lists, once, in the order of the files; `counts` starts anew.

        Raise DataError when there are none, or several and none has a size.
        """
        self.counts.clear()
        self.counts.include(self._opening)
        self.counts.include(self.captions.dropped)
        self.described = self.joined = 0
        unread: set[ImageId] = set()
        for key in self._listed():
            context = self._context(key)
            if context is None:
                unread.add(key)
            else:
                self.described += bool(context.objects)
                self.joined += bool(context.objects and context.captions)
                yield context
        if not len(self):
            files = ", ".join(map(str, self.instances or self.captions.paths))
            raise DataError(f"{files}: 'images' lists none, and without images there is nothing to make contexts of.")
        if len(self) == len(unread) > 1:
            first = self.counts.places["image_size_missing"][0]
            raise DataError(f"{first}: neither this nor any other of {len(unread):,} images has a width and a height.")
        self._drop_what_has_no_image(unread)

    def _context(self, key: ImageId) -> ImageContext | None:
        for images in self._images:
            row = images.find(key)
            image = None if row is None else images.read(row, self.counts)
            if row is None or image is None:
                continue
            self.counts.read["image"] += 1
            if image.width is None or image.height is None:
                self.counts.drop("image_size_missing", "image", images.place(row))
                continue
            objects = self._objects(key, image.width, image.height)
            return ImageContext(
                image_id=image.id,
                image=image.path,
                width=image.width,
                height=image.height,
                coco_id=key if isinstance(key, int) else None,
                source="coco",
                captions=self.captions.of(key, self.counts),
                objects=tuple(objects),
            )
        return None

    def _listed(self) -> Iterator[ImageId]:
        """Yield the images of all files, each where it is listed first."""
        for place, images in enumerate(self._images):
            for row in images.listed:
                key = images.keys[row]
                if all(earlier.find(key) is None for earlier in self._images[:place]):
                    yield key

    def _objects(self, key: ImageId, width: int, height: int) -> Iterator[Object]:
        found = [
            (file, row, instance)
            for file, annotations in enumerate(self._annotations)
            for row in annotations.rows(key)
            if (instance := annotations.read(row, self.counts))
        ]
        self.counts.read["object"] += len(found)
        numbers = _ObjectIds(instance for _, _, instance in found)
        for file, row, instance in found:
            annotations = self._annotations[file]
            place = partial(annotations.place, row)
            number = numbers.of(instance, file)
            name = self._categories[file].get(image_key(instance.category_id))
            if number is None:
                self.counts.skip("duplicate_object_id", "object", place())
            elif instance.iscrowd:
                self.counts.skip("object_is_a_crowd", "object", place())
            elif not name:
                self.counts.drop("category_unknown", "object", place())
            elif pixels := self._pixels(instance, annotations, row):
                if number != instance.id:
                    self.counts.note("object_id_given", place())
                if box := unit_box(pixels, width=width, height=height, of="object", counts=self.counts, place=place):
                    yield Object(id=number, name=name, box=box)

    def _pixels(self, instance: CocoInstance, annotations: RecordArray[CocoInstance], row: int) -> Pixels | None:
        """Return the annotation's own box, or the box around its outline."""
        if instance.bbox is not None and min(instance.bbox[2:]) > 0:
            return instance.bbox
        value = annotations.value(row) or {}
        given = value.get("bbox")
        outline = outline_box(value.get("segmentation"))
        if outline and given:
            self.counts.note("object_box_from_outline", annotations.place(row))
        elif not outline and instance.bbox is None:
            reason = "object_box_unreadable" if given else "object_box_missing"
            self.counts.drop(reason, "object", annotations.place(row))
        return outline or instance.bbox

    def _drop_what_has_no_image(self, unread: set[ImageId]) -> None:
        """Count the annotations whose image no file lists, or cannot be read."""
        known = set(self._listed())
        for kind, arrays in (("object", self._annotations), ("caption", self.captions.annotations)):
            for annotations in arrays:
                for row in annotations.listed:
                    key = annotations.keys[row]
                    if key in known and key not in unread:
                        continue
                    reason = "annotation_of_unread_image" if key in known else "annotation_of_unlisted_image"
                    self.counts.read[kind] += 1
                    self.counts.drop(reason, kind, annotations.place(row))

    def _refuse_shares(self) -> None:
        """Raise DataError for a file all of whose boxes lie within 0 and 1."""
        for annotations, path in zip(self._annotations, self.instances, strict=True):
            if number := boxes_in_shares(self._sized_boxes(annotations)):
                raise DataError(
                    f"{path}: the boxes look like shares of the image, not pixels: none of {number:,} reaches "
                    "beyond 1. Multiply x and width by the image's width, y and height by its height."
                )

    def _sized_boxes(self, annotations: RecordArray[CocoInstance]) -> Iterator[tuple[Pixels, int, int]]:
        unheard = Dropped()
        for row in annotations.listed:
            instance = annotations.read(row, unheard)
            box = instance and (instance.bbox or outline_box((annotations.value(row) or {}).get("segmentation")))
            image = box and self._size(annotations.keys[row])
            if box and image:
                yield box, *image

    def _size(self, key: ImageId) -> tuple[int, int] | None:
        for images in self._images:
            row = images.find(key)
            image = None if row is None else images.read(row, Dropped())
            if image and image.width and image.height:
                return image.width, image.height
        return None


class _ObjectIds:
    """The ids of one image's objects: as the files give them, or, where they do not or do so twice, given here."""

    def __init__(self, instances: Iterator[CocoInstance]) -> None:
        """Take the ids that the files give, so that no other object gets one of them."""
        taken = {instance.id for instance in instances}
        self._free = (number for number in count(1) if number not in taken)
        self._seen: dict[int, tuple[int, CocoInstance]] = {}

    def of(self, instance: CocoInstance, file: int) -> int | None:
        """Return the object's id; None when it is one of an earlier file, or one that this file gives twice."""
        if instance.id is None:
            return next(self._free)
        earlier = self._seen.setdefault(instance.id, (file, instance))
        if earlier[1] is instance:
            return instance.id
        return None if earlier[0] != file or earlier[1] == instance else next(self._free)
