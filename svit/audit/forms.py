r"""The shapes of instruction data: bytes of a record become dialogues to judge, and what is left goes back into them.

- own: a line as `svit.shards` writes it
- svit: `{"image_id": 1, "conversations": [{"topic"?: "..", "content": [{"from": "user", "value": ".."}, ..]}, ..]}`
- llava: `{"id": "1", "image": "1.jpg", "conversations": [{"from": "human", "value": "<image>\n.."}, ..]}`
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import msgspec

from svit.records import Dialogue, Flaw, ImageId, Turn
from svit.resources import prompt_text
from svit.shards import Remarks, as_line, json_text, warnings_text
from svit.sources.arrays import Key
from svit.sources.faults import fault
from svit.tasks import TASKS

Form = Literal["own", "svit", "llava"]

IMPORTED = "imported:"
"""How the source begins of an own record that `svit import` made of another's; the other's shape follows."""
_ASKERS = ("user", "human")
_ANSWERERS = ("gpt", "assistant")
_MARK = "<image>"
_IMAGE = r"(?: image | picture | photo(?:graph)? | snapshot | scene | visual ) (?: ['’]s )?\b"
_ASKS_FOR_DESCRIPTION = re.compile(
    rf"""
    \b (?: describ(?:e|ing) | descriptions? | detail(?:s|ed)? | depict | portray | characteri[sz]e | elaborate
      | analy[sz]e | narrate | explain | illustrate | summari[sz]e | clarify | break\ down
      | walk\ me\ through | tell\ me\ about | (?:in|into|with)\ words | thorough(?:ly)?
      | what\ (?:do\ you\ see | can\ be\ seen | [^?]{{0,40}}? \b (?: going\ on | happening | contents? | elements ) )
    ) \b [^?]{{0,50}}? \b {_IMAGE} (?! \ (?:that|who|which)\b )
    | \b (?: {_IMAGE} | you\ see\b | make\ out\b ) .{{0,60}}?
      \b (?: detail(?:s|ed)? | thorough(?:ly)? | describ(?:e|ing) | description | in\ words | about ) \b
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Of the 210 questions of LLaVA's published evaluation sets it tells all but one as their authors do."""


class _Part(msgspec.Struct, rename={"who": "from"}):
    """A conversation, a block of one, or a turn: what it is shows in what it has."""

    content: list["_Part"] | None = None
    topic: str | None = None
    who: str | None = None
    value: str | None = None


_TOLD_NOTHING = Remarks()


class _Entry(msgspec.Struct):
    conversations: list[_Part]
    image_id: Key | str | None = None
    id: Key | str | None = None
    image: str | None = None
    task: str | None = None
    provenance: object = None


@dataclass(frozen=True)
class Record:
    """One record. `marks` is what stood around the first question: `<image>` and a line end before it, or behind it.

    `task` is its own, or what its shape tells. `told` is what an own record says of what was left out of it. One of
    ours `is_ours` unless it was imported: what others made has as many dialogues and turns as they liked.
    """

    form: Form
    image_id: ImageId
    image: str
    task: str
    dialogues: tuple[Dialogue, ...]
    marks: tuple[str, str] = ("", "")
    told: Remarks = _TOLD_NOTHING
    is_ours: bool = False

    @property
    def is_counted(self) -> bool:
        """Whether it must have as many dialogues as its task asks for: ours, unless it says that it has others."""
        excused = self.told.dropped or any(flaw.code == "wrong_count" for flaw in self.told.warnings)
        return self.is_ours and not excused


_decode_entry = msgspec.json.Decoder(_Entry).decode
_decode_told = msgspec.json.Decoder(Remarks).decode


def read(raw: bytes, task: str | None = None) -> Record:
    """Return the record in these bytes; `task` is for those that do not name their own.

    Raise ValueError with the predicate of "record 17 ..." for what is in none of the forms.
    """
    try:
        entry = _decode_entry(raw)
        told = _decode_told(raw) if entry.provenance and entry.task else _TOLD_NOTHING
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(fault(error)) from None
    except RecursionError:
        raise ValueError("is nested too deep") from None
    image_id = entry.id if entry.image_id is None else entry.image_id
    if image_id is None:
        raise ValueError("has no 'image_id' and no 'id'")
    if entry.task is not None and entry.task not in TASKS:
        raise ValueError(f"has the unknown task '{entry.task}'")
    if not entry.conversations:
        raise ValueError("has no turn in 'conversations'")
    marks = "", ""
    if entry.conversations[0].content is None:
        form: Form = "llava"
        dialogues, marks = _one_dialogue(entry.conversations)
    else:
        form = "own" if entry.provenance and entry.task else "svit"
        dialogues = tuple(_dialogue(part.content, part.topic or None) for part in entry.conversations)
    named = entry.task or task or _task_by_shape(dialogues)
    is_ours = form == "own" and not _is_imported(entry.provenance)
    return Record(form, image_id, entry.image or "", named, dialogues, marks, told, is_ours)


