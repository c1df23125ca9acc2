"""The longest time that the judge holds the event loop, over answers that were made to be slow.

    python -m benchmarks.judge_stalls [--characters 30000,60000]

Each text is judged as a completion of each task, about an image of the bundled sample, whole and cut off. The time is
that of the processor, so that a busy machine does not count. The bar is 50 ms.
"""

import argparse
import gc
import time
from collections.abc import Callable

from svit import resources
from svit.config import read_config
from svit.contexts.sources.visual_genome import VisualGenome
from svit.judge.checks import LONGEST_TEXT
from svit.records import Completion, Sample
from svit.resources import config_path
from svit.run.attempts import Job
from svit.setup.task_jobs import jobs
from svit.tasks import chosen_tasks

BAR = 0.05
"""Seconds."""
_PAIR = (
    "Question: What is {n} <st>dog<ed> [0.1, 0.2, 0.3, 0.4]?\n"
    "Answer: It is {n} on the <st>mat<ed> [0.1, 0.2, 0.5, 0.6].\n"
)


def _again(text: str) -> Callable[[int], str]:
    return lambda size: (text * (size // len(text) + 1))[:size]


def _numbered(line: str) -> Callable[[int], str]:
    return lambda size: "".join(line.replace("{n}", str(n)) for n in range(size // len(line) + 1))[:size]


def _after(start: str, rest: Callable[[int], str]) -> Callable[[int], str]:
    return lambda size: start + rest(size - len(start))


_START = "Question: What is it?\nAnswer: "
TEXTS: dict[str, Callable[[int], str]] = {
    "one letter": _again("a"),
    "an answer of one letter": _after(_START, _again("a")),
    "capital letters": _after(_START, _again("A")),
    "words": _after(_START, _numbered("word{n} ")),
    "the same words": _after(_START, _again("the dog is on the mat ")),
    "sentences": _after(_START, _again("The dog is on the mat. ")),
    "no spaces": _after(_START, _numbered("x{n}-")),
    "spaces": _after(_START, _again(" ")),
    "tabs": _again("\t"),
    "newlines": _after(_START, _again("\n")),
    "newlines alone": _again("\n"),
    "lines": _after(_START, _numbered("line {n}\n")),
    "carriage returns": _after(_START, _again("\r")),
    "boxes": _after(_START, _again("[0.1, 0.2, 0.3, 0.4] ")),
    "different boxes": _after(_START, _numbered("[0.{n}, 0.2, 0.3, 0.9] ")),
    "brackets": _after(_START, _again("[")),
    "closed brackets": _after(_START, _again("[]")),
    "tags": _after(_START, _again("<st>")),
    "mentions": _after(_START, _again("<st>dog<ed> [0.1, 0.2, 0.3, 0.4] ")),
    "different mentions": _after(_START, _numbered("<st>dog{n}<ed> [0.{n}, 0.2, 0.3, 0.9] ")),
    "a mention of many boxes": _after(_START + "<st>dogs<ed> ", _numbered("[0.{n}, 0.2, 0.3, 0.9] ")),
    "pairs": _numbered(_PAIR),
    "the same pairs": _again(_PAIR),
    "short pairs": _numbered("Question: q{n}?\nAnswer: a{n}.\n"),
    "labels": _again("Question:\n"),
    "labels in a line": _again("Question: "),
    "answers": _again("Answer: a\n"),
    "topics": _numbered("Topic: t{n}\nUser: q?\nGPT: a.\n"),
    "conversation of many turns": _after("Topic: t\n", _numbered("User: q{n} is it?\nGPT: a{n} it is.\n")),
    "headings": _again("# a\n"),
    "rules": _after(_START, _again("---\n")),
    "stars": _after(_START, _again("*")),
    "hashes": _after(_START, _again("#")),
    "underscores": _again("_ "),
    "backquotes": _again("```\n"),
    "numbers": _after(_START, _numbered("{n}. ")),
    "digits": _after(_START, _again("1")),
    "decimals": _after(_START, _again("0.5 ")),
    "dots": _after(_START, _again(".")),
    "questions": _after(_START, _again("? ")),
    "colons": _after(_START, _again(": ")),
    "quotes": _after(_START, _again('"')),
    "Chinese": _after(_START, _again("狗在垫子上。")),
    "another language": _after(_START, _again("Der Hund liegt auf der Matte und der Ball ist rot. ")),
    "emoji": _after(_START, _again("\N{DOG FACE}")),
    "zero-width": _after(_START, _again("\u200b")),
    "angle brackets": _after(_START, _again("<")),
    "HTML": _after(_START, _again("<b>a</b>")),
    "counts": _after(_START, _again("there are two dogs ")),
    "sides": _after(_START, _again("<st>dog<ed> [0.1, 0.2, 0.3, 0.4] is left of ")),
    "sorry": _again("I am sorry, but I cannot "),
    "in the image": _after(_START, _again("in the image, ")),
    "apostrophes": _after(_START, _again("it's ")),
    "talk": _again("Sure, here are the questions and answers. "),
    "talk in a line": _again("Sure! "),
    "descriptions": _again("the description of the image "),
}


def stalls(todo: list[Job], sizes: list[int]) -> list[tuple[float, str, str, int, str]]:
    """Return the seconds, the text, the task, the characters and the first flaw of each."""
    with VisualGenome([resources.SAMPLE], captions=[resources.SAMPLE / "captions.json"]) as source:
        context = max(source, key=lambda each: len(each.objects) + len(each.regions))
    found = []
    for job in todo:
        prompt = job.task.prompt(context, job.recipe)
        job.task.judge(prompt, Completion(job.task.write_offline(context, 0), "stop", "m"), 1)  # caches are filled
        for size in sizes:
            for name, text in TEXTS.items():
                for end in ("stop", "length"):
                    completion = Completion(text(size), end, "m")
                    gc.collect()
                    began = time.process_time()
                    result = job.task.judge(prompt, completion, 1)
                    took = time.process_time() - began
                    flaw = "" if isinstance(result, Sample) else result.flaws[0].code
                    found.append((took, f"{name}, {end}", job.task.name, len(completion.text), flaw))
    return sorted(found, reverse=True)


def main() -> bool:
    """Print the slowest, and return whether all kept to the bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--characters", default=str(LONGEST_TEXT), help="Lengths of the texts, joined by commas.")
    parser.add_argument("--rows", type=int, default=12)
    words = parser.parse_args()
    settings = read_config(config_path("offline"), {})
    found = stalls(list(jobs(settings, chosen_tasks(["all"]))), [int(size) for size in words.characters.split(",")])
    for seconds, text, task, size, flaw in found[: words.rows]:
        print(f"{1000 * seconds:8.1f} ms  {size:>9,} characters  {task:<20}  {text}  ({flaw or 'a sample'})")
    print(f"the longest of {len(found)}: {1000 * found[0][0]:.1f} ms; bar: {1000 * BAR:.0f} ms")
    return found[0][0] <= BAR


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
