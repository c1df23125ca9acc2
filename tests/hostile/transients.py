"""Replies that say: not now. And those that say that the prompt is too long, or not liked."""

from .refusals import _CLOUDFLARE, _NGINX
from .rows import Bill, End, Row, chat, error, html, http

_MAX = "This model's maximum context length is 4096 tokens. However, you requested 5100 tokens (3076 in the messages, 2024 in the completion)."

_NOT_NOW = (
    ("429 openai", http(429, error("Rate limit reached for m on requests per min.", type="requests", code="rate_limit_exceeded"), Retry_After="1")),
    ("429 without a word", http(429)),
    ("429 retry after 0", http(429, b"", Retry_After="0")),
    ("429 retry after -1", http(429, b"", Retry_After="-1")),
    ("429 retry after garbage", http(429, b"", Retry_After="soon")),
    ("429 retry after nan", http(429, b"", Retry_After="nan")),
    ("429 retry after a date gone by", http(429, b"", Retry_After="Wed, 21 Oct 2015 07:28:00 GMT")),
    ("429 retry after a date that is none", http(429, b"", Retry_After="Wed, 99 Foo 2015 99:99:99 GMT")),
    ("429 retry after ms", http(429, b"", Retry_After_Ms="300")),
    ("429 html", html(429, _CLOUDFLARE.format("1015", "You are being rate limited"))),
    ("429 gemini", http(429, [{"error": {"code": 429, "message": "Resource has been exhausted (e.g. check quota).", "status": "RESOURCE_EXHAUSTED"}}], Retry_After="1")),
    ("429 anthropic", http(429, {"type": "error", "error": {"type": "rate_limit_error", "message": "Number of request tokens has exceeded your per-minute rate limit"}})),
    ("429 mistral", http(429, {"message": "Requests rate limit exceeded"})),
    ("429 litellm", http(429, error("No deployments available for selected model. Try again in 1 seconds.", type="None", param="None", code="429"))),
    ("429 headers of zero", http(429, b"", x_ratelimit_remaining_requests="0", x_ratelimit_reset_requests="1s")),
    ("429 headers of garbage", http(429, b"", x_ratelimit_remaining_requests="many", x_ratelimit_reset_tokens="-6m")),
    ("429 slow_down", http(429, error("Slow down", code="slow_down"))),
    ("498 groq", http(498, error("Flex tier capacity exceeded", code="capacity_exceeded"))),
    ("408", http(408, error("Request timed out"))),
    ("409", http(409, error("The engine is being updated"))),
    ("425", http(425, b"Too Early")),
    ("500 openai", http(500, error("The server had an error while processing your request.", type="server_error"))),
    ("500 gemini", http(500, [{"error": {"code": 500, "message": "An internal error has occurred.", "status": "INTERNAL"}}])),
    ("500 plain", http(500, b"Internal Server Error", kind="text/plain")),
    ("500 empty", http(500)),
    ("500 null", http(500, b"null")),
    ("500 wrong types", http(500, {"error": {"message": ["a"], "code": {"a": 1}}})),
    ("500 half a json", http(500, b'{"error": {"mess')),
    ("502 nginx", html(502, _NGINX.format("502 Bad Gateway"))),
    ("502 cloudflare", html(502, _CLOUDFLARE.format("502", "Bad gateway"))),
    ("503 overloaded", http(503, error("The engine is currently overloaded", type="service_unavailable", code="server_is_overloaded"))),
    ("503 llama.cpp loads", http(503, error("Loading model", type="unavailable_error", code=503))),
    ("503 hugging face loads", http(503, {"error": "Model m is currently loading", "estimated_time": 20.0})),
    ("503 retry after", http(503, b"", Retry_After="1")),
    ("503 aws xml", http(503, b"<ErrorResponse><Error><Code>ServiceUnavailable</Code></Error></ErrorResponse>")),
    ("503 triton", http(503, {"error": "no free slots"})),
    ("504 gateway", html(504, "<html><title>504 Gateway Time-out</title></html>")),
    ("520 cloudflare", html(520, _CLOUDFLARE.format("520", "Web server is returning an unknown error"))),
    ("524 cloudflare", html(524, _CLOUDFLARE.format("524", "A timeout occurred"))),
    ("529 anthropic", http(529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})),
    ("530", http(530, b"error code: 1033")),
    ("599", http(599, b"")),
    ("429 within 200", http(200, {"choices": None, "model": None, "usage": None, "error": {"message": "Provider returned error", "code": 429}})),
    ("500 within 200", http(200, error("Internal error", code=500))),
    ("502 within 200", http(200, error("Provider returned error", code=502))),
    ("503 within 200, a string", http(200, error("overloaded", code="503"))),
    ("server_error within 200", http(200, error("The server had an error", type="server_error"))),
    ("502 in the choice", http(200, {"choices": [{"index": 0, "finish_reason": "error", "error": {"code": 502, "message": "Upstream error"}, "message": {"role": "assistant", "content": ""}}]})),
)
ONCE = [Row(f"{name}, once", pieces, End.SAMPLE, times=1, keeps=True) for name, pieces in _NOT_NOW]

