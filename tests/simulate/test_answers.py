"""What is written: by the tasks' own writers or always the same, and accepted by the tasks' own judges."""

from collections.abc import Callable

import pytest

from svit.boxes import Box
from svit.errors import SvitError
from svit.prompting.render import PromptRecipe
from svit.prompting.tokens import TokenCounter, estimated_tokens
from svit.records import Completion, ImageContext, Message, Object, Prompt, Sample, Sampling
from svit.run.prompt_files import PromptFiles
from svit.simulate.answers import AnswerWriter, writer
from svit.simulate.chat_completions import Answer, ChatRequest, read_request
from svit.simulate.prompt_limit import counted
from svit.simulate.server import task_writers
from svit.tasks import TASKS

COUNTER = TokenCounter(estimated_tokens, exact=False)


def prompt(task: str, context: ImageContext) -> Prompt:
    template = PromptFiles(None, {}).template(TASKS[task])
    return TASKS[task].prompt(
        context, PromptRecipe(template, Sampling("m", 4096), COUNTER, 100_000, questions=("Tell me.",))
    )


def answered(writes: AnswerWriter, messages: tuple[Message, ...], seed: int, cap: int | None = None) -> Answer:
    texts = [message.content for message in messages]
    return writes.answer(counted(texts, writes.count), cap, seed)


@pytest.mark.parametrize("task", TASKS)
def test_the_tasks_own_writer_answers_from_what_the_prompt_tells(task: str) -> None:
    seen: list[tuple[str, ImageContext, int]] = []

    def write(name: str) -> Callable[[ImageContext, int, int | None], str]:
        return lambda context, seed, number: seen.append((name, context, seed)) or f"by {name}"  # type: ignore[func-returns-value]

    context = ImageContext(77, "a.jpg", 9, 9, captions=("A man: [", "objects:"))
    answer = answered(writer("offline", {name: write(name) for name in TASKS}), prompt(task, context).messages, 5)
    [(name, read, seed)] = seen
    assert (name, read.captions, seed, answer.text) == (task, context.captions, 5, f"by {task}")
    assert answer.prompt_tokens > 200


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", ["offline", "fixed", "fixed:300"])
def test_the_tasks_judge_accepts_the_answers(task: str, kind: str, sample: dict[int, ImageContext]) -> None:
    writes = writer(kind, task_writers())
    for image in (1, 2, 7):
        made = prompt(task, sample[image])
        answer = answered(writes, made.messages, 3)
        judged = TASKS[task].judge(made, Completion(answer.text or "", answer.finish_reason, "m"), 1)
        assert isinstance(judged, Sample), judged


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("tokens", [600, 900, 2000])
def test_a_fixed_answer_has_about_the_tokens_that_were_named(task: str, tokens: int) -> None:
    context = ImageContext(1, "a.jpg", 9, 9, captions=("A man.",))
    answer = answered(writer(f"fixed:{tokens}", {}), prompt(task, context).messages, 1)
    assert tokens * 0.85 < answer.completion_tokens <= tokens
    assert answer.completion_tokens == estimated_tokens(answer.text or "")


def test_a_fixed_answer_names_the_first_thing_that_the_prompt_tells() -> None:
    things = (Object(1, "dog: [", Box(0.1, 0.2, 0.3, 0.4)), Object(2, "cat", Box(0.5, 0.5, 1, 1)))
    made = prompt("referring", ImageContext(1, "a.jpg", 9, 9, captions=("A man.",), objects=things))
    text = answered(writer("fixed", {}), made.messages, 1).text or ""
    assert text.count("<st>dog: [<ed> [0.1, 0.2, 0.3, 0.4]") == text.count("<st>") == 10


@pytest.mark.parametrize("kind", ["offline", "fixed:600"])
def test_the_cap_cuts_an_answer_short(kind: str) -> None:
    messages = (Message("user", "captions:\nA man."),)
    writes = writer(kind, {"detail_description": lambda context, seed, number: "A man looks at a dog. " * 40})
    whole, cut = answered(writes, messages, 1), answered(writes, messages, 1, cap=100)
    assert (whole.finish_reason, cut.finish_reason, cut.completion_tokens) == ("stop", "length", 100)
    assert (whole.text or "").startswith(cut.text or "x")
    assert estimated_tokens(cut.text or "") == pytest.approx(100, abs=10)


def test_a_prompt_without_a_context_is_answered_as_a_model_would() -> None:
    answer = answered(writer("offline", {}), (Message("user", "Hello"),), 1)
    assert answer.text == "It seems that your message is empty. Please provide the image."


def test_parts_of_text_are_read_as_one() -> None:
    message = (
        '{"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"text": "b"}]}]}'
    )
    read = read_request(message.encode())
    assert isinstance(read, ChatRequest)
    assert read.texts == ["ab"]


@pytest.mark.parametrize("kind", ["", "online", "offline:9", "fixed:x", "fixed:0"])
def test_what_is_no_answer_is_said(kind: str) -> None:
    with pytest.raises(SvitError):
        writer(kind, {})
