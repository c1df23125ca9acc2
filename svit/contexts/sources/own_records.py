"""People's own annotations as a source: rows of any file, in the keys of `svit contexts schema`, read with patience.

What has one meaning is read: null is an absent key, 42.0 and "42" are 42. What has none is dropped and counted.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

from svit.contexts.dropped_annotations import Dropped
from svit.contexts.fields.box_form import BoxForm
from svit.contexts.fields.field_map import SourceRow
from svit.contexts.fields.lenient_values import identifier, whole_number
from svit.contexts.fields.usual_columns import suggested
from svit.contexts.files.strict_decoding import exact_record
from svit.contexts.sources.own_parts import PartReader
from svit.errors import DataError
from svit.image_files.image_size import Size
from svit.records import ImageContext, ImageId

Sizes = Callable[[str], Size | None]
"""Returns the size of the picture at a record's path; None where it is not found."""

_KEYS = frozenset(ImageContext.__struct_fields__)
_UNKNOWN = "unknown_key_"
_REMEDIES: Mapping[str, str] = {
    "pixels": "more than half of the boxes look like pixels, where shares of the image's width and height are needed. "
    "Give --box-units pixels (and --boxes xywh where they are x, y, width, height).",
    "shares": "more than half of the boxes look like shares of the image, not pixels. Leave out --box-units pixels.",
    "xywh": "more than half of the boxes end before they begin, as x1, y1, x2, y2. Give --boxes xywh where they are "
    "x, y, width, height.",
    "xyxy": "more than half of the boxes reach beyond the edge as x, y, width, height, and not as x1, y1, x2, y2. "
    "Leave out --boxes xywh.",
}

_HINTS: Mapping[str, str] = {
    "image_id": "Say where the images' ids are: --map image_id=KEY, or --map image_id=# for the record's number.",
    "image_path": "Say where the paths are: --map image=KEY, or make them: --map image={%s}.jpg.",
    "image_size": "Sizes are read from the pictures with --images DIR.",
}
"""What helps where no record has an id, a path or a size, by the start of the reason."""


