"""Records of SVIT's or LLaVA's published shape become lines of our own, so that they can be checked, mixed, exported.

What such a record does not say, its line says is unknown: the model, and, where nobody else tells, the image's size.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, get_args

import msgspec

from svit import __version__, mentions
from svit.boxes import Box
from svit.datasets.box_requests import without_request
from svit.datasets.record_fields import Form
from svit.datasets.record_files import RecordBytes
from svit.datasets.record_forms import IMPORTED, read
from svit.datasets.record_verdict import context_of
from svit.errors import DataError, SvitError
from svit.mentions import Coordinates
from svit.records import Dialogue, ImageContext, ImageId, Provenance, Sample, Turn
from svit.run.shards import sample_line
from svit.spelling import unknown
from svit.tasks import task_named

Shape = Literal["svit", "llava-1.5"]
Find = Callable[[ImageId], ImageContext | None]
Size = Callable[[str], tuple[int, int] | None]

SHAPES: tuple[Shape, ...] = get_args(Shape)
_FORMS: dict[Shape, Form] = {"svit": "svit", "llava-1.5": "llava"}
_OTHER_FORM = {
    "own": "is one of our own already",
    "svit": "is in SVIT's form: --format svit",
    "llava": "is in LLaVA's form: --format llava-1.5",
    "chat": "has the messages of a chat, which are not imported",
}
_MOST_REASONS = 20
_OTHER_REASONS = "is left out for another reason"


class _Size(msgspec.Struct):
    width: int | None = None
    height: int | None = None


_decode_size = msgspec.json.Decoder(_Size).decode


@dataclass
class ImportReason:
    """Why records were left out, as the predicate of "record 17 ...": how many, and which was the first."""

    first: str
    records: int = 0


@dataclass
class ImportCounts:
    """What came of the records of a file, counted while they go by.

    Those `without_size` have 0 for width and height, those `without_image` an empty path. Of `unanswered` ones the last
    question was left out. `stray_boxes` counts the records with numbers outside of a mention that may be a box in some
    other form, which were not converted.
    """

    tasks: Counter[str] = field(default_factory=Counter)
    pairs: int = 0
    unanswered: int = 0
    without_size: int = 0
    without_image: int = 0
    stray_boxes: int = 0
    left_out: dict[str, ImportReason] = field(default_factory=dict)

    @property
    def records(self) -> int:
        """How many were written."""
        return self.tasks.total()

    def leave_out(self, place: str, why: str) -> None:
        """Count a record that is not written."""
        if why not in self.left_out and len(self.left_out) >= _MOST_REASONS:
            why = _OTHER_REASONS
        self.left_out.setdefault(why, ImportReason(place)).records += 1

    def count(self, sample: Sample) -> None:
        """Count a record that is written."""
        self.tasks[sample.task] += 1
        self.pairs += sum(len(dialogue.turns) for dialogue in sample.dialogues)
        self.without_size += not sample.context.width
        self.without_image += not sample.context.image


def shape_named(name: str) -> Shape:
    """Return the shape of this name. Raises SvitError when there is none."""
    for shape in SHAPES:
        if shape == name:
            return shape
    raise SvitError(unknown("format to import", name, SHAPES))


def imported(
    pieces: Iterable[RecordBytes],
    intake: ImportCounts,
    shape: Shape,
    *,
    find: Find | None = None,
    size: Size | None = None,
    task: str | None = None,
    padded: bool = False,
) -> Iterator[bytes]:
    """Yield each record as a line of our own, and count it.

    `find` looks an image's context up: id, path and size are taken from there. `task` is for records that name
    none; None goes by their shape. `size` tells width and height of the picture at a path, where the record does
    not. With `padded` boxes are those of the image padded to a square, and become the image's own. Raises SvitError
    for an unknown task, DataError when no record is left.
    """
    if task is not None:
        task_named(task)
    for place, raw, damage in pieces:
        try:
            sample, is_cut = _answered(_sample(raw, damage, shape, find, size, task))
            if padded:
                sample, has_strays = _unpadded(sample)
                intake.stray_boxes += has_strays
        except ValueError as error:
            intake.leave_out(place, str(error))
            continue
        intake.unanswered += is_cut
        intake.count(sample)
        yield sample_line(sample)
    if not intake.records:
        raise DataError(_nothing(intake))


def _sample(raw: bytes, damage: str, shape: Shape, find: Find | None, size: Size | None, task: str | None) -> Sample:
    """Return the record as a sample; raise ValueError with the predicate of "record 17 ..." for what is none."""
    if damage:
        raise ValueError(damage)
    record = read(raw, task)
    if record.form != _FORMS[shape]:
        raise ValueError(_OTHER_FORM[record.form])
    if record.form == "llava" and not record.image:
        raise ValueError("has no 'image'")
    source = f"{IMPORTED}{shape}"
    known = find and context_of(record, find)
    width, height = (known.width, known.height) if known else _size(raw)
    if not width and size and record.image:
        width, height = size(record.image) or (0, 0)
    context = ImageContext(
        image_id=known.image_id if known else record.image_id,
        image=record.image or (known.image if known else ""),
        width=width,
        height=height,
        source=source,
    )
    unknown = Provenance(
        model="unknown",
        prompt_id="",
        prompt_version="",
        attempt=0,
        seed=None,
        source=source,
        left_out={},
        svit=__version__,
    )
    return Sample(context, record.task, tuple(map(_as_it_was, record.dialogues)), unknown)


def _answered(sample: Sample) -> tuple[Sample, bool]:
    """Return the sample without a last question that nobody answered, and whether there was one.

    Raises ValueError when nothing else is in it.
    """
    dialogues = [
        Dialogue(dialogue.turns[:-1] if not dialogue.turns[-1].answer else dialogue.turns, dialogue.topic)
        for dialogue in sample.dialogues
    ]
    if [len(dialogue.turns) for dialogue in dialogues] == [len(dialogue.turns) for dialogue in sample.dialogues]:
        return sample, False
    left = tuple(dialogue for dialogue in dialogues if dialogue.turns)
    if not left:
        raise ValueError("has a question and no answer")
    return msgspec.structs.replace(sample, dialogues=left), True


def _as_it_was(dialogue: Dialogue) -> Dialogue:
    """Return the dialogue without the requests for coordinates of an export of ours."""
    turns = tuple(Turn(without_request(turn.question), turn.answer) for turn in dialogue.turns)
    return Dialogue(turns, dialogue.topic)


def _size(raw: bytes) -> tuple[int, int]:
    """Return the width and height that the record itself gives; 0 and 0 where it gives none that can be."""
    try:
        size = _decode_size(raw)
    except msgspec.ValidationError:
        return 0, 0
    if size.width and size.height and size.width > 0 and size.height > 0:
        return size.width, size.height
    return 0, 0


def _unpadded(sample: Sample) -> tuple[Sample, bool]:
    """Return the sample with the boxes of its mentions in the image's frame, and whether boxes without one stay.

    Raises ValueError when they cannot be converted.
    """
    context = sample.context
    has_strays = False

    def converted(text: str) -> str:
        nonlocal has_strays
        in_image = mentions.replaced(text, lambda found: mentions.in_one_form(text[found.start : found.end], change))
        pieces, end = [], 0
        for stray in mentions.strays(in_image):
            written = in_image[stray.start : stray.end]
            if stray.is_tag:
                continue
            if numbers := mentions.bare_box(written):
                pieces += [in_image[end : stray.start], change(numbers, written)]
                end = stray.end
            else:
                has_strays = True
        return "".join([*pieces, in_image[end:]])

    def change(box: Coordinates, written: str) -> str:
        return str(unpadded_box(box, written, context.width, context.height))

    dialogues = tuple(
        Dialogue(
            tuple(Turn(converted(turn.question), converted(turn.answer)) for turn in dialogue.turns), dialogue.topic
        )
        for dialogue in sample.dialogues
    )
    return msgspec.structs.replace(sample, dialogues=dialogues), has_strays


def unpadded_box(box: Coordinates, written: str, width: int, height: int) -> Box:
    """Return a box of the image padded to a square, the image in its middle, as one of the image, clipped to it.

    Raises ValueError, with a predicate, when the image has no size, or nothing of the box is in it.
    """
    if not width:
        raise ValueError(
            "has boxes of a padded square, and the image's width and height are not known: give --contexts or --images"
        )
    if len(box) != 4:
        raise ValueError(f"has a box that is none: {written[:80]}")
    side = max(width, height)
    x1, y1, x2, y2 = (side * share for share in box)
    left, top = (side - width) // 2, (side - height) // 2
    found = Box.from_pixels(x1 - left, y1 - top, x2 - x1, y2 - y1, width=width, height=height)
    if found is None:
        raise ValueError("has a box of which nothing is in the image")
    return found


def _nothing(intake: ImportCounts) -> str:
    if not intake.left_out:
        return "There is no record to import."
    why, reason = next(iter(intake.left_out.items()))
    total = sum(each.records for each in intake.left_out.values())
    return f"No record of {total:,} could be imported; {reason.first} {why}."
