"""Clean texts with their contexts: offline completions, and answers of GPT-4 where they are at hand."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from svit.boxes import Box
from svit.config import read_config
from svit.contexts.sources.visual_genome import VisualGenome
from svit.english.grammar import plural
from svit.records import Completion, Dialogue, ImageContext, Object, Prompt, Turn
from svit.resources import SAMPLE, config_path
from svit.setup.task_jobs import jobs
from svit.tasks import chosen_tasks
from svit.tasks.base import Task

REAL = Path(os.environ.get("SVIT_REAL", Path(__file__).parents[3] / "shared" / "real"))
_LEAST_WORDS = 30
_AT_FAULT = ("they are described as", "in several descriptions")
"""Words of GPT-4's own answers that name their source: rightly rejected, so not clean."""


class Case(NamedTuple):
    """A clean completion: where it comes from, its task and prompt, and what it says."""

    source: str
    task: Task
    prompt: Prompt
    dialogues: tuple[Dialogue, ...]

    @property
    def context(self) -> ImageContext:
        """What is annotated of the image."""
        return self.prompt.context

    def said(self, dialogues: tuple[Dialogue, ...]) -> Completion:
        """Return the completion that says this in the task's answer form."""
        return Completion(written(self.task, dialogues), "stop", "m")


def written(task: Task, dialogues: tuple[Dialogue, ...]) -> str:
    """Return the dialogues in the task's answer form."""
    if task.draws_question:
        return dialogues[0].turns[0].answer
    asking, answering = ("User", "GPT") if task.name == "conversation" else ("Question", "Answer")
    return "\n\n".join(
        "\n".join(
            [
                *([f"Topic: {dialogue.topic}"] if dialogue.topic else []),
                *(f"{asking}: {turn.question}\n{answering}: {turn.answer}" for turn in dialogue.turns),
            ]
        )
        for dialogue in dialogues
    )


def cases() -> Iterator[Case]:
    """Yield the offline writers' completions of the sample and of real images, and GPT-4's where there are some."""
    contexts = list(_contexts())
    every = jobs(read_config(config_path("openai"), {}), chosen_tasks(["all"]))
    tasks = {job.task.name: (replace(job.task, min_pairs=0), job.recipe) for job in every}  # all flaws are told
    for task, recipe in tasks.values():
        for context in contexts:
            prompt = task.prompt(context, recipe)
            yield Case("offline", task, prompt, task.parse(task.write_offline(prompt.context, 0)))
    for name, context, turns in _gpt4():
        task, recipe = tasks[name]
        if not task.draws_question:
            task = replace(task, dialogues=len(turns))
        yield Case("GPT-4", task, task.prompt(context, recipe), tuple(Dialogue((turn,)) for turn in turns))


def _contexts() -> Iterator[ImageContext]:
    with VisualGenome([SAMPLE], captions=[SAMPLE / "captions.json"]) as source:
        yield from source
    if REAL.is_dir():
        with VisualGenome([REAL / "visual_genome" / "v1.2"]) as source:
            yield from source
        folder = REAL / "vg_coco_52"
        with VisualGenome([folder], captions=[folder / "captions_val2017.json"]) as source:
            yield from source


def _gpt4() -> Iterator[tuple[str, ImageContext, list[Turn]]]:
    """Yield task, context and turns: pairs about one image, descriptions, and pairs with the only boxes they can mean.

    GPT-4's answers have no boxes. Where a sentence names a category of which all boxes are known, they are put in: the
    words are GPT-4's, the boxes are the annotators'.
    """
    folder = REAL / "model_outputs"
    if not folder.is_dir():
        return
    contexts = {line["id"]: _context(line) for line in _lines(folder / "llava" / "caps_boxes_coco2014_val_80.jsonl")}
    about: dict[tuple[str, str], list[tuple[str, Turn]]] = {}
    questions = {line["question_id"]: line for line in _lines(folder / "llava" / "qa90_questions.jsonl")}
    for line in _lines(folder / "llava" / "qa90_gpt4_answer.jsonl"):
        asked = questions[line["question_id"]]
        turn = Turn(asked["text"], line["text"])
        about.setdefault(("qa90", asked["image"].removesuffix(".jpg")), []).append((line["category"], turn))
    for line in _lines(folder / "llava" / "coco2014_val_gpt4_qa_30x3.jsonl"):
        about.setdefault(("30x3", line["id"]), []).append((line["type"], Turn(line["instruction"], line["output"])))
    for (_, image), everything in about.items():
        found = [(kind, turn) for kind, turn in everything if not any(words in turn.answer for words in _AT_FAULT)]
        context = contexts.get(image, ImageContext(image, "x.jpg", 1, 1, captions=("A scene.",)))
        yield "complex_reasoning", context, [turn for _, turn in found]
        for kind, turn in found:
            if kind == "detail" and len(turn.answer.split()) >= _LEAST_WORDS:
                yield "detail_description", context, [Turn("", turn.answer)]
        boxed = [Turn(turn.question, told) for _, turn in found if (told := _with_boxes(turn.answer, context))]
        if boxed:
            yield "referring", context, boxed
    for record in json.loads((folder / "osprey" / "description_answers.json").read_text(encoding="utf-8")):
        context = ImageContext(record["image"], "x.jpg", 1, 1, captions=("A scene.",))
        if not any(words in record["text"] for words in _AT_FAULT):
            yield "complex_reasoning", context, [Turn("What can be said about this part?", record["text"])]


def _context(line: dict[str, Any]) -> ImageContext:
    objects = []
    for number, instance in enumerate(line["instances"]):
        x1, y1, x2, y2 = instance["bbox"]
        if x1 < x2 and y1 < y2:
            objects.append(Object(number, instance["category"], Box(x1, y1, x2, y2)))
    return ImageContext(line["id"], line["image"], 640, 480, captions=tuple(line["captions"]), objects=tuple(objects))


def _with_boxes(answer: str, context: ImageContext) -> str:
    """Return the answer with the boxes of every category that it names in the number that is there; else nothing."""
    boxes: dict[str, list[str]] = {}
    for item in context.objects:
        boxes.setdefault(item.name, []).append(str(item.box))
    names = {name if len(found) == 1 else plural(name): found for name, found in boxes.items() if len(found) < 5}
    if not names:
        return ""
    pattern = re.compile(rf"\b({'|'.join(sorted(names, key=len, reverse=True))})\b(?! (?:is|are) not)")
    told = pattern.sub(lambda match: f"<st>{match[1]}<ed> {', '.join(names[match[1]])}", answer)
    return told if told != answer else ""


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