_FOR_EVER = (
    ("429 for ever", http(429, error("Rate limit reached", code="rate_limit_exceeded"), Retry_After="1")),
    ("429 for ever, gemini", http(429, [{"error": {"code": 429, "message": "You exceeded your current quota.", "status": "RESOURCE_EXHAUSTED"}}], Retry_After="2")),
    ("429 for ever, without a wait", http(429)),
    ("429 retry after 400 s", http(429, b"", Retry_After="400")),
    ("429 retry after 1e12", http(429, b"", Retry_After="1e12")),
    ("429 retry after 10^30", http(429, b"", Retry_After="1" + "0" * 30)),
    ("429 retry after a date in 2099", http(429, b"", Retry_After="Wed, 21 Oct 2099 07:28:00 GMT")),
    ("429 within 200 for ever", http(200, error("Rate limit exceeded: free-models-per-day", code=429))),
    ("500 for ever", http(500, error("The server had an error"))),
    ("502 for ever", html(502, _NGINX.format("502 Bad Gateway"))),
    ("503 for ever", http(503, error("Loading model", type="unavailable_error", code=503))),
    ("503 retry after an hour", http(503, b"", Retry_After="3600")),
    ("529 for ever", http(529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})),
    ("409 for ever", http(409, error("conflict"))),
    ("502 within 200 for ever", http(200, error("Provider returned error", code=502))),
)
FOR_EVER = [Row(name, pieces, End.WAITS, keeps=True) for name, pieces in _FOR_EVER]

