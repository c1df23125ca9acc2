"""What servers say and what is made of it: a row for each wording, with the name of who says it."""

import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svit.providers.base import Failure
from svit.providers.openai.error_body import error_body
from svit.providers.openai.error_kinds import kind_of
from svit.providers.openai.response_classification import verdict
from svit.providers.verdicts import RetryLater, StopRun, UsableAnswer
from svit.records import Usage


def bytes_of(body: object) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def error(code: str | None = None, *, message: str = "why", kind: str | None = None, param: str | None = None) -> bytes:
    return json.dumps({"error": {"message": message, "type": kind, "code": code, "param": param}}).encode()


def said(message: str, **more: object) -> dict[str, object]:
    return {"error": {"message": message, **more}}


@pytest.mark.parametrize(
    ("status", "body", "code", "patient", "overloaded"),
    [
        (429, error("rate_limit_exceeded"), "rate_limited", True, False),
        (429, error("slow_down"), "rate_limited", True, True),
        (429, b"", "rate_limited", True, False),
        (503, error("server_is_overloaded"), "overloaded", False, True),
        (503, b'{"error": {"code": 503, "message": "Loading model"}}', "overloaded", False, True),
        (529, b"{}", "overloaded", False, True),
        (500, error("server_error"), "server_error", False, False),
        (502, b"<html>Bad gateway</html>", "server_error", False, False),
        (504, b"", "server_error", False, False),
        (408, b"", "timeout", False, False),
        (409, b"", "conflict", False, False),
        (425, b"", "conflict", False, False),
        (423, b"", "conflict", False, False),
        (424, b'{"error": "Upstream failed"}', "server_error", False, False),
        (499, b"", "server_error", False, False),
        (520, b"<html><title>520: Web server is returning an unknown error</title></html>", "server_error", False, False),
        (524, b"error code: 524", "server_error", False, False),
        # words about what a model wrote, or what it runs on
        (500, said("invalid model response: missing key 'choices'"), "server_error", False, False),
        (502, said("The model server is unknown to the balancer"), "server_error", False, False),
        (500, said("unexpected EOF; the model is no longer running"), "server_error", False, False),
        # Groq, flex tier
        (498, said("Flex tier capacity exceeded. Please try again later.", code="capacity_exceeded"), "overloaded", False, True),
        # Anthropic
        (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, "overloaded", False, True),
        # Google: a quota of the whole project, with a reason that speaks of a rate
        (403, said("Quota exceeded", code=403, errors=[{"reason": "rateLimitExceeded"}]), "rate_limited", True, False),
        # AWS Bedrock behind a gateway
        (400, {"__type": "ThrottlingException", "code": "ThrottlingException", "message": "Too many tokens, please wait before trying again."}, "rate_limited", True, False),
        (500, {"detail": "Rate limit reached, slow down"}, "rate_limited", True, False),
        # DeepInfra
        (429, {"detail": {"error": "Model busy, retry later"}}, "rate_limited", True, False),
        # OpenAI, free tier: the way to a higher limit is no lack of money
        (429, said("Rate limit reached for gpt-4o on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in 20s. You can increase your rate limit by adding a payment method to your account at https://platform.openai.com/account/billing.", type="requests", code="rate_limit_exceeded"), "rate_limited", True, False),
        # OpenRouter, free models
        (429, said("Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests per day", code=429), "rate_limited", True, False),
        # Anthropic
        (429, {"type": "error", "error": {"type": "rate_limit_error", "message": "This request would exceed your organization's rate limit of 40,000 input tokens per minute."}}, "rate_limited", True, False),
        # Gemini says quota, plan and billing when it means the rate
        (429, [said("You exceeded your current quota, please check your plan and billing details. * Quota exceeded for metric: generativelanguage.googleapis.com/generate_content_paid_tier_input_token_count, limit: 1000000 Please retry in 33.8s.", code=429, status="RESOURCE_EXHAUSTED")], "rate_limited", True, False),
        (429, [said("Resource has been exhausted (e.g. check quota).", code=429, status="RESOURCE_EXHAUSTED")], "rate_limited", True, False),
        # Azure
        (429, said("Requests to the ChatCompletions_Create Operation have exceeded call rate limit of your current tier. Please retry after 10 seconds.", code="429"), "rate_limited", True, False),
        # a 500 that a server gets over, whatever else it says
        (500, said("The model is temporarily unavailable, please try again."), "overloaded", False, True),
        (503, said("No API key server is available, try again"), "overloaded", False, True),
        (500, said("Internal error: invalid pointer in model graph"), "server_error", False, False),
        # OpenRouter
        (400, said("Provider returned error", code=400, metadata={"raw": "The engine is currently overloaded"}), "overloaded", False, True),
    ],
)  # fmt: skip
def test_what_may_pass_is_asked_again(status: int, body: object, code: str, patient: bool, overloaded: bool) -> None:
    found = verdict(status, bytes_of(body))
    assert isinstance(found, RetryLater), found
    assert (found.code, found.patient, found.overloaded) == (code, patient, overloaded)


