"""Completions as servers really send them: a good text is read, whatever stands beside it."""

import copy
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svit.providers.base import Failure, read_completion
from svit.providers.openai.response_classification import verdict
from svit.providers.replies.reasoning_block import without_reasoning
from svit.providers.verdicts import UsableAnswer
from svit.records import Completion, Usage

TEXT = "A tall tower with orange roofs stands above a lake."
USAGE = {"prompt_tokens": 700, "completion_tokens": 100, "total_tokens": 800}


def reply(content: object = TEXT, *, usage: object = USAGE, finish: object = "stop", **more: object) -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {"id": "x", "object": "chat.completion", "model": "m", "usage": usage, "choices": [choice], **more}


def beside(**more: object) -> dict[str, Any]:
    """Return a reply with further fields in its message."""
    said = reply()
    said["choices"][0]["message"] |= more
    return said


def read(body: object) -> Completion:
    found = read_completion(body if isinstance(body, bytes) else json.dumps(body).encode())
    assert isinstance(found, Completion), found
    return found


def without(data: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in data.items() if key not in keys}


SAID = Usage(700, 100)
DEEP = b"[" * 3000 + b"]" * 3000
WITH_DETAILS = {**USAGE, "prompt_tokens_details": {"cached_tokens": 10}}


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        (reply(), SAID),
        (reply(usage={}), None),
        (reply(usage=None), None),
        (without(reply(), "usage"), None),
        (reply(usage="800"), None),
        (reply(usage=[]), None),
        (reply(usage={"prompt_tokens": None, "completion_tokens": None}), None),
        (reply(usage={"prompt_tokens": 700, "completion_tokens": None}), None),
        (reply(usage={"prompt_tokens": 700}), None),
        (reply(usage={"prompt_tokens": 700, "total_tokens": 800}), SAID),
        (reply(usage={"prompt_tokens": 700.0, "completion_tokens": 100.0}), SAID),
        (reply(usage={"prompt_tokens": 700.5, "completion_tokens": 100}), None),
        (reply(usage={"prompt_tokens": "700", "completion_tokens": "100"}), None),
        (reply(usage={"prompt_tokens": -1, "completion_tokens": 100}), None),
        (reply(usage={"prompt_tokens": 2**40, "completion_tokens": 100}), None),
        (reply(usage={"prompt_tokens": 700, "completion_tokens": 2**31}), None),
        (reply(usage={"prompt_tokens": 700, "completion_tokens": 2**63}), None),
        (reply(usage={"prompt_tokens": 700, "completion_tokens": float("nan")}), None),
        (reply(usage={"prompt_tokens": float("inf"), "completion_tokens": 1}), None),
        (reply(usage={"prompt_tokens": True, "completion_tokens": True}), None),
        (reply(usage={"prompt_tokens": 0, "completion_tokens": 0}), None),
        (reply(usage={"prompt_tokens": 700, "completion_tokens": 0}), None),
        (reply(usage={"prompt_tokens": 700.0, "completion_tokens": 0}), None),
        (reply(usage=WITH_DETAILS), Usage(700, 100, cached_tokens=10)),
        (reply(usage={**USAGE, "prompt_tokens_details": {"cached_tokens": 10.5}}), SAID),
        (reply(usage={**USAGE, "prompt_tokens_details": {"cached_tokens": -4}}), SAID),
        (reply(usage={**USAGE, "prompt_tokens_details": {"cached_tokens": 701}}), SAID),
        (reply(usage={**USAGE, "prompt_tokens_details": []}), SAID),
        (reply(usage={**USAGE, "completion_tokens_details": {"reasoning_tokens": "many"}}), SAID),
        (reply(usage={**USAGE, "completion_tokens_details": {"reasoning_tokens": 40}}), Usage(700, 100, reasoning_tokens=40)),
        (reply(usage={**USAGE, "prompt_cache_hit_tokens": 64, "prompt_tokens": 700.0}), Usage(700, 100, cached_tokens=64)),
        (reply(model=None), SAID),
        (reply(model={"name": "m"}), SAID),
        (reply(service_tier={"a": 1}), SAID),
        (reply(service_tier=7), SAID),
        (reply(finish=0), SAID),
        (reply(finish=["stop"]), SAID),
        (reply(finish={"type": "stop"}), SAID),
        (reply(finish=None), SAID),
        (reply(id=5, created="yesterday", object=None), SAID),
        (reply(error={"code": 500, "message": "beside a good text"}), SAID),
        (beside(refusal=False), SAID),
        (beside(refusal=["no"]), SAID),
        (beside(tool_calls="none", function_call=3, audio=[]), SAID),
        (beside(reasoning="I look.", reasoning_content=["hm"]), SAID),
        (reply(timings={"x": float("nan")}), SAID),
        (reply([{"type": "text", "text": TEXT}]), SAID),
        (reply([{"type": "output_text", "text": TEXT[:9]}, {"type": "text", "text": TEXT[9:]}]), SAID),
        (reply([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": TEXT}]), SAID),
        (reply([TEXT]), SAID),
        (reply({"type": "text", "text": TEXT}), SAID),
        (reply([{"type": "text", "text": {"value": TEXT, "annotations": []}}]), SAID),
        ({"choices": {"0": reply()["choices"][0]}, "usage": USAGE}, SAID),
        ({"choices": reply()["choices"][0], "usage": USAGE}, SAID),
        ({"choices": [{"text": TEXT, "finish_reason": "stop"}], "usage": USAGE}, SAID),
        ({"choices": [{"message": TEXT}], "usage": USAGE}, SAID),
        ({"choices": [{"delta": {"content": TEXT}}], "usage": USAGE}, SAID),
        ([reply()], SAID),
        ({"data": reply(), "code": 0}, SAID),
        (json.dumps(reply()).encode() + b"\n\n  ", SAID),
        (json.dumps(reply()).encode() + b"\n" + json.dumps(reply("another")).encode(), SAID),
        (json.dumps(reply()).encode() + b"\x00", SAID),
        (b"\xef\xbb\xbf" + json.dumps(reply()).encode(), SAID),
        (json.dumps(reply()).encode("utf-16"), SAID),
        (b"\n\n\n" + json.dumps(reply()).encode(), SAID),
        (json.dumps(reply())[:-1].encode() + b', "model": "other", "model": null}', SAID),
        (json.dumps(reply())[:-1].encode() + b', "deep": ' + DEEP + b"}", SAID),
        (json.dumps(reply())[:-1].encode() + b', "long": ' + b"9" * 10_000 + b"}", SAID),
        (json.dumps(reply())[:-1].encode() + b', "who": "\xff\xfe"}', SAID),
        (json.dumps(reply())[:-1].encode() + b', "tab": "a\tb"}', SAID),
    ],
)  # fmt: skip
def test_a_good_text_is_read_whatever_stands_beside_it(body: object, usage: Usage | None) -> None:
    found = read(body)
    assert (found.text, found.usage) == (TEXT, usage)
    assert isinstance(verdict(200, body if isinstance(body, bytes) else json.dumps(body).encode()), UsableAnswer)


@pytest.mark.parametrize(
    ("who", "body", "expected"),
    [
        (
            "Gemini",
            {
                "candidates": [
                    {
                        "content": {"parts": [{"text": "hm", "thought": True}, {"text": "A man."}], "role": "model"},
                        "finishReason": "MAX_TOKENS",
                    }
                ],
                "usageMetadata": {
                    "promptTokenCount": 9,
                    "candidatesTokenCount": 3,
                    "thoughtsTokenCount": 5,
                    "totalTokenCount": 17,
                },
                "modelVersion": "gemini-3",
            },
            Completion("A man.", "MAX_TOKENS", "gemini-3", Usage(9, 8)),
        ),
        (
            "Anthropic",
            {
                "type": "message",
                "model": "claude",
                "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "A man."}],
                "stop_reason": "end_turn",
                "usage": {"input_tokens": 9, "output_tokens": 3, "cache_read_input_tokens": 40},
            },
            Completion("A man.", "end_turn", "claude", Usage(49, 3, cached_tokens=40)),
        ),
        (
            "Ollama",
            {
                "model": "llama",
                "message": {"role": "assistant", "content": "A man."},
                "done": True,
                "done_reason": "length",
                "prompt_eval_count": 9,
                "eval_count": 3,
            },
            Completion("A man.", "length", "llama", Usage(9, 3)),
        ),
        (
            "Cohere",
            {"id": "x", "message": {"content": [{"type": "text", "text": "A man."}]}, "finish_reason": "COMPLETE"},
            Completion("A man.", "COMPLETE", ""),
        ),
        (
            "OpenAI's responses",
            {
                "model": "gpt",
                "status": "completed",
                "output": [
                    {"type": "reasoning", "summary": []},
                    {"type": "message", "content": [{"type": "output_text", "text": "A man."}]},
                ],
                "usage": {"input_tokens": 9, "output_tokens": 3, "input_tokens_details": {"cached_tokens": 4}},
            },
            Completion("A man.", "completed", "gpt", Usage(9, 3, cached_tokens=4)),
        ),
        (
            "a stream",
            b': PROCESSING\n\ndata: {"model": "m", "choices": [{"delta": {"role": "assistant", "content": "A "}}]}\n\n'
            b'data: {"choices": [{"delta": {"content": "man."}, "finish_reason": "stop"}]}\r\n\r\n'
            b'data: {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 3}}\n\ndata: [DONE]\n\n',
            Completion("A man.", "stop", "m", Usage(9, 3)),
        ),
        (
            "a stream that broke off",
            b'data: {"choices": [{"delta": {"content": "A "}}]}\n\ndata: {"choices": [{"del',
            Completion("A ", "interrupted", ""),
        ),
        ("a refusal", beside(content=None, refusal="No."), Completion("", "stop", "m", SAID, refusal="No.")),
        (
            "a refusal as a part",
            reply([{"type": "refusal", "refusal": "No."}]),
            Completion("", "stop", "m", SAID, refusal="No."),
        ),
        ("reasoning alone", beside(content=None, reasoning_content="hm"), Completion("", "stop", "m", SAID)),
        ("half a character", reply("A \ud83d."), Completion("A \ufffd.", "stop", "m", SAID)),
        ("two halves", reply("A \ud83d\ude00."), Completion("A 😀.", "stop", "m", SAID)),
        ("half of it in its name", reply("A.", model="m\udc00"), Completion("A.", "stop", "m\ufffd", SAID)),
        ("bytes that are no UTF-8", b'{"choices": [{"message": {"content": "caf\xe9"}}]}', Completion("caf\ufffd", "", "")),
    ],
)  # fmt: skip
def test_answers_in_other_forms_are_read_where_they_have_one_meaning(
    who: str, body: object, expected: Completion
) -> None:
    assert read(body) == expected, who


def test_a_prompt_that_gemini_blocked_is_filtered() -> None:
    found = read_completion(b'{"promptFeedback": {"blockReason": "SAFETY"}}')
    assert isinstance(found, Failure)
    assert (found.code, found.final) == ("filtered", True)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        # case 10, and who writes so
        ("<think>\nThe user wants a description.\n</think>\n\nA man.", "A man."),  # Qwen3, DeepSeek
        ("Okay, I look at it.\n</think>\n\nA man.", "A man."),  # a chat template that opens the block itself
        ("<think>\n\n</think>\n\nA man.", "A man."),  # /no_think
        ("  \n<think>hm</think>A man.", "A man."),
        ("<think>hm</think>", ""),
        ("<think>hm, and then", ""),
        ("<thinking>hm</thinking>\nA man.", "A man."),
        ("<reasoning>hm</reasoning>\nA man.", "A man."),
        ("<Thought>hm</Thought>\nA man.", "A man."),
        ("<seed:think>hm</seed:think>A man.", "A man."),  # Seed-OSS
        ("[THINK]hm[/THINK]A man.", "A man."),  # Magistral
        ("◁think▷hm◁/think▷A man.", "A man."),  # Kimi-VL
        ("<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>A man.<|END_RESPONSE|>", "A man."),  # Command A
        ("<think>hm</think>\n<answer>\nA man.\n</answer>", "A man."),  # Hunyuan
        ("<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>A man.<|return|>", "A man."),
        ("<|channel|>analysis<|message|>hm, and then", ""),
        ("<|start|>assistant<|channel|>final<|message|>A man.", "A man."),
        ("analysisWe need to describe it.assistantfinalA man.", "A man."),  # gpt-oss without its special tokens
        ("<think>one</think><think>two</think>A man.", "A man."),
        ("<think>I close with </think> A man. <think>more</think>", "A man. <think>more</think>"),
        # not the model's own block before its answer
        ("A man <think>hm</think> sits.", "A man <think>hm</think> sits."),
        ("A man.", "A man."),
        ("Analysis of the scene: a man and/or a boy.", "Analysis of the scene: a man and/or a boy."),
        ("analysis shows a man.", "analysis shows a man."),
        ("<st>man<ed> [0.1, 0.2, 0.3, 0.4] sits.", "<st>man<ed> [0.1, 0.2, 0.3, 0.4] sits."),
        ("A sign reads </think> in red letters.", "A sign reads </think> in red letters."),
        ('A sign that says "</think>" hangs there.', 'A sign that says "</think>" hangs there.'),
        ("The screen shows `[/THINK]` twice.", "The screen shows `[/THINK]` twice."),
        ("On the shirt is </thinking>, in white.", "On the shirt is </thinking>, in white."),
        ("I see it. </think> A man.", "A man."),
        ("I see it.</think>A man.", "A man."),
        ("So I describe it </think>\nA man.", "A man."),
        ("So I describe it </think> A man.", "A man."),
        ("Reasoning: a man sits, for he is tired.", "Reasoning: a man sits, for he is tired."),
        ('"<think" is on the wall.', '"<think" is on the wall.'),
        ("", ""),
        ("I think/feel that a man sits.", "I think/feel that a man sits."),
    ],
)  # fmt: skip
def test_a_block_of_reasoning_before_the_answer_is_taken_off(text: str, answer: str) -> None:
    assert without_reasoning(text) == answer
    assert read(reply(text)).text == answer


ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    (),
    *[
        (key,)
        for key in ("id", "object", "model", "usage", "choices", "service_tier", "error", "created", "candidates")
    ],
    *[("usage", key) for key in ("prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details")],
    *[("choices", 0, key) for key in ("finish_reason", "index", "message", "error", "text", "logprobs")],
    *[("choices", 0, "message", key) for key in ("content", "role", "refusal", "tool_calls", "reasoning")],
]
TEXTS_OWN = [(), ("choices",), ("choices", 0, "message"), ("choices", 0, "message", "content")]


