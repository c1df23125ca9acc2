"""What a server quotes of a prompt decides nothing: captions speak of keys, of money and of models too."""

import json
import time
from typing import Any

import pytest

from served import Run, Server, completion, well
from svit.errors import ProviderRefusesError
from svit.providers.base import Failure
from svit.providers.openai.quoted_prompt import without_quotation
from svit.providers.openai.response_classification import verdict
from svit.providers.verdicts import RetryLater, StopRun

CAPTIONS = """
A sign on the shop door reads PAYMENT REQUIRED, no credit cards
A waiter says the card has insufficient funds
The screen shows: API key is invalid
The gymnast's balance is negative
A nude model not allowed in the gallery
A bank clerk: no more credit for you
Unauthorized personnel are to keep out
He sees his father as a role model and does not exist without him
A sport that is not allowed in this country
A clerk with too many requests on her desk
A busy street, the server is busy with plates
His hair and the text is too long for the sign
The library book on the table is overdue
A billboard: purchase a new plan today, free trial ended
An unknown model of a car, not authorized to park
A board with an unknown name
The tag on the model's dress: invalid
"""


def error(message: str, **more: Any) -> bytes:
    return json.dumps({"error": {"message": message, **more}}).encode()


@pytest.mark.parametrize("caption", [each for each in CAPTIONS.splitlines() if each])
@pytest.mark.parametrize(
    ("status", "message", "code"),
    [
        (400, "Invalid unicode in prompt: '{}'", "bad_request"),
        (422, "messages[1].content: lone surrogate at 312 near \"{}\"", "bad_request"),
        (400, "Failed to parse input at pos 0: <|im_start|>{}<|im_end|>", "bad_request"),
        (400, "Could not tokenize 1. {} 2.", "bad_request"),
        (400, "Flagged by our content filter: '{}'", "filtered"),
        (400, "This model's maximum context length is 4096 tokens. Prompt: '{}'", "context_length_exceeded"),
        (500, "Traceback: ValueError: bad byte in '{}'", "server_error"),
        (429, "Slow down. Request: '{}'", "rate_limited"),
    ],
)  # fmt: skip
def test_an_error_means_the_same_whatever_caption_it_quotes(status: int, message: str, code: str, caption: str) -> None:
    answer = verdict(status, error(message.format(caption)), f"You see an image.\n{CAPTIONS}")
    assert isinstance(answer, Failure | RetryLater), answer
    assert answer.code == code
    assert caption in answer.words, "a person is told all of it"


def test_within_a_200_too() -> None:
    body = error("Provider failed on 'no more credit for you'", code=502)
    assert isinstance(verdict(200, body, CAPTIONS), RetryLater)
    assert isinstance(verdict(200, body), StopRun)


@pytest.mark.parametrize(
    "message",
    [
        "Incorrect API key provided: sk-1.",
        "The model `image` does not exist.",
        "You have insufficient balance. 'A waiter says the card'",
        "The model 'gpt-9' does not exist without an agreement.",
        "Unsupported parameter: 'seed' is not supported with this model.",
    ],
)
def test_a_servers_own_words_count_whatever_the_prompt_speaks_of(message: str) -> None:
    assert isinstance(verdict(400, error(message), f"Describe the image.\n{CAPTIONS}"), StopRun)


@pytest.mark.parametrize(
    ("said", "rest"),
    [
        ("bad text 'a waiter says the card' at 3", "bad text ' ' at 3"),
        ("a waiter says the card", " "),
        ("a waiter says no such thing", "a waiter says no such thing"),
        ("says 'a waiter'", "says ' '"),
        ("", ""),
        ("card", "card"),
    ],
)
def test_only_what_the_prompt_has_in_this_order_is_a_quotation(said: str, rest: str) -> None:
    assert without_quotation(said, CAPTIONS) == rest


@pytest.mark.parametrize("prompt", ["a b c d e " * 20_000, "a " * 100_000])
def test_a_long_prompt_is_gone_through_at_once(prompt: str) -> None:
    began = time.process_time()
    without_quotation("'a b c d e' " * 100, prompt)
    assert time.process_time() - began < 1.0


def test_a_run_goes_on_past_an_image_whose_caption_is_quoted() -> None:
    said = error("Cannot decode: '4 invalid api key provided'")
    run = Run(Server(lambda n: (400, {}, said) if n == 4 else well(n)), window=1, text="{} invalid API key provided")
    run.of(8)
    assert run.codes == ["bad_request" if n == 4 else "ok" for n in range(8)]
    with pytest.raises(ProviderRefusesError):
        Run(Server(lambda n: (400, {}, said) if n == 4 else well(n)), window=1).of(8)
    assert run.outcomes.count(completion()) == 7
