"""The sentences that an export puts behind a question whose answer has boxes: a trainer's request, and no leak."""

from functools import cache

from svit.resources import prompt_text


@cache
def our_requests() -> tuple[str, ...]:
    """Return the requests for coordinates that svit brings along, in our own words."""
    text, _ = prompt_text("coordinates.txt")
    return tuple(filter(None, map(str.strip, text.splitlines())))


def request_behind(question: str) -> str:
    """Return the request that an export put behind the question, with the space before it; empty without one."""
    return next((f" {request}" for request in our_requests() if question.endswith(f" {request}")), "")


def without_request(question: str) -> str:
    """Return a question without the request for coordinates that an export put behind it."""
    return question.removesuffix(request_behind(question))
