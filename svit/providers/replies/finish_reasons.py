"""How servers say why a completion ended: many spellings of a few ends."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

End = Literal["whole", "cut", "filtered", "early", "unknown"]
"""What a finish reason says of the text: it is whole, cut off at a limit, taken by a content filter, or broken off by
the server's own fault. A text whose end is unknown is used as it is."""

_NAMES: Mapping[End, str] = {
    "whole": """
        stop eos eos_token end_turn end_of_turn stop_sequence stop_token stop_string complete completed completion
        finished finish done success normal end end_of_text eot tool_calls tool_call tool_use function_call none null
        finish_reason_stop finish_reason_unspecified
        """,
    "cut": """
        length model_length max_tokens max_output_tokens max_completion_tokens max_new_tokens max_length max_token
        token_limit max_tokens_reached finish_reason_length finish_reason_max_tokens context_length context_window
        model_context_window_exceeded context_length_exceeded context_limit limit truncated incomplete
        """,
    "filtered": """
        content_filter content_filtered safety recitation prohibited_content blocklist spii sensitive refusal
        content_policy content_policy_violation content_blocked guardrail_intervened guardrails guardrail error_toxic
        image_safety image_prohibited_content moderation moderated flagged risk prohibited blocked unsafe
        """,
    "early": """
        error abort aborted cancelled canceled cancel insufficient_system_resource other timeout time_limit failed
        failure network_error server_error internal_error unloaded disconnect disconnected interrupted preempted
        overloaded unavailable malformed_function_call malformed_response unexpected_tool_call too_many_tool_calls
        language user_cancel connection_error
        """,
}


def _bare(name: str) -> str:
    """Return the name without case, marks and what stands before a dot (`FinishReason.MAX_TOKENS`)."""
    return re.sub(r"[^a-z0-9]", "", name.rpartition(".")[2].lower())


_ENDS: Mapping[str, End] = {_bare(name): end for end, names in _NAMES.items() for name in names.split()}
_STOP_TOKEN = re.compile(r"\s*<[|｜/]?[^<>]{1,40}>\s*")
"""Some servers name the token that the model ended with: `</s>`, `<|eot_id|>`."""


@lru_cache(maxsize=256)
def end_of(reason: str) -> End:
    """Return what this finish reason says of the text; an empty one says nothing against it."""
    if not reason.strip() or _STOP_TOKEN.fullmatch(reason):
        return "whole"
    return _ENDS.get(_bare(reason), "unknown")


def known_end(reason: str) -> bool:
    """Whether it is known what this finish reason says of the text."""
    return end_of(reason) != "unknown"
