"""What the prompt cache finds, keeps and charges for."""

import json
from typing import Any

import pytest

from svit.simulate.chat_completions import ChatRequest, read_request
from svit.simulate.endpoint import SimulatedEndpoint
from svit.simulate.http import SimulatedReply
from svit.simulate.prompt_limit import Counted, counted
from svit.simulate.simulated_cache import SimulatedCache, has_breakpoints

from .asking import ask, endpoint

OLD, NEW = "gpt-4o", "gpt-6-luna"
SHARED = "".join(f"Thing number {n} is near. " for n in range(250))[:5200]
"""1,300 tokens as `fixed` counts them."""
MARK = {"type": "text", "text": SHARED, "prompt_cache_breakpoint": {"mode": "explicit"}}
EXPLICIT = {"prompt_cache_options": {"mode": "explicit"}}


def message(content: object, role: str = "user") -> dict[str, object]:
    return {"role": role, "content": content}


def asking(to: SimulatedEndpoint, *contents: object, model: str = OLD, **more: object) -> SimulatedReply:
    """Ask, and leave open whether the reply has begun."""
    body = {"model": model, "messages": [message(content) for content in contents], "max_tokens": 9, **more}
    return ask(to, "POST", "/v1/chat/completions", json.dumps(body).encode())


def details(reply: SimulatedReply) -> dict[str, int]:
    found: dict[str, int] = json.loads(reply.body)["usage"]["prompt_tokens_details"]
    return found


def used(to: SimulatedEndpoint, *contents: object, model: str = OLD, **more: object) -> tuple[int, int | None]:
    """Ask and let the reply begin; return how many tokens were read and written."""
    reply = asking(to, *contents, model=model, **more)
    reply.due(True)
    found = details(reply)
    return found["cached_tokens"], found.get("cache_write_tokens")


def fixed(**options: Any) -> SimulatedEndpoint:
    return endpoint(answer="fixed:50", **options)


@pytest.mark.parametrize(
    ("model", "marks"),
    [("gpt-4o", False), ("gpt-5.5", False), ("gpt-5", False), ("gpt-5.6-sol", True), ("gpt-6.2-astra", True)],
)
def test_models_from_gpt_5_6_on_have_breakpoints(model: str, marks: bool) -> None:
    assert has_breakpoints(model) is marks


def test_an_older_model_reads_the_longest_common_beginning_in_steps_of_128() -> None:
    to = fixed()
    assert used(to, SHARED, "What is on the left?") == (0, None)
    assert used(to, SHARED, "What is on the right?") == (1280, None)
    assert used(to, SHARED[:4600] + "x" * 600, "Why?") == (1024, None)
    assert used(to, "x" + SHARED, "Why?") == (0, None)


def test_a_role_and_a_model_are_part_of_a_beginning() -> None:
    to = fixed()
    used(to, SHARED)
    body = {"model": OLD, "messages": [message(SHARED, "system")], "max_tokens": 9}
    assert details(ask(to, "POST", "/v1/chat/completions", json.dumps(body).encode()))["cached_tokens"] == 0
    assert used(to, SHARED, model="gpt-4o-mini") == (0, None)


@pytest.mark.parametrize("model", [OLD, NEW])
@pytest.mark.parametrize(("characters", "found"), [(4095, 0), (4096, 1024)])
def test_less_than_1024_tokens_is_never_kept(model: str, characters: int, found: int) -> None:
    to = fixed()
    used(to, SHARED[:characters], model=model)
    assert used(to, SHARED[:characters], model=model)[0] == found


def test_a_marked_part_is_written_once_and_read_afterwards() -> None:
    to = fixed()
    assert used(to, [MARK], "What is on the left?", model=NEW, **EXPLICIT) == (0, 1300)
    assert used(to, [MARK], "What is on the right?", model=NEW, **EXPLICIT) == (1300, 0)
    again = [MARK, {"type": "text", "text": "And more, behind the mark."}]
    assert used(to, again, "Why?", model=NEW, **EXPLICIT) == (1300, 0)
    assert used(to, [{**MARK, "text": f"x{SHARED}"}], "Why?", model=NEW, **EXPLICIT) == (0, 1300)


