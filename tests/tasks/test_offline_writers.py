import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svit.boxes import Box
from svit.contexts.sources.coco import Coco
from svit.contexts.sources.visual_genome import VisualGenome
from svit.english.grammar import noun_of
from svit.errors import SvitError
from svit.mentions import Mention, mentions
from svit.offline.scene import Scene
from svit.records import Completion, ImageContext, Object, Prompt, Rejection, Relationship, Sample, Sampling
from svit.tasks import TASKS, task_named

from .strategies import contexts

SHORT = {"wrong_count", "too_short", "empty_completion"}
"""How a completion may fall short where the annotations don't carry enough."""
NAMES = list(TASKS)


def judged(name: str, context: ImageContext, text: str) -> Sample | Rejection:
    question = "Describe the image." if name == "detail_description" else ""
    prompt = Prompt(name, (), Sampling("offline", 1), "v", context, question=question)
    return TASKS[name].judge(prompt, Completion(text, "stop", "offline"), 1)


def room(image_id: int = 7) -> ImageContext:
    """A room of our own making with plenty to say about it."""
    things = [
        ("desk", (0.2, 0.5, 0.8, 0.9), ("wooden", "brown")),
        ("monitor", (0.4, 0.3, 0.6, 0.52), ("black", "off")),
        ("keyboard", (0.4, 0.55, 0.6, 0.6), ("white",)),
        ("mouse", (0.64, 0.55, 0.68, 0.58), ("white",)),
        ("cup", (0.25, 0.48, 0.3, 0.55), ("red",)),
        ("cup", (0.72, 0.48, 0.77, 0.55), ("blue",)),
        ("chair", (0.1, 0.6, 0.25, 1.0), ("empty",)),
        ("chair", (0.8, 0.6, 0.95, 1.0), ()),
        ("man", (0.82, 0.2, 0.98, 0.95), ("sitting",)),
        ("shirt", (0.84, 0.35, 0.97, 0.7), ("green",)),
        ("window", (0.02, 0.05, 0.3, 0.4), ("open",)),
        ("lamp", (0.62, 0.3, 0.7, 0.5), ()),
        ("plant", (0.33, 0.35, 0.38, 0.5), ("green",)),
        ("book", (0.5, 0.6, 0.6, 0.65), ()),
        ("dog", (0.4, 0.85, 0.55, 0.99), ("brown",)),
        ("floor", (0.0, 0.8, 1.0, 1.0), ()),
    ]
    links = [
        (1, "on", 0),
        (2, "on", 0),
        (4, "sitting on", 0),
        (8, "wearing", 9),
        (8, "sitting on", 7),
        (14, "under", 0),
    ]
    return ImageContext(
        image_id,
        "vg/7.jpg",
        640,
        480,
        objects=tuple(Object(i, name, Box(*box), looks) for i, (name, box, looks) in enumerate(things)),
        relationships=tuple(Relationship(*link) for link in links),
    )


def texts(name: str, context: ImageContext, seed: int = 0) -> list[str]:
    """The questions and answers that the writer writes."""
    result = judged(name, context, TASKS[name].write_offline(context, seed))
    assert isinstance(result, Sample), result.flaws
    return [text for dialogue in result.dialogues for turn in dialogue.turns for text in (turn.question, turn.answer)]


# What any input leads to


@settings(max_examples=120, deadline=None)
@given(context=contexts(), seed=st.integers(0, 9), name=st.sampled_from(NAMES))
def test_what_a_writer_writes_its_own_judge_accepts_or_finds_too_short(
    context: ImageContext, seed: int, name: str
) -> None:
    result = judged(name, context, TASKS[name].write_offline(context, seed))
    if isinstance(result, Rejection):
        assert {flaw.code for flaw in result.flaws} <= SHORT, result.flaws


@settings(max_examples=60, deadline=None)
@given(context=contexts(), seed=st.integers(0, 9), name=st.sampled_from(NAMES))
def test_the_same_image_and_seed_give_the_same_text(context: ImageContext, seed: int, name: str) -> None:
    write = TASKS[name].write_offline
    assert write(context, seed) == write(context, seed)


@settings(max_examples=80, deadline=None)
@given(context=contexts(), seed=st.integers(0, 9))
def test_every_mention_has_the_boxes_of_that_name(context: ImageContext, seed: int) -> None:
    known: dict[tuple[float, ...], set[str]] = {}
    for item in context.objects:
        known.setdefault(item.box.printed(), set()).add(item.name.lower().strip("."))
    for region in context.regions:
        known.setdefault(region.box.printed(), set()).add(region.phrase.lower())
    for mention in mentions(TASKS["referring"].write_offline(context, seed)):
        assert mention.boxes
        for box in mention.boxes:
            assert any(_names(mention.name, name) for name in known[box]), (mention.name, known[box])


