"""What is wrong with a record that exists, what of it is kept, and what was cleaned in that."""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache, partial
from operator import itemgetter
from pathlib import PurePosixPath
from typing import NamedTuple

from svit.datasets.box_notations import placed
from svit.datasets.record_forms import Record
from svit.datasets.task_shapes import parts
from svit.judge import checks, clean
from svit.judge.checks import Check
from svit.records import Dialogue, Draft, Flaw, ImageContext, ImageId, Prompt, Sampling
from svit.tasks import TASKS
from svit.tasks.base import Task, as_warning, cleaned

_ARCHIVE = re.compile(r"COCO_(?:train|val|test)\d{4}_")
"""How COCO's archives of 2014 begin the names of their files."""
_PIECE = re.compile(r"-\d+$")
"""How the id ends of a piece that --max-turns cut from a record of all tasks of an image."""
_AROUND = 50
"""Characters shown on either side of a change."""
_LONGEST = 10 * checks.LONGEST_TEXT
"""Characters of a record. Others ask for more than we do, and nothing else waits while theirs are judged."""
_UNSENT = Sampling("", 1)


class RecordVerdict(NamedTuple):
    """The flaws of a record, and the dialogues that are left of it, cleaned, each with its place in the record.

    `judged` are all of them as they were judged. `dropped` counts the others by their first flaw; `warnings` is what
    the ones that are left have to be warned of. Where `is_padded`, its boxes were of the square around the image.
    """

    flaws: tuple[Flaw, ...]
    judged: tuple[Dialogue, ...]
    kept: tuple[tuple[int, Dialogue], ...]
    dropped: Mapping[str, int]
    warnings: tuple[Flaw, ...]
    is_changed: bool
    is_padded: bool = False

    @property
    def rejects(self) -> tuple[str, ...]:
        """The codes of the flaws that no sample may have, in their order."""
        return tuple(flaw.code for flaw in self.flaws if flaw.severity == "reject")


def judged(record: Record, context: ImageContext | None, number: int | None = None) -> RecordVerdict:
    """Judge the record, with the annotations of its image or, without a context, by its text alone.

    Dialogues are counted where they are ours: others ask for as many as they like. `number` is how many the run asked
    for, where that is not the task's own number. A record that is mixed is judged task by task.
    """
    if size := _too_long(record):
        flaw = Flaw("too_large", f"a record of {size:,} characters, where at most {_LONGEST:,} are read")
        return RecordVerdict((flaw,), (), (), {}, (), is_changed=True)
    width, height = (context.width, context.height) if context else (record.width, record.height)
    dialogues, is_padded = placed(record.boxes, width, height, context)
    if record.is_mixed:
        return _by_part(record, dialogues, context)._replace(is_padded=is_padded)
    return _of_one_task(record, record.task, dialogues, context, number)._replace(is_padded=is_padded)


def _by_part(record: Record, dialogues: tuple[Dialogue, ...], context: ImageContext | None) -> RecordVerdict:
    """Judge the pairs of each task by themselves. An only dialogue is kept as a whole, when no part has a flaw."""
    found = []
    for task, part in parts(dialogues).items():
        of_part = _of_one_task(record, task, tuple(dialogue for _, dialogue in part), context)
        places = [place for place, _ in part]
        found.append(of_part._replace(kept=tuple((places[at], dialogue) for at, dialogue in of_part.kept)))
    kept = sorted((each for of_part in found for each in of_part.kept), key=itemgetter(0))
    if len(dialogues) == 1:
        kept = [] if any(of_part.rejects for of_part in found) else [(0, _cleaned_whole(dialogues[0]))]
    return RecordVerdict(
        flaws=tuple(flaw for of_part in found for flaw in of_part.flaws),
        judged=dialogues,
        kept=tuple(kept),
        dropped=sum((Counter(of_part.dropped) for of_part in found), Counter()) if kept else {},
        warnings=tuple(flaw for of_part in found for flaw in of_part.warnings),
        is_changed=any(of_part.is_changed for of_part in found),
    )


def _cleaned_whole(dialogue: Dialogue) -> Dialogue:
    [plain] = cleaned((dialogue,), "")
    return plain


