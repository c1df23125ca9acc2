"""Replies after which no request would fare better: keys, credit, models, settings, addresses; and unknown 4xx."""

from .rows import End, Row, error, html, http

_KEY = "Incorrect API key provided: sk-ab***yz. You can find your API key in your account."
_CLOUDFLARE = (
    "<!DOCTYPE html><html><head><title>{0} | {1}</title></head><body><h1>Error {0}</h1>"
    "<p>Cloudflare Ray ID: 8f00</p></body></html>"
)
_NGINX = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n<hr><center>nginx</center>"
_PORTAL = "<!DOCTYPE html><html><head><title>Hotel Wi-Fi</title></head><body><form>Please log in</form></body></html>"


def _stop(name: str, status: int, body: object, **headers: str) -> Row:
    return Row(name, http(status, body, **headers), End.STOP, keeps=True)


def _stop_everywhere(name: str, status: int, body: object, **headers: str) -> Row:
    return Row(name, http(status, body, **headers), End.STOP, keeps=True, everywhere=True)


KEYS = [
    _stop_everywhere("key openai", 401, error(_KEY, type="invalid_request_error", param=None, code="invalid_api_key")),
    _stop("key openai, the list of models works", 401, error(_KEY, type="invalid_request_error", code="invalid_api_key")),
    _stop("key anthropic", 401, {"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}}),
    _stop(
        "key gemini",
        400,
        [{"error": {"code": 400, "message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT"}}],
    ),
    _stop(
        "key gemini with details",
        400,
        {
            "error": {
                "code": 400,
                "message": "API Key not found. Please pass a valid API key.",
                "status": "INVALID_ARGUMENT",
                "details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}],
            }
        },
    ),
    _stop("key xai", 400, {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: ab***yz."}),
    _stop("key mistral", 401, {"message": "Unauthorized", "request_id": "1"}),
    _stop("key mistral, detail", 401, {"detail": "Unauthorized"}),
    _stop(
        "key deepseek",
        401,
        error("Authentication Fails (no such user)", type="authentication_error", param=None, code="invalid_request_error"),
    ),
    _stop("key groq", 401, error("Invalid API Key", type="invalid_request_error", code="invalid_api_key")),
    _stop("key together", 401, {"id": "x", "error": {"message": "Invalid API key provided.", "type": "invalid_request_error"}}),
    _stop("key fireworks", 403, {"error": "unauthorized"}),
    _stop("key openrouter", 401, error("No auth credentials found", code=401)),
    _stop("key openrouter, user", 401, error("User not found.", code=401)),
    _stop("key cohere", 401, {"id": "a", "message": "invalid api token"}),
    _stop("key bedrock", 403, {"message": "The security token included in the request is invalid."}),
    _stop(
        "key aws xml",
        403,
        b"<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>The security token is invalid.</Message></Error></ErrorResponse>",
    ),
    _stop("key vllm", 401, {"error": "Unauthorized"}),
    _stop("key llama.cpp", 401, error("Invalid API Key", type="authentication_error", code=401)),
    _stop(
        "key litellm",
        401,
        error("Authentication Error, Invalid proxy server token passed.", type="auth_error", param="None", code="401"),
    ),
    _stop(
        "key litellm, expired", 400, error("Authentication Error - Expired Key. Key Expiry time 2026-01-01", type="expired_key", param="key", code="400")
    ),
    _stop("key azure", 401, error("Access denied due to invalid subscription key or wrong API endpoint.", code="401")),
    _stop("key azure, flat", 401, {"statusCode": 401, "message": "Access denied due to missing subscription key."}),
    _stop("key in an empty 401", 401, b""),
    _stop("key in a 401 with a challenge", 401, b"Unauthorized", WWW_Authenticate='Bearer realm="api"'),
    _stop("key 422", 422, {"detail": [{"loc": ["header", "authorization"], "msg": "field required", "type": "value_error.missing"}]}),
    _stop("key, not authorised for this model", 403, error("Project `p` does not have access to model `m`", code="model_not_found")),
    _stop("country", 403, error("Country, region, or territory not supported", code="unsupported_country_region_territory")),
    _stop("country gemini", 400, [{"error": {"code": 400, "message": "User location is not supported for the API use.", "status": "FAILED_PRECONDITION"}}]),
    _stop("ip not allowed", 403, error("Your IP address is not on the allow list of this project.", type="ip_not_authorized")),
    Row("403 nginx", html(403, _NGINX.format("403 Forbidden")), End.STOP, keeps=True),
    Row("403 cloudflare 1015", html(403, _CLOUDFLARE.format("1020", "Access denied")), End.STOP, keeps=True),
    _stop("proxy wants a login", 407, b"Proxy Authentication Required", Proxy_Authenticate="Basic"),
]

CREDIT = [
    _stop(
        "credit openai",
        429,
        error("You exceeded your current quota, please check your plan and billing details.", type="insufficient_quota", code="insufficient_quota"),
    ),
    _stop("credit openai, balance", 429, error("Your credit balance is exhausted.", code="credit_balance_exhausted")),
    _stop("credit openai, hard limit", 400, error("Billing hard limit has been reached", code="billing_hard_limit_reached")),
    _stop("credit openai, project", 429, error("Project spend limit exceeded", code="project_spend_limit_exceeded")),
    _stop("credit deepseek", 402, error("Insufficient Balance", type="unknown_error", param=None, code="invalid_request_error")),
    _stop("credit openrouter", 402, error("This request requires more credits, or fewer max_tokens.", code=402)),
    _stop(
        "credit anthropic",
        400,
        {
            "type": "error",
            "error": {
                "type": "invalid_request_error",
                "message": "Your credit balance is too low to access the API. Please go to Plans & Billing.",
            },
        },
    ),
    _stop("credit together", 402, error("Credit limit exceeded, please add credits to your account.", type="credit_limit")),
    _stop("credit moonshot", 403, error("Your account is suspended due to insufficient balance, please recharge.", type="exceeded_current_quota_error")),
    _stop("credit dashscope", 400, error("Access denied, please make sure your account is in good standing.", type="Arrearage", code="Arrearage")),
    _stop("credit zhipu", 429, {"error": {"code": "1113", "message": "Your account is in arrears, please recharge and try again."}}),
    _stop("credit hugging face", 402, {"error": "You have exceeded your monthly included credits for Inference Providers."}),
    _stop("credit fireworks", 412, {"error": {"object": "error", "type": "error", "message": "Account is suspended, possibly due to reaching the monthly spending limit."}}),
    _stop("credit litellm", 400, error("Budget has been exceeded! Current cost: 10.2, Max budget: 10.0", type="budget_exceeded", param=None, code="400")),
    _stop("credit xai", 403, {"code": "permission-denied", "error": "Your team has either used all available credits or reached its monthly spending limit."}),
    _stop("credit in an empty 402", 402, b""),
]

MODELS = [
    _stop("model openai", 404, error("The model `m` does not exist or you do not have access to it.", type="invalid_request_error", code="model_not_found")),
    _stop("model openrouter", 400, error("m is not a valid model ID", code=400)),
    _stop("model openrouter, no endpoints", 404, error("No endpoints found for m.", code=404)),
    _stop("model mistral", 400, {"object": "error", "message": "Invalid model: m", "type": "invalid_model", "param": None, "code": "1500"}),
    _stop("model deepseek", 400, error("Model Not Exist", type="invalid_request_error", param=None, code="invalid_request_error")),
    _stop("model gemini", 404, [{"error": {"code": 404, "message": "models/m is not found for API version v1main", "status": "NOT_FOUND"}}]),
    _stop("model gemini, name", 400, [{"error": {"code": 400, "message": "unexpected model name format", "status": "INVALID_ARGUMENT"}}]),
    _stop("model anthropic", 404, {"type": "error", "error": {"type": "not_found_error", "message": "model: m"}}),
    _stop("model vllm", 404, {"object": "error", "message": "The model `m` does not exist.", "type": "NotFoundError", "param": None, "code": 404}),
    _stop("model vllm, newer", 404, error("The model `m` does not exist.", type="NotFoundError", param="model", code=404)),
    _stop("model ollama", 404, error('model "m" not found, try pulling it first', type="api_error", param=None, code=None)),
    _stop("model lm studio", 400, error("No models loaded. Please load a model in the developer page.", type="invalid_request_error", param="model", code="model_not_found")),
    _stop("model litellm", 400, error("/chat/completions: Invalid model name passed in model=m. Call `/v1/models` to view available models.", type="invalid_request_error", param=None, code="400")),
    _stop("model litellm, team", 401, error("key not allowed to access model. This key can only access models=['a']", type="key_model_access_denied", param="model", code="401")),
    _stop("model groq, decommissioned", 400, error("The model `m` has been decommissioned and is no longer supported.", type="invalid_request_error", code="model_decommissioned")),
    _stop("model openai, deprecated", 404, error("The model `m` has been deprecated, learn more here.", code="model_not_found")),
    _stop("model together", 404, {"error": {"message": "Unable to access model m. Please visit the site for the list of models.", "type": "invalid_request_error", "param": "model", "code": "model_not_available"}}),
    _stop("model fireworks", 404, {"error": {"message": "Model not found, inaccessible, and/or not deployed", "code": "NOT_FOUND"}}),
    _stop("model bedrock", 400, {"message": "The provided model identifier is invalid."}),
    _stop("model azure", 404, error("The API deployment for this resource does not exist.", code="DeploymentNotFound")),
    _stop("model cohere", 404, {"message": "model 'm' not found, make sure the correct model ID was used and that you have access to the model."}),
    _stop("model transformers serve", 400, {"detail": "model 'm' is not available on this server"}),
    _stop("model sglang", 400, {"object": "error", "message": "Model 'm' not found. Available models: ['a']", "type": "BadRequestError", "code": 400}),
    _stop("model not a chat model", 404, error("This is not a chat model and thus not supported in the v1/chat/completions endpoint.", param="model")),
    _stop("plan", 400, {"success": False, "errors": [{"code": 7000, "message": "this model needs a paid plan"}]}),
]

SETTINGS = [
    _stop("parameter openai", 400, error("Unsupported parameter: 'max_tokens' is not supported with this model.", param="max_tokens", code="unsupported_parameter")),
    _stop("parameter openai, value", 400, error("Unsupported value: 'temperature' does not support 0.7 with this model.", param="temperature", code="unsupported_value")),
    _stop("parameter openai, unknown", 400, error("Unrecognized request argument supplied: seed", type="invalid_request_error", param=None, code=None)),
    _stop("parameter copilot", 400, error("Unsupported parameter: 'max_tokens' is not supported with this model.", code="invalid_request_body")),
    _stop(
        "parameter mistral",
        422,
        {"object": "error", "message": {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}, "type": "invalid_request_error"},
    ),
    _stop("parameter pydantic", 422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "reasoning_effort"], "msg": "Extra inputs are not permitted", "input": "none"}]}),
    _stop("parameter gemini", 400, [{"error": {"code": 400, "message": 'Invalid JSON payload received. Unknown name "seed": Cannot find field.', "status": "INVALID_ARGUMENT"}}]),
    _stop("parameter groq", 400, error("property 'reasoning_effort' is unsupported", type="invalid_request_error")),
    _stop("parameter groq, effort", 400, error("`reasoning_effort` is not supported with this model", type="invalid_request_error", param="reasoning_effort")),
    _stop("parameter max_tokens too large", 400, error("max_tokens is too large: 2048. This model supports at most 1024 completion tokens.", param="max_tokens", code="invalid_value")),
    _stop("405 fastapi", 405, {"detail": "Method Not Allowed"}),
    Row("405 nginx", html(405, _NGINX.format("405 Not Allowed")), End.STOP, keeps=True),
    _stop("415", 415, {"detail": "Unsupported media type"}),
    _stop("451", 451, error("Unavailable for legal reasons in your region")),
    _stop("410", 410, error("This endpoint is gone. Use /v2.")),
    _stop("404 empty", 404, b""),
    _stop("404 fastapi", 404, {"detail": "Not Found"}),
    Row("404 nginx", html(404, _NGINX.format("404 Not Found")), End.STOP, keeps=True, everywhere=True),
    _stop_everywhere("404 go", 404, b"404 page not found\n"),
    _stop("406", 406, {"detail": "Not Acceptable"}),
]

