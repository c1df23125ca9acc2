"""One exchange with the endpoint: a request leaves when it is its turn, and what comes back is read by the one rule."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from svit.providers.admission import Admission
from svit.providers.base import NOT_ASKED, Failure
from svit.providers.limits import AdaptiveConcurrency, LimitReading, RequestEnd, Ticket, reading
from svit.providers.openai import redirects
from svit.providers.openai.reply_reports import ReplyReports
from svit.providers.openai.response_classification import verdict
from svit.providers.openai.retry_policy import SuspectFailure
from svit.providers.openai.transport import UNANSWERED, ReplyTooLargeError, Response, Transport, location
from svit.providers.verdicts import RetryLater, StopRun, UsableAnswer
from svit.records import Prompt

_TOLD = (b"x-ratelimit-", b"retry-after", b"date")
_NOTHING = LimitReading()
_PERHAPS_OF_THE_SETUP = ("bad_request", "empty_reply")
"""Failures in words that nobody knows, or in none: whose fault they are shows only beside others."""


class AgainError(Exception):
    """A try that is to be followed by another; `wait` is what the server asked for, in seconds."""

    def __init__(self, again: RetryLater, wait: float | None) -> None:
        """Keep why, and the wait."""
        super().__init__(again.words)
        self.again = again
        self.wait = wait


@dataclass(slots=True)
class EncodedRequest:
    """A request's body and prompt, and the estimate of its prompt's tokens and of the most that it may use.

    `is_first` is its image's first attempt; `left_at` is when it last left, in seconds of the monotonic clock.
    """

    content: bytes
    prompt: Prompt
    prompt_tokens: int
    most: int
    is_first: bool = True
    left_at: float = 0.0


class Exchange:
    """Carries requests through the gate, as many at once as call it.

    `explained` adds to the words of a refusal what is known of the model's name.
    """

    def __init__(
        self,
        way: Transport,
        gate: Admission,
        concurrency: AdaptiveConcurrency | None,
        reports: ReplyReports,
        explained: Callable[[str, str], str],
    ) -> None:
        """Keep what a request passes, and whom its reply is told to."""
        self._way, self._gate = way, gate
        self._concurrency, self._reports, self._explained = concurrency, reports, explained

    async def once(self, request: EncodedRequest) -> bytes | Failure | SuspectFailure:
        """Return the bytes of an answer, or why there is none. Raises AgainError for what is to be asked again."""
        ticket = await self._gate.turn(request.most)
        if ticket is None:
            return self._gate.not_asked()
        if self._concurrency:
            self._concurrency.started()
        began = request.left_at = time.monotonic()
        end = _End(request.most)
        try:
            response = await self._way.post(request.content)
            if self._gate.answers == 0:
                self.heard()
            return self._read(response, request, ticket, end)
        except UNANSWERED as error:
            end.outcome = RequestEnd.OVERLOADED
            return self._unanswered(error, began, is_first=request.is_first)
        finally:
            if self._concurrency:
                now = time.monotonic()
                self._concurrency.finished(now, now - began, end.outcome, end.answer)
            self._gate.settle(ticket, end.used)

    def _read(
        self, response: Response, request: EncodedRequest, ticket: Ticket, end: "_End"
    ) -> bytes | Failure | SuspectFailure:
        """Return what an answer means; AgainError when the request is to be asked again."""
        answer = self._verdict(response, request)
        if isinstance(answer, UsableAnswer):
            self._answered(response, answer, request, ticket, end)
            return response.content
        wait = _said(response).wait
        if wait is None and isinstance(answer, RetryLater):
            wait = answer.wait
        wait = self._gate.heed(answer, wait)
        if isinstance(answer, RetryLater):
            if answer.overloaded:
                end.outcome = RequestEnd.OVERLOADED
            raise AgainError(answer, wait)
        if isinstance(answer, StopRun):
            return Failure(NOT_ASKED, answer.words, free=True)
        return SuspectFailure(answer) if answer.code in _PERHAPS_OF_THE_SETUP else answer

    def _verdict(self, response: Response, request: EncodedRequest) -> UsableAnswer | RetryLater | Failure | StopRun:
        if 300 <= response.status < 400:
            return StopRun(redirects.sent_elsewhere(self._way.url, response.status, location(response)))
        answer = verdict(response.status, response.content, request.prompt.text)
        if isinstance(answer, StopRun):
            return StopRun(self._explained(answer.words, request.prompt.sampling.model))
        return answer

    def _answered(
        self, response: Response, answer: UsableAnswer, request: EncodedRequest, ticket: Ticket, end: "_End"
    ) -> None:
        """Take from a completion what concerns the limits."""
        end.outcome = RequestEnd.ANSWERED
        self._gate.observe(_said(response), ticket)
        usage = answer.usage
        if usage is not None:
            end.used, end.answer = usage.prompt_tokens + usage.completion_tokens, usage.completion_tokens
        self._reports.hear(answer, request.prompt_tokens)

    def _unanswered(self, error: Exception, began: float, *, is_first: bool) -> Failure:
        answer = self._way.lost(error)
        if isinstance(answer, StopRun):
            self._gate.heed(answer, None)
            return Failure(NOT_ASKED, answer.words, free=True)
        if isinstance(answer, RetryLater):
            self._gate.down(answer.words, began)
            raise AgainError(answer, None) from None
        if isinstance(error, ReplyTooLargeError):
            self.heard()
            return answer
        heard = isinstance(error, aiohttp.ClientPayloadError)  # a reply which broke off: somebody is there
        if heard:
            self._way.answered()
        if answer.code == "cut_off":
            self._gate.broken_off(answer.words, heard=heard, is_first=is_first)
        else:
            self._gate.down(answer.words, paid=True)
        return answer

    def heard(self) -> None:
        """Note that something came back from the endpoint."""
        self._gate.answered()
        self._way.answered()


@dataclass(slots=True)
class _End:
    """How a try ended: the tokens that count against the limit, and those of the answer, 0 if unknown."""

    used: int
    answer: int = 0
    outcome: RequestEnd = RequestEnd.OTHER


def _said(response: Response) -> LimitReading:
    told = {n.lower(): v for n, v in response.headers if n.lower().startswith(_TOLD)}
    if not told or told.keys() == {b"date"}:
        return _NOTHING
    return reading({n.decode("latin-1"): v.decode("latin-1") for n, v in told.items()}, time.time())
