"""Referring: ten pairs in which every object is named with its bounding box.

Question: Is the <st>lamp<ed> [0.672, 0.3, 0.714, 0.417] to the left or to the right of the <st>couch<ed>
[0.102, 0.55, 0.468, 0.891]?
Answer: The <st>lamp<ed> [0.672, 0.3, 0.714, 0.417] is to the right of the <st>couch<ed> [0.102, 0.55, 0.468, 0.891].
"""

from functools import partial
from math import ceil
from random import Random

from svit.judge.box_repair import repaired_boxes
from svit.judge.checks import (
    EVERY_TASK,
    boxes_are_annotated,
    every_box_has_a_mention,
    every_box_is_valid,
    every_mention_has_a_box,
    every_pair_refers,
    names_fit_their_boxes,
    objects_are_supported,
    plural_names_have_boxes,
    sides_are_right,
    singular_names_have_one_box,
)
from svit.judge.parse import question_answer_pairs
from svit.offline.referring.attributes import ATTRIBUTES
from svit.offline.referring.relationships import RELATIONSHIPS
from svit.offline.referring.where import WHERE
from svit.offline.referring.why import SITUATED, WHY
from svit.offline.sampling import Chooser, ChosenPair, seeded
from svit.offline.scene import Scene
from svit.prompting.render import context_text
from svit.records import ImageContext
from svit.tasks.base import Task

PAIRS = 10
_WHAT = (*ATTRIBUTES, *RELATIONSHIPS)
_SHARES = ((WHERE, 4), (_WHAT, 4), (WHY, 1), (SITUATED, 1))


def _write(context: ImageContext, seed: int, number: int = PAIRS) -> str:
    scene, rng = Scene(context), seeded(context, seed, "referring")
    return "\n\n".join(f"Question: {one.question}\nAnswer: {one.answer}" for one in _pairs(scene, rng, number))


def _pairs(scene: Scene, rng: Random, number: int) -> list[ChosenPair]:
    chooser = Chooser(scene, rng)
    found: list[ChosenPair] = []
    for kinds, most in _SHARES:
        found.extend(chooser.choose(kinds, min(ceil(most * number / PAIRS), number - len(found))))
    found.extend(chooser.choose((*WHERE, *_WHAT, *WHY, *SITUATED), number - len(found), again=True))
    rng.shuffle(found)
    return found


ENOUGH = 5
"""Half of the pairs."""
ANSWER_TOKENS = 1150
"""The offline writer's (160 images of Visual Genome): most of it is boxes, and a model has to write those too."""

TASK = Task(
    name="referring",
    summary="ten question-answer pairs that name each object with its bounding box",
    render=partial(context_text, region_boxes=True),
    parse=question_answer_pairs,
    dialogues=PAIRS,
    checks=(
        *EVERY_TASK,
        every_pair_refers,
        every_mention_has_a_box,
        every_box_has_a_mention,
        every_box_is_valid,
        singular_names_have_one_box,
    ),
    grounding=(
        boxes_are_annotated(min_iou=0.5),
        plural_names_have_boxes,
        names_fit_their_boxes,
        objects_are_supported,
        sides_are_right,
    ),
    repair=repaired_boxes,
    write_offline=_write,
    max_tokens=2048,
    answer_tokens=ANSWER_TOKENS,
    min_pairs=ENOUGH,
    counted="pairs",
    writer=lambda number: partial(_write, number=number),
)
