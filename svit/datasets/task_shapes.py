"""Which task a record of others is of, by its shape; one that was merged out of several is parted into them again."""

import re
from collections.abc import Sequence
from functools import cache

from svit.records import Dialogue, Turn
from svit.resources import prompt_text
from svit.tasks import TASKS

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
_EXPORTED_KEY = re.compile(rf"(?:\d+-)?(?P<image>.+?)-(?P<task>{'|'.join(TASKS)})(?:-\d+)?")
"""The `id` that our exports give: `7-referring`, `7-referring-2` for a piece, `1-7-referring` out of several runs."""


def exported_key(key: object) -> tuple[str, str] | None:
    """Return the image's id and the task in the `id` that an export of ours gave a record; None for another's."""
    found = _EXPORTED_KEY.fullmatch(key) if isinstance(key, str) else None
    return (found["image"], found["task"]) if found else None


def task_by_shape(dialogues: Sequence[Dialogue]) -> str:
    """Return the task that the dialogues look like."""
    turns = [turn for dialogue in dialogues for turn in dialogue.turns]
    if any(dialogue.topic for dialogue in dialogues):
        return "conversation"
    if len(turns) == 1 and _asks_for_description(turns[0].question):
        return "detail_description"
    if any(map(_refers, turns)):
        return "referring"
    return "conversation" if len(turns) > len(dialogues) else "complex_reasoning"


def is_mixed(dialogues: Sequence[Dialogue]) -> bool:
    """Whether pairs with boxes, descriptions and other pairs stand in one record, as in one that was merged."""
    return len(set(_kinds(dialogues))) > 1


def parts(dialogues: Sequence[Dialogue]) -> dict[str, list[tuple[int, Dialogue]]]:
    """Return the dialogues of a mixed record by task, each with its place.

    The turns of an only dialogue are parted like dialogues, and have its place.
    """
    found: dict[str, list[tuple[int, Dialogue]]] = {}
    if len(dialogues) == 1:
        [dialogue] = dialogues
        turns: dict[str, list[Turn]] = {}
        for turn in dialogue.turns:
            turns.setdefault(_kind((turn,), dialogue.topic) or "conversation", []).append(turn)
        return {task: [(0, Dialogue(tuple(several), dialogue.topic))] for task, several in turns.items()}
    for place, dialogue in enumerate(dialogues):
        task = _kind(dialogue.turns, dialogue.topic) or task_by_shape((dialogue,))
        found.setdefault(task, []).append((place, dialogue))
    return found


def _kinds(dialogues: Sequence[Dialogue]) -> list[str]:
    if len(dialogues) == 1:
        return [_kind((turn,), dialogues[0].topic) for turn in dialogues[0].turns]
    return [_kind(dialogue.turns, dialogue.topic) for dialogue in dialogues]


def _kind(turns: Sequence[Turn], topic: str | None) -> str:
    """Return the task that is plain to see; empty for a pair that could be of a conversation or of reasoning."""
    if topic:
        return "conversation"
    if any(map(_refers, turns)):
        return "referring"
    return "detail_description" if len(turns) == 1 and turns[0].question in _our_requests() else ""


def _refers(turn: Turn) -> bool:
    return "<st>" in turn.question or "<st>" in turn.answer


def _asks_for_description(question: str) -> bool:
    return question in _our_requests() or bool(_ASKS_FOR_DESCRIPTION.search(question))


@cache
def _our_requests() -> frozenset[str]:
    """Return the questions that svit itself draws for descriptions."""
    text, _ = prompt_text("detail_description.questions.txt")
    return frozenset(map(str.strip, text.splitlines()))