def with_value(where: tuple[str | int, ...], value: object) -> object:
    data: Any = copy.deepcopy(reply())
    if not where:
        return value
    at = data
    for step in where[:-1]:
        at = at[step]
    at[where[-1]] = value
    return data


@given(st.sampled_from(FIELDS), ANY_JSON)
def test_a_text_survives_any_value_in_any_other_field(where: tuple[str | int, ...], value: object) -> None:
    body = json.dumps(with_value(where, value)).encode()
    found, judged = read_completion(body), verdict(200, body)
    assert isinstance(found, Completion | Failure)
    if where not in TEXTS_OWN:
        assert isinstance(found, Completion)
        assert found.text == TEXT
        assert isinstance(judged, UsableAnswer)
    if isinstance(found, Completion):
        found.text.encode()  # nothing is left that no file can hold
        for count in (found.usage.prompt_tokens, found.usage.completion_tokens) if found.usage else ():
            assert 0 <= count <= 2**24


@given(
    st.binary(max_size=300)
    | st.builds(bytes.__add__, st.just(json.dumps(reply()).encode()[:-1]), st.binary(max_size=30))
)
def test_any_bytes_are_read_or_a_failure(body: bytes) -> None:
    assert isinstance(read_completion(body), Completion | Failure)


@given(st.text(st.sampled_from("<think></think>[/THINK] a\n|channel>final<message"), max_size=60))
def test_taking_reasoning_off_never_raises_and_never_adds(text: str) -> None:
    assert without_reasoning(text) in ("", text) or without_reasoning(text).strip() in text


@pytest.mark.parametrize("number", [2, 128, 60_000])
def test_of_many_choices_the_first_is_read(number: int) -> None:
    body = of_choices(number)
    assert read_completion(body) == Completion("x", "", "", Usage(5, 3))
    assert verdict(200, body) == UsableAnswer(Usage(5, 3))


def test_choices_without_end_hold_nobody_up() -> None:
    body = of_choices(150_000)
    began = time.process_time()
    assert isinstance(read_completion(body), Failure)
    assert isinstance(verdict(200, body), UsableAnswer), "it was paid"
    assert time.process_time() - began < 0.1


def of_choices(number: int) -> bytes:
    choices = ",".join(['{"message":{"content":"x"}}'] * number)
    return f'{{"choices":[{choices}],"usage":{{"prompt_tokens":5,"completion_tokens":3}}}}'.encode()
