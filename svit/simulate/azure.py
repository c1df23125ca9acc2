"""Azure's way of asking: the deployment is named by the address, and the key goes into a header of its own."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote

from svit.simulate.chat_completions import RequestProblem

_DEPLOYMENT = re.compile(r"/openai/deployments/([^/]+)/")
API_KEY = b"api-key"


def deployment(path: str) -> str | None:
    """Return the deployment that `/openai/deployments/NAME/...` names, or None for any other address."""
    match = _DEPLOYMENT.match(path)
    return unquote(match[1]) if match else None


def problem(query: str, headers: Mapping[bytes, bytes], key: str | None) -> RequestProblem | None:
    """Return what is wrong with a request to a deployment: no `api-version`, or another key in `api-key`."""
    if "api-version" not in parse_qs(query):
        return RequestProblem(404, "404", "Resource not found")
    if key is not None and headers.get(API_KEY) != key.encode():
        return RequestProblem(401, "401", "Access denied due to invalid subscription key or wrong API endpoint.")
    return None
