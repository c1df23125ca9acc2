"""What a provider's cache reads and writes, by the rules of both kinds of models."""

import pytest

from svit.cost.prompt_cache import PromptCache, PromptSize
from svit.providers.openai.capabilities import Caching
from svit.records import ImageContext, Message, Prompt, Sampling

FRAME = 3
LONG = 1100
SHORT = 900


def prompt(system: str, user: str, shared: int = 0) -> Prompt:
    messages = (Message("system", system), Message("user", user))
    context = ImageContext(1, "", 1, 1, captions=("A man.",))
    return Prompt("t", messages, Sampling("m", 10), "v", context, shared=shared)


def sizes(caching: Caching, cache_breakpoint: bool, *images: list[Prompt]) -> list[PromptSize]:
    """The first number in a message is its length, so that texts of one length can differ."""
    cache = PromptCache(lambda text: int(text.split()[0]), caching, cache_breakpoint=cache_breakpoint)
    found = []
    for image in images:
        cache.next_image()
        found += [cache.size(each) for each in image]
    return found


def image(context: str) -> list[Prompt]:
    return [prompt(context, "100 one", shared=1), prompt(context, "200 two", shared=1)]


WHOLE = [LONG + 100 + 3 * FRAME, LONG + 200 + 3 * FRAME]
PREFIX = LONG + FRAME


@pytest.mark.parametrize(
    ("caching", "cache_breakpoint", "expected"),
    [
        ("automatic", False, [PromptSize(WHOLE[0]), PromptSize(WHOLE[1], cached=PREFIX)]),
        ("prefix", True, [PromptSize(WHOLE[0], written=PREFIX), PromptSize(WHOLE[1], cached=PREFIX)]),
        ("automatic", True, [PromptSize(WHOLE[0], written=WHOLE[0]), PromptSize(WHOLE[1], written=WHOLE[1])]),
        ("off", True, [PromptSize(WHOLE[0]), PromptSize(WHOLE[1])]),
    ],
)
def test_the_first_task_of_an_image_writes_and_the_others_read(
    caching: Caching, cache_breakpoint: bool, expected: list[PromptSize]
) -> None:
    assert sizes(caching, cache_breakpoint, image(f"{LONG} a"), image(f"{LONG} b")) == expected * 2


@pytest.mark.parametrize(("caching", "cache_breakpoint"), [("automatic", False), ("prefix", True)])
def test_a_prefix_under_1024_tokens_is_not_cached(caching: Caching, cache_breakpoint: bool) -> None:
    found = sizes(caching, cache_breakpoint, image(f"{SHORT} a"))
    assert [(size.cached, size.written) for size in found] == [(0, 0), (0, 0)]


def test_instructions_that_all_images_share_are_read_again_for_each_of_them() -> None:
    found = sizes("prefix", True, *([prompt(f"{LONG} rules", f"50 {n}")] for n in range(3)))
    assert [(size.cached, size.written) for size in found] == [(0, PREFIX), (PREFIX, 0), (PREFIX, 0)]


def test_a_prefix_of_an_image_long_ago_is_forgotten() -> None:
    found = sizes("automatic", False, image(f"{LONG} a")[:1], image(f"{LONG} b")[:1], image(f"{LONG} a")[:1])
    assert [size.cached for size in found] == [0, 0, 0]
