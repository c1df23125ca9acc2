"""How fast requests may leave. Pure: no clock, no sleep; `now` is monotonic seconds, handed in by the caller.

`RateLimit` keeps requests and tokens a minute where they are known, `AdaptiveConcurrency` finds how many requests a
server takes at once where they are not, `CircuitBreaker` notices that there is no server, `PromptTokens` how far
estimates are off, and `reading` reads what a reply's headers say about all this.
"""

from svit.providers.limits.adaptive_concurrency import AdaptiveConcurrency, RequestEnd
from svit.providers.limits.circuit_breaker import CircuitBreaker, Outage
from svit.providers.limits.limit_headers import LimitReading, reading
from svit.providers.limits.prompt_tokens import CutPrompt, PromptTokens
from svit.providers.limits.rate_limit import RateLimit, Ticket

__all__ = [
    "AdaptiveConcurrency",
    "CircuitBreaker",
    "CutPrompt",
    "LimitReading",
    "Outage",
    "PromptTokens",
    "RateLimit",
    "RequestEnd",
    "Ticket",
    "reading",
]
