import json
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from svit.boxes import Box
from svit.contexts.sources.visual_genome import VisualGenome
from svit.errors import SvitError
from svit.prompting.render import PromptRecipe, Template, context_text, shared_context_text, shortened
from svit.prompting.tokens import TokenCounter
from svit.records import ImageContext, Object, Region, Relationship, Sampling
from svit.resources import prompt_text
from svit.run.prompt_files import PromptFiles
from svit.tasks import TASKS

WORDS = TokenCounter(lambda text: len(text.split()), exact=True)


def shipped(task: str) -> str:
    return PromptFiles(None, {}).template(TASKS[task]).text


def recipe(template: str = "Tell.", room: int = 10_000, questions: tuple[str, ...] = ()) -> PromptRecipe:
    return PromptRecipe(Template(template, name="t.txt"), Sampling("m", 10), WORDS, room, questions=questions)


@pytest.mark.parametrize("image", [1, 5, 7])
def test_the_context_of_a_sample_image_is_as_before(
    image: int, sample: dict[int, ImageContext], golden: Callable[[str, str], None]
) -> None:
    golden(f"context-{image}.txt", context_text(sample[image], region_boxes=True))


@pytest.mark.parametrize("task", TASKS)
def test_the_prompt_of_each_task_is_as_before(
    task: str, sample: dict[int, ImageContext], golden: Callable[[str, str], None]
) -> None:
    made = TASKS[task].prompt(sample[2], recipe(shipped(task), room=100_000))
    golden(f"prompt-{task}.txt", "\n".join(f"### {m.role}\n{m.content}" for m in made.messages))


def recipe_after(task: str, room: int = 100_000) -> PromptRecipe:
    """A recipe of the shipped prompt file of this task that puts the context first."""
    return replace(recipe(shipped(task), room), lead=prompt_text("context_first.txt")[0].strip())


@pytest.mark.parametrize("task", TASKS)
def test_the_prompt_of_each_task_that_puts_the_context_first_is_as_before(
    task: str, sample: dict[int, ImageContext], golden: Callable[[str, str], None]
) -> None:
    made = TASKS[task].prompt(sample[2], recipe_after(task))
    golden(f"prompt-context-first-{task}.txt", "\n".join(f"### {m.role}\n{m.content}" for m in made.messages))


@pytest.mark.real
@pytest.mark.parametrize("image", [800003156, 800010764, 800018519])
def test_the_context_of_a_real_image_is_as_before(image: int, real: Path, golden: Callable[[str, str], None]) -> None:
    """The text itself is not ours to keep: the golden file holds its hash, its lines and the first object's box.

    VG's size differs from COCO's for these images, so that dividing by the wrong one changes all of it.
    """
    folder = real / "vg_coco_52"
    with VisualGenome([folder], captions=[folder / "captions_val2017.json"]) as source:
        [context] = [found for found in source if found.image_id == image]
    text = context_text(context, region_boxes=True)
    coco_size = {
        i["id"]: (i["width"], i["height"])
        for i in json.loads((folder / "captions_val2017.json").read_bytes())["images"]
    }
    assert coco_size[image - 800_000_000] != (context.width, context.height)
    facts = {
        "lines": text.count("\n") + 1,
        "first object's box": str(context.objects[0].box),
        "sha256": sha256(text.encode()).hexdigest(),
    }
    golden(f"real-context-{image}.json", json.dumps(facts, indent=1) + "\n")


def test_parts_that_an_image_lacks_are_left_out_with_their_labels() -> None:
    box = Box(0, 0, 0.5, 0.5)
    assert context_text(ImageContext(1, "a", 9, 9, captions=("A man.",))) == "captions:\nA man."
    bare = ImageContext(1, "a", 9, 9, objects=(Object(1, "man", box),), regions=(Region(1, "a tall man", box),))
    assert context_text(bare) == "objects:\nman: [0.0, 0.0, 0.5, 0.5]\nregions:\na tall man"
    assert context_text(bare, region_boxes=True).endswith("regions:\na tall man: [0.0, 0.0, 0.5, 0.5]")


