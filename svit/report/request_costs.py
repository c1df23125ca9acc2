"""What the journal says of a run's requests, by task: attempts, tokens, money. It is only read."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from svit.report.bounded_counters import LengthCounts
from svit.run.journal import SILENT, Journal

_BY_TASK = (
    "SELECT task, count(*), sum(attempt > 1), sum(CASE WHEN reused THEN 0 ELSE coalesce(cost, worst) END), "
    "coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0), sum(failure IS NOT NULL), sum(reused) "
    "FROM requests JOIN replies USING (request) GROUP BY task"
)
_UNKNOWN = "SELECT task, count(*), sum(worst) FROM unknown GROUP BY task"
_SILENT = "SELECT task, count(*), sum(worst) " + SILENT + " AND request <= ? GROUP BY task"
_TOKENS = (
    "SELECT task, completion_tokens, count(*) FROM requests JOIN replies USING (request) "
    "WHERE completion_tokens IS NOT NULL AND failure IS NULL GROUP BY task, completion_tokens"
)


@dataclass
class RequestCosts:
    """One task's requests. `cost` is nano-dollars; requests `unheard` of are in it at their worst case.

    Of the `replies`, `again` answer a second or later attempt, `failed` brought no text, `reused` another run paid
    for. `tokens` are those of each completion, where the provider said.
    """

    replies: int = 0
    again: int = 0
    cost: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    failed: int = 0
    reused: int = 0
    unheard: int = 0
    tokens: LengthCounts = field(default_factory=LengthCounts)

    @property
    def requests(self) -> int:
        """All that left for the provider, or was taken over."""
        return self.replies + self.unheard


def paid_by_task(journal: Journal, *, running: bool) -> Mapping[str, RequestCosts]:
    """Return the figures of each task that was asked; while it is `running`, replies may still come."""
    with journal.snapshot():
        rows, tokens = journal.read(_BY_TASK), journal.read(_TOKENS)
        unheard = journal.read(_UNKNOWN)
        if not running:
            unheard += journal.read(_SILENT, (journal.last_departure(),))
    found = {str(task): RequestCosts(*numbers) for task, *numbers in rows}
    for task, count, worst in unheard:
        paid = found.setdefault(str(task), RequestCosts())
        paid.unheard += count
        paid.cost += worst
    for task, length, count in tokens:
        found[task].tokens.add(length, count)
    return found
