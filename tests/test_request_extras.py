import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from svit.config import RunConfig, read_config
from svit.errors import SvitError
from svit.providers.openai.capabilities import Capabilities, request_body
from svit.providers.openai.online import OnlineProvider
from svit.providers.openai.request_extras import headers_to_send, merged
from svit.records import ImageContext, Message, Prompt, Sampling
from svit.setup.chosen_provider import provider
from svit.setup.task_jobs import jobs
from svit.tasks import TASKS

CONTEXT = ImageContext(1, "1.jpg", 10, 10, captions=("a dog",))
QUIET = {"chat_template_kwargs": {"enable_thinking": False}}


def prompt(**extra: Any) -> Prompt:
    return Prompt("referring", (Message("user", "hi"),), Sampling("m", 9, extra_body=extra), "v1", CONTEXT)


def config(tmp_path: Path, text: str) -> RunConfig:
    file = tmp_path / "c.yaml"
    file.write_text(f"provider: openai\nmodel: m\nbase_url: http://127.0.0.1:9/v1\n{text}\n")
    return read_config(file, {})


def test_the_fields_go_into_every_request() -> None:
    body = request_body(prompt(**QUIET, top_k=20), Capabilities())
    assert body == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 9,
        **QUIET,
        "top_k": 20,
    }


def test_what_is_there_already_is_merged_name_by_name() -> None:
    assert merged({"a": {"b": 1, "c": 2}, "d": 1}, {"a": {"c": 3, "e": 4}, "d": 2}) == {
        "a": {"b": 1, "c": 3, "e": 4},
        "d": 2,
    }


def test_other_fields_make_another_prompt_and_none_leave_it_the_one_it_was(tmp_path: Path) -> None:
    without = Prompt("referring", (Message("user", "hi"),), Sampling("m", 9), "v1", CONTEXT)
    sent = msgspec.json.encode(without.sampling)
    assert sent == b'{"model":"m","max_tokens":9}', "an older run knows its prompts by this"
    assert prompt().id == without.id
    assert len({prompt().id, prompt(**QUIET).id, prompt(top_k=20).id}) == 3
    one = config(tmp_path, "extra_body: {b: {d: 1, c: 2}, a: 1}")
    other = config(tmp_path, "extra_body: {a: 1, b: {c: 2, d: 1}}")
    [first], [second] = (jobs(each, [TASKS["referring"]]) for each in (one, other))
    assert first.task.prompt(CONTEXT, first.recipe).id == second.task.prompt(CONTEXT, second.recipe).id
    [third] = jobs(config(tmp_path, ""), [TASKS["referring"]])
    assert first.fingerprint("x") == second.fingerprint("x") != third.fingerprint("x")


def test_who_verifies_has_fields_of_its_own(tmp_path: Path) -> None:
    asked = config(tmp_path, "extra_body: {top_k: 20}\nverify: {model: other, extra_body: {min_p: 0.1}}")
    [job] = jobs(asked, [TASKS["referring"]])
    assert job.verifier
    assert (job.recipe.sampling.extra_body, job.verifier.sampling.extra_body) == ({"top_k": 20}, {"min_p": 0.1})


def test_the_offline_writer_has_no_use_for_them(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("extra_body: {top_k: 20}")
    [job] = jobs(read_config(file, {}), [TASKS["referring"]])
    assert job.recipe.sampling.extra_body == {}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("extra_body: {messages: []}", "'extra_body': 'messages' is svit's own: the prompt files"),
        ("extra_body: {model: x}", "'model' is svit's own: set 'model'"),
        ("extra_body: {n: 4}", "'n' is svit's own"),
        ("extra_body: {stream: true}", "'stream' is svit's own"),
        ("extra_body: {max_tokens: 100000}", "'max_tokens' is svit's own: set it for each task"),
        ("extra_body: {max_completion_tokens: 9}", "'max_completion_tokens' is svit's own"),
        ("extra_body: {service_tier: flex}", "set 'service_tier'"),
        ("verify: {model: o, extra_body: {n: 2}}", "'verify.extra_body': 'n' is svit's own"),
        ("extra_body: [1]", "'extra_body'"),
        ("extra_body: {a: .nan}", "'a' has a value that JSON cannot hold"),
        ("extra_body: {a: {b: 2026-01-01}}", "'a.b' has a value that JSON cannot hold"),
        ("extra_body: {a: !!binary aGk=}", "JSON cannot hold"),
        ("extra_body: {a: 99999999999999999999}", "JSON cannot hold"),
        ("extra_body: {a: {1: x}}", "the name 1 in 'a' is no text"),
        ("extra_body: {a: &x [*x]}", "nested too deep"),
        ("extra_body: {api_key: sk-1}", "'api_key' looks like a secret"),
        ("extra_headers: {Authorization: Bearer abc123}", "'Authorization' looks like a secret"),
        ("extra_headers: {X-Api-Key: '0123456789'}", "${NAME_OF_IT}"),
        ("extra_headers: {Cookie: ''}", "'Cookie' looks like a secret"),
        ("extra_headers: {X-Team: Bearer abc}", "'X-Team' looks like a secret"),
        ("extra_headers: {X-Team: sk-abcdefghijkl}", "'X-Team' looks like a secret"),
        ("extra_headers: {Authorization: 'Bearer ${X}0123456789abcdefghijk'}", "'Authorization' looks like a secret"),
        ("extra_headers: {'X Team': a}", "'X Team' is no name of a header"),
        ("extra_headers: {X-Team: '${not a name}'}", "names no environment variable"),
        ("extra_headers: {Content-Length: '5'}", "svit sends 'Content-Length' itself"),
        ('extra_headers: {X-Team: "a\\r\\nX-Other: b"}', "no header can hold"),
        ("extra_headers: {X-Team: 5}", "'extra_headers.X-Team'"),
    ],
)
def test_what_may_not_be_sent_so_is_said_before_anything_is(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(SvitError) as caught:
        config(tmp_path, text)
    assert complaint in str(caught.value)
    assert "abc123" not in str(caught.value)


def test_a_header_takes_its_secret_from_the_environment_and_run_json_never_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROXY_KEY", "s3cret")
    asked = config(
        tmp_path, "extra_headers: {Proxy-Key: '${PROXY_KEY}', Authorization: 'Bearer ${PROXY_KEY}', X-Team: v}"
    )
    online = provider(asked, lambda _: None)
    assert isinstance(online, OnlineProvider)
    assert online.endpoint.headers == {"Proxy-Key": "s3cret", "Authorization": "Bearer s3cret", "X-Team": "v"}
    assert "s3cret" not in repr(online)
    assert "s3cret" not in json.dumps(asked.model_dump(mode="json"))


@pytest.mark.parametrize(("value", "words"), [("", "PROXY_KEY is not set"), ("a\nb", "PROXY_KEY has characters")])
def test_a_variable_that_cannot_be_sent_is_named(value: str, words: str) -> None:
    with pytest.raises(SvitError, match=words):
        headers_to_send({"X": "${PROXY_KEY}"}, {"PROXY_KEY": value})
