"""What is wrong with a completion: checks read what was parsed and yield flaws; they change nothing.

`form` counts and compares, `wording` knows phrases, `boxes` knows the annotations.
"""

from svit.checks.boxes import (
    boxes_are_annotated,
    every_box_has_a_mention,
    every_box_is_valid,
    every_mention_has_a_box,
    every_pair_refers,
    plural_names_have_boxes,
)
from svit.checks.form import (
    asks_nothing_twice,
    describes_at_length,
    exactly,
    has_no_empty_turn,
    is_at_most,
    is_long_enough,
    repeats_no_text,
    turns_each,
)
from svit.checks.quoting import Check
from svit.checks.sources import hides_its_source
from svit.checks.wording import answers_every_question, has_no_special_tokens, shows_no_coordinates, unusable

EVERY_TASK: tuple[Check, ...] = (
    has_no_empty_turn,
    is_long_enough,
    answers_every_question,
    hides_its_source,
    has_no_special_tokens,
    asks_nothing_twice,
    repeats_no_text,
)
"""The checks that no task does without."""

__all__ = [
    "EVERY_TASK",
    "Check",
    "answers_every_question",
    "asks_nothing_twice",
    "boxes_are_annotated",
    "describes_at_length",
    "every_box_has_a_mention",
    "every_box_is_valid",
    "every_mention_has_a_box",
    "every_pair_refers",
    "exactly",
    "has_no_empty_turn",
    "has_no_special_tokens",
    "hides_its_source",
    "is_at_most",
    "is_long_enough",
    "plural_names_have_boxes",
    "repeats_no_text",
    "shows_no_coordinates",
    "turns_each",
    "unusable",
]
