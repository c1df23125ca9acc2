"""A model behind the OpenAI API, or behind any server that speaks it, asked online.

Many requests are under way at once, never more than the window, the rate limits and the server's own capacity allow.
What may have been paid for is never asked again here: the journal has to know of it first, so it is a Failure.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import orjson

from svit.errors import ProviderRefusesError, SvitError
from svit.providers.admission import Admission
from svit.providers.base import NOT_ASKED, Failure, Reply, Request
from svit.providers.limits import AdaptiveConcurrency, CircuitBreaker, PromptTokens, RateLimit
from svit.providers.openai.endpoint_probe import ProbeResult, probed
from svit.providers.openai.exchange import AgainError, EncodedRequest, Exchange
from svit.providers.openai.repeated_failures import RepeatedFailures
from svit.providers.openai.reply_reports import ReplyReports
from svit.providers.openai.retry_policy import RetryState, SuspectFailure
from svit.providers.openai.transport import Endpoint, Transport, transport
from svit.providers.request_window import RequestWindow
from svit.records import Prompt
from svit.text import with_full_stop

__all__ = ["Endpoint", "OnlineProvider"]

_LONG = 10.0
"""Seconds: a request that waits longer than that is told of."""
_IMAGES_OWN = ("filtered", "context_length_exceeded")
"""Failures that speak of an image: whoever says so has understood the request."""
_LONGEST_WORDS = 500


@dataclass
class OnlineProvider:
    """Asks an endpoint. `body` builds a request's body, `tokens` estimates the tokens of a prompt, without its answer.

    `window` bounds the requests under way; with `adaptive`, the server's own behaviour bounds them further. `max_wait`
    is the seconds that a request waits at most because the server wants it so. `sizes` learns by how much the estimate
    is off.
    """

    endpoint: Endpoint
    body: Callable[[Prompt], dict[str, object]]
    tokens: Callable[[Prompt], int]
    limits: RateLimit
    window: int = 64
    adaptive: bool = False
    max_wait: float = 900.0
    say: Callable[[str], None] = lambda _: None
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    sizes: PromptTokens = field(default_factory=PromptTokens)
    _asking: "_Asking | None" = field(default=None, init=False, repr=False)

    @property
    def waits_for(self) -> str:
        """What it waits for at the moment, as a person would call it; nothing when it waits for nothing."""
        return self._asking.waits_for if self._asking else ""

    async def complete(
        self, requests: AsyncIterator[Request], stopping: asyncio.Event | None = None
    ) -> AsyncIterator[Reply]:
        """Yield one reply for each request. Raises ProviderRefusesError once what was under way has been answered.

        SvitError when it is the proxy or a certificate that lets nothing through, before the first prompt left.
        """
        async with transport(self.endpoint, self.window) as way:
            asking = self._asking = _Asking(self, way)
            sending = asking.sending
            feeder = asyncio.create_task(asking.feed(requests))
            stopper = asyncio.create_task(asking.heed(stopping or asyncio.Event()))
            try:
                while (reply := await asking.replies.get()) is not None:
                    yield reply
                await feeder
            finally:
                self._asking = None
                stopper.cancel()
                asking.gate.close()
                await sending.stop(feeder)
        if asking.gate.refusal:
            refusal = with_full_stop(asking.gate.refusal)
            error = SvitError if asking.is_held_up_here else ProviderRefusesError
            raise error(f"{refusal} The same command continues once that is settled.")


class _Asking:
    """One call of `complete`: what becomes of each request."""

    def __init__(self, online: OnlineProvider, way: Transport) -> None:
        self._online = online
        self._way = way
        self._concurrency = (
            AdaptiveConcurrency(most=online.window, initial=min(8, online.window)) if online.adaptive else None
        )
        self._alike = RepeatedFailures()
        self._found: ProbeResult | None = None
        self._warned_of: set[str] = set()
        self._backing_off = 0
        self.replies: asyncio.Queue[Reply | None] = asyncio.Queue()
        self.sending = RequestWindow(
            self._answer,
            places=self._places,
            waiting=lambda: self.gate.waiting,
            closed=lambda: self.gate.refusal is not None,
            failed=lambda: self.gate.close(),
            idle=self._settle,
        )
        self.gate = Admission(online.limits, online.breaker, online.say, self.sending.wake, online.max_wait)
        reports = ReplyReports(online.sizes, online.say)
        self._exchange = Exchange(way, self.gate, self._concurrency, reports, self._with_models)

    @property
    def waits_for(self) -> str:
        """What is waited for, the slowest first."""
        if self._found is None and self._backing_off:
            return "the endpoint, which is asked for its models"
        if self.gate.out and not self.gate.is_down:
            return f"{self.gate.out:,} answer{'s' if self.gate.out > 1 else ''}"
        if words := self.gate.waits_for:
            return words
        if self._backing_off:
            return "the endpoint, which could not answer"
        return "an answer that shows whether the endpoint refuses all" if len(self._alike) else ""

    async def feed(self, requests: AsyncIterator[Request]) -> None:
        """See all requests through; None is the last of the replies."""
        try:
            await self.sending.feed(requests)
        finally:
            self.replies.put_nowait(None)

    async def heed(self, stopping: asyncio.Event) -> None:
        """Let nothing leave any more once that is set."""
        await stopping.wait()
        self.gate.close()

    def _places(self) -> int:
        if self._found is None:
            return 1  # whether anybody is there is asked first
        return self._concurrency.limit if self._concurrency else self._online.window

    # --- one request ---

    async def _answer(self, request: Request) -> None:
        """Put what became of a request into the replies, or hold it back while it may be the fault of the setup."""
        if self._found is None:
            await self._probe()
        task = request.prompt.task
        outcome, took = await self._outcome(request)
        if isinstance(outcome, SuspectFailure):
            self._hold(Reply(request, outcome.failure))
            return
        if not isinstance(outcome, Failure) or outcome.code in _IMAGES_OWN:
            for reply in self._alike.succeeded(task):
                self.replies.put_nowait(reply)
        self.replies.put_nowait(Reply(request, outcome, took))

    @property
    def is_held_up_here(self) -> bool:
        """Whether something before the endpoint lets nothing through: the user's proxy or certificates."""
        return self._found is not None and self._found.on_our_side

    async def _probe(self) -> None:
        """Ask whether anybody is there, and close the gate when nobody is."""
        self._backing_off += 1
        found = await self.gate.unless_closed(probed(self._way))
        self._backing_off -= 1
        self._found = found or ProbeResult()
        if self._found.has_answered:
            self._exchange.heard()
        if self._found.refusal:
            self.gate.close(self._found.refusal)
        self.sending.wake()

    async def _outcome(self, request: Request) -> tuple[bytes | Failure | SuspectFailure, float | None]:
        """Return the bytes of an answer, or why there is none, and the seconds from when it left to its answer."""
        if self.gate.refusal is not None:
            return self.gate.not_asked(), None
        try:
            message = self._message(request)
        except Exception:
            self.replies.put_nowait(Reply(request, Failure(NOT_ASKED, "the request could not be made", free=True)))
            raise
        tries = RetryState(self._online.max_wait)
        while True:
            answers = self.gate.answers
            try:
                return await self._exchange.once(message), time.monotonic() - message.left_at
            except AgainError as error:
                alone, unheard = self.gate.answers == answers, not self.gate.answers
                wait = tries.wait(error.again, error.wait, alone=alone, unheard=unheard)
                if not isinstance(wait, float):
                    return wait, None
                if not error.again.patient:  # else the pause that all share is in the gate
                    await self._back_off(error, wait)

    async def _back_off(self, error: AgainError, seconds: float) -> None:
        if seconds >= _LONG:
            self.gate.tell_wait(error.again.words, seconds, asked=error.wait is not None)
        self._backing_off += 1
        await self.gate.sleep(seconds)
        self._backing_off -= 1

    def _message(self, request: Request) -> EncodedRequest:
        prompt = request.prompt
        if (model := prompt.sampling.model) not in self._warned_of:
            self._warned_of.add(model)
            if warning := self._found.warning(model, time.time()) if self._found else "":
                self._online.say(warning)
        estimate = self._online.tokens(prompt)
        most = self._online.sizes.expected(estimate) + prompt.sampling.max_tokens
        return EncodedRequest(orjson.dumps(self._online.body(prompt)), prompt, estimate, most, request.attempt == 1)

    # --- what is held back ---

    def _hold(self, reply: Reply) -> None:
        why = self._alike.hold(reply)
        if why is not None:
            self._refused_alike(why, reply)
        if self.gate.refusal is not None:
            self._settle()

    def _settle(self) -> None:
        """Decide on what is held back, as nothing else comes or nothing leaves any more."""
        if self.gate.refusal is None:
            handed_on, why = self._alike.settled()
            for reply in handed_on:
                self.replies.put_nowait(reply)
            if why is not None:
                self._refused_alike(*why)
        if self.gate.refusal is not None:
            for reply in self._alike.taken_back():
                self.replies.put_nowait(reply)

    def _refused_alike(self, why: str, last: Reply) -> None:
        self.gate.close(self._with_models(why, last.request.prompt.sampling.model))

    def _with_models(self, words: str, model: str) -> str:
        """Return words about a refusal, with the models that the endpoint lists when this one is not among them."""
        short = words if len(words) <= _LONGEST_WORDS else words[: _LONGEST_WORDS - 1] + "…"
        instead = self._found.names_instead(model) if self._found else ""
        return with_full_stop(short) + instead if instead else short
