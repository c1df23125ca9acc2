"""A model behind the OpenAI API, or behind any server that speaks it, asked online.

Many requests are under way at once, never more than the window, the rate limits and the server's own capacity allow.
The `openai` package carries them over aiohttp without retries of its own: those follow one rule, `providers.rule`.
What may have been paid for is never asked again here: the journal has to know of it first, so it is a Failure.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import httpx2
import openai
import orjson
import tenacity

from svit.errors import ProviderRefusesError
from svit.limits import Breaker, Concurrency, Outcome, RateLimit, Reading, Ticket, reading
from svit.providers.base import NOT_ASKED, Failure, Reply, Request
from svit.providers.rule import Again, Stop, verdict
from svit.records import Prompt

LARGEST_REPLY = 16 * 2**20
"""Bytes. No chat completion comes near it; a server that sends more is broken, and must not fill the memory."""
TRIES = 6
"""Requests that get no answer they can be billed for, until the prompt's attempt counts as failed."""
LONGEST_WAIT = 60.0
_OVERLOAD = ("overloaded", "server_error", "unreachable")


@dataclass(frozen=True)
class Endpoint:
    """Where to ask. The key stays out of every repr; `timeout` is the seconds that a whole request may take."""

    url: str
    key: str = field(repr=False)
    timeout: float = 600.0


class _AgainError(Exception):
    """A try that is to be followed by another; `wait` is what the server asked for, in seconds."""

    def __init__(self, again: Again, wait: float | None) -> None:
        super().__init__(again.words)
        self.again = again
        self.wait = wait


@dataclass
class Online:
    """Asks an endpoint. `body` builds a request's body, `tokens` estimates what it counts against a token limit.

    `window` bounds the requests under way; with `adaptive`, the server's own behaviour bounds them further.
    """

    endpoint: Endpoint
    body: Callable[[Prompt], dict[str, object]]
    tokens: Callable[[Prompt], int]
    limits: RateLimit
    window: int = 64
    adaptive: bool = False
    say: Callable[[str], None] = lambda _: None
    breaker: Breaker = field(default_factory=Breaker)

    async def complete(self, requests: AsyncIterator[Request]) -> AsyncIterator[Reply]:
        """Yield one reply for each request. Raises ProviderRefusesError once what was under way has been answered."""
        async with _client(self.endpoint) as client:
            sending = _Sending(self, client)
            feeder = asyncio.create_task(sending.feed(requests))
            try:
                while (reply := await sending.replies.get()) is not None:
                    yield reply
                await feeder
            finally:
                await sending.stop(feeder)
        if sending.refusal:
            raise ProviderRefusesError(f"{sending.refusal} The same command continues once that is settled.")


@asynccontextmanager
async def _client(endpoint: Endpoint) -> AsyncIterator[openai.AsyncOpenAI]:
    async def cap(response: httpx2.Response) -> None:
        response.stream = _Capped(response.stream)

    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    transport = openai.DefaultAioHttpClient(event_hooks={"response": [cap]}, timeout=endpoint.timeout, limits=limits)
    async with openai.AsyncOpenAI(
        base_url=endpoint.url, api_key=endpoint.key, max_retries=0, timeout=endpoint.timeout, http_client=transport
    ) as client:
        yield client