class OwnRecords:
    """The contexts of a file's rows. `name` is the file's, for sentences; `sizes` finds sizes that rows do not have.

    `counts` tells what was dropped; `remarks` are sentences about the file as a whole, known once it is read.
    """

    def __init__(
        self,
        rows: Iterable[SourceRow],
        *,
        name: str,
        counts: Dropped,
        boxes: BoxForm | None = None,
        class_names: Mapping[str, str] | None = None,
        sizes: Sizes | None = None,
        id_column: str = "image_id",
    ) -> None:
        """Remember what to read; nothing is read yet. `id_column` is where the ids stand, for sentences."""
        self.name = name
        self.counts = counts
        self.remarks: list[str] = []
        self._rows = rows
        self._id_column = id_column
        self._form = boxes or BoxForm()
        self._parts = PartReader(self._form, counts, class_names or {})
        self._sizes = sizes
        self._is_plain = self._form == BoxForm() and not class_names
        self._seen: set[ImageId] = set()
        self._objects = 0

    def __iter__(self) -> Iterator[ImageContext]:
        """Yield the contexts in the order of the file.

        Raise DataError at its end when nothing could be read, or when its boxes are of another form than was said.
        """
        for row in self._rows:
            self.counts.read["image"] += 1
            context = self._context(row)
            if context is not None:
                self._seen.add(context.image_id)
                self._objects += len(context.objects)
                yield context
        self._judge_whole()

    def _context(self, row: SourceRow) -> ImageContext | None:
        """Return the row's context; None, counted, where it has no id of its own, no path or no size."""
        if (exact := self._exact(row)) is not None:
            return exact
        if not isinstance(row.values, Mapping):
            self.counts.drop("record_unreadable", "image", row.place)
            return None
        self._parts.unknown_keys(row.values, _KEYS, "", row.place)
        image = self._image(row.values)
        if isinstance(image, str):
            self.counts.drop(image, "image", row.place)
            return None
        return self._whole(row, row.values, image)

    def _exact(self, row: SourceRow) -> ImageContext | None:
        """Return the context of a record that needs no patience, and count its parts."""
        if not self._is_plain or (context := exact_record(row.values)) is None or context.image_id in self._seen:
            return None
        self.counts.read.update(
            caption=len(context.captions),
            object=len(context.objects),
            attribute=sum(len(thing.attributes) for thing in context.objects),
            alias=sum(len(thing.aliases) for thing in context.objects),
            region=len(context.regions),
            relationship=len(context.relationships),
            coco_id=context.coco_id is not None,
        )
        return context

    def _image(self, values: Mapping[object, object]) -> tuple[ImageId, str, Size] | str:
        """Return the image's id, path and size, or the reason why it has none."""
        image_id = identifier(values.get("image_id"))
        if image_id is None:
            return f"image_id_{_fault(values.get('image_id'))}"
        if image_id in self._seen:
            return "image_id_repeated"
        image = _path(values.get("image"))
        if image is None:
            return f"image_path_{_fault(values.get('image'))}"
        size = self._size(values, image)
        if size is None:
            missing = any(_fault(values.get(side)) == "missing" for side in ("width", "height"))
            return "image_size_missing" if missing else "image_size_unreadable"
        return image_id, image, size

    def _whole(self, row: SourceRow, values: Mapping[object, object], image: tuple[ImageId, str, Size]) -> ImageContext:
        parts, place = self._parts, row.place
        image_id, path, size = image
        objects, numbers = parts.objects(values.get("objects"), place, row.parts, size)
        return ImageContext(
            image_id=image_id,
            image=path,
            width=size[0],
            height=size[1],
            coco_id=self._coco_id(values.get("coco_id"), place),
            source=self._source(values.get("source"), place),
            captions=parts.texts(values.get("captions"), "caption", f"{place}, captions"),
            objects=objects,
            regions=parts.regions(values.get("regions"), place, row.parts, size),
            relationships=parts.relationships(values.get("relationships"), place, numbers),
        )

    def _size(self, values: Mapping[object, object], image: str) -> Size | None:
        width, height = whole_number(values.get("width")), whole_number(values.get("height"))
        if width is not None and height is not None:
            return (width, height) if width >= 1 and height >= 1 else None
        return self._sizes(image) if self._sizes else None

    def _coco_id(self, value: object, place: str) -> int | None:
        if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
            return None
        self.counts.read["coco_id"] += 1
        number = whole_number(value)
        if number is None:
            self.counts.drop("coco_id_unreadable", "coco_id", place)
        return number

    def _source(self, value: object, place: str) -> str:
        default = "custom"
        if value is None or value == "":
            return default
        self.counts.read["source"] += 1
        if not isinstance(value, str):
            self.counts.drop("source_unreadable", "source", place)
            return default
        return value

    def _judge_whole(self) -> None:
        """Raise DataError for a file that is not what was said; make the remarks."""
        if not self.counts.read["image"]:
            raise DataError(f"{self.name} is empty.")
        boxes = self.counts.read["object"] + self.counts.read["region"]
        for suspect, number in self._parts.suspects.items():
            alone = number == 1 and len(self._seen) > 1
            fits = suspect == "xywh" and self._form.order == "xywh"
            if number > boxes / 2 and not alone and not fits:
                raise DataError(f"{self.name}: {_REMEDIES[suspect]}")
        if not self._seen:
            raise DataError(f"{self.name}: {self._nothing()}")
        if self._parts.numbered > self._objects / 2:
            self.remarks.append("Most names are numbers. What they stand for is read by --class-names FILE.")

    def _nothing(self) -> str:
        """Return why there is no context at all, and what to do."""
        counts = self.counts
        reasons = [reason for reason in counts if not reason.startswith(_UNKNOWN)]
        reason = max(reasons, key=counts.__getitem__)
        words = reason.replace("_", " ")
        records = f"none of its {counts.read['image']:,} records" if counts.read["image"] > 1 else "its only record"
        first = counts.places[reason][0].removeprefix(f"{self.name}: ")
        could = "could be read" if counts.read["image"] > 1 else "cannot be read"
        keys = [key.removeprefix(_UNKNOWN) for key in counts if key.startswith(_UNKNOWN) and "." not in key]
        hint = f" Its keys can be named: --map {found}." if (found := suggested(keys)) else ""
        hint = hint or next((f" {hint}" for part, hint in _HINTS.items() if reason.startswith(part)), "")
        hint = hint.replace("%s", self._id_column)
        return f"{records} {could}: {words} ({first}).{hint} See svit contexts schema."


def _fault(value: object) -> str:
    return "missing" if value is None or value == "" else "unreadable"


def _path(value: object) -> str | None:
    """Return the path byte for byte, also where it stands beside the picture's bytes, as `datasets` has it."""
    if isinstance(value, Mapping):
        value = value.get("path")
    return value if isinstance(value, str) and value else None
