"""A model behind the OpenAI API, or behind any server that speaks it, asked online.

Many requests are under way at once, never more than the window, the rate limits and the server's own capacity allow.
What may have been paid for is never asked again here: the journal has to know of it first, so it is a Failure.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import aiohttp
import msgspec
import orjson
import tenacity

from svit.errors import ProviderRefusesError
from svit.limits import Breaker, Concurrency, Outcome, PromptTokens, RateLimit, Reading, Ticket, reading
from svit.providers.base import NOT_ASKED, Failure, Reply, Request
from svit.providers.gate import Gate
from svit.providers.rule import Again, Stop, verdict
from svit.providers.sending import Sending
from svit.providers.transport import UNANSWERED, Endpoint, Response, Transport, lost, transport
from svit.records import Prompt

__all__ = ["Endpoint", "Online"]

TRIES = 6
"""Requests that get no answer they can be billed for, until the prompt's attempt counts as failed."""
LONGEST_WAIT = 60.0
_TOLD = (b"x-ratelimit-", b"retry-after", b"date")
_NOTHING = Reading()
_SILENT = 3
"""Replies without usage until that is said."""


class _AgainError(Exception):
    """A try that is to be followed by another; `wait` is what the server asked for, in seconds."""

    def __init__(self, again: Again, wait: float | None) -> None:
        super().__init__(again.words)
        self.again = again
        self.wait = wait


@dataclass
class Online:
    """Asks an endpoint. `body` builds a request's body, `tokens` estimates the tokens of a prompt, without its answer.

    `window` bounds the requests under way; with `adaptive`, the server's own behaviour bounds them further. `sizes`
    learns by how much the estimate is off.
    """

    endpoint: Endpoint
    body: Callable[[Prompt], dict[str, object]]
    tokens: Callable[[Prompt], int]
    limits: RateLimit
    window: int = 64
    adaptive: bool = False
    say: Callable[[str], None] = lambda _: None
    breaker: Breaker = field(default_factory=Breaker)
    sizes: PromptTokens = field(default_factory=PromptTokens)

    @property
    def waits_for(self) -> str:
        """What it waits for at the moment, as a person would call it; nothing when it waits for nothing."""
        return "answers"

    async def complete(
        self, requests: AsyncIterator[Request], stopping: asyncio.Event | None = None
    ) -> AsyncIterator[Reply]:
        """Yield one reply for each request. Raises ProviderRefusesError once what was under way has been answered."""
        async with transport(self.endpoint, self.window) as way:
            asking = _Asking(self, way)
            sending = asking.sending
            feeder = asyncio.create_task(sending.feed(requests))
            stopper = asyncio.create_task(asking.heed(stopping or asyncio.Event()))
            try:
                while (reply := await sending.replies.get()) is not None:
                    yield reply
                await feeder
            finally:
                stopper.cancel()
                asking.gate.close()
                await sending.stop(feeder)
        if asking.gate.refusal:
            raise ProviderRefusesError(f"{asking.gate.refusal} The same command continues once that is settled.")


@dataclass(frozen=True, slots=True)
class _Message:
    """A request's body, and the estimate of its prompt's tokens and of the most that it may use."""

    content: bytes
    prompt_tokens: int
    most: int


