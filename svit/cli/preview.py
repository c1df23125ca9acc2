"""A few images of a run before the others are paid for: what came of each, and what the rest will cost."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from svit.cli import messages
from svit.quantities import number_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from svit.contexts.store import ContextStore
    from svit.estimate.quote import Quote
    from svit.records import ImageId


def previewed(store: "ContextStore", number: int, limit: int | None) -> "tuple[int, list[ImageId]]":
    """Return how many images of the store are to be asked, and the ids of the first `number` that have annotations.

    They are the run's first ones, so that the run goes on after them and pays nothing twice.
    """
    images: list[ImageId] = []
    passed = 0
    for context in store.slice(0, limit):
        passed += 1
        if not context.is_empty:
            images.append(context.image_id)
        if len(images) == number:
            break
    return passed, images


def show_images(run: Path, images: "Sequence[ImageId]") -> None:
    """Show what became of each image, as `svit show` does."""
    from svit.cli.inspection import show

    for image in images:
        show(run, str(image))
    sys.stdout.flush()


def rest_text(rest: "Quote", asked: int) -> str:
    """Return what is left to ask after a preview of so many images, and what it will cost; tokens by those answers."""
    total = rest.total
    if not total.requests:
        return "Nothing is left to ask."
    rows: list[tuple[object, ...]] = [("task", "requests", "tokens in", "tokens out", *_tier_head(rest))]
    for each in (*rest.tasks, *([total] if len(rest.tasks) > 1 else [])):
        money = [_money(each.dollars[rest.tier])] if each.dollars else []
        rows.append((each.task, each.requests, each.prompt_tokens, each.completion_tokens, *money))
    images = number_of(rest.images, "image")
    lines = [
        f"The rest of {images}, by the {number_of(total.answers_measured, 'answer')} so far:",
        messages.figures(rows),
    ]
    caution = f"Answers of {number_of(asked, 'image')} tell little: the figures may be off by half."
    return "\n".join([*lines, *map(messages.folded, [*_money_words(rest), caution])])


def _tier_head(rest: "Quote") -> list[str]:
    return ["dollars" if rest.tier == "standard" else f"dollars ({rest.tier})"] if rest.total.dollars else []


def _money_words(rest: "Quote") -> list[str]:
    """Return what the money is reckoned from, or why none is told."""
    if rest.provider == "offline":
        return ["The offline writer costs nothing."]
    if rest.max_cost_needed is None:
        return [
            f"There is no price for {rest.model}, so no cost is known: 'prices' in the config names a file of yours."
        ]
    spent = f"Spent so far: {_money(rest.spent)}. Prices of {rest.prices_as_of}."
    return [spent, f"A --max-cost of {_money(rest.max_cost_needed)} is never reached; a lower one stops in time."]


def _money(amount: float) -> str:
    from svit.cost.prices import NANO, dollars

    return dollars(round(amount * NANO))