def _names(mentioned: str, annotated: str) -> bool:
    """Whether the annotated name is, or contains, the mentioned noun, in the singular for one of several."""
    one, other = noun_of(mentioned.lower()), noun_of(annotated)
    return mentioned.lower() in annotated or bool(one and other and one.same == other.same)


@settings(max_examples=80, deadline=None)
@given(context=contexts(), seed=st.integers(0, 9))
def test_sides_are_claimed_with_a_clear_margin(context: ImageContext, seed: int) -> None:
    text = TASKS["referring"].write_offline(context, seed)
    for one, side, other in _claims(text, r"(?: is to the (left|right) of )"):
        apart = _center(other, 0) - _center(one, 0)
        assert apart > 0.05 if side == "left" else apart < -0.05
    for one, side, other in _claims(text, r"(?:,? is (lower|higher up) (?:in the picture )?than )"):
        apart = _center(other, 1) - _center(one, 1)
        assert apart > 0.05 if side == "higher up" else apart < -0.05


def _claims(text: str, relation: str) -> list[tuple[Mention, str, Mention]]:
    pattern = rf"(<st>[^<]*<ed> \[[^\]]*\]){relation}(?:the )(<st>[^<]*<ed> \[[^\]]*\])(?! be\b)"
    found = re.findall(pattern, text)
    return [(mentions(one)[0], side, mentions(other)[0]) for one, side, other in found]


def _center(mention: Mention, axis: int) -> float:
    return (mention.boxes[0][axis] + mention.boxes[0][axis + 2]) / 2


@settings(max_examples=60, deadline=None)
@given(context=contexts(), seed=st.integers(0, 9), name=st.sampled_from(NAMES[:2]))
def test_counts_are_those_of_the_things(context: ImageContext, seed: int, name: str) -> None:
    scene = Scene(context)
    counts = {same: scene.count(same) for same in scene.groups}
    words = "zero one two three four five six seven eight nine ten eleven twelve".split()
    text = TASKS[name].write_offline(context, seed)
    for number, noun in re.findall(r"There are (\w+) ([a-z -]+?)\.", text):
        known = noun_of(noun)
        if number in words and known:
            assert counts[known.same] == words.index(number)


# What a rich image leads to


@pytest.mark.parametrize("name", NAMES)
def test_a_rich_image_has_a_sample(name: str) -> None:
    for seed in range(10):
        assert texts(name, room(), seed)


@pytest.mark.parametrize("name", NAMES)
def test_seeds_and_images_differ(name: str) -> None:
    write = TASKS[name].write_offline
    assert len({write(room(), seed) for seed in range(5)}) == 5
    assert len({write(room(image), 0) for image in range(5)}) == 5


@pytest.mark.parametrize("name", NAMES[:2] + NAMES[3:])
def test_no_wording_comes_twice(name: str) -> None:
    """Without their nouns and boxes, all questions of an image differ, and so do the answers."""
    for seed in range(10):
        found = texts(name, room(), seed)
        for half in (found[::2], found[1::2]):
            bare = Counter(_bare(text) for text in half if len(text.split()) > 6)
            assert not [text for text, times in bare.items() if times > 1]


def _bare(text: str) -> str:
    text = re.sub(r"<st>[^<]*<ed>(?: \[[^\]]*\],?)+", "X", text)
    nouns = "|".join(item.name for item in room().objects)
    return re.sub(rf"\b(?:the|an?)? ?(?:[a-z]+ )?(?:{nouns})\b", "X", text)


def test_conversations_have_topics_of_their_own_and_short_answers() -> None:
    for seed in range(10):
        result = judged("conversation", room(), TASKS["conversation"].write_offline(room(), seed))
        assert isinstance(result, Sample)
        assert len({dialogue.topic for dialogue in result.dialogues}) == 3
        assert all(len(turn.answer.split()) < 50 for dialogue in result.dialogues for turn in dialogue.turns)


