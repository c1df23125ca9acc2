"""`/v1/batches`: many requests in a file, answered by and by."""

import hashlib

import msgspec
import orjson

from svit.simulate import fault_injection
from svit.simulate.batch import OVER, Batch, Status
from svit.simulate.batch_input import BatchError, checked
from svit.simulate.batch_output import UNDONE, BatchAnswers, undone
from svit.simulate.chat_completions import RequestProblem
from svit.simulate.file_store import StoredFile
from svit.simulate.http import Manner, SimulatedReply
from svit.simulate.incoming import ReceivedRequest
from svit.simulate.model_list import ModelList
from svit.simulate.request_counts import RequestCounts
from svit.simulate.respondent import Respondent
from svit.simulate.result_pages import asked_page, page
from svit.simulate.simulator_options import SimulatorOptions
from svit.simulate.uploaded_files import Files

FAULTS = ("failed", "expired", "lost")
"""What may befall a batch: not begun, not finished, and made without the client being told."""
_VALIDATING, _FINALIZING, _CANCELLING = 0.05, 0.1, 0.1
_WORKING = 1 - _VALIDATING - _FINALIZING
"""Shares of a batch's time."""
_SLICE = 50
"""Lines that are answered before other requests get their turn."""
_ENDPOINT = "/v1/chat/completions"


class _Create(msgspec.Struct):
    input_file_id: str
    endpoint: str
    completion_window: str
    metadata: dict[str, str] | None = None


