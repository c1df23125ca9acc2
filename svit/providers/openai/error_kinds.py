"""What kind of error a server means, by its codes and by its words: each server has its own."""

import re
from collections.abc import Callable, Sequence
from typing import Literal

from svit.providers.openai import error_phrases as says
from svit.providers.openai.error_body import ErrorBody, bare

Kind = Literal[
    "too_long", "setting", "filtered", "no_credit", "key", "rate", "model", "address", "overloaded", "unknown"
]


def _codes(names: str) -> frozenset[str]:
    return frozenset(map(bare, names.split()))


_TOO_LONG = _codes(
    """
    context_length_exceeded exceed_context_size_error model_context_window_exceeded context_window_exceeded
    ContextWindowExceededError request_too_large string_above_max_length prompt_too_long input_too_long
    tokens_limit_reached max_tokens_exceeded max_context_length_exceeded token_limit_exceeded payload_too_large 1261
    """
)
_NO_CREDIT = _codes(
    """
    insufficient_quota credit_balance_exhausted spend_limit_exceeded billing_hard_limit_reached billing_not_active
    billing_error insufficient_balance insufficient_credits insufficient_funds insufficient_user_quota payment_required
    exceeded_current_quota_error budget_exceeded arrearage overdue_payment insufficient_account_balance
    AllocationQuota.FreeTierOnly 1113
    """
)
_FILTERED = _codes(
    """
    content_filter content_policy_violation ResponsibleAIPolicyViolation invalid_prompt data_inspection_failed
    moderation_blocked content_moderation prohibited_content sensitive_content content_blocked content_filtered
    ContentPolicyViolationError input_moderation guardrail_intervened safety output_blocked 1301
    """
)
_KEY = _codes(
    """
    invalid_api_key api_key_invalid authentication_error invalid_authentication AuthenticationError unauthorized
    unauthenticated permission_denied permission_error account_deactivated expired_token token_expired InvalidApiKey
    invalid_token invalid_api_token API_KEY_SERVICE_BLOCKED ACCESS_TOKEN_EXPIRED unsupported_country_region_territory
    """
)
_RATE = _codes(
    """
    rate_limit_exceeded rate_limit_error rateLimitExceeded userRateLimitExceeded throttling ThrottlingException
    TooManyRequests rate_limited requests_limit_exceeded
    """
)
_MODEL = _codes(
    """
    model_not_found model_decommissioned invalid_model model_not_supported unknown_model model_not_available
    model_deprecated ModelNotFound DeploymentNotFound unsupported_model model_not_exist invalid_model_error
    model_terms_required model_permission_blocked no_such_model model_access_denied
    """
)
_SETTING = _codes(
    """
    unsupported_parameter unsupported_value extra_forbidden unknown_parameter unrecognized_parameter
    UnsupportedParamsError unsupported_params additional_properties
    """
)
_OVERLOADED = _codes(
    """
    server_is_overloaded overloaded_error slow_down overloaded engine_overloaded_error ServiceUnavailable
    model_overloaded
    """
)
_GOOGLES_LIMIT = re.compile(r"\blimit: (\d{1,12})\b")
_OF_CONTENT = ("messages", "message", "prompt", "input", "inputs", "contents", "content", "body", "text")
"""Parameters that are no settings: what is wrong with them may be one image's fault."""
_SETTING_NAMES = re.compile(
    r"\b(max_(?:completion_|output_|new_)?tokens|reasoning_effort|service_tier|temperature|top_p|top_k|seed|logprobs"
    r"|prompt_cache_(?:options|key|breakpoint)|chat_template_kwargs|response_format)\b"
)
_OPENING = 300
"""Characters in which a server names a setting, if it means that; what it quotes of a request comes later."""
_NAME = re.compile(r"[A-Za-z_][\w.\[\]-]{0,60}")
_QUOTED = re.compile(r"[`'\"\[]([A-Za-z_]\w{0,40})[`'\"\]]")


def kind_of(error: ErrorBody) -> Kind:
    """Return what kind of error this is, whatever the status that it came with."""
    return next((kind for kind, is_kind in _KINDS if is_kind(error)), "unknown")