def test_nothing_is_said_of_what_is_not_annotated() -> None:
    """The nouns of a text are those of the image, or general knowledge about them."""
    text = TASKS["detail_description"].write_offline(room(), 3).lower()
    there = {noun.same for item in room().objects if (noun := noun_of(item.name))} | {"picture", "photo"}
    said = {
        noun.same
        for word in re.findall(r"[a-z]+", text)
        if (noun := noun_of(word)) and noun.kind in ("animal", "vehicle")
    }
    assert said <= there


@pytest.mark.parametrize("name", NAMES)
def test_a_poor_image_gets_fewer_pairs_instead_of_invented_ones(name: str) -> None:
    poor = ImageContext(1, "x.jpg", 10, 10, objects=(Object(1, "dog", Box(0.1, 0.1, 0.4, 0.6)),))
    result = judged(name, poor, TASKS[name].write_offline(poor, 0))
    assert {flaw.code for flaw in (result.flaws if isinstance(result, Rejection) else result.warnings)} <= SHORT
    if isinstance(result, Sample):
        assert len(result.dialogues) < TASKS[name].dialogues
        assert not result.dropped


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("second", [Box(0.5, 0.1, 0.9, 0.6), Box(0.1, 0.7, 0.15, 0.9), Box(0.45, 0.5, 0.6, 0.95)])
def test_two_boxes_are_enough_for_a_description(second: Box, seed: int) -> None:
    two = (Object(1, "dog", Box(0.1, 0.1, 0.4, 0.6)), Object(2, "cat", second))
    image = ImageContext(1, "x.jpg", 640, 480, objects=two)
    result = judged("detail_description", image, TASKS["detail_description"].write_offline(image, seed))
    assert isinstance(result, Sample), result
    assert not result.warnings


@pytest.mark.parametrize("name", NAMES)
def test_a_crowd_is_no_trouble(name: str) -> None:
    crowd = tuple(
        Object(
            i,
            ("person", "car", "chair")[i % 3],
            Box(0.03 * (i % 30), 0.09 * (i // 30), 0.03 * (i % 30) + 0.04, 0.09 * (i // 30) + 0.1),
        )
        for i in range(300)
    )
    TASKS[name].write_offline(ImageContext("crowd", "x.jpg", 10, 10, objects=crowd), 0)


def test_captions_become_part_of_a_description_where_their_grammar_is_certain() -> None:
    image = ImageContext(
        1,
        "x.jpg",
        10,
        10,
        captions=("A brown dog sleeping on a wooden floor.", "dog dog dog", "A man is sitting next to a big lamp"),
    )
    text = TASKS["detail_description"].write_offline(image, 0)
    assert "a brown dog sleeping on a wooden floor." in text
    assert "A man is sitting next to a big lamp." in text
    assert "dog dog" not in text


@pytest.mark.parametrize("name", NAMES)
def test_every_image_of_the_bundled_sample_has_a_sample(name: str, sample: dict[int, ImageContext]) -> None:
    for image in sample.values():
        assert texts(name, image)


# Names of tasks


def test_tasks_are_in_the_order_of_the_paper() -> None:
    assert NAMES == ["conversation", "complex_reasoning", "detail_description", "referring"]
    assert all(task_named(name).name == name for name in NAMES)


def test_an_unknown_task_is_told_with_the_names_to_choose_from() -> None:
    with pytest.raises(
        SvitError, match=r"There is no task 'refering'\. Choose one of: complex_reasoning, conversation"
    ):
        task_named("refering")


# Real annotations


@pytest.mark.real
def test_every_task_has_a_sample_for_nearly_every_image_of_visual_genome(real: Path) -> None:
    with VisualGenome([real / "visual_genome" / "v1.2"]) as source:
        images = list(source)
    assert len(images) == 100
    for name in NAMES:
        got = [judged(name, image, TASKS[name].write_offline(image, 0)) for image in images]
        flaws = {flaw.code for result in got if isinstance(result, Rejection) for flaw in result.flaws}
        assert flaws <= SHORT
        assert sum(isinstance(result, Sample) for result in got) >= 98


@pytest.mark.real
def test_sparse_annotations_fall_short_only_by_number(real: Path) -> None:
    folder = real / "coco"
    with Coco(instances=[folder / "instances_val2017.json"], captions=[folder / "captions_val2017_79.json"]) as source:
        images = list(source)
    assert images
    for name in NAMES:
        got = [judged(name, image, TASKS[name].write_offline(image, 0)) for image in images]
        flaws = {flaw.code for result in got if isinstance(result, Rejection) for flaw in result.flaws}
        assert flaws <= SHORT
        assert sum(isinstance(result, Sample) for result in got) > len(images) / 2
