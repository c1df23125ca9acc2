"""The judge, whatever the task: what becomes of a completion, and what is remembered of it."""

from collections.abc import Iterator

import pytest

from svit.records import Completion, Dialogue, Draft, Flaw, ImageContext, Rejection, Sample, Sampling, Turn
from svit.render import Recipe, Template, context_text
from svit.tasks.base import Task
from svit.tokens import TokenCounter

RECIPE = Recipe(
    Template("Write.", name="t.txt"),
    Sampling("asked", 10, seed=4),
    TokenCounter(len, exact=True),
    room=20,
    seed=4,
    questions=("What do you see?",),
)
CONTEXT = ImageContext(7, "a", 9, 9, source="test", captions=("A dog.", "A second caption of the dog."))


def parse(text: str) -> tuple[Dialogue, ...]:
    question, _, answer = text.rpartition("|")
    return (Dialogue((Turn(question, answer),)),)


def remarks(draft: Draft) -> Iterator[Flaw]:
    answer = draft.dialogues[0].turns[0].answer
    if "short" in answer:
        yield Flaw("short", answer, "warn")
    if "wrong" in answer:
        yield Flaw("wrong", answer)


TASK = Task("t", "", context_text, parse, (remarks,), lambda context, seed: "", 10)


def judged(text: str) -> Sample | Rejection:
    return TASK.judge(TASK.prompt(CONTEXT, RECIPE), Completion(text, "stop", "answered"), 2)


def test_a_drawn_question_is_used_where_the_model_wrote_none() -> None:
    for text, question in (("A dog is there.", "What do you see?"), ("What is it?|A dog.", "What is it?")):
        sample = judged(text)
        assert isinstance(sample, Sample)
        assert sample.dialogues[0].turns[0].question == question


@pytest.mark.parametrize(("text", "kind"), [("short", Sample), ("wrong", Rejection), ("short and wrong", Rejection)])
def test_a_warning_stays_with_the_sample_and_a_flaw_rejects(text: str, kind: type) -> None:
    result = judged(text)
    assert isinstance(result, kind)
    flaws = result.warnings if isinstance(result, Sample) else result.flaws
    assert [flaw.code for flaw in flaws] == [word for word in ("short", "wrong") if word in text]


def test_a_sample_remembers_where_it_is_from() -> None:
    sample = judged("A dog is there.")
    assert isinstance(sample, Sample)
    where = sample.provenance
    assert (where.model, where.attempt, where.seed, where.source) == ("answered", 2, 4, "test")
    assert where.left_out == {"captions": 1}
    assert sample.context.captions == ("A dog.",)
    prompt = TASK.prompt(CONTEXT, RECIPE)
    assert (where.prompt_id, where.prompt_version) == (prompt.id, RECIPE.template.version)
