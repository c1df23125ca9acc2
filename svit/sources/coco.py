"""MS-COCO captions and instances: captions for images of another source, or a source of its own, as LLaVA used it."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Self, TypeVar
from urllib.parse import urlsplit

import msgspec

from svit.errors import DataError
from svit.records import ImageContext, Object
from svit.sources.arrays import JsonFile, Key, RecordArray, Span
from svit.sources.faults import fault
from svit.sources.pixels import Outline, Pixels, Side, outline_box, unit_box
from svit.text import one_line

T = TypeVar("T")

_FOLDER = re.compile(r"(?:train|val|test|unlabeled)\d{4}")
_FOLDER_IN_NAME = re.compile(rf"COCO_({_FOLDER.pattern})_")


class _Image(msgspec.Struct, gc=False):
    id: int
    width: Side
    height: Side
    file_name: str | None = None
    coco_url: str | None = None


class _Caption(msgspec.Struct, gc=False):
    id: int
    caption: str | None


class _Category(msgspec.Struct, gc=False):
    id: int
    name: str


class _Instance(msgspec.Struct):
    id: int
    category_id: int
    bbox: Pixels | None = None
    iscrowd: int = 0
    segmentation: msgspec.Raw = msgspec.Raw(b"null")


class _Outlined(msgspec.Struct):
    segmentation: Outline | None


class _ImageKey(msgspec.Struct, gc=False):
    id: Key


class _AnnotationKey(msgspec.Struct, gc=False):
    image_id: Key


_image_key = msgspec.json.Decoder(_ImageKey)
_annotation_key = msgspec.json.Decoder(_AnnotationKey)


class _CocoFile:
    """One COCO file: where its members lie, and its records by image."""

    def __init__(self, path: Path, kind: str, files: ExitStack) -> None:
        self.json = files.enter_context(JsonFile(path, kind))
        self.members = self.json.members()

    def span(self, member: str) -> Span:
        if member not in self.members:
            raise DataError(f"{self.json.path} has no '{member}'. Is this {self.json.kind}?")
        return self.members[member]

    def annotations(self, record: type[T]) -> RecordArray[T]:
        found = RecordArray(self.json, record, lambda data: _annotation_key.decode(data).image_id)
        return found.index(self.span("annotations"), key_name="image_id", member="annotations")

    def images(self) -> RecordArray[_Image]:
        found = RecordArray(self.json, _Image, lambda data: _image_key.decode(data).id)
        return found.index(self.span("images"), key_name="id", member="images", unique=True)

    def categories(self) -> dict[int, str]:
        span = self.span("categories")
        found = self.json.split(span, lambda part: msgspec.json.decode(part, type=list[_Category]), "categories")
        return {category.id: one_line(category.name) for category in found}


class Captions:
    """The captions of any number of COCO caption files, by COCO's image id. Nothing but an index is held."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Remember the paths; nothing is opened yet."""
        self.paths = tuple(paths)

    def __enter__(self) -> Self:
        """Map and index the files; raise DataError for one that is no COCO captions file."""
        with ExitStack() as files:
            self.opened = [_CocoFile(path, "a COCO captions file", files) for path in self.paths]
            self._annotations = [file.annotations(_Caption) for file in self.opened]
            self._files = files.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the files."""
        self._files.close()

    def __len__(self) -> int:
        return sum(len(annotations) for annotations in self._annotations)

    def count(self, coco_id: int) -> int:
        """Return how many annotations the files have for the image, as they stand."""
        return sum(annotations.count(coco_id) for annotations in self._annotations)

    def of(self, coco_id: int, counts: Counter[str]) -> tuple[str, ...]:
        """Return the image's captions in file order, an annotation that several files give only once."""
        captions: dict[tuple[int, str], str] = {}
        for annotations in self._annotations:
            for annotation in annotations.records(coco_id):
                text = one_line(annotation.caption or "")
                if not text:
                    counts["caption_missing"] += 1
                elif (annotation.id, text) in captions:
                    counts["duplicate_caption_id"] += 1
                else:
                    captions[annotation.id, text] = text
        return tuple(captions.values())