def test_braces_in_a_caption_stay_as_they_are() -> None:
    template = Template("### system\nBe kind.\n### user\nSee:\n{{context}}\nNow write.", name="t.txt")
    messages = template.messages(context="a sign that says {{context}} and {0} \\1")
    assert [m.role for m in messages] == ["system", "user"]
    assert messages[1].content == "See:\na sign that says {{context}} and {0} \\1\nNow write."


def test_a_file_without_roles_is_a_system_message_before_the_context() -> None:
    messages = Template("Write pairs.", name="t.txt").messages(context="captions:\nA man.")
    assert [(m.role, m.content) for m in messages] == [("system", "Write pairs."), ("user", "captions:\nA man.")]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("### user\n{{captions}} {{context}}", "nothing fills {{captions}}"),
        ("### system\nWrite.\n### user\nGo.", "no {{context}}"),
        ("Hello\n### user\n{{context}}", "text before the first"),
    ],
)
def test_a_wrong_prompt_file_is_refused_by_name(text: str, complaint: str) -> None:
    with pytest.raises(SvitError, match=r"t\.txt") as refused:
        Template(text, name="t.txt")
    assert complaint in str(refused.value)


def test_questions_are_drawn_by_seed_and_image() -> None:
    questions = tuple(f"question {n}" for n in range(34))
    drawn = [recipe(questions=questions).question(image) for image in range(500)]
    assert drawn == [recipe(questions=questions).question(image) for image in range(500)]
    assert set(drawn) == set(questions)
    assert drawn != [replace(recipe(questions=questions), seed=1).question(image) for image in range(500)]


def crowded() -> ImageContext:
    """Twenty things of growing size, each listed twice; the last one large."""
    objects, regions = [], []
    for n in range(20):
        box = Box(0, 0, 0.1 + n * 0.04, 0.5)
        objects += [Object(2 * n, f"thing{n}", box), Object(2 * n + 1, f"thing{n}", Box(0, 0, box.x2 + 0.001, 0.5))]
        regions += [Region(2 * n, f"a thing{n} here", box), Region(2 * n + 1, f"A thing{n}, here!", box)]
    return ImageContext(
        1, "a", 9, 9,
        captions=("One caption.", "Another one."),
        objects=tuple(objects),
        regions=tuple(regions),
        relationships=(Relationship(0, "on", 38), Relationship(36, "on", 38)),
    )  # fmt: skip


@pytest.mark.parametrize("room", [3, 40, 150, 250, 400])
def test_a_context_is_cut_to_its_room_and_what_went_is_counted(room: int) -> None:
    context = crowded()
    shown, left_out = shortened(context, context_text, recipe(room=room))
    assert len(context_text(shown).split()) <= room
    for kind in ("captions", "objects", "regions"):
        gone = sum(count for reason, count in left_out.items() if reason.endswith(kind))
        assert gone == len(getattr(context, kind)) - len(getattr(shown, kind))
    known = {thing.id for thing in shown.objects}
    assert all(r.subject in known and r.object in known for r in shown.relationships)


def test_near_duplicates_go_first_then_the_smallest_then_captions() -> None:
    context = crowded()
    without_echoes, left_out = shortened(context, context_text, recipe(room=167))
    assert left_out == {"duplicate_objects": 20, "duplicate_regions": 20}
    assert [thing.id % 2 for thing in without_echoes.objects] == [0] * 20
    fewer, left_out = shortened(context, context_text, recipe(room=60))
    assert left_out["small_objects"] > 0
    assert "captions" not in left_out
    assert fewer.objects[-1].name == "thing19"
    assert fewer.captions == context.captions


def test_at_least_the_first_caption_stays() -> None:
    shown, _ = shortened(crowded(), context_text, recipe(room=1))
    assert context_text(shown) == "captions:\nOne caption."


