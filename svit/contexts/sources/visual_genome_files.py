"""One file of Visual Genome's annotations: its records by image, and what it is called when it is another file."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import msgspec

from svit.contexts.dropped_annotations import Dropped
from svit.contexts.fields.pixels import Pixels
from svit.contexts.files.json_arrays import JsonFile, RecordArray
from svit.contexts.files.json_kinds import KINDS as FILE_KINDS
from svit.contexts.files.json_kinds import kinds_of
from svit.contexts.sources.visual_genome_records import AnnotationRecord, annotation_record
from svit.errors import DataError
from svit.records import ImageId

KEYS = ("image_id", "id")
"""The image's number: `image_id`, or `id` in v1.0 and in every region_descriptions.json."""

Member = Literal["objects", "attributes", "relationships", "regions"]
"""The key under which a record has its annotations."""

KINDS: Mapping[Member, str] = {
    "objects": "object",
    "attributes": "attribute",
    "relationships": "relationship",
    "regions": "region",
}

_SAMPLE = 100
"""So many records are looked at to know what a file is: any one of them may be odd."""


class AnnotationPlace(msgspec.Struct, frozen=True, gc=False):
    """Where an annotation stands; put into words only when they are needed."""

    records: RecordArray[AnnotationRecord]
    row: int
    member: Member
    index: int

    def __str__(self) -> str:
        """Return `objects.json: record 17, objects[3]`."""
        return f"{self.records.place(self.row)}, {self.member}[{self.index}]"


class AnnotationFile:
    """The annotations of one file, by image. Several records of one image are read one after the other."""

    def __init__(self, path: Path, member: Member, *kinds: str) -> None:
        """Remember the path, the key that every record should have, and what `file_kinds` may call the file."""
        self.path = path
        self.member = member
        self._kinds = kinds
        self._latest: tuple[ImageId, list[tuple[int, AnnotationRecord]]] | None = None

    def open(self, files: ExitStack, dropped: Dropped) -> None:
        """Map and index the file; raise DataError, with its right name, when it is another one."""
        file = files.enter_context(JsonFile(self.path, "Visual Genome"))
        self.records = RecordArray(
            file,
            AnnotationRecord,
            kind=KINDS[self.member],
            key_names=KEYS,
            lenient=annotation_record,
            number=self._number_in,
        )
        refuse_another_file(file, *self._kinds)
        self.records.index(file.whole, dropped)
        refuse_other_records(self.path, self.records, self.member)

    def of(self, image_id: ImageId, member: Member, dropped: Dropped) -> list[tuple[Any, AnnotationPlace]]:
        """Return the image's annotations under the key, None for what is none, and where each stands."""
        records = self.records
        return [
            (annotation, AnnotationPlace(records, row, member, index))
            for row, record in self._read(image_id, dropped)
            for index, annotation in enumerate(getattr(record, member) or ())
        ]

    def _read(self, image_id: ImageId, dropped: Dropped) -> list[tuple[int, AnnotationRecord]]:
        """Return the image's records; count what cannot be read, once for all keys."""
        if self._latest is None or self._latest[0] != image_id:
            found = []
            for row in self.records.rows(image_id):
                if (record := self.records.read(row, dropped)) is None:
                    continue
                if getattr(record, self.member) is None:
                    dropped.note(f"record_without_{self.member}", self.records.place(row))
                found.append((row, record))
            self._latest = image_id, found
        return self._latest[1]

    def boxes(self, member: Member) -> Iterator[tuple[ImageId, Pixels]]:
        """Yield the boxes of all images, as far as they can be read; nothing is counted."""
        unheard = Dropped()
        for row in self.records.listed:
            record = self.records.read(row, unheard)
            for annotation in (record and getattr(record, member)) or ():
                if annotation is not None and (pixels := annotation.pixels):
                    yield self.records.keys[row], pixels

    def unlisted(self, images: RecordArray[Any]) -> list[int]:
        """Return the rows of the records whose image is not among those."""
        records = self.records
        if len(records) == len(images) and records.keys == images.keys:
            return []
        return [row for row in records.listed if images.find(records.keys[row]) is None]

    def numbers(self, row: int, member: Member, kind: Member) -> Counter[str]:
        """Return how many annotations the record has under the key, when they are read for their kind."""
        record = self.records.read(row, Dropped()) or AnnotationRecord()
        annotations = getattr(record, member) or ()
        numbers = Counter({KINDS[kind]: len(annotations)})
        if kind in ("objects", "attributes"):
            numbers["attribute"] = sum(len(each.attributes or ()) for each in annotations if each)
        return numbers

    def forget(self) -> None:
        """Read the records anew, and count anew."""
        self._latest = None

    def _number_in(self, value: object) -> int:
        """Return how many annotations are lost with a record; one where nobody can say."""
        annotations = value.get(self.member) if isinstance(value, dict) else None
        if not isinstance(annotations, list | dict):
            return 1
        return max(1, sum(map(_words, annotations)) if self.member == "attributes" else len(annotations))


def _words(entry: object) -> int:
    """Return how many attributes an entry of attributes.json gives its object."""
    given = entry.get("attributes") if isinstance(entry, dict) else None
    return len(given) if isinstance(given, list) else 1 if isinstance(given, str) else 0


def refuse_another_file(file: JsonFile, *wanted: str) -> None:
    """Raise DataError when the file is known to be of another kind than these of `file_kinds`."""
    kinds = kinds_of(file)
    if kinds and not set(kinds) & set(wanted):
        found, needed = FILE_KINDS[kinds[0]], FILE_KINDS[wanted[0]]
        remedy = "give each file its own name" if found.title.startswith("Visual Genome") else found.remedy
        raise DataError(f"{file.path} looks like {found.title}, not like {needed.title}: {remedy}.")


def refuse_other_records(path: Path, records: RecordArray[Any], *members: str) -> None:
    """Raise DataError when there are several records, and none of the first ones has one of the members."""
    sample = islice(records.listed, _SAMPLE)
    if len(records) > 1 and not any(member in records.value(row) for row in sample for member in members):
        wanted = " or ".join(f"'{member}'" for member in members)
        raise DataError(f"{path}: none of its records has {wanted}. Is this Visual Genome?")
