"""The endpoint: what each request is answered, how and when. Sockets and the clock are left to `server`."""

import re
from collections.abc import Mapping
from functools import partial
from typing import NamedTuple
from urllib.parse import unquote

import orjson

from svit.simulate import azure, fault_injection
from svit.simulate.answers import Write
from svit.simulate.batches import Batches
from svit.simulate.chat_completions import ChatRequest, RequestProblem, read_request
from svit.simulate.http import Due, Manner, SimulatedReply, ignored
from svit.simulate.incoming import ReceivedRequest
from svit.simulate.latency import Latency
from svit.simulate.minute_limits import LimitExceeded, Limits, retry_headers
from svit.simulate.model_list import ModelList
from svit.simulate.prompt_limit import Counted
from svit.simulate.request_counts import RequestCounts, body_key
from svit.simulate.respondent import DrawnFault, Respondent, SimulatedCompletion
from svit.simulate.simulator_options import SimulatorOptions
from svit.simulate.uploaded_files import Files

_FILES_AND_BATCHES = re.compile(r"(?:/openai)?(?:/v1)?/(files|batches)((?:/[^/]+)*)/?")


class _Admitted(NamedTuple):
    """A request that is let in, when, and the number drawn for its latency."""

    draw: DrawnFault
    latency: float
    now: float


