from pathlib import Path
from typing import Any, cast, get_args

import msgspec
import pytest
from openai.types.chat.chat_completion_content_part_text_param import ChatCompletionContentPartTextParam
from openai.types.chat.completion_create_params import CompletionCreateParamsBase, PromptCacheOptions
from openai.types.shared_params.reasoning_effort import ReasoningEffort

from svit.cost.prices import PriceTable
from svit.errors import SvitError
from svit.providers.openai.capabilities import Capabilities, ModelTable, Parameter, request_body
from svit.records import Effort, ImageContext, Message, Prompt, Sampling

DATA = Path(__file__).parents[1] / "data"
TEXT = (DATA / "models.yaml").read_text(encoding="utf-8")
TABLE = ModelTable.read(TEXT)
CONTEXT = ImageContext(1, "1.jpg", 10, 10, captions=("a dog",))


def prompt(model: str, *roles: str, max_tokens: int = 900, **sampling: Any) -> Prompt:
    messages = tuple(Message(role, f"text {n}") for n, role in enumerate(roles or ("system", "user")))  # type: ignore[arg-type]
    return Prompt("referring", messages, Sampling(model, max_tokens, **sampling), "v1", CONTEXT)


def body_of(asked: Prompt, *, reasoning_effort: Any = None, **options: Any) -> dict[str, object]:
    sampling = msgspec.structs.replace(asked.sampling, reasoning_effort=reasoning_effort)
    asked = msgspec.structs.replace(asked, sampling=sampling)
    return request_body(asked, TABLE.capabilities(asked.sampling.model), **options)


@pytest.mark.parametrize(
    ("model", "key"),
    [
        ("gpt-4o-mini", "max_tokens"),
        ("gpt-4.1-2025-04-14", "max_tokens"),
        ("Qwen/Qwen3-8B", "max_tokens"),
        ("gpt-oss-120b", "max_tokens"),
        ("gpt-5-mini", "max_completion_tokens"),
        ("gpt-5.4-mini-2026-03-17", "max_completion_tokens"),
        ("gpt-5.6-luna", "max_completion_tokens"),
        ("gpt-6-luna", "max_completion_tokens"),
        ("gpt-6.2-astra", "max_completion_tokens"),
    ],
)
def test_the_longest_answer_is_spelt_as_the_model_wants_it(model: str, key: str) -> None:
    body = body_of(prompt(model))
    assert body[key] == 900
    assert len({"max_tokens", "max_completion_tokens"} & body.keys()) == 1


@pytest.mark.parametrize("name", ["temperature", "top_p"])
@pytest.mark.parametrize(
    ("model", "effort", "accepted"),
    [
        ("gpt-4o", None, True),
        ("my-llama", None, True),
        ("my-llama", "high", True),
        ("gpt-5", None, False),
        ("gpt-5", "minimal", False),
        ("gpt-5.1", None, True),
        ("gpt-5.2", "low", False),
        ("gpt-5.4-nano", None, True),
        ("gpt-5.5", None, False),
        ("gpt-5.5", "none", True),
        ("gpt-5.6-luna", None, False),
        ("gpt-6-luna", None, False),
        ("gpt-6-luna", "medium", False),
        ("gpt-6-luna", "none", True),
        ("gpt-6.1-sol", "low", False),
    ],
)
def test_sampling_is_sent_where_it_is_accepted_and_refused_by_name_elsewhere(
    model: str, effort: Effort | None, accepted: bool, name: str
) -> None:
    settings: dict[str, Any] = {name: 0.7}
    asked = prompt(model, **settings)
    if accepted:
        assert body_of(asked, reasoning_effort=effort)[name] == 0.7
    else:
        with pytest.raises(SvitError, match=rf"^{model}: '{name}' is (not )?accepted"):
            body_of(asked, reasoning_effort=effort)


def test_the_way_out_of_refused_sampling_is_told_where_there_is_one() -> None:
    with pytest.raises(SvitError, match=r"set 'reasoning_effort: none'\.$"):
        body_of(prompt("gpt-6-luna", temperature=1.0))
    with pytest.raises(SvitError, match=r"'temperature' is not accepted\. Leave it out\.$"):
        body_of(prompt("gpt-6.1-sol", temperature=1.0))


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-6-luna", "my-llama"])
def test_a_setting_of_zero_is_a_setting(model: str) -> None:
    asked = prompt(model, temperature=0.0, seed=0)
    body = request_body(asked, TABLE.capabilities("any"))
    assert (body["temperature"], body["seed"]) == (0.0, 0)


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        (
            "gpt-6.1-sol",
            {"reasoning_effort": "none"},
            "'reasoning_effort: none'.*one of: low, medium, high, xhigh, max",
        ),
        ("gpt-5", {"reasoning_effort": "none"}, "'reasoning_effort: none'.*one of: minimal, low"),
        ("gpt-4o", {"reasoning_effort": "low"}, "'reasoning_effort: low' is not accepted. Leave it out"),
        ("gpt-4o", {"service_tier": "flex"}, "'service_tier: flex' is not accepted. Choose one of: default"),
        ("my-llama", {"service_tier": "flex"}, "'service_tier: flex' is not accepted. Leave it out"),
        ("gpt-5.5", {"caching": "prefix"}, "'caching: prefix' is not accepted. Choose one of: automatic"),
        ("my-llama", {"caching": "off"}, "'caching: off' is not accepted"),
    ],
)
def test_what_a_model_does_not_accept_is_refused_by_name(model: str, options: dict[str, str], words: str) -> None:
    with pytest.raises(SvitError, match=rf"^{model}: {words}"):
        body_of(prompt(model), **options)


