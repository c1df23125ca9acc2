"""What each cost lever of a config saves, in dollars per 1,000 images of all four tasks, from the real prompts.

Two sorts of images: those of the bundled sample, and one with as much as Visual Genome has on average, made of the
sample's objects and regions. An answer is taken to have 900 tokens. A prefix of 1,024 tokens or more is written to the
cache by the first task of an image and read by the three others, if these wait for it; the row without hits shows what
comes of asking all four at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

import msgspec

from svit import resources
from svit.config import RunConfig
from svit.contexts.sources.visual_genome import VisualGenome
from svit.cost.prices import NANO, PriceTable, Tier
from svit.prompting.tokens import token_counter
from svit.providers.openai.capabilities import Caching, ModelTable
from svit.records import ImageContext, Usage
from svit.setup.task_jobs import jobs
from svit.tasks import chosen_tasks

ANSWER = 900
LEAST_CACHED = 1024
OBJECTS, REGIONS, CAPTIONS = 35, 50, 5
"""Of an average image of Visual Genome that is in COCO too."""
MODELS = ("gpt-6-luna", "gpt-6-sol", "gpt-6.1-terra", "gpt-5.4-mini", "gpt-4.1-mini", "gpt-4o-mini")


@dataclass(frozen=True)
class Lever:
    """A row of the table. A model without breakpoints caches by itself, whatever `caching` says."""

    name: str
    context_first: bool = False
    caching: Caching = "automatic"
    tier: Tier = "standard"
    hits: bool = True


LEVERS = (
    Lever("none"),
    Lever("caching: off", caching="off"),
    Lever("context_first, caching: prefix", context_first=True, caching="prefix"),
    Lever("the same without a single hit", context_first=True, caching="prefix", hits=False),
    Lever("service_tier: flex, caching: off", caching="off", tier="flex"),
    Lever("all: context_first, prefix, flex", context_first=True, caching="prefix", tier="flex"),
)


def typical(contexts: Sequence[ImageContext]) -> ImageContext:
    """Return an image of average size, its text taken from these."""
    return msgspec.structs.replace(
        contexts[0],
        captions=tuple(islice(chain.from_iterable(c.captions for c in contexts), CAPTIONS)),
        objects=tuple(islice(chain.from_iterable(c.objects for c in contexts), OBJECTS)),
        regions=tuple(islice(chain.from_iterable(c.regions for c in contexts), REGIONS)),
        relationships=(),
    )


def sent(contexts: Sequence[ImageContext], *, context_first: bool) -> list[list[tuple[int, int]]]:
    """Return, for each image and task, the tokens of the prompt and those of what an image's tasks share of it."""
    count = token_counter().count
    todo = jobs(RunConfig(context_first=context_first), chosen_tasks(["all"]))
    rows = []
    for context in contexts:
        prompts = [job.task.prompt(context, job.recipe) for job in todo]
        tokens = [[count(message.content) for message in made.messages] for made in prompts]
        rows.append([(sum(t), sum(t[: made.shared])) for made, t in zip(prompts, tokens, strict=True)])
    return rows


def used(prompt: int, shared: int, place: int, lever: Lever, *, breakpoints: bool) -> Usage:
    """Return the usage of an image's task number `place`, when its cache hits."""
    kept = shared if shared >= LEAST_CACHED else 0
    read = kept if place and lever.hits else 0
    if not breakpoints:
        return Usage(prompt, ANSWER, cached_tokens=read)
    if lever.caching == "prefix":
        return Usage(prompt, ANSWER, cached_tokens=read, cache_write_tokens=kept - read)
    whole = prompt if lever.caching == "automatic" and prompt >= LEAST_CACHED else 0
    return Usage(prompt, ANSWER, cache_write_tokens=whole)


def table(title: str, contexts: Sequence[ImageContext]) -> None:
    """Print the dollars per 1,000 images of each model under each lever."""
    prices = PriceTable.read((resources.DATA / "prices.yaml").read_text(encoding="utf-8"))
    capabilities = ModelTable.read((resources.DATA / "models.yaml").read_text(encoding="utf-8"))
    layouts = {first: sent(contexts, context_first=first) for first in (False, True)}
    shared = [row[0][1] for row in layouts[True]]
    print(f"\n{title}: {len(contexts)} images")
    plain, first = average(layouts[False]), average(layouts[True])
    print(f"  prompt tokens of the four tasks: {plain:,.0f}, context first {first:,.0f}")
    print(f"  a prefix that can be cached: {sum(each >= LEAST_CACHED for each in shared)} of {len(shared)} images")
    print(f"  {'dollars per 1,000 images':34}" + "".join(f"{model:>14}" for model in MODELS))
    for lever in LEVERS:
        cells = []
        for model in MODELS:
            known, price = capabilities.capabilities(model), prices.required(model)
            own = lever if "flex" in known.service_tiers else replace(lever, tier="standard")
            nano = sum(
                price.cost(used(*tokens, place, own, breakpoints=known.cache_breakpoint), own.tier)
                for row in layouts[lever.context_first]
                for place, tokens in enumerate(row)
            )
            cells.append(f"{1000 * nano / len(contexts) / NANO:>14.2f}")
        print(f"  {lever.name:34}" + "".join(cells))


def average(rows: Sequence[Sequence[tuple[int, int]]]) -> float:
    """Return the prompt tokens of an image's tasks together."""
    return sum(prompt for row in rows for prompt, _ in row) / len(rows)


def main() -> None:
    """Print the tables."""
    with VisualGenome([resources.SAMPLE], captions=[resources.SAMPLE / "captions.json"]) as source:
        sample = list(source)
    print(f"Prices as of data/prices.yaml; tokens {'exact' if token_counter().exact else 'estimated within 10 %'}.")
    table("the bundled sample", sample)
    table(f"an average image of Visual Genome ({OBJECTS} objects, {REGIONS} regions)", [typical(sample)])


if __name__ == "__main__":
    main()
