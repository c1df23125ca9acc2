"""The judge, whatever the task: what becomes of a completion, and what is remembered of it."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from svit.errors import ParseError
from svit.judge.parse import question_answer_pairs
from svit.prompting.render import PromptRecipe, Template, context_text
from svit.prompting.tokens import TokenCounter
from svit.records import Completion, Dialogue, Draft, Flaw, ImageContext, Rejection, Sample, Sampling, Turn
from svit.run.shards import sample_line
from svit.tasks.base import Task

RECIPE = PromptRecipe(
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


TASK = Task("t", "", context_text, parse, 1, (remarks,), lambda context, seed: "", 10)


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


def pairs(text: str) -> tuple[Dialogue, ...]:
    return tuple(Dialogue((Turn(f"{line}?", line),)) for line in text.split(","))


def is_wrong(draft: Draft) -> Iterator[Flaw]:
    yield from (Flaw("wrong", turn.answer) for turn in draft.turns if "wrong" in turn.answer)
    yield from (Flaw("odd", turn.answer, "warn") for turn in draft.turns if "odd" in turn.answer)


def said_twice(draft: Draft) -> Iterator[Flaw]:
    answers = [turn.answer for turn in draft.turns]
    yield from (Flaw("twice", answer) for answer in set(answers) if answers.count(answer) > 1)


@pytest.mark.parametrize(
    ("text", "kept", "dropped", "warnings"),
    [
        ("a,b,c,d", "abcd", {}, []),
        ("a,b,wrong,d", "abd", {"wrong": 1}, ["wrong_count"]),
        ("a,b,a,b", "", {}, ["twice", "twice"]),
        ("a,b,a,d", "abd", {"twice": 1}, ["wrong_count"]),
        ("a,b,c", "abc", {}, ["wrong_count"]),
        ("a,b,c,d,e,wrong", "abcd", {"wrong_count": 1, "wrong": 1}, []),
        ("a,odd,c,wrong", ["a", "odd", "c"], {"wrong": 1}, ["wrong_count", "odd"]),
        ("a,wrong,c,wrong", "", {}, ["wrong", "wrong"]),
    ],
)
def test_flawless_pairs_of_a_flawed_completion_are_kept_when_they_are_enough(
    text: str, kept: str, dropped: dict[str, int], warnings: list[str]
) -> None:
    strict = Task("t", "", context_text, pairs, 4, (is_wrong, said_twice), lambda context, seed: "", 10)
    for task in (strict, replace(strict, min_pairs=3)):
        result = task.judge(task.prompt(CONTEXT, RECIPE), Completion(text, "stop", "answered"), 1)
        if not kept or (task is strict and (dropped or warnings)):
            assert isinstance(result, Rejection)
            assert {flaw.severity for flaw in result.flaws} <= {"reject", "warn"}
            continue
        assert isinstance(result, Sample)
        assert [turn.answer for dialogue in result.dialogues for turn in dialogue.turns] == list(kept)
        assert result.dropped == dropped
        assert [flaw.code for flaw in result.warnings] == warnings
        assert {flaw.severity for flaw in result.warnings} <= {"warn"}
        line = json.loads(sample_line(result))
        assert json.loads(line["dropped"] or "{}") == dropped


def lines(text: str) -> tuple[Dialogue, ...]:
    """Each line is a pair; one without its full stop is none."""
    if not all(line.endswith(".") for line in text.split("\n")):
        raise ParseError("a line without an end")
    return tuple(Dialogue((Turn(f"{line}?", line),)) for line in text.split("\n"))


@pytest.mark.parametrize(
    ("text", "kept", "dropped"),
    [
        ("a.\nb.\nc.\nd", ["a.", "b."], {"truncated": 1}),
        ("a.\nb.\nc.", ["a.", "b."], {"truncated": 1}),
        ("a.\nwrong.\nc.\nd.\ne", ["a.", "c."], {"wrong": 1, "truncated": 1}),
        ("a.\nb.\nc", [], {}),
        ("a.\n" + "b\n" * 20, [], {}),
        ("", [], {}),
    ],
)
def test_of_a_text_that_is_cut_off_the_pairs_before_the_cut_are_kept(
    text: str, kept: list[str], dropped: dict[str, int]
) -> None:
    task = Task("t", "", context_text, lines, 4, (is_wrong,), lambda context, seed: "", 10, min_pairs=2)
    for each in (task, replace(task, min_pairs=0)):
        result = each.judge(each.prompt(CONTEXT, RECIPE), Completion(text, "length", "answered"), 1)
        if not kept or each is not task:
            assert isinstance(result, Rejection)
            assert result.flaws[0].code == "truncated"
        else:
            assert isinstance(result, Sample)
            assert [turn.answer for dialogue in result.dialogues for turn in dialogue.turns] == kept
            assert result.dropped == dropped
            assert result.warnings[0].code == "truncated"


HONEST = "\n".join(f"Question: What is number {n}?\nAnswer: It is the dog of number {n}." for n in range(10))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a" * 12_000_000, "12,000,000 characters, where at most 20,000 are read"),
        (f"{HONEST}\nAnswer: {'[0.1, 0.2, 0.3, 0.4] ' * 500_000}end", "characters"),
        (f"{HONEST}{chr(10) * 3_000_000}end", "characters"),
        ("Question: q?\nAnswer: a.\n" * 900, "characters"),
        (" ".join(f"word{n}" for n in range(3000)), "characters"),
        ("<" * 20_001, "20,001 characters"),
        ("Question: Is it?\nAnswer: \n" + "\n" * 600 + "end", "602 lines, where at most 500"),
        ("Question: Is it?\nAnswer: " + "[0.1] " * 301, "301 boxes, where at most 300"),
        ("\n".join(f"Question: q{n}?\nAnswer: a{n}." for n in range(101)), "101 pairs, where at most 100"),
    ],
)
@pytest.mark.parametrize("end", ["stop", "length"])
def test_what_no_honest_answer_is_as_large_as_is_told_by_its_size_and_not_judged(
    text: str, words: str, end: str
) -> None:
    task = Task("t", "", context_text, question_answer_pairs, 10, (), lambda context, seed: "", 10, min_pairs=3)
    result = task.judge(task.prompt(CONTEXT, RECIPE), Completion(text, end, "answered"), 1)
    assert isinstance(result, Rejection)
    assert [flaw.code for flaw in result.flaws] == (["truncated"] if end == "length" else []) + ["too_large"]
    assert words in result.flaws[-1].words
    assert len(result.text) <= max(4_010, min(len(text), 20_000)), "the whole of it is in the journal"


@pytest.mark.parametrize("around", ["", "\n" * 1_000_000, " " * 300_000])
def test_an_honest_answer_is_judged_whatever_blanks_are_around_it(around: str) -> None:
    task = Task("t", "", context_text, question_answer_pairs, 10, (), lambda context, seed: "", 10)
    for text in (HONEST + around, around + HONEST):
        assert isinstance(task.judge(task.prompt(CONTEXT, RECIPE), Completion(text, "stop", "answered"), 1), Sample)


def test_a_fault_before_the_cut_is_not_looked_for_again_and_again() -> None:
    read = 0

    def counting(text: str) -> tuple[Dialogue, ...]:
        nonlocal read
        read += 1
        return question_answer_pairs(text)

    task = Task("t", "", context_text, counting, 10, (), lambda context, seed: "", 10, min_pairs=3)
    text = "Answer: a.\n" + "\n".join(f"Question: q{n}?\nAnswer: a{n}." for n in range(20))
    result = task.judge(task.prompt(CONTEXT, RECIPE), Completion(text, "length", "answered"), 1)
    assert isinstance(result, Rejection)
    assert read == 1
    read = 0
    result = task.judge(task.prompt(CONTEXT, RECIPE), Completion(text[11:] + "\nQuestion:", "length", "answered"), 1)
    assert isinstance(result, Sample)
    assert read == 2, "what is amiss at the end is left out with it"