@pytest.mark.parametrize(
    ("body", "wait"),
    [
        ([said("... Please retry in 33.820058115s.", status="RESOURCE_EXHAUSTED")], 33.820058115),
        (said("Rate limit reached. Please try again in 20s."), 20.0),
        (said("Please try again in 250ms."), 0.25),
        (said("Please retry after 2 minutes"), 120.0),
        ([said("Slow", details=[{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "41s"}])], 41.0),
        (said("Slow down"), None),
    ],
)
def test_a_429_may_say_in_its_words_how_long_it_wants_to_be_left_alone(body: object, wait: float | None) -> None:
    found = verdict(429, bytes_of(body))
    assert isinstance(found, RetryLater)
    assert found.wait == pytest.approx(wait) if wait else found.wait is None


REFUSED, NO_CREDIT, NOT_ACCEPTED = "The endpoint refuses: ", "no credit left: ", "The endpoint does not accept "


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        # no money
        (429, error("insufficient_quota"), NO_CREDIT),
        (429, error("credit_balance_exhausted"), NO_CREDIT),
        (429, error("project_spend_limit_exceeded"), NO_CREDIT),
        (429, error(kind="insufficient_quota"), NO_CREDIT),
        (429, said("You exceeded your current quota, please check your plan and billing details."), NO_CREDIT),  # OpenAI
        (402, said("Insufficient Balance", type="unknown_error", code="invalid_request_error"), REFUSED),  # DeepSeek
        (402, said("This request requires more credits, or fewer max_tokens.", code=402), REFUSED),  # OpenRouter
        (402, {"error": "You have exceeded your monthly included credits for Inference Providers."}, REFUSED),  # HF
        (402, b"", REFUSED),
        (400, said("Your credit balance is too low to access the Anthropic API.", type="invalid_request_error"), NO_CREDIT),
        (400, said("Access denied, please make sure your account is in good standing.", code="Arrearage"), NO_CREDIT),  # Alibaba
        (403, said("The free tier of the model has been exhausted.", code="AllocationQuota.FreeTierOnly"), NO_CREDIT),  # Alibaba
        (429, said("Your account org-1 is suspended, please check your plan and billing details", type="exceeded_current_quota_error"), NO_CREDIT),  # Moonshot
        (429, said("余额不足或无可用资源包,请充值。", code="1113"), NO_CREDIT),  # Zhipu
        (429, {"code": "Some resource has been exhausted", "error": "Your team has either used all available credits or reached its monthly spending limit."}, NO_CREDIT),  # xAI
        (400, said("Budget has been exceeded! Current cost: 0.1, Max budget: 0.05", type="budget_exceeded", code="400"), NO_CREDIT),  # LiteLLM
        (403, said("用户额度不足, 剩余额度: 0", code="insufficient_user_quota"), NO_CREDIT),  # new-api
        (500, said("credit insufficient balance: balance=0 required=4560"), NO_CREDIT),
        (429, said("Your prepaid purse is empty. Please refill it in the console.", code="PURSE_EMPTY"), NO_CREDIT),
        (409, said("Invoice 2231 is unpaid; service is on hold"), NO_CREDIT),
        (403, said("Wallet empty"), NO_CREDIT),
        (429, [said("You exceeded your current quota, please check your plan and billing details. * Quota exceeded for metric: x_free_tier_requests, limit: 0 Please retry in 45s.", status="RESOURCE_EXHAUSTED")], NO_CREDIT),  # Gemini: that tier has none of it
        # the key
        (401, error("invalid_api_key", message="Incorrect API key"), "Incorrect API key"),
        (403, b'{"detail": "Not allowed"}', "Not allowed"),
        (400, [{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}}], "API key not valid"),  # Gemini
        (400, {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: ab***yz."}, "Incorrect API key"),  # xAI
        (400, [said("Missing or invalid Authorization header.", code=400)], "Missing or invalid Authorization"),  # Gemini
        (422, {"detail": "Unauthorized: the token has expired"}, "token has expired"),
        (400, {"error_code": "InvalidApiKey", "error_msg": "nope"}, "nope"),  # DashScope
        (500, said("Invalid API key given"), "Invalid API key"),
        (400, {"error": "invalid_request", "error_description": "The access token is expired"}, "access token is expired"),
        (400, said("User location is not supported for the API use.", status="FAILED_PRECONDITION"), "location"),  # Gemini
        (400, said("无效的令牌"), "无效的令牌"),  # one-api
        (403, said("Your account has been flagged for violating our usage policies"), REFUSED),
        (422, said("Token is invalid"), REFUSED),
        (400, said("The provided API key has an IP address restriction."), REFUSED),
        (400, said("This API is not available in your region"), REFUSED),
        (400, said("Your trial has expired. Please upgrade"), NO_CREDIT),
        (429, said("Quota exhausted: please purchase a plan"), NO_CREDIT),
        (400, said("No connected db.", type="no_db_connection", code="400"), REFUSED),  # LiteLLM: a key that it has not got
        # the model
        (400, {"detail": "Server is pinned to '/x'; requested 'nobody/nothing'."}, REFUSED),  # transformers serve
        (400, said("/chat/completions: Invalid model name passed in model=nobody. Call `/v1/models` to view available models", code="400"), REFUSED),  # LiteLLM
        (400, said("'x' is not a supported model"), REFUSED),
        (400, said("This model is only available to paid users"), REFUSED),
        (400, said("Model 'x' is not in the list of served models"), REFUSED),
        (400, said("Requested model has been sunset"), REFUSED),
        (404, error("model_not_found", message="no such model"), "no such model"),
        (404, said("model 'x' not found, try pulling it first", type="api_error"), "try pulling it first"),  # Ollama
        (400, said("m is not a valid model ID", code=400), "not a valid model ID"),  # OpenRouter
        (400, said("The model `gemma2-9b-it` has been decommissioned and is no longer supported.", code="model_decommissioned"), "decommissioned"),  # Groq
        (400, said("Model does not exist", type="invalid_request_error"), "does not exist"),  # SiliconFlow
        (400, said("Unknown model: gpt-9"), "Unknown model"),
        (400, {"success": False, "errors": [{"code": 7000, "message": "this model needs a paid plan"}]}, "paid plan"),  # Cloudflare
        (400, {"error": {"msg": "the model is not on your plan", "code": 1}}, "not on your plan"),
        (400, {"object": "error", "message": "Invalid model: mistral-huge", "type": "invalid_model", "code": "1500"}, "Invalid model"),  # Mistral
        (500, said("model not found: x"), "model not found"),
        (400, said("No models loaded. Please load a model in the developer page.", code="model_not_found"), "No models loaded"),  # LM Studio
        (400, {"message": "The provided model identifier is invalid."}, "model identifier is invalid"),  # Bedrock
        (400, said("模型不存在，请检查模型代码。", code="1211"), "模型不存在"),  # Zhipu
        (422, said("x", param="model"), "x"),
        # the address, or what stands before it
        (404, b"404 page not found", "404 page not found"),
        (405, {"detail": "Method Not Allowed"}, "HTTP 405: Method Not Allowed"),  # FastAPI
        (410, b"", "HTTP 410: no reason given"),
        (451, b"", REFUSED),
        (407, b"", REFUSED),
        (415, {"title": "Unsupported Media Type", "detail": "use application/json"}, "use application/json"),
        (511, b"<html><title>Log in to the hotel</title></html>", "Log in to the hotel"),
        (403, b"<html><head><title>Attention Required! | Cloudflare</title></head><body><h1>Sorry, you have been blocked</h1> by a content policy</body></html>", "you have been blocked"),
        (302, b"", "HTTP 302"),
        (101, b"", "HTTP 101"),
        (999, b"denied", "HTTP 999"),
        # a setting
        (400, error("unsupported_parameter", param="max_tokens"), NOT_ACCEPTED + "'max_tokens'"),
        (400, error("unsupported_value", param="temperature"), NOT_ACCEPTED + "'temperature'"),
        (400, b'{"object": "error", "message": "bad top_p", "param": "top_p", "code": 400}', NOT_ACCEPTED + "'top_p'"),
        (422, {"object": "error", "message": {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted", "input": 1}]}, "type": "invalid_request_error"}, NOT_ACCEPTED + "'seed'"),  # Mistral
        (400, {"object": "error", "message": "[{'type': 'extra_forbidden', 'loc': ('body', 'max_completion_tokens'), 'msg': 'Extra inputs are not permitted', 'input': 8192}]", "type": "BadRequestError", "code": 400}, NOT_ACCEPTED + "'max_completion_tokens'"),  # vLLM
        (400, said("Unrecognized request argument supplied: reasoning_effort"), NOT_ACCEPTED + "'reasoning_effort'"),
        (400, [said('Invalid JSON payload received. Unknown name "seed": Cannot find field.', status="INVALID_ARGUMENT")], NOT_ACCEPTED + "'seed'"),  # Gemini
        (400, said("property 'seed' is unsupported, did you mean 'stop'?"), NOT_ACCEPTED + "'seed'"),  # Groq
        (500, said("create_chat_completion() got an unexpected keyword argument 'chat_template_kwargs'"), NOT_ACCEPTED + "'chat_template_kwargs'"),  # llama-cpp-python
        (400, said("litellm.UnsupportedParamsError: openai does not support parameters: ['seed'], for model=x"), NOT_ACCEPTED + "'seed'"),  # LiteLLM
        (422, {"detail": [{"type": "less_than_equal", "loc": ["body", "temperature"], "msg": "Input should be less than or equal to 1"}]}, NOT_ACCEPTED + "'temperature'"),  # FastAPI
        (400, said("max_tokens is too large: 6000. This model supports at most 4096 completion tokens, whereas you provided 6000.", param="max_tokens"), NOT_ACCEPTED + "'max_tokens'"),  # OpenAI
        (400, said("`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens` is less than the `context_window` for this model"), NOT_ACCEPTED + "'max_tokens'"),  # Groq
        (400, said("max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens for claude-3-5"), NOT_ACCEPTED + "'max_tokens'"),  # Anthropic
        (400, said("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]"), NOT_ACCEPTED + "'max_tokens'"),  # DeepSeek
        (400, said("Range of max_tokens should be [1, 8192]"), NOT_ACCEPTED + "'max_tokens'"),  # Alibaba
        (400, said("The parameter `max_completion_tokens` specified in the request are not valid: integer above maximum value, expected a value <= 12288, but got 32000 instead.", code="InvalidParameter", param="max_completion_tokens"), NOT_ACCEPTED + "'max_completion_tokens'"),  # Doubao
        (400, said("Param Incorrect", type="upstream_error", param="max_tokens is too large: 1048576. This model supports at most 131072 completion tokens", code="400"), NOT_ACCEPTED + "'max_tokens'"),  # a router
        (400, {"object": "error", "message": "'max_tokens' is too large: 5000. This model's maximum context length is 4096 tokens and your request has 30 input tokens (5000 > 4096 - 30).", "code": 400}, NOT_ACCEPTED + "'max_tokens'"),  # vLLM
        (400, said("temperature: range: -1..1"), NOT_ACCEPTED + "'temperature'"),
        (400, said("`top_p` and `temperature` cannot both be specified for this model"), NOT_ACCEPTED),
        (400, said("Argument not supported: top_k"), NOT_ACCEPTED + "'top_k'"),
        (422, said("[{'type': 'literal_error', 'loc': ('body', 'reasoning_effort'), 'msg': 'Input should be low'}]"), NOT_ACCEPTED + "'reasoning_effort'"),
        (416, said("max_completion_tokens is limited for this model"), NOT_ACCEPTED + "'max_completion_tokens'"),  # Scaleway
    ],
)  # fmt: skip
def test_what_no_other_request_would_pass_stops_the_run(status: int, body: object, words: str) -> None:
    found = verdict(status, bytes_of(body))
    assert isinstance(found, StopRun), found
    assert words in found.words


AZURE_FILTER = b"""{"error": {"message": "The prompt was filtered.", "type": null, "param": "prompt", "code": %s,
  "status": 400, "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {
  "hate": {"filtered": false, "severity": "safe"}, "violence": {"filtered": true, "severity": "medium"}}}}}"""
LENGTH = "This model's maximum context length is 4096 tokens. However, you requested 5100 tokens (3076 in the messages, 2024 in the completion)."

FILTERED = [
    ("OpenAI", 400, error("content_filter")),
    ("OpenAI", 400, error("invalid_prompt")),
    ("Azure", 400, AZURE_FILTER % b'"content_filter"'),
    ("Azure", 400, AZURE_FILTER % b"null"),
    ("Azure through LiteLLM", 400, said("litellm.ContentPolicyViolationError: AzureException - The response was filtered due to the prompt triggering Azure OpenAI's content management policy.", code="400")),
    ("OpenRouter", 403, said('anthropic/claude requires moderation on OpenAI. Your input was flagged for "violence"', code=403, metadata={"reasons": ["violence"], "flagged_input": "..."})),
    ("xAI", 403, {"code": "The caller does not have permission", "error": "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO"}),
    ("Alibaba", 400, said("Input data may contain inappropriate content.", code="data_inspection_failed", type="data_inspection_failed")),
    ("Zhipu", 400, said("系统检测到输入或生成内容可能包含不安全或敏感内容", code="1301")),
    ("DeepSeek", 400, said("Content Exists Risk", type="invalid_request_error")),
    ("Moonshot", 400, said("The request was rejected because it was considered high risk", type="content_filter")),
    ("Gemini", 400, [said("The prompt was blocked", status="PROHIBITED_CONTENT")]),
    ("Bedrock", 400, {"message": "Guardrail intervened on the input"}),
    ("OpenAI", 400, said("Your request was rejected as a result of our safety system.")),
    ("Alibaba", 400, said("Output data may contain inappropriate content.")),
    ("MiniMax", 400, said("Sorry, the content involves sensitive topics")),
    ("Hunyuan", 400, said("The content you provided or machine outputted is blocked.")),
    ("a gateway's 500", 500, said("Blocked by content policy", code="content_policy_violation")),
    ("a gateway's 451", 451, said("Blocked by the safety filter")),
    ("a shield's 403", 403, said("Blocked by the family-friendly shield")),
    ("Google's video API", 400, said("PUBLIC_ERROR_UNSAFE_GENERATION", code=400)),
    ("an image service", 400, said("NSFW prompt")),
]  # fmt: skip
TOO_LONG = [
    ("OpenAI", 400, said(LENGTH, type="invalid_request_error", param="messages", code="context_length_exceeded")),
    ("OpenAI", 400, said("Your input exceeds the context window of this model. Please adjust your input and try again.")),
    ("OpenAI", 400, said("Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 509178 tokens.")),
    ("OpenAI", 400, said("Invalid 'messages[0].content': string too long. Expected a string with maximum length 1048576.", code="string_above_max_length", param="messages[0].content")),
    ("OpenAI 429", 429, said("Request too large for gpt-4o in organization org-1 on tokens per min (TPM): Limit 30000, Requested 40000. The input or output tokens must be reduced.", type="tokens", code="rate_limit_exceeded")),
    ("vLLM", 400, {"object": "error", "message": LENGTH, "type": "BadRequestError", "param": None, "code": 400}),
    ("vLLM, newer", 400, said("This model's maximum context length is 4096 tokens. However, your request has 5100 input tokens.", type="BadRequestError", param="input_tokens", code=400)),
    ("vLLM, decoder", 400, {"object": "error", "message": "The decoder prompt (length 5100) is longer than the maximum model length of 4096.", "code": 400}),
    ("vLLM, no room", 400, {"object": "error", "message": "max_tokens must be at least 1, got -12.", "code": 400}),
    ("vLLM, the answer", 400, {"object": "error", "message": "'max_tokens' or 'max_completion_tokens' is too large: 2000. This model's maximum context length is 4096 tokens and your request has 3000 input tokens (2000 > 4096 - 3000).", "param": "max_tokens", "code": 400}),
    ("llama.cpp", 400, said("request (5100 tokens) exceeds the available context size (4096 tokens), try increasing it", code=400, type="exceed_context_size_error", n_ctx=4096)),
    ("invented: permitted", 422, {"message": "your prompt has 9000 tokens but only 8192 are permitted"}),
    ("invented: fits", 400, {"detail": "Sequence of 5120 does not fit the engine's 4096"}),
    ("invented: French", 400, said("Le texte fourni est trop long pour ce modèle (9000 jetons, 8192 au plus).")),
    ("invented: German", 400, said("Der Prompt ist zu lang.")),
    ("ds4", 400, said("Prompt tokens (9312) exceeds context size (8192)", type="context_exceeded")),
    ("llama.cpp, older", 500, said("the request exceeds the available context size. try increasing the context size or enable context shift", code=500, type="server_error")),
    ("llama-cpp-python", 500, said("Requested tokens (2070) exceed context window of 2048", type="internal_server_error")),
    ("SGLang", 400, {"object": "error", "message": "The input (5100 tokens) is longer than the model's context length (4096 tokens).", "code": 400}),
    ("SGLang", 400, {"object": "error", "message": "Requested token count exceeds the model's maximum context length of 4096 tokens.", "code": 400}),
    ("TGI", 422, {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 3300 and 2000", "error_type": "validation"}),
    ("Groq", 413, said("Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 7400, please reduce your message size and try again.", type="tokens", code="rate_limit_exceeded")),
    ("Groq", 400, said("Please reduce the length of the messages or completion.", code="context_length_exceeded", param="messages")),
    ("DeepSeek", 400, said(LENGTH, code="invalid_request_error")),
    ("Anthropic", 400, said("prompt is too long: 205000 tokens > 200000 maximum", type="invalid_request_error")),
    ("Anthropic", 400, said("input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease input length or `max_tokens` and try again")),
    ("Anthropic", 413, {"type": "error", "error": {"type": "request_too_large", "message": "Request exceeds the maximum allowed number of bytes"}}),
    ("TensorRT-LLM", 400, said("The sum of prompt length (9351.0), query length (0) should not exceed max_num_tokens (8192)")),
    ("TensorRT-LLM", 500, {"detail": "Encountered an error when fetching new request: Prompt length (5056) exceeds maximum input length (2048)"}),
    ("TensorRT-LLM", 400, {"object": "error", "message": "Default max_tokens (-955) should be greater than 0", "code": 400}),
    ("Mistral", 400, {"object": "error", "message": "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length", "type": "invalid_request_error", "code": "3051"}),
    ("Gemini", 400, [said("The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).", code=400, status="INVALID_ARGUMENT")]),
    ("Vertex", 400, said("Unable to submit request because the input token count is 2000000 but model only supports up to 1048576. Reduce the input token count and try again.")),
    ("xAI", 400, {"code": "invalid-argument", "error": "This model's maximum prompt length is 131072 but the request contains 537812 tokens."}),
    ("OpenRouter", 400, said("This endpoint's maximum context length is 32768 tokens. However, you requested about 40000 tokens. Please reduce the length or use the middle-out transform.", code=400)),
    ("OpenRouter, of another", 400, said("Provider returned error", code=400, metadata={"raw": json.dumps(said("prompt is too long: 205000 tokens > 200000 maximum")), "provider_name": "Anthropic"})),
    ("Cohere", 400, {"message": "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000. Try using a shorter prompt."}),
    ("Bedrock", 400, {"message": "Input is too long for requested model."}),
    ("Bedrock", 400, {"message": "The request payload size has exceed context limit."}),
    ("Together", 422, said("Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000 `inputs` tokens and 900 `max_new_tokens`", type="invalid_request_error", param="max_tokens")),
    ("Fireworks", 400, {"fault": None, "error": {"object": "error", "type": "invalid_request_error", "message": "The prompt is too long: 40000, model maximum context length: 32767"}}),
    ("LM Studio", 400, {"error": "Trying to keep the first 4662 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens"}),
    ("LM Studio", 400, {"error": "The number of tokens to keep from the initial prompt is greater than the context length. Try to load the model with a larger context length"}),
    ("Ollama", 400, {"error": "prompt too long; exceeded max context length by 512 tokens"}),
    ("Ollama", 500, {"error": "the input length exceeds the context length"}),
    ("GitHub Models", 413, said("Request body too large for gpt-4o model. Max size: 8000 tokens.", code="tokens_limit_reached")),
    ("Copilot", 400, said("prompt token count of 140000 exceeds the limit of 128000", code="model_max_prompt_tokens_exceeded")),
    ("MiniMax", 400, said("invalid params, context window exceeds limit (2013)")),
    ("Moonshot", 400, said("Invalid request: Your request exceeded model token limit: 8192 (requested: 9000)")),
    ("Alibaba", 400, said("<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 30720]")),
    ("Zhipu", 400, said("Prompt 超长", code="1261")),
    ("SambaNova", 400, said("Requested generation length 500 is not possible! The provided prompt is 4000 tokens long, so generating 500 tokens requires a sequence length of 4500, but the maximum supported sequence length is just 4096!")),
    ("watsonx", 400, {"errors": [{"code": "invalid_input_argument", "message": "the number of input tokens 4500 cannot exceed the total tokens limit 4096 for this model"}]}),
    ("Databricks", 400, {"error_code": "BAD_REQUEST", "message": "prompt token count (4600) cannot exceed 4096"}),
    ("LiteLLM", 400, said("litellm.ContextWindowExceededError: ...", code="400", type="ContextWindowExceededError")),
    ("TabbyAPI", 422, {"detail": "Prompt length 5000 is greater than max_seq_len 4096"}),
    ("xAI, of a batch", 400, said("tokens in request more than max tokens allowed")),
    ("DeepInfra", 400, said("Please ensure the total token count of prompt and completion is at most 8192")),
    ("MLX", 400, said("Requested generation exceeds the KV cache size: prompt 9000 > 8192")),
    ("a gateway", 400, said("messages exceed maximum number of tokens")),
    ("a gateway", 400, said("The context has 9000 tokens which is over the 8192 limit")),
    ("Baidu", 400, {"error_code": 336007, "error_msg": "the max input characters is 20000"}),
    ("a gateway", 400, said("input_tokens too large")),
    ("vLLM, of parts", 400, said("You passed 9000 input tokens and requested 1000 output tokens. However, the model's context length is only 8192 tokens")),
    ("nginx", 413, b"<html>\r\n<head><title>413 Request Entity Too Large</title></head><body><center><h1>413 Request Entity Too Large</h1></center></body></html>"),
    ("a bare one", 413, b""),
]  # fmt: skip
UNKNOWN = [
    ("text", 400, {"error": "something odd"}),
    ("FastAPI", 422, {"detail": [{"loc": ["body"], "msg": "odd"}]}),
    ("FastAPI, one message", 422, {"detail": [{"type": "string_type", "loc": ["body", "messages", 0, "content"], "msg": "Input should be a valid string"}]}),
    ("roles", 400, said("Conversation roles must alternate user/assistant/user/assistant/...", param="messages")),
    ("a model's output", 422, said("Model output is invalid JSON")),
    ("a model's answer", 400, said("No model response could be parsed")),
    ("a model's generation", 400, said("The model generation is not valid")),
    ("a key of a message", 400, said("Missing required key 'content' in messages[1]")),
    ("a token of a text", 400, said("Invalid token id 151655 in prompt")),
    ("nothing", 400, b""),
    ("teapot", 418, b"short and stout"),
    ("a request's echo", 400, {"detail": [{"loc": ["body"], "msg": "odd", "input": "the prompt is too long, your API key is invalid and the model does not exist"}]}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        *(pytest.param(status, body, "filtered", id=f"filtered-{who}") for who, status, body in FILTERED),
        *(pytest.param(status, body, "context_length_exceeded", id=f"long-{who}") for who, status, body in TOO_LONG),
        *(pytest.param(status, body, "bad_request", id=f"unknown-{who}") for who, status, body in UNKNOWN),
    ],
)
def test_what_is_wrong_with_one_image_is_final_for_it_and_cost_nothing(status: int, body: object, code: str) -> None:
    found = verdict(status, bytes_of(body))
    assert isinstance(found, Failure), found
    assert (found.code, found.final, found.free) == (code, True, True)


@pytest.mark.parametrize(
    "message",
    [
        "Rate limit reached for m on tokens per min (TPM): Limit 6000, Used 5000, Requested 2000. Please try again in 6s.",
        "Number of request tokens has exceeded your per-minute rate limit",
        "Too many tokens, please wait before trying again.",
    ],
)
def test_a_429_about_tokens_that_would_fit_later_is_waited_for(message: str) -> None:
    assert isinstance(verdict(429, bytes_of(said(message))), RetryLater)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        # case 07: OpenRouter
        ({"id": None, "choices": None, "error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": "Too Many Requests"}}}, "rate_limited"),
        ({"error": {"message": "Provider returned error", "code": 502}}, "server_error"),
        ({"error": {"message": "Insufficient credits", "code": 402}}, "Stop: HTTP 200 with error 402: Insufficient credits"),
        ({"choices": [{"index": 0, "finish_reason": "error", "error": {"code": 502, "message": "Upstream error"}, "message": {"role": "assistant", "content": ""}}]}, "server_error"),
        ({"choices": [{"error": {"code": 503, "message": "no instance"}, "finish_reason": "error"}]}, "overloaded"),
        ({"choices": [], "error": {"code": "429", "message": "slow"}}, "rate_limited"),
        ({"error": {"message": "x is not a valid model ID", "code": 400}}, "Stop: x is not a valid model ID"),
        ({"error": {"message": "This endpoint's maximum context length is 4096 tokens", "code": 400}}, "context_length_exceeded"),
        ({"error": {"message": "Your input was flagged", "code": 403}}, "filtered"),
        # LM Studio
        ({"error": "Unexpected endpoint or method. (POST /chat/completions)"}, "Stop: Unexpected endpoint"),
        # without a code: the words, or else the server's own fault
        ({"error": "Something broke"}, "server_error"),
        ({"error": {"type": "overloaded_error", "message": "Overloaded"}}, "overloaded"),
        ({"error": {"code": "rate_limit_exceeded", "message": "slow"}}, "rate_limited"),
        ({"error": {"code": "content_filter", "message": "no"}}, "filtered"),
        ({"success": False, "errors": [{"message": "Incorrect API key"}]}, "Stop: Incorrect API key"),
        ({"detail": "Unauthorized"}, "Stop: Unauthorized"),
        ({"object": "error", "message": LENGTH}, "context_length_exceeded"),
        # MiniMax
        ({"choices": None, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, "Stop: insufficient balance"),
        ({"choices": None, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}}, "rate_limited"),
        ({"choices": None, "base_resp": {"status_code": 1026, "status_msg": "input new_sensitive"}}, "filtered"),
        # Gemini
        ({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 9}}, "filtered"),
        ({"choices": [{"message": {"content": None}, "finish_reason": "content_filter"}]}, "filtered"),
        # no completion at all
        (b"<!DOCTYPE html><html><title>Free WiFi</title><body>Log in</body></html>", "Stop: a web page, not with a completion"),
        (b"\n\n<html>", "Stop: a web page"),
        (b"<?xml version='1.0'?><Error><Message>NoSuchBucket</Message></Error>", "Stop: NoSuchBucket"),
        (b"OK", "Stop: plain text"),
        (b"  ", "empty_reply"),
        (b"", "empty_reply"),
        ({"status": "ok"}, "Stop: JSON that is no completion"),
        (b"null", "Stop: JSON that is no completion"),
        (b"[]", "Stop: JSON that is no completion"),
        (b"data: {\"error\": {\"code\": 401, \"message\": \"No auth credentials found\"}}\n\n", "Stop: No auth credentials"),
    ],
)  # fmt: skip
def test_an_error_within_a_200_counts_as_what_it_is(body: object, code: str) -> None:
    found = verdict(200, bytes_of(body))
    if isinstance(found, StopRun):
        assert code.startswith("Stop: ")
        assert code.removeprefix("Stop: ") in found.words
    else:
        assert isinstance(found, RetryLater | Failure), found
        assert found.code == code
        assert isinstance(found, RetryLater) or found.free


