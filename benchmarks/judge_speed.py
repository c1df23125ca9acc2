"""What it costs to judge a completion and to print a box, and whether any text costs more than its length.

    python -m benchmarks.judge_speed

Completions are the offline writers'. CPU time is the process's own, of each completion the least of a few rounds, with
every other completion judged in between. Beside it stands what decoding the same reply costs in the same run.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from statistics import mean

import msgspec
import orjson

from svit.boxes import Box
from svit.config import read_config
from svit.contexts.sources.visual_genome import VisualGenome
from svit.judge import checks, clean
from svit.prompting.tokens import estimated_tokens
from svit.records import Completion, Draft, Flaw, ImageContext, Prompt, Rejection
from svit.resources import SAMPLE, config_path
from svit.setup.task_jobs import jobs
from svit.tasks import chosen_tasks
from svit.tasks.base import Task, cleaned

SEEDS = 12
ROUNDS = 5
OBJECTS, REGIONS = 35, 50
"""What annotators drew into an image of Visual Genome, on the average."""
BAR = 1000
"""Microseconds that judging 500 tokens may take."""
DECODINGS = 10
"""The yardstick decodes a reply so often, which takes long enough to be measured."""
LENGTH = 200_000
"""Characters of a hostile text."""
PIECES = (
    *(
        "a",
        " ",
        "\n",
        ". ",
        "? ",
        "Question: a.\nAnswer: b.\n",
        "Q: a ",
        "Answer:",
        "1. ",
        "?  ",
        "# ",
        "*",
        "**a",
        "_a",
    ),
    *("`", '"', "> ", "- ", "---\n", "```\n", "[", "(", "<", "<st>", "<ed>", "[1,", "(0.5,", "<st>a<ed> [0.1, 0.2], "),
    *("<|", ".5, ", "x=", "the given ", "caption ", "by the ", "in the image ", "no image or ", "please provide "),
    *("I can't ", "sorry ", "your message ", "a b c ", "as an ", "Here are ", "given , here ", "é", "Is it? Answer: "),
)

Case = tuple[Task, Prompt, Completion]


def cases() -> Iterator[Case]:
    """Yield what the offline writers make of the bundled sample, for every task and several seeds."""
    with VisualGenome([SAMPLE], captions=[SAMPLE / "captions.json"]) as source:
        contexts = list(source)
    for job in jobs(read_config(config_path("openai"), {}), chosen_tasks(["all"])):
        for context in contexts:
            prompt = job.task.prompt(context, job.recipe)
            for seed in range(SEEDS):
                yield job.task, prompt, Completion(job.task.write_offline(context, seed), "stop", "m")


def crowded(contexts: Sequence[ImageContext], first: int) -> ImageContext:
    """Return a context as full as Visual Genome's average: what is in several images of the sample, as if in one."""
    turned = [*contexts[first:], *contexts[:first]]
    objects = [item for context in turned for item in context.objects][:OBJECTS]
    regions = [item for context in turned for item in context.regions][:REGIONS]
    return msgspec.structs.replace(
        turned[0],
        objects=tuple(msgspec.structs.replace(item, id=number) for number, item in enumerate(objects)),
        regions=tuple(msgspec.structs.replace(item, id=number) for number, item in enumerate(regions)),
        relationships=(),
    )


def crowds() -> None:
    """Print what a completion about such a context costs, the first time that it is judged, and by its length."""
    with VisualGenome([SAMPLE], captions=[SAMPLE / "captions.json"]) as source:
        contexts = list(source)
    print(f"with {OBJECTS} objects and {REGIONS} regions, each context judged for the first time:")
    whole, length = 0.0, 0
    for job in jobs(read_config(config_path("openai"), {}), chosen_tasks(["all"])):
        took, tokens, rejected = [], 0, 0
        for seed in range(SEEDS):
            for first in range(len(contexts)):
                text = job.task.write_offline(crowded(contexts, first), seed)
                tries = []
                for _ in range(ROUNDS):
                    prompt = job.task.prompt(crowded(contexts, first), job.recipe)
                    tries.append(cpu(partial(job.task.judge, prompt, Completion(text, "stop", "m"), 0)))
                took.append(min(tries))
                tokens += estimated_tokens(text)
                rejected += isinstance(job.task.judge(prompt, Completion(text, "stop", "m"), 0), Rejection)
        whole, length = whole + sum(took), length + tokens
        print(
            f"  {job.task.name:20}{1e6 * mean(took):5.0f} us, {tokens / len(took):5.0f} tokens, "
            f"{1e6 * sum(took) * 500 / tokens:5.0f} us for 500 tokens, {rejected} of {len(took)} rejected"
        )
    per_500 = 1e6 * whole * 500 / length
    print(f"  500 tokens of all tasks: {per_500:.0f} us ({'ok' if per_500 <= BAR else 'MISSED'}: at most {BAR} us)")