def rewritten(
    raw: bytes,
    record: Record,
    dialogues: Sequence[tuple[int, Dialogue]],
    dropped: Mapping[str, int],
    warnings: Sequence[Flaw],
) -> bytes:
    """Return the record as a line of JSON with these of its dialogues, by their places in it; all else stays.

    An own record also tells what was dropped, and what it has to be warned of, beside what it told before.
    """
    entry: dict[str, Any] = json.loads(raw)
    if record.form == "llava":
        [(_, dialogue)] = dialogues
        before, after = record.marks
        texts = _texts(dialogue)
        _put([f"{before}{texts[0]}{after}", *texts[1:]], entry["conversations"])
    else:
        blocks = [entry["conversations"][place] for place, _ in dialogues]
        for block, (_, dialogue) in zip(blocks, dialogues, strict=True):
            _put(_texts(dialogue), block["content"])
            if dialogue.topic is not None:
                block["topic"] = dialogue.topic
        entry["conversations"] = blocks
    if record.form == "own":
        _remark(
            entry,
            Counter(record.told.dropped) + Counter(dropped),
            tuple(dict.fromkeys((*record.told.warnings, *warnings))),
        )
    return as_line(json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode())


def _remark(entry: dict[str, Any], dropped: Mapping[str, int], warnings: Sequence[Flaw]) -> None:
    """Put this into a record of ours as its keys have it: within a text, or as it is in lines of older versions."""
    if isinstance(entry.get("dropped"), str) or isinstance(entry.get("warnings"), str):
        entry |= {"dropped": json_text(dropped), "warnings": warnings_text(warnings)}
        return
    if dropped:
        entry["dropped"] = dropped
    if warnings:
        entry["warnings"] = msgspec.to_builtins(warnings)


def on_one_line(raw: bytes) -> bytes:
    """Return the record as it stands, as a line."""
    return b" ".join(raw.strip().splitlines()) + b"\n"


def _is_imported(provenance: object) -> bool:
    return isinstance(provenance, dict) and str(provenance.get("source")).startswith(IMPORTED)


def _texts(dialogue: Dialogue) -> list[str]:
    return [text for turn in dialogue.turns for text in (turn.question, turn.answer)]


def _put(texts: Sequence[str], parts: Sequence[dict[str, Any]]) -> None:
    for text, part in zip(texts, parts, strict=True):
        part["value"] = text


def _one_dialogue(parts: Sequence[_Part]) -> tuple[tuple[Dialogue, ...], tuple[str, str]]:
    """Return a flat dialogue, and the image marks around its first question, which are taken off it."""
    dialogue = _dialogue(parts, None)
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


def _dialogue(parts: Sequence[_Part] | None, topic: str | None) -> Dialogue:
    """Return the turns; a last question without an answer gets an empty one. Raise ValueError for another order."""
    said = [_said(part, asks=position % 2 == 0) for position, part in enumerate(parts or ())]
    if not said:
        raise ValueError("has no turn in 'conversations'")
    answers = [*said[1::2], ""][: (len(said) + 1) // 2]
    return Dialogue(tuple(map(Turn, said[::2], answers)), topic)


def _said(part: _Part, *, asks: bool) -> str:
    if part.who is None or part.value is None:
        raise ValueError("has a turn without 'from' or 'value'")
    if part.who not in (_ASKERS if asks else _ANSWERERS):
        raise ValueError(f"has a turn of '{part.who}' where {'a question' if asks else 'an answer'} is due")
    return part.value


def _task_by_shape(dialogues: Sequence[Dialogue]) -> str:
    turns = [turn for dialogue in dialogues for turn in dialogue.turns]
    if any(dialogue.topic for dialogue in dialogues):
        return "conversation"
    if len(turns) == 1 and _asks_for_description(turns[0].question):
        return "detail_description"
    if any("<st>" in text for turn in turns for text in (turn.question, turn.answer)):
        return "referring"
    return "conversation" if len(turns) > len(dialogues) else "complex_reasoning"


def _asks_for_description(question: str) -> bool:
    return question in _our_requests() or bool(_ASKS_FOR_DESCRIPTION.search(question))


@cache
def _our_requests() -> frozenset[str]:
    """Return the questions that svit itself draws for descriptions."""
    text, _ = prompt_text("detail_description.questions.txt")
    return frozenset(map(str.strip, text.splitlines()))