ALIKE = [
    Row(name, http(status, body), End.ALIKE, keeps=True)
    for name, status, body in (
        ("400 without a word", 400, b""),
        ("400 plain", 400, b"Bad Request"),
        ("400 that nobody knows", 400, error("The flux is out of phase", type="invalid_request_error", code="out_of_phase")),
        ("400 null everywhere", 400, {"error": None, "message": None, "code": None, "detail": None}),
        ("400 wrong types", 400, {"error": {"message": {"a": [1]}, "code": [], "type": 7, "param": {"x": None}}}),
        ("400 a number", 400, b"42"),
        ("400 an empty list", 400, []),
        ("400 truncated", 400, b'{"error": {"message": "The'),
        ("400 with a long text", 400, error("x" * 300_000)),
        ("400 nested", 400, b"[" * 100_000),
        ("400 lone surrogate", 400, b'{"error": {"message": "half \\ud83d"}}'),
        ("400 bom", 400, b"\xef\xbb\xbf" + b'{"error": {"message": "strange"}}'),
        ("400 latin-1", 400, '{"error": {"message": "Ungültig"}}'.encode("latin-1")),
        ("418", 418, error("I'm a teapot")),
        ("422 of the contents", 422, {"detail": [{"loc": ["body", "messages", 0], "msg": "value is not valid", "type": "value_error"}]}),
        ("424", 424, {"message": "Model access failed"}),
        ("426", 426, b"Upgrade Required"),
        ("428", 428, b"Precondition Required"),
        ("431", 431, b"Request Header Fields Too Large"),
        ("444", 444, b""),
        ("499", 499, error("client closed request")),
    )
]

