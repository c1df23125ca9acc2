"""What was rendered into a prompt is read back out of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svit.boxes import Box
from svit.prompting.render import context_text
from svit.records import ImageContext, Object, Region
from svit.resources import prompt_text
from svit.run.prompt_files import PromptFiles
from svit.simulate.prompt_reading import asked_number, asked_task, told
from svit.tasks import task_named
from svit.text import one_line

TASKS = ("conversation", "complex_reasoning", "detail_description", "referring")
LABELS = {"captions:", "objects:", "regions:"}
ODD = [*sorted(LABELS), "man: [", "a: [0.1, 0.2, 0.3, 0.4]", "b: [9, 9, 9, 9]", "{{context}}", "Topic: x", "### user"]
lines = (st.text(min_size=1, max_size=12).map(one_line) | st.sampled_from(ODD)).filter(bool)
tellable = lines.filter(lambda line: line not in LABELS)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x1, y1 = draw(st.floats(0, 0.9)), draw(st.floats(0, 0.9))
    return Box(x1, y1, draw(st.floats(x1 + 0.01, 1)), draw(st.floats(y1 + 0.01, 1)))


@st.composite
def contexts(draw: st.DrawFn) -> ImageContext:
    """Contexts that a reader can tell: in captions and phrases, no line is the same as a label."""
    names = draw(st.lists(st.tuples(lines, boxes()), max_size=4))
    phrases = draw(st.lists(st.tuples(tellable.filter(lambda line: not line.endswith("]")), boxes()), max_size=4))
    return ImageContext(
        image_id=draw(st.integers(0, 99)),
        image="a.jpg",
        width=640,
        height=480,
        captions=tuple(draw(st.lists(tellable, max_size=4))),
        objects=tuple(Object(n, name, box) for n, (name, box) in enumerate(names)),
        regions=tuple(Region(n, phrase, box) for n, (phrase, box) in enumerate(phrases)),
    )


def printed(box: Box) -> Box:
    return Box(*box.printed())


@given(contexts().filter(lambda context: not context.is_empty), st.booleans())
def test_a_context_is_read_back_as_it_was_rendered(context: ImageContext, region_boxes: bool) -> None:
    found = told([context_text(context, region_boxes=region_boxes)])
    assert found
    read = found.context
    assert read.captions == context.captions
    assert [(o.name, o.box) for o in read.objects] == [(o.name, printed(o.box)) for o in context.objects]
    assert [r.phrase for r in read.regions] == [r.phrase for r in context.regions]
    if region_boxes:
        assert [r.box for r in read.regions] == [printed(r.box) for r in context.regions]
    assert context_text(read, region_boxes=region_boxes) == context_text(context, region_boxes=region_boxes)
    assert found.around.strip() == ""


BOX = "[0.0, 0.0, 0.5, 0.5]"


@pytest.mark.parametrize(
    ("text", "captions", "names", "phrases"),
    [
        ("captions:\nobjects:", ["objects:"], [], []),
        (f"captions:\nA\nobjects:\nobjects:\nman: {BOX}", ["A", "objects:"], ["man"], []),
        ("captions:\nregions:\nregions:\nB", ["regions:"], [], ["B"]),
        (f"captions:\nA\nregions:\nobjects:\nman: {BOX}", ["A", "regions:"], ["man"], []),
        ("captions:\nA\nregions:\nobjects:\nB", ["A"], [], ["objects:", "B"]),
        (f"objects:\nregions:: {BOX}\nregions:\nregions:", [], ["regions:"], ["regions:"]),
        (f"captions:\nA man: [\nobjects:\na: {BOX}: {BOX}", ["A man: ["], [f"a: {BOX}"], []),
        (f"regions:\na man: {BOX}\na dog: {BOX}", [], [], ["a man", "a dog"]),
    ],
)
def test_lines_that_look_like_labels_are_told_by_what_follows(
    text: str, captions: list[str], names: list[str], phrases: list[str]
) -> None:
    found = told([text])
    assert found
    assert list(found.context.captions) == captions
    assert [o.name for o in found.context.objects] == names
    assert [r.phrase for r in found.context.regions] == phrases


CONTEXT = ImageContext(
    *(1, "a.jpg", 9, 9),
    captions=("A man.", "Topic: dogs"),
    objects=(Object(1, "man", Box(0, 0, 0.5, 0.5)),),
    regions=(Region(1, "a tall man", Box(0, 0, 0.5, 0.5)),),
)


@pytest.mark.parametrize("region_boxes", [False, True])
@pytest.mark.parametrize(
    "template",
    [
        ["Write pairs.", "{}"],
        ["{}\n\nWrite pairs."],
        ["Here it is.\n\n{}\n\nWrite pairs.\nQuestion: <question>"],
        ["{}", "Write pairs."],
        ["captions:\nAn example.", "Topic: as it should be", "{}"],
        ["You see objects: and captions:\n{}"],
    ],
)
def test_a_context_is_found_wherever_it_stands(template: list[str], region_boxes: bool) -> None:
    texts = [text.replace("{}", context_text(CONTEXT, region_boxes=region_boxes)) for text in template]
    found = told(texts)
    assert found
    assert found.context.captions == CONTEXT.captions
    assert context_text(found.context, region_boxes=region_boxes) == context_text(CONTEXT, region_boxes=region_boxes)
    assert "A man." not in found.around
    assert "Write pairs." in found.around or "Write pairs." not in "".join(template)


@pytest.mark.parametrize("texts", [[], [""], ["Hello"], ["captions:"], ["objects:\nman"], ["regions:\n\nB"]])
def test_where_no_context_is_nothing_is_told(texts: list[str]) -> None:
    assert told(texts) is None


@pytest.mark.parametrize("task", TASKS)
def test_the_shipped_prompts_ask_for_their_tasks(task: str) -> None:
    messages = PromptFiles(None, {}).template(task_named(task)).messages(context=context_text(CONTEXT))
    found = told([message.content for message in messages])
    assert found
    assert asked_task(found.around) == task


@pytest.mark.parametrize("task", TASKS)
def test_the_shipped_prompts_ask_for_their_tasks_after_the_context_too(task: str) -> None:
    template, lead = PromptFiles(None, {}).template(task_named(task)), prompt_text("context_first.txt")[0]
    messages = template.messages_after(context_text(CONTEXT, region_boxes=True), lead=lead)
    found = told([message.content for message in messages])
    assert found
    assert found.context.captions == CONTEXT.captions
    assert asked_task(found.around) == task


@pytest.mark.parametrize(
    ("around", "task"),
    [
        ("Topic: <topic>\nQuestion: <question>", "conversation"),
        ("Question: <question>\nAnswer: <st>man<ed>", "referring"),
        ("In the form\nQuestion: <question>", "complex_reasoning"),
        ("Tell me what you see.", "detail_description"),
    ],
)
def test_own_prompts_are_told_by_the_answer_form(around: str, task: str) -> None:
    assert asked_task(around) == task


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Write 15 questions about this image", 15),
        ("Write 1 question about specific parts", 1),
        ("Write one conversation between", 1),
        ("Write three separate conversations between", 3),
        ("Write 20 separate conversations between", 20),
        ("Write nothing but the description.", None),
        ("Write several questions", None),
        ("Rewrite 3 questions", None),
    ],
)
def test_how_many_are_asked_for(text: str, number: int | None) -> None:
    assert asked_number(f"Look.\n\n{text}, each with its answer.") == number