def test_in_explicit_mode_nothing_is_kept_without_a_mark() -> None:
    to = fixed()
    assert used(to, SHARED, "What?", model=NEW, **EXPLICIT) == (0, 0)
    assert used(to, SHARED, "What?", model=NEW, **EXPLICIT) == (0, 0)


def test_otherwise_a_whole_prompt_is_written_and_found_only_whole() -> None:
    """What makes a fixed beginning with a changing end dear: it is written each time, and never read."""
    to = fixed()
    assert used(to, SHARED, "What?", model=NEW) == (0, 1301)
    assert used(to, SHARED, "Why?", model=NEW) == (0, 1301)
    assert used(to, SHARED, "What?", model=NEW) == (1301, 0)
    assert used(to, SHARED, "What?", "And then?", model=NEW) == (1301, 2)


def test_a_mark_is_kept_in_implicit_mode_too() -> None:
    to = fixed()
    assert used(to, [MARK], "What?", model=NEW) == (0, 1301)
    assert used(to, [MARK], "Who was it?", model=NEW) == (1300, 2)


def test_what_has_not_begun_is_not_found() -> None:
    to = fixed()
    first = asking(to, SHARED, "What?")
    assert details(asking(to, SHARED, "Why?"))["cached_tokens"] == 0
    first.due(True)
    assert details(asking(to, SHARED, "Who?"))["cached_tokens"] == 1280


@pytest.mark.parametrize(("kind", "found"), [("hang", 0), ("reset", 0), ("truncated", 1280)])
def test_only_an_answer_that_was_written_leaves_something(kind: str, found: int) -> None:
    to = fixed(faults=(f"{kind}=1",))
    asking(to, SHARED).due(False)
    assert details(asking(to, SHARED))["cached_tokens"] == found


@pytest.mark.parametrize("model", [OLD, NEW])
def test_without_a_cache_nothing_is_said_of_it(model: str) -> None:
    to = fixed(cache=False)
    assert [used(to, SHARED, model=model) for _ in range(2)] == [(0, None), (0, None)]


def test_the_books_count_what_was_read_and_written() -> None:
    to = fixed()
    for end in ("What?", "Why?", "What?"):
        used(to, SHARED, end, model=NEW)
    books = to.books.report()
    assert (books["cached_tokens"], books["cache_write_tokens"], books["prompt_tokens"]) == (1301, 2602, 3903)
    assert books["kinds"]["none"]["cached_tokens"] == 1301  # type: ignore[index]


def test_the_offline_writer_counts_a_message_exactly() -> None:
    to = endpoint()
    first = json.loads(asking(to, SHARED).body)["usage"]["prompt_tokens"]
    asking(to, SHARED).due(True)
    assert used(to, SHARED, "captions:\nA man.")[0] == first // 128 * 128


def test_what_was_kept_long_ago_is_dropped() -> None:
    cache = SimulatedCache()

    def seen(number: int) -> int:
        body = {"model": NEW, "messages": [message(f"{number:08}{SHARED}")]}
        asked = read_request(json.dumps(body).encode())
        assert isinstance(asked, ChatRequest)
        cached = cache.look(asked, counted(asked.texts, len))
        cache.keep(cached)
        return cached.read

    assert [seen(number) for number in (0, 1, 0)] == [0, 0, 5208]
    for number in range(2, 140_000):
        cache.keep(cache.look(ChatRequest(model=NEW, messages=[]), Counted([], [], 0))._replace(ends=[(number, 2000)]))
    assert seen(0) == 0
    assert len(cache._young) + len(cache._old) < 140_000