def _of_one_task(
    record: Record,
    name: str,
    dialogues: tuple[Dialogue, ...],
    context: ImageContext | None,
    number: int | None = None,
) -> RecordVerdict:
    is_ours, grounded = record.is_ours, context is not None
    task = TASKS[name] if is_ours else _uncounted(name)
    if is_ours and number is not None:
        task = task.asking_for(number)
    plain, tidied = _in_plain_text(record, task, dialogues, context)
    mends = grounded and dialogues == record.boxes.dialogues
    draft, repairs = task.repair(plain) if mends and task.repair else (plain, ())

    def flaws_of(draft: Draft) -> tuple[Flaw, ...]:
        counted = checks.exactly(task.dialogues)(draft) if record.is_counted else ()
        return (*counted, *task.flaws(draft, grounded=grounded))

    flaws = left_flaws = flaws_of(draft)
    kept: tuple[Dialogue, ...] = draft.dialogues
    dropped: Mapping[str, int] = {}
    is_flawed = any(flaw.severity == "reject" for flaw in flaws)
    if is_flawed:
        kept, dropped = task.salvaged(draft, grounded=grounded)
        least = max(1, task.min_pairs) if is_ours else 1
        if sum(len(dialogue.turns) for dialogue in kept) < least:
            return RecordVerdict((*flaws, *tidied, *repairs), dialogues, (), {}, (), is_changed=True)
        left_flaws = flaws_of(Draft(draft.prompt, kept))
    places = {id(dialogue): place for place, dialogue in enumerate(draft.dialogues)}
    return RecordVerdict(
        flaws=(*flaws, *tidied, *repairs),
        judged=dialogues,
        kept=tuple((places[id(dialogue)], dialogue) for dialogue in kept),
        dropped=dropped,
        warnings=(*map(as_warning, left_flaws), *repairs),
        is_changed=is_flawed or kept != dialogues,
    )


def _too_long(record: Record) -> int:
    """Return the characters of a record that is too long to be judged, 0 for any other."""
    size = sum(len(text) for dialogue in record.dialogues for text in _texts(dialogue))
    return size if size > _LONGEST else 0


def context_of(record: Record, find: Callable[[ImageId], ImageContext | None]) -> ImageContext | None:
    """Return the context of the record's image, by its id or the name of its file.

    Visual Genome and COCO both count their images: where the record names a file, the context's must be the same one.
    """
    name = _file(record.image)
    for image_id in dict.fromkeys((record.image_id, name, _PIECE.sub("", str(record.image_id)))):
        context = find(image_id) if image_id != "" else None
        if context and name in ("", _file(context.image)):
            return context
    return None


def _file(image: str) -> str:
    return _ARCHIVE.sub("", PurePosixPath(image).stem)


def _in_plain_text(
    record: Record, task: Task, dialogues: tuple[Dialogue, ...], context: ImageContext | None
) -> tuple[Draft, tuple[Flaw, ...]]:
    """Return the record as a cleaned draft, and a not_plain for each text that cleaning changed."""
    prompt = Prompt(
        task=task.name,
        messages=(),
        sampling=_UNSENT,
        version="",
        context=context or ImageContext(record.image_id, record.image, 1, 1),
        question=clean.plain(dialogues[0].turns[0].question) if task.draws_question else "",
    )
    draft = Draft(prompt, cleaned(dialogues, ""))
    if draft.dialogues is dialogues:
        return draft, ()
    both = zip(dialogues, draft.dialogues, strict=True)
    texts = (pair for old, new in both for pair in zip(_texts(old), _texts(new), strict=True))
    return draft, tuple(Flaw("not_plain", _where_changed(was, now), "repair") for was, now in texts if was != now)


def _where_changed(was: str, now: str) -> str:
    """Return the words around the first character that cleaning changed; line ends are shown, escaped."""
    place = next((i for i, (old, new) in enumerate(zip(was, now, strict=False)) if old != new), len(now))
    first, last = max(0, place - _AROUND), place + _AROUND
    words = was[first:last].replace("\n", "\\n")
    return f"{'...' if first else ''}{words}{'...' if last < len(was) else ''}"


def _texts(dialogue: Dialogue) -> list[str]:
    topic = [] if dialogue.topic is None else [dialogue.topic]
    return topic + [text for turn in dialogue.turns for text in (turn.question, turn.answer)]


@cache
def _uncounted(name: str) -> Task:
    """Return the task for data of others, who ask for as many dialogues and turns as they like."""
    task = TASKS[name]
    return replace(task, dialogues=sys.maxsize, checks=tuple(partial(_but_counts, check) for check in task.checks))


def _but_counts(check: Check, draft: Draft) -> Iterable[Flaw]:
    return [flaw for flaw in check(draft) if flaw.code != "wrong_count"]