class Batches:
    """The batches that there are, the oldest first. They go on when `advance` is called."""

    def __init__(self, options: SimulatorOptions, files: Files, respondent: Respondent, books: RequestCounts) -> None:
        """Read the options. Raises SvitError for a fault that is not in its form."""
        self._seed = options.seed
        self._time = options.batch_time
        self._most_tokens = options.batch_tokens
        self._fates = fault_injection.Faults(fault_injection.rates(options.batch_faults, FAULTS))
        self._models = ModelList(options.models)
        self._desk = BatchAnswers(options, respondent, books)
        self._files = files
        self._books = books
        self._batches: dict[str, Batch] = {}

    def advance(self, now: float) -> bool:
        """Do what is due by now, or a part of it; return whether more is."""
        room = _SLICE
        for batch in self._live():
            while batch.status not in OVER:
                before = batch.status, batch.done
                try:
                    room -= self._step(batch, now, room)
                except OSError as error:
                    batch.errors = [BatchError("server_error", f"The output cannot be kept: {error.strerror}.")]
                    self._end(batch, "failed", now)
                if room <= 0:
                    return True
                if (batch.status, batch.done) == before:
                    break
        return False

    def reply(
        self, request: ReceivedRequest, names: list[str], query: str, now: float
    ) -> SimulatedReply | RequestProblem:
        """Return what is answered; `names` is the address after `/batches`."""
        self.advance(now)
        match request.method, names:
            case "POST", []:
                return self._create(request.body, now)
            case "GET", []:
                newest_first = [batch.described() for batch in reversed(self._batches.values())]
                body = page(newest_first, asked_page(query), most=100, usual=20)
                return body if isinstance(body, RequestProblem) else SimulatedReply(200, body)
            case ("GET", [ident]) | ("POST", [ident, "cancel"]):
                batch = self._batches.get(ident)
                if batch is None:
                    return RequestProblem(404, None, f"No batch found with id '{ident}'.")
                return _said(batch) if request.method == "GET" else _cancel(batch, now)
        return RequestProblem(
            404, "unknown_url", f"Unknown request URL: {request.method} {request.path.partition('?')[0]}."
        )

    def _create(self, body: bytes, now: float) -> SimulatedReply | RequestProblem:
        file = self._asked_file(body)
        if isinstance(file, RequestProblem):
            return file
        number = len(self._batches)
        fate = self._fates.of(fault_injection.chance(self._seed, number, 0).fault, 1)
        batch = Batch(file, _ENDPOINT, _CREATE.decode(body).metadata, fate, now)
        self._batches[batch.id] = batch
        self._books.batch("made")
        return SimulatedReply(200, b"", manner=Manner.RESET) if fate == "lost" else _said(batch)

    def _asked_file(self, body: bytes) -> StoredFile | RequestProblem:
        """Return the input file that is asked for, or what is wrong with the request."""
        try:
            asked = _CREATE.decode(body)
        except msgspec.ValidationError as error:
            return RequestProblem(400, None, f"Invalid request: {error}.")
        except (msgspec.DecodeError, UnicodeDecodeError):
            return RequestProblem(400, None, "We could not parse the JSON body of your request.")
        for name, right in (("endpoint", _ENDPOINT), ("completion_window", "24h")):
            if (value := getattr(asked, name)) != right:
                message = f"Invalid value: '{value}'. Supported values are: '{right}'."
                return RequestProblem(400, "invalid_value", message, param=name)
        data = asked.metadata or {}
        if len(data) > 16 or any(len(name) > 64 or len(value) > 512 for name, value in data.items()):
            message = "Invalid 'metadata': at most 16 pairs, names of 64 characters and values of 512."
            return RequestProblem(400, "invalid_value", message, param="metadata")
        file = self._files.get(asked.input_file_id)
        if isinstance(file, StoredFile) and file.purpose != "batch":
            return RequestProblem(400, None, f"The purpose of {file.id} is not 'batch'.", param="input_file_id")
        return file

    def _live(self) -> list[Batch]:
        return [batch for batch in self._batches.values() if batch.status not in OVER]

    def _step(self, batch: Batch, now: float, room: int) -> int:
        """Take one step if it is due; return how many lines were answered."""
        match batch.status:
            case "validating" if now >= batch.since + self._time * _VALIDATING:
                self._validate(batch, now)
            case "in_progress":
                return self._work(batch, now, room)
            case "finalizing" if now >= batch.since + self._time * _FINALIZING:
                self._end(batch, "completed", now)
            case "cancelling" if now >= batch.since + self._time * _CANCELLING:
                self._end(batch, "cancelled", now)
        return 0

    def _validate(self, batch: Batch, now: float) -> None:
        found = checked(batch.file.lines(), batch.endpoint, self._models.problem)
        if batch.fate == "failed":
            found = [BatchError("server_error", "The batch could not be processed (simulated).")]
        elif not isinstance(found, list) and (excess := self._excess(found.model, found.tokens)):
            found = [excess]
        if isinstance(found, list):
            batch.errors = found
            self._end(batch, "failed", now)
            return
        batch.input = found
        batch.order = [found.lines[place] for place in _shuffled(len(found.lines), f"{self._seed}/{found.lines[0]}")]
        batch.become("in_progress", now)

    def _excess(self, model: str, tokens: int) -> BatchError | None:
        enqueued = sum(batch.input.tokens for batch in self._live() if batch.input and batch.input.model == model)
        if self._most_tokens is None or enqueued + tokens <= self._most_tokens:
            return None
        message = (
            f"Enqueued token limit reached for {model} (simulated). Limit: {self._most_tokens:,} enqueued tokens. "
            f"Please try again once some in_progress batches have been completed."
        )
        return BatchError("token_limit_exceeded", message)

    def _work(self, batch: Batch, now: float, room: int) -> int:
        total = len(batch.order)
        past = (now - batch.since) / (self._time * _WORKING) if self._time else 1.0
        most = total // 2 if batch.fate == "expired" else total
        begin, end = batch.done, min(most, int(total * past), batch.done + room)
        for line in batch.order[begin:end]:
            answered = self._desk.answer(batch.file.read(line.at, line.length))
            batch.take(answered)
            batch.done += 1
            batch.failed += not answered.ok
        if batch.done == total:
            batch.become("finalizing", now)
        elif batch.done == most and past >= 1:
            self._end(batch, "expired", now)
        return max(0, end - begin)

    def _end(self, batch: Batch, status: Status, now: float) -> None:
        if status in UNDONE:
            for line in batch.order[batch.done :]:
                batch.take(undone(line.custom_id, *UNDONE[status]))
        for file in (batch.output, batch.error_output):
            if file:
                self._files.add(file)
        batch.become(status, now)
        self._books.batch(status)


_CREATE = msgspec.json.Decoder(_Create)


def _said(batch: Batch) -> SimulatedReply:
    return SimulatedReply(200, orjson.dumps(batch.described()))


def _cancel(batch: Batch, now: float) -> SimulatedReply | RequestProblem:
    if batch.status in ("validating", "in_progress"):
        batch.become("cancelling", now)
    elif batch.status != "cancelling":
        return RequestProblem(409, None, f"Cannot cancel a batch with status '{batch.status}'.")
    return _said(batch)


def _shuffled(count: int, seed: str) -> list[int]:
    """Return the numbers below `count` in an order that is never theirs, if they can have another."""
    order = sorted(range(count), key=lambda n: hashlib.blake2b(f"{seed}/{n}".encode(), digest_size=8).digest())
    return order if order != list(range(count)) else order[::-1]