class _Capped(httpx2.AsyncByteStream):
    """A reply's bytes, up to LARGEST_REPLY."""

    def __init__(self, stream: object) -> None:
        assert isinstance(stream, httpx2.AsyncByteStream)
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            size += len(chunk)
            if size > LARGEST_REPLY:
                raise httpx2.ReadError(f"the reply is longer than {LARGEST_REPLY:,} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Sending:
    """One call of `complete`: the requests under way and those that wait for their turn."""

    def __init__(self, online: Online, client: openai.AsyncOpenAI) -> None:
        self.replies: asyncio.Queue[Reply | None] = asyncio.Queue()
        self.refusal: str | None = None
        self._online = online
        self._client = client
        self._concurrency = Concurrency(most=online.window, initial=min(8, online.window)) if online.adaptive else None
        self._under_way: set[asyncio.Task[None]] = set()
        self._turns: dict[Ticket, asyncio.Future[None]] = {}
        self._changed = asyncio.Event()
        self._gate = asyncio.create_task(self._open_the_gate())
        self._warned = False

    async def feed(self, requests: AsyncIterator[Request]) -> None:
        """Start each request as soon as there is a place for it; say with None that all were answered."""
        try:
            while self.refusal is None:
                await self._place()
                request = await anext(requests, None)
                if request is None:
                    break
                if self.refusal is not None:
                    self.replies.put_nowait(Reply(request, Failure(NOT_ASKED, self.refusal, free=True)))
                    break
                task = asyncio.create_task(self._answer(request))
                self._under_way.add(task)
                task.add_done_callback(self._ended)
            if self._under_way:
                await asyncio.wait(self._under_way)
        finally:
            self.replies.put_nowait(None)

    async def stop(self, feeder: "asyncio.Task[None]") -> None:
        """Cancel whatever still runs."""
        tasks = [feeder, self._gate, *self._under_way]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        self._changed.set()

    async def _place(self) -> None:
        while len(self._under_way) >= (self._concurrency.limit if self._concurrency else self._online.window):
            self._changed.clear()
            await self._changed.wait()

    async def _answer(self, request: Request) -> None:
        self.replies.put_nowait(Reply(request, await self._outcome(request.prompt)))

    async def _outcome(self, prompt: Prompt) -> bytes | Failure:
        """Return the bytes of an answer, or why there is none."""
        content = orjson.dumps(self._online.body(prompt))
        estimate = self._online.tokens(prompt)
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(_AgainError), wait=_wait, stop=_tries_are_up, reraise=True
        )
        try:
            async for attempt in retrying:
                with attempt:
                    return await self._try(content, estimate)
        except _AgainError as last:
            return Failure(last.again.code, last.again.words, free=True)
        raise AssertionError("tenacity returns or raises")

    async def _try(self, content: bytes, estimate: int) -> bytes | Failure:
        ticket = await self._turn(estimate)
        if self.refusal is not None:
            self._online.limits.cancel(ticket, time.monotonic())
            return Failure(NOT_ASKED, self.refusal, free=True)
        if self._concurrency:
            self._concurrency.started()
        began = time.monotonic()
        outcome, used = Outcome.OTHER, estimate
        try:
            response = await self._post(content)
            used = _used(response.content) or estimate
            self._online.breaker.succeeded()
            self._online.limits.observe(_said(response.headers), ticket, time.monotonic())
            outcome = Outcome.ANSWERED
        except openai.APIStatusError as error:
            answer = verdict(error.status_code, error.response.content)
            self._heed(answer, _said(error.response.headers))
            if isinstance(answer, Again):
                outcome = Outcome.OVERLOADED if answer.overloaded else Outcome.OTHER
                raise _AgainError(answer, _said(error.response.headers).wait) from None
            if isinstance(answer, Stop):
                self.refusal = self.refusal or answer.words
                return Failure(NOT_ASKED, answer.words, free=True)
            return answer
        except (openai.APIConnectionError, httpx2.HTTPError, TimeoutError) as error:
            outcome = Outcome.OVERLOADED
            return self._unanswered(error)
        else:
            return response.content
        finally:
            now = time.monotonic()
            self._online.limits.settle(ticket, used, now)
            self._changed.set()
            if self._concurrency:
                self._concurrency.finished(now, now - began, outcome, used)

    async def _post(self, content: bytes) -> httpx2.Response:
        async with asyncio.timeout(self._online.endpoint.timeout):
            return await self._client.post(
                "/chat/completions",
                content=content,
                cast_to=httpx2.Response,
                options={"headers": {"content-type": "application/json"}},
            )

    def _heed(self, answer: Again | Failure | Stop, said: Reading) -> None:
        """Tell limits and breaker what an answer without a completion means for all other requests."""
        now = time.monotonic()
        if isinstance(answer, Again) and answer.patient:
            self._online.limits.refused(said.wait or 1.0, now)
        if isinstance(answer, Again) and answer.overloaded:
            self._online.limits.slow_down(now)
        if isinstance(answer, Again) and answer.code in _OVERLOAD:
            self._down(answer.words)
        else:
            self._online.breaker.succeeded()

    def _unanswered(self, error: Exception) -> Failure:
        """Return what became of a request that no answer came to. It may have been paid for, unless it never left."""
        causes = list(_causes(error))
        if any(isinstance(cause, aiohttp.ClientConnectorError | httpx2.ConnectError) for cause in causes):
            words = f"{self._online.endpoint.url} cannot be reached: {causes[-1]}"
            self._down(words)
            raise _AgainError(Again("unreachable", words), None) from None
        if isinstance(error, TimeoutError | openai.APITimeoutError):
            self._down("no answer in time")
            seconds = self._online.endpoint.timeout
            return Failure("timeout", f"no answer within {seconds:g} s, or the connection was cut")
        return Failure("cut_off", f"the connection broke: {causes[-1]}")

    def _down(self, words: str) -> None:
        now = time.monotonic()
        breaker = self._online.breaker
        was_open = breaker.is_open
        breaker.failed(now, words)
        if breaker.gives_up(now):
            self.refusal = self.refusal or f"The endpoint does not answer: {breaker.outage}."
        elif breaker.is_open and not was_open:
            self._online.say(f"The endpoint does not answer: {breaker.outage}. Asking now and then until it does.")

    async def _turn(self, tokens: int) -> Ticket:
        """Wait until the rate limits and the breaker let this request leave."""
        ticket = self._online.limits.ask(tokens)
        if ticket.oversized and not self._warned:
            self._warned = True
            self._online.say(f"A request of about {tokens:,} tokens is larger than the token limit; it is sent alone.")
        turn = asyncio.get_running_loop().create_future()
        self._turns[ticket] = turn
        self._changed.set()
        try:
            await turn
        except asyncio.CancelledError:
            self._online.limits.cancel(ticket, time.monotonic())
            raise
        finally:
            del self._turns[ticket]
        return ticket

    async def _open_the_gate(self) -> None:
        """Let requests leave in the order they came, whenever the limits have room."""
        while True:
            now = time.monotonic()
            breaker = self._online.breaker
            if not self._turns or not breaker.allows(now):
                then = breaker.next_at(now) if self._turns else now + LONGEST_WAIT
            else:
                for ticket in self._online.limits.admit(now):
                    if not self._turns[ticket].done():
                        self._turns[ticket].set_result(None)
                then = self._online.limits.next_at(now)
            self._changed.clear()
            try:
                async with asyncio.timeout(min(max(then - now, 0.001), LONGEST_WAIT)):
                    await self._changed.wait()
            except TimeoutError:
                continue


def _wait(state: tenacity.RetryCallState) -> float:
    """Return the seconds before the next try: what the server asks for, else twice as long each time, with a spread."""
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, _AgainError)
    if error.again.patient:
        return 0.0  # the pause that all share is in the limits
    longest = LONGEST_WAIT if error.again.overloaded else LONGEST_WAIT / 4
    backoff = tenacity.wait_random_exponential(multiplier=0.5, max=longest)(state)
    return max(backoff, min(error.wait or 0.0, LONGEST_WAIT))


def _tries_are_up(state: tenacity.RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _AgainError) and error.again.patient:
        state.attempt_number -= 1
        return False
    return state.attempt_number >= TRIES


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what led to it: where the transport speaks of a timeout only, aiohttp knows better."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _said(headers: httpx2.Headers) -> Reading:
    return reading({name.lower(): value for name, value in headers.items()}, time.time())


def _used(content: bytes) -> int | None:
    """Return the total of tokens that a reply speaks of, to settle the token limit with."""
    try:
        usage = orjson.loads(content)["usage"]
        return int(usage["prompt_tokens"]) + int(usage["completion_tokens"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
