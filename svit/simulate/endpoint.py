"""The endpoint: what each request is answered, how and when. Sockets and the clock are left to `server`."""

import time
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple
from urllib.parse import unquote

import orjson

from svit.simulate import faults
from svit.simulate.answers import Fixed, Write, seed_of, writer
from svit.simulate.books import Books, Tokens, body_key
from svit.simulate.completions import Asked, Problem, completion_body, read_request
from svit.simulate.http import Due, Manner, Reply, Request, ignored
from svit.simulate.latency import Latency
from svit.simulate.limits import Excess, Limits, retry_headers
from svit.simulate.models import Models
from svit.simulate.options import Options

_DUPLICATE_TOKENS = 300


class _Admitted(NamedTuple):
    """A request that is let in, the how-manieth time its body is, and what chance has in store for it."""

    key: int
    times: int
    fault: str
    chance: faults.Chance
    now: float


class Endpoint:
    """Decides on the reply to each request; `now` is passed in."""

    def __init__(self, options: Options, writers: Mapping[str, Write], now: float) -> None:
        """Read the options; `writers` are the tasks' own, by name. Raises SvitError for an option not in its form."""
        self.books = Books(now)
        self._options = options
        self._writer = writer(options.answer, writers)
        self._duplicates = Fixed(_DUPLICATE_TOKENS)
        self._latency = Latency(options)
        self._limits = Limits(options.rpm, options.tpm, options.limit_span, now)
        self._faults = faults.Faults(faults.rates(options.faults), options.fault_attempts)
        self._models = Models(options.models)
        self._refused = frozenset(options.refused)
        self._replies = 0

    def reply(self, request: Request, now: float) -> Reply:
        """Return what is answered."""
        path = request.path.partition("?")[0]
        if path == "/simulator/books":
            return Reply(200, orjson.dumps(self.books.report()))
        if self._options.key is not None and not self._has_key(request):
            return self._problem(Problem(401, "invalid_api_key", "Incorrect API key provided."))
        if path.endswith("/chat/completions") and request.method == "POST":
            return self._chat(request.body, now)
        _, is_models, name = path.partition("/models")
        if is_models and request.method == "GET":
            listed = self._models.one(unquote(name[1:])) if name.strip("/") else self._models.listing()
            return self._problem(listed) if isinstance(listed, Problem) else self._reply(200, listed)
        return self._problem(Problem(404, "unknown_url", f"Unknown request URL: {request.method} {path}."))

    def _chat(self, body: bytes, now: float) -> Reply:
        """Admit the request or refuse it. One that is wrong counts under the limits too."""
        asked = read_request(body, self._refused)
        weight = asked.weight if isinstance(asked, Asked) else len(body) // 4
        excess = self._limits.admit(weight, now)
        if excess:
            self.books.limited(excess.kind, now)
            return self._problem(_too_many(excess), b"" if excess.wait is None else retry_headers(excess.wait))
        if isinstance(asked, Problem):
            return self._problem(asked)
        if unknown := self._models.problem(asked.model):
            return self._problem(unknown)
        key = body_key(body)
        times = self.books.admitted(key, weight, now)
        chance = faults.chance(self._options.seed, key, times)
        admitted = _Admitted(key, times, self._faults.of(chance.fault, times), chance, now)
        return self._fault(admitted) if admitted.fault in faults.PROBLEMS else self._completion(admitted, asked)

    def _fault(self, admitted: _Admitted) -> Reply:
        """Return a reply without a completion. A 429 comes at once and keeps no slot busy."""
        due = partial(self.books.settled, admitted.key, admitted.fault, None)
        problem = faults.PROBLEMS[admitted.fault]
        if problem.status == 429:
            return self._problem(problem, retry_headers(faults.RETRY_AFTER), due=due)
        after = self._latency.wait(admitted.chance.latency, 0, admitted.now)
        if admitted.fault in faults.AS_HTML:
            return self._reply(problem.status, faults.HTML, b"", content_type=b"text/html", after=after, due=due)
        return self._problem(problem, after=after, due=due)

    def _completion(self, admitted: _Admitted, asked: Asked) -> Reply:
        fault = admitted.fault
        seed = seed_of(self._options.seed, admitted.key, admitted.times if asked.seed is None else 0)
        written = (self._duplicates if fault == "duplicate" else self._writer).answer(asked, seed)
        answer = faults.altered(fault, written)
        tokens = None if fault in faults.UNBILLED else Tokens(answer.prompt_tokens, answer.completion_tokens)
        body = completion_body(
            answer, model=asked.model, ident=admitted.key, created=int(time.time()), usage=fault != "no_usage"
        )
        return self._reply(
            200,
            faults.damaged(fault, body),
            after=self._latency.wait(admitted.chance.latency, answer.completion_tokens, admitted.now),
            manner=faults.MANNERS.get(fault, Manner.WHOLE),
            due=partial(self.books.settled, admitted.key, fault, tokens),
        )

    def _problem(self, problem: Problem, headers: bytes = b"", *, after: float = 0.0, due: Due = ignored) -> Reply:
        return self._reply(problem.status, problem.body, headers, after=after, due=due)

    def _reply(
        self,
        status: int,
        body: bytes,
        headers: bytes = b"",
        *,
        content_type: bytes = b"application/json",
        after: float = 0.0,
        manner: Manner = Manner.WHOLE,
        due: Due = ignored,
    ) -> Reply:
        """Return the reply with the headers that all have, and count it by its status if it will show one."""
        self._replies += 1
        if manner not in (Manner.RESET, Manner.HANG):
            self.books.replied(status)
        lines = b"x-request-id: req_%016x\r\n%b%b" % (self._replies, self._limits.headers(), headers)
        return Reply(status, body, lines, content_type, after, manner, due)

    def _has_key(self, request: Request) -> bool:
        key = (self._options.key or "").encode()
        return request.headers.get(b"authorization") == b"Bearer " + key or request.headers.get(b"api-key") == key


def _too_many(excess: Excess) -> Problem:
    name = {"requests": "requests per min (RPM)", "tokens": "tokens per min (TPM)"}[excess.kind]
    numbers = f"on {name}: Limit {excess.limit}, Used {excess.used}, Requested {excess.requested}."
    if excess.wait is None:
        message = f"Request too large {numbers} The input or output tokens must be reduced."
    else:
        message = f"Rate limit reached {numbers} Please try again in {excess.wait:.3f}s."
    return Problem(429, "rate_limit_exceeded", message, excess.kind)