_TOO_LONG = (
    ("openai", 400, error(_MAX, type="invalid_request_error", param="messages", code="context_length_exceeded")),
    ("openai, input", 400, error("Your input exceeds the context window of this model.", type="invalid_request_error", param="input", code="context_length_exceeded")),
    ("azure", 400, error(_MAX, type="invalid_request_error", param="messages", code="context_length_exceeded", status=400)),
    ("vllm old", 400, {"object": "error", "message": _MAX, "type": "BadRequestError", "param": None, "code": 400}),
    ("vllm newer", 400, error("This model's maximum context length is 4096 tokens. However, your request has 5100 input tokens.", type="BadRequestError", param="input_tokens", code=400)),
    ("vllm output", 400, error("'max_tokens' or 'max_completion_tokens' is too large: 2024. This model's maximum context length is 4096 tokens and your request has 3076 input tokens.", type="BadRequestError", param="max_tokens", code=400)),
    ("vllm prompt", 400, {"object": "error", "message": "The decoder prompt (length 5100) is longer than the maximum model length of 4096.", "type": "BadRequestError", "code": 400}),
    ("llama.cpp", 400, {"error": {"code": 400, "message": "request (5100 tokens) exceeds the available context size (4096 tokens), try increasing it", "type": "exceed_context_size_error", "n_prompt_tokens": 5100, "n_ctx": 4096}}),
    ("llama.cpp older", 500, error("the request exceeds the available context size. try increasing the context size or enable context shift", type="invalid_request_error", code=500)),
    ("llama-cpp-python", 400, error("This model's maximum context length is 512 tokens. However, you requested 700 tokens.", type="invalid_request_error", param="messages", code="context_length_exceeded")),
    ("llama-cpp-python, value error", 500, error("Requested tokens (5100) exceed context window of 4096", type="internal_server_error", param=None, code=None)),
    ("sglang", 400, {"object": "error", "message": "The input (5100 tokens) is longer than the model's context length (4096 tokens).", "type": "BadRequestError", "param": None, "code": 400}),
    ("sglang, total", 400, {"object": "error", "message": "Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a total of 5100 tokens.", "type": "BadRequestError", "code": 400}),
    ("tgi", 422, {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 3300 `inputs` tokens and 2000 `max_new_tokens`", "error_type": "validation"}),
    ("tgi, inputs", 422, {"error": "Input validation error: `inputs` must have less than 4096 tokens. Given: 5100", "error_type": "validation"}),
    ("tensorrt-llm", 400, {"object": "error", "message": "The sum of prompt length (5100.0), query length (0) should not exceed max_num_tokens (4096)", "type": "BadRequestError", "code": 400}),
    ("tensorrt-llm, maximum", 400, {"object": "error", "message": "Prompt length (5100) exceeds maximum input length (4096).", "type": "BadRequestError", "code": 400}),
    ("groq 413", 413, error("Request too large for model `m` on tokens per minute (TPM): Limit 6000, Requested 7400, please reduce your message size and try again.", type="tokens", code="rate_limit_exceeded")),
    ("groq", 400, error("Please reduce the length of the messages or completion.", type="invalid_request_error", param="messages", code="context_length_exceeded")),
    ("deepseek", 400, error(_MAX, type="invalid_request_error", param=None, code="invalid_request_error")),
    ("anthropic", 400, {"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 205000 tokens > 200000 maximum"}}),
    ("anthropic, together", 400, error("input length and `max_tokens` exceed context limit: 199000 + 2048 > 200000, decrease input length or `max_tokens` and try again", type="invalid_request_error")),
    ("mistral", 400, {"object": "error", "message": "Prompt contains 5100 tokens and 0 draft tokens, too large for model with 4096 maximum context length", "type": "invalid_request_error", "param": None, "code": "3051"}),
    ("gemini", 400, [{"error": {"code": 400, "message": "The input token count (5100) exceeds the maximum number of tokens allowed (4096).", "status": "INVALID_ARGUMENT"}}]),
    ("together", 422, {"error": {"message": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097. Given: 3000", "type": "invalid_request_error", "param": "max_tokens", "code": None}}),
    ("fireworks", 400, {"error": {"object": "error", "type": "invalid_request_error", "message": "The prompt is too long: 5100, model maximum context length: 4096"}}),
    ("openrouter", 400, error("This endpoint's maximum context length is 4096 tokens. However, you requested about 5100 tokens (3076 of text input, 2024 in the output).", code=400)),
    ("cohere", 400, {"message": "too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5100."}),
    ("bedrock", 400, {"message": "Input is too long for requested model."}),
    ("xai", 400, {"code": "Client specified an invalid argument", "error": "This model's maximum prompt length is 4096 but the request contains 5100 tokens."}),
    ("litellm", 400, error("litellm.ContextWindowExceededError: OpenAIException - " + _MAX, type=None, param=None, code="400")),
    ("ollama", 400, error("prompt too long; exceeded max context length by 1004 tokens", type="invalid_request_error")),
    ("lm studio", 400, {"error": "The number of tokens to keep from the initial prompt is greater than the context length. Try to load the model with a larger context length."}),
    ("lm studio, overflow", 400, {"error": "Trying to keep the first 5100 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough."}),
    ("dashscope", 400, error("Range of input length should be [1, 4096]", type="invalid_request_error", code="invalid_parameter_error")),
    ("zhipu", 400, {"error": {"code": "1261", "message": "Prompt exceeds max length"}}),
    ("413 nginx", 413, b"<html><title>413 Request Entity Too Large</title></html>"),
    ("within 200", 200, error(_MAX, code="context_length_exceeded")),
    ("within 200, by number", 200, error(_MAX, code=400)),
)
TOO_LONG = [
    Row(f"too long {name}", http(status, body), End.SAMPLE, too_long=True, keeps=True) for name, status, body in _TOO_LONG
] + [
    Row(f"too long for ever {name}", http(status, body), End.REJECTED, why=("context_length_exceeded",), keeps=True)
    for name, status, body in _TOO_LONG[:9:2]
]

_FILTER = "The response was filtered due to the prompt triggering the content management policy."
FILTERED = [
    Row(f"filter {name}", http(status, body), End.REJECTED, bill=bill, why=("filtered",), keeps=True)
    for name, status, bill, body in (
        ("azure", 400, Bill.FREE, error(_FILTER, type=None, param="prompt", code="content_filter", status=400, innererror={"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"hate": {"filtered": True}}})),
        ("azure, inner code only", 400, Bill.FREE, error(_FILTER, innererror={"code": "ResponsibleAIPolicyViolation"})),
        ("openai", 400, Bill.FREE, error("Your request was rejected as a result of our safety system.", type="invalid_request_error", param=None, code="content_policy_violation")),
        ("openai, prompt", 400, Bill.FREE, error("Invalid prompt: your prompt was flagged as potentially violating our usage policy.", code="invalid_prompt")),
        ("openrouter 403", 403, Bill.FREE, error("m requires moderation on OpenAI. Your input was flagged for \"violence\".", code=403, metadata={"reasons": ["violence"], "flagged_input": "A"})),
        ("dashscope", 400, Bill.FREE, error("Input data may contain inappropriate content.", type="data_inspection_failed", code="data_inspection_failed")),
        ("zhipu", 400, Bill.FREE, {"contentFilter": [{"level": 1, "role": "user"}], "error": {"code": "1301", "message": "The system detected potentially unsafe or sensitive content in input or generation."}}),
        ("moonshot", 400, Bill.FREE, error("The request was rejected because it was considered high risk", type="content_filter")),
        ("deepseek", 400, Bill.FREE, error("Content Exists Risk", type="invalid_request_error", param=None, code="invalid_request_error")),
        ("litellm", 400, Bill.FREE, error("litellm.ContentPolicyViolationError: AzureException - " + _FILTER, code="400")),
        ("error within 200", 200, Bill.FREE, error("Your input was flagged by moderation", code="content_filter")),
        ("finish_reason", 200, Bill.USAGE, chat("A tall", finish="content_filter")),
        ("finish_reason without text", 200, Bill.USAGE, chat(None, finish="content_filter")),
        ("finish_reason gemini", 200, Bill.USAGE, chat(None, finish="SAFETY")),
        ("finish_reason gemini, prohibited", 200, Bill.USAGE, chat(None, finish="PROHIBITED_CONTENT")),
        ("finish_reason zhipu", 200, Bill.USAGE, chat("", finish="sensitive")),
    )
]

ROWS = [*ONCE, *FOR_EVER, *TOO_LONG, *FILTERED]