class _Asking:
    """One call of `complete`: what becomes of each request."""

    def __init__(self, online: Online, way: Transport) -> None:
        self._online = online
        self._way = way
        self._concurrency = Concurrency(most=online.window, initial=min(8, online.window)) if online.adaptive else None
        self._silent = 0
        self._said_cut = False
        self.sending = Sending(self._outcome, self._places, lambda: self.gate.waiting, lambda: self.gate.refusal)
        self.gate = Gate(online.limits, online.breaker, online.say, self.sending.wake)

    async def heed(self, stopping: asyncio.Event) -> None:
        """Let nothing leave any more once that is set."""
        await stopping.wait()
        self.gate.close()

    def _places(self) -> int:
        return self._concurrency.limit if self._concurrency else self._online.window

    async def _outcome(self, request: Request) -> bytes | Failure:
        """Return the bytes of an answer, or why there is none."""
        prompt = request.prompt
        estimate = self._online.tokens(prompt)
        most = self._online.sizes.expected(estimate) + prompt.sampling.max_tokens
        message = _Message(orjson.dumps(self._online.body(prompt)), estimate, most)
        try:
            return await self._try(message)
        except _AgainError as error:
            return await self._again(message, error)

    async def _again(self, message: _Message, first: _AgainError) -> bytes | Failure:
        """Go on after a try that failed: it counts as the first one."""
        failed = [first]

        async def next_try() -> bytes | Failure:
            if failed:
                raise failed.pop()
            return await self._try(message)

        retrying = tenacity.AsyncRetrying(
            sleep=self.gate.sleep,
            retry=tenacity.retry_if_exception_type(_AgainError),
            wait=_wait,
            stop=_tries_are_up,
            reraise=True,
        )
        try:
            return await retrying(next_try)
        except _AgainError as last:
            return Failure(last.again.code, last.again.words, free=True)

    async def _try(self, message: _Message) -> bytes | Failure:
        ticket = await self.gate.turn(message.most)
        if ticket is None:
            return Failure(NOT_ASKED, self.gate.refusal or "", free=True)
        if self._concurrency:
            self._concurrency.started()
        began = time.monotonic()
        end = _End(message.most)
        try:
            response = await self._way.post(message.content)
            if 200 <= response.status < 300:
                return self._answered(response, message, ticket, end)
            return self._refused(response, end)
        except UNANSWERED as error:
            end.outcome = Outcome.OVERLOADED
            return self._unanswered(error)
        finally:
            if self._concurrency:
                now = time.monotonic()
                self._concurrency.finished(now, now - began, end.outcome, end.answer)
            self.gate.settle(ticket, end.used)

    def _answered(self, response: Response, message: _Message, ticket: Ticket, end: "_End") -> bytes:
        """Return the reply's bytes, after taking from it what concerns the limits."""
        end.outcome = Outcome.ANSWERED
        self.gate.observe(_said(response), ticket)
        content = response.content
        usage = _used(content)
        if usage is None:
            self._no_usage()
        else:
            end.used, end.answer = usage.prompt_tokens + usage.completion_tokens, usage.completion_tokens
            self._learn(message.prompt_tokens, usage.prompt_tokens)
        return content

    def _refused(self, response: Response, end: "_End") -> Failure:
        """Return what an answer that is no completion means; _AgainError when the request is to be asked again."""
        answer, wait = verdict(response.status, response.content), _said(response).wait
        self.gate.heed(answer, wait)
        if isinstance(answer, Again):
            if answer.overloaded:
                end.outcome = Outcome.OVERLOADED
            raise _AgainError(answer, wait)
        return Failure(NOT_ASKED, answer.words, free=True) if isinstance(answer, Stop) else answer

    def _unanswered(self, error: Exception) -> Failure:
        answer = lost(error, self._online.endpoint)
        if isinstance(answer, Again):
            self.gate.down(answer.words)
            raise _AgainError(answer, None) from None
        if not isinstance(error, aiohttp.ClientPayloadError):  # that is a reply which broke off: somebody is there
            self.gate.down(answer.words)
        return answer

    def _no_usage(self) -> None:
        self._silent += 1
        if self._silent == _SILENT:
            self._online.say(
                "The replies do not say how many tokens they used: limits go by estimate, and where there is a price, "
                "each is booked at its worst case."
            )

    def _learn(self, estimate: int, reported: int) -> None:
        sizes = self._online.sizes
        sizes.learn(estimate, reported)
        if sizes.cut and not self._said_cut:
            self._said_cut = True
            self._online.say(
                f"The endpoint reports {sizes.cut.reported:,} prompt tokens where about {sizes.cut.sent:,} were sent; "
                f"it may cut prompts (Ollama: raise num_ctx)."
            )


@dataclass(slots=True)
class _End:
    """How a try ended: the tokens that count against the limit, and those of the answer, 0 if unknown."""

    used: int
    answer: int = 0
    outcome: Outcome = Outcome.OTHER


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


def _said(response: Response) -> Reading:
    told = {n.lower(): v for n, v in response.headers if n.lower().startswith(_TOLD)}
    if not told or told.keys() == {b"date"}:
        return _NOTHING
    return reading({n.decode("latin-1"): v.decode("latin-1") for n, v in told.items()}, time.time())


class _Usage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int = 0


class _Body(msgspec.Struct):
    usage: _Usage | None = None


_decode = msgspec.json.Decoder(_Body).decode


def _used(content: bytes) -> _Usage | None:
    """Return the tokens that a reply speaks of, to settle the token limit with."""
    try:
        return _decode(content).usage
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
