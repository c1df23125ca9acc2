"""Complex reasoning: fifteen pairs about one image whose answers take steps beyond looking.

Question: If somebody pulled the table aside, what should be looked after first?
Answer: The vase is on the table. Whatever rests on something moves or slips along with it. Therefore it should be
put elsewhere first, or it might break.
"""

from functools import partial
from math import ceil
from random import Random

from svit.judge.checks import EVERY_TASK, counts_are_annotated, shows_no_coordinates
from svit.judge.parse import question_answer_pairs
from svit.offline.questions.conclusions import SENSE
from svit.offline.questions.geometry import GEOMETRY
from svit.offline.questions.hypotheticals import IMAGINED
from svit.offline.questions.inferences import RELATIONS
from svit.offline.questions.scene_type import PLACE
from svit.offline.questions.situations import SITUATIONS, reasoned
from svit.offline.sampling import Chooser, ChosenPair, Kind, seeded
from svit.offline.scene import Scene
from svit.prompting.render import context_text
from svit.records import ImageContext
from svit.tasks.base import Task

PAIRS = 15
_SITUATIONS: tuple[Kind, ...] = tuple(reasoned(situation) for situation in SITUATIONS)
_SHARES = ((RELATIONS, 5), ((*PLACE, *SENSE), 4), ((*GEOMETRY, *IMAGINED), 4))
"""How many pairs of each sort are wanted at most; situations fill up."""


def _write(context: ImageContext, seed: int, number: int = PAIRS) -> str:
    scene, rng = Scene(context), seeded(context, seed, "complex_reasoning")
    return "\n\n".join(f"Question: {one.question}\nAnswer: {one.answer}" for one in _pairs(scene, rng, number))


def _pairs(scene: Scene, rng: Random, number: int) -> list[ChosenPair]:
    chooser = Chooser(scene, rng)
    found: list[ChosenPair] = []
    for kinds, most in _SHARES:
        found.extend(chooser.choose(kinds, min(ceil(most * number / PAIRS), number - len(found))))
    found.extend(chooser.choose(_SITUATIONS, number - len(found)))
    found.extend(
        chooser.choose(
            (*RELATIONS, *PLACE, *SENSE, *GEOMETRY, *IMAGINED, *_SITUATIONS), number - len(found), again=True
        )
    )
    rng.shuffle(found)
    return found


ENOUGH = 8
"""More than half of the pairs."""
ANSWER_TOKENS = 1500
"""Between the offline writer's 830 (160 images of Visual Genome) and 15 pairs as long as those that GPT-4 wrote one at
a time (60 of LLaVA's records: 145 a pair)."""

TASK = Task(
    name="complex_reasoning",
    summary="fifteen question-answer pairs that need reasoning in steps",
    render=partial(context_text, region_boxes=False),
    parse=question_answer_pairs,
    dialogues=PAIRS,
    checks=(*EVERY_TASK, shows_no_coordinates),
    grounding=(counts_are_annotated,),
    write_offline=_write,
    max_tokens=3072,
    answer_tokens=ANSWER_TOKENS,
    min_pairs=ENOUGH,
    counted="pairs",
    writer=lambda number: partial(_write, number=number),
)