def test_the_same_words_elsewhere_are_another_thing() -> None:
    boxes = [Box(0, 0, 0.4, 0.4), Box(0, 0, 0.35, 0.4), Box(0, 0.1, 0.4, 0.5), Box(0.5, 0.5, 1, 1)]
    context = ImageContext(1, "a", 9, 9, objects=tuple(Object(n, "man", box) for n, box in enumerate(boxes)))
    shown, left_out = shortened(context, context_text, recipe(room=16))
    assert [thing.id for thing in shown.objects] == [0, 2, 3]
    assert left_out == {"duplicate_objects": 1}


def test_text_of_more_tokens_than_letters_is_cut_too() -> None:
    bytes_are_tokens = replace(recipe(room=30), tokens=TokenCounter(lambda text: len(text.encode()), exact=True))
    shown, left_out = shortened(
        ImageContext(1, "a", 9, 9, captions=("\u732b\u304c\u4e00\u5339",) * 2), context_text, bytes_are_tokens
    )
    assert (len(shown.captions), left_out) == (1, {"captions": 1})


def test_the_prompt_shows_and_remembers_the_shortened_context() -> None:
    made = TASKS["referring"].prompt(crowded(), recipe(room=60))
    assert made.messages[-1].content == context_text(made.context, region_boxes=True)
    assert len(made.messages[-1].content.split()) <= 60
    assert made.left_out["duplicate_objects"] == 20


def test_a_context_that_fits_is_left_alone() -> None:
    context = crowded()
    assert shortened(context, context_text, recipe()) == (context, {})


@pytest.mark.parametrize("room", [60, 250, 10_000])
def test_with_the_context_first_all_tasks_begin_with_the_same_bytes(room: int) -> None:
    prompts = [task.prompt(crowded(), recipe_after(task.name, room)) for task in TASKS.values()]
    assert len({made.messages[: made.shared] for made in prompts}) == 1
    assert len({made.messages[made.shared :] for made in prompts}) == len(TASKS)
    for made in prompts:
        assert [message.role for message in made.messages] == ["system", "user"]
        assert made.messages[0].content == shared_context_text(made.context)
        assert made.context == prompts[0].context
        assert made.fits
    assert len(prompts[0].messages[0].content.split()) <= room


@pytest.mark.parametrize(
    ("text", "instructions"),
    [
        ("Write pairs.", "It is above.\n\nWrite pairs."),
        ("### system\nBe kind.\n### user\n{{context}}", "It is above.\n\nBe kind."),
        ("### user\n{{context}}\n### system\nBe kind.\n### user\nGo.", "It is above.\n\nBe kind.\n\nGo."),
        ("See:\n{{context}}\nNow write.", "See:\nIt is above.\nNow write."),
        ("### system\nBe kind.\n### user\nSee {{context}} Write {0}.", "Be kind.\n\nSee It is above. Write {0}."),
        ("### system\n{{context}}\n### user\nSee {{context}}", "See It is above."),
        ("{{context}}", "It is above."),
    ],
)
def test_a_prompt_file_of_any_form_can_follow_the_context(text: str, instructions: str) -> None:
    context = "captions:\nA sign that says {{context}}."
    messages = Template(text, name="t.txt").messages_after(context, lead="It is above.")
    assert [(m.role, m.content) for m in messages] == [("system", context), ("user", instructions)]


def test_the_layout_changes_the_prompt_but_not_what_it_is_judged_against() -> None:
    task = TASKS["conversation"]
    plain = task.prompt(crowded(), recipe(shipped("conversation")))
    first = task.prompt(crowded(), recipe_after("conversation"))
    assert plain.id != first.id
    assert (plain.shared, first.shared) == (0, 1)
    assert (plain.context, plain.version) == (first.context, first.version)
    assert msgspec.structs.replace(plain, shared=1).id == plain.id
