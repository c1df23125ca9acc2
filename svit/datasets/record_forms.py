r"""The shapes of instruction data: bytes of a record become dialogues to judge, and what is left goes back into them.

- own: a line as `svit.run.shards` writes it
- svit: `{"image_id": 1, "conversations": [{"topic"?: "..", "content": [{"from": "user", "value": ".."}, ..]}, ..]}`
- llava: `{"id": "1", "image": "1.jpg", "conversations": [{"from": "human", "value": "<image>\n.."}, ..]}`
- chat: `{"messages": [{"role": "user", "content": ".." or [{"type": "text", "text": ".."}, ..]}, ..]}`,
  the picture in `image`, `images` or an `image_url` among the parts; as Gemini has it,
  `{"contents": [{"role": "user", "parts": [{"fileData": {"fileUri": ".."}}, {"text": ".."}]}, {"role": "model", ..}]}`;
  also with the names and boxes of its texts in `objects`, as ms-swift has them
"""

from collections.abc import Sequence
from dataclasses import dataclass

from svit.datasets.box_notations import NotationReading, in_our_notation
from svit.datasets.box_requests import without_request
from svit.datasets.record_fields import TOLD_NOTHING, Form, RecordPart, conversations, decoded, image_id, pixels
from svit.datasets.task_shapes import exported_key, is_mixed, task_by_shape
from svit.records import Dialogue, ImageId, Turn
from svit.run.shards import SampleRemarks
from svit.tasks import TASKS

IMPORTED = "imported:"
"""How the source begins of an own record that `svit import` made of another's; the other's shape follows."""
_ASKERS = ("user", "human")
_ANSWERERS = ("gpt", "assistant", "model")
_MARK = "<image>"
SYSTEM = "system"
"""Who says what stands before the first question in a chat; it is not judged."""


@dataclass(frozen=True)
class Record:
    """One record. `marks` is what stood around the first question: `<image>` and a line end before it, or behind it.

    `task` is its own, or what its shape tells; one that `is_mixed` has pairs of several tasks. `told` is what an own
    record says of what was left out of it. One of ours `is_ours` unless it was imported: what others made has as many
    dialogues and turns as they liked. `boxes` are its dialogues as they are judged: without requests for boxes, and the
    boxes of any trainer's notation read. Width and height are pixels, 0 where it does not say them.
    """

    form: Form
    image_id: ImageId
    image: str
    task: str
    dialogues: tuple[Dialogue, ...]
    boxes: NotationReading
    marks: tuple[str, str] = ("", "")
    told: SampleRemarks = TOLD_NOTHING
    is_ours: bool = False
    is_mixed: bool = False
    width: int = 0
    height: int = 0

    @property
    def is_counted(self) -> bool:
        """Whether it must have as many dialogues as its task asks for: ours, unless it says that it has others."""
        excused = self.told.dropped or any(flaw.code == "wrong_count" for flaw in self.told.warnings)
        return self.is_ours and not excused


def read(raw: bytes, task: str | None = None) -> Record:
    """Return the record in these bytes; `task` is for those that do not name their own.

    Raise ValueError with the predicate of "record 17 ..." for what is in none of the forms.
    """
    entry, told = decoded(raw)
    parts, form = conversations(entry, raw)
    key = exported_key(entry.id)
    if entry.task is not None and entry.task not in TASKS:
        raise ValueError(f"has the unknown task '{entry.task}'")
    image = image_id(entry, key, form)
    if not parts:
        raise ValueError(f"has no turn in '{'messages' if form == 'chat' else 'conversations'}'")
    marks = "", ""
    if form in ("llava", "chat"):
        dialogues, marks = _one_dialogue(parts)
    else:
        dialogues = tuple(_dialogue(_turns_of(part), part.topic or None) for part in parts)
    is_ours = form == "own" and not _is_imported(entry.provenance)
    width, height = pixels(entry.width), pixels(entry.height)
    boxes = NotationReading(dialogues)
    if not is_ours:
        boxes = in_our_notation(_without_requests(dialogues), entry.objects, width, height)
    named = entry.task or task or (key[1] if key else None)
    return Record(
        form=form,
        image_id=image,
        image=entry.picture,
        task=named or task_by_shape(boxes.dialogues),
        dialogues=dialogues,
        boxes=boxes,
        marks=marks,
        told=told,
        is_ours=is_ours,
        is_mixed=not named and is_mixed(boxes.dialogues),
        width=width,
        height=height,
    )


def _without_requests(dialogues: Sequence[Dialogue]) -> tuple[Dialogue, ...]:
    return tuple(
        Dialogue(tuple(Turn(without_request(turn.question), turn.answer) for turn in each.turns), each.topic)
        for each in dialogues
    )


def _is_imported(provenance: object) -> bool:
    return isinstance(provenance, dict) and str(provenance.get("source")).startswith(IMPORTED)


def _one_dialogue(parts: Sequence[RecordPart]) -> tuple[tuple[Dialogue, ...], tuple[str, str]]:
    """Return a flat dialogue, and the image marks around its first question, which are taken off it."""
    start = 1 if parts[0].speaker == SYSTEM else 0
    dialogue = _dialogue(parts[start:], None)
    first, *others = dialogue.turns
    before, question, after = _unmarked(first.question)
    return (Dialogue((Turn(question, first.answer), *others)),), (before, after)


def _unmarked(question: str) -> tuple[str, str, str]:
    start, end = 0, len(question)
    while question.startswith(_MARK, start):
        start += len(_MARK)
        start += len(question) - start - len(question[start:].lstrip())
    while end > start and question.endswith(_MARK, start, end):
        end = start + len(question[start : end - len(_MARK)].rstrip())
    return question[:start], question[start:end], question[end:]


def _turns_of(block: RecordPart) -> Sequence[RecordPart]:
    if isinstance(block.content, list):
        return block.content
    raise ValueError("has a turn beside blocks of turns")


def _dialogue(parts: Sequence[RecordPart], topic: str | None) -> Dialogue:
    """Return the turns; a last question without an answer gets an empty one. Raise ValueError for another order."""
    said = [_said(part, asks=position % 2 == 0) for position, part in enumerate(parts)]
    if not said:
        raise ValueError("has no turn in 'conversations'")
    answers = [*said[1::2], ""][: (len(said) + 1) // 2]
    return Dialogue(tuple(map(Turn, said[::2], answers)), topic)


def _said(part: RecordPart, *, asks: bool) -> str:
    speaker, said = part.speaker, part.said
    if speaker is None or said is None:
        raise ValueError("has a turn without 'from' or 'value'")
    if speaker not in (_ASKERS if asks else _ANSWERERS):
        raise ValueError(f"has a turn of '{speaker}' where {'a question' if asks else 'an answer'} is due")
    return said