def kind_of_fault(error: ErrorBody) -> Kind:
    """Return the kind of an error that the server calls its own (5xx): only what its words say beyond doubt."""
    kind = kind_of(error)
    if any(error.codes & codes for codes in (_TOO_LONG, _NO_CREDIT, _FILTERED, _KEY)):
        return kind
    if says.passes(error.said):
        return "overloaded" if is_overloaded(error) else "unknown"
    if kind == "model" and not (error.codes & _MODEL or says.model_surely(error.said)):
        return "unknown"
    return kind


def never_fits(error: ErrorBody) -> bool:
    """Whether a request is larger than the limit for a whole minute: then there is nothing to wait for."""
    if error.codes & _TOO_LONG:
        return True
    found = says.never_fits(error.said)
    if found is None or found["limit"] is None:
        return found is not None
    return int(found["asked"].replace(",", "") or 0) > int(found["limit"].replace(",", "") or 0)


def is_without_credit(error: ErrorBody) -> bool:
    """Whether a 429 means that there is no money, and not that it went too fast.

    OpenAI and Gemini say in the same words that a quota is exceeded. With OpenAI it is the money; with Gemini it is the
    rate, unless every limit is 0: then the account's tier does not have this model at all.
    """
    by_code = error.codes & _NO_CREDIT or any(code.endswith("spendlimitexceeded") for code in error.codes)
    if by_code or says.no_credit(error.said):
        return True
    if "resourceexhausted" in error.codes or says.googles_quota(error.said):
        limits = _GOOGLES_LIMIT.findall(error.said)
        return bool(limits) and not any(map(int, limits))
    return bool(says.openais_quota(error.said)) and not error.codes & _RATE


def is_overloaded(error: ErrorBody) -> bool:
    """Whether the server says that it has too much to do."""
    return bool(error.codes & _OVERLOADED or says.overloaded(error.said))


def setting_of(error: ErrorBody) -> str:
    """Return the name of the setting that is refused; empty where none is named."""
    if error.param and _NAME.fullmatch(error.param):
        return error.param
    named = _SETTING_NAMES.search(f"{error.param} {error.said}".lower())
    quoted = _QUOTED.search(error.words)
    return named[1] if named else quoted[1] if quoted else ""


def _is_too_long(error: ErrorBody) -> bool:
    if error.codes & _TOO_LONG:
        return True
    if error.is_page:
        return "entity too large" in error.said
    return not _wants_too_long_an_answer(error) and bool(says.too_long(error.said))


def _wants_too_long_an_answer(error: ErrorBody) -> bool:
    said = f"{error.said} {error.param.lower()}"
    if numbers := says.asked_and_room(said):
        return int(numbers["asked"] or numbers["asked2"]) >= int(numbers["room"] or numbers["room2"])
    return bool(says.output_cap(said)) and not says.of_prompt(said)


def _is_setting_by_code(error: ErrorBody) -> bool:
    return bool(error.codes & _SETTING) or _wants_too_long_an_answer(error)


def _is_filtered(error: ErrorBody) -> bool:
    if error.codes & _FILTERED:
        return True
    return not error.is_page and bool(says.filtered(error.said)) and not says.of_account(error.said)


def _has_no_credit(error: ErrorBody) -> bool:
    return is_without_credit(error) or bool(says.sells_credit(error.said))


def _is_setting(error: ErrorBody) -> bool:
    named = re.split(r"[.\[]", error.param, maxsplit=1)[0].lower()
    if named and _NAME.fullmatch(named):
        return named not in _OF_CONTENT or bool(says.setting(error.said))
    return bool(says.setting(error.said) or _SETTING_NAMES.search(error.said[:_OPENING]))


_KINDS: Sequence[tuple[Kind, Callable[[ErrorBody], bool]]] = (
    ("too_long", _is_too_long),
    ("setting", _is_setting_by_code),
    ("filtered", _is_filtered),
    ("rate", lambda error: bool(error.codes & _RATE)),
    ("no_credit", _has_no_credit),
    ("key", lambda error: bool(error.codes & _KEY or says.key(error.said))),
    ("model", lambda error: bool(error.codes & _MODEL) or error.param == "model"),
    ("setting", _is_setting),
    ("model", lambda error: not error.is_page and bool(says.model(error.said))),
    ("rate", lambda error: bool(says.rate(error.said))),
    ("address", lambda error: bool(says.address(error.said))),
    ("overloaded", is_overloaded),
)
"""In the order in which they are asked: what a single image is to blame for first, and codes before words."""
