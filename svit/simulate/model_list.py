"""The models that the simulator says it has."""

from datetime import UTC, date, datetime

import orjson

from svit.errors import SvitError
from svit.simulate.chat_completions import RequestProblem

_CREATED = 1_700_000_000


class ModelList:
    """The named models, each perhaps with the day that it ends on; every model when none is named."""

    def __init__(self, names: tuple[str, ...]) -> None:
        """Read `NAME` and `NAME=YYYY-MM-DD`. Raises SvitError when the end is no day."""
        self._ends = dict(_with_end(name) for name in names)

    def problem(self, name: str) -> RequestProblem | None:
        """Return why this model cannot be asked, or None when it can."""
        if not self._ends or name in self._ends:
            return None
        message = f"The model '{name}' does not exist or you do not have access to it."
        return RequestProblem(404, "model_not_found", message, param="model")

    def listing(self) -> bytes:
        """Return the body of `/v1/models`."""
        data = [self._object(name) for name in self._ends or ("simulated",)]
        return orjson.dumps({"object": "list", "data": data})

    def one(self, name: str) -> bytes | RequestProblem:
        """Return the body of `/v1/models/NAME`."""
        return self.problem(name) or orjson.dumps(self._object(name))

    def _object(self, name: str) -> dict[str, object]:
        model = {"id": name, "object": "model", "created": _CREATED, "owned_by": "svit-simulate"}
        end = self._ends.get(name)
        return {**model, "shutdown_date": end.isoformat()} if end else model


def _with_end(text: str) -> tuple[str, date | None]:
    name, equals, end = text.partition("=")
    if not equals:
        return name, None
    try:
        return name, datetime.strptime(end, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise SvitError(f"'{text}' is no model with its end. Write it as gpt-4o=2027-01-14.") from None
