"""What is wrong with a completion: checks read what was parsed and yield flaws; they change nothing.

`form` and `questions` count and compare, `refusals`, `source_leaks` and `language` know words; `grounding`, `names` and
`claims` know the annotations.
"""

from svit.judge.checks.base import Check
from svit.judge.checks.claims import counts_are_annotated, objects_are_supported, sides_are_right
from svit.judge.checks.form import (
    LONGEST_TEXT,
    describes_at_length,
    exactly,
    has_no_empty_turn,
    is_at_most,
    is_long_enough,
    repeats_no_text,
    too_large,
    too_many,
    turns_each,
)
from svit.judge.checks.grounding import (
    boxes_are_annotated,
    every_box_has_a_mention,
    every_box_is_valid,
    every_mention_has_a_box,
    every_pair_refers,
)
from svit.judge.checks.language import is_in_english
from svit.judge.checks.names import names_fit_their_boxes, plural_names_have_boxes, singular_names_have_one_box
from svit.judge.checks.questions import answers_are_balanced, answers_say_more_than_questions, asks_nothing_twice
from svit.judge.checks.refusals import (
    answers_every_question,
    has_no_special_tokens,
    shows_no_coordinates,
    special_token_in,
    unusable,
)
from svit.judge.checks.source_leaks import hides_its_source

EVERY_TASK: tuple[Check, ...] = (
    has_no_empty_turn,
    is_long_enough,
    answers_every_question,
    hides_its_source,
    has_no_special_tokens,
    asks_nothing_twice,
    repeats_no_text,
    answers_say_more_than_questions,
    answers_are_balanced,
    is_in_english,
)
"""The checks that no task does without."""

__all__ = [
    "EVERY_TASK",
    "LONGEST_TEXT",
    "Check",
    "answers_are_balanced",
    "answers_every_question",
    "answers_say_more_than_questions",
    "asks_nothing_twice",
    "boxes_are_annotated",
    "counts_are_annotated",
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
    "is_in_english",
    "is_long_enough",
    "names_fit_their_boxes",
    "objects_are_supported",
    "plural_names_have_boxes",
    "repeats_no_text",
    "shows_no_coordinates",
    "sides_are_right",
    "singular_names_have_one_box",
    "special_token_in",
    "too_large",
    "too_many",
    "turns_each",
    "unusable",
]