def cpu(work: Callable[[], object]) -> float:
    """Return the CPU seconds that the work takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def decode(body: bytes) -> None:
    """Decode the reply a few times."""
    for _ in range(DECODINGS):
        orjson.loads(body)


def reply(completion: Completion) -> bytes:
    """Return the body in which the completion comes."""
    choice = {"index": 0, "message": {"role": "assistant", "content": completion.text}, "finish_reason": "stop"}
    return orjson.dumps({"object": "chat.completion", "model": completion.model, "choices": [choice]})


def flaws(check: checks.Check, draft: Draft) -> list[Flaw]:
    """Return what the check yields."""
    return list(check(draft))


def stages(case: Case) -> Iterator[tuple[str, float]]:
    """Yield the steps of one judgement and their CPU seconds."""
    task, prompt, completion = case
    yield "no answer at all", cpu(lambda: list(checks.unusable(completion)))
    text = clean.without_boilerplate(completion.text)
    yield "talk around it", cpu(lambda: clean.without_boilerplate(completion.text))
    parsed = task.parse(text)
    yield "parsing", cpu(lambda: task.parse(text))
    yield "plain text", cpu(lambda: cleaned(parsed, prompt.question))
    draft = Draft(prompt, cleaned(parsed, prompt.question))
    yield "its texts", cpu(lambda: (draft.turns, draft.texts, draft.lowered))
    if task.repair:
        yield "repairs", cpu(lambda: task.repair and task.repair(draft))
    for check in (*task.checks, *task.grounding):
        yield getattr(check, "__name__", "check"), cpu(partial(flaws, check, draft))


def shares(every: list[Case]) -> None:
    """Print what a completion of each task costs, and which steps take most of it."""
    judging, decoding = [1.0] * len(every), [1.0] * len(every)
    steps: list[dict[str, float]] = [{} for _ in every]
    for _ in range(ROUNDS):
        for number, (task, prompt, completion) in enumerate(every):
            body = reply(completion)
            judging[number] = min(judging[number], cpu(partial(task.judge, prompt, completion, 0)))
            decoding[number] = min(decoding[number], cpu(partial(decode, body)) / DECODINGS)
            for step, seconds in stages(every[number]):
                steps[number][step] = min(steps[number].get(step, 1.0), seconds)
    print(
        f"a completion: {1e6 * mean(judging):.0f} us of CPU, {sum(judging) / sum(decoding):.0f} decodings of its reply"
    )
    for name in sorted({task.name for task, _, _ in every}):
        ours = [number for number, (task, _, _) in enumerate(every) if task.name == name]
        total: Counter[str] = Counter()
        for number in ours:
            total.update({step: round(1e9 * seconds) for step, seconds in steps[number].items()})
        told = ", ".join(f"{step} {100 * cost / total.total():.0f} %" for step, cost in total.most_common(6))
        print(f"  {name:20}{1e6 * mean(judging[number] for number in ours):5.0f} us: {told}")


def printing(number: int = 1000) -> None:
    """Print what printing a box costs, and printing it again, beside rounding and printing its four numbers."""
    chance = random.Random(1)
    boxes = [Box(chance.random() / 2, chance.random() / 2, 1 - chance.random() / 3, 1.0) for _ in range(number)]
    first = cpu(lambda: [str(box) for box in boxes])
    again = cpu(lambda: [str(box) for box in boxes])
    plain = cpu(lambda: [str([round(side, 3) for side in (box.x1, box.y1, box.x2, box.y2)]) for box in boxes])
    print(f"a box printed: {1e6 * first / number:.2f} us, again {1e6 * again / number:.2f} us, ", end="")
    print(f"by rounding {1e6 * plain / number:.2f} us")


def hostile(case: Case) -> None:
    """Print the texts that cost most, and which grow by more than their length."""
    task, prompt, _ = case

    def judged(piece: str, length: int) -> float:
        text = piece * (length // len(piece))
        texts = (text, f"Question: {text}\nAnswer: {text}", f"Question: Is it?\nAnswer: It is. {text}")
        return sum(cpu(partial(task.judge, prompt, Completion(text, "stop", "m"), 0)) for text in texts)

    found = [(judged(piece, LENGTH), judged(piece, LENGTH // 4), piece) for piece in PIECES]
    for whole, quarter, piece in sorted(found, reverse=True)[:5]:
        print(f"  {task.name:20}{piece[:20]!r:24}{1e3 * whole:6.0f} ms, {whole / quarter:4.1f} times a quarter's")


def main() -> None:
    """Print all four."""
    every = list(cases())
    random.Random(1).shuffle(every)
    shares(every)
    crowds()
    printing()
    print(f"hostile texts of {LENGTH:,} characters, three each, the five slowest")
    for name in sorted({task.name for task, _, _ in every}):
        hostile(next(case for case in every if case[0].name == name))


if __name__ == "__main__":
    main()