PAGES = [
    Row("captive portal", html(200, _PORTAL), End.STOP, keeps=True, everywhere=True),
    Row("captive portal, posts only", html(200, _PORTAL), End.STOP, keeps=True),
    Row("captive portal as json", http(200, _PORTAL.encode()), End.STOP, keeps=True),
    Row("captive portal without a doctype", html(200, "\n\n  <html><body>Sign in</body></html>"), End.STOP, keeps=True),
    Row("redirect to a login elsewhere", http(302, b"", Location="http://login.invalid/"), End.STOP, keeps=True, everywhere=True),
    Row("redirect without a place", http(302, b""), End.STOP, keeps=True),
    Row("redirect to nonsense", http(301, b"", Location="::://["), End.STOP, keeps=True),
    Row("redirect in a circle", http(307, b"", Location="chat/completions"), End.STOP, keeps=True),
    Row("redirect to https", http(308, b"", Location="https://127.0.0.1:9/v1/chat/completions"), End.STOP, keeps=True),
    Row("300", http(300, b""), End.STOP, keeps=True),
    Row("304", http(304, b""), End.STOP, keeps=True),
    Row("lm studio's wrong path", http(200, {"error": "Unexpected endpoint or method. (POST /chat/completions)"}), End.STOP, keeps=True),
    Row("402 within 200", http(200, error("Insufficient credits", code=402)), End.STOP, keeps=True),
    Row("401 within 200", http(200, error("No auth credentials found", code=401)), End.STOP, keeps=True),
    Row("403 within 200", http(200, error("Key limit exceeded", code="403")), End.STOP, keeps=True),
    Row("404 within 200", http(200, error("No endpoints found for m.", code=404)), End.STOP, keeps=True),
    Row("quota within 200", http(200, error("You exceeded your current quota", code="insufficient_quota")), End.STOP, keeps=True),
    Row("key within 200", http(200, error("Incorrect API key provided", code="invalid_api_key")), End.STOP, keeps=True),
    Row("model within 200", http(200, {"object": "error", "message": "The model `m` does not exist.", "type": "NotFoundError", "code": 404}), End.STOP, keeps=True),
    Row("402 in the choice", http(200, {"choices": [{"index": 0, "finish_reason": "error", "error": {"code": 402, "message": "Insufficient credits"}, "message": {"role": "assistant", "content": ""}}]}), End.STOP, keeps=True),
    Row("unknown error within 200", http(200, error("The flux is out of phase")), End.ALIKE, keeps=True),
]

ROWS = [*KEYS, *CREDIT, *MODELS, *SETTINGS, *ALIKE, *PAGES]
