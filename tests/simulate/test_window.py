"""Prompts that are too long: refused, or cut in silence."""

import json

import pytest

from svit.simulate.http import SimulatedReply
from svit.simulate.prompt_limit import counted, cut

from .asking import chat, code, endpoint, post


def tokens(reply: SimulatedReply) -> int:
    found: int = json.loads(reply.body)["usage"]["prompt_tokens"]
    return found


def test_a_prompt_that_leaves_no_room_for_its_answer_is_refused() -> None:
    to = endpoint(answer="fixed:50", context_window=1000)
    assert post(to, chat("x" * 3600, max_tokens=100)).status == 200
    assert post(to, chat("x" * 4000)).status == 200
    refused = post(to, chat("x" * 3604, max_tokens=100))
    assert (refused.status, code(refused)) == (400, "context_length_exceeded")
    message = json.loads(refused.body)["error"]["message"]
    assert "maximum context length is 1000 tokens" in message
    assert "requested 1001 tokens (901 in the messages, 100 in the completion)" in message
    books = to.books.report()
    assert (books["admitted"], books["billed"]) == (2, 2)


@pytest.mark.parametrize(("characters", "said"), [(396, 99), (400, 100), (404, 100), (4000, 100)])
def test_a_longer_prompt_is_cut_and_counts_what_is_left(characters: int, said: int) -> None:
    assert tokens(post(endpoint(answer="fixed:50", cut_prompts=100), chat("x" * characters))) == said


def test_the_oldest_text_goes_first() -> None:
    prompt = counted(["a" * 100, "b" * 100, "c" * 100], len)
    left = cut(prompt, 150)
    assert (left.texts, left.counts, left.tokens, left.whole) == (["", "b" * 50, "c" * 100], [0, 50, 100], 150, False)
    assert cut(prompt, 300) is prompt


def test_what_was_cut_off_is_not_answered() -> None:
    whole, short = endpoint(), endpoint(cut_prompts=10)
    body = chat("captions:\nA man.\n\n" + "Tell me about it. " * 20)
    assert "A man." in post(whole, body).body.decode()
    assert "A man." not in post(short, body).body.decode()
