"""Lists, page by page, as the API gives them."""

from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

import orjson

from svit.simulate.chat_completions import RequestProblem


def asked_page(query: str) -> dict[str, str]:
    """Return the parameters of an address, the last where one comes twice."""
    return {name: values[-1] for name, values in parse_qs(query).items()}


def page(
    objects: Sequence[dict[str, object]], asked: Mapping[str, str], *, most: int, usual: int
) -> bytes | RequestProblem:
    """Return the body of the page that `limit` and `after` ask for; `objects` are in the order of the list."""
    text = asked.get("limit", str(usual))
    if not (text.isdecimal() and 1 <= int(text) <= most):
        message = f"Invalid 'limit': expected an integer from 1 to {most}, but got '{text}' instead."
        return RequestProblem(400, "invalid_value", message, param="limit")
    begin = 0
    if after := asked.get("after"):
        places = [place for place, each in enumerate(objects) if each["id"] == after]
        if not places:
            return RequestProblem(400, "invalid_value", f"Invalid 'after': there is no '{after}'.", param="after")
        begin = places[0] + 1
    shown = objects[begin : begin + int(text)]
    return orjson.dumps(
        {
            "object": "list",
            "data": shown,
            "first_id": shown[0]["id"] if shown else None,
            "last_id": shown[-1]["id"] if shown else None,
            "has_more": begin + len(shown) < len(objects),
        }
    )