def completion(**changed: object) -> dict[str, object]:
    choice = {"message": {"role": "assistant", "content": "A man."}, "finish_reason": "stop"}
    return {"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 2}, **changed}


@pytest.mark.parametrize(
    ("body", "usage", "unknown"),
    [
        (completion(), Usage(7, 2), ""),
        (completion(usage=None), None, ""),
        (completion(usage={"prompt_tokens": 2**40, "completion_tokens": 2}), None, ""),
        (completion(usage={"prompt_tokens": 7.0, "completion_tokens": 2.0}), Usage(7, 2), ""),
        (completion(usage={"prompt_tokens": 0, "completion_tokens": 0}), None, ""),
        (completion(error={"code": 500, "message": "beside a good text"}), Usage(7, 2), ""),
        (completion(choices=[{"message": {"content": "Hi"}, "finish_reason": "tired"}]), Usage(7, 2), "tired"),
        (completion(choices=[{"message": {"content": "Hi"}, "finish_reason": "MAX_TOKENS"}]), Usage(7, 2), ""),
        # an answer without a text that tokens were spent on was paid
        (completion(choices=[{"message": {"content": ""}, "finish_reason": "error", "error": {"code": 502}}]), Usage(7, 2), ""),
        (completion(choices=[{"message": {"content": None, "refusal": "No."}}], usage=None), None, ""),
        (completion(choices=[]), Usage(7, 2), ""),
        # so was an error that speaks of tokens that were written
        ({"error": {"message": "Output parser failed", "code": 500}, "usage": {"prompt_tokens": 7, "completion_tokens": 2}}, Usage(7, 2), ""),
        ({"error": {"message": "Invalid API key"}, "usage": {"input_tokens": 7, "output_tokens": 2}}, Usage(7, 2), ""),
        ({"detail": "post-processing failed", "usage": {"prompt_tokens": 7, "completion_tokens": 2}}, Usage(7, 2), ""),
        # and an answer that speaks of errors
        (completion(choices=[{"message": {"content": '{"error": {"message": "Invalid API key", "code": 401}}'}}]), Usage(7, 2), ""),
        (completion(choices=[{"message": {"content": "The error says: model not found."}}], error=None), Usage(7, 2), ""),
        (completion(choices=[{"message": {"content": "HTTP 402 Payment Required"}}], error={}, usage=None), None, ""),
        (b'{"choices": [{"message": {"content": "cut o', None, ""),
        (b'{"id": "x", "object": "chat.completion"}', None, ""),
        (b'\xef\xbb\xbf{"choices": [{"message": {"content": "Hi"}}]}', None, ""),
        (b'data: {"choices": [{"delta": {"content": "Hi"}}]}\n\ndata: [DONE]\n', None, ""),
        ({"content": [{"type": "text", "text": "Hi"}], "usage": {"input_tokens": 5, "output_tokens": 1}}, Usage(5, 1), ""),
    ],
)  # fmt: skip
def test_what_is_or_may_be_a_paid_completion_is_handed_on(body: object, usage: Usage | None, unknown: str) -> None:
    assert verdict(200, bytes_of(body)) == UsableAnswer(usage, unknown)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "one"}}, "one"),
        ([{"error": {"message": "one"}}], "one"),
        ({"error": "one"}, "one"),
        ({"errors": [{"code": 1, "message": "one"}, {"message": "two"}]}, "one; two"),
        ({"error": {"msg": "one"}}, "one"),
        ({"detail": "one"}, "one"),
        ({"detail": [{"loc": ["body", "seed"], "msg": "one"}]}, "seed: one"),
        ({"detail": {"error": {"message": "one"}}}, "one"),
        ({"message": "one"}, "one"),
        ({"message": {"detail": [{"msg": "one"}]}}, "one"),
        ({"object": "error", "message": "one", "code": 40303}, "one"),
        ({"error_msg": "one", "error_code": 17}, "one"),
        ({"error": "invalid_grant", "error_description": "one"}, "one"),
        ({"error": {"message": "Provider returned error", "metadata": {"raw": "one"}}}, "Provider returned error: one"),
        ({"error": {"message": '{"error": {"message": "one"}}'}}, "one"),
        ({"title": "Bad", "detail": "one", "status": 400}, "one"),
        ({"success": False, "result": None, "messages": [], "errors": []}, ""),
        ({"error": {"code": "odd_code"}}, "odd_code"),
        ({"whatever": {"here": ["one"]}}, "here one"),
        ({"error": {"message": 7}}, ""),
        ({"error": None}, ""),
        (b"", ""),
        (b"one\x1b[31m two\x00", "one [31m two"),
        (b"caf\xe9", "caf\ufffd"),
        (b"<html><style>p{}</style><title>502 Bad Gateway</title><h1>one</h1></html>", "502 Bad Gateway 502 Bad Gateway one"),
        (b"<html><!-- no --><p>one - two</p><script>var a = 1 < 2;</script></html>", "one - two"),
        (b"<Error><Code>NoSuchKey</Code><Message>one</Message></Error>", "NoSuchKey one"),
        ({"error": {"message": "x" * 900}}, "x" * 497 + "..."),
        ({"error": {"message": "Incorrect API key provided: sk-proj-abcdefghijklmnop1234"}}, "Incorrect API key provided: sk-p..."),
    ],
)  # fmt: skip
def test_the_words_are_found_in_a_body_of_any_shape(body: object, words: str) -> None:
    assert error_body(bytes_of(body)).words == words


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from("error message code choices detail errors metadata raw content usage type loc".split())
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.integers(-5, 1200), st.binary(max_size=200) | ANY_JSON.map(lambda data: json.dumps(data).encode()))
def test_every_answer_has_a_verdict(status: int, body: bytes) -> None:
    found = verdict(status, body)
    assert isinstance(found, UsableAnswer | RetryLater | Failure | StopRun)
    if not isinstance(found, UsableAnswer):
        assert len(found.words) < 700
        assert not re.search("[\x00-\x1f\x7f-\x9f]", found.words)


@given(ANY_JSON.filter(lambda data: isinstance(data, dict)))
def test_where_there_are_words_they_are_said(data: object) -> None:
    body = json.dumps({"deep": data, "said": "the reason"}).encode()
    assert error_body(body).words.strip()
    assert kind_of(error_body(body))


@pytest.mark.parametrize(
    "piece",
    [b"<", b"<script>", b"<!--", b"[", b'{"a":', b'"', b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n', b"no api max_tokens input "],
)  # fmt: skip
def test_no_body_however_odd_is_looked_at_for_long(piece: bytes) -> None:
    body = piece * (2_000_000 // len(piece))
    began = time.process_time()
    for status in (200, 400, 500):
        verdict(status, body)
    assert time.process_time() - began < 3
