"""Detail description: one text about everything that is certain; the question is one of many rewordings of a request.

The picture shows a white desk, a black chair and a lamp. On the desk are a monitor, a keyboard and two cups. To the
right of the desk one can see a wooden shelf.
"""

from functools import partial

from svit.judge.checks import (
    EVERY_TASK,
    counts_are_annotated,
    describes_at_length,
    objects_are_supported,
    shows_no_coordinates,
)
from svit.judge.parse import description
from svit.offline.description import description_text
from svit.offline.sampling import seeded
from svit.offline.scene import Scene
from svit.prompting.render import context_text
from svit.records import ImageContext
from svit.tasks.base import Task

LEAST_WORDS = 30


def _write(context: ImageContext, seed: int) -> str:
    return description_text(Scene(context), seeded(context, seed, "detail_description"))


ANSWER_TOKENS = 300
"""GPT-4's have 92 (60 of LLaVA's records), the offline writer's 110 (160 images of Visual Genome). SVIT's contexts tell
far more than LLaVA's, and an estimate errs on the dear side."""

TASK = Task(
    name="detail_description",
    summary="one description of the whole image",
    render=partial(context_text, region_boxes=False),
    parse=description,
    dialogues=1,
    checks=(*EVERY_TASK, describes_at_length(LEAST_WORDS), shows_no_coordinates),
    grounding=(objects_are_supported, counts_are_annotated),
    write_offline=_write,
    max_tokens=1024,
    draws_question=True,
    answer_tokens=ANSWER_TOKENS,
)