def test_an_answer_longer_than_the_model_can_give_is_refused() -> None:
    assert body_of(prompt("gpt-6-luna", max_tokens=128_000))["max_completion_tokens"] == 128_000
    with pytest.raises(SvitError, match=r"^gpt-6-luna: 'max_tokens: 128001' is not accepted\. The most is 128000\.$"):
        body_of(prompt("gpt-6-luna", max_tokens=128_001))


def test_an_unknown_model_may_be_asked_for_any_effort() -> None:
    assert body_of(prompt("gpt-oss-120b"), reasoning_effort="low")["reasoning_effort"] == "low"


def test_a_body_is_whole_and_its_keys_are_in_one_order() -> None:
    asked = prompt("gpt-6-luna", temperature=0.2, top_p=0.9, seed=3)
    body = body_of(asked, reasoning_effort="none", service_tier="flex", caching="prefix")
    key = body.pop("prompt_cache_key")
    marked = {"type": "text", "text": "text 0", "prompt_cache_breakpoint": {"mode": "explicit"}}
    assert list(body.items()) == [
        ("model", "gpt-6-luna"),
        ("messages", [{"role": "system", "content": [marked]}, {"role": "user", "content": "text 1"}]),
        ("max_completion_tokens", 900),
        ("temperature", 0.2),
        ("top_p", 0.9),
        ("seed", 3),
        ("reasoning_effort", "none"),
        ("service_tier", "flex"),
        ("prompt_cache_options", {"mode": "explicit"}),
    ]
    assert isinstance(key, str)
    assert len(key) == 32


def test_nothing_is_sent_that_was_not_asked_for() -> None:
    assert list(body_of(prompt("gpt-6-luna"))) == ["model", "messages", "max_completion_tokens"]


def test_only_the_end_of_the_shared_prefix_is_marked() -> None:
    body = body_of(prompt("gpt-6-sol", "system", "user", "user"), caching="prefix")
    messages = body["messages"]
    assert isinstance(messages, list)
    assert [isinstance(message["content"], list) for message in messages] == [False, True, False]


def test_requests_that_share_a_prefix_share_a_cache_key_and_others_do_not() -> None:
    def key(*texts: str) -> object:
        messages = tuple(Message("user", text) for text in texts)
        asked = Prompt("t", messages, Sampling("gpt-6-luna", 9), "v", CONTEXT)
        return body_of(asked, caching="prefix")["prompt_cache_key"]

    assert key("a dog", "ask") == key("a dog", "describe") != key("a cat", "ask")


def test_where_the_context_comes_first_its_end_is_marked_and_it_names_the_cache() -> None:
    def body(*texts: str, shared: int = 1) -> dict[str, object]:
        messages = tuple(Message("user", text) for text in texts)
        asked = Prompt("t", messages, Sampling("gpt-6-luna", 9), "v", CONTEXT, shared=shared)
        return body_of(asked, caching="prefix")

    first, second = body("a dog", "be kind", "ask"), body("a dog", "be kind", "describe")
    assert [isinstance(each["content"], list) for each in cast(list[dict[str, object]], first["messages"])] == [
        True,
        False,
        False,
    ]
    assert first["prompt_cache_key"] == second["prompt_cache_key"] == body("a dog", "ask")["prompt_cache_key"]
    assert first["prompt_cache_key"] != body("a cat", "be kind", "ask")["prompt_cache_key"]
    assert first["prompt_cache_key"] != body("a dog", "be kind", "ask", shared=0)["prompt_cache_key"]


def test_without_caching_no_writes_are_paid() -> None:
    body = body_of(prompt("gpt-6-luna"), caching="off")
    assert body["prompt_cache_options"] == {"mode": "explicit"}
    assert "prompt_cache_breakpoint" not in str(body)
    assert "prompt_cache_key" not in body


@pytest.mark.parametrize("roles", [("user",), ("user", "assistant", "user")])
def test_a_prompt_without_a_prefix_that_can_be_marked_is_refused(roles: tuple[str, ...]) -> None:
    with pytest.raises(SvitError, match=r"^referring: 'caching: prefix' needs"):
        body_of(prompt("gpt-6-luna", *roles), caching="prefix")


