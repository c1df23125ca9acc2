"""What is written in a task's answer form is read as it was meant, all the way through cleaning and repairs."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from svit.boxes import Box
from svit.mentions import mentions
from svit.records import Completion, Dialogue, ImageContext, Object, Prompt, Sample, Sampling, Turn
from svit.tasks import TASKS

WORDS = st.lists(
    st.sampled_from(
        "the a dog cat red of under table two is there it's well-made 3.5 (left) and: “so” über 'x' #1 50% e.g. "
        "question answer user topic and/or [sic]".split()
    ),
    min_size=2,
    max_size=9,
).map(" ".join)
THINGS = tuple(Object(n, name, Box(0.1 * n, 0.1, 0.1 * n + 0.09, 0.5)) for n, name in enumerate(("dog", "cat", "man")))
CONTEXT = ImageContext(1, "x.jpg", 640, 480, objects=THINGS)


def sentence(words: str, end: str = ".") -> str:
    return f"So {words}{end}"


TURNS = st.builds(Turn, WORDS.map(lambda words: sentence(words, "?")), WORDS.map(sentence))
MENTIONS = st.lists(st.sampled_from(THINGS), min_size=1, max_size=3).map(
    lambda things: "The " + " and the ".join(f"<st>{thing.name}<ed> {thing.box}" for thing in things)
)


def pairs(turns: list[Turn], question: str, answer: str) -> str:
    return "\n".join(f"{question}: {turn.question}\n{answer}: {turn.answer}" for turn in turns)


def read(name: str, text: str) -> tuple[Dialogue, ...]:
    """What the judge takes the text for, whatever it thinks of it."""
    task = replace(TASKS[name], checks=(), grounding=(), dialogues=len(TASKS[name].parse(text)))
    prompt = Prompt(name, (), Sampling("m", 100), "v", CONTEXT)
    result = task.judge(prompt, Completion(text, "stop", "m"), 1)
    assert isinstance(result, Sample), result.flaws
    assert result.warnings == ()
    return result.dialogues


@given(st.lists(st.tuples(WORDS, st.lists(TURNS, min_size=1, max_size=4)), min_size=1, max_size=3))
def test_conversations(written: list[tuple[str, list[Turn]]]) -> None:
    text = "\n\n".join(f"Topic: About {topic}\n{pairs(turns, 'User', 'GPT')}" for topic, turns in written)
    assert read("conversation", text) == tuple(Dialogue(tuple(turns), f"About {topic}") for topic, turns in written)


@given(st.lists(TURNS, min_size=1, max_size=5))
def test_complex_reasoning(turns: list[Turn]) -> None:
    assert read("complex_reasoning", pairs(turns, "Question", "Answer")) == tuple(Dialogue((turn,)) for turn in turns)


@given(st.lists(st.lists(WORDS.map(sentence), min_size=1, max_size=3).map(" ".join), min_size=1, max_size=3))
def test_detail_description(paragraphs: list[str]) -> None:
    (dialogue,) = read("detail_description", "\n\n".join(paragraphs))
    assert dialogue.turns[0].answer == "\n\n".join(paragraphs)


@given(st.lists(st.builds(Turn, MENTIONS.map("{}?".format), MENTIONS.map("{}.".format)), min_size=1, max_size=5))
def test_referring(turns: list[Turn]) -> None:
    found = read("referring", pairs(turns, "Question", "Answer"))
    assert found == tuple(Dialogue((turn,)) for turn in turns)
    for dialogue, turn in zip(found, turns, strict=True):
        assert mentions(dialogue.turns[0].answer) == mentions(turn.answer)
        assert all(box in {thing.box.printed() for thing in THINGS} for box in mentions(turn.answer)[0].boxes)
