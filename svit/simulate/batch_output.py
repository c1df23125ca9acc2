"""The output of a batch: what each of its lines is answered."""

import secrets
from typing import NamedTuple

import orjson

from svit.simulate import fault_injection
from svit.simulate.batch_input import read_row
from svit.simulate.chat_completions import RequestProblem, read_request
from svit.simulate.request_counts import RequestCounts, Tokens, body_key
from svit.simulate.respondent import DrawnFault, Respondent
from svit.simulate.simulator_options import SimulatorOptions

_TIMED_OUT = ("request_timeout", "The request timed out (simulated).")
UNDONE = {
    "expired": ("batch_expired", "This request could not be executed before the completion window expired."),
    "cancelled": ("batch_cancelled", "This request was not executed because the batch was cancelled."),
}


class OutputLine(NamedTuple):
    """A line of the output, or of the errors if it is not `ok`; what is billed for it."""

    ok: bool
    line: bytes
    billed: Tokens | None = None


class BatchAnswers:
    """Answers lines. They meet the faults that requests meet, as far as a batch lets them through."""

    def __init__(self, options: SimulatorOptions, respondent: Respondent, books: RequestCounts) -> None:
        """Read the options. Raises SvitError for a fault that is not in its form."""
        self._seed = options.seed
        self._faults = fault_injection.Faults(fault_injection.rates(options.faults), options.fault_attempts)
        self._refused = frozenset(options.refused)
        self._respondent = respondent
        self._books = books

    def answer(self, text: bytes) -> OutputLine:
        """Return what a line that was found to be right is answered."""
        row = read_row(text)
        custom_id, body = row.custom_id or "", bytes(row.body)
        asked = read_request(body, self._refused)
        prompt = asked if isinstance(asked, RequestProblem) else self._respondent.prompt(asked, asked.texts)
        if isinstance(asked, RequestProblem) or isinstance(prompt, RequestProblem):
            return _refused(custom_id, asked if isinstance(asked, RequestProblem) else prompt)  # type: ignore[arg-type]
        key = body_key(body)
        times = self._books.line_admitted(key)
        fault = fault_injection.in_a_batch(self._faults.of(fault_injection.chance(self._seed, key, times).fault, times))
        if fault in fault_injection.PROBLEMS or fault in fault_injection.UNBILLED:
            self._books.line_settled(key, fault, None)
            problem = fault_injection.PROBLEMS.get(fault)
            return _refused(custom_id, problem) if problem else undone(custom_id, *_TIMED_OUT)
        completed = self._respondent.complete(asked, prompt, DrawnFault(key, times, fault))
        self._respondent.begun(completed)
        self._books.line_settled(key, fault, completed.billed)
        return OutputLine(True, _line(custom_id, 200, completed.body), completed.billed)


def undone(custom_id: str, code: str, message: str) -> OutputLine:
    """Return the error of a line that was not answered at all."""
    error = {"code": code, "message": message}
    return OutputLine(False, _row({"custom_id": custom_id, "response": None, "error": error}))


def _refused(custom_id: str, problem: RequestProblem) -> OutputLine:
    return OutputLine(False, _line(custom_id, problem.status, problem.body))


def _line(custom_id: str, status: int, body: bytes) -> bytes:
    response = {"status_code": status, "request_id": secrets.token_hex(16), "body": orjson.Fragment(body)}
    return _row({"custom_id": custom_id, "response": response, "error": None})


def _row(row: dict[str, object]) -> bytes:
    return orjson.dumps({"id": f"batch_req_{secrets.token_hex(12)}", **row}, option=orjson.OPT_APPEND_NEWLINE)