def test_everything_is_spelt_as_the_openai_package_spells_it() -> None:
    asked = prompt("gpt-6-luna", temperature=0.2, top_p=0.9, seed=3)
    body = body_of(asked, reasoning_effort="none", service_tier="flex", caching="prefix")
    assert body.keys() <= CompletionCreateParamsBase.__annotations__.keys() | {"model"}
    assert "prompt_cache_breakpoint" in ChatCompletionContentPartTextParam.__annotations__
    assert "mode" in PromptCacheOptions.__annotations__
    assert set(get_args(Effort)) == set(get_args(get_args(ReasoningEffort)[0]))
    assert set(get_args(Parameter)) <= CompletionCreateParamsBase.__annotations__.keys()
    assert {"max_tokens", "max_completion_tokens"} <= CompletionCreateParamsBase.__annotations__.keys()


@pytest.mark.parametrize(
    ("model", "known"),
    [
        ("gpt-6-luna", {"cache_breakpoint": True, "context_window": 1_050_000, "default_effort": "medium"}),
        ("gpt-5.6-terra", {"cache_breakpoint": True, "context_window": None, "service_tiers": ("default", "flex")}),
        ("gpt-5.5", {"cache_breakpoint": False, "default_effort": None}),
        ("gpt-4o", {"reasoning_efforts": (), "batch": True, "service_tiers": ("default",)}),
        ("my-llama", {"reasoning_efforts": None, "batch": False, "service_tiers": (), "cache_breakpoint": False}),
        ("gpt-6-luna-2026-09-22", {"default_effort": "medium"}),
    ],
)
def test_what_is_known_of_a_model(model: str, known: dict[str, object]) -> None:
    capabilities = TABLE.capabilities(model)
    assert {name: getattr(capabilities, name) for name in known} == known


def test_an_unknown_model_is_any_openai_compatible_servers() -> None:
    assert TABLE.capabilities("my-llama") == Capabilities()


def test_a_server_comes_after_the_model() -> None:
    assert TABLE.capabilities("gpt-5").max_tokens_key == "max_completion_tokens"
    assert TABLE.capabilities("gpt-5", server="llama-cpp-python").max_tokens_key == "max_tokens"
    assert TABLE.capabilities("x", server="transformers").ignores == ("seed",)
    with pytest.raises(SvitError, match=r"no server 'vlm'\. Choose one of: azure, llama-cpp-python, .*, vllm\.$"):
        TABLE.capabilities("x", server="vlm")


def test_a_users_own_file_comes_last_key_by_key() -> None:
    own = """
models:
  my-deployment: {max_tokens_key: max_completion_tokens, accepts: []}
  "gpt-6-luna": {default_effort: none}
servers:
  corner-shop: {accepts: [temperature]}
"""
    table = ModelTable.read(TEXT, own)
    assert table.capabilities("my-deployment").accepts == ()
    luna = table.capabilities("gpt-6-luna")
    assert (luna.default_effort, luna.max_tokens_key) == ("none", "max_completion_tokens")
    assert table.capabilities("gpt-6-luna", server="llama-cpp-python").default_effort == "none"
    with pytest.raises(SvitError, match="'seed' is not accepted"):
        request_body(prompt("x", seed=1), table.capabilities("x", server="corner-shop"))


def test_a_later_pattern_replaces_an_earlier_one() -> None:
    table = ModelTable.read("models: {'a*': {batch: true, context_window: 5}, 'ab*': {batch: false}}")
    assert table.capabilities("abc") == Capabilities(context_window=5)
    assert not table.capabilities("abc").batch


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("models: {m: {acepts: [seed]}}", r"'models\.m\.acepts': there is no such key"),
        ("models: {m: {accepts: [sneed]}}", r"'models\.m\.accepts\.0': "),
        ("models: {m: {context_window: 0}}", r"'models\.m\.context_window': "),
        ("modules: {}", "'modules': there is no such key: did you mean 'models'"),
        ("models: [", "this is not YAML"),
        ("- 1", "Input should be"),
    ],
)
def test_a_wrong_entry_is_told_with_file_and_key(text: str, words: str) -> None:
    with pytest.raises(SvitError, match=rf"^data/models\.yaml: {words}"):
        ModelTable.read(text)
    with pytest.raises(SvitError, match=rf"^mine\.yaml: {words}"):
        ModelTable.read(TEXT, text, own_name="mine.yaml")


def test_every_priced_tier_can_be_asked_for() -> None:
    prices = PriceTable.read((DATA / "prices.yaml").read_text(encoding="utf-8"))
    for model, price in prices.prices.items():
        capabilities = TABLE.capabilities(model)
        assert ("flex" in capabilities.service_tiers) == (price.percent["flex"] < 100), model
        assert capabilities.batch == (price.percent["batch"] < 100), model
        assert capabilities.cache_breakpoint == (price.cache_write > price.input), model