class SimulatedEndpoint:
    """Decides on the reply to each request; `now` is passed in."""

    def __init__(self, options: SimulatorOptions, writers: Mapping[str, Write], now: float) -> None:
        """Read the options; `writers` are the tasks' own, by name. Raises SvitError for an option not in its form."""
        self.books = RequestCounts(now)
        self._options = options
        self._respondent = Respondent(options, writers)
        self._latency = Latency(options)
        self._limits = Limits(options.rpm, options.tpm, options.limit_span, now)
        self._faults = fault_injection.Faults(fault_injection.rates(options.faults), options.fault_attempts)
        self._models = ModelList(options.models)
        self._refused = frozenset(options.refused)
        self._files = Files()
        self._batches = Batches(options, self._files, self._respondent, self.books)
        self._replies = 0

    def advance(self, now: float) -> bool:
        """Go on with the batches; return whether there is more to do at once."""
        return self._batches.advance(now)

    def reply(self, request: ReceivedRequest, now: float) -> SimulatedReply:
        """Return what is answered."""
        path, _, query = request.path.partition("?")
        if path == "/simulator/books":
            return SimulatedReply(200, orjson.dumps(self.books.report()))
        deployment = azure.deployment(path)
        if deployment is not None:
            if problem := azure.problem(query, request.headers, self._options.key):
                return self._problem(problem)
        elif self._options.key is not None and not self._has_key(request):
            return self._problem(RequestProblem(401, "invalid_api_key", "Incorrect API key provided."))
        if path.endswith("/chat/completions") and request.method == "POST":
            return self._chat(request.body, deployment, now)
        if match := _FILES_AND_BATCHES.fullmatch(path):
            return self._filed(request, match[1], [unquote(name) for name in match[2].split("/")[1:]], query, now)
        _, is_models, name = path.partition("/models")
        if is_models and request.method == "GET":
            listed = self._models.one(unquote(name[1:])) if name.strip("/") else self._models.listing()
            return self._problem(listed) if isinstance(listed, RequestProblem) else self._reply(200, listed)
        return self._problem(RequestProblem(404, "unknown_url", f"Unknown request URL: {request.method} {path}."))

    def _filed(self, request: ReceivedRequest, room: str, names: list[str], query: str, now: float) -> SimulatedReply:
        if room == "files":
            said = self._files.reply(request, names, query)
        else:
            said = self._batches.reply(request, names, query, now)
        if isinstance(said, RequestProblem):
            return self._problem(said)
        return self._reply(said.status, said.body, content_type=said.content_type, manner=said.manner)

    def _chat(self, body: bytes, deployment: str | None, now: float) -> SimulatedReply:
        """Admit the request or refuse it. One that is wrong counts under the limits too."""
        asked = read_request(body, self._refused, deployment)
        texts = asked.texts if isinstance(asked, ChatRequest) else []
        weight = asked.weight(texts) if isinstance(asked, ChatRequest) else len(body) // 4
        excess = self._limits.admit(weight, now)
        if excess:
            self.books.limited(excess.kind, now)
            return self._problem(_too_many(excess), b"" if excess.wait is None else retry_headers(excess.wait))
        if isinstance(asked, RequestProblem):
            return self._problem(asked)
        prompt = self._respondent.prompt(asked, texts)
        if isinstance(prompt, RequestProblem):
            return self._problem(prompt)
        key = body_key(body)
        times = self.books.admitted(key, weight, now)
        chance = fault_injection.chance(self._options.seed, key, times)
        admitted = _Admitted(DrawnFault(key, times, self._faults.of(chance.fault, times)), chance.latency, now)
        if admitted.draw.fault in fault_injection.PROBLEMS:
            return self._fault(admitted)
        return self._completion(admitted, asked, prompt)

    def _fault(self, admitted: _Admitted) -> SimulatedReply:
        """Return a reply without a completion. A 429 comes at once and keeps no slot busy."""
        key, _, fault = admitted.draw
        due = partial(self.books.settled, key, fault, None)
        problem = fault_injection.PROBLEMS[fault]
        if problem.status == 429:
            return self._problem(problem, retry_headers(fault_injection.RETRY_AFTER), due=due)
        after = self._latency.wait(admitted.latency, 0, admitted.now)
        if fault in fault_injection.AS_HTML:
            return self._reply(
                problem.status, fault_injection.HTML, b"", content_type=b"text/html", after=after, due=due
            )
        return self._problem(problem, after=after, due=due)

    def _completion(self, admitted: _Admitted, asked: ChatRequest, prompt: Counted) -> SimulatedReply:
        fault = admitted.draw.fault
        completed = self._respondent.complete(asked, prompt, admitted.draw)
        return self._reply(
            200,
            fault_injection.damaged(fault, completed.body),
            after=self._latency.wait(admitted.latency, completed.tokens, admitted.now),
            manner=fault_injection.MANNERS.get(fault, Manner.WHOLE),
            due=partial(self._settle, admitted.draw, completed),
        )

    def _settle(self, draw: DrawnFault, completed: SimulatedCompletion, heard: bool) -> None:
        self._respondent.begun(completed)
        self.books.settled(draw.key, draw.fault, completed.billed, heard)

    def _problem(
        self, problem: RequestProblem, headers: bytes = b"", *, after: float = 0.0, due: Due = ignored
    ) -> SimulatedReply:
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
    ) -> SimulatedReply:
        """Return the reply with the headers that all have, and count it by its status if it will show one."""
        self._replies += 1
        if manner not in (Manner.RESET, Manner.HANG):
            self.books.replied(status)
        lines = b"x-request-id: req_%016x\r\n%b%b" % (self._replies, self._limits.headers(), headers)
        return SimulatedReply(status, body, lines, content_type, after, manner, due)

    def _has_key(self, request: ReceivedRequest) -> bool:
        key = (self._options.key or "").encode()
        return request.headers.get(b"authorization") == b"Bearer " + key or request.headers.get(azure.API_KEY) == key


def _too_many(excess: LimitExceeded) -> RequestProblem:
    name = {"requests": "requests per min (RPM)", "tokens": "tokens per min (TPM)"}[excess.kind]
    numbers = f"on {name}: Limit {excess.limit}, Used {excess.used}, Requested {excess.requested}."
    if excess.wait is None:
        message = f"Request too large {numbers} The input or output tokens must be reduced."
    else:
        message = f"Rate limit reached {numbers} Please try again in {excess.wait:.3f}s."
    return RequestProblem(429, "rate_limit_exceeded", message, excess.kind)