class Coco:
    """COCO alone as a source: objects named by category, boxes by COCO's own width and height, captions."""

    def __init__(self, *, instances: Sequence[Path] = (), captions: Sequence[Path] = ()) -> None:
        """Remember the paths; nothing is opened yet."""
        self.instances = tuple(instances)
        self.captions = Captions(captions)
        self.counts: Counter[str] = Counter()
        """What was dropped or repaired while iterating, by reason."""

    @property
    def origin(self) -> str:
        """The files, as a store remembers them."""
        return f"COCO: {', '.join(map(str, self.instances + self.captions.paths))}"

    def __enter__(self) -> Self:
        """Map and index the files; raise DataError for one that is no COCO file."""
        with ExitStack() as files:
            opened = [_CocoFile(path, "a COCO instances file", files) for path in self.instances]
            self._categories = [file.categories() for file in opened]
            self._annotations = [file.annotations(_Instance) for file in opened]
            files.enter_context(self.captions)
            opened += [file for file in self.captions.opened if not self.instances or "images" in file.members]
            self._images = [file.images() for file in opened]
            self._files = files.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the files."""
        self._files.close()

    def __len__(self) -> int:
        return sum(1 for _ in self._listed())

    def __iter__(self) -> Iterator[ImageContext]:
        """Yield every image that a file lists, once, in the order of the files; `counts` starts anew."""
        self.counts.clear()
        unlisted = len(self.captions) + sum(len(annotations) for annotations in self._annotations)
        for image in self._listed():
            unlisted -= self.captions.count(image.id)
            unlisted -= sum(annotations.count(image.id) for annotations in self._annotations)
            yield ImageContext(
                image_id=image.id,
                image=_path(image),
                width=image.width,
                height=image.height,
                coco_id=image.id,
                source="coco",
                captions=self.captions.of(image.id, self.counts),
                objects=tuple(self._objects(image)),
            )
        if unlisted:
            self.counts["annotation_of_unlisted_image"] += unlisted

    def _listed(self) -> Iterator[_Image]:
        """Yield the images of all files, each where it is listed first."""
        for place, images in enumerate(self._images):
            for row, key in enumerate(images.keys):
                if all(earlier.find(key) is None for earlier in self._images[:place]):
                    yield images[row]

    def _objects(self, image: _Image) -> Iterator[Object]:
        seen: set[int] = set()
        for annotations, categories in zip(self._annotations, self._categories, strict=True):
            for row in annotations.rows(image.id):
                instance = annotations[row]
                if instance.id in seen:
                    self.counts["duplicate_object_id"] += 1
                elif instance.iscrowd:
                    self.counts["object_is_a_crowd"] += 1
                elif not (name := categories.get(instance.category_id)):
                    self.counts["category_unknown"] += 1
                elif (pixels := _pixels(instance, image, partial(annotations.error, row))) is None:
                    self.counts["object_box_missing"] += 1
                elif box := unit_box(pixels, width=image.width, height=image.height, of="object", counts=self.counts):
                    yield Object(id=instance.id, name=name, box=box)
                seen.add(instance.id)


def _pixels(instance: _Instance, image: _Image, error: Callable[[str], DataError]) -> Pixels | None:
    """Return the annotation's own box, or the box around its outline."""
    if instance.bbox is not None:
        return instance.bbox
    try:
        outlined = msgspec.json.decode(b'{"segmentation":%b}' % bytes(instance.segmentation), type=_Outlined)
    except msgspec.ValidationError as wrong:
        raise error(fault(wrong)) from None
    if outlined.segmentation is None:
        return None
    return outline_box(outlined.segmentation, width=image.width, height=image.height)


def _path(image: _Image) -> str:
    """Return the path as trainers expect it: `coco/train2017/000000033471.jpg`, or the bare name of a foreign file."""
    url = PurePosixPath(urlsplit(image.coco_url or "").path)
    name = image.file_name or url.name or f"{image.id:012d}.jpg"
    if _FOLDER.fullmatch(url.parent.name):
        return f"coco/{url.parent.name}/{name}"
    named = _FOLDER_IN_NAME.match(name)
    return f"coco/{named[1]}/{name}" if named else name
