"""One batch: its state, when it came to it, and what the API says of it."""

import secrets
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from svit.simulate.batch_input import BatchError, BatchInput, Line
from svit.simulate.batch_output import OutputLine
from svit.simulate.file_store import StoredFile

Status = Literal["validating", "failed", "in_progress", "finalizing", "completed", "expired", "cancelling", "cancelled"]
OVER = frozenset({"failed", "completed", "expired", "cancelled"})
_DAY = 24 * 3600


@dataclass
class Batch:
    """A batch. `since` is the clock's time of its latest state; of the lines in `order` the first `done` are answered.

    `failed` of those have no completion. `fate` is the fault that befalls the batch.
    """

    file: StoredFile
    endpoint: str
    metadata: Mapping[str, str] | None
    fate: str
    since: float
    id: str = field(default_factory=lambda: f"batch_{secrets.token_hex(16)}")
    status: Status = "validating"
    input: BatchInput | None = None
    order: list[Line] = field(default_factory=list)
    done: int = 0
    failed: int = 0
    errors: list[BatchError] = field(default_factory=list)
    output: StoredFile | None = None
    error_output: StoredFile | None = None
    _used: Counter[str] = field(default_factory=Counter)
    _stamps: dict[str, int] = field(default_factory=lambda: {"created": int(time.time())})

    def become(self, status: Status, now: float) -> None:
        """Come to another state."""
        self.status = status
        self.since = now
        self._stamps[status] = int(time.time())

    def take(self, answered: OutputLine) -> None:
        """Write down what a line is answered. Raises OSError when the disk is full."""
        if answered.ok:
            self.output = self.output or StoredFile(f"{self.id}_output.jsonl", "batch_output")
            self.output.append(answered.line)
        else:
            self.error_output = self.error_output or StoredFile(f"{self.id}_error.jsonl", "batch_output")
            self.error_output.append(answered.line)
        if answered.billed:
            self._used["input"] += answered.billed.prompt
            self._used["cached"] += answered.billed.cached
            self._used["output"] += answered.billed.completion

    def described(self) -> dict[str, object]:
        """Return what the API says of it. Files are told of when the batch is over."""
        stamp = self._stamps.get
        over = self.status in OVER
        errors = {"object": "list", "data": [msgspec.to_builtins(each) for each in self.errors]}
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": self.endpoint,
            "model": self.input.model if self.input else None,
            "errors": errors if self.errors else None,
            "input_file_id": self.file.id,
            "completion_window": "24h",
            "status": self.status,
            "output_file_id": self.output.id if over and self.output else None,
            "error_file_id": self.error_output.id if over and self.error_output else None,
            "created_at": stamp("created"),
            "expires_at": self._stamps["created"] + _DAY,
            **{
                f"{status}_at": stamp(status)
                for status in ("in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled")
            },
            "request_counts": {
                "total": len(self.order),
                "completed": self.done - self.failed,
                "failed": self.failed,
            },
            "usage": self._usage() if over else None,
            "metadata": self.metadata,
        }

    def _usage(self) -> dict[str, object]:
        return {
            "input_tokens": self._used["input"],
            "input_tokens_details": {"cached_tokens": self._used["cached"]},
            "output_tokens": self._used["output"],
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": self._used["input"] + self._used["output"],
        }
